"""A plan file read or refused with all its faults, and plan against actual on small tables and against a plain reading."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import measures, schema
from analytics.errors import DataFaults, OutreachError
from analytics.selection import Selection
from analytics.targets import (
    COLUMN_NAMES,
    STATE,
    check_targets,
    events_of,
    period_name,
    progress,
    read_targets,
    sentence,
    span,
    targets_table,
)
from analytics.text import Words
from tests.rows import events, store_of

HEADER = "district,audience,period,target_events,target_participants"
PERIODS = "Write periods as 2025, 2025-H1, 2025-Q2, 2025-04"
DIGITS = "Write digits only, such as 12"
ENGLISH, CHINESE = Words("en"), Words("zh")


def saved(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "targets.csv"
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return path


def said(path: Path) -> list[tuple[int, str, str, str, str]]:
    """What is said about a file that is refused: row, column, value, problem, remedy."""
    with pytest.raises(DataFaults) as refused:
        read_targets(path)
    return [(f.row, f.column, f.value, f.problem, f.remedy.format(detail=f.detail)) for f in refused.value.faults]


def plan(*rows: tuple) -> pd.DataFrame:
    """Targets from (district, audience, period, events, participants), as the reader gives them."""
    table = pd.DataFrame(rows, columns=list(COLUMN_NAMES)).astype({"target_events": "Int64", "target_participants": "Int64"})
    spans = [span(period) for period in table["period"]]
    return table.assign(start=pd.to_datetime([first for first, _ in spans]), end=pd.to_datetime([last for _, last in spans]))


def plain(table: pd.DataFrame, *columns: str) -> list[tuple]:
    rows = table[list(columns)].astype(object)
    return [tuple(row) for row in rows.where(rows.notna(), None).itertuples(index=False)]


# ------------------------------------------------------------------ the file


def written(table: pd.DataFrame, folder: Path, ending: str) -> Path:
    path = folder / f"targets.{ending}"
    write = {"csv": table.to_csv, "xlsx": table.to_excel, "parquet": table.to_parquet}[ending]
    write(path, index=False)
    return path


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_a_plan_is_read_in_the_order_of_the_file_with_the_days_of_its_periods(tmp_path, ending):
    given = pd.DataFrame(
        [
            ("110111", "students", "2025", "6", "400"),
            ("", "", "2024-02", "", "1000"),
            ("110101", "", "2025-H2", "0", ""),
            ("", "foreign residents", "2025-Q2", "3", ""),
        ],
        columns=list(COLUMN_NAMES),
    )
    expected = pd.DataFrame(
        {
            "district": pd.Series(["110111", "", "110101", ""], dtype="str"),
            "audience": pd.Series(["students", "", "", "foreign residents"], dtype="str"),
            "period": pd.Series(["2025", "2024-02", "2025-H2", "2025-Q2"], dtype="str"),
            "target_events": pd.Series([6, None, 0, 3], dtype="Int64"),
            "target_participants": pd.Series([400, 1000, None, None], dtype="Int64"),
            "start": pd.to_datetime([date(2025, 1, 1), date(2024, 2, 1), date(2025, 7, 1), date(2025, 4, 1)]),
            "end": pd.to_datetime([date(2025, 12, 31), date(2024, 2, 29), date(2025, 12, 31), date(2025, 6, 30)]),
        }
    )
    pd.testing.assert_frame_equal(read_targets(written(given, tmp_path, ending)), expected)


def test_numbers_of_a_workbook_are_taken_over(tmp_path):
    table = pd.DataFrame({"district": [110111], "audience": ["students"], "period": [2025], "target_events": [6.0]})
    assert plain(read_targets(written(table, tmp_path, "xlsx")), *COLUMN_NAMES) == [("110111", "students", "2025", 6, None)]


def test_the_column_of_participants_may_be_left_out_and_columns_stand_in_any_order(tmp_path):
    path = saved(tmp_path, "6,2025,,110111", header="target_events,period,audience,district")
    assert plain(read_targets(path), *COLUMN_NAMES) == [("110111", "", "2025", 6, None)]


ONE_FAULT = {
    "a district that does not exist": (
        "110199,,2025,6,",
        ("district", "110199", "the district code is not known", "Use one of the 16 codes in data/districts.csv, such as 110108"),
    ),
    "a district's name": ("Haidian,,2025,6,", ("district", "Haidian", "the district code is not known", "Write 110108")),
    "an unknown audience": (",studnts,2025,6,", ("audience", "studnts", "the term is not known", "Did you mean students?")),
    "two audiences": (",students; media,2025,6,", ("audience", "students; media", "the term is not known", "Did you mean students?")),
    "no period": (",,,6,", ("period", "", "the cell is empty", "Fill it in")),
    "a fifth quarter": (",,2025-Q5,6,", ("period", "2025-Q5", "this is no period", PERIODS)),
    "a third half": (",,2025-H3,6,", ("period", "2025-H3", "this is no period", PERIODS)),
    "a thirteenth month": (",,2025-13,6,", ("period", "2025-13", "this is no period", PERIODS)),
    "a month without its nought": (",,2025-4,6,", ("period", "2025-4", "this is no period", PERIODS)),
    "full-width digits": (",,２０２５,6,", ("period", "２０２５", "this is no period", PERIODS)),
    "a month that a spreadsheet made a day": (
        ",,2025-04-01,6,",
        (
            "period",
            "2025-04-01",
            "this is a day, not a period",
            "Write 2025-04 and format the column as text, or a spreadsheet makes it a day again",
        ),
    ),
    "a year long ago": (",,1948-Q1,6,", ("period", "1948-Q1", "the year cannot be right", PERIODS)),
    "a year far off": (",,2101,6,", ("period", "2101", "the year cannot be right", PERIODS)),
    "a target in words": (",,2025,six,", ("target_events", "six", "this is no whole number", DIGITS)),
    "half an event": (",,2025,6.5,", ("target_events", "6.5", "this is no whole number", DIGITS)),
    "a target below zero": (",,2025,-1,", ("target_events", "-1", "this is no whole number", DIGITS)),
    "people in words": (",,2025,6,many", ("target_participants", "many", "this is no whole number", DIGITS)),
    "more people than there can be": (
        ",,2025,,2000000001",
        ("target_participants", "2000000001", "the number cannot be right", "Check the digits"),
    ),
    "no target": (",,2025,,", ("target_events", "", "the row sets no target", "Fill in target_events or target_participants")),
    "a control character": (",,2025\x07,6,", ("period", "2025\x07", "the cell holds control characters", "Delete them")),
}


@pytest.mark.parametrize(("line", "expected"), ONE_FAULT.values(), ids=ONE_FAULT)
def test_a_fault_is_named_with_its_row_column_value_and_remedy(tmp_path, line, expected):
    assert said(saved(tmp_path, "110111,students,2025,6,", line)) == [(3, *expected)]


def test_a_second_target_for_the_same_district_audience_and_period_names_the_earlier_row(tmp_path):
    path = saved(tmp_path, "110111,students,2025,6,", "110111,,2025,6,", "", "110111,students,2025,,400", "110111,students,2025-H1,6,")
    problem = "an earlier row has this district, audience and period"
    assert said(path) == [(5, "period", "2025", problem, "Keep one of them; the earlier one is row 2")]


def test_all_faults_are_listed_at_once_by_row_and_then_by_column(tmp_path):
    path = saved(tmp_path, "110199,studnts,2025-Q5,-1,x", ",,2025,6,", "110111,,2025,,", ",,2025,7,")
    assert [fault[:3] for fault in said(path)] == [
        (2, "district", "110199"),
        (2, "audience", "studnts"),
        (2, "period", "2025-Q5"),
        (2, "target_events", "-1"),
        (2, "target_participants", "x"),
        (4, "target_events", ""),
        (5, "period", "2025"),
    ]


MISSING = "Add a column with the heading {name}; leave cells empty where nothing is known"


def test_columns_that_are_missing_unknown_or_stand_twice(tmp_path):
    assert said(saved(tmp_path, "110111,2025,6", header="district,period,target_events")) == [
        (1, "audience", "", "the column is missing", MISSING.format(name="audience"))
    ]
    assert said(saved(tmp_path, ",,2025,6", header="district,audience,period,target_event")) == [
        (1, "target_events", "", "the column is missing", MISSING.format(name="target_events")),
        (1, "target_event", "", "the column is not known", "Did you mean target_events?"),
    ]
    assert said(saved(tmp_path, ",,2025,6,2025", header="district,audience,period,target_events,period")) == [
        (1, "period", "", "the column stands twice", "Delete one of them")
    ]


def test_a_header_without_rows(tmp_path):
    assert said(saved(tmp_path)) == [(0, "", "", "the table has no rows", "Add at least one target")]


def test_a_file_in_gb18030_is_recognised(tmp_path):
    path = tmp_path / "targets.csv"
    path.write_bytes(f"{HEADER}\n海淀区,,2025,6,\n".encode("gb18030"))
    assert said(path) == [(2, "", "", "the file is written in GB18030, not UTF-8", "Save it as “CSV UTF-8”")]


def test_rows_that_do_not_fit_the_header_of_a_plan(tmp_path):
    long = ("the row has more cells than the header", "Put text that holds commas into quotation marks")
    assert said(saved(tmp_path, ",,2025,6,", ",,2026,1,200,people")) == [(3, "", "", *long)]
    unclosed = ("a quotation mark is opened and not closed", "Close it, or write it twice inside a text")
    assert said(saved(tmp_path, ',,2025,6,"')) == [(0, "", "", *unclosed)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param(
            "targets.csv",
            b"",
            "cannot be read as csv (No columns to parse from file). Open it in a spreadsheet and save it again.",
            id="an empty file",
        ),
        pytest.param("targets.txt", b"x", "the name must end in .csv, .xlsx, .parquet. Save the table as one of these.", id="another kind"),
        pytest.param("targets.csv", None, "there is no such file. Correct the path.", id="no file"),
    ],
)
def test_a_file_that_cannot_be_opened_ends_with_its_remedy(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OutreachError) as refused:
        read_targets(path)
    assert str(refused.value) == f"{path}: {message}"


LINES = st.lists(
    st.lists(st.sampled_from(["", "110111", "students", "2025", "6", '"', "\x00", "海"]), max_size=7).map(",".join), max_size=4
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, encoding=st.sampled_from(["utf-8", "gb18030"]), headed=st.booleans())
def test_any_lines_are_read_as_a_plan_or_refused_with_a_reason(tmp_path, lines, encoding, headed):
    path = tmp_path / "targets.csv"
    path.write_bytes("\n".join([*([HEADER] if headed else []), *lines]).encode(encoding))
    targets, reasons = None, []
    try:
        targets = read_targets(path)
    except DataFaults as refused:
        reasons = [fault.problem for fault in refused.faults]
    except OutreachError as refused:
        reasons = [str(refused)]
    assert all(reasons)
    assert bool(reasons) == (targets is None)


# ------------------------------------------------------------------ periods


PARTS = ["", *(f"-H{n}" for n in (1, 2)), *(f"-Q{n}" for n in range(1, 5)), *(f"-{n:02}" for n in range(1, 13))]
KNOWN_PERIODS = {f"{year}{part}" for year in range(1949, 2101) for part in PARTS}
NEARLY = st.from_regex(r"[0-9]{3,4}(-?[HQ]?[0-9]{1,2})?", fullmatch=True)


@given(period=st.one_of(st.sampled_from(sorted(KNOWN_PERIODS)), NEARLY, st.text(max_size=9).map(str.strip)))
def test_a_period_is_a_year_half_quarter_or_month_from_1949_to_2100_and_nothing_else(period):
    table = pd.DataFrame([("", "", period, "6", "")], columns=list(COLUMN_NAMES))
    assert (check_targets(table) == []) == (period in KNOWN_PERIODS)


@given(year=st.integers(1949, 2100), letter=st.sampled_from(["H", "Q", ""]))
def test_the_halves_quarters_and_months_of_a_year_follow_each_other_without_a_gap(year, letter):
    count = {"H": 2, "Q": 4, "": 12}[letter]
    parts = [span(f"{year}-{letter}{number}" if letter else f"{year}-{number:02}") for number in range(1, count + 1)]
    assert (parts[0][0], parts[-1][1]) == span(str(year)) == (date(year, 1, 1), date(year, 12, 31))
    assert all(second[0] - first[1] == timedelta(days=1) for first, second in pairwise(parts))


def test_periods_are_written_as_people_do():
    periods = ["2025", "2025-H1", "2025-H2", "2025-Q2", "2025-04"]
    assert [period_name(period, ENGLISH) for period in periods] == ["2025", "H1 2025", "H2 2025", "Q2 2025", "Apr 2025"]
    assert [period_name(period, CHINESE) for period in periods] == ["2025年", "2025年上半年", "2025年下半年", "2025年第2季度", "2025年4月"]


# ------------------------------------------------------------------ plan against actual


HELD = events(
    {"district": "110111", "audiences": "students", "date_start": "2025-01-15", "participants": "40"},
    {"district": "110111", "audiences": "students; parents", "date_start": "2025-04-01", "participants": "60", "participants_qualifier": "about"},
    {"district": "110111", "audiences": "parents", "date_start": "2025-06-30"},
    {"audiences": "students", "date_start": "2025-07-01"},
    {"district": "110108", "audiences": "students", "date_start": "2024-12-31"},
    {"district": "110111", "audiences": "students"},
    {"district": "110111", "audiences": "students", "date_start": "2025-12-31", "status": "planned"},
    {"district": "110111", "audiences": "students", "date_start": "2025-03-01", "status": "cancelled"},
    {"district": "110111", "audiences": "students", "date_start": "2025-01-15", "duplicate_of": "e1"},
)  # fmt: skip
HALF_YEAR = date(2025, 7, 1)


def test_each_target_stands_beside_what_was_done_and_what_it_still_takes():
    targets = plan(("110111", "students", "2025", 6, 200), ("", "", "2025-Q1", 1, None), ("110108", "", "2026", 2, None))
    table = progress(store_of(HELD), Selection(), targets, HALF_YEAR)
    assert list(table.columns) == [
        *COLUMN_NAMES, "start", "end", "events", "participants", "qualifier", "participants_events", "planned",
        "elapsed", "missing", "per_month_needed", "pace", "state",
    ]  # fmt: skip
    assert plain(table, *table.columns[:1], *table.columns[7:]) == [
        ("110111", 2, 100, "about", 2, 1, 182 / 365, 4, 4 / (183 / 30.4375), (2 * 365 - 6 * 182) / 365, "behind"),
        ("", 1, 40, "exact", 1, 0, 1.0, 0, 0.0, 0.0, "reached"),
        ("110108", 0, None, "", 0, 0, 0.0, 2, 2 / (365 / 30.4375), 0.0, "not begun"),
    ]
    types = {"events": "int64", "participants": "Int64", "qualifier": "str", "participants_events": "int64", "planned": "int64",
             "elapsed": "float64", "missing": "Int64", "per_month_needed": "float64", "pace": "float64", "state": "str"}  # fmt: skip
    assert table[list(types)].dtypes.astype(str).to_dict() == types


def test_totals_count_an_event_with_two_audiences_once_and_hold_events_without_a_district():
    targets = plan(
        ("", "", "2025", 9, None),
        ("", "students", "2025", 9, None),
        ("", "parents", "2025", 9, None),
        ("110111", "", "2025", 9, None),
        ("110111", "students", "2025", 9, None),
    )
    assert progress(store_of(HELD), Selection(), targets, HALF_YEAR)["events"].tolist() == [4, 3, 2, 3, 2]


def test_events_count_in_the_period_of_their_first_day_up_to_the_day_asked_about():
    targets = plan(*(("", "", period, 9, None) for period in ("2025-06", "2025-07", "2025-H1", "2025-Q2", "2024", "2025")))
    store = store_of(HELD)
    assert progress(store, Selection(), targets, date(2025, 6, 30))["events"].tolist() == [1, 0, 3, 2, 1, 3]
    assert progress(store, Selection(), targets, date(2025, 6, 29))["events"].tolist() == [0, 0, 2, 1, 1, 2]
    assert progress(store, Selection(), targets, date(2024, 1, 1))["events"].tolist() == [0, 0, 0, 0, 0, 0]


def test_a_target_replaces_the_filters_it_names_and_the_span_and_keeps_the_others():
    targets = plan(("110111", "students", "2025", 9, None), ("", "students", "2025", 9, None), ("110111", "", "2025", 9, None))
    selection = Selection(district=("unplaced",), audience=("parents",), start=date(1990, 1, 1), end=date(1990, 1, 2))
    store = store_of(HELD)
    assert progress(store, selection, targets, HALF_YEAR)["events"].tolist() == [2, 1, 2]
    assert progress(store, selection.change(event_format=("visit",)), targets, HALF_YEAR)["events"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "selection",
    [
        pytest.param(Selection(include=("repeated", "planned", "cancelled")), id="everything let in"),
        pytest.param(Selection(only=("planned",)), id="only planned"),
        pytest.param(Selection(only=("repeated",)), id="only repeats"),
    ],
)
def test_held_events_count_once_each_whatever_kinds_are_shown(selection):
    targets = plan(("110111", "students", "2025", 9, None))
    assert plain(progress(store_of(HELD), selection, targets, date(2025, 12, 31)), "events", "planned") == [(2, 1)]


def test_undated_events_count_where_they_stand_at_their_reports_date():
    store = store_of(events({"source_date": "2025-05-05"}, {}))
    targets = plan(("", "", "2025-05", 1, None))
    assert [progress(store, Selection(undated=way), targets, HALF_YEAR)["events"].item() for way in ("", "report")] == [0, 1]


def test_a_number_for_several_places_counts_where_the_target_names_no_district():
    joint = {"activity_id": "a", "date_start": "2025-02-02", "participants": "600", "participants_scope": "activity", "district": "110101"}
    store = store_of(events(joint, {"activity_id": "a", "date_start": "2025-02-02", "district": "110102"}))
    targets = plan(("", "", "2025", None, 500), ("", "students", "2025", None, 500), ("110101", "", "2025", None, 500))
    table = progress(store, Selection(), targets, HALF_YEAR)
    assert plain(table, "events", "participants", "participants_events", "state") == [
        (2, 600, 1, "reached"),
        (2, 600, 1, "reached"),
        (1, None, 0, "behind"),
    ]


def test_a_year_is_as_weak_as_the_weakest_number_of_its_months():
    store = store_of(
        events(
            {"date_start": "2025-01-01", "participants": "5", "participants_qualifier": "at least"},
            {"date_start": "2025-02-01", "participants": "6"},
        )
    )
    table = progress(store, Selection(), plan(("", "", "2025", 1, None), ("", "", "2025-02", 1, None)), HALF_YEAR)
    assert plain(table, "participants", "qualifier") == [(11, "at least"), (6, "exact")]


@pytest.mark.parametrize(
    ("target", "as_of", "state", "needed"),
    [
        pytest.param(3, date(2024, 12, 31), "not begun", 3 / (365 / 30.4375), id="the day before the period"),
        pytest.param(0, date(2024, 12, 31), "not begun", 0.0, id="nothing aimed at, not begun"),
        pytest.param(0, date(2025, 1, 1), "reached", 0.0, id="nothing aimed at"),
        pytest.param(3, date(2025, 6, 30), "reached", 0.0, id="reached before the end"),
        pytest.param(3, date(2025, 12, 31), "reached", 0.0, id="reached at the end"),
        pytest.param(5, date(2025, 3, 14), "on course", 4 / (292 / 30.4375), id="exactly an even pace: 1 of 5 after 73 of 365 days"),
        pytest.param(5, date(2025, 3, 15), "behind", 4 / (291 / 30.4375), id="a day later"),
        pytest.param(4, date(2025, 12, 30), "behind", 1 / (1 / 30.4375), id="the last day but one"),
        pytest.param(4, date(2025, 12, 31), "missed", None, id="the last day gone by"),
        pytest.param(4, date(2027, 1, 1), "missed", None, id="long over"),
    ],
)
def test_a_state_follows_from_the_events_and_the_days_gone_by(target, as_of, state, needed):
    days = ["2025-01-01", "2025-04-01", "2025-05-01"]
    store = store_of(events(*({"date_start": day} for day in days)))
    table = progress(store, Selection(), plan(("", "", "2025", target, None)), as_of)
    assert plain(table, "state", "per_month_needed") == [(state, needed)]


def test_the_state_is_that_of_the_events_and_of_the_people_only_where_no_events_are_aimed_at():
    targets = plan(
        ("110111", "students", "2025-H1", 2, 9000), ("110111", "students", "2025-Q1", None, 40), ("110108", "", "2025-Q1", None, 1)
    )
    table = progress(store_of(HELD), Selection(), targets, HALF_YEAR)
    assert plain(table, "missing", "per_month_needed", "pace", "state") == [
        (0, 0.0, 0.0, "reached"),
        (None, None, None, "reached"),
        (None, None, None, "missed"),
    ]


def test_no_targets_give_no_rows():
    store, none = store_of(HELD), plan(("", "", "2025", 1, None)).iloc[:0]
    table = progress(store, Selection(), none, HALF_YEAR)
    assert (len(table), table.columns[-1]) == (0, "state")
    assert len(targets_table(table, ENGLISH)) == 0


def test_a_part_of_a_plan_gives_the_rows_it_has_in_the_whole():
    targets = plan(*((code, "students", period, 3, None) for code in ("110111", "", "110108") for period in ("2024", "2025-H1")))
    store = store_of(HELD)
    whole = progress(store, Selection(), targets, HALF_YEAR)
    part = progress(store, Selection(), targets.iloc[[1, 4]], HALF_YEAR)
    pd.testing.assert_frame_equal(part, whole.iloc[[1, 4]].reset_index(drop=True))


# ------------------------------------------------------------------ against a plain reading

DAYS = ["2024-12-31", "2025-01-01", "2025-03-31", "2025-04-01", "2025-06-30", "2025-12-31"]
happenings = st.lists(
    st.fixed_dictionaries(
        {
            "district": st.sampled_from(["", "110101", "110108"]),
            "audiences": st.sampled_from(["students", "media", "students; media", "students; parents; media"]),
            "status": st.sampled_from(["held", "held", "planned", "cancelled"]),
        },
        optional={"date_start": st.sampled_from(DAYS), "participants": st.integers(0, 500).map(str)},
    ),
    min_size=1,
    max_size=12,
)
aims = st.lists(
    st.tuples(
        st.sampled_from(["", "110101", "110108"]),
        st.sampled_from(["", "students", "media"]),
        st.sampled_from(["2024", "2025", "2025-H1", "2025-H2", "2025-Q1", "2025-Q2", "2025-04", "2026"]),
        st.integers(0, 5),
        st.none(),
    ),
    min_size=1,
    max_size=6,
)


def counted(table: pd.DataFrame, target, status: str, last: pd.Timestamp) -> pd.DataFrame:
    """The rows of a table that a target is about, read one condition after another."""
    kept = table[(table["status"] == status) & (table["duplicate_of"] == "")]
    kept = kept[(kept["date_start"] >= target.start) & (kept["date_start"] <= min(target.end, last))]
    if target.district:
        kept = kept[kept["district"] == target.district]
    return kept[kept["audiences"].str.split("; ").map(lambda values: not target.audience or target.audience in values).astype(bool)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=happenings, aims=aims, as_of=st.dates(date(2024, 6, 1), date(2026, 6, 1)), include=st.sampled_from([(), ("planned",)]))
def test_events_planned_and_people_equal_a_plain_count_and_the_listed_events(rows, aims, as_of, include):
    table, targets = events(*rows), plan(*aims)
    store, selection = store_of(table), Selection(include=include)
    found = progress(store, selection, targets, as_of)
    for row, target in zip(found.itertuples(), targets.itertuples(), strict=True):
        held = counted(table, target, "held", pd.Timestamp(as_of))
        people = held["participants"].dropna()
        assert (row.events, row.participants_events) == (len(held), len(people))
        assert row.participants is pd.NA if people.empty else row.participants == people.sum()
        assert row.planned == len(counted(table, target, "planned", pd.Timestamp.max))
        if row.state != "not begun":
            assert len(measures.event_rows(store, events_of(selection, row, as_of))) == row.events
    store.engine.dispose()


@settings(max_examples=40, deadline=None)
@given(target=st.integers(0, 40), as_of=st.dates(date(2024, 12, 1), date(2026, 2, 1)))
def test_the_numbers_of_a_row_agree_with_each_other(bundled, target, as_of):
    (row,) = (
        progress(bundled, Selection(), plan(("", "", "2023-Q2", target, None), ("", "", "2025", target, None)), as_of).iloc[1:].itertuples()
    )
    assert 0 <= row.elapsed <= 1
    assert row.missing == max(0, target - row.events)
    assert row.pace == pytest.approx(row.events - target * row.elapsed)
    assert row.state in STATE
    assert (row.state == "missed") == (pd.isna(row.per_month_needed))
    assert row.state != "behind" or row.pace < 0
    assert row.state != "on course" or row.pace >= 0


# ------------------------------------------------------------------ as words


def told(words: Words, as_of: date, *targets: tuple) -> list[str]:
    return [sentence(row, words, as_of) for row in progress(store_of(HELD), Selection(), plan(*targets), as_of).itertuples()]


SENTENCES = {
    "behind, one planned, people aimed at": (
        ("110111", "students", "2025", 6, 2000),
        "Fangshan, students, 2025: 2 of 6 events by 1 Jul 2025. 4 more are needed, about 0.7 a month to 31 Dec 2025. "
        "1 event is planned in this period. Target for participants: 2,000; ≈ 100 stated for 2 of 2 events.",
        "房山区，学生，2025年：截至2025年7月1日，目标 6 场，已举办 2 场。还需 4 场，至2025年12月31日平均每月约 0.7 场。"
        "该时段内另有 1 场计划中的活动。目标参与人数 2,000 人；2 场活动中有 2 场写明人数，合计 ≈ 100 人。",
    ),
    "less than a month left, one missing": (
        ("", "", "2025-07", 2, None),
        "All districts, all audiences, Jul 2025: 1 of 2 events by 1 Jul 2025. 1 more is needed by 31 Jul 2025.",
        "全市各区，各类对象，2025年7月：截至2025年7月1日，目标 2 场，已举办 1 场。至2025年7月31日还需 1 场。",
    ),
    "reached": (
        ("110111", "", "2025-Q1", 1, None),
        "Fangshan, all audiences, Q1 2025: 1 of 1 event by 31 Mar 2025. The target for events is reached.",
        "房山区，各类对象，2025年第1季度：截至2025年3月31日，目标 1 场，已举办 1 场。场次目标已完成。",
    ),
    "missed": (
        ("110108", "", "2025-H1", 3, None),
        "Haidian, all audiences, H1 2025: 0 of 3 events by 30 Jun 2025. 3 events are missing; the period is over.",
        "海淀区，各类对象，2025年上半年：截至2025年6月30日，目标 3 场，已举办 0 场。时段已结束，还差 3 场。",
    ),
    "not begun": (
        ("110111", "students", "2025-12", 2, None),
        "Fangshan, students, Dec 2025: 2 events to hold from 1 Dec 2025. 1 event is planned in this period.",
        "房山区，学生，2025年12月：自2025年12月1日起应举办 2 场。该时段内另有 1 场计划中的活动。",
    ),
    "people alone": (
        ("110111", "parents", "2025-Q2", None, 60),
        "Fangshan, parents, Q2 2025: 2 events by 30 Jun 2025. Target for participants: 60; ≈ 60 stated for 1 of 2 events.",
        "房山区，家长，2025年第2季度：截至2025年6月30日已举办 2 场。目标参与人数 60 人；2 场活动中有 1 场写明人数，合计 ≈ 60 人。",
    ),
    "people alone, not begun": (
        ("110101", "", "2026", None, 60),
        "Dongcheng, all audiences, 2026: counted from 1 Jan 2026. Target for participants: 60; no number stated.",
        "东城区，各类对象，2026年：自2026年1月1日起统计。目标参与人数 60 人；未见写明人数。",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("target", "english", "chinese"), SENTENCES.values(), ids=SENTENCES)
def test_a_target_is_told_in_both_languages(target, english, chinese):
    assert told(ENGLISH, HALF_YEAR, target) == [english]
    assert told(CHINESE, HALF_YEAR, target) == [chinese]


def test_the_table_has_codes_beside_names_in_both_languages():
    targets = plan(("110111", "students", "2025-H1", 7, 2000), ("", "", "2026", 3, None))
    table = progress(store_of(HELD), Selection(), targets, date(2025, 4, 10))
    first = pd.Timestamp("2025-01-01")
    english, chinese = (targets_table(table, words) for words in (ENGLISH, CHINESE))
    assert {name: cells[0] for name, cells in english.items()} == {
        "district": "110111", "District": "Fangshan", "audience": "students", "Audience": "Students", "period": "2025-H1", "Period": "H1 2025",
        "From": first, "To": pd.Timestamp("2025-06-30"), "Target for events": 7, "Events": 2, "Planned events": 0, "Events still needed": 5,
        "Events needed a month": 1.88, "Events ahead of an even pace": -1.87, "Share of the period gone by": 0.55,
        "Target for participants": 2000, "Participants (stated)": 100, "Events with a stated number": 2, "Qualifier": "about",
        "state": "behind", "Progress": "Behind",
    }  # fmt: skip
    assert list(chinese.columns) == [
        "district", "区", "audience", "对象", "period", "统计周期", "起始日期", "截止日期", "目标场次", "活动场次", "计划场次", "尚需场次",
        "每月尚需场次", "领先均匀进度的场次", "时间进度", "目标参与人数", "参与人数（写明）", "写明人数的场次", "人数性质", "state", "完成情况",
    ]  # fmt: skip
    assert plain(chinese, "区", "对象", "统计周期", "人数性质", "完成情况") == [
        ("房山区", "学生", "2025年上半年", "约数", "进度落后"),
        ("全市各区", "各类对象", "2026年", "", "尚未开始"),
    ]


def test_every_state_has_a_label_of_its_own_in_both_languages():
    english, chinese = zip(*STATE.values(), strict=True)
    assert len(set(english)) == len(set(chinese)) == len(STATE)
    assert not set(STATE) & set(schema.STATUS)
