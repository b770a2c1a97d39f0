"""What leaves the dashboard as a file, opened again with the programs people use: nothing lost, nothing run."""

import csv
import io
import json
import zipfile
from datetime import date
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import maps, measures, places
from analytics.exhibit import Context, Exhibit, Link
from analytics.export.table import MIME, export, harmless, sources
from analytics.measures import own
from analytics.selection import Selection
from analytics.store import BUNDLED, Store, open_store
from analytics.text import Words

STUDENTS = Selection(audience=("students",), start=date(2023, 1, 1), end=date(2024, 12, 31))
SENTENCE = {
    "en": "Students · 2023–2024 · 1 undated event left out",
    "zh": "学生 · 2023–2024年 · 未计入 1 场无日期",
}


@pytest.fixture(scope="module")
def bundled() -> Store:
    return open_store(url="", path=BUNDLED)


def context_of(store: Store, selection: Selection = STUDENTS, language: str = "en") -> Context:
    return Context(store, selection, Words(language), "district_map", measures.left_out(store, selection))


def map_of(context: Context) -> Exhibit:
    """The map of districts as its page makes it."""
    grouping = own("district")
    table = measures.measure(context.store, context.selection, [grouping])[grouping]
    return maps.district_map(maps.district_table(table, context), context, "events")


def shown(table: pd.DataFrame, *notes: str, key: str = "some") -> Exhibit:
    """Any table as an exhibit."""
    return Exhibit(key, "A title", {}, lambda: table, "The finding.", tuple(Link(note) for note in notes))


def workbook(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def rows_of(sheet) -> list[list[object]]:
    return [[cell.value for cell in row] for row in sheet.rows]


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# ------------------------------------------------------------------ names


@pytest.mark.parametrize("kind", list(MIME))
def test_a_file_is_named_after_its_chart_and_the_latest_day_of_the_data(bundled, kind):
    context = context_of(bundled)
    file = export(map_of(context), context, kind)
    assert (file.name, file.mime, len(file.content) > 0) == (f"outreach-map-2025-10-16.{kind}", MIME[kind], True)


# ------------------------------------------------------------------ csv

HOSTILE = {
    "a formula": ("=1+1", "'=1+1"),
    "a link formula": ('=HYPERLINK("https://a.cn")', '\'=HYPERLINK("https://a.cn")'),
    "plus": ("+1", "'+1"),
    "minus": ("-1", "'-1"),
    "at": ("@SUM(A1)", "'@SUM(A1)"),
    "a tab": ("\t=1", "'\t=1"),
    "a tab before plain text": ("\ta", "'\ta"),
    "a carriage return": ("\r=1", "'\r=1"),
    "a line feed": ("\n=1", "'\n=1"),
    "full-width equals": ("＝1+1", "'＝1+1"),
    "full-width plus": ("＋1", "'＋1"),
    "full-width minus": ("－1", "'－1"),
    "full-width at": ("＠A", "'＠A"),
    "small equals": ("﹦1", "'﹦1"),
    "after a space": (" =1+1", "' =1+1"),
    "after several kinds of space": (" \u00a0\u3000=1", "' \u00a0\u3000=1"),
    "after a space and a tab": (" \t=1", "' \t=1"),
    "after a mark that cannot be seen": ("\ufeff\u200b=1", "'\ufeff\u200b=1"),
}
HARMLESS = {
    "a word": "Haidian",
    "Chinese": "海淀区",
    "a sign inside": "a=b, c+d, e-f, g@h",
    "a dash": "– not stated",
    "a bullet": "• item",
    "an emoji": "🎓 students",
    "spaces only": "   ",
    "nothing": "",
    "an apostrophe": "'s-Hertogenbosch",
    "quotes": 'He said "stop", then left',
}


@pytest.mark.parametrize(("text", "written"), HOSTILE.values(), ids=HOSTILE)
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(bundled, text, written):
    assert harmless(text) == written
    table = pd.DataFrame({"Title": [text], text: ["x"]})
    assert csv_rows(export(shown(table), context_of(bundled), "csv").content) == [["Title", written], [written, "x"]]


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_any_other_text_is_written_as_it_is(bundled, text):
    assert harmless(text) == text
    assert csv_rows(export(shown(pd.DataFrame({"Title": [text], "n": [1]})), context_of(bundled), "csv").content) == [
        ["Title", "n"],
        [text, "1"],
    ]


@pytest.mark.parametrize("value", [-5, -1.5, 0, None, True, pd.NA], ids=str)
def test_what_is_no_text_stays_what_it_is(value):
    assert harmless(value) is value


@settings(max_examples=300, deadline=None)
@given(
    st.text()
    | st.builds(
        str.__add__, st.text(alphabet=" \t\r\n\u00a0\u3000\ufeff\u200b", max_size=4), st.text(alphabet="=+-@＝＋－＠'a1", max_size=4)
    )
)
def test_no_text_starts_a_formula_once_it_is_made_harmless(text):
    safe = harmless(text)
    assert safe in (text, "'" + text)
    assert not safe.lstrip().lstrip("\ufeff\u200b").lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert not safe.startswith(("\t", "\r", "\n"))


def test_csv_has_a_byte_order_mark_windows_line_ends_and_plain_numbers_and_days(bundled):
    table = pd.DataFrame(
        {
            "Name": ["海淀区", "a; b", 'with "quotes", and comma', "two\nlines"],
            "Change": [-5, 3, 0, -1],
            "Share": [-0.25, 1.5, None, 100_000.0],
            "People": pd.array([1240, None, 0, -3], dtype="Int64"),
            "Day": pd.to_datetime(["2024-03-31", None, "2012-01-01", "2025-10-16"]),
        }
    )
    assert export(shown(table), context_of(bundled), "csv").content == (
        b"\xef\xbb\xbfName,Change,Share,People,Day\r\n"
        + "海淀区,-5,-0.25,1240,2024-03-31\r\n".encode()
        + b"a; b,3,1.5,,\r\n"
        + b'"with ""quotes"", and comma",0,,0,2012-01-01\r\n'
        + b'"two\nlines",-1,100000.0,-3,2025-10-16\r\n'
    )


def test_csv_of_the_map_holds_the_numbers_of_its_table(bundled):
    context = context_of(bundled)
    exhibit = map_of(context)
    again = pd.read_csv(
        io.BytesIO(export(exhibit, context, "csv").content),
        dtype={"district": str},
        keep_default_na=False,
        na_values={name: [""] for name in exhibit.table.select_dtypes("number")},
    )
    pd.testing.assert_frame_equal(again, exhibit.table, check_dtype=False)


def test_csv_without_rows_is_its_header(bundled):
    assert export(shown(pd.DataFrame({"Name": [], "Events": []})), context_of(bundled), "csv").content == b"\xef\xbb\xbfName,Events\r\n"


# ------------------------------------------------------------------ xlsx


@pytest.mark.parametrize(("language", "names"), [("en", ["Data", "About", "Sources"]), ("zh", ["数据", "说明", "报道来源"])])
def test_a_workbook_has_three_sheets_in_the_viewers_language(bundled, language, names):
    context = context_of(bundled, language=language)
    assert workbook(export(map_of(context), context, "xlsx").content).sheetnames == names


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_data_sheet_holds_the_table_under_its_title_filters_and_source(bundled, language):
    context = context_of(bundled, language=language)
    exhibit = map_of(context)
    sheet = workbook(export(exhibit, context, "xlsx").content).worksheets[0]
    rows = rows_of(sheet)
    assert [row[0] for row in rows[:4]] == [exhibit.title, SENTENCE[language], context.source(), None]
    assert rows[4] == [{"district": "district_code"}.get(name, name) if language == "en" else name for name in exhibit.table.columns]
    assert rows[5:] == [[None if pd.isna(value) else value for value in row] for row in exhibit.table.astype(object).to_numpy().tolist()]
    assert [table.ref for table in sheet.tables.values()] == [f"A5:J{5 + len(exhibit.table)}"]
    assert sheet.freeze_panes == "A6"


def test_headings_that_differ_only_in_case_are_told_apart(bundled):
    table = pd.DataFrame([["110108", "Haidian", 3, 4]], columns=["district", "District", "Events", "events here"])
    sheet = workbook(export(shown(table), context_of(bundled), "xlsx").content).worksheets[0]
    assert rows_of(sheet)[4:] == [["district_code", "District", "Events", "events here"], ["110108", "Haidian", 3, 4]]


def test_numbers_are_numbers_days_are_iso_text_and_gaps_are_empty(bundled):
    table = pd.DataFrame(
        {
            "n": [-5, 3],
            "x": [-0.25, None],
            "people": pd.array([None, 1240], dtype="Int64"),
            "day": pd.to_datetime(["2024-03-31", None]),
            "text": ["-5", None],
        }
    )
    sheet = workbook(export(shown(table), context_of(bundled), "xlsx").content).worksheets[0]
    assert rows_of(sheet)[5:] == [[-5, -0.25, None, "2024-03-31", "'-5"], [3, None, 1240, None, None]]
    assert [cell.data_type for cell in sheet[6]] == ["n", "n", "n", "s", "s"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_about_sheet_says_what_the_numbers_are(bundled, language):
    context = context_of(bundled, language=language)
    exhibit = map_of(context)
    rows = rows_of(workbook(export(exhibit, context, "xlsx").content).worksheets[1])
    words = context.words
    assert rows[:4] == [
        [words("Title"), exhibit.title],
        [words("Filters in words"), SENTENCE[language]],
        [words("Audience"), {"en": "Students", "zh": "学生"}[language]],
        [words("Span"), {"en": "2023–2024", "zh": "2023–2024年"}[language]],
    ]
    assert [row for row in rows if row[0] == words("Note")] == [[words("Note"), note.text] for note in exhibit.notes]
    assert [row[1] for row in rows if row[0] == words("Data")] == [context.source()]
    assert [row[1] for row in rows if row[0] == words("Events file")] == ["events.csv"]
    blank = next(number for number, row in enumerate(rows) if row == ["", ""])
    defined = ["Event", "Activity", "Participants (stated)", "No report found", "Left out by default", "Several values"]
    assert [row[0] for row in rows[blank + 1 :]] == [
        words(name) for name in (*defined, "Events per 100,000 residents (2020 census)", "Events per 100 communities (committees, 2023)")
    ]
    assert all(row[1] for row in rows[blank + 1 :])


def test_the_sources_sheet_lists_each_report_once_latest_first(bundled):
    context = context_of(bundled, Selection(district=("110101",)))
    rows = rows_of(workbook(export(map_of(context), context, "xlsx").content).worksheets[2])
    events = measures.event_rows(bundled, context.selection)
    assert rows[0] == ["Report", "Publisher", "Date", "Address", "Events"]
    assert len(rows) - 1 == events["source_url"].nunique() < len(events)
    assert len({row[3] for row in rows[1:]}) == len(rows) - 1
    assert {row[3]: row[4] for row in rows[1:]} == events["source_url"].value_counts().to_dict()
    days = [row[2] or "" for row in rows[1:]]
    assert days == sorted(days, reverse=True)


def test_a_selection_without_events_makes_a_workbook_without_sources(bundled):
    context = context_of(bundled, Selection(q="no report says this"))
    book = workbook(export(map_of(context), context, "xlsx").content)
    assert rows_of(book.worksheets[2]) == [["Report", "Publisher", "Date", "Address", "Events"]]
    assert [row[2] for row in rows_of(book.worksheets[0])[5:]] == [0] * 16


def test_a_table_without_rows_makes_a_workbook_with_its_headings(bundled):
    sheet = workbook(export(shown(pd.DataFrame({"Name": [], "Events": []})), context_of(bundled), "xlsx").content).worksheets[0]
    assert rows_of(sheet)[4] == ["Name", "Events"]


# ------------------------------------------------------------------ texts of all kinds, from the file to the file

STRANGE = {
    "title": "=1+1",
    "venue": "<hall> & \"annex\" 'B'",
    "note": "🎓🇨🇳 " + "长" * 500,
    "source_title": '=HYPERLINK("https://a.cn","x")',
    "publisher": "@office",
    "partners": "+Partner; -Partner; 中文",
    "community": "]]> &amp; &#x41; _x0041_",
}


@pytest.fixture(scope="module")
def strange(tmp_path_factory) -> Store:
    """A store of two events, the first with texts that want to be run or to break a file."""
    folder: Path = tmp_path_factory.mktemp("strange")
    table = pd.read_csv(BUNDLED, dtype=str, keep_default_na=False).head(2)
    for name, text in STRANGE.items():
        table.loc[0, name] = text
    table.to_csv(folder / "events.csv", index=False)
    return open_store(url=f"duckdb:///{folder}/store.duckdb", path=folder / "events.csv")


def event_list(context: Context) -> Exhibit:
    return shown(measures.event_rows(context.store, context.selection), key="events")


SAFE = STRANGE | {name: "'" + STRANGE[name] for name in ("title", "source_title", "publisher", "partners")}


def test_strange_texts_come_through_csv_with_their_formulas_disarmed(strange):
    context = context_of(strange, Selection())
    header, *rows = csv_rows(export(event_list(context), context, "csv").content)
    row = next(dict(zip(header, row, strict=True)) for row in rows if row[0] == "E001a")
    assert {name: row[name] for name in SAFE} == SAFE


def test_strange_texts_come_through_a_workbook_as_text(strange):
    context = context_of(strange, Selection())
    book = workbook(export(event_list(context), context, "xlsx").content)
    header, *rows = rows_of(book.worksheets[0])[4:]
    row = next(dict(zip(header, row, strict=True)) for row in rows if row[0] == "E001a")
    assert {name: row[name] for name in SAFE} == SAFE
    assert [row[:2] for row in rows_of(book.worksheets[2])[1:]] == [
        ['\'=HYPERLINK("https://a.cn","x")', "'@office"],
        ["Targeted Consular Protection Knowledge for Ensuring Overseas Safety", "Beijing Foreign Affairs Office"],
    ]


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(strange):
    context = context_of(strange, Selection(q="=1+1"))
    content = export(Exhibit("events", "=1+1", {}, event_list(context).numbers, "=2", (Link("=3"),)), context, "xlsx").content
    cells = [cell for sheet in workbook(content) for row in sheet.rows for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert not any(b"<f>" in parts.read(name) or b"<f " in parts.read(name) for name in parts.namelist() if "worksheets/sheet" in name)


def test_strange_texts_come_through_parquet_unchanged(strange):
    context = context_of(strange, Selection())
    table = pd.read_parquet(io.BytesIO(export(event_list(context), context, "parquet").content)).set_index("event_id")
    assert {name: table.loc["E001a", name] for name in STRANGE} == STRANGE


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_control_characters_break_no_file(bundled, kind):
    table = pd.DataFrame({"Name": ["a\x00b\x07c\x1fd\x9be", "\x01start", "\ufffe\uffff"], "n": [1, 2, 3]})
    content = export(shown(table), context_of(bundled), kind).content
    if kind == "parquet":
        pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(content)), table)
    elif kind == "csv":
        assert [row[1] for row in csv_rows(content)[1:]] == ["1", "2", "3"]
    else:
        assert [row[1] for row in rows_of(workbook(content).worksheets[0])[5:]] == [1, 2, 3]


@settings(max_examples=20, deadline=None)
@given(texts=st.lists(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=40), min_size=1, max_size=5))
def test_any_text_comes_through_csv_and_parquet(bundled, texts):
    context = context_of(bundled, Selection())
    table = pd.DataFrame({"n": range(len(texts)), "Text": pd.Series(texts, dtype="str")})
    written = csv_rows(export(shown(table), context, "csv").content)
    assert written == [["n", "Text"], *([str(number), harmless(text)] for number, text in enumerate(texts))]
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(export(shown(table), context, "parquet").content)), table)
    book = workbook(export(shown(table), context, "xlsx").content)
    assert {cell.data_type for row in book.worksheets[0].rows for cell in row} <= {"s", "n"}


# ------------------------------------------------------------------ parquet


@pytest.mark.parametrize("language", ["en", "zh"])
def test_parquet_keeps_the_types_of_the_table(bundled, language):
    context = context_of(bundled, language=language)
    exhibit = map_of(context)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(export(exhibit, context, "parquet").content)), exhibit.table)


def test_parquet_keeps_days_and_people_of_the_events(bundled):
    context = context_of(bundled)
    again = pd.read_parquet(io.BytesIO(export(event_list(context), context, "parquet").content))
    kinds = dict.fromkeys(["date_start", "date_end", "source_date"], "datetime64[s]")
    assert {name: str(again[name].dtype).partition("[")[0] for name in (*kinds, "participants")} == {
        **dict.fromkeys(kinds, "datetime64"),
        "participants": "Int64",
    }
    pd.testing.assert_frame_equal(again.astype(kinds), measures.event_rows(bundled, STUDENTS).astype(kinds))


def test_parquet_says_what_it_holds_with_every_note(bundled):
    context = context_of(bundled)
    content = export(shown(pd.DataFrame({"n": [1]}), "First note", "Second note"), context, "parquet").content
    metadata = {
        key.decode(): value.decode() for key, value in pq.read_schema(io.BytesIO(content)).metadata.items() if key.startswith(b"outreach.")
    }
    assert metadata == {
        "outreach.Title": "A title",
        "outreach.Filters in words": SENTENCE["en"],
        "outreach.Audience": "Students",
        "outreach.Span": "2023–2024",
        "outreach.Main finding": "The finding.",
        "outreach.Note": "First note\nSecond note",
        "outreach.Data": context.source(),
        "outreach.Events file": "events.csv",
        "outreach.Boundaries": places.boundary_source(),
    }


# ------------------------------------------------------------------ geojson


@pytest.mark.parametrize("language", ["en", "zh"])
def test_geojson_is_the_16_districts_with_the_numbers_of_the_map(bundled, language):
    context = context_of(bundled, language=language)
    exhibit = map_of(context)
    again = gpd.read_file(io.BytesIO(export(exhibit, context, "geojson").content))
    assert (len(again), again.crs) == (16, "EPSG:4326")
    placed = exhibit.table[exhibit.table["district"] != "unplaced"].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(again.drop(columns=["geometry", "id"], errors="ignore")), placed, check_dtype=False)
    outlines = places.boundaries().set_index("adcode").loc[again["district"]].geometry
    assert again.geometry.geom_equals_exact(outlines.reset_index(drop=True), tolerance=1e-4).all()


def test_geojson_says_what_it_holds_with_every_note(bundled):
    context = context_of(bundled)
    exhibit = map_of(context)
    collection = json.loads(export(exhibit, context, "geojson").content)
    assert (collection["type"], collection["name"]) == ("FeatureCollection", "map")
    assert [feature["id"] for feature in collection["features"]] == list(places.adcodes())
    assert collection["about"]["Filters in words"] == SENTENCE["en"]
    assert collection["about"]["Note"] == "\n".join(note.text for note in exhibit.notes)


# ------------------------------------------------------------------ sources


def test_a_report_is_a_row_with_its_title_publisher_date_and_address(strange):
    assert sources(context_of(strange, Selection(q="United Imaging"))).to_dict("records") == [
        {
            "source_title": "Targeted Consular Protection Knowledge for Ensuring Overseas Safety",
            "publisher": "Beijing Foreign Affairs Office",
            "date": "2022-09-17",
            "source_url": "https://wb.beijing.gov.cn/en/public_service/consular_protection/how_to_seek_consular_protection/202301/t20230118_2904156.html",
            "events": 1,
        }
    ]
