"""A briefing as a workbook: opened again by another program and as plain XML; every number, every edit."""

import io
import json
import math
import re
import zipfile
from dataclasses import replace

import openpyxl
import pytest
from lxml import etree
from openpyxl.styles import PatternFill

from analytics.errors import OutreachError
from analytics.export import workbook
from analytics.export.parts import Cell, Chart, Deck, District, Grid, Map, Series, Slide, Source, Table, Text

LABELS = {
    "sources": "Sources and definitions", "definitions": "Definitions", "reports": "Reports", "page": "Page", "contents": "Contents",
    "filters": "Filters", "note": "Note", "findings": "Findings", "data": "Data", "north": "N", "more": "and {n} more", "scale": "Scale",
}  # fmt: skip
REPORT = Source("Safety first", "Beijing Daily", "4 May 2023", "https://example.cn/1")
OTHER = Source("Second report", "", "", "")
TABLE = Table(("Audience", "Events", "Share"), (("Students", 12, 0.123456), ("Schools", 1_234_567, 0.5), ("Media", None, 2.25)))
BARS = Chart(
    "bar", ("Students", "Schools", "Media"), (Series("Events", (12, 3.5, None), "#0072b2", ("#0072b2", "#ee7733", "#0072b2"), ("12", "≥ 3", "–")),)
)  # fmt: skip
STACKED = Chart(
    "stacked bar",
    ("Fair", "Drill"),
    (Series("Begins", (44927, 45000), "#ffffff", invisible=True), Series("Days", (31, 61), "#0072b2")),
    "yyyy",
    "value",
    low=44927,
    high=45100,
    legend=True,
)
COLUMNS = Chart("column", ("2023", "2024"), (Series("Events", (5, 7), "#0072b2"),))
STACKED_COLUMNS = Chart(
    "stacked column", ("2023", "2024"), (Series("A", (5, 7), "#0072b2"), Series("B", (1, None), "#ee7733")), legend=True
)  # fmt: skip
LINES = Chart(
    "xy",
    (),
    (Series("2024", (1, 2, 2), "#0072b2", x=(45292, 45300, 45310.5)), Series("even", (0, 2), "#5b6875", x=(45292, 45310), dashed=True)),
    "mmm",
    "x",
    y_title="Events",
    legend=True,
)
CHARTS = {"bar": BARS, "stacked bar": STACKED, "column": COLUMNS, "stacked column": STACKED_COLUMNS, "xy": LINES}
GRID = Grid(
    ("A", "B"), (("Haidian", (Cell("3", "#1c5f9e", "#ffffff"), Cell(""))), ("Daxing", (Cell("0", "#e9e6e1"), Cell("7", "#9acbf0"))))
)
MAP = Map(
    (District("110108", "Haidian", "12", "#1c5f9e", "#ffffff", True), District("110115", "Daxing", "–", "#e9e6e1", "#23313f")),
    "Events",
    (("1 – 12", "#1c5f9e"), ("no report found", "#e9e6e1")),
    "Boundaries: Tianditu",
)


def slide(key: str = "one", title: str = "Events by audience", parts: tuple = (BARS,), **more: object) -> Slide:
    """An item with a little of everything; `more` takes the place of what it has."""
    given = {
        "findings": ("Most for Students, 12.", "Fewest for Schools."), "note": "Say this first.\nThen that.", "footnotes": ("Bars overlap.", "No date: 2."),
        "definitions": (("Event", "one happening"),), "sources": (REPORT,),
    }  # fmt: skip
    return Slide(key, (title,), ("2023 · Students",), parts, TABLE, **(given | more))


def deck_of(*slides: Slide, **more: object) -> Deck:
    """A deck of these items."""
    given = {"about": (("Data version", "abc123"), ("Made", "2025-10-16")), "manifest": {"format": 1, "time": "2025-10-16T00:00:00+00:00"}}
    return Deck("Outreach, autumn", slides or (slide(),), LABELS, **(given | more))


WHOLE = deck_of(
    slide("bars"),
    slide("grid-1", "District by audience", (GRID,), note="", sources=(REPORT, OTHER)),
    slide("map", "Where", (MAP, replace(MAP, title="2024", legend=()))),
    slide("Lines", "This year", (LINES, STACKED, COLUMNS, STACKED_COLUMNS), findings=(), footnotes=()),
    slide("text", "Gaps", (Text(("No report for Yanqing.", "No report for Miyun.")),)),
)


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def written(deck: Deck = WHOLE) -> openpyxl.Workbook:
    return opened(workbook.write(deck))


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def part(content: bytes, name: str) -> etree._Element:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return etree.fromstring(archive.read(name))


def found(root: etree._Element, path: str) -> list:
    """XPath with `c:` and `a:` for charts, `m:` for the sheets themselves."""
    names = {
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart", "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    }  # fmt: skip
    return root.xpath(path, namespaces=names)


def places(book: openpyxl.Workbook, name: str) -> tuple:
    """Sheet and cells of a defined name, in rows."""
    ((title, area),) = book.defined_names[name].destinations
    cells = book[title][area.replace("$", "")]
    return book[title], cells if isinstance(cells, tuple) else ((cells,),)


def values(book: openpyxl.Workbook, name: str) -> list[list]:
    return [[cell.value for cell in row] for row in places(book, name)[1]]


def differences(before: dict, after: dict) -> dict[str, tuple]:
    """Path → old and new, of facts that differ."""
    return {path: (before.get(path), after.get(path)) for path in {**before, **after} if before.get(path) != after.get(path)}


# ------------------------------------------------------------------ sheets


def test_contents_come_first_then_a_sheet_per_item_then_definitions_and_reports_and_the_hidden_record():
    book = written()
    assert book.sheetnames == [
        "Contents", "1 Events by audience", "2 District by audience", "3 Where", "4 This year", "5 Gaps", "Definitions", "Reports", "outreach",
    ]  # fmt: skip
    assert {sheet.title: sheet.sheet_state for sheet in book if sheet.sheet_state != "visible"} == {"outreach": "veryHidden"}


def test_the_contents_lead_to_every_sheet():
    book = written()
    rows = [[cell.value for cell in row] for row in book["Contents"].iter_rows()]
    assert rows[:5] == [
        ["Outreach, autumn", None, None], ["Data version", "abc123", None], ["Made", "2025-10-16", None], [None, None, None], [None, "Contents", "Filters"],
    ]  # fmt: skip
    assert rows[5] == [1, "Events by audience", "2023 · Students"]
    links = [cell.hyperlink.location for cell in book["Contents"]["B"] if cell.hyperlink]
    assert links == [f"'{name}'!A1" for name in book.sheetnames[1:6]]


def test_definitions_and_reports_stand_once():
    book = written()
    assert [[cell.value for cell in row] for row in book["Definitions"].iter_rows()] == [["Definitions", None], [None, None], ["Event", "one happening"]]  # fmt: skip
    assert [[cell.value for cell in row] for row in book["Reports"].iter_rows(min_row=3)] == [
        ["Safety first", "Beijing Daily", "4 May 2023", "https://example.cn/1"],
        ["Second report", None, None, None],
    ]
    assert not [cell for row in book["Reports"].iter_rows() for cell in row if cell.hyperlink]


def test_an_item_has_its_texts_and_then_its_numbers_as_a_table():
    book = written()
    sheet = book["1 Events by audience"]
    assert [[sheet.cell(row, column).value for column in (1, 2)] for row in range(1, 7)] == [
        ["Events by audience", None],
        ["Filters", "2023 · Students"],
        ["Findings", "Most for Students, 12."],
        [None, "Fewest for Schools."],
        ["Note", "Say this first.\nThen that."],
        [None, "Bars overlap.\nNo date: 2."],
    ]
    (table,) = sheet.tables.values()
    assert (table.ref, [column.name for column in table.tableColumns]) == ("A8:C11", ["Audience", "Events", "Share"])
    assert [[cell.value for cell in row] for row in sheet["A8:C11"]] == [list(TABLE.columns), *map(list, TABLE.rows)]


def test_sheets_are_set_up_for_paper_and_for_scrolling():
    sheet = written()["1 Events by audience"]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == ("landscape", 9, 1, 0)  # fmt: skip
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.print_title_rows, sheet.freeze_panes) == (True, "$8:$8", "A9")


def test_long_texts_above_the_table_leave_room_to_scroll():
    sheet = written(deck_of(slide(findings=("word " * 400,))))["1 Events by audience"]
    assert sheet.freeze_panes is None


def test_a_table_without_rows_or_columns_is_no_fault():
    book = written(deck_of(slide(parts=()), slide("b", parts=(), findings=())))
    empty = written(deck_of(replace(slide(), table=Table(("A",), ())), replace(slide("b"), table=Table((), ()))))
    assert len(book.sheetnames) == len(empty.sheetnames) == 6


def test_the_files_own_properties_say_what_the_numbers_are():
    book = written(deck_of(about=(("Data version", "abc123"), ("data Version", "b" * 300), ("", "no name"))))
    assert (book.properties.title, book.properties.description[:22]) == ("Outreach, autumn", "Data version: abc123\nd")
    assert {each.name: each.value for each in book.custom_doc_props.props} == {"Data version": "abc123", "data Version (2)": "b" * 255}


# ------------------------------------------------------------------ charts


@pytest.mark.parametrize("kind", CHARTS)
def test_a_native_chart_refers_to_cells_and_has_their_numbers(kind):
    chart = CHARTS[kind]
    content = workbook.write(deck_of(slide(parts=(chart,))))
    book, root = opened(content), part(content, "xl/charts/chart1.xml")
    axis = "x" if kind == "xy" else "cat"
    value = "y" if kind == "xy" else ""
    for number, series in enumerate(chart.series):
        ((node,),) = [found(root, f"//c:ser[c:idx/@val='{number}']")]
        for place, wanted in (
            (f"c:{value}Val" if value else "c:val", series.values),
            (f"c:{axis}Val" if kind == "xy" else "c:cat", series.x or chart.categories),
        ):
            (reference,) = found(node, f"{place}//c:f")
            cached = {int(point.get("idx")): found(point, "c:v")[0].text for point in found(node, f"{place}//c:pt")}
            in_cells = cells(book, reference.text)
            assert len(in_cells) >= len(wanted)
            for at, each in enumerate(wanted):
                assert same(in_cells[at], each), (place, at)
                assert same(cached.get(at) or None, each), (place, at)
        assert cells(book, found(node, "c:tx//c:f")[0].text) == [series.name]


def cells(book: openpyxl.Workbook, reference: str) -> list:
    title, area = reference.rsplit("!", 1)
    block = book[title.strip("'").replace("''", "'")][area.replace("$", "")]
    return [row[0].value for row in block] if isinstance(block, tuple) else [block.value]


def same(one: object, other: object) -> bool:
    if hasattr(one, "year"):
        one = workbook.to_excel(one)
    if one is None or other is None or isinstance(other, str):
        return one == other
    return math.isclose(float(one), float(other))


def test_bars_keep_their_colours_their_order_and_their_labels():
    content = workbook.write(deck_of(slide(parts=(BARS,))))
    root = part(content, "xl/charts/chart1.xml")
    assert [found(point, ".//a:srgbClr/@val")[0] for point in found(root, "//c:dPt")] == ["0072B2", "EE7733", "0072B2"]
    assert found(root, "//c:catAx/c:scaling/c:orientation/@val") == ["maxMin"]
    labels = [cells(opened(content), each.text)[0] for each in found(root, "//c:dLbl//c:f")]
    assert labels == ["12", "≥ 3", "–"]
    assert found(root, "//c:valAx/c:delete/@val") == ["1"]


def test_an_invisible_series_is_there_but_not_seen_and_days_are_days():
    content = workbook.write(deck_of(slide(parts=(STACKED,))))
    root, book = part(content, "xl/charts/chart1.xml"), opened(content)
    assert len(found(root, "//c:ser[1]/c:spPr/a:noFill")) == 1
    assert found(root, "//c:legendEntry/c:idx/@val") == ["0"]
    assert found(root, "//c:grouping/@val") == ["stacked"]
    assert found(root, "//c:valAx/c:scaling/c:min/@val | //c:valAx/c:scaling/c:max/@val") == ["45100", "44927"]
    assert found(root, "//c:valAx/c:numFmt/@formatCode") == ["yyyy"]
    assert f"{values(book, 'outreach_1_chart1')[1][1]:%Y-%m-%d}" == "2023-01-01"


def test_lines_are_drawn_over_days_dashed_where_they_are_asked_to_be():
    root = part(workbook.write(deck_of(slide(parts=(LINES,)))), "xl/charts/chart1.xml")
    assert found(root, "//c:ser/c:spPr/a:ln/a:prstDash/@val") == ["dash"]
    assert found(root, "//c:valAx[1]/c:numFmt/@formatCode") == ["mmm"]
    assert found(root, "//c:valAx[2]/c:title//a:t/text()") == ["Events"]


def test_a_chart_without_numbers_is_left_out():
    content = workbook.write(deck_of(slide(parts=(Chart("bar", (), ()), Chart("bar", (), (Series("none", (), "#000000"),))))))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not [name for name in archive.namelist() if "chart" in name]


# ------------------------------------------------------------------ grids and maps


def test_a_grid_is_a_block_of_filled_cells():
    _, block = places(written(), "outreach_2_grid1")
    assert [[cell.value for cell in row] for row in block] == [[None, "A", "B"], ["Haidian", "3", None], ["Daxing", "0", "7"]]
    fills = [[cell.fill.fgColor.rgb if cell.fill.fill_type else None for cell in row[1:]] for row in block[1:]]
    assert fills == [["FF1C5F9E", None], ["FFE9E6E1", "FF9ACBF0"]]
    assert block[1][1].font.color.rgb == "FFFFFFFF"


def test_a_map_is_districts_in_the_colours_of_their_classes_and_a_legend():
    book = written()
    _, block = places(book, "outreach_3_map1")
    assert [[cell.value for cell in row] for row in block] == [["Haidian", "110108", "12"], ["Daxing", "110115", "–"]]
    assert [row[2].fill.fgColor.rgb for row in block] == ["FF1C5F9E", "FFE9E6E1"]
    assert [row[0] for row in values(book, "outreach_3_legend1")] == ["1 – 12", "no report found"]
    assert len(values(book, "outreach_3_map2")) == 2


# ------------------------------------------------------------------ texts that would do harm

NASTY = {
    "quotes": "It's \"quoted\" 'twice'",
    "an emoji": "🎓" * 40,
    "500 characters": "x" * 500,
    "marks": "<b>&amp;</b> ]]> <!--",
    "control characters": "a\x00b\x0bc\x1fd\r\ne\ufffe\ud800",
    "a formula": '=HYPERLINK("http://a.cn","x")',
    "a full-width formula": "＝1+1",
    "a minus": "-1",
    "an address": "https://example.cn/?a=b",
    "an escape of Excel's": "_x0041_ and _x005F_",
    "signs no sheet may have": "[a]:b*c?d/e\\f",
    "nothing": "",
    "Chinese": "面向高校学生的领事保护宣讲活动" * 5,
    "a cell": "A1",
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_any_text_gives_a_sound_workbook_that_runs_nothing(text):
    nasty = replace(
        slide(text or "k", text, (replace(BARS, categories=(text, text, "c"), series=(replace(BARS.series[0], name=text),), x_title=text),)),
        sentences=(text,), findings=(text,), note=text, footnotes=(text,), definitions=((text, text),), sources=(Source(text, text, text, text),),
        table=Table((text, text, text.upper()), ((text, 1, None), (text, 2, text))),
    )  # fmt: skip
    deck = replace(deck_of(nasty, replace(nasty, key="other")), name=text, about=((text, text), (text, text)), manifest={"text": text})
    content = workbook.write(deck)
    book, read = opened(content), workbook.read(content)
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    for sheet in book.worksheets[:-1]:
        assert not [
            cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str) and re.match(r"\s*[=+\-@＝]", cell.value)
        ]
    assert read.slides == read.manifest["exported"]
    assert read.manifest["text"] == text
    assert list(read.slides) == [text or "k", "other"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            etree.fromstring(archive.read(name))
        assert not [name for name in archive.namelist() if b"TargetMode" in archive.read(name)]


def test_forty_items_of_one_title_have_forty_sheets_that_excel_takes():
    titles = ["Events: by audience [all] / districts?", "Events: by audience [all] / districts?", "'" * 40, "🎓" * 40]
    book = written(deck_of(*(slide(str(number), titles[number % 4], ()) for number in range(40))))
    assert len(book.sheetnames) == 44
    assert len({name.casefold() for name in book.sheetnames}) == 44
    assert max(len(name.encode("utf-16-le")) // 2 for name in book.sheetnames) <= 31
    assert not [name for name in book.sheetnames if re.search(r"[\[\]:*?/\\]", name) or name.startswith("'") or name.endswith("'")]


def test_a_label_cannot_take_the_name_of_the_record():
    deck = deck_of()
    book = written(replace(deck, labels=LABELS | {"contents": "Outreach", "reports": "Definitions"}))
    assert book.sheetnames == ["Outreach 2", "1 Events by audience", "Definitions", "Definitions 2", "outreach"]


def test_a_text_longer_than_a_cell_is_cut():
    book = written(deck_of(slide(note="🎓" + "a" * 40_000)))
    note = values(book, "outreach_1_note")[0][0]
    assert (len(note.encode("utf-16-le")) // 2, note[:2]) == (32_767, "🎓a")


def test_the_record_is_split_into_cells_that_excel_takes():
    manifest = {"text": "中_x0041_文\n" * 9_000, "list": [1, 2.5, None]}
    content = workbook.write(deck_of(manifest=manifest))
    lengths = [len(row[0]) for row in values(opened(content), "outreach_record")]
    assert (max(lengths), len(lengths) > 2) == (30_000, True)
    read = workbook.read(content).manifest
    assert {name: read[name] for name in manifest} == manifest
    assert list(manifest) == ["text", "list"]


# ------------------------------------------------------------------ reading


def test_what_is_read_is_what_was_exported():
    read = workbook.read(workbook.write(WHOLE))
    assert read.slides == read.manifest["exported"] == json.loads(json.dumps(read.slides))
    assert (list(read.slides), read.others) == (["bars", "grid-1", "map", "Lines", "text"], 0)


def test_facts_are_flat():
    read = workbook.read(workbook.write(deck_of(slide("k", parts=(BARS, GRID, GRID, MAP, LINES, Text(("A sentence.",)))))))
    facts = read.slides["k"]
    wanted = {
        "title": "Events by audience", "filters": "2023 · Students", "findings/1": "Most for Students, 12.", "findings/2": "Fewest for Schools.",
        "note": "Say this first. Then that.", "footnotes": "Bars overlap. No date: 2.", "text/1": "A sentence.",
        "table/0/1": "Audience", "table/1/1": "Students", "table/1/3": 0.123456, "table/2/2": 1_234_567.0,
        "chart/1/categories/1": "Students", "chart/1/1/name": "Events", "chart/1/1/1": 12.0, "chart/1/1/2": 3.5, "chart/1/1/label/2": "≥ 3",
        "chart/2/1/name": "2024", "chart/2/1/x/1": 45292.0, "chart/2/1/x/3": 45310.5, "chart/2/2/2": 2.0,
        "grid/0/1": "A", "grid/1/0": "Haidian", "grid/1/1": "3", "grid/1/1/fill": "#1C5F9E",
        "map/110108/name": "Haidian", "map/110108/value": "12", "map/110108/fill": "#1C5F9E", "map/legend/2": "no report found", "map/legend/2/fill": "#E9E6E1",
    }  # fmt: skip
    assert {path: facts[path] for path in wanted} == wanted
    assert "table/3/2" not in facts
    assert (facts["grid/2/1/1"], facts["grid/2/1/1/fill"]) == ("3", "#1C5F9E")


EDITS = {
    "title": ("outreach_1_title", 0, 0, "Mine", "title", "Mine"),
    "filters": ("outreach_1_filters", 0, 0, "2024", "filters", "2024"),
    "a finding": ("outreach_1_findings", 1, 0, "Mine", "findings/2", "Mine"),
    "the note": ("outreach_1_note", 0, 0, "Mine", "note", "Mine"),
    "footnotes": ("outreach_1_footnotes", 0, 0, None, "footnotes", None),
    "a number of the table": ("outreach_1_table", 1, 1, 13, "table/1/2", 13.0),
    "a tiny change": ("outreach_1_table", 1, 2, 0.123457, "table/1/3", 0.123457),
    "a heading": ("outreach_1_table", 0, 1, "Happenings", "table/0/2", "Happenings"),
    "a gap filled": ("outreach_1_table", 3, 1, 1, "table/3/2", 1.0),
    "a bar": ("outreach_1_chart1", 1, 1, 99, "chart/1/1/1", 99.0),
    "a category": ("outreach_1_chart1", 1, 0, "Pupils", "chart/1/categories/1", "Pupils"),
    "a label": ("outreach_1_chart1labels", 1, 0, "13", "chart/1/1/label/1", "13"),
    "a point's day": ("outreach_4_chart1x", 1, 0, 45293, "chart/1/1/x/1", 45293.0),
    "a cell of the grid": ("outreach_2_grid1", 1, 1, "4", "grid/1/1", "4"),
    "a value on the map": ("outreach_3_map1", 0, 2, "13", "map/110108/value", "13"),
    "a sentence": ("outreach_5_text1", 1, 0, "Mine", "text/2", "Mine"),
}


@pytest.fixture(scope="module")
def whole() -> bytes:
    return workbook.write(WHOLE)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_one_edited_cell_is_one_difference(whole, edit):
    name, row, column, value, path, expected = edit
    book = opened(whole)
    cell = places(book, name)[1][row][column]
    cell.value = value
    read = workbook.read(saved(book))
    found = {(key, *each) for key, facts in read.manifest["exported"].items() for each in differences(facts, read.slides[key]).items()}
    ((_, where, (old, new)),) = found
    assert (where, new) == (path, expected)
    assert old != new


@pytest.mark.parametrize(
    ("name", "row", "column", "path"),
    [
        pytest.param("outreach_2_grid1", 1, 1, "grid/1/1/fill", id="grid"),
        pytest.param("outreach_3_map2", 1, 2, "map/2/110115/fill", id="second map"),
        pytest.param("outreach_3_legend1", 0, 2, "map/legend/1/fill", id="legend"),
    ],
)
def test_one_other_fill_is_one_difference(whole, name, row, column, path):
    book = opened(whole)
    places(book, name)[1][row][column].fill = PatternFill("solid", fgColor="FF00AA11")
    read = workbook.read(saved(book))
    changes = [each for key, facts in read.manifest["exported"].items() for each in differences(facts, read.slides[key]).items()]
    assert [(where, new) for where, (_, new) in changes] == [(path, "#00AA11")]


def test_saved_again_without_an_edit_nothing_differs(whole):
    read = workbook.read(saved(opened(whole)))
    assert read.slides == read.manifest["exported"]


def test_rows_added_to_a_table_are_seen():
    book = written(deck_of(slide("k")))
    sheet, block = places(book, "outreach_1_table")
    below = block[-1][0].row + 1
    sheet.cell(below, 1).value = "Mine"
    next(iter(sheet.tables.values())).ref = f"A{block[0][0].row}:C{below}"
    read = workbook.read(saved(book))
    assert differences(read.manifest["exported"]["k"], read.slides["k"]) == {"table/4/1": (None, "Mine")}


def test_a_sheet_of_somebody_elses_is_counted_and_one_that_was_removed_is_missing(whole):
    book = opened(whole)
    book.create_sheet("Mine")
    book.create_sheet("Hidden").sheet_state = "hidden"
    book.remove(book["3 Where"])
    read = workbook.read(saved(book))
    assert (list(read.slides), read.others) == (["bars", "grid-1", "Lines", "text"], 1)


def test_a_workbook_of_somebody_elses_has_no_record():
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    assert workbook.read(saved(book)) == workbook.Read(None, {}, 1)


def test_a_damaged_record_is_none(whole):
    book = opened(whole)
    places(book, "outreach_record")[1][0][0].value = "{"
    assert workbook.read(saved(book)).manifest is None


def test_what_is_no_workbook_is_refused_with_a_remedy():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "text")
    for content in (b"", b"text", b"PK\x03\x04broken", archive.getvalue()):
        with pytest.raises(OutreachError, match=r"Choose an XLSX file, or save it as XLSX again\.$"):
            workbook.read(content)
