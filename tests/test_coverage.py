"""Coverage: ranges that hold the truth, gaps that no placing closes, sentences that can be read back."""

import json
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import coverage, coverage_figures, measures, places, schema
from analytics.coverage import INDICATORS, NUMERATORS, Evidence, Window, indicator_table, look_back
from analytics.exhibit import Context
from analytics.measures import Grouping
from analytics.selection import Selection
from analytics.text import Words
from tests.command import command
from tests.rows import events, store_of

ROOT = Path(__file__).parent.parent
AS_OF = date(2025, 10, 16)
FANGSHAN, MIYUN, HAIDIAN, DONGCHENG = "110111", "110118", "110108", "110101"


def three(evidence: Evidence, name: str, code: str) -> tuple:
    """Low, value, high of one numerator."""
    return NUMERATORS[INDICATORS[name].numerator](evidence, code)


# ------------------------------------------------------------------ ranges on small tables

SMALL = [
    {"district": HAIDIAN, "audiences": "students", "date_start": "2025-01-10", "participants": "40"},
    {"district": HAIDIAN, "audiences": "parents", "date_start": "2024-03-01", "place_basis": "inferred", "participants": "10"},
    {"district": DONGCHENG, "audiences": "students", "date_start": "2020-05-01", "place_basis": "venue"},
    {"audiences": "enterprises", "date_start": "2025-06-01", "participants": "100"},
    {"audiences": "enterprises; students", "date_start": "2019-06-01"},
]


@pytest.fixture(scope="module")
def small() -> Evidence:
    return Evidence(store_of(events(*SMALL)), Selection(), AS_OF)


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("events_per_100k", HAIDIAN, (1, 2, 4)),
        ("events_per_100k", DONGCHENG, (0, 1, 3)),
        ("events_per_100k", FANGSHAN, (0, 0, 2)),
        ("events_per_100k", places.BEIJING, (5, 5, 5)),
        ("participants_per_10k", HAIDIAN, (40, 50, 150)),
        ("participants_per_10k", FANGSHAN, (0, None, 100)),
        ("participants_per_10k", places.BEIJING, (150, 150, 150)),
        ("districts_reached", DONGCHENG, (0, 1, 1)),
        ("districts_reached", places.BEIJING, (1, 2, 4)),
        ("audiences_served", HAIDIAN, (1, 2, 3)),
        ("audiences_served", FANGSHAN, (0, 0, 2)),
        ("months_since", HAIDIAN, (4, 9, 9)),
        ("months_since", DONGCHENG, (4, 65, None)),
        ("months_since", FANGSHAN, (4, None, None)),
    ],
)
def test_a_figure_is_a_range_from_stated_places_to_the_most_favourable_placing(small, name, code, expected):
    assert three(small, name, code) == expected


def test_units_named_are_counted_once_and_a_nameless_event_may_add_one():
    unit = {"district": DONGCHENG, "subdistrict_code": "110101001", "subdistrict": "Donghuamen", "community": "A Community"}
    evidence = Evidence(store_of(events(unit, unit, {"district": DONGCHENG}, {"district": HAIDIAN}, {})), Selection(), AS_OF)
    assert three(evidence, "subdistricts_reached", DONGCHENG) == (1, 1, 3)
    assert three(evidence, "communities_reached", DONGCHENG) == (1, 1, 3)
    assert three(evidence, "subdistricts_reached", places.BEIJING) == (1, 1, 4)
    assert three(evidence, "communities_reached", places.BEIJING) == (1, 1, 4)


def test_a_development_zone_is_none_of_the_registered_units():
    zone = places.subdistricts().query("type == 'development zone'").iloc[0]
    rows = events({"district": zone["district_adcode"], "subdistrict_code": zone["code"], "subdistrict": "zone"})
    evidence = Evidence(store_of(rows), Selection(), AS_OF)
    assert three(evidence, "subdistricts_reached", zone["district_adcode"])[:2] == (0, 0)


def test_rates_carry_their_numerator_and_denominator(small):
    table = indicator_table(small, INDICATORS["events_per_100k"]).set_index("district")
    assert list(table.index) == list(places.adcodes())
    row = table.loc[HAIDIAN]
    assert (row["numerator"], row["denominator"]) == (2, 3133469)
    assert row["value"] == pytest.approx(2 / 3133469 * 100_000)


def test_a_filter_by_place_basis_narrows_the_value_and_leaves_the_unplaced_possible():
    store = store_of(events(*SMALL))
    evidence = Evidence(store, Selection(place_basis=("inferred",)), AS_OF)
    assert three(evidence, "events_per_100k", HAIDIAN) == (0, 1, 3)


def test_events_after_the_day_asked_for_do_not_make_it_younger(small):
    earlier = Evidence(small.store, Selection(), date(2024, 12, 31))
    assert three(earlier, "months_since", HAIDIAN) == (9, 9, None)


def test_values_agree_with_the_other_pages(bundled):
    evidence = Evidence(bundled, Selection(audience=("students",)), bundled.latest)
    table = measures.summary(bundled, Selection(audience=("students",)), ("district",)).set_index("district")
    for code in places.adcodes():
        assert three(evidence, "events_per_100k", code)[1] == table.loc[code, "events"]
        people = three(evidence, "participants_per_10k", code)[1]
        assert people == (None if pd.isna(table.loc[code, "participants"]) else table.loc[code, "participants"])


# ------------------------------------------------------------------ the range contains the truth

CODES = (DONGCHENG, HAIDIAN, FANGSHAN)
ROW = st.tuples(
    st.sampled_from(("", *CODES)),
    st.sampled_from(("stated", "inferred")),
    st.sampled_from(("students", "parents", "media")),
    st.sampled_from(("", "unit")),
    st.dates(date(2020, 1, 1), AS_OF),
    st.one_of(st.none(), st.integers(1, 500)),
)


def plain(rows: pd.DataFrame):
    """The tables that `measures` would give for these rows, counted the slow way."""

    def ask(_store, selection: Selection, groupings: tuple[Grouping, ...]) -> dict[Grouping, pd.DataFrame]:
        kept = rows[rows["day"] <= pd.Timestamp(selection.end)] if selection.end else rows
        answer = {}
        for grouping in groupings:
            by = list(grouping.by)
            if not by:
                people = kept["people"]
                row = {
                    "events": len(kept),
                    "participants": people.sum(),
                    "participants_events": people.count(),
                    "last_day": kept["day"].max(),
                }
                answer[grouping] = pd.DataFrame([row])
                continue
            table = kept.groupby(by, as_index=False).agg(
                events=("people", "size"), participants=("people", "sum"), participants_events=("people", "count"), last_day=("day", "max")
            )
            answer[grouping] = table
        return answer

    return ask


def evidence_of(rows: list[tuple], placed: dict[int, str]) -> Evidence:
    """Evidence of these rows, with unplaced ones put where `placed` says."""
    table = pd.DataFrame(rows, columns=["district", "place-basis", "audience", "unit", "day", "people"])
    codes = [placed.get(number, code) or schema.UNPLACED for number, code in enumerate(table["district"])]
    basis = [
        "none" if code == "" and number not in placed else basis
        for number, (code, basis) in enumerate(zip(table["district"], table["place-basis"], strict=True))
    ]
    unit = [f"{code[:6]}001" if named and code != schema.UNPLACED else "" for code, named in zip(codes, table["unit"], strict=True)]
    frame = table.assign(
        **{
            "district": codes,
            "place-basis": basis,
            "subdistrict": unit,
            "day": pd.to_datetime(table["day"]),
            "people": table["people"].astype(float),
        }
    )
    evidence = Evidence(None, Selection(), AS_OF, plain(frame))
    evidence.__dict__["units"] = {name: frame.assign(**{name: frame["subdistrict"]}, events=1) for name in ("subdistrict", "community")}
    return evidence


def number(value: float | None) -> float:
    """A month count that is absent is longer than any."""
    return float("inf") if value is None else value


@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ROW, max_size=7), st.randoms(use_true_random=False), st.sampled_from(list(INDICATORS)))
def test_every_range_is_in_order_and_holds_the_truth_wherever_unplaced_events_took_place(rows, random, name):
    truth = {at: random.choice(CODES) for at, row in enumerate(rows) if not row[0]}
    told, real = evidence_of(rows, {}), evidence_of(rows, truth)
    for code in (random.choice(CODES), places.BEIJING):
        low, value, high = three(told, name, code)
        actual = three(real, name, code)[1]
        if name == "participants_per_10k":
            low, value, high, actual = (each or 0.0 for each in (low, value, high, actual))
        if name in ("months_since",):
            low, value, high, actual = map(number, (low, value, high, actual))
        assert low <= value <= high
        assert low <= actual <= high


# ------------------------------------------------------------------ gaps

WINDOW = Window(date(2023, 10, 17), AS_OF, 24)


def state(evidence: Evidence, district: str, audience: str) -> str:
    table = coverage.cells(evidence, WINDOW, "audience").set_index(["district", "audience"])
    return table.loc[(district, audience), "state"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([{"district": FANGSHAN, "date_start": "2024-05-01"}], "covered", id="an event in the window"),
        pytest.param([{"district": FANGSHAN, "date_start": "2022-05-01"}], "gap", id="an event before it"),
        pytest.param([{"district": HAIDIAN, "date_start": "2024-05-01"}], "gap", id="an event elsewhere"),
        pytest.param([{"date_start": "2024-05-01"}], "unclear", id="an unplaced event in the window"),
        pytest.param([{"date_start": "2022-05-01"}], "gap", id="an unplaced event before it"),
        pytest.param([{"date_start": "2024-05-01", "audiences": "media"}], "gap", id="an unplaced event for others"),
        pytest.param([{"district": FANGSHAN}], "unclear", id="an undated event here"),
        pytest.param([{"district": HAIDIAN}], "gap", id="an undated event elsewhere"),
        pytest.param([{}], "unclear", id="an event without place and date"),
        pytest.param([{"district": FANGSHAN, "source_date": "2023-10-16"}], "gap", id="undated, reported before the window"),
        pytest.param([{"district": FANGSHAN, "source_date": "2023-10-17"}], "unclear", id="undated, reported on its first day"),
        pytest.param([{"district": FANGSHAN, "date_start": "2024-05-01", "status": "planned"}], "gap", id="a planned event"),
    ],
)
def test_a_district_is_a_gap_only_where_no_placing_closes_it(rows, expected):
    evidence = Evidence(store_of(events(*rows)), Selection(), AS_OF)
    assert state(evidence, FANGSHAN, "students") == expected


def test_a_filter_by_audience_lists_its_columns_without_cutting_the_events_of_the_others():
    store = store_of(events({"district": FANGSHAN, "date_start": "2024-05-01", "audiences": "students; media"}))
    table = coverage.cells(Evidence(store, Selection(audience=("media",)), AS_OF), WINDOW, "audience")
    assert table["audience"].unique().tolist() == ["media"]
    assert table.set_index("district").loc[FANGSHAN, "events"] == 1


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(("", FANGSHAN, HAIDIAN)), st.sampled_from(("students", "media")), st.sampled_from(("", "2022-01-01", "2024-01-01"))), max_size=5), st.randoms(use_true_random=False))  # fmt: skip
def test_no_placing_and_no_dating_of_events_closes_a_gap(rows, random):
    cells = [{"district": code, "audiences": audience, "date_start": day} for code, audience, day in rows]
    told = coverage.cells(Evidence(store_of(events(*cells)), Selection(), AS_OF), WINDOW, "audience") if cells else None
    if told is None:
        return
    real = [
        cell
        | {
            "district": cell["district"] or random.choice((FANGSHAN, HAIDIAN)),
            "date_start": cell["date_start"] or random.choice(("2021-01-01", "2024-06-01")),
        }
        for cell in cells
    ]
    actual = coverage.cells(Evidence(store_of(events(*real)), Selection(), AS_OF), WINDOW, "audience")
    assert (actual.loc[told["state"] == "gap", "events"] == 0).all()
    assert (actual.loc[told["state"] == "covered", "events"] > 0).all()
    sure = coverage.certainty(told).set_index("audience")
    without = actual[actual["events"] == 0].groupby("audience")["district"].size().reindex(sure.index, fill_value=0)
    assert (without >= sure["gap"]).all()
    assert (sure.sum(axis=1) == 16).all()


def test_need_weighs_residents_and_counts_an_unclear_cell_half():
    table = pd.DataFrame(
        {"district": [FANGSHAN] * 2 + [MIYUN] * 2, "state": ["gap", "covered", "unclear", "gap"], "residents": [100, 100, 40, 40]}
    )
    assert coverage.need(table).to_dict() == {FANGSHAN: 50.0, MIYUN: 30.0}


def test_half_years_fold_quarters_and_stop_at_the_day_asked_for():
    rows = [{"district": FANGSHAN, "date_start": day} for day in ("2025-02-01", "2025-05-01", "2025-07-01", "2025-12-01")]
    table = coverage.half_years(Evidence(store_of(events(*rows)), Selection(), AS_OF))
    here = table[table["district"] == FANGSHAN].set_index("half")["events"]
    assert here.index[-1] == "2025-H2"
    assert here.to_dict()["2025-H1"] == 2
    assert here.to_dict()["2025-H2"] == 1


def test_the_span_filter_is_the_window_where_one_is_set():
    assert look_back(Selection(), AS_OF, 24) == WINDOW
    spanned = look_back(Selection(start=date(2022, 1, 1), end=date(2022, 12, 31)), AS_OF, 24)
    assert spanned == Window(date(2022, 1, 1), date(2022, 12, 31))


def test_what_comes_nearest_to_an_empty_cell_is_named_with_its_events(bundled):
    evidence = Evidence(bundled, Selection(), bundled.latest)
    found = {
        kind: n for kind, n, _ in coverage.nearest(evidence, look_back(Selection(), bundled.latest, 24), FANGSHAN, "audience", "students")
    }
    assert found == {"unplaced": 2}
    for kind, n, selection in coverage.nearest(evidence, WINDOW, HAIDIAN, "audience", "enterprises"):
        assert len(measures.event_rows(bundled, selection)) == n, kind


# ------------------------------------------------------------------ sentences

PATTERN = re.compile(
    r"No report of (?:any event|an event for (?P<audience>.+?)) in (?P<district>\w+) "
    r"(?:in the (?P<months>\d+) months to (?P<end>.+?)|from (?P<start>.+?) to (?P<until>.+?)) \((?P<residents>[\d,]+) residents\)\."
)


@pytest.mark.parametrize("selection", [Selection(), Selection(start=date(2022, 1, 1), end=date(2023, 6, 30)), Selection(programme=("consular protection",))], ids=["look-back", "span", "programme"])  # fmt: skip
def test_every_gap_sentence_read_back_recomputes_to_nothing(bundled, selection):
    evidence = Evidence(bundled, selection, bundled.latest)
    window = look_back(selection, bundled.latest, 24)
    words = Words("en")
    districts = {words.term("district", code): code for code in places.adcodes()}
    audiences = {words.lowered(words.term("audience", code)): code for code in schema.AUDIENCE}
    table = coverage.gaps(evidence, window)
    assert len(table) > 3
    assert table["residents"].is_monotonic_decreasing
    for gap in table.itertuples():
        read = PATTERN.match(coverage.gap_sentence(gap, window, words))
        assert read, coverage.gap_sentence(gap, window, words)
        code, audience = districts[read["district"]], audiences.get(read["audience"], "")
        assert (code, audience) == (gap.district, gap.audience)
        assert int(read["residents"].replace(",", "")) == places.districts().set_index("adcode").loc[code, "residents_2020"]
        assert (read["months"] == "24") if window.months else (read["start"] == "1 Jan 2022" and read["until"] == "30 Jun 2023")
        stated = selection.change(district=(code,), audience=(audience,) if audience else (), start=window.start, end=window.end)
        assert coverage.gap_selection(gap, selection) == stated
        assert measures.summary(bundled, stated, ())["events"].iloc[0] == 0


def test_gap_sentences_speak_chinese(bundled):
    evidence, words = Evidence(bundled, Selection(), bundled.latest), Words("zh")
    window = look_back(Selection(), bundled.latest, 24)
    for gap in coverage.gaps(evidence, window).itertuples():
        text = coverage.gap_sentence(gap, window, words)
        assert words.term("district", gap.district) in text
        assert words.number(gap.residents) in text
        assert words.day(window.end) in text
        assert not re.search("[A-Za-z]{3}", text)


# ------------------------------------------------------------------ comparison


def test_this_year_to_date_ends_on_the_same_day_last_year():
    assert coverage.year_to_date(date(2024, 2, 29)) == ((date(2024, 1, 1), date(2024, 2, 29)), (date(2023, 1, 1), date(2023, 2, 28)))


def test_changes_are_now_less_then():
    rows = [{"district": FANGSHAN, "date_start": day} for day in ("2024-02-01", "2025-02-01", "2025-03-01")]
    store = store_of(events(*rows))
    this, last = (Evidence(store, Selection(start=start, end=end), AS_OF) for start, end in coverage.year_to_date(AS_OF))
    table = coverage.changes(this, last, INDICATORS["districts_reached"]).set_index("district")
    assert table.loc[FANGSHAN, ["then", "now", "change"]].tolist() == [1, 1, 0]
    per_head = coverage.changes(this, last, INDICATORS["events_per_100k"]).set_index("district").loc[FANGSHAN]
    assert per_head["change"] == pytest.approx(per_head["then"])


# ------------------------------------------------------------------ exhibits


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("rows", [SMALL, [{"date_start": "2024-01-01"}], [{"district": FANGSHAN, "date_start": "2024-01-01"}]], ids=["several", "unplaced only", "one district"])  # fmt: skip
def test_every_exhibit_is_drawn_with_its_sentence_and_its_table(rows, language):
    store = store_of(events(*rows))
    evidence, words = Evidence(store, Selection(), AS_OF), Words(language)
    context = Context(store, Selection(), words, "coverage")
    drawn = [coverage_figures.gap_list(coverage.gaps(evidence, WINDOW), WINDOW, context)]
    for indicator in INDICATORS.values():
        table = indicator_table(evidence, indicator)
        drawn += [coverage_figures.coverage_map(table, indicator, end, evidence, context) for end in coverage.ENDS]
        drawn += [coverage_figures.range_chart(table, indicator, evidence, context)]
        changed = coverage.changes(evidence, evidence, indicator)
        drawn += [coverage_figures.comparison(changed, indicator, context, context, ("A", "B"), (table, table))]
        drawn += [coverage_figures.change_chart(changed, indicator, context, ("A", "B"))]
    for column in ("audience", "programme", "half"):
        table = coverage.half_years(evidence) if column == "half" else coverage.cells(evidence, WINDOW, column)
        drawn += [
            coverage_figures.gap_matrix(table, column, WINDOW, context, need, months) for need in (False, True) for months in (False, True)
        ]
    drawn += [
        coverage_figures.certainty_chart(coverage.certainty(coverage.cells(evidence, WINDOW, "audience")), "audience", WINDOW, context)
    ]
    for exhibit in drawn:
        assert len(exhibit.alt) > 12, exhibit.key
        assert exhibit.title
        assert isinstance(exhibit.table, pd.DataFrame)
        json.dumps(exhibit.figure, allow_nan=False)


# ------------------------------------------------------------------ the command line


def test_coverage_prints_each_district_with_its_range():
    answer = command("coverage", "--indicator", "events_per_100k", "--audience", "students", "--format", "csv")
    lines = answer.stdout.splitlines()
    assert lines[0] == "district,low,value,high,numerator,denominator"
    assert len(lines) == 17
    assert lines[3] == "110105,0.028965,0.231719,0.434473,8.0,3452460.0"


def test_plan_prints_the_visits_as_json():
    answer = json.loads(command("plan", "--visits", "12", "--floor", "1", "--cap", "3", "--format", "json").stdout)
    assert len(answer["visits"]) == 12
    assert {"visits", "covered_residents", "unique"} <= set(answer)
    districts = [visit["district"] for visit in answer["visits"]]
    assert {"110107", "110108", "110111", "110118", "110119"} <= set(districts)
    assert max(districts.count(code) for code in districts) <= 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["coverage", "--as-of", "2024"], "error: --as-of 2024: this is no day. Write it as 2024-03-31.\n", id="a day"),
        pytest.param(["plan", "--visits", "2", "--lock", "110111"], "error: 110111: this names no visit. Write it as 110111:students or 110111:students:110111001.\n", id="a visit"),
        pytest.param(["plan", "--visits", "4", "--floor", "1"], "error: Floors and fixed visits need at least 5 visits, and 4 are asked for. Ask for 5 or lower the floors.\n", id="a floor"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_remedy(arguments, message):
    answer = command(*arguments)
    assert (answer.returncode, answer.stderr) == (2, message)
