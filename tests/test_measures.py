"""Counting rules: small tables whose answers can be read off, and arbitrary ones against a plain, slow reading."""

from datetime import date
from unittest import mock

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import cube, measures, schema
from analytics.measures import Grouping, own, summary
from analytics.selection import FIELDS, Selection, span_before
from tests.rows import events, store_of

COLUMNS = ["events", "activities", "participants", "participants_events"]


@pytest.fixture(params=["cells in memory", "rows in the database"], autouse=True)
def way(request, monkeypatch):
    """Both ways of counting give the same answers: every test here takes both."""
    if request.param == "rows in the database":
        monkeypatch.setattr(cube, "MOST_CELLS", -1)


def numbers(table: pd.DataFrame, by: tuple[str, ...] = ()) -> list[tuple]:
    """Rows with events as plain tuples: keys, then the four measures."""
    rows = table.loc[table["events"] > 0, [*by, *COLUMNS]].astype(object)
    return [tuple(row) for row in rows.where(rows.notna(), None).itertuples(index=False)]


def test_districts_without_a_report_are_rows_of_zeros_and_unplaced_events_come_last():
    store = store_of(events({"district": "110108", "participants": "40"}, {}))
    table = summary(store, Selection(), ("district",))
    assert table["district"].tolist() == [*(code for code in measures.places.adcodes()), "unplaced"]
    assert numbers(table, ("district",)) == [("110108", 1, 1, 40, 1), ("unplaced", 1, 1, None, 0)]
    assert table.loc[table["district"] == "110111", COLUMNS].astype(object).iloc[0].tolist() == [0, 0, pd.NA, 0]


def test_an_event_with_two_audiences_counts_once_under_each_and_once_in_the_total():
    store = store_of(events({"audiences": "students; parents"}, {"audiences": "parents"}))
    assert numbers(summary(store, Selection(), ("audience",)), ("audience",)) == [("students", 1, 1, None, 0), ("parents", 2, 2, None, 0)]
    assert numbers(summary(store, Selection(), ())) == [(2, 2, None, 0)]


def test_an_activity_at_three_places_is_one_activity_and_three_events():
    places = [{"activity_id": "one", "district": code} for code in ("110101", "110102", "110102")]
    store = store_of(events(*places))
    assert numbers(summary(store, Selection(), ())) == [(3, 1, None, 0)]
    assert numbers(summary(store, Selection(), ("district",)), ("district",)) == [("110101", 1, 1, None, 0), ("110102", 2, 1, None, 0)]
    assert numbers(summary(store, Selection(district=("110102",)), ())) == [(2, 1, None, 0)]


def test_a_number_for_several_places_counts_once_where_no_place_is_asked_for_and_nowhere_else():
    store = store_of(
        events(
            {
                "activity_id": "one",
                "district": "110101",
                "participants": "600",
                "participants_qualifier": "about",
                "participants_scope": "activity",
            },
            {"activity_id": "one", "district": "110102"},
            {"district": "110102", "participants": "40"},
        )
    )
    assert numbers(summary(store, Selection(), ())) == [(3, 2, 640, 2)]
    assert numbers(summary(store, Selection(), ("audience",)), ("audience",)) == [("students", 3, 2, 640, 2)]
    assert numbers(summary(store, Selection(), ("district",)), ("district",)) == [("110101", 1, 1, None, 0), ("110102", 2, 2, 40, 1)]
    assert numbers(summary(store, Selection(district=("110101", "110102")), ())) == [(3, 2, 40, 1)]
    assert numbers(summary(store, Selection(place_basis=("stated",)), ())) == [(3, 2, 40, 1)]


def test_a_sum_is_as_weak_as_its_weakest_number():
    store = store_of(
        events(
            {"participants": "50", "participants_qualifier": "at least"},
            {"participants": "300", "participants_qualifier": "about"},
            {"participants": "8"},
        )
    )
    table = summary(store, Selection(), ("audience",)).iloc[2]
    assert (table["participants"], table["participants_events"], table["qualifier"]) == (358, 3, "at least")


REPEATS = [
    {"title": "kept"},
    {"duplicate_of": "e1"},
    {"status": "planned"},
    {"status": "cancelled"},
    {"status": "planned", "duplicate_of": "e1"},
]


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        pytest.param(Selection(), 1, id="held once by default"),
        pytest.param(Selection(include=("repeated",)), 2, id="with repeats"),
        pytest.param(Selection(include=("planned",)), 2, id="with planned, a planned repeat stays out"),
        pytest.param(Selection(include=("repeated", "planned")), 4, id="with both"),
        pytest.param(Selection(include=("repeated", "planned", "cancelled")), 5, id="everything"),
        pytest.param(Selection(only=("repeated",)), 2, id="only repeats"),
        pytest.param(Selection(only=("planned",)), 1, id="only planned"),
    ],
)
def test_repeats_and_events_not_held_are_left_out_unless_asked_for(selection, count):
    assert summary(store_of(events(*REPEATS)), selection, ())["events"].iloc[0] == count


def test_what_is_left_out_adds_up_and_opens_as_many_events():
    store = store_of(events(*REPEATS))
    assert measures.left_out(store, Selection()) == {"repeated": 2, "planned": 1, "cancelled": 1, "unplaced": 1}
    for kind in ("repeated", "planned", "cancelled"):
        assert len(measures.event_rows(store, Selection(only=(kind,)))) == measures.left_out(store, Selection())[kind]


DATED = [{"date_start": "2022-12-31"}, {"date_start": "2023-01-01"}, {"date_start": "2023-12-31"}, {"source_date": "2023-05-05"}, {}]


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        pytest.param(Selection(), 5, id="no span, undated in"),
        pytest.param(Selection(start=date(2023, 1, 1), end=date(2023, 12, 31)), 2, id="a year, both ends in, undated out"),
        pytest.param(Selection(start=date(2023, 1, 1), end=date(2023, 12, 31), undated="report"), 3, id="undated at its report's date"),
        pytest.param(Selection(start=date(2023, 1, 2)), 1, id="open end"),
        pytest.param(Selection(only=("undated",)), 2, id="only undated"),
    ],
)
def test_a_span_keeps_events_whose_first_day_lies_in_it(selection, count):
    assert summary(store_of(events(*DATED)), selection, ())["events"].iloc[0] == count


def test_months_without_events_are_rows_and_undated_events_come_last():
    store = store_of(events({"date_start": "2023-01-31"}, {"date_start": "2023-03-01"}, {}))
    table = summary(store, Selection(), ("month",))
    assert list(zip(table["month"], table["events"], strict=True)) == [("2023-01", 1), ("2023-02", 0), ("2023-03", 1), ("undated", 1)]


def test_a_calendar_covers_the_span_that_is_set():
    table = summary(store_of(events({"date_start": "2023-05-01"})), Selection(start=date(2023, 1, 1), end=date(2023, 12, 31)), ("quarter",))
    assert list(zip(table["quarter"], table["events"], strict=True)) == [
        ("2023-Q1", 0),
        ("2023-Q2", 1),
        ("2023-Q3", 0),
        ("2023-Q4", 0),
        ("undated", 0),
    ]


@pytest.mark.parametrize(
    ("span", "before"),
    [
        pytest.param(("2023-01-01", "2023-12-31"), ("2022-01-01", "2022-12-31"), id="a year"),
        pytest.param(("2024-03-01", "2024-03-31"), ("2024-02-01", "2024-02-29"), id="a month, to a shorter one"),
        pytest.param(("2023-04-01", "2023-06-30"), ("2023-01-01", "2023-03-31"), id="a quarter"),
        pytest.param(("2024-10-17", "2025-10-16"), ("2023-10-17", "2024-10-16"), id="twelve months from any day"),
        pytest.param(("2023-01-10", "2023-01-19"), ("2022-12-31", "2023-01-09"), id="ten days"),
    ],
)
def test_the_span_before_is_as_long(span, before):
    assert span_before(*(date.fromisoformat(day) for day in span)) == tuple(date.fromisoformat(day) for day in before)


def test_charts_ignore_the_filter_of_their_own_dimension_and_keep_the_others():
    store = store_of(
        events(
            {"district": "110101", "audiences": "students"},
            {"district": "110102", "audiences": "students"},
            {"district": "110102", "audiences": "media"},
        )
    )
    selection = Selection(district=("110101",), audience=("students",))
    tables = measures.measure(store, selection, [Grouping(), own("district"), own("audience"), own("district", "audience")])
    assert numbers(tables[Grouping()]) == [(1, 1, None, 0)]
    assert sorted(numbers(tables[own("district")], ("district",))) == [("110101", 1, 1, None, 0), ("110102", 1, 1, None, 0)]
    assert numbers(tables[own("audience")], ("audience",)) == [("students", 1, 1, None, 0)]
    assert len(tables[own("district", "audience")]) == 3


# ------------------------------------------------------------------ against a plain reading


def plain(table: pd.DataFrame, selection: Selection, by: tuple[str, ...]) -> dict[tuple, tuple]:
    """The counting rules read row by row: key → events, activities, participants, events with a number."""
    rows = [row for row in table.to_dict("records") if _wanted(row, selection)]
    by_place = bool({"district", "place-basis", "subdistrict"} & set(by)) or selection.by_place
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        keys = [()]
        for name in by:
            keys = [(*key, value) for key in keys for value in _values(row, name, selection)]
        for key in keys:
            groups.setdefault(key, []).append(row)
    if not by:
        groups.setdefault((), [])
    return {key: _measured(group, by_place) for key, group in groups.items()}


def _day(row: dict, selection: Selection):
    day = row["date_start"]
    return row["source_date"] if pd.isna(day) and selection.undated == "report" else day


def _values(row: dict, name: str, selection: Selection) -> list[str]:
    if name in ("month", "quarter", "year"):
        day = _day(row, selection)
        if pd.isna(day):
            return ["undated"]
        return [{"month": f"{day:%Y-%m}", "quarter": f"{day:%Y}-Q{(day.month + 2) // 3}", "year": f"{day:%Y}"}[name]]
    cell = row[schema.DIMENSIONS[name].column]
    if name == "district":
        return [cell or "unplaced"]
    return cell.split("; ") if schema.DIMENSIONS[name].several else [cell]


def _wanted(row: dict, selection: Selection) -> bool:
    other_kind = ("repeated" in selection.only and not row["duplicate_of"]) or ("undated" in selection.only and pd.notna(row["date_start"]))
    for name in ("district", "audience", "programme", "event-format", "campaign", "place-basis"):
        chosen = getattr(selection, FIELDS[name])
        if chosen and not set(chosen) & set(_values(row, name, selection)):
            return False
    day = _day(row, selection)
    if (selection.start or selection.end) and pd.isna(day):
        return False
    if (selection.start and day.date() < selection.start) or (selection.end and day.date() > selection.end):
        return False
    if other_kind or (selection.q and selection.q.lower() not in row["venue"].lower()):
        return False
    if "repeated" in selection.only:
        return True
    held = row["status"] in (["planned"] if "planned" in selection.only else ["held", *selection.include])
    return held and (row["duplicate_of"] == "" or "repeated" in selection.include)


def _measured(rows: list[dict], by_place: bool) -> tuple:
    stated = [row for row in rows if pd.notna(row["participants"]) and not (by_place and row["participants_scope"] == "activity")]
    return (
        len(rows),
        len({row["activity_id"] for row in rows}),
        sum(int(row["participants"]) for row in stated) if stated else None,
        len(stated),
    )


@st.composite
def tables(draw) -> pd.DataFrame:
    count = draw(st.integers(1, 14))
    rows = []
    for number in range(count):
        row = {
            "activity_id": draw(st.sampled_from(["A", "B", "C", f"own{number}"])),
            "district": draw(st.sampled_from(["", "110101", "110102", "110108"])),
            "audiences": draw(st.sampled_from(["students", "parents; students", "media", "students; media; parents"])),
            "formats": draw(st.sampled_from(["lecture", "visit; lecture"])),
            "programme": draw(st.sampled_from(["consular protection", "culture & education"])),
            "campaign": draw(st.sampled_from(["", "One", "Two; One"])),
            "venue": draw(st.sampled_from(["", "Park", "Hall 5%"])),
            "status": draw(st.sampled_from(["held", "held", "held", "planned", "cancelled"])),
            "source_date": draw(st.sampled_from(["", "2023-02-02"])),
        }
        if draw(st.booleans()):
            row["date_start"] = draw(st.sampled_from(["2022-12-31", "2023-01-01", "2023-06-15", "2024-02-29"]))
        if draw(st.booleans()):
            row |= {"participants": str(draw(st.integers(0, 900))), "participants_scope": draw(st.sampled_from(["event", "activity"]))}
        if number and draw(st.integers(0, 4)) == 0:
            row["duplicate_of"] = "e1"
        if row["district"]:
            row["place_basis"] = draw(st.sampled_from(["stated", "venue"]))
        rows.append(row)
    alike = draw(st.booleans())
    if alike:  # rows of one activity that differ in their place alone: the case that is counted without a distinct count
        first: dict[str, dict] = {}
        for row in rows:
            model = first.setdefault(row["activity_id"], row)
            row.update(
                {
                    name: model.get(name, "")
                    for name in ("audiences", "formats", "programme", "campaign", "status", "source_date", "date_start")
                }
            )
            if not row["date_start"]:
                row.pop("date_start")
            row.pop("duplicate_of", None)
    return events(*rows)


def chosen(*values: str):
    return st.lists(st.sampled_from(values), unique=True, max_size=2).map(tuple)


selections = st.builds(
    Selection,
    district=chosen("unplaced", "110101", "110102", "110108"),
    audience=chosen("students", "parents", "media"),
    programme=chosen("consular protection"),
    event_format=chosen("visit"),
    campaign=chosen("One", "Two"),
    place_basis=chosen("stated", "none"),
    start=st.sampled_from([None, date(2023, 1, 1), date(2022, 12, 31), date(2023, 6, 15)]),
    end=st.sampled_from([None, date(2023, 12, 31), date(2023, 6, 15), date(2023, 6, 20), date(2024, 2, 29)]),
    include=chosen("repeated", "planned", "cancelled"),
    undated=st.sampled_from(["", "report"]),
    only=st.sampled_from([(), (), (), ("repeated",), ("planned",), ("undated",), ("planned", "undated")]),
    q=st.sampled_from(["", "", "", "park", "5%", "%"]),
)

ANY = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
WAYS = [
    (),
    ("district",),
    ("audience",),
    ("district", "audience"),
    ("event-format", "audience"),
    ("campaign",),
    ("month",),
    ("year", "programme"),
    ("place-basis",),
    ("quarter", "campaign"),
    ("status", "mode"),
]


@settings(max_examples=100, deadline=None, suppress_health_check=ANY)
@given(table=tables(), selection=selections)
def test_every_grouping_equals_a_plain_reading_of_the_same_rows(table, selection):
    store = store_of(table)
    found = measures.measure(store, selection, [Grouping(by) for by in WAYS])
    for by in WAYS:
        expected = {key: values for key, values in plain(table, selection, by).items() if values[0] or not by}
        rows = found[Grouping(by)]
        cells = rows[[*by, *COLUMNS]].astype(object).where(rows[[*by, *COLUMNS]].notna(), None)
        assert {tuple(row[: len(by)]): tuple(row[len(by) :]) for row in cells.itertuples(index=False)} == expected, by
    store.engine.dispose()


@settings(max_examples=30, deadline=None, suppress_health_check=ANY)
@given(table=tables(), selection=selections)
def test_groupings_that_let_filters_go_equal_the_selection_without_them(table, selection):
    store = store_of(table)
    ways = [
        own("district"),
        own("audience"),
        own("district", "audience"),
        Grouping(("month",)),
        own("campaign", "month"),
        Grouping((), frozenset({"audience", "q"})),
    ]
    together = measures.measure(store, selection, ways)
    for grouping in ways:
        freed = selection.without(*grouping.ignoring)
        alone = measures.measure(store, freed, [Grouping(grouping.by)])[Grouping(grouping.by)]
        keys = list(grouping.by) or ["events"]
        pd.testing.assert_frame_equal(together[grouping].sort_values(keys, ignore_index=True), alone.sort_values(keys, ignore_index=True))
    store.engine.dispose()


@settings(max_examples=60, deadline=None, suppress_health_check=ANY)
@given(table=tables(), selection=selections)
def test_cells_and_database_agree_in_every_column(table, selection):
    memory, database = store_of(table), store_of(table)
    groupings = [Grouping(by) for by in WAYS] + [Grouping(("district", "place-basis"), activities=False), own("audience")]
    with mock.patch.object(cube, "MOST_CELLS", 1_000):
        added = measures.measure(memory, selection, groupings)
    with mock.patch.object(cube, "MOST_CELLS", -1):
        asked = measures.measure(database, selection, groupings)
    for grouping in groupings:
        keys = list(grouping.by) or ["events"]
        pd.testing.assert_frame_equal(
            added[grouping].sort_values(keys, ignore_index=True), asked[grouping].sort_values(keys, ignore_index=True)
        )
    memory.engine.dispose()
    database.engine.dispose()


@settings(max_examples=100, deadline=None, suppress_health_check=ANY)
@given(table=tables(), selection=selections)
def test_what_is_left_out_equals_a_plain_reading(table, selection):
    store = store_of(table)
    rows, asked = table.to_dict("records"), not {"repeated", "planned"}.intersection(selection.only)
    every = selection.change(include=("repeated", "planned", "cancelled"))
    kinds = [
        "repeated" if row["duplicate_of"] and "repeated" not in selection.include else row["status"]
        for row in rows
        if asked and _wanted(row, every)
    ]
    shown = [row for row in rows if _wanted(row, selection)]
    expected = {name: kinds.count(name) for name in ("repeated", "planned", "cancelled") if name not in selection.include} | {
        "undated": sum(pd.isna(_day(row, selection)) and _wanted(row, selection.without("span")) for row in rows)
        if selection.start or selection.end
        else 0,
        "unplaced": sum(not row["district"] for row in shown),
        "joint": sum(pd.notna(row["participants"]) and row["participants_scope"] == "activity" for row in shown)
        if selection.by_place
        else 0,
    }
    assert measures.left_out(store, selection) == {name: count for name, count in expected.items() if count}
    store.engine.dispose()


@settings(max_examples=30, deadline=None, suppress_health_check=ANY)
@given(table=tables(), selection=selections)
def test_the_events_listed_are_as_many_as_counted(table, selection):
    store = store_of(table)
    assert len(measures.event_rows(store, selection)) == summary(store, selection, ())["events"].iloc[0]
    store.engine.dispose()
