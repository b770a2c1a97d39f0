"""Where next: the plan against every possible set of visits, the terms it keeps, what is said when they contradict each other."""

import itertools
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import places, schema
from analytics.coverage import Window, look_back
from analytics.errors import DataFaults, OutreachError
from analytics.planning import SPREAD, Terms, plan_table, propose, read_residents, reasons, shortage, unit_residents, with_residents
from analytics.selection import Selection
from analytics.text import Words

DONGCHENG, XICHENG, FANGSHAN, MIYUN = "110101", "110102", "110111", "110118"
ENGLISH, CHINESE = Words("en"), Words("zh")
AS_OF = date(2025, 10, 16)
WINDOW = look_back(Selection(), AS_OF, 24)
NEVER = math.nan


def cells(*rows: tuple) -> pd.DataFrame:
    """One row per (district, audience, residents, state, months since the last event)."""
    table = pd.DataFrame(rows, columns=["district", "audience", "residents", "state", "months"])
    days = [pd.NaT if math.isnan(months) else pd.Timestamp(AS_OF) - pd.DateOffset(months=int(months)) for months in table["months"]]
    return table.assign(subdistrict="", last_day=pd.to_datetime(days), months=table["months"].astype(float))


def keys(plan) -> list[tuple[str, str]]:
    return list(plan.visits[["district", "audience"]].itertuples(index=False, name=None))


FOUR = cells(
    (DONGCHENG, "students", 900, "gap", NEVER),
    (DONGCHENG, "schools", 800, "unclear", NEVER),
    (XICHENG, "students", 600, "gap", 30),
    (FANGSHAN, "students", 100, "covered", 3),
)

# ------------------------------------------------------------------ whole answers


def test_a_plan_lists_the_visits_of_greatest_value_with_their_reasons():
    plan = propose(FOUR, Terms(visits=2))
    assert plan.visits.drop(columns=["last_day", "subdistrict"]).to_dict("records") == [
        {
            "district": DONGCHENG, "audience": "students", "residents": 900, "state": "gap", "months": pytest.approx(NEVER, nan_ok=True),
            "number": 1, "value": 900.0, "locked": False, "why": ("gap", "never"), "floor": 0, "audience_floor": 0,
        },
        {
            "district": XICHENG, "audience": "students", "residents": 600, "state": "gap", "months": 30.0,
            "number": 2, "value": 450.0, "locked": False, "why": ("gap", "since"), "floor": 0, "audience_floor": 0,
        },
    ]  # fmt: skip
    assert (plan.covered_residents, plan.value, plan.unique, plan.asked) == (1500.0, 1350.0, True, 2)


@pytest.mark.parametrize(
    ("terms", "values"),
    [
        (Terms(3), [900, 450, 400]),
        (Terms(3, time_weight=0), [900, 600, 400]),
        (Terms(3, time_weight=1), [900, 400, 300]),
        (Terms(3, unclear_weight=0.25), [900, 450, 200]),
        (Terms(3, horizon=30), [900, 600, 400]),
    ],
    ids=["by default", "time left out", "time in full", "unclear for a quarter", "a horizon of 30 months"],
)
def test_the_value_of_a_visit_weighs_time_and_certainty(terms, values):
    assert propose(FOUR, terms).visits["value"].tolist() == values


def test_unclear_cells_count_by_their_weight_among_the_residents_covered():
    assert propose(FOUR, Terms(3, unclear_weight=0.25)).covered_residents == 900 + 600 + 0.25 * 800


def test_fewer_visits_are_proposed_when_no_other_cell_is_left_and_this_is_said():
    plan = propose(FOUR, Terms(9))
    assert keys(plan) == [(DONGCHENG, "students"), (XICHENG, "students"), (DONGCHENG, "schools")]
    assert shortage(plan, ENGLISH) == "Visits asked for: 9; proposed: 3. No other cell is left to reach."
    assert "9" in shortage(plan, CHINESE)
    assert shortage(propose(FOUR, Terms(3)), ENGLISH) == ""


def test_without_cells_there_is_an_empty_plan():
    plan = propose(FOUR.head(0), Terms(5))
    assert (len(plan.visits), plan.covered_residents, plan.value, plan.unique) == (0, 0.0, 0.0, True)
    assert len(plan_table(plan, ENGLISH, WINDOW)) == 0


def test_a_covered_cell_is_proposed_for_a_floor_only():
    plan = propose(FOUR, Terms(4, floor=1))
    assert [(key[0], why) for key, why in zip(keys(plan), plan.visits["why"], strict=True)] == [
        (DONGCHENG, ("gap", "never")),
        (XICHENG, ("gap", "since", "floor")),
        (DONGCHENG, ("unclear", "never")),
        (FANGSHAN, ("covered", "since", "floor")),
    ]
    assert plan.covered_residents == 900 + 600 + 0.5 * 800


def test_events_held_count_towards_floors_unless_they_are_not_to():
    held, held_audiences = {FANGSHAN: 1, DONGCHENG: 2}, {"students": 1, "schools": 0}
    assert keys(propose(FOUR, Terms(1, floor=1), {**held, XICHENG: 1})) == [(DONGCHENG, "students")]
    assert keys(propose(FOUR, Terms(1, floor=1), held)) == [(XICHENG, "students")]
    assert keys(propose(FOUR, Terms(1, audience_floor=1), held, held_audiences)) == [(DONGCHENG, "schools")]
    assert len(propose(FOUR, Terms(3, floor=1, count_held=False), held).visits) == 3


def test_what_is_fixed_comes_in_at_its_value_and_what_is_excluded_stays_out():
    plan = propose(FOUR, Terms(2, locked=((FANGSHAN, "students", ""),), excluded=((DONGCHENG, "students", ""), (MIYUN, "media", ""))))
    assert plan.visits[["number", "district", "value", "locked", "why"]].to_numpy().tolist() == [
        [1, XICHENG, 450.0, False, ("gap", "since")],
        [2, FANGSHAN, 0.0, True, ("covered", "since", "locked")],
    ]


def test_of_equal_plans_the_one_earliest_in_the_order_of_districts_and_audiences_is_taken_and_said_not_to_be_the_only_one():
    equal = cells(*((district, audience, 100, "gap", NEVER) for district in (MIYUN, DONGCHENG) for audience in ("schools", "students")))
    plan = propose(equal, Terms(3))
    assert (keys(plan), plan.unique) == ([(DONGCHENG, "students"), (DONGCHENG, "schools"), (MIYUN, "students")], False)
    assert propose(equal, Terms(4)).unique


def test_of_equal_plans_the_one_with_fewer_covered_cells_is_taken():
    table = cells((DONGCHENG, "students", 100, "covered", 3), (DONGCHENG, "schools", 0, "gap", NEVER))
    plan = propose(table, Terms(1))
    assert (keys(plan), plan.unique) == ([(DONGCHENG, "schools")], False)


def test_a_difference_of_one_resident_among_millions_is_seen():
    rows = [(district, audience, 3_000_000, "gap", NEVER) for district in places.adcodes() for audience in schema.AUDIENCE]
    rows[150] = (*rows[150][:2], 3_000_001, "gap", NEVER)
    plan = propose(cells(*rows), Terms(1, time_weight=0.3))
    assert (keys(plan), plan.unique) == ([rows[150][:2]], True)


def test_cells_of_subdistricts_are_visits_of_their_own_and_further_columns_are_carried_along():
    units = [f"11010100{number}" for number in (1, 2, 3)]
    table = pd.DataFrame({"district": DONGCHENG, "audience": "students", "subdistrict": units, "state": "gap", "months": NEVER})
    plan = propose(with_residents(table).assign(last_day=pd.NaT), Terms(2, excluded=((DONGCHENG, "students", units[0]),)))
    assert plan.visits[["subdistrict", "estimate", "audiences"]].to_numpy().tolist() == [[units[1], True, 1], [units[2], True, 1]]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (FOUR.drop(columns="months"), "lack the columns months"),
        (FOUR.assign(residents=[1, 2, 3, math.nan]), "residents from 0"),
        (FOUR.assign(state="open"), "a state of gap"),
        (pd.concat([FOUR, FOUR]), "each key once"),
    ],
    ids=["a column", "residents", "a state", "a key twice"],
)
def test_cells_of_another_shape_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        propose(table, Terms(1))


# ------------------------------------------------------------------ against every set of visits

PLACES, FOR = (DONGCHENG, XICHENG, FANGSHAN), ("students", "schools", "media")
KEYS = [(district, audience) for district in PLACES for audience in FOR]
CELL = st.tuples(
    st.sampled_from([0, 1, 2, 3, 300_000, 300_001]),
    st.sampled_from(["gap", "gap", "unclear", "covered"]),
    st.sampled_from([NEVER, 0, 30, 90]),
)
CELLS = st.lists(st.sampled_from(KEYS), min_size=1, max_size=9, unique=True).flatmap(
    lambda chosen: st.tuples(*(CELL.map(lambda cell, key=key: (*key, *cell)) for key in chosen)).map(lambda rows: cells(*rows))
)
CAP = st.none() | st.integers(1, 3)
SOME = st.lists(st.sampled_from([(*key, "") for key in KEYS]), max_size=2).map(tuple)
TERMS = st.builds(
    Terms, visits=st.integers(0, 9), floor=st.integers(0, 2), cap=CAP, audience_floor=st.integers(0, 2), audience_cap=CAP,
    count_held=st.booleans(), time_weight=st.sampled_from([0, 0.5, 1]), unclear_weight=st.sampled_from([0, 0.5, 1]), locked=SOME, excluded=SOME,
)  # fmt: skip
HELD = st.dictionaries(st.sampled_from(PLACES), st.integers(0, 2))
HELD_FOR = st.dictionaries(st.sampled_from(FOR), st.integers(0, 2))


def worth(row, terms: Terms) -> float:
    age = 1 if math.isnan(row.months) else min(row.months, 60) / 60
    certainty = {"gap": 1, "unclear": terms.unclear_weight, "covered": 0}[row.state]
    return row.residents * (1 - terms.time_weight + terms.time_weight * age) * certainty


def allowed(table: pd.DataFrame, terms: Terms, held: dict, held_for: dict) -> list[tuple]:
    """Every set of cells within the terms, as tuples of rows; the number asked for is the most."""
    rows = [row for row in table.itertuples() if (row.district, row.audience, "") not in terms.excluded]
    sides = (("district", terms.floor, terms.cap, held), ("audience", terms.audience_floor, terms.audience_cap, held_for))

    def fits(chosen: tuple) -> bool:
        for side, floor, cap, counts in sides:
            for code in table[side].unique():
                number = sum(getattr(row, side) == code for row in chosen)
                before = counts.get(code, 0) if terms.count_held else 0
                if number + before < floor or (cap is not None and number > cap):
                    return False
        return set(terms.locked) <= {(row.district, row.audience, "") for row in chosen}

    return [chosen for size in range(min(terms.visits, len(rows)) + 1) for chosen in itertools.combinations(rows, size) if fits(chosen)]


def best_sets(table: pd.DataFrame, terms: Terms, held: dict, held_for: dict) -> list[set[tuple[str, str]]]:
    """The sets of greatest value, empty when the terms cannot be kept."""

    def needless(chosen: tuple) -> int:
        return sum(row.state == "covered" and (row.district, row.audience, "") not in terms.locked for row in chosen)

    sets = allowed(table, terms, held, held_for)
    if not sets:
        return []
    fewest = min(map(needless, sets))
    size = max(len(chosen) for chosen in sets if needless(chosen) == fewest)
    useful = sum(
        (row.district, row.audience, "") not in terms.excluded
        and (row.state != "covered" or (row.district, row.audience, "") in terms.locked)
        for row in table.itertuples()
    )
    if size < min(terms.visits, useful + fewest):
        return []
    values = {chosen: sum(worth(row, terms) for row in chosen) for chosen in sets if len(chosen) == size}
    return [{(row.district, row.audience) for row in chosen} for chosen, value in values.items() if value == max(values.values())]


@settings(max_examples=120, deadline=None)
@given(CELLS, TERMS, HELD, HELD_FOR)
def test_the_plan_is_the_best_of_all_sets_and_unique_when_no_other_is_as_good(table, terms, held, held_for):
    best = best_sets(table, terms, held, held_for)
    if not best:
        with pytest.raises(OutreachError):
            propose(table, terms, held, held_for)
        return
    plan = propose(table, terms, held, held_for)
    assert set(keys(plan)) in best
    assert plan.unique == (len(best) == 1)
    assert plan.value == pytest.approx(sum(worth(row, terms) for row in plan.visits.itertuples()))


@settings(max_examples=40, deadline=None)
@given(CELLS, TERMS, HELD, HELD_FOR)
def test_floors_caps_fixed_and_excluded_visits_are_kept_to(table, terms, held, held_for):
    try:
        plan = propose(table, terms, held, held_for)
    except OutreachError:
        return
    proposed = {(*key, "") for key in keys(plan)}
    assert proposed >= set(terms.locked)
    assert not proposed & set(terms.excluded)
    assert len(proposed) == len(plan.visits) <= terms.visits
    sides = (("district", terms.floor, terms.cap, held), ("audience", terms.audience_floor, terms.audience_cap, held_for))
    for side, floor, cap, counts in sides:
        for code in table[side].unique():
            number = int((plan.visits[side] == code).sum())
            assert number + (counts.get(code, 0) if terms.count_held else 0) >= floor
            assert cap is None or number <= cap


@settings(max_examples=40, deadline=None)
@given(CELLS, TERMS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_the_plan(table, terms, random):
    def outcome(rows: pd.DataFrame) -> str:
        try:
            return propose(rows, terms).visits.to_csv()
        except OutreachError as error:
            return str(error)

    assert outcome(table.iloc[random.sample(range(len(table)), len(table))]) == outcome(table)


@settings(max_examples=40, deadline=None)
@given(CELLS, TERMS, HELD, HELD_FOR, st.booleans())
def test_one_visit_more_never_lowers_the_value_while_only_one_side_has_caps(table, terms, held, held_for, districts_capped):
    # With caps on both sides one visit more can push out a better one: (a, x) worth 100 for (a, y) and (b, x) worth 1 each.
    free = {"audience_cap": None} if districts_capped else {"cap": None}
    asked = {name: getattr(terms, name) for name in terms.__dataclass_fields__} | free
    try:
        fewer = propose(table, Terms(**asked), held, held_for)
        more = propose(table, Terms(**asked | {"visits": terms.visits + 1}), held, held_for)
    except OutreachError:
        return
    assert more.value >= fewer.value


# ------------------------------------------------------------------ terms that contradict each other

SQUARE = cells(
    *((district, audience, 100, "gap", NEVER) for district in (DONGCHENG, XICHENG, FANGSHAN) for audience in ("students", "media"))
)
STUDENTS, MEDIA = (DONGCHENG, "students", ""), (DONGCHENG, "media", "")
CONTRADICTIONS = {
    "fixed and excluded": (
        Terms(3, locked=(STUDENTS,), excluded=(STUDENTS,)),
        "The visit Dongcheng 东城区 · Students 学生 is both fixed and excluded. Choose one of the two.",
    ),
    "fixed and not there": (
        Terms(3, locked=((MIYUN, "students", ""),)),
        "The fixed visit Miyun 密云区 · Students 学生 is not among the cells. Release it or widen the filter.",
    ),
    "a fixed unit that is not there": (
        Terms(3, locked=((DONGCHENG, "students", "110101014"),)),
        "The fixed visit Dongcheng 东城区 · Longtan 龙潭街道 · Students 学生 is not among the cells. Release it or widen the filter.",
    ),
    "more fixed than asked for": (
        Terms(1, locked=(STUDENTS, MEDIA)),
        "Visits fixed: 2; visits asked for: 1. Ask for 2 or release some.",
    ),
    "more fixed than a cap allows": (
        Terms(3, cap=1, locked=(STUDENTS, MEDIA)),
        "Dongcheng 东城区: visits fixed 2, cap 1. Raise the cap to 2 or release some.",
    ),
    "a floor above its cap": (
        Terms(6, floor=2, cap=1),
        "Dongcheng 东城区: the floor of 2 needs 2 more, the cap allows 1. Raise the cap to 2 or lower the floor to 1.",
    ),
    "an audience floor above its cap": (
        Terms(6, audience_floor=3, audience_cap=2),
        "Students 学生: the floor of 3 needs 3 more, the cap allows 2. Raise the cap to 3 or lower the floor to 2.",
    ),
    "a floor above the cells": (
        Terms(9, floor=2, excluded=(MEDIA,)),
        "Dongcheng 东城区: the floor of 2 needs 2 more, and 1 can be proposed. Lower the floor to 1 or exclude fewer.",
    ),
    "floors of districts against caps of audiences": (
        Terms(6, floor=2, audience_cap=1),
        "Floors and caps cannot all be kept, whatever the number of visits. Raise the caps by 2 or lower the floors.",
    ),
    "floors above the visits": (
        Terms(2, floor=1, audience_floor=2),
        "Floors and fixed visits need at least 4 visits, and 2 are asked for. Ask for 4 or lower the floors.",
    ),
    "visits above the caps": (
        Terms(6, cap=1),
        "Within the caps 3 visits can be proposed, and 6 are asked for. Ask for 3 or raise a cap.",
    ),
}


@pytest.mark.parametrize(("terms", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_terms_that_cannot_be_kept_are_refused_with_what_would_do(terms, message):
    with pytest.raises(OutreachError) as refused:
        propose(SQUARE, terms)
    assert str(refused.value) == message


WOULD_DO = {
    "more visits": Terms(2, locked=(STUDENTS, MEDIA)),
    "a higher cap for what is fixed": Terms(3, cap=2, locked=(STUDENTS, MEDIA)),
    "a higher cap": Terms(6, floor=2, cap=2),
    "a lower floor": Terms(3, floor=1, cap=1),
    "a lower audience floor": Terms(4, audience_floor=2, audience_cap=2),
    "a floor that the cells can give": Terms(5, floor=1, excluded=(MEDIA,)),
    "caps raised by 2": Terms(6, floor=2, audience_cap=3),
    "the visits that floors need": Terms(4, floor=1, audience_floor=2),
    "the visits that caps allow": Terms(3, cap=1),
}


@pytest.mark.parametrize("terms", WOULD_DO.values(), ids=WOULD_DO)
def test_what_the_messages_say_would_do_does(terms):
    assert len(propose(SQUARE, terms).visits) == terms.visits


def test_the_number_that_would_do_is_that_of_the_place_that_needs_most():
    held = {DONGCHENG: 2, XICHENG: 1, FANGSHAN: 0}
    with pytest.raises(OutreachError) as refused:
        propose(SQUARE, Terms(6, floor=2, cap=1), held)
    assert str(refused.value) == (
        "Fangshan 房山区: the floor of 2 needs 2 more, the cap allows 1. Raise the cap to 2 or lower the floor to 1."
    )
    assert len(propose(SQUARE, Terms(6, floor=2, cap=2), held).visits) == len(SQUARE)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"visits": -1}, "Correct the number -1."),
        ({"visits": 2.5}, "Correct the number 2.5."),
        ({"visits": 3, "cap": -2}, "Correct the number -2."),
        ({"visits": 3, "time_weight": 1.5}, "The two weights lie between 0 and 1. Correct the weight 1.5."),
        ({"visits": 3, "unclear_weight": -0.1}, "The two weights lie between 0 and 1. Correct the weight -0.1."),
    ],
    ids=["visits below 0", "half a visit", "a cap below 0", "the weight of time", "the weight of what is unclear"],
)
def test_terms_out_of_range_are_refused(asked, message):
    with pytest.raises(OutreachError) as refused:
        Terms(**asked)
    assert str(refused.value).endswith(message)


# ------------------------------------------------------------------ residents


def test_residents_of_a_district_are_shared_equally_and_counted_once():
    table = with_residents(FOUR[["district", "audience", "subdistrict"]].iloc[:3])
    assert table[["residents", "place_residents", "residents_year", "share", "audiences", "estimate"]].to_numpy().tolist() == [
        [354414.5, 708829.0, 2020, 0.5, 2, False],
        [354414.5, 708829.0, 2020, 0.5, 2, False],
        [553107.0, 1106214.0, 2020, 0.5, 2, False],
    ]
    everyone = pd.DataFrame(itertools.product(places.adcodes(), schema.AUDIENCE), columns=["district", "audience"]).assign(subdistrict="")
    assert with_residents(everyone)["residents"].sum() == pytest.approx(21_893_095)


def test_residents_are_shared_by_weights():
    table = with_residents(FOUR[["district", "audience", "subdistrict"]].head(2), {"students": 3})
    assert table["share"].tolist() == [0.75, 0.25]


@pytest.mark.parametrize(
    "weights", [{"students": 0, "schools": 0}, {"students": -1}, {"students": NEVER}], ids=["all 0", "below 0", "none"]
)
def test_weights_that_share_nothing_are_refused(weights):
    with pytest.raises(OutreachError, match="one of them more than 0. Correct the weights"):
        with_residents(FOUR, weights)


def test_without_a_file_residents_of_units_are_an_estimate_that_adds_up_to_the_districts():
    table = unit_residents()
    assert len(table) == 349
    assert table.loc[0].to_dict() == {
        "code": "110101001", "residents": pytest.approx(708829 * 10 / 169), "year": 2020, "source": SPREAD, "estimate": True,
    }  # fmt: skip
    sums = table.groupby(table["code"].str[:6])["residents"].sum()
    assert sums.to_numpy() == pytest.approx(places.districts()["residents_2020"].to_numpy())


SHIJINGSHAN = places.subdistricts().query("district_adcode == '110107'")["code"].tolist()


def residents_file(**changes) -> pd.DataFrame:
    """Residents of the nine units of Shijingshan, 1000 to 1008."""
    table = {"code": SHIJINGSHAN, "residents": [str(1000 + n) for n in range(9)], "year": "2021", "source": "Yearbook"}
    return pd.DataFrame(table | changes)


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_a_file_is_read_back_and_takes_the_place_of_the_estimate_in_its_districts(tmp_path, ending):
    path = tmp_path / f"residents.{ending}"
    table = residents_file().assign(name="ours").astype({"residents": int, "year": int if ending == "csv" else float})
    {"csv": table.to_csv, "xlsx": table.to_excel, "parquet": table.to_parquet}[ending](path, index=False)
    read = read_residents(path)
    pd.testing.assert_frame_equal(read, residents_file().astype({"residents": "int64", "year": "int64"}), check_dtype=False)
    units = unit_residents(read).set_index("code")
    assert units.loc[SHIJINGSHAN[3]].to_dict() == {"residents": 1003.0, "year": 2021, "source": "Yearbook", "estimate": False}
    assert units["estimate"].sum() == 349 - 9
    cell = pd.DataFrame({"district": ["110107"], "audience": ["students"], "subdistrict": [SHIJINGSHAN[3]]})
    assert with_residents(cell, units=units.reset_index())[["residents", "residents_year", "estimate"]].to_numpy().tolist() == [
        [1003.0, 2021, False]
    ]


def said(path) -> list[tuple]:
    with pytest.raises(DataFaults) as refused:
        read_residents(path)
    return [(f.row, f.column, f.value, f.problem, f.remedy.format(detail=f.detail)) for f in refused.value.faults]


def test_every_fault_of_a_residents_file_is_listed_with_its_row(tmp_path):
    codes = [SHIJINGSHAN[0], SHIJINGSHAN[0], "", "999999999", SHIJINGSHAN[1] + "000", *SHIJINGSHAN[2:6]]
    people = ["1000", "1000", "1000", "about 5", "12.5", "-3", "9999999999", "", "7"]
    years = ["2020", "2020", "2020", "2020", "20", "1900", "", "2020", "2020"]
    path = tmp_path / "residents.csv"
    residents_file(code=codes, residents=people, year=years, source=["Yearbook"] * 8 + [""]).to_csv(path, index=False)
    year = "Write the year in four digits, such as 2020"
    assert said(path) == [
        (3, "code", SHIJINGSHAN[0], "the code stands on an earlier row already", "Keep one row for each unit"),
        (4, "code", "", "the cell is empty", "Fill it in"),
        (5, "code", "999999999", "the subdistrict code is not known", "Use a code of data/subdistricts.csv, such as 110101001"),
        (5, "residents", "about 5", "this is no whole number of people", "Write digits only"),
        (6, "code", SHIJINGSHAN[1] + "000", "the subdistrict code is not known", f"Write {SHIJINGSHAN[1]}"),
        (6, "residents", "12.5", "this is no whole number of people", "Write digits only"),
        (6, "year", "20", "this is no year", year),
        (7, "residents", "-3", "this is no whole number of people", "Write digits only"),
        (7, "year", "1900", "the year cannot be right", year),
        (8, "residents", "9999999999", "the number cannot be right", "Check the digits"),
        (8, "year", "", "the cell is empty", "Fill it in"),
        (9, "residents", "", "the cell is empty", "Fill it in"),
        (10, "source", "", "the cell is empty", "Fill it in"),
        (
            0, "code", "110107", "units of this district are left out",
            f"Add {', '.join([SHIJINGSHAN[1], *SHIJINGSHAN[6:]])}; write 0 where nobody lives",
        ),
    ]  # fmt: skip


def test_a_missing_or_repeated_column_of_a_residents_file(tmp_path):
    path = tmp_path / "residents.csv"
    table = residents_file()
    pd.concat([table.drop(columns="year"), table["code"]], axis=1).to_csv(path, index=False)
    assert said(path) == [
        (1, "year", "", "the column is missing", "Add a column with the heading year"),
        (1, "code", "", "the column stands twice", "Delete one of them"),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("code,residents,year,source\n", [(0, "", "", "the table has no rows", "Add a row for each unit")]),
        (
            "code,residents,year,source\n1,2,3,4,5\n1,2,3,4\n1,2,3,4,5\n",
            [(row, "", "", "the row has more cells than the header", "Put text that holds commas into quotation marks") for row in (2, 4)],
        ),
        (
            'code,residents,year,source\n1,2,3,"4\n',
            [(0, "", "", "a quotation mark is opened and not closed", "Close it, or write it twice inside a text")],
        ),
        ("code,residents,year\n1,2,3,4,5\n", [(1, "source", "", "the column is missing", "Add a column with the heading source")]),
    ],
    ids=["no rows", "long rows", "an open quotation mark", "a short header and long rows"],
)
def test_a_residents_file_that_does_not_split_into_cells(tmp_path, content, expected):
    path = tmp_path / "residents.csv"
    path.write_text(content, "utf-8")
    assert said(path) == expected


@pytest.mark.parametrize("row", ["{code},5,2020,统计年鉴", "{code},5,2020,统计年鉴,more"], ids=["even rows", "a long row"])
def test_a_residents_file_in_another_encoding(tmp_path, row):
    path = tmp_path / "residents.csv"
    path.write_bytes(("code,residents,year,source\n" + row.format(code=SHIJINGSHAN[0])).encode("gb18030"))
    assert said(path) == [(2, "", "", "the file is written in GB18030, not UTF-8", "Save it as “CSV UTF-8”")]


def test_a_residents_file_that_cannot_be_opened(tmp_path):
    (tmp_path / "residents.xlsx").write_bytes(b"no workbook")
    with pytest.raises(OutreachError, match="cannot be read as xlsx .* Open it in a spreadsheet and save it again"):
        read_residents(tmp_path / "residents.xlsx")
    with pytest.raises(OutreachError, match="there is no such file. Correct the path"):
        read_residents(tmp_path / "nowhere.csv")


# ------------------------------------------------------------------ in words


def written(table: pd.DataFrame, terms: Terms, words: Words, months: int = 24) -> list[str]:
    return [reasons(row, words, look_back(Selection(), AS_OF, months)) for row in propose(table, terms).visits.to_dict("records")]


def shared(*rows: tuple, audiences: int = 10, weight: float = 1.0) -> pd.DataFrame:
    """Cells with the residents of the census shared among so many audiences; the first row's audience has the weight."""
    table = cells(*((*row[:2], 0, *row[2:]) for row in rows))
    others = cells(*((MIYUN, name, 0, "gap", NEVER) for name in schema.AUDIENCE if name not in set(table["audience"])))
    both = pd.concat([table, others.head(audiences - table["audience"].nunique())], ignore_index=True)
    return with_residents(both, {rows[0][1]: weight}).head(len(table))


def test_reasons_are_whole_sentences_with_the_numbers_behind_them():
    never = (
        "No report of an event for students in Fangshan in the 24 months to 16 Oct 2025. No earlier one was found either. "
        "Residents (2020): 131,278, an equal share of 1,312,778 for each of 10 audiences."
    )
    assert written(shared((FANGSHAN, "students", "gap", NEVER)), Terms(1), ENGLISH) == [never]
    assert written(shared((FANGSHAN, "students", "gap", NEVER)), Terms(1, floor=1, audience_floor=1), ENGLISH) == [
        f"{never} Needed so that every district has at least 1 event. Needed so that every audience has at least 1 event."
    ]
    assert written(shared((FANGSHAN, "students", "unclear", 30), weight=3), Terms(1), ENGLISH) == [
        "No report places an event for students in Fangshan in the 24 months to 16 Oct 2025, but one that does not say where or when may "
        "belong here. The last one found was on 16 Apr 2023, 30 months before. Residents (2020): 328,194, by the weights chosen 25% of 1,312,778."
    ]
    assert written(shared((FANGSHAN, "other", "gap", 1), audiences=1), Terms(1, locked=((FANGSHAN, "other", ""),)), ENGLISH, months=1) == [
        "No report of an event for other audiences in Fangshan in the month to 16 Oct 2025. "
        "The last one found was on 16 Sept 2025, 1 month before. Residents (2020): 1,312,778. Fixed in advance."
    ]
    assert written(cells((FANGSHAN, "media", 50, "covered", 0)), Terms(1, floor=1), ENGLISH) == [
        "An event for media in Fangshan is reported in the 24 months to 16 Oct 2025, so another one reaches nobody new. "
        "The last one found was on 16 Oct 2025. Needed so that every district has at least 1 event."
    ]


def test_both_languages_name_the_place_the_audience_the_days_and_the_numbers():
    table = shared((FANGSHAN, "students", "gap", NEVER), (DONGCHENG, "schools", "unclear", 30), (XICHENG, "media", "covered", 3))
    texts = written(table, Terms(3, floor=1, audience_floor=1), CHINESE)
    for text, parts in zip(
        texts,
        [
            ("房山区", "学生", "2025年10月16日", "131,278", "24"),
            ("东城区", "学校", "2023年4月16日", "70,883"),
            ("西城区", "媒体", "2025年7月16日"),
        ],
        strict=True,
    ):
        assert [part for part in parts if part not in text] == []


def test_a_unit_is_named_with_its_district_and_its_residents_are_said_to_be_an_estimate():
    table = pd.DataFrame({"district": [DONGCHENG], "audience": ["students"], "subdistrict": ["110101014"], "state": "gap", "months": NEVER})
    plan = propose(with_residents(table).assign(last_day=pd.NaT), Terms(1))
    row = plan.visits.to_dict("records")[0]
    assert "in Longtan, Dongcheng, in the 24 months" in reasons(row, ENGLISH, WINDOW)
    assert "are an estimate" in reasons(row, ENGLISH, WINDOW)
    assert "东城区龙潭街道" in reasons(row, CHINESE, WINDOW)


@pytest.mark.parametrize(
    ("state", "english", "chinese"),
    [
        (
            "gap",
            "No report of an event for students in Fangshan from 1 Mar 2024 to 20 May 2024.",
            "2024年3月1日至2024年5月20日，未见房山区面向学生的活动报道。",
        ),
        (
            "unclear",
            "No report places an event for students in Fangshan from 1 Mar 2024 to 20 May 2024, but one that does not say where or when may belong here.",
            "2024年3月1日至2024年5月20日，未见可归属于房山区、面向学生的活动报道，但地点或日期不详的活动可能在此。",
        ),
        (
            "covered",
            "An event for students in Fangshan is reported from 1 Mar 2024 to 20 May 2024, so another one reaches nobody new.",
            "2024年3月1日至2024年5月20日，房山区已有面向学生的活动报道，再办一场不会新增覆盖人口。",
        ),
    ],
    ids=["gap", "unclear", "covered"],
)
def test_where_two_dates_are_set_reasons_name_them(state, english, chinese):
    row = propose(shared((FANGSHAN, "students", state, 30)), Terms(1, floor=1)).visits.to_dict("records")[0]
    window = Window(date(2024, 3, 1), date(2024, 5, 20))
    assert reasons(row, ENGLISH, window).startswith(english)
    assert reasons(row, CHINESE, window).startswith(chinese)


def test_the_plan_as_a_table_for_export():
    table = shared((FANGSHAN, "students", "gap", NEVER), (DONGCHENG, "schools", "unclear", 30))
    exported = plan_table(propose(table, Terms(2, locked=((FANGSHAN, "students", ""),))), ENGLISH, WINDOW)
    assert exported.drop(columns="Why").astype(object).where(exported.notna(), None).to_dict("list") == {
        "Visit": [1, 2],
        "District code": [FANGSHAN, DONGCHENG],
        "District": ["Fangshan", "Dongcheng"],
        "Audience": ["Students", "Schools"],
        "Subdistrict": ["", ""],
        "Residents": [131278, 70883],
        "Months since the last event": [None, 30],
        "State": ["gap", "unclear"],
        "Fixed": ["yes", ""],
    }
    assert exported["Why"].str.startswith("No report").all()


def test_headings_of_the_table_differ_in_both_languages():
    plan = propose(FOUR, Terms(1))
    for words in (ENGLISH, CHINESE):
        headings = list(plan_table(plan, words, WINDOW).columns)
        assert len(headings) == len(set(headings)) == 10


def test_the_input_is_left_as_it_was():
    before = FOUR.copy()
    propose(FOUR, Terms(2, floor=1, count_held=True), {XICHENG: 3, FANGSHAN: 1})
    with_residents(FOUR)
    pd.testing.assert_frame_equal(FOUR, before)
    assert np.isfinite(FOUR["residents"]).all()
