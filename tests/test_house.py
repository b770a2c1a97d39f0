"""The house holds: imports point one way, pages stay tables of contents, colours can be told apart, the CLI says what it must."""

import ast
import itertools
import json
import math
from pathlib import Path

import plotly.graph_objects as go
import pytest

from analytics import figures, maps, measures, places, theme
from analytics.exhibit import Context
from analytics.measures import Grouping, own
from analytics.selection import Selection
from analytics.text import Words
from tests.command import command

ROOT = Path(__file__).parent.parent


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", files("analytics"), ids=lambda path: path.stem)
def test_analytics_knows_neither_streamlit_nor_the_pages(path):
    assert imports(path) & {"streamlit", "ui", "pages", "dashboard"} == set()


@pytest.mark.parametrize("path", files("ui"), ids=lambda path: path.stem)
def test_the_pieces_of_pages_do_not_know_the_pages(path):
    assert imports(path) & {"pages", "dashboard"} == set()


@pytest.mark.parametrize("path", files("pages"), ids=lambda path: path.stem)
def test_a_page_reads_like_a_table_of_contents(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert imports(path) <= {"streamlit", "analytics", "ui"}
    assert not [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda))]
    assert len(path.read_text("utf-8").splitlines()) <= 60


def test_the_chart_component_stays_small():
    assert len((ROOT / "ui/plot.js").read_text("utf-8").splitlines()) <= 200


# ------------------------------------------------------------------ every figure, light and dark, both languages


def exhibits(store, selection: Selection, words: Words):
    context = Context(store, selection, words, "", measures.left_out(store, selection))
    ways = [
        Grouping(),
        own("district"),
        own("audience"),
        Grouping(("month",)),
        own("audience", "district"),
        own("campaign", "month"),
        Grouping(("day",)),
        own("district", "audience"),
    ]
    total, district, audience, month, small, campaigns, days, matrix = measures.measure(store, selection, ways).values()
    events = int(total["events"].iloc[0])
    table = maps.district_table(district, context)
    yield from (
        maps.district_map(table, context, measure, scheme) for measure in maps.MEASURES for scheme in ("quantile", "natural", "equal")
    )
    yield maps.district_map(table, context, "events", "own", own=(1, 5, 10))
    yield maps.district_map(table, context, "events", circles=True)
    yield maps.multiples(small, "audience", context)
    yield figures.bars(audience, "audience", context, events)
    yield figures.bars(audience, "audience", context, events, measure="participants")
    yield figures.bars(audience, "audience", context, events, share=True)
    yield figures.over_time(month, "month", context)
    yield figures.calendar_map(days, context)
    yield figures.campaigns(campaigns, context)
    yield figures.to_date(days, context, store.latest)
    yield figures.matrix(matrix, "district", "audience", context, "matrix", share=True)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "selection",
    [Selection(), Selection(district=("110108", "unplaced")), Selection(district=("110111",), audience=("students",))],
    ids=["all", "two districts", "nothing found"],
)
def test_every_figure_is_one_that_plotly_takes_and_says_its_main_finding(bundled, language, selection):
    for exhibit in exhibits(bundled, selection, Words(language)):
        for palette in (theme.LIGHT, theme.DARK):
            figure = theme.resolve(exhibit.figure, palette | {"@shapes": places.shapes()})
            go.Figure(figure)
            assert '"@' not in json.dumps({name: value for name, value in figure.items() if name != "shapes"})
        assert exhibit.title
        assert exhibit.alt.endswith((".", "。"))
        assert len(exhibit.table.columns) == len(set(exhibit.table.columns))


def test_what_a_bar_shows_is_what_its_link_lists(bundled):
    words = Words("en")
    context = Context(bundled, Selection(district=("110105",)), words, "")
    (table,) = measures.measure(bundled, context.selection, [own("audience")]).values()
    trace = figures.bars(table, "audience", context, 22).figure["data"][0]
    from urllib.parse import parse_qs, urlsplit

    from analytics.selection import read_selection

    for shown, href in zip(trace["x"], trace["customdata"], strict=True):
        if href:
            selection, unknown = read_selection(parse_qs(urlsplit(href).query), bundled, strict=True)
            assert (len(measures.event_rows(bundled, selection)), unknown) == (shown, [])


# ------------------------------------------------------------------ colours


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# Machado, Oliveira and Fernandes (2009), severity 1.0, in linear RGB.
VISION = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def lab(colour: str, vision: str) -> tuple[float, float, float]:
    """CIELAB (D65) of a colour as seen with one kind of vision."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    red, green, blue = (
        min(1.0, max(0.0, sum(weight * value for weight, value in zip(row, linear, strict=True)))) for row in VISION[vision]
    )
    x, y, z = (
        0.4124 * red + 0.3576 * green + 0.1805 * blue,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        0.0193 * red + 0.1192 * green + 0.9505 * blue,
    )
    root = [value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x / 0.9505, y, z / 1.089)]
    return 116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_categories_differ_for_every_kind_of_colour_vision(palette, vision):
    colours = [lab(palette[role], vision) for role in theme.CATEGORIES]
    assert min(math.dist(one, other) for one, other in itertools.combinations(colours, 2)) > 20


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("count", range(2, 8))
def test_classes_run_one_way_from_pale_to_strong_and_differ_in_print(palette, count):
    steps = [lab(palette[role], "full")[0] for role in theme.class_colours(count)]
    assert steps in (sorted(steps), sorted(steps, reverse=True))
    assert min(abs(a - b) for a, b in itertools.pairwise(steps)) > 5


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_text_can_be_read_on_paper_and_on_every_class(palette):
    assert contrast(palette["@text"], palette["@paper"]) > 7
    assert contrast(palette["@text"], palette["@none"]) > 4.5
    for shade, on in theme.ON.items():
        assert contrast(palette[shade], palette[on]) > 4.5, shade


# ------------------------------------------------------------------ the command line


def test_summary_prints_keys_and_measures_with_absent_districts():
    answer = command("summary", "--by", "district", "--audience", "students", "--format", "csv")
    lines = answer.stdout.splitlines()
    assert lines[0] == "district,events,activities,participants,participants_events,participants_qualifier"
    assert [line.split(",")[0] for line in lines[1:]] == [*places.adcodes(), "unplaced"]
    assert lines[3] == "110105,8,6,210,2,at least"
    assert lines[8] == "110111,0,0,,0,"


def test_summary_as_json_has_nothing_where_nothing_is_stated():
    (row,) = json.loads(command("summary", "--district", "110119", "--format", "json").stdout)
    assert row == {"events": 1, "activities": 1, "participants": None, "participants_events": 0, "participants_qualifier": ""}


def test_summary_speaks_chinese():
    assert "延庆区" in command("summary", "--by", "district", "--language", "zh").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["summary", "--audience", "studnts"], "error: --audience studnts: this is not known. Did you mean 'students'?\n", id="a term"
        ),
        pytest.param(["summary", "--from", "2023"], "error: --from 2023: this is no day. Write it as 2024-03-31.\n", id="a day"),
        pytest.param(
            ["summary", "--from", "2024-01-01", "--to", "2023-01-01"],
            "error: --from 2024-01-01 lies after --to 2023-01-01. Exchange the two dates.\n",
            id="a span",
        ),
        pytest.param(["check", "nowhere.csv"], "error: nowhere.csv: there is no such file. Correct the path.\n", id="a file"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_remedy(arguments, message):
    answer = command(*arguments)
    assert (answer.returncode, answer.stderr) == (2, message)


def test_check_prints_every_fault_and_fails(tmp_path):
    text = (ROOT / "data/events.csv").read_text("utf-8").replace(",held,", ",hold,", 2).replace("110101,stated", "110199,stated", 1)
    path = tmp_path / "mine.csv"
    path.write_text(text, "utf-8")
    answer = command("check", str(path))
    assert answer.returncode == 1
    assert answer.stdout.splitlines() == [
        f"{path}: 3 faults, nothing was taken over.",
        "  row 2, column status, value 'hold': the term is not known. Did you mean held?",
        "  row 3, column status, value 'hold': the term is not known. Did you mean held?",
        "  row 4, column district, value '110199': the district code is not known. Use one of the 16 codes in data/districts.csv, such as 110108",
        "Mend the cells named above and load the file again.",
    ]
