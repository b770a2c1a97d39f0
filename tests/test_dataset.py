"""What is taken over from an events file, and everything that is said about a file that is refused."""

import io
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import schema
from analytics.dataset import check, read_events, read_table
from analytics.errors import DataFaults, OutreachError
from analytics.store import BUNDLED

Row = tuple[int, str, str, str, str]
"""A fault as people read it: row, column, value, problem, remedy."""

WHOLE = pd.read_csv(BUNDLED, dtype=str, keep_default_na=False)
SEPARATED = ("the values of the cell are not written as a; b; c, each once", "Separate them by a semicolon and one space")
NO_NUMBER = ("this is no whole number of people", "Write digits only; put “about” or “at least” into participants_qualifier")
UNLIKELY = ("the number cannot be right", "Check the digits")
ISO = "Write dates as 2024-03-31"
OTHER_CODE = "Use one of the 16 codes in data/districts.csv, such as 110108"


def first_rows(changes: dict[tuple[int, str], str] | None = None, rows: int = 4) -> pd.DataFrame:
    """The first events of the bundled file, with cells changed: (row as in a spreadsheet, column) → text."""
    table = WHOLE.head(rows).copy()
    for (row, column), text in (changes or {}).items():
        table.loc[row - 2, column] = text
    return table


def saved(table: pd.DataFrame, folder: Path, name: str = "events.csv") -> Path:
    path = folder / name
    path.write_bytes(table.to_csv(index=False).encode("utf-8"))
    return path


def said(path: Path) -> list[Row]:
    """What is said about a file that is refused."""
    with pytest.raises(DataFaults) as refused:
        read_events(path)
    return [(f.row, f.column, f.value, f.problem, f.remedy.format(detail=f.detail)) for f in refused.value.faults]


def test_the_first_rows_have_the_places_dates_and_numbers_that_the_tests_below_change():
    columns = [
        "event_id",
        "date_start",
        "date_end",
        "date_precision",
        "district",
        "place_basis",
        "subdistrict_code",
        "participants",
        "partners",
    ]
    assert first_rows()[columns].to_numpy().tolist() == [
        ["E001a", "2022-08-23", "2022-08-23", "day", "", "none", "", "", "Beijing Urban Construction Group"],
        ["E001b", "2022-08-30", "2022-08-30", "day", "", "none", "", "", "United Imaging Intelligence"],
        ["E001c", "2022-09-03", "2022-09-04", "range", "110101", "stated", "110101014", "", ""],
        ["E001d", "2022-09-03", "2022-09-04", "range", "110102", "stated", "110102011", "", ""],
    ]


ONE_FAULT: dict[str, tuple[dict[tuple[int, str], str], list[Row]]] = {
    "a district code that does not exist": (
        {(4, "district"): "110199"},
        [(4, "district", "110199", "the district code is not known", OTHER_CODE)],
    ),
    "the code of another city": ({(4, "district"): "310101"}, [(4, "district", "310101", "the district code is not known", OTHER_CODE)]),
    "a district's English name": (
        {(4, "district"): "Dongcheng"},
        [(4, "district", "Dongcheng", "the district code is not known", "Write 110101")],
    ),
    "a district's full English name": (
        {(4, "district"): "Haidian District"},
        [(4, "district", "Haidian District", "the district code is not known", "Write 110108")],
    ),
    "a district's Chinese name": (
        {(4, "district"): "海淀区"},
        [(4, "district", "海淀区", "the district code is not known", "Write 110108")],
    ),
    "a district's short Chinese name": (
        {(4, "district"): "朝阳"},
        [(4, "district", "朝阳", "the district code is not known", "Write 110105")],
    ),
    "an end before the start": (
        {(4, "date_end"): "2022-09-02"},
        [(4, "date_end", "2022-09-02", "the event ends before it starts", "Exchange or correct the two dates")],
    ),
    "an end without a start": (
        {(4, "date_start"): "", (4, "date_precision"): "unknown"},
        [(4, "date_start", "", "there is an end without a start", "Fill in date_start")],
    ),
    "an unknown term near a known one": ({(2, "status"): "hold"}, [(2, "status", "hold", "the term is not known", "Did you mean held?")]),
    "a term in capitals": ({(2, "mode"): "ONLINE"}, [(2, "mode", "ONLINE", "the term is not known", "Did you mean online?")]),
    "one unknown term of several": (
        {(2, "audiences"): "students; comunities"},
        [(2, "audiences", "students; comunities", "the term is not known", "Did you mean communities?")],
    ),
    "an unknown term near nothing": (
        {(2, "status"): "?"},
        [(2, "status", "?", "the term is not known", "Use one of: held, planned, cancelled")],
    ),
    "a required term left out": (
        {(3, "mode"): ""},
        [(3, "mode", "", "the cell is empty", "Use one of: in-person, online, hybrid, unknown")],
    ),
    "a required text left out": ({(3, "title"): ""}, [(3, "title", "", "the cell is empty", "Fill it in")]),
    "an id used twice": (
        {(4, "event_id"): "E001a"},
        [(4, "event_id", "E001a", "the id stands on an earlier row already", "Give each event an id of its own")],
    ),
    "an id left out": ({(4, "event_id"): ""}, [(4, "event_id", "", "the cell is empty", "Fill it in")]),
    "a date with slashes": ({(2, "source_date"): "2022/09/17"}, [(2, "source_date", "2022/09/17", "this is no date", ISO)]),
    "a date the wrong way round": ({(2, "source_date"): "17-09-2022"}, [(2, "source_date", "17-09-2022", "this is no date", ISO)]),
    "a date without its noughts": ({(2, "source_date"): "2022-9-17"}, [(2, "source_date", "2022-9-17", "this is no date", ISO)]),
    "a date as a spreadsheet counts days": ({(2, "source_date"): "44821"}, [(2, "source_date", "44821", "this is no date", ISO)]),
    "a date in Chinese": ({(2, "source_date"): "2022年9月17日"}, [(2, "source_date", "2022年9月17日", "this is no date", ISO)]),
    "a date in full-width digits": (
        {(2, "source_date"): "２０２２-０９-１７"},
        [(2, "source_date", "２０２２-０９-１７", "this is no date", ISO)],
    ),
    "a day that does not exist": (
        {(2, "source_date"): "2022-02-29"},
        [(2, "source_date", "2022-02-29", "this day is not in the calendar", ISO)],
    ),
    "a year long ago": ({(2, "source_date"): "0022-09-17"}, [(2, "source_date", "0022-09-17", "the year cannot be right", ISO)]),
    "a year far off": ({(2, "source_date"): "2202-09-17"}, [(2, "source_date", "2202-09-17", "the year cannot be right", ISO)]),
    "a precise day without a date": (
        {(2, "date_start"): "", (2, "date_end"): ""},
        [(2, "date_precision", "day", "there is no date", "Write unknown, or fill in date_start")],
    ),
    "a date of unknown precision": (
        {(2, "date_precision"): "unknown"},
        [(2, "date_precision", "unknown", "there is a date", "Write day, range or month, or empty date_start")],
    ),
    "a place basis without a district": (
        {(2, "place_basis"): "stated"},
        [(2, "place_basis", "stated", "there is no district", "Write none, or fill in the district")],
    ),
    "a district without a place basis": (
        {(4, "place_basis"): "none"},
        [(4, "place_basis", "none", "there is a district", "Say how it is known: stated, organiser, venue or inferred")],
    ),
    "a subdistrict of another district": (
        {(4, "subdistrict_code"): "110102011"},
        [(4, "subdistrict_code", "110102011", "it lies in another district", "Correct the district or the subdistrict")],
    ),
    "a subdistrict without its district": (
        {(4, "district"): "", (4, "place_basis"): "none"},
        [(4, "subdistrict_code", "110101014", "there is no district", "Fill in the district")],
    ),
    "an unknown subdistrict": (
        {(4, "subdistrict_code"): "110101999"},
        [
            (
                4,
                "subdistrict_code",
                "110101999",
                "the subdistrict code is not known",
                "Use a code of data/subdistricts.csv or leave it empty",
            )
        ],
    ),
    "a repeat of an event that is not there": (
        {(3, "duplicate_of"): "E999"},
        [(3, "duplicate_of", "E999", "no event has this id", "Name the event_id of the row that is kept")],
    ),
    "a repeat of itself": (
        {(3, "duplicate_of"): "E001b"},
        [(3, "duplicate_of", "E001b", "the event names itself", "Leave it empty or name another row")],
    ),
    "a repeat of a repeat": (
        {(3, "duplicate_of"): "E001a", (4, "duplicate_of"): "E001b"},
        [(4, "duplicate_of", "E001b", "the row it names is itself a repeat", "Name the row that is kept")],
    ),
    "two rows that repeat each other": (
        {(2, "duplicate_of"): "E001b", (3, "duplicate_of"): "E001a"},
        [
            (2, "duplicate_of", "E001b", "the row it names is itself a repeat", "Name the row that is kept"),
            (3, "duplicate_of", "E001a", "the row it names is itself a repeat", "Name the row that is kept"),
        ],
    ),
    "a number without a qualifier": (
        {(2, "participants"): "40", (2, "participants_scope"): "event"},
        [(2, "participants_qualifier", "", "a number without its qualifier", "Write exact, about or at least")],
    ),
    "a qualifier without a number": (
        {(2, "participants_qualifier"): "about"},
        [(2, "participants_qualifier", "about", "a qualifier without a number", "Fill in the number or empty the cell")],
    ),
    "a scope without a number": (
        {(2, "participants_scope"): "activity"},
        [(2, "participants_scope", "activity", "a scope without a number", "Fill in participants or empty the cell")],
    ),
    "a number without a scope": (
        {(2, "participants"): "40", (2, "participants_qualifier"): "exact"},
        [(2, "participants_scope", "", "it is not said what the number covers", "Write event or activity")],
    ),
    "a control character": (
        {(2, "title"): "A bell \x07 here"},
        [(2, "title", "A bell \x07 here", "the cell holds control characters", "Delete them")],
    ),
    "a NUL": ({(2, "note"): "a\x00b"}, [(2, "note", "a\x00b", "the cell holds control characters", "Delete them")]),
    "a control character beyond ASCII": (
        {(2, "note"): "a\x9bb"},
        [(2, "note", "a\x9bb", "the cell holds control characters", "Delete them")],
    ),
    "a country in other letters": (
        {(2, "countries"): "France; germany"},
        [(2, "countries", "France; germany", "the country is not known", "Did you mean Germany?")],
    ),
    "a country in Chinese": (
        {(2, "countries"): "法国"},
        [(2, "countries", "法国", "the country is not known", "Write its usual English name")],
    ),
    "an address without https": (
        {(2, "source_url"): "wb.beijing.gov.cn/1.html"},
        [(2, "source_url", "wb.beijing.gov.cn/1.html", "this is no web address", "Begin it with https:// or leave it empty")],
    ),
    "an address that would run a script": (
        {(2, "source_url"): "javascript:alert(1)"},
        [(2, "source_url", "javascript:alert(1)", "this is no web address", "Begin it with https:// or leave it empty")],
    ),
    "an address with a space": (
        {(2, "source_url"): "https://a.cn/b c"},
        [(2, "source_url", "https://a.cn/b c", "this is no web address", "Begin it with https:// or leave it empty")],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), ONE_FAULT.values(), ids=ONE_FAULT)
def test_a_fault_is_named_with_its_row_column_value_and_remedy(tmp_path, changes, expected):
    assert said(saved(first_rows(changes), tmp_path)) == expected


@pytest.mark.parametrize("text", ["forty", "40.5", "12.0", "-5", "1,200", "1e3", "about 40", "４０", "٤٠", "²"])
@pytest.mark.parametrize("column", ["participants", "reach"])
def test_a_number_that_is_no_number(tmp_path, column, text):
    changes = {(2, column): text, (2, "participants_qualifier"): "exact"} | (
        {(2, "participants_scope"): "event"} if column == "participants" else {}
    )
    assert said(saved(first_rows(changes), tmp_path)) == [(2, column, text, *NO_NUMBER)]


@pytest.mark.parametrize("text", ["2000000001", "9" * 5_000], ids=["just above two thousand million", "5,000 digits"])
def test_a_number_that_cannot_be_right(tmp_path, text):
    changes = {(2, "participants"): text, (2, "participants_qualifier"): "exact", (2, "participants_scope"): "event"}
    assert said(saved(first_rows(changes), tmp_path)) == [(2, "participants", text, *UNLIKELY)]


@pytest.mark.parametrize("text", ["0", "40", "2000000000"])
def test_a_number_is_taken_over(tmp_path, text):
    changes = {(2, "participants"): text, (2, "participants_qualifier"): "exact", (2, "participants_scope"): "event"}
    assert read_events(saved(first_rows(changes), tmp_path))["participants"].tolist() == [int(text), pd.NA, pd.NA, pd.NA]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("audiences", "students, schools"), ("audiences", "students;schools"), ("audiences", "students；schools"), ("audiences", "students ; schools"),
        ("audiences", "students;  schools"), ("audiences", "students; students"), ("audiences", "students; ; schools"), ("audiences", "students;"),
        ("partners", "Tongji University;BFSU"), ("partners", "Tongji University；BFSU"), ("partners", "BFSU; BFSU"), ("countries", "; France"),
    ],
)  # fmt: skip
def test_values_separated_in_another_way(tmp_path, column, text):
    expected = ("the term is not known", "Did you mean students?") if "," in text else SEPARATED
    assert said(saved(first_rows({(2, column): text}), tmp_path)) == [(2, column, text, *expected)]


def test_values_come_in_the_order_of_their_vocabulary_or_alphabet(tmp_path):
    changes = {(2, "audiences"): "schools; enterprises; students", (2, "partners"): "Zoo; Academy", (2, "note"): "b; a;c"}
    row = read_events(saved(first_rows(changes), tmp_path)).iloc[0]
    assert (row["audiences"], row["partners"], row["note"]) == ("enterprises; students; schools", "Academy; Zoo", "b; a;c")


def test_all_faults_of_a_file_are_listed_at_once_by_row_and_then_by_column(tmp_path):
    changes = {
        (5, "status"): "done",
        (2, "source_url"): "ftp://x.cn",
        (2, "participants"): "many",
        (4, "district"): "Xicheng",
        (4, "date_end"): "2022-09-01",
        (2, "title"): "",
    }
    path = saved(first_rows(changes), tmp_path)
    assert said(path) == [
        (2, "title", "", "the cell is empty", "Fill it in"),
        (2, "participants", "many", *NO_NUMBER),
        (2, "participants_qualifier", "", "a number without its qualifier", "Write exact, about or at least"),
        (2, "participants_scope", "", "it is not said what the number covers", "Write event or activity"),
        (2, "source_url", "ftp://x.cn", "this is no web address", "Begin it with https:// or leave it empty"),
        (4, "date_end", "2022-09-01", "the event ends before it starts", "Exchange or correct the two dates"),
        (4, "district", "Xicheng", "the district code is not known", "Write 110102"),
        (5, "status", "done", "the term is not known", "Use one of: held, planned, cancelled"),
    ]


def test_the_message_names_the_file_every_fault_and_the_remedy(tmp_path):
    path = saved(first_rows({(4, "district"): "Xicheng", (2, "title"): ""}), tmp_path)
    with pytest.raises(DataFaults) as refused:
        read_events(path)
    assert str(refused.value) == (
        f"{path}: 2 faults, nothing was taken over.\n"
        "  row 2, column title: the cell is empty. Fill it in\n"
        "  row 4, column district, value 'Xicheng': the district code is not known. Write 110102\n"
        "Mend the cells named above and load the file again."
    )


# ------------------------------------------------------------------ columns and rows


def test_a_missing_column(tmp_path):
    path = saved(first_rows().drop(columns="venue"), tmp_path)
    assert said(path) == [
        (1, "venue", "", "the column is missing", "Add a column with the heading venue; leave cells empty where nothing is known")
    ]


def test_a_column_under_another_name_is_a_missing_and_an_unknown_one(tmp_path):
    path = saved(first_rows().rename(columns={"audiences": "audience"}), tmp_path)
    assert said(path) == [
        (1, "audiences", "", "the column is missing", "Add a column with the heading audiences; leave cells empty where nothing is known"),
        (1, "audience", "", "the column is not known", "Did you mean audiences?"),
    ]


def test_a_column_that_nobody_knows(tmp_path):
    assert said(saved(first_rows().assign(xyz="1"), tmp_path)) == [(1, "xyz", "", "the column is not known", "Delete the column")]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_column_that_stands_twice(tmp_path, ending):
    table = pd.concat([first_rows(), first_rows()[["note"]]], axis=1)
    path = saved(table, tmp_path) if ending == "csv" else tmp_path / "events.xlsx"
    if ending == "xlsx":
        table.to_excel(path, index=False)
    assert said(path) == [(1, "note", "", "the column stands twice", "Delete one of them")]


def test_columns_in_another_order_are_taken_over(tmp_path):
    turned = first_rows()[list(reversed(schema.COLUMN_NAMES))]
    pd.testing.assert_frame_equal(read_events(saved(turned, tmp_path)), read_events(saved(first_rows(), tmp_path, "straight.csv")))


@pytest.mark.parametrize("blank", ["", "," * 32], ids=["an empty line", "a line of commas"])
def test_a_blank_row_is_passed_over_and_counted(tmp_path, blank):
    lines = first_rows({(4, "status"): "hold"}).to_csv(index=False).splitlines()
    path = tmp_path / "events.csv"
    path.write_text("\n".join([*lines[:2], blank, *lines[2:], blank]), "utf-8")
    assert said(path) == [(5, "status", "hold", "the term is not known", "Did you mean held?")]
    path.write_text(path.read_text("utf-8").replace(",hold,", ",held,"), "utf-8")
    assert read_events(path)["event_id"].to_dict() == {0: "E001a", 1: "E001b", 2: "E001c", 3: "E001d"}


@pytest.mark.parametrize("rows", [(3,), (2, 3, 4, 5), (2,)], ids=["one row", "every row", "the first row"])
def test_a_row_with_more_cells_than_the_header(tmp_path, rows):
    lines = first_rows().to_csv(index=False).splitlines()
    path = tmp_path / "events.csv"
    path.write_text("\n".join(line + ",more" if row in rows else line for row, line in enumerate(lines, start=1)), "utf-8")
    assert said(path) == [
        (row, "", "", "the row has more cells than the header", "Put text that holds commas into quotation marks") for row in rows
    ]


def test_a_row_cut_short_is_a_row_with_empty_cells(tmp_path):
    lines = first_rows().to_csv(index=False).splitlines()
    path = tmp_path / "events.csv"
    path.write_text("\n".join([*lines[:4], lines[4].split(",")[0] + ",A001-3,held,Title"]), "utf-8")
    assert [(row, column, problem) for row, column, _, problem, _ in said(path)] == [
        (5, name, "the cell is empty")
        for name in ("date_precision", "programme", "place_basis", "audiences", "formats", "mode", "office_role")
    ]


def test_a_quotation_mark_that_is_not_closed(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(first_rows().to_csv(index=False) + '"E002,', "utf-8")
    assert said(path) == [(0, "", "", "a quotation mark is opened and not closed", "Close it, or write it twice inside a text")]


def test_a_table_separated_by_semicolons_has_no_known_column(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(first_rows().to_csv(index=False, sep=";"), "utf-8")
    found = said(path)
    assert [row[:2] for row in found[:33]] == [(1, name) for name in schema.COLUMN_NAMES]
    assert found[33] == (1, ";".join(schema.COLUMN_NAMES), "", "the column is not known", "Delete the column")


def test_a_line_break_inside_a_cell_does_not_shift_the_row_numbers(tmp_path):
    changes = {(2, "note"): "one\ntwo\nthree", (4, "status"): "hold"}
    assert said(saved(first_rows(changes), tmp_path)) == [(4, "status", "hold", "the term is not known", "Did you mean held?")]


def test_a_header_without_rows(tmp_path):
    assert said(saved(first_rows(rows=0), tmp_path)) == [(0, "", "", "the table has no rows", "Add at least one event")]


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_a_header_without_rows_in_a_binary_file(tmp_path, ending):
    path = tmp_path / f"events.{ending}"
    first_rows(rows=0).to_excel(path, index=False) if ending == "xlsx" else first_rows(rows=0).to_parquet(path)
    assert said(path) == [(0, "", "", "the table has no rows", "Add at least one event")]


# ------------------------------------------------------------------ files


def test_a_file_in_gb18030_is_recognised(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes(first_rows().to_csv(index=False).encode("gb18030"))
    assert said(path) == [(2, "", "", "the file is written in GB18030, not UTF-8", "Save it as “CSV UTF-8”")]


def test_the_row_of_the_first_wrong_byte_is_counted_from_the_top_of_a_long_file(tmp_path):
    lines = WHOLE.assign(title_zh="").to_csv(index=False).encode("utf-8").splitlines(keepends=True)
    path = tmp_path / "events.csv"
    path.write_bytes(b"".join([*lines, *lines[1:] * 20, b"\xff\xff\n"]))
    assert said(path) == [(129 * 21 + 2, "", "", "the file is not written in UTF-8", "Save it as “CSV UTF-8”")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("events.csv", b"", "{path}: cannot be read as csv (No columns to parse from file). Open it in a spreadsheet and save it again."),
        (
            "events.xlsx",
            b"hello",
            "{path}: cannot be read as xlsx (Excel file format cannot be determined, you must specify an engine manually.). Open it in a spreadsheet and save it again.",
        ),
        ("events.ods", b"hello", "{path}: the name must end in .csv, .xlsx, .parquet. Save the table as one of these."),
        ("events", b"hello", "{path}: the name must end in .csv, .xlsx, .parquet. Save the table as one of these."),
    ],
    ids=["an empty file", "a workbook that is none", "another kind of file", "no ending"],
)
def test_a_file_that_cannot_be_opened(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(OutreachError) as refused:
        read_events(path)
    assert str(refused.value) == message.format(path=path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(OutreachError) as refused:
        read_events(tmp_path / "events.csv")
    assert str(refused.value) == f"{tmp_path}/events.csv: there is no such file. Correct the path."


def test_a_parquet_file_that_is_none_ends_with_its_remedy(tmp_path):
    path = tmp_path / "events.parquet"
    path.write_bytes(b"hello")
    with pytest.raises(
        OutreachError, match=r"events\.parquet: cannot be read as parquet \(.*\)\. Open it in a spreadsheet and save it again\.$"
    ):
        read_events(path)


# ------------------------------------------------------------------ one dataset, several kinds of file


def text_cells(table: pd.DataFrame) -> pd.DataFrame:
    return table


def typed_cells(table: pd.DataFrame) -> pd.DataFrame:
    """As a spreadsheet or a database would hand it over: days as dates, codes and people as numbers, gaps as gaps."""
    days = {name: pd.to_datetime(table[name].replace("", None)) for name in ("date_start", "date_end", "source_date")}
    numbers = {
        name: pd.to_numeric(table[name].replace("", None)).astype("Int64")
        for name in ("district", "subdistrict_code", "participants", "reach")
    }
    return table.assign(**days, **numbers)


def loose_cells(table: pd.DataFrame) -> pd.DataFrame:
    """The same with plain dates, numbers as floats, and nothing instead of empty text."""
    days = {
        name: [date.fromisoformat(text) if text else None for text in table[name]] for name in ("date_start", "date_end", "source_date")
    }
    numbers = {name: pd.to_numeric(table[name].replace("", None)).astype("float64") for name in ("district", "participants")}
    return table.replace("", None).assign(**days, **numbers)


@pytest.mark.parametrize("cells", [text_cells, typed_cells, loose_cells])
@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_the_same_data_from_any_kind_of_file_give_the_same_frame(tmp_path, ending, cells):
    path = tmp_path / f"events.{ending}"
    cells(WHOLE).to_excel(path, index=False) if ending == "xlsx" else cells(WHOLE).to_parquet(path)
    pd.testing.assert_frame_equal(read_events(path), read_events(BUNDLED))


def test_events_that_were_read_can_be_saved_and_read_again(tmp_path):
    read_events(BUNDLED).to_parquet(tmp_path / "again.parquet")
    pd.testing.assert_frame_equal(read_events(tmp_path / "again.parquet"), read_events(BUNDLED))


def test_a_parquet_file_keeps_its_row_numbers_whatever_its_index(tmp_path):
    path = tmp_path / "events.parquet"
    first_rows({(3, "status"): "hold"}).set_index(np.array([70, 71, 72, 73])).to_parquet(path)
    assert said(path) == [(3, "status", "hold", "the term is not known", "Did you mean held?")]


@pytest.mark.parametrize(
    ("encoding", "ends"),
    [("utf-8", "\n"), ("utf-8-sig", "\n"), ("utf-8-sig", "\r\n"), ("utf-8", "\r\n")],
    ids=["plain", "BOM", "BOM and CRLF, as Excel saves", "CRLF"],
)
def test_a_csv_file_with_or_without_byte_order_mark_and_windows_line_ends(tmp_path, encoding, ends):
    path = tmp_path / "events.csv"
    path.write_bytes(WHOLE.to_csv(index=False, lineterminator=ends).encode(encoding))
    pd.testing.assert_frame_equal(read_events(path), read_events(BUNDLED))


def test_columns_have_their_types_and_empty_cells_stay_empty():
    events = read_events(BUNDLED)
    kinds = {"date": "datetime64[us]", "count": "Int64"}
    assert {name: str(kind) for name, kind in events.dtypes.items()} == {
        column.name: kinds.get(column.kind, "str") for column in schema.EVENT_COLUMNS
    }
    row = events.iloc[2]
    assert (row["date_start"], row["date_end"], row["participants"], row["reach"], row["venue"]) == (
        pd.Timestamp(2022, 9, 3),
        pd.Timestamp(2022, 9, 4),
        pd.NA,
        pd.NA,
        "",
    )
    assert len(events) == 129


def test_words_that_look_like_gaps_stay_words(tmp_path):
    changes = {(2, "note"): "NA", (3, "note"): "null", (4, "note"): "None", (5, "note"): "nan"}
    assert read_events(saved(first_rows(changes), tmp_path))["note"].tolist() == ["NA", "null", "None", "nan"]


def test_space_around_a_cell_or_heading_is_dropped(tmp_path):
    path = saved(first_rows({(2, "status"): " held ", (2, "note"): "\t a  b \u3000"}).rename(columns={"status": " status "}), tmp_path)
    assert read_events(path).loc[0, ["status", "note"]].tolist() == ["held", "a  b"]


# ------------------------------------------------------------------ anything at all

ANYTHING = st.text(max_size=60) | st.sampled_from(
    ["=1+1", "2024-02-30", "９", "a; b", '"', '""', "\n", "\r", "NA", "110108", "exact", "E001a", "\x00", "\ufeff", "0" * 30]
)
CELL = st.tuples(st.integers(2, 5), st.sampled_from(schema.COLUMN_NAMES))
QUIET = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIET
@given(cell=CELL, text=ANYTHING)
def test_any_text_in_any_cell_is_read_or_refused_with_its_faults(tmp_path, cell, text):
    table = first_rows({cell: text})
    path = tmp_path / "events.csv"
    path.write_bytes(table.to_csv(index=False).encode("utf-8", "replace"))
    events, faults = None, []
    try:
        events = read_events(path)
    except DataFaults as refused:
        faults = refused.faults
    assert all(fault.problem and fault.remedy and 0 <= fault.row <= 6 for fault in faults)
    assert faults or (tuple(events.columns), len(events)) == (schema.COLUMN_NAMES, 4)


@QUIET
@given(changes=st.dictionaries(CELL, ANYTHING, max_size=4))
def test_a_check_leaves_its_table_as_it_was_and_sorts_its_faults(changes):
    table = first_rows(changes)
    before = table.copy(deep=True)
    faults = check(table)
    pd.testing.assert_frame_equal(table, before)
    assert [fault.row for fault in faults] == sorted(fault.row for fault in faults)


@QUIET
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_at_all_are_refused_with_a_reason(tmp_path, content):
    path = tmp_path / "events.csv"
    path.write_bytes(content)
    with pytest.raises(OutreachError):
        read_events(path)


def test_reading_a_table_gives_its_cells_as_text(tmp_path):
    path = tmp_path / "some.csv"
    path.write_text(" a ,b\n1,\n\n, x ", "utf-8")
    expected = pd.read_csv(io.StringIO("a|b\n1|\n|x"), sep="|", dtype=str, keep_default_na=False).set_axis([0, 2])
    pd.testing.assert_frame_equal(read_table(path), expected, check_names=False, check_index_type=False)
