"""Tampering: what was touched in a file, or in the data behind it, is reported exactly, and nothing else."""

import io
import json
from pathlib import Path

import openpyxl
import pytest
from pptx import Presentation
from pptx.dml.color import RGBColor

from analytics import verify
from analytics.briefing import Briefing, Item
from analytics.errors import OutreachError
from analytics.exhibit import recipe
from analytics.export import files
from analytics.text import Words
from tests.command import command
from tests.rows import events, store_of

ROOT = Path(__file__).parent.parent
ROWS = [
    {"district": "110105", "date_start": "2023-03-01", "audiences": "students", "participants": "40"},
    {"district": "110105", "date_start": "2023-04-01", "audiences": "media"},
    {"district": "110108", "date_start": "2023-05-01", "audiences": "students", "participants": "25"},
    {"district": "110108", "date_start": "2024-05-01", "audiences": "parents"},
    {"date_start": "2024-06-01", "audiences": "students"},
]
QUERY = "from=2023-01-01&to=2024-12-31"
ITEMS = (
    Item("bars", recipe("bars", by="audience"), QUERY, findings=(("main", ""),)),
    Item("map", recipe("map", measure="events"), QUERY, note="For the director"),
    Item("grid", recipe("matrix", rows="district", columns="audience"), QUERY, title="Who, where"),
    Item("table", recipe("figures"), QUERY),
)
MADE = Briefing("b", "Review", ITEMS)


@pytest.fixture(scope="module")
def store():
    return store_of(events(*ROWS))


@pytest.fixture(scope="module")
def made(store) -> dict[str, bytes]:
    return {kind: files.make(MADE, store, kind).content for kind in ("pptx", "xlsx", "html")}


def found(content: bytes, store) -> list[tuple]:
    report = verify.verify(content, "file", store)
    return [(each.key, each.kind, each.where, each.old, each.new) for each in report.differences]


def saved(presentation) -> bytes:
    file = io.BytesIO()
    presentation.save(file)
    return file.getvalue()


def shapes(presentation):
    """Every shape of every slide, those in groups too, with the slide's number."""

    def inside(group):
        for shape in group:
            yield shape
            if shape.shape_type == 6:
                yield from inside(shape.shapes)

    for number, slide in enumerate(presentation.slides):
        for shape in inside(slide.shapes):
            yield number, shape


@pytest.mark.parametrize("kind", ["pptx", "xlsx", "html"])
def test_an_untouched_file_is_the_same(made, store, kind):
    report = verify.verify(made[kind], f"review.{kind}", store)
    assert report.same
    assert [slide.key for slide in report.slides] == [item.key for item in ITEMS]
    assert verify.summary(report, Words("en")) == "4 slides checked: everything is as exported and still holds."


def test_a_recoloured_district_is_reported_exactly(made, store):
    deck = Presentation(io.BytesIO(made["pptx"]))
    shape = next(shape for _, shape in shapes(deck) if shape.name == "Haidian")
    shape.fill.solid()
    shape.fill.fore_color.rgb = RGBColor(0xFF, 0, 0)
    ((key, kind, where, _, new),) = found(saved(deck), store)
    assert (key, kind, where, new) == ("map", "edited", "map/110108/fill", "#FF0000")
    report = verify.verify(saved(deck), "review.pptx", store)
    assert "Slide 2, Events by district: edited by hand, map, Haidian, colour: “#" in "\n".join(verify.lines(report, Words("en")))
    assert "海淀区" in "\n".join(verify.lines(report, Words("zh")))


def test_a_recoloured_bar_is_reported_exactly(made, store):
    deck = Presentation(io.BytesIO(made["pptx"]))
    chart = next(shape.chart for _, shape in shapes(deck) if shape.has_chart)
    point = chart.plots[0].series[0].points[2]
    point.format.fill.solid()
    point.format.fill.fore_color.rgb = RGBColor(0, 0x80, 0)
    ((key, kind, where, old, new),) = found(saved(deck), store)
    assert (key, kind, old, new) == ("bars", "edited", "#1F6FB2", "#008000")
    assert where.endswith("colour")


def test_an_edited_title_and_an_edited_cell_are_reported_exactly(made, store):
    deck = Presentation(io.BytesIO(made["pptx"]))
    title = next(shape for _, shape in shapes(deck) if shape.has_text_frame and shape.text_frame.text == "Who, where")
    title.text_frame.paragraphs[0].runs[0].text = "Who and where"
    table = [shape.table for _, shape in shapes(deck) if shape.has_table][-1]
    table.cell(1, 1).text_frame.paragraphs[0].runs[0].text = "50"
    told = found(saved(deck), store)
    assert [(key, kind, old, new) for key, kind, _, old, new in told] == [
        ("grid", "edited", "Who, where", "Who and where"),
        ("table", "edited", "5", "50"),
    ]


def test_a_removed_slide_and_one_that_is_not_ours_are_told(made, store):
    deck = Presentation(io.BytesIO(made["pptx"]))
    deck.slides.add_slide(deck.slide_layouts[0])
    ids = deck.slides._sldIdLst
    deck.part.drop_rel(ids[2].rId)
    ids.remove(ids[2])
    report = verify.verify(saved(deck), "review.pptx", store)
    assert [(each.key, each.kind) for each in report.differences] == [("map", "removed")]
    assert report.others == 1


def test_one_changed_cell_of_the_workbook_is_reported_exactly(made, store):
    book = openpyxl.load_workbook(io.BytesIO(made["xlsx"]))
    sheet = next(sheet for sheet in book.worksheets if any(cell.value == "Students" for row in sheet.iter_rows() for cell in row))
    cell = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "Students")
    neighbour = sheet.cell(cell.row, cell.column + 1)
    assert neighbour.value == 3
    neighbour.value = 30
    file = io.BytesIO()
    book.save(file)
    told = found(file.getvalue(), store)
    assert len(told) == 1
    assert (told[0][1], told[0][3], told[0][4]) == ("edited", 3, 30)


def test_one_deleted_event_is_reported_with_its_id(made):
    report = verify.verify(made["pptx"], "review.pptx", store_of(events(*ROWS[:1], *ROWS[2:], ids=("e1", "e3", "e4", "e5"))))
    assert {each.kind for each in report.differences} == {"changed"}
    bars = [
        (each.where, each.old, each.new)
        for each in report.of("bars")
        if each.where.startswith("chart") and not each.where.endswith(("colour", "label"))
    ]
    assert [(old, new) for _, old, new in bars] == [(1.0, 0.0)]
    assert [slide.went for slide in report.slides] == [("e2",)] * 4
    assert "Slide 1, Events by audience: because of events no longer counted: e2." in verify.lines(report, Words("en"))


def test_one_corrected_number_is_reported_where_it_shows_and_nowhere_else(made):
    corrected = [ROWS[0] | {"participants": "400"}, *ROWS[1:]]
    report = verify.verify(made["pptx"], "review.pptx", store_of(events(*corrected)))
    assert {each.key for each in report.differences} == {"table"}
    assert [(each.kind, each.old, each.new) for each in report.differences] == [("changed", "65", "425")]
    assert all(slide.revised == ("e1",) for slide in report.slides)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Only slides"),
        (b"PK\x03\x04broken", "damaged"),
        (b"<html><body>hello</body></html>", "not made here"),
        (b"%PDF-1.7", "Only slides"),
    ],
    ids=["empty", "damaged", "another page", "another kind"],
)
def test_what_was_not_made_here_is_refused_with_its_remedy(store, content, message):
    with pytest.raises(OutreachError, match=message):
        verify.verify(content, "file", store)


def test_a_presentation_of_somebody_else_is_refused(store):
    with pytest.raises(OutreachError, match="not made here"):
        verify.verify(saved(Presentation()), "other.pptx", store)


# ------------------------------------------------------------------ the command line


@pytest.mark.parametrize("kind", ["pptx", "xlsx", "html"])
def test_a_briefing_made_by_the_command_line_says_what_summary_says_and_can_be_verified(tmp_path, kind):
    path = tmp_path / f"march.{kind}"
    span = ("--from", "2023-01-01", "--to", "2023-12-31")
    answer = command("briefing", "--outline", "monthly", *span, "--language", "zh", "--output", str(path))
    assert (answer.returncode, answer.stderr) == (0, "")
    verified = command("verify", str(path))
    assert (verified.returncode, verified.stdout.splitlines()[0]) == (0, "7 slides checked: everything is as exported and still holds.")
    facts = files.READERS[kind](path.read_bytes()).slides
    summary = json.loads(command("summary", "--by", "audience", *span, "--format", "json").stdout)
    slide = next(each for each in facts.values() if "按对象" in str(each["title"]) and "区" not in str(each["title"]))
    numbers = [value for name, value in slide.items() if isinstance(value, float) and not name.endswith("colour")]
    for row in summary:
        assert row["events"] in numbers


def test_verify_ends_with_one_where_something_differs_and_two_where_it_is_not_ours(tmp_path, made):
    path = tmp_path / "other.pptx"
    path.write_bytes(made["pptx"])
    assert command("verify", str(path)).returncode == 1
    path.write_bytes(saved(Presentation()))
    answer = command("verify", str(path))
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "not made here" in answer.stderr
    assert command("verify", str(tmp_path / "nowhere.pptx")).returncode == 2
