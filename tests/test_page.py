"""A briefing as a page and as pictures: opened in a real Chromium without a network, printed, edited, read back."""

import io
import json
import os
import re
import select
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import lxml.html
import pytest
from lxml import etree
from playwright.sync_api import Browser, Page, expect

from analytics import places
from analytics.errors import OutreachError
from analytics.export import image, page
from analytics.export.parts import Deck, Slide, Source, Table, Text
from tests.test_workbook import deck_of, differences, slide

HOSTILE = "</script><script>window.hacked = 1</script> <!-- & \"quoted\" 'twice' \u2028 <img src=x onerror='window.hacked = 2'>"
BARS = {
    "data": [
        {
            "type": "bar", "orientation": "h", "name": "Events", "x": [12, 3.5, float("nan")], "y": ["Students", HOSTILE, "Media"], "text": ["12", "≥ 3", "–"],
            "customdata": ["./events?audience=students", "", ""], "marker": {"color": ["#0072b2", "#ee7733", "#0072b2"]},
        }
    ],
    "layout": {"font": {"color": "#23313f"}, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "yaxis": {"automargin": True, "autorange": "reversed"}, "annotations": [{"text": "Panel", "x": 0, "y": 1}]},
}  # fmt: skip
MAP = {
    "data": [
        {
            "type": "choropleth", "geo": geo, "geojson": "@shapes", "featureidkey": "id", "locations": ["110108", "110115"], "z": [0, 1],
            "colorscale": [[0, "#9acbf0"], [1, "#1c5f9e"]], "showscale": False,
        }
        for geo in ("geo", "geo2")
    ],
    "layout": {name: {"domain": {"x": span, "y": [0, 1]}, "projection": {"type": "mercator"}, "visible": False, "lonaxis": {"range": [115.36, 117.9]}, "lataxis": {"range": [39.36, 41.09]}} for name, span in (("geo", [0, 0.5]), ("geo2", [0.5, 1]))},
}  # fmt: skip
HEAT = {
    "data": [{"type": "heatmap", "x": ["A", "B"], "y": ["C", "D"], "z": [[1, 2], [3, 4]], "text": [["1", "2"], ["3", "4"]]}],
    "layout": {},
}
LONG = Table(("District", "Events"), tuple((f"District {number}", number * 1000) for number in range(1, 31)))


def drawn(key: str = "bars", title: str = "Events by audience", figure: dict = BARS, **more: object) -> Slide:
    """An item with a figure."""
    return replace(slide(key, title), figure=figure, height=320, **more)


WHOLE = deck_of(
    drawn(title=f"Events {HOSTILE}", note=HOSTILE, sources=(Source(HOSTILE, "Beijing Daily", "", "https://example.cn/?a=1&b=2"),)),
    drawn("map", "Where", MAP, findings=(), footnotes=()),
    slide("text", "Gaps", (Text(("No report for Yanqing.", "No report for Miyun.")),)),
    slide("table", "Visits", (LONG,)),
    about=(("Data version", "abc<123>"), ("Made", "2025-10-16")),
)
WHOLE = replace(WHOLE, slides=(*WHOLE.slides[:3], replace(WHOLE.slides[3], table=LONG)))


@pytest.fixture(scope="module")
def whole() -> bytes:
    return page.write(WHOLE)


def tree(content: bytes) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(content, parser=lxml.html.HTMLParser(encoding="utf-8", huge_tree=True))


def texts(content: bytes, path: str) -> list[str]:
    return [" ".join(node.text_content().split()) for node in tree(content).xpath(path)]


# ------------------------------------------------------------------ what stands in the page


def test_contents_then_a_section_per_item_then_sources_and_definitions(whole):
    assert tree(whole).xpath("//main/section/@id") == ["outreach-contents", "bars", "map", "text", "table", "outreach-sources"]
    assert tree(whole).xpath("//nav//a/@href | //ol[@class='items']//a/@href") == ["#bars", "#map", "#text", "#table"]
    assert texts(whole, "//section[@id='outreach-sources']//dt") == ["Event"]
    assert tree(whole).xpath("//ol[@class='reports']//a/@href") == ["https://example.cn/?a=1&b=2", "https://example.cn/1"]


def test_an_item_has_title_filters_findings_note_chart_footnotes_and_folded_numbers(whole):
    (section,) = tree(whole).xpath("//section[@id='bars']")
    assert [node.tag for node in section] == ["h2", "p", "ul", "p", "div", "script", "details", "ul"]
    assert section[0].text_content().strip() == f"Events {HOSTILE}"
    assert [" ".join(node.text_content().split()) for node in section.xpath("./ul/li")] == [
        "Most for Students, 12.", "Fewest for Schools.", "Bars overlap.", "No date: 2.",
    ]  # fmt: skip
    assert [[cell.text_content() for cell in row] for row in section.xpath("./details//tr")] == [
        ["Audience", "Events", "Share"], ["Students", "12", "0.123456"], ["Schools", "1,234,567", "0.5"], ["Media", "", "2.25"],
    ]  # fmt: skip


def test_the_library_and_the_boundaries_are_in_it_once_and_nothing_is_asked_for(whole):
    text = whole.decode()
    assert text.count(page.library()[:2_000]) == 1
    assert json.loads(tree(whole).xpath("//script[@id='outreach-shapes']")[0].text) == json.loads(json.dumps(places.shapes()))
    assert not tree(whole).xpath("//link | //img | //iframe | //script[@src] | //*[@style[contains(., 'url')]]")
    assert "@import" not in page._style()
    assert "customdata" not in " ".join(node.text for node in tree(whole).xpath("//script[@class='figure']"))


def test_a_deck_without_maps_does_without_boundaries():
    assert tree(page.write(deck_of(drawn()))).xpath("//script[@id='outreach-shapes']")[0].text == "{}"


def test_the_head_says_what_the_numbers_are(whole):
    metas = {node.get("name"): node.get("content") for node in tree(whole).xpath("//meta[@name]")}
    assert (metas["Data version"], metas["Made"]) == ("abc<123>", "2025-10-16")
    assert texts(whole, "//title") == ["Outreach, autumn"]


@pytest.mark.parametrize(("language", "tags"), [("en", ["en"]), ("zh", ["zh-CN"])])
def test_the_language_is_named(language, tags):
    content = page.write(deck_of(language=language))
    assert (tree(content).get("lang"), tree(content).xpath("//h2/span/@lang")) == (tags[0], tags)


def test_two_languages_are_named_text_by_text():
    both = replace(drawn(), titles=("Events", "活动"), sentences=("2023", "2023年"), findings=("Most.", "最多。"), note="请注意")
    content = page.write(deck_of(both, language="both"))
    section = tree(content).xpath("//section[@id='bars']")[0]
    assert tree(content).get("lang") == "en"
    assert [(node.get("lang"), node.text) for node in section.xpath("./h2/span | ./ul/li[@data-fact] | ./p/span[@lang]")] == [
        ("en", "Events"), ("zh-CN", "活动"), ("en", "Most."), ("zh-CN", "最多。"), ("zh-CN", "请注意"),
    ]  # fmt: skip


def test_a_long_table_shows_its_beginning_and_folds_the_rest(whole):
    (section,) = tree(whole).xpath("//section[@id='table']")
    assert [len(table.xpath("./tbody/tr")) for table in section.xpath(".//table")] == [20, 10]
    assert "and 10 more" in section.text_content()
    facts = page.read(whole).slides["table"]
    assert [facts[f"table/{row}/1"] for row in (0, 20, 21, 30)] == ["District", "District 20", "District 21", "District 30"]
    assert facts["table/30/2"] == 30_000.0


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "", "http://[", "file:///etc/passwd"])
def test_only_addresses_of_the_web_are_links(address):
    content = page.write(deck_of(slide(sources=(Source("Title", "", "", address),))))
    assert tree(content).xpath("//ol[@class='reports']//a") == []
    assert texts(content, "//ol[@class='reports']/li")[0].startswith("Title")


# ------------------------------------------------------------------ in a browser


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict:
    return {"args": list(image.FLAGS)} | ({"executable_path": image.chromium()} if image.chromium() else {})


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab without a network, in which any request but for the file itself, and any error, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    asked, errors = [], []
    context.on("request", lambda request: asked.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None)
    tab = context.new_page()
    tab.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert (asked, errors) == ([], [])


def test_a_page_draws_itself_from_the_disk_alone(whole, tab, tmp_path):
    path = tmp_path / "a page.html"
    path.write_bytes(whole)
    tab.goto(path.as_uri())
    tab.wait_for_selector("html[data-drawn]", state="attached")
    assert tab.locator(".plot[data-drawn]").count() == 2
    assert tab.locator("#bars .bars path").count() == 3
    assert (
        tab.locator("#map .choroplethlayer path").evaluate_all("paths => paths.filter(path => path.getAttribute('d')?.length > 20).length")
        == 4
    )
    assert tab.evaluate("window.hacked") is None
    assert tab.locator("#bars h2").inner_text().startswith("Events </script><script>")
    tab.locator("#bars .bars path").first.hover(force=True)
    tab.wait_for_selector("#bars .hoverlayer text", state="attached")
    tab.set_viewport_size({"width": 500, "height": 900})
    expect(tab.locator("#bars svg.main-svg").first).to_have_attribute("width", "468")


# ------------------------------------------------------------------ reading


def test_what_is_read_is_what_was_exported(whole):
    read = page.read(whole)
    assert read.slides == read.manifest["exported"]
    assert (list(read.slides), read.others, read.manifest["format"]) == (["bars", "map", "text", "table"], 0, 1)


def test_facts_are_flat():
    facts = page.read(page.write(deck_of(drawn(), drawn("heat", figure=HEAT)))).slides
    wanted = {
        "title": "Events by audience", "filters": "2023 · Students", "findings/2": "Fewest for Schools.", "note": "Say this first. Then that.",
        "footnotes": "Bars overlap. No date: 2.", "table/0/2": "Events", "table/1/3": 0.123456, "table/2/2": 1_234_567.0,
        "figure/1/name": "Events", "figure/1/x/1": 12.0, "figure/1/x/2": 3.5, "figure/1/y/1": "Students", "figure/1/text/2": "≥ 3",
        "figure/1/marker/color/2": "#EE7733", "figure/annotations/1": "Panel",
    }  # fmt: skip
    assert {path: facts["bars"][path] for path in wanted} == wanted
    assert "figure/1/x/3" not in facts["bars"]
    assert {path: value for path, value in facts["heat"].items() if "/z/" in path} == {
        "figure/1/z/1/1": 1.0, "figure/1/z/1/2": 2.0, "figure/1/z/2/1": 3.0, "figure/1/z/2/2": 4.0,
    }  # fmt: skip


EDITS = {
    "the title": (">Where</span></h2>", ">Mine</span></h2>", "map", "title", "Mine"),
    "a finding": (">Fewest for Schools.</li>", ">Mine</li>", "bars", "findings/2", "Mine"),
    "a number of a chart": ('"x":[12,3.5', '"x":[13,3.5', "bars", "figure/1/x/1", 13.0),
    "a colour of a chart": ('"#ee7733"', '"#ee7734"', "bars", "figure/1/marker/color/2", "#EE7734"),
    "a colour of a map": ('"#1c5f9e"', '"#aaaaaa"', "map", "figure/1/colorscale/2/2", "#AAAAAA"),
    "a number of the table": (">1,234,567<", ">1,234,568<", "bars", "table/2/2", 1_234_568.0),
    "a number that is folded away": (">29,000<", ">29<", "table", "table/29/2", 29.0),
    "a sentence": (">No report for Miyun.<", ">Mine<", "text", "text/2", "Mine"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_one_edit_is_one_difference(whole, edit):
    old, new, key, path, value = edit
    text = whole.decode()
    assert old in text
    read = page.read(text.replace(old, new, 1).encode())
    changes = [(key, where, after) for key, facts in read.manifest["exported"].items() for where, (_, after) in differences(facts, read.slides[key]).items()]  # fmt: skip
    assert changes == [(key, path, value)]


def test_a_section_of_somebody_elses_is_counted_and_one_that_was_removed_is_missing(whole):
    text = re.sub(r'<section class="item" id="text">.*?</section>', "<section><p>Mine</p></section>", whole.decode(), flags=re.DOTALL)
    read = page.read(text.encode())
    assert (list(read.slides), read.others) == (["bars", "map", "table"], 1)


def test_a_page_of_somebody_elses_has_no_record():
    assert page.read(b"<!doctype html><html><body><p>x</p></body></html>") == page.Read(None, {}, 0)


def test_a_damaged_record_is_none(whole):
    assert page.read(whole.replace(b'id="outreach-manifest">{', b'id="outreach-manifest">', 1)).manifest is None


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n\x00\x00", b"PK\x03\x04"])
def test_what_is_no_page_is_refused_with_a_remedy(content):
    with pytest.raises(OutreachError, match=r"Choose an HTML file that was exported here, or export it again\.$"):
        page.read(content)


# ------------------------------------------------------------------ pictures


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", content))


def test_a_printed_page_has_one_sheet_of_paper_per_item_and_one_each_for_contents_and_sources(whole):
    content = image.pdf(whole)
    assert (content[:5], pages(content)) == (b"%PDF-", 6)


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    deck = replace(WHOLE, slides=(drawn("a", "Events: <b> & \"all\" / 'districts'?"), WHOLE.slides[2]))
    seen = []
    content = image.images(deck, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(0, 2), (1, 2)]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_item_is_there_in_every_format(pictures):
    names = ["01 Events b & all 'districts'", "02 Gaps"]
    assert list(pictures) == [f"{name}.{kind}" for name in names for kind in ("png", "svg", "pdf")]


def test_a_png_has_the_size_for_print_and_is_not_empty(pictures):
    for name in [name for name in pictures if name.endswith("png")]:
        assert pictures[name][:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", pictures[name][16:24]) == (3200, 1800)
        assert len(pictures[name]) > 20_000


def test_an_svg_is_a_drawing_with_its_texts_and_numbers(pictures):
    chart, sentences = (etree.fromstring(pictures[name]) for name in pictures if name.endswith("svg"))
    words = "|".join(" ".join("".join(node.itertext()).split()) for node in chart.iter("{*}text"))
    for text in (
        "Events: <b> & \"all\" / 'districts'?",
        "2023 · Students",
        "Most for Students, 12.",
        "≥ 3",
        "Bars overlap.",
        "Data version: abc<123>",
    ):
        assert text in words
    assert len([node for node in chart.iter("{*}path") if "rgb(0, 114, 178)" in (node.get("style") or "")]) == 2
    assert "No report for Miyun." in [node.text for node in sentences.iter("{*}text")]
    assert not [node for node in chart.iter() if "http" in (node.get("href") or "")]


def test_a_pdf_of_an_item_is_one_page(pictures):
    assert [pages(pictures[name]) for name in pictures if name.endswith("pdf")] == [1, 1]


def test_a_table_becomes_a_drawing_too():
    svg = etree.fromstring(image._svg(WHOLE.slides[3], WHOLE, ""))
    words = [node.text for node in svg.iter("{*}text")]
    assert [word for word in words if word in ("District", "Events")] == ["District", "Events"]
    assert ("District 20" in words, "District 21" in words, "20,000" in words, "and 10 more" in words) == (True, False, True, True)


def test_a_line_is_wrapped_where_its_language_allows():
    assert image._wrapped("one two three", 7) == ["one two", "three"]
    assert image._wrapped("面向学生，讲座。", 10) == ["面向学生，", "讲座。"]
    assert image._wrapped("面向学生，讲座。", 8) == ["面向学", "生，讲", "座。"]
    assert image._wrapped("x" * 9 + "\n\ny", 4) == ["xxxx", "xxxx", "x", "", "y"]


def test_the_work_can_be_stopped(monkeypatch):
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        image.images(WHOLE, progress=stop)


def test_a_named_browser_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv("OUTREACH_BROWSER", script(tmp_path, "exit 0"))
    assert image.chromium() == str(tmp_path / "browser")


def test_without_a_browser_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("OUTREACH_BROWSER", raising=False)
    assert image.chromium() is None
    for made in (lambda: image.pdf(b"<html>"), lambda: image.images(WHOLE)):
        with pytest.raises(
            OutreachError, match=r"there is no Chromium here. Install it \(Debian: apt-get install chromium\) or set OUTREACH_BROWSER\.$"
        ):
            made()


def script(folder: Path, line: str) -> str:
    """A browser that does something else."""
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{line}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_browser_that_hangs_is_ended_with_all_it_started(monkeypatch, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    monkeypatch.setenv("OUTREACH_BROWSER", script(tmp_path, f"(echo alive; exec sleep 600) > {tmp_path}/pipe & wait"))
    with pytest.raises(OutreachError, match=r"did not answer within 2 seconds\. Try again"):
        image.pdf(b"<html>", wait=2)
    assert os.read(reader, 10) == b"alive\n"
    select.select([reader], [], [], 10)
    # The pipe ends when the last process that could write to it has gone.
    assert os.read(reader, 10) == b""
    os.close(reader)


def test_a_browser_that_makes_nothing_is_an_error_with_a_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("OUTREACH_BROWSER", script(tmp_path, "exit 1"))
    no_program = tmp_path / "other"
    no_program.write_bytes(b"\x00\x01")
    no_program.chmod(0o755)
    for _ in range(2):
        with pytest.raises(
            OutreachError, match=r"The browser made no picture\. Try again, or name another Chromium in OUTREACH_BROWSER\.$"
        ):
            image.pdf(b"<html>")
        monkeypatch.setenv("OUTREACH_BROWSER", str(no_program))


def test_the_deck_decides_the_shape_of_a_picture(monkeypatch, tmp_path):
    line = (
        'for each in "$@"; do case $each in --screenshot=*) echo png > "${each#--screenshot=}";; --window-size=*) echo "$each" > '
        + f"{tmp_path}/size;; esac; done"
    )
    monkeypatch.setenv("OUTREACH_BROWSER", script(tmp_path, line))
    image.images(Deck("A4", (slide(),), WHOLE.labels, (), {}, size="A4"), formats=("png",))
    assert (tmp_path / "size").read_text() == "--window-size=1600,1131\n"
