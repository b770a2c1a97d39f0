"""How evenly events are spread: answers worked by hand, published ones, properties of the measures, and PySAL as a second opinion."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inequality.gini import Gini as EqualGini
from inequality.theil import Theil as EqualTheil
from inequality.theil import TheilD as EqualSplit
from scipy.stats import binom

from analytics import places
from analytics.equity import ZONES, Interval, Theil, bootstrap, gini, location_quotients, lorenz, theil, theil_total

NAN = float("nan")


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


# ------------------------------------------------------------------ worked by hand


def test_every_district_lies_in_one_of_four_zones():
    assert sorted(ZONES) == list(places.adcodes())
    assert pd.Series(ZONES).value_counts(sort=False).to_dict() == {"core": 2, "near": 4, "new": 5, "ecological": 5}


def test_the_lorenz_curve_climbs_from_the_lowest_rate_and_keeps_ties_in_order():
    events = pd.Series({"most": 4, "first": 1, "second": 2, "least": 1})
    residents = {"least": 4, "first": 1, "second": 2, "most": 3}
    expected = {
        "unit": pd.Series([None, "least", "first", "second", "most"], dtype=object),
        "residents_share": [0, 0.4, 0.5, 0.7, 1],
        "events_share": [0, 0.125, 0.25, 0.5, 1],
    }
    same(lorenz(events, residents), pd.DataFrame(expected))


def test_ties_keep_their_order_among_many_units():
    assert lorenz([1, 2] * 20, [1] * 40)["unit"].tolist() == [None, *range(0, 40, 2), *range(1, 40, 2)]


def test_gini_is_twice_the_area_between_the_diagonal_and_the_curve():
    # trapezoids under the curve: 0.4 × 0.125 / 2 + 0.2 × (0.125 + 0.25) / 2 + 0.2 × (0.25 + 0.5) / 2 + 0.2 × (0.5 + 1) / 2
    assert gini([1, 4, 1, 2], [4, 2, 2, 2]) == pytest.approx(1 - 2 * 0.2875)


def test_a_fifth_of_the_residents_with_four_fifths_of_the_events():
    assert gini([80, 20], [20, 80]) == pytest.approx(0.6)
    assert theil_total([80, 20], [20, 80]) == pytest.approx(0.6 * math.log(4))


def test_theil_splits_into_within_and_between():
    ln = math.log
    found = theil([4, 0, 2, 2], [2, 2, 4, 8], ["core", "core", "outer", "outer"])
    expected = {
        "group": ["core", "outer"],
        "events_share": [1 / 2, 1 / 2],
        "residents_share": [1 / 4, 3 / 4],
        "own": [ln(2), ln(9 / 8) / 2],
        "within": [ln(2) / 2, ln(9 / 8) / 4],
        "between": [ln(2) / 2, ln(2 / 3) / 2],
        "contribution": [ln(2), ln(9 / 8) / 4 + ln(2 / 3) / 2],
    }
    same(found.groups, pd.DataFrame(expected))
    assert (found.within, found.between) == pytest.approx((ln(2) / 2 + ln(9 / 8) / 4, ln(4 / 3) / 2))
    assert found.total == pytest.approx(0.75 * ln(2))


def test_groups_come_in_the_order_they_are_named_and_only_those_with_units():
    events = pd.Series({"110119": 3, "110105": 1, "110101": 2})
    residents = pd.Series({"110101": 700, "110105": 3400, "110119": 340})
    found = theil(events, residents, ZONES).groups
    assert found["group"].tolist() == ["core", "near", "ecological"]
    assert found["events_share"].tolist() == [2 / 6, 1 / 6, 3 / 6]
    assert found["residents_share"].tolist() == pytest.approx([700 / 4440, 3400 / 4440, 340 / 4440])


def test_a_group_without_events_has_no_index_of_its_own_and_adds_nothing():
    found = theil([0, 0, 3, 3], [1, 2, 1, 1], ["none", "none", "all", "all"])
    assert found.groups.loc[0, "contribution"] == 0
    assert math.isnan(found.groups.loc[0, "own"])
    assert (found.total, found.within, found.between) == pytest.approx((math.log(5 / 2), 0, math.log(5 / 2)))


def test_location_quotients_compare_a_district_with_the_city():
    cells = {
        "district": ["110101", "110101", "110102", "110102", "110105", "110105"],
        "audience": ["students", "media"] * 3,
        "events": [6, 2, 0, 4, 0, 0],
    }
    # of 12: students 6, media 6; 110101 has 8, 110102 has 4, 110105 none
    same(location_quotients(pd.DataFrame(cells)), pd.DataFrame(cells | {"quotient": [1.5, 0.5, 0, 2, NAN, NAN]}))


def test_an_audience_nobody_reached_has_no_quotient():
    cells = pd.DataFrame({"district": ["110101", "110101"], "audience": ["students", "media"], "events": [3, 0]})
    same(location_quotients(cells), cells.assign(quotient=[1, NAN]))


# ------------------------------------------------------------------ published


def test_weighted_measures_equal_the_worked_example_of_inequality_jl():
    # Inequality.jl, documentation of gini(v, w) and theil(v, w): values per head and weights
    rates, weights = np.array([8, 5, 1, 3, 5, 6, 7, 6, 3]), np.arange(1, 10) / 10
    assert gini(rates * weights, weights) == pytest.approx(0.20652395514780775, rel=1e-12)
    assert theil_total(rates * weights, weights) == pytest.approx(0.08120013911680612, rel=1e-12)


def test_the_split_equals_the_worked_example_of_pysal():
    # Product per head of the Mexican states in 1940 by region; PySAL inequality, documentation of Theil and TheilD
    regions = {
        1: [22361, 8578, 8537, 9073, 6399, 7508],
        2: [10384, 9573, 12132, 4836, 4372, 4840, 3734],
        3: [6909, 4359, 4414, 5309, 3327, 6936, 3569, 11016, 3605, 5203],
        4: [17816, 3408],
        5: [3758, 2934, 2181, 1892, 21965, 2459, 7990],
    }
    values = [value for region in regions.values() for value in region]
    labels = [name for name, region in regions.items() for _ in region]
    found = theil(values, [1] * 32, labels)
    assert (found.total, found.within, found.between) == pytest.approx((0.20894344, 0.17435454, 0.0345889), abs=1e-8)


# ------------------------------------------------------------------ properties

arbitrary = settings(deadline=None, max_examples=60)
EVENTS, RESIDENTS = st.integers(0, 300), st.integers(1, 30)
UNITS = st.lists(st.tuples(EVENTS, RESIDENTS, st.sampled_from("abcd")), min_size=1, max_size=16).filter(
    lambda units: any(e for e, *_ in units)
)


def columns(units: list[tuple]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Events, residents and group of each unit."""
    events, residents, groups = zip(*units, strict=True)
    return np.array(events), np.array(residents), np.array(groups)


def measured(events, residents) -> tuple[float, float]:
    return gini(events, residents), theil_total(events, residents)


def close(numbers):
    return pytest.approx(numbers, rel=1e-9, abs=1e-12)


@arbitrary
@given(UNITS)
def test_measures_keep_their_bounds(units):
    events, residents, groups = columns(units)
    split = theil(events, residents, groups)
    assert 0 <= gini(events, residents) < 1
    assert theil_total(events, residents) >= 0
    assert min(split.total, split.within, split.between) >= 0


@arbitrary
@given(UNITS)
def test_within_and_between_add_up(units):
    events, residents, groups = columns(units)
    split = theil(events, residents, groups)
    assert split.total == split.within + split.between == close(theil_total(events, residents))
    sums = split.groups[["events_share", "residents_share", "within", "between", "contribution"]].sum().tolist()
    assert sums == close([1, 1, split.within, split.between, split.total])


@arbitrary
@given(UNITS)
def test_between_is_theil_of_the_groups_sums(units):
    events, residents, groups = columns(units)
    sums = pd.DataFrame({"events": events, "residents": residents}).groupby(groups).sum()
    assert theil(events, residents, groups).between == close(theil_total(sums["events"], sums["residents"]))


@arbitrary
@given(UNITS, st.floats(0.001, 1000), st.floats(0.001, 1000))
def test_measures_do_not_depend_on_the_scale(units, more, larger):
    events, residents, _ = columns(units)
    assert measured(events * more, residents * larger) == close(measured(events, residents))


@arbitrary
@given(UNITS, st.randoms(use_true_random=False))
def test_measures_do_not_depend_on_the_order(units, random):
    shuffled = random.sample(units, len(units))
    assert measured(*columns(shuffled)[:2]) == close(measured(*columns(units)[:2]))


@arbitrary
@given(st.lists(RESIDENTS, min_size=1, max_size=16), st.integers(1, 50))
def test_equal_rates_give_zero(residents, rate):
    even = measured(np.array(residents) * rate, residents)
    assert even == close((0, 0))
    assert min(even) >= 0


@arbitrary
@given(UNITS.filter(lambda units: len(units) > 1), st.data())
def test_moving_events_to_a_lower_rate_never_raises_a_measure(units, data):
    events, residents, _ = columns(units)
    events = events.astype(float)
    pair = data.draw(st.lists(st.integers(0, len(units) - 1), min_size=2, max_size=2, unique=True))
    low, high = sorted(pair, key=lambda unit: events[unit] / residents[unit])
    until_equal = (events[high] * residents[low] - events[low] * residents[high]) / (residents[high] + residents[low])
    moved = events.copy()
    moved[[low, high]] += np.array([1, -1]) * until_equal * data.draw(st.floats(0, 1))
    for measure in (gini, theil_total):
        assert measure(moved, residents) <= measure(events, residents) + 1e-12


@arbitrary
@given(UNITS)
def test_gini_is_twice_the_area_beside_the_curve_drawn(units):
    events, residents, _ = columns(units)
    curve = lorenz(events, residents)
    assert gini(events, residents) == close(1 - 2 * np.trapezoid(curve["events_share"], curve["residents_share"]))
    slopes = curve["events_share"].diff().iloc[1:] / curve["residents_share"].diff().iloc[1:]
    assert slopes.diff().iloc[1:].ge(-1e-9).all()


@arbitrary
@given(UNITS)
def test_equal_residents_equal_pysal(units):
    events, _, groups = columns(units)
    residents, split = np.full(len(events), 7), EqualSplit(events, groups)
    found = theil(events, residents, groups)
    assert measured(events, residents) == close((EqualGini(events).g, EqualTheil(events).T))
    assert (found.within, found.between) == close((split.wg.item(), split.bg.item()))


@arbitrary
@given(UNITS)
def test_residents_equal_pysal_on_one_row_per_resident(units):
    events, residents, groups = columns(units)
    per_resident, group = np.repeat(events / residents, residents), np.repeat(groups, residents)
    found, split = theil(events, residents, groups), EqualSplit(per_resident, group)
    assert measured(events, residents) == close((EqualGini(per_resident).g, EqualTheil(per_resident).T))
    assert (found.within, found.between) == close((split.wg.item(), split.bg.item()))


# ------------------------------------------------------------------ bootstrap

SPREAD, PEOPLE = np.array([120, 20, 90, 10, 60, 40, 5, 55]), np.array([10, 12, 20, 8, 30, 15, 6, 25])


@pytest.mark.parametrize("measure", [gini, theil_total])
def test_a_matrix_gives_the_measure_of_each_row(measure):
    rows = np.vstack([SPREAD, SPREAD[::-1], np.zeros(8)])
    expected = [measure(SPREAD, PEOPLE), measure(SPREAD[::-1], PEOPLE), NAN]
    assert measure(rows, PEOPLE).tolist() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("measure", [gini, theil_total])
def test_the_interval_holds_the_estimate_and_is_wider_for_fewer_events(measure):
    widths = []
    for times in (1, 10, 25_000):  # 400 events to 10 million
        interval = bootstrap(SPREAD * times, PEOPLE, measure)
        assert interval.low < measure(SPREAD, PEOPLE) < interval.high
        widths.append(interval.high - interval.low)
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_a_higher_level_gives_a_wider_interval():
    narrow, wide = (bootstrap(SPREAD, PEOPLE, gini, level=level) for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_the_same_seed_gives_the_same_interval():
    assert bootstrap(SPREAD, PEOPLE, gini, seed=3) == bootstrap(SPREAD, PEOPLE, gini, seed=3) != bootstrap(SPREAD, PEOPLE, gini, seed=4)


def test_the_interval_of_one_units_events_is_that_of_the_binomial_distribution():
    def first(drawn: np.ndarray, residents: np.ndarray) -> np.ndarray:
        return drawn[:, 0]

    found = bootstrap(SPREAD, PEOPLE, first, runs=20_000)
    assert (found.low, found.high) == pytest.approx(binom.interval(0.95, 400, 120 / 400), abs=1)


def test_few_events_look_uneven_by_chance_so_the_interval_of_an_even_spread_lies_above_it():
    assert gini([4] * 16, [1] * 16) == 0
    assert bootstrap([4] * 16, [1] * 16, gini).low > 0.1


def test_events_in_one_place_stay_in_one_place():
    assert bootstrap([0, 9], [3, 1], gini) == Interval(0.75, 0.75)


def test_residents_are_found_by_their_unit():
    events, residents = pd.Series(SPREAD, list("abcdefgh")), pd.Series(PEOPLE, list("abcdefgh"))
    assert bootstrap(events, residents[::-1], gini) == bootstrap(SPREAD, PEOPLE, gini)
    with pytest.raises(KeyError, match="'h'"):
        gini(events, residents.drop("h"))


# ------------------------------------------------------------------ nothing to measure


@pytest.mark.parametrize(
    ("events", "residents"),
    [
        pytest.param([0, 0], [5, 6], id="no events"),
        pytest.param([1, 2], [0, 0], id="no residents"),
        pytest.param([], [], id="no units"),
    ],
)
def test_without_events_or_residents_there_is_no_measure(events, residents):
    split = theil(events, residents, ["a", "b"][: len(events)])
    assert np.isnan([gini(events, residents), theil_total(events, residents), split.total, split.within, split.between]).all()
    assert isinstance(split, Theil)
    interval = bootstrap(events, residents, gini)
    assert np.isnan([interval.low, interval.high]).all()
    assert lorenz(events, residents)["unit"].tolist() == [None, 0, 1][: len(events) + 1]


def test_events_where_nobody_lives_count_for_gini_and_have_no_theil():
    assert gini([1, 1], [0, 4]) == 0.5
    assert math.isnan(theil_total([1, 1], [0, 4]))
    assert math.isnan(theil([1, 1], [0, 4], ["a", "b"]).total)


def test_a_unit_with_neither_changes_nothing():
    assert measured([3, 0, 1], [2, 0, 5]) == close(measured([3, 1], [2, 5]))


def test_no_cells_have_no_quotients():
    cells = pd.DataFrame({"district": [], "audience": [], "events": []})
    same(location_quotients(cells), cells.assign(quotient=[]))
