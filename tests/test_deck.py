"""A briefing as PPTX, opened again: every number native, every district a shape, nothing off the slide, every edit found."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
import shapely
from lxml import etree
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.util import Emu

from analytics import maps, places
from analytics.errors import OutreachError
from analytics.export.deck import own_template, read, write
from analytics.export.parts import Cell, Chart, Deck, District, Grid, Map, Read, Series, Slide, Source, Table, Text
from analytics.export.slides import drawing
from analytics.export.slides.drawing import LAYOUTS, Box
from analytics.export.slides.mapping import Placing, placing, rings

BLUE, ORANGE, GREY, WHITE = "#1f6fb2", "#b3420a", "#e9e6e1", "#ffffff"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
LABELS = {
    "sources": "Sources and definitions", "definitions": "Definitions", "reports": "Reports", "page": "Page", "contents": "Contents",
    "filters": "Filters", "note": "Note", "findings": "Findings", "data": "Data", "north": "N", "more": "and {n} more", "scale": "Scale",
}  # fmt: skip
NAMES = ("Enterprises", "Communities", "Students")
BAR = Chart("bar", NAMES, (Series("Events", (34, None, 7), BLUE, colours=(BLUE, BLUE, ORANGE), labels=("34 (40 %)", "", "≥ 7")),))
COLUMN = Chart(
    "column", ("2023-01", "2023-02"), (Series("Events", (3, 5), BLUE), Series("Visits", (1, 0), ORANGE)), y_title="Number", legend=True
)
STACKED = Chart("stacked column", ("2023", "2024"), (Series("a", (3, 5), BLUE), Series("b", (1, 2.5), ORANGE)), "#,##0.##", legend=True)
RANGE = Chart("stacked bar", NAMES, (Series("Below", (1, 2, 3), WHITE, invisible=True), Series("Range", (4, 5, 6), BLUE)), legend=True)
SPANS = Chart("stacked bar", ("Express",), (Series("Begins", (41000,), WHITE, invisible=True), Series("Days", (900,), BLUE)), "yyyy", "value", low=41000, high=41900)  # fmt: skip
LINES = Chart("xy", (), (Series("2024", (0, 5, None, 9), BLUE, x=(36526, 36600, 36700, 36800)), Series("2023", (0, 3), ORANGE, x=(36526, 36890), dashed=True)), "mmm", "x", legend=True)  # fmt: skip
TABLE = Table(("District", "Events", "Share", "Year"), (("Haidian", 1234, 0.5, 2024), ("Yanqing", 0, None, 2023)))
GRID = Grid(
    ("Students", "Enterprises"), (("Haidian", (Cell("3", BLUE, WHITE), Cell("", GREY))), ("Yanqing", (Cell("1", ORANGE, WHITE), Cell("2"))))
)
SOURCE = Source("Lecture at a school", "Beijing Daily", "1 March 2024", "https://example.cn/1?a=1&b=2")


def beijing(language: str = "en", **changes: object) -> Map:
    """The districts with a value each; Haidian is chosen, Dongcheng has no report."""
    districts = tuple(
        District(code, places.district_name(code, language), str(number) if number else "–", BLUE if number else GREY, WHITE if number else "#23313f", code == "110108")
        for number, code in enumerate(places.adcodes())
    )  # fmt: skip
    whole = Map(districts, "Events per 100,000 residents", (("1 – 15", BLUE), ("no report found", GREY)), "Boundaries: Tianditu, EPSG:4490")
    return replace(whole, **changes)


def item(key: str, *parts: object, **changes: object) -> Slide:
    whole = Slide(
        key, ("Events by audience",), ("Students · 2023–2024",), parts, TABLE, findings=("Most for enterprises, 34.", "None for communities."),
        note="Ask Pinggu first.\nThen Yanqing.", footnotes=("30 events name no district.",), definitions=(("Event", "one happening at one place"),),
        sources=(SOURCE,),
    )  # fmt: skip
    return replace(whole, **changes)


def briefing(*slides: Slide, **changes: object) -> Deck:
    about = (("Data version", "abc"), ("Made", "2025-01-02"))
    return replace(Deck("Monthly review", slides, LABELS, about, {"format": 1, "time": "2025-01-02T11:04:05+08:00"}), **changes)


EVERYTHING = briefing(
    item("map", beijing()),
    item("charts", BAR, COLUMN, note=""),
    item("ranges", RANGE, SPANS, findings=()),
    item("lines", LINES, STACKED, titles=("To date", "累计"), footnotes=()),
    item("tables", GRID, TABLE),
    item("texts", Text(("One sentence.", "另一句。")), sentences=()),
    item("small", *(beijing(title=name, inset=False) for name in NAMES), note=""),
)


@pytest.fixture(scope="module")
def whole() -> bytes:
    return write(EVERYTHING)


def opened(content: bytes):
    return Presentation(io.BytesIO(content))


def saved(presentation) -> bytes:
    file = io.BytesIO()
    presentation.save(file)
    return file.getvalue()


def item_slide(presentation, key: str):
    return next(slide for slide in presentation.slides if slide._element.cSld.get("name") == f"outreach:item:{key}")


def named(slide, name: str):
    """The shape of that name, inside groups too."""
    return next(shape for shape in walked(slide.shapes) if shape.name == name)


def walked(shapes):
    for shape in shapes:
        yield shape
        if shape.shape_type == 6:
            yield from walked(shape.shapes)


def xml_parts(content: bytes, start: str) -> dict[str, etree._Element]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: etree.fromstring(packed.read(name)) for name in packed.namelist() if name.startswith(start) and name.endswith(".xml")}


def notes(slide) -> list[str]:
    return slide.notes_slide.notes_text_frame.text.split("\n")


def said(slide) -> str:
    return " | ".join(shape.text_frame.text for shape in walked(slide.shapes) if shape.has_text_frame and shape.text_frame.text.strip())


# ------------------------------------------------------------------ slides and their texts


@pytest.mark.parametrize(("size", "inches"), [("16:9", (13.333, 7.5)), ("A4", (11.693, 8.268))])
def test_slides_have_the_size_asked_for(size, inches):
    presentation = opened(write(briefing(item("a", BAR), size=size)))
    assert (round(presentation.slide_width / 914_400, 3), round(presentation.slide_height / 914_400, 3)) == inches


def test_a_title_slide_comes_first_and_the_sources_come_last(whole):
    slides = opened(whole).slides
    assert [slide._element.cSld.get("name") for slide in slides] == [
        "outreach:title", *(f"outreach:item:{slide.key}" for slide in EVERYTHING.slides), "outreach:sources-1",
    ]  # fmt: skip
    assert said(slides[0]) == "Monthly review | Data version: abc\nMade: 2025-01-02 | ‹#›"
    assert said(slides[len(slides) - 1]) == (
        "Sources and definitions | ‹#› | Definitions\nEvent: one happening at one place\nReports\n"
        "Lecture at a school. Beijing Daily. 1 March 2024 https://example.cn/1?a=1&b=2"
    )


def test_every_slide_has_a_number_that_counts_itself(whole):
    assert all(
        root.xpath("count(//*[local-name()='fld'][@type='slidenum'])") == 1 for root in xml_parts(whole, "ppt/slides/slide").values()
    )


def test_many_reports_go_on_over_several_slides_each_once():
    many = tuple(Source(f"Report {number}", "Daily", "", f"https://example.cn/{number}") for number in range(70))
    slides = list(opened(write(briefing(item("a", BAR, sources=many), item("b", BAR, sources=many)))).slides)[3:]
    assert len(slides) > 1
    titles = [slide.shapes.title.text for slide in slides]
    assert titles == [f"Sources and definitions ({number}/{len(slides)})" for number in range(1, len(slides) + 1)]
    listed = re.findall(r"Report \d+\b", " ".join(map(said, slides)))
    assert listed == [source.title for source in many]


def test_only_web_addresses_become_links():
    texts = ("https://a.cn/x y?q=中<", "javascript:alert(1)", "file:///etc/passwd", "http://[bad", "")
    content = write(briefing(item("a", BAR, sources=tuple(Source(f"r{n}", "", "", url) for n, url in enumerate(texts)))))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        rows = "".join(packed.read(name).decode() for name in packed.namelist() if name.startswith("ppt/slides/_rels"))
    assert re.findall(r'Target="([^"]+)" TargetMode="External"', rows) == ["https://a.cn/x%20y?q=%E4%B8%AD%3C"]


def test_an_item_says_title_filters_findings_note_and_footnotes(whole):
    slide = item_slide(opened(whole), "map")
    assert slide.shapes.title.text == "Events by audience"
    assert named(slide, "Filters").text_frame.text == "Students · 2023–2024"
    assert named(slide, "findings").text_frame.text == "Most for enterprises, 34.\nNone for communities."
    assert len(list(named(slide, "findings")._element.iter(f"{A}buChar"))) == 2
    assert named(slide, "note").text_frame.text == "Ask Pinggu first.\nThen Yanqing."
    assert named(slide, "Footnotes").text_frame.text == "30 events name no district."
    assert [paragraph.text for paragraph in item_slide(opened(whole), "lines").shapes.title.text_frame.paragraphs] == ["To date", "累计"]


def test_notes_hold_filters_definitions_footnotes_and_sources(whole):
    assert notes(item_slide(opened(whole), "charts")) == [
        "Students · 2023–2024",
        "Event: one happening at one place",
        "30 events name no district.",
        "Lecture at a school. Beijing Daily. 1 March 2024. https://example.cn/1?a=1&b=2",
    ]


def test_every_run_names_a_chinese_typeface_and_its_language(whole):
    for folder in ("ppt/slides/slide", "ppt/notesSlides/", "ppt/charts/chart"):
        for name, root in xml_parts(whole, folder).items():
            runs = [run.find(f"{A}rPr") for run in root.iter(f"{A}r")] + list(root.iter(f"{A}defRPr"))
            assert [run.find(f"{A}ea").get("typeface") for run in runs] == ["Microsoft YaHei"] * len(runs), name
            assert {run.get("lang") for run in runs} <= {"en-GB", "zh-CN"}, name
    title = next(root for root in xml_parts(whole, "ppt/slides/slide").values() if "累计" in "".join(root.itertext()))
    assert [run.find(f"{A}rPr").get("lang") for run in title.iter(f"{A}r") if run.findtext(f"{A}t") == "累计"] == ["zh-CN"]


def test_nothing_is_a_picture(whole):
    with zipfile.ZipFile(io.BytesIO(whole)) as packed:
        assert [name for name in packed.namelist() if name.endswith((".png", ".jpeg", ".jpg", ".svg", ".emf", ".bin"))] == []
        assert all(b"<p:pic" not in packed.read(name) for name in packed.namelist())


# ------------------------------------------------------------------ where things stand


def box_of(shape) -> Box:
    return Box(shape.left, shape.top, shape.width, shape.height)


def overlap(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


LONG = "A name that goes on and on, " * 18
CROWDED = item(
    "crowded",
    BAR,
    beijing(),
    TABLE,
    titles=(LONG, "长" * 500),
    sentences=(LONG,),
    findings=(LONG,) * 6,
    note=LONG * 4,
    footnotes=(LONG,) * 8,
)


@pytest.mark.parametrize("size", ["16:9", "A4"])
@pytest.mark.parametrize("crowded", [False, True], ids=["as usual", "crowded"])
def test_everything_lies_on_its_slide_and_nothing_on_something_else(size, crowded):
    slides = (CROWDED, item("long", Text((LONG,) * 30)), item("grid", GRID, titles=(LONG,))) if crowded else EVERYTHING.slides
    presentation = opened(write(briefing(*slides, size=size)))
    edge = Box(0, 0, presentation.slide_width, presentation.slide_height)
    for slide in presentation.slides:
        for shape in walked(slide.shapes):
            box = box_of(shape)
            assert box.left >= 0, shape.name
            assert box.top >= 0, shape.name
            assert box.right <= edge.right, shape.name
            assert box.bottom <= edge.bottom, shape.name
        boxes = {
            shape.name: box_of(shape)
            for shape in slide.shapes
            if not shape.name.endswith(" labels") and not shape.name.startswith("outreach:")
        }
        assert len(boxes) == len([shape for shape in slide.shapes if not shape.name.endswith(" labels")]) - 1
        touching = [(one, other) for one in boxes for other in boxes if one < other and overlap(boxes[one], boxes[other])]
        assert touching == []
        for group in (shape for shape in slide.shapes if shape.name.endswith(" labels")):
            labels = [box_of(shape) for shape in group.shapes if shape.name.startswith("label")]
            assert not [1 for number, one in enumerate(labels) for other in labels[number + 1 :] if overlap(one, other)]


def test_text_that_does_not_fit_is_smaller_then_cut_and_whole_in_the_notes():
    slide = item_slide(opened(write(briefing(item("a", BAR, findings=(LONG * 8,))))), "a")
    shown = named(slide, "findings").text_frame
    assert shown.text.endswith("…")
    assert shown.paragraphs[0].runs[0].font.size.pt == 8
    assert (LONG * 8).strip() in notes(slide)


def test_widths_count_chinese_as_twice_as_wide():
    assert drawing.broken_lines("一二三四五六七八九十", 5) == 2
    assert drawing.broken_lines("one two three", 5) == 2
    assert drawing.broken_lines("x" * 100, 5.5) == 10
    assert drawing.cut_to("一二三四五六七八九十", 1, 10, 5 * 10 * 12_700) == "一二三四…"


# ------------------------------------------------------------------ charts


def points(element) -> dict[int, str | float]:
    """Cached points by index, numbers as numbers."""
    found = {int(point.get("idx")): point.findtext(f"{C}v") for point in element.iter(f"{C}pt")}
    return {index: float(text) if element.tag.endswith("al") else text for index, text in found.items()}


def chart_of(content: bytes, key: str, number: int = 1):
    return named(item_slide(opened(content), key), f"chart {number}").chart


def test_a_bar_chart_keeps_values_gaps_names_colours_and_labels(whole):
    chart = chart_of(whole, "charts")
    series = chart._chartSpace.find(f".//{C}ser")
    assert list(chart.plots[0].categories) == list(NAMES)
    assert points(series.find(f"{C}val")) == {0: 34, 2: 7}
    assert points(series.find(f"{C}tx")) == {0: "Events"}
    assert [point.find(f".//{A}srgbClr").get("val") for point in series.findall(f"{C}dPt")] == ["1F6FB2", "1F6FB2", "B3420A"]
    own = {label.find(f"{C}idx").get("val"): label.findtext(f"{C}tx//{A}t") for label in series.iter(f"{C}dLbl")}
    assert own == {"0": "34 (40 %)", "2": "≥ 7"}


def test_bars_run_downwards_with_their_numbers_at_the_bottom(whole):
    space = chart_of(whole, "charts")._chartSpace
    assert space.find(f".//{C}catAx/{C}scaling/{C}orientation").get("val") == "maxMin"
    assert space.find(f".//{C}valAx/{C}crosses").get("val") == "max"
    assert space.find(f".//{C}gapWidth").get("val") == "40"
    assert space.find(f".//{C}legend") is None


def test_several_series_stand_side_by_side_under_a_legend(whole):
    chart = chart_of(whole, "charts", 2)
    assert [(series.name, list(series.values)) for series in chart.plots[0].series] == [("Events", [3, 5]), ("Visits", [1, 0])]
    assert [series.format.fill.fore_color.rgb for series in chart.plots[0].series] == [
        RGBColor(0x1F, 0x6F, 0xB2),
        RGBColor(0xB3, 0x42, 0x0A),
    ]
    assert chart._chartSpace.find(f".//{C}legendPos").get("val") == "b"
    assert chart.value_axis.axis_title.text_frame.text == "Number"
    assert [each.get("val") for each in chart._chartSpace.iter(f"{C}showVal")] == ["1", "1"]


def test_stacked_columns_carry_no_numbers(whole):
    space = chart_of(whole, "lines", 2)._chartSpace
    assert space.find(f".//{C}grouping").get("val") == "stacked"
    assert {each.get("val") for each in space.iter(f"{C}showVal")} == {"0"}
    assert space.find(f".//{C}valAx/{C}numFmt").get("formatCode") == "General"


def test_what_only_carries_other_bars_has_no_fill_and_no_entry_in_the_legend(whole):
    space = chart_of(whole, "ranges")._chartSpace
    first, second = space.iter(f"{C}ser")
    assert first.find(f"{C}spPr/{A}noFill") is not None
    assert second.find(f"{C}spPr/{A}solidFill/{A}srgbClr").get("val") == "1F6FB2"
    entries = space.findall(f".//{C}legendEntry")
    assert [(entry.find(f"{C}idx").get("val"), entry.find(f"{C}delete").get("val")) for entry in entries] == [("0", "1")]


def test_days_are_numbers_shown_as_dates(whole):
    axis = chart_of(whole, "ranges", 2)._chartSpace.find(f".//{C}valAx")
    assert axis.find(f"{C}numFmt").get("formatCode") == "yyyy"
    # 2 January 2012: a year of 365.25 days later it is 2013, and so on.
    assert float(axis.find(f"{C}scaling/{C}min").get("val")) == 40910
    assert float(axis.find(f"{C}majorUnit").get("val")) == 365.25


def test_lines_keep_both_coordinates_gaps_and_dashes(whole):
    space = chart_of(whole, "lines")._chartSpace
    first, second = space.iter(f"{C}ser")
    assert points(first.find(f"{C}yVal")) == {0: 0, 1: 5, 3: 9}
    assert points(second.find(f"{C}xVal")) == {0: 36526, 1: 36890}
    assert first.find(f".//{A}prstDash") is None
    assert second.find(f"{C}spPr/{A}ln/{A}prstDash").get("val") == "dash"
    assert space.findall(f".//{C}valAx")[0].find(f"{C}numFmt").get("formatCode") == "mmm"


def test_a_few_hundred_categories_are_cut_and_counted():
    chart = Chart("bar", tuple(f"Name {n}" for n in range(200)), (Series("Events", tuple(range(200)), BLUE, colours=(BLUE,) * 200),))
    table = Table(("Name", "n"), tuple((f"row {n}", n) for n in range(200)))
    content = write(briefing(item("a", chart, table)))
    slide = item_slide(opened(content), "a")
    assert len(chart_of(content, "a").plots[0].categories) == 30
    assert len(named(slide, "table 1").table.rows) == 19
    assert named(slide, "more: chart 1").text_frame.text == "and 170 more"
    assert named(slide, "more: table 1").text_frame.text == "and 182 more"
    assert notes(slide)[-2:] == ["chart 1: and 170 more", "table 1: and 182 more"]


def test_charts_without_anything_to_draw_become_a_dash():
    content = write(briefing(item("a", Chart("bar", (), (Series("Events", (), BLUE),)), Chart("xy", (), ()))))
    assert [shape.text_frame.text for shape in item_slide(opened(content), "a").shapes if shape.name.startswith("text")] == ["–", "–"]


# ------------------------------------------------------------------ names that break things

HOSTILE = {
    "quotes": "He said \"stop\" and 'go'",
    "markup": "<b>&amp; <&> ]]>",
    "an emoji": "🎓 students",
    "a formula": "=1+1",
    "a link formula": '=HYPERLINK("https://a.cn")',
    "an array formula": "{=1+1}",
    "signs": "+1 -1 @x",
    "a web address": "https://a.cn",
    "a slash": "2022/23",
    "Chinese": "外籍居民",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_any_name_is_carried_and_none_becomes_a_formula(name):
    chart = Chart("bar", (name, "b"), (Series(name, (1, 2), BLUE),))
    line = Chart("xy", (), (Series(name, (1, 2), BLUE, x=(1, 2)),))
    only = beijing(heading=name, inset=False)
    content = write(briefing(item(name, chart, line, Table((name,), ((name,),)), titles=(name,)), item("map", only), name=name))
    facts = read(content).slides[name]
    assert (facts["title"], facts["chart/1/categories/0"], facts["table/0/0"], facts["table/1/0"]) == (name,) * 4
    assert facts[f"chart/1/{name.replace('/', '∕')}/{name.replace('/', '∕')}"] == 1
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        books = [openpyxl.load_workbook(io.BytesIO(packed.read(each))) for each in packed.namelist() if each.endswith(".xlsx")]
    cells = [cell for book in books for row in book.active.rows for cell in row if cell.value is not None]
    assert len(books) == 2
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert sorted(cell.value for cell in cells if cell.data_type == "s") == sorted([name, name, "b", name])


def test_names_of_five_hundred_signs_and_control_signs_do_no_harm():
    name = "\x00\x0b\x1f\ufffe" + "名" * 500
    content = write(briefing(item("a", Chart("bar", (name,), (Series(name, (1,), BLUE),)), Grid((name,), ((name, (Cell(name),)),)), titles=(name,)), item("b", beijing(heading=name, source=name)), name=name))  # fmt: skip
    slide = item_slide(opened(content), "a")
    assert "名" * 500 in notes(slide)
    assert slide.shapes.title.text.strip("名") == "…"
    assert read(content).slides["a"]["chart/1/categories/0"].strip("名") == "…"


# ------------------------------------------------------------------ tables


def test_a_table_is_native_with_numbers_to_the_right(whole):
    table = named(item_slide(opened(whole), "tables"), "table 1").table
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["District", "Events", "Share", "Year"],
        ["Haidian", "1,234", "0.5", "2024"],
        ["Yanqing", "0", "–", "2023"],
    ]
    sides = [cell._tc.find(f".//{A}pPr").get("algn") for cell in table.rows[1].cells]
    assert sides == ["l", "r", "r", "r"]


def test_a_grid_is_a_table_of_filled_cells(whole):
    table = named(item_slide(opened(whole), "tables"), "grid 1").table
    fills = [[cell._tc.find(f"{A}tcPr/{A}solidFill/{A}srgbClr") for cell in row.cells] for row in table.rows]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["", "Students", "Enterprises"],
        ["Haidian", "3", ""],
        ["Yanqing", "1", "2"],
    ]
    assert [["" if fill is None else fill.get("val") for fill in row] for row in fills] == [
        ["", "", ""],
        ["", "1F6FB2", "E9E6E1"],
        ["", "B3420A", ""],
    ]


# ------------------------------------------------------------------ maps


def test_a_map_is_one_group_of_sixteen_named_shapes(whole):
    group = named(item_slide(opened(whole), "map"), "map 1")
    about = {shape.name: shape._element.nvSpPr.cNvPr for shape in group.shapes}
    assert sorted(about) == sorted(district.name for district in beijing().districts)
    assert {name: (each.get("title"), each.get("descr")) for name, each in about.items()} == {
        district.name: (district.code, f"{district.name}: {district.value}") for district in beijing().districts
    }
    assert {shape.name: str(shape.fill.fore_color.rgb) for shape in group.shapes} == {
        district.name: district.fill[1:].upper() for district in beijing().districts
    }
    assert all(shape._element.spPr.find(f"{A}custGeom") is not None for shape in group.shapes)


def test_the_chosen_district_has_a_thick_outline_on_top(whole):
    group = named(item_slide(opened(whole), "map"), "map 1")
    widths = {shape.name: shape.line.width.pt for shape in group.shapes}
    assert list(widths)[-1] == "Haidian"
    assert {name for name, width in widths.items() if width > 2} == {"Haidian"}


def test_holes_run_against_their_outer_ring_and_exclaves_are_rings_of_their_own():
    outer, hole = [(0, 0), (100, 0), (100, 100), (0, 100)], [(20, 20), (40, 20), (40, 40), (20, 40)]
    shape = shapely.MultiPolygon([shapely.Polygon(outer, [hole]), shapely.box(200, 0, 210, 10)])
    expected = [
        [(0, 100), (0, 0), (100, 0), (100, 100)],
        [(20, 80), (40, 80), (40, 60), (20, 60)],
        [(200, 100), (200, 90), (210, 90), (210, 100)],
    ]
    for turned in (shape, shapely.orient_polygons(shape, exterior_cw=True), shapely.orient_polygons(shape)):
        found = rings(turned, Placing(0, 100, 0, 0, 1))
        assert [set(ring) for ring in found] == [set(ring) for ring in expected]
        assert [turning(ring) > 0 for ring in found] == [True, False, True]


def turning(ring: list[tuple[int, int]]) -> float:
    """Twice the area; positive for a ring that runs clockwise as seen."""
    return sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in zip(ring, ring[1:] + ring[:1], strict=True))


def test_the_shapes_have_the_areas_of_the_districts_at_one_scale(whole):
    slide = item_slide(opened(whole), "map")
    metres = places.boundaries().to_crs(places.MEASURING).set_index("adcode").geometry
    box = box_of(named(slide, "map 1"))
    scale = placing(tuple(metres.total_bounds), box).scale
    for shape in named(slide, "map 1").shapes:
        area = sum(map(turning, drawn_rings(shape))) / 2
        code = shape._element.nvSpPr.cNvPr.get("title")
        assert area / scale**2 == pytest.approx(metres[code].area, rel=1e-3), shape.name
    kilometres = int(named(slide, "scale bar label").text_frame.text.removesuffix(" km"))
    assert named(slide, "scale bar").width == pytest.approx(kilometres * 1000 * scale, abs=1)


def drawn_rings(shape) -> list[list[tuple[int, int]]]:
    """The closed sub-paths of a freeform."""
    found: list[list[tuple[int, int]]] = []
    for step in shape._element.spPr.find(f"{A}custGeom/{A}pathLst/{A}path"):
        if step.tag == f"{A}moveTo":
            found.append([])
        found[-1] += [(int(point.get("x")), int(point.get("y"))) for point in step]
    return found


def test_small_districts_are_named_in_the_inset_only(whole):
    slide = item_slide(opened(whole), "map")
    outside = {shape._element.nvSpPr.cNvPr.get("title", "").split(" ")[0] for shape in named(slide, "map 1 labels").shapes}
    inset = named(slide, "inset")
    inside = {shape._element.nvSpPr.cNvPr.get("title") for shape in inset.shapes if shape.name.startswith("inset label: ")}
    assert outside & set(maps.SMALL) == set()
    assert inside >= {f"{code} inset label" for code in maps.SMALL}
    assert outside | {code.split(" ")[0] for code in inside} == set(places.adcodes()) | {""}
    frame = box_of(inset)
    assert all(
        frame.left <= shape.left and shape.left + shape.width <= frame.right for shape in inset.shapes if shape.name.startswith("inset: ")
    )


def test_the_map_has_legend_arrow_scale_and_source(whole):
    names = [shape.name for shape in walked(item_slide(opened(whole), "map").shapes)]
    for name in ("legend: heading", "legend: 1 – 15", "legend: no report found", "scale bar", "north arrow", "inset", "map source"):
        assert names.count(name) == 1, name


def test_small_maps_share_a_legend_and_a_scale(whole):
    slide = item_slide(opened(whole), "small")
    names = [shape.name for shape in slide.shapes]
    assert [name for name in names if re.fullmatch(r"map \d", name)] == ["map 1", "map 2", "map 3"]
    assert [name for name in names if name.startswith(("legend", "scale", "north"))] == ["north", "scale", "legend"]
    assert len({(named(slide, f"map {n}").width, named(slide, f"map {n}").height) for n in (1, 2, 3)}) == 1


# ------------------------------------------------------------------ what the file says about itself


def test_properties_say_what_the_file_is(whole):
    core = opened(whole).core_properties
    assert (core.title, core.subject, core.author) == ("Monthly review", "Students · 2023–2024", "Outreach dashboard")
    assert core.comments == "Data version: abc; Made: 2025-01-02"
    assert str(core.created) == "2025-01-02 03:04:05"
    (root,) = xml_parts(whole, "docProps/custom").values()
    pairs = {each.get("name"): "".join(each.itertext()) for each in root}
    packed = pairs.pop("OutreachManifest")
    assert pairs == {"Data version": "abc", "Made": "2025-01-02"}
    assert json.loads(zlib.decompress(base64.b64decode(packed)))["format"] == 1
    assert "".join(xml_parts(whole, "customXml/item1")["customXml/item1.xml"].itertext()) == packed


def cut_properties(presentation) -> None:
    """Shorten the property to the 255 signs that some programs keep."""
    part = next(part for part in presentation.part.package.iter_parts() if part.partname == "/docProps/custom.xml")
    part._blob = re.sub(rb'(name="OutreachManifest"><vt:lpwstr>.{255})[^<]*', rb"\1", part.blob)


def drop_custom_xml(presentation) -> None:
    """Do as LibreOffice does."""
    relations = presentation.part.rels
    relations.pop(next(name for name, relation in relations.items() if relation.reltype.endswith("/customXml")))


@pytest.mark.parametrize("lose", [cut_properties, drop_custom_xml])
def test_the_manifest_is_found_in_either_place(whole, lose):
    presentation = opened(whole)
    lose(presentation)
    content = saved(presentation)
    assert len(content) < len(whole)
    assert read(content) == read(whole)


def test_without_either_there_is_no_manifest(whole):
    presentation = opened(whole)
    cut_properties(presentation)
    drop_custom_xml(presentation)
    assert read(saved(presentation)).manifest is None


def test_a_presentation_of_somebody_else_has_no_manifest_and_no_items():
    presentation = Presentation()
    presentation.slides.add_slide(presentation.slide_layouts[5])
    assert read(saved(presentation)) == Read(None, {}, 1)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 no archive", b"%PDF-1.7", write.__doc__.encode()], ids=["empty", "broken", "pdf", "text"]
)
def test_what_is_no_presentation_is_refused_with_a_remedy(content):
    with pytest.raises(OutreachError, match=r"Save it as \.pptx and choose it again\.$"):
        read(content)


def test_another_office_file_is_refused_with_a_remedy():
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    with pytest.raises(OutreachError, match=r"Save it as \.pptx and choose it again\.$"):
        read(file.getvalue())


# ------------------------------------------------------------------ edits


def test_the_file_holds_the_facts_that_reading_gives(whole):
    found = read(whole)
    assert found.others == 0
    assert list(found.slides) == [slide.key for slide in EVERYTHING.slides]
    assert found.slides == found.manifest["exported"]


def test_facts_are_flat_and_named(whole):
    facts = read(whole).slides
    assert facts["charts"] == {
        "title": "Events by audience", "filters": "Students · 2023–2024", "footnotes": "30 events name no district.",
        "shape/findings heading": "Findings", "findings/1": "Most for enterprises, 34.", "findings/2": "None for communities.",
        "chart/1/categories/0": "Enterprises", "chart/1/categories/1": "Communities", "chart/1/categories/2": "Students",
        "chart/1/Events/Enterprises": 34.0, "chart/1/Events/Enterprises/colour": "#1F6FB2", "chart/1/Events/Enterprises/label": "34 (40 %)",
        "chart/1/Events/Students": 7.0, "chart/1/Events/Students/colour": "#B3420A", "chart/1/Events/Students/label": "≥ 7",
        "chart/2/categories/0": "2023-01", "chart/2/categories/1": "2023-02", "chart/2/title": "Number",
        "chart/2/Events/2023-01": 3.0, "chart/2/Events/2023-01/colour": "#1F6FB2", "chart/2/Events/2023-02": 5.0, "chart/2/Events/2023-02/colour": "#1F6FB2",
        "chart/2/Visits/2023-01": 1.0, "chart/2/Visits/2023-01/colour": "#B3420A", "chart/2/Visits/2023-02": 0.0, "chart/2/Visits/2023-02/colour": "#B3420A",
    }  # fmt: skip
    assert {name: value for name, value in facts["tables"].items() if name.startswith(("grid/1", "table/2"))} == {
        "grid/1/0": "Haidian", "grid/1/1": "3", "grid/1/1/fill": "#1F6FB2", "grid/1/2/fill": "#E9E6E1",
        "table/2/0": "Yanqing", "table/2/1": "0", "table/2/2": "–", "table/2/3": "2023",
    }  # fmt: skip
    assert {name: value for name, value in facts["map"].items() if "/110108/" in name} == {
        "map/110108/fill": "#1F6FB2", "map/110108/alt": "Haidian: 5", "map/110108/label": "Haidian 5",
        "map/110108/inset": "#1F6FB2", "map/110108/inset label": "Haidian 5",
    }  # fmt: skip
    assert facts["small"]["map 2/110108/alt"] == "Haidian: 5"
    assert {name: value for name, value in facts["texts"].items() if name.startswith("text")} == {
        "text/1": "One sentence.",
        "text/2": "另一句。",
    }
    assert (facts["lines"]["chart/1/2023/1"], facts["lines"]["chart/1/2023/1/x"]) == (3.0, 36890.0)


def paint(shape, colour: str) -> None:
    shape.fill.solid()
    shape.fill.fore_color.rgb = RGBColor.from_string(colour)


def change_value(presentation) -> None:
    series = named(item_slide(presentation, "charts"), "chart 2").chart._chartSpace.find(f".//{C}ser")
    series.findall(f"{C}val//{C}v")[1].text = "6"


def change_colour(presentation) -> None:
    paint(named(item_slide(presentation, "charts"), "chart 1").chart.plots[0].series[0].points[2].format, "00FF00")


def change_written(presentation) -> None:
    named(item_slide(presentation, "charts"), "chart 1").chart._chartSpace.find(f".//{C}dLbl//{A}t").text = "43"


def change_fill(presentation) -> None:
    paint(next(shape for shape in named(item_slide(presentation, "map"), "map 1").shapes if shape.name == "Pinggu"), "ff0000")


def change_label(presentation) -> None:
    named(item_slide(presentation, "map"), "label: Pinggu").text_frame.paragraphs[1].runs[0].text = "99"


def change_title(presentation) -> None:
    item_slide(presentation, "map").shapes.title.text = "Events   by\npurpose"


def change_cell(presentation) -> None:
    named(item_slide(presentation, "tables"), "table 1").table.cell(1, 1).text = "1,235"


def change_legend(presentation) -> None:
    named(item_slide(presentation, "map"), "legend label: 1 – 15").text_frame.text = "1 – 99"


def add_box(presentation) -> None:
    item_slide(presentation, "map").shapes.add_textbox(Emu(0), Emu(0), Emu(9), Emu(9)).text_frame.text = "Approved"


EDITS = {
    "a chart's value": (change_value, "charts", "chart/2/Events/2023-02", 5.0, 6.0),
    "a bar's colour": (change_colour, "charts", "chart/1/Events/Students/colour", "#B3420A", "#00FF00"),
    "a bar's label": (change_written, "charts", "chart/1/Events/Enterprises/label", "34 (40 %)", "43"),
    "a district's fill": (change_fill, "map", "map/110117/fill", "#1F6FB2", "#FF0000"),
    "a district's label": (change_label, "map", "map/110117/label", "Pinggu 13", "Pinggu 99"),
    "a title": (change_title, "map", "title", "Events by audience", "Events by purpose"),
    "a cell": (change_cell, "tables", "table/1/1", "1,234", "1,235"),
    "a legend": (change_legend, "map", "shape/legend label: 1 – 15", "1 – 15", "1 – 99"),
    "a text box more": (add_box, "map", "shape/TextBox", None, "Approved"),
}


def differences(before: dict, after: dict) -> list[tuple]:
    return [
        (key, name, before[key].get(name), after[key].get(name))
        for key in before
        for name in {**before[key], **after[key]}
        if before[key].get(name) != after[key].get(name)
    ]


@pytest.mark.parametrize(("edit", "key", "name", "before", "after"), EDITS.values(), ids=EDITS)
def test_one_edit_is_one_difference(whole, edit, key, name, before, after):
    presentation = opened(whole)
    edit(presentation)
    found = read(saved(presentation))
    ((where, what, old, new),) = differences(found.manifest["exported"], found.slides)
    assert (where, old, new) == (key, before, after)
    assert what.startswith(name)


def test_slides_of_others_are_counted_and_removed_ones_are_missing(whole):
    presentation = opened(whole)
    presentation.slides.add_slide(presentation.slide_layouts[0])
    entries = presentation.slides._sldIdLst
    presentation.part.drop_rel(entries[1].rId)
    entries.remove(entries[1])
    found = read(saved(presentation))
    assert (found.others, set(found.manifest["exported"]) - set(found.slides)) == (1, {"map"})


# ------------------------------------------------------------------ templates


def template(tmp_path: Path, change) -> Path:
    presentation = Presentation(io.BytesIO(own_template("A4")))
    change(presentation, {layout.name: layout for layout in presentation.slide_layouts})
    presentation.save(tmp_path / "own.pptx")
    return tmp_path / "own.pptx"


def wider(presentation, layouts) -> None:
    presentation.slide_width, presentation.slide_height = Emu(9_144_000), Emu(6_858_000)
    for layout in layouts.values():
        for spot in layout.placeholders:
            spot.left, spot.width = spot.left * 4 // 5, spot.width * 4 // 5
            spot.top, spot.height = spot.top * 4 // 5, spot.height * 4 // 5
    old = presentation.slides.add_slide(layouts["Outreach title"])
    old.shapes.title.text = "An old slide"
    old.notes_slide.notes_text_frame.text = "Old notes"


def test_a_template_gives_size_and_layouts_and_loses_its_slides(tmp_path, monkeypatch):
    path = template(tmp_path, wider)
    content = write(briefing(item("a", BAR)), path)
    presentation = opened(content)
    assert (presentation.slide_width, presentation.slide_height) == (9_144_000, 6_858_000)
    assert [slide.slide_layout.name for slide in presentation.slides] == list(LAYOUTS)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert len([name for name in packed.namelist() if name.startswith("ppt/slides/slide")]) == 3
        assert all(b"An old slide" not in packed.read(name) and b"Old notes" not in packed.read(name) for name in packed.namelist())
    right = max(shape.left + shape.width for slide in presentation.slides for shape in slide.shapes)
    assert right <= presentation.slide_width
    monkeypatch.setenv("OUTREACH_TEMPLATE", str(path))
    assert opened(write(briefing(item("a", BAR)))).slide_width == 9_144_000


def test_an_exported_briefing_can_be_the_next_template(tmp_path, whole):
    path = tmp_path / "exported.pptx"
    path.write_bytes(whole)
    found = read(write(briefing(item("a", BAR)), path))
    assert (list(found.slides), found.others, list(found.manifest["exported"])) == (["a"], 0, ["a"])


def spoiled(presentation, layouts) -> None:
    layouts["Outreach sources"]._element.cSld.set("name", "Something else")
    for spot in list(layouts["Outreach item"].placeholders):
        if spot.name in ("Filters", "Footnotes"):
            spot._element.getparent().remove(spot._element)


def test_everything_a_template_lacks_is_named_at_once(tmp_path):
    path = template(tmp_path, spoiled)
    with pytest.raises(OutreachError) as refused:
        write(briefing(item("a", BAR)), path)
    assert str(refused.value) == (
        f"{path}: the template lacks these layouts or placeholders: “Outreach item” → “Filters”, “Outreach item” → “Footnotes”, "
        "“Outreach sources”. Add them in the slide master view and save it again."
    )


@pytest.mark.parametrize("content", [None, b"no presentation"], ids=["missing", "broken"])
def test_a_template_that_cannot_be_read_is_refused_with_a_remedy(tmp_path, content):
    path = tmp_path / "own.pptx"
    if content:
        path.write_bytes(content)
    with pytest.raises(
        OutreachError, match=r"own\.pptx: cannot be read .* Save it as \.pptx, and correct OUTREACH_TEMPLATE or unset it\.$"
    ):
        write(briefing(item("a", BAR)), path)


# ------------------------------------------------------------------ through another program


def office(folder: Path, file: Path, kind: str) -> bytes:
    """The file converted by LibreOffice, which this test needs."""
    program = shutil.which("soffice")
    if program is None:
        pytest.fail("LibreOffice is not installed. Run: apt-get install libreoffice-impress")
    settings = f"-env:UserInstallation=file://{folder}/profile"
    asked = [program, settings, "--headless", "--convert-to", kind, "--outdir", str(folder / "out"), str(file)]
    subprocess.run(asked, check=True, capture_output=True, timeout=180, env=os.environ | {"HOME": str(folder)})
    return (folder / "out" / f"{file.stem}.{kind}").read_bytes()


def test_libreoffice_shows_every_slide_and_changes_no_fact(tmp_path, whole):
    file = tmp_path / "briefing.pptx"
    file.write_bytes(whole)
    before, after = read(whole), read(office(tmp_path, file, "pptx"))
    assert differences(before.slides, after.slides) == []
    assert (list(after.slides), after.others, after.manifest) == (list(before.slides), 0, before.manifest)
    pages = re.findall(rb"/Type\s*/Page\b", office(tmp_path, file, "pdf"))
    assert len(pages) == len(opened(whole).slides)
