"""What a viewer meets: every page, both languages, links, history, clicks, strange addresses, small screens."""

import json
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import CHARTS, ROOT, figure, ready, serving

PAGES = {
    "": "How much, where",
    "district_map": "Where did we go",
    "audiences": "For whom, how",
    "timeline": "When? Is it",
    "coverage": "Who is not reached",
    "events": "Which events exactly",
    "briefing": "What goes into the meeting",
}
EMPTIED = [path for path in PAGES if path not in ("coverage", "briefing")]
"""Pages that say so where filters leave nothing; on the coverage page that is a finding, and a briefing has filters of its own."""
CHINESE = {
    "": "办了多少",
    "district_map": "去了哪些区",
    "audiences": "面向",
    "timeline": "什么时候",
    "coverage": "还有哪些没有覆盖",
    "events": "哪些活动",
    "briefing": "带什么去开会",
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES, ids=[name or "overview" for name in PAGES])
def test_every_page_answers_its_question_in_both_languages(visit, path, language):
    page = visit(f"{path}?language={language}")
    expect(page.locator("h1")).to_contain_text((PAGES if language == "en" else CHINESE)[path])
    expect(page.locator(".plot[data-drawn]:not([hidden])")).to_have_count(CHARTS[path])
    expect(page.locator('[data-testid="stException"]')).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("lang", {"en": "en", "zh": "zh-CN"}[language])
    for chart in page.locator(".plot:not([hidden])").all():
        assert len(chart.get_attribute("aria-label")) > 12


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", EMPTIED, ids=[name or "overview" for name in EMPTIED])
def test_an_empty_result_names_the_filter_and_offers_to_clear_it(visit, path, language):
    page = visit(f"{path}?district=110111&audience=students&language={language}")
    empty = page.locator(".empty")
    expect(empty).to_contain_text({"en": "Without “Fangshan”: 29 events", "zh": "房山区"}[language])
    empty.locator("li a").click()
    ready(page, "audience=students")
    expect(page.locator(".empty")).to_have_count(0)
    assert "district=" not in page.url
    assert "audience=students" in page.url


@pytest.mark.parametrize("path", PAGES, ids=[name or "overview" for name in PAGES])
def test_a_link_to_any_page_of_a_fresh_server_shows_its_filters(page, path):
    with serving() as address:
        page.goto(f"{address}/{path}?district=110105&audience=students&language=en")
        ready(page, "district=110105&audience=students")
        expect(page.locator("h1")).to_contain_text(PAGES[path])
        expect(page.locator(".sentence")).to_contain_text("Chaoyang · Students")
        page.close()


def test_filters_survive_page_changes_back_forward_and_reload(visit):
    page = visit("?district=110108&language=en")
    page.get_by_role("link", name="Timeline", exact=True).click()
    expect(page.locator("h1")).to_contain_text("When?")
    ready(page, "district=110108")
    page.get_by_role("link", name="Audiences", exact=True).click()
    expect(page.locator("h1")).to_contain_text("For whom")
    page.go_back()
    expect(page.locator("h1")).to_contain_text("When?")
    ready(page, "district=110108")
    page.go_back()
    expect(page.locator("h1")).to_contain_text("How much")
    page.go_forward()
    expect(page.locator("h1")).to_contain_text("When?")
    page.reload()
    ready(page, "district=110108")
    expect(page.locator(".sentence")).to_contain_text("Haidian")
    assert "timeline?district=110108" in page.url


def test_back_undoes_a_filter(visit):
    page = visit("?language=en")
    page.locator(".st-key-audience input").fill("Students")
    page.keyboard.press("Enter")
    ready(page, "audience=students")
    assert figure(page, "events") == "29"
    page.go_back()
    expect(page.locator(".sentence")).to_contain_text("All events")
    ready(page)
    assert figure(page, "events") == "108"
    page.go_forward()
    ready(page, "audience=students")
    assert figure(page, "events") == "29"


def click_district(page: Page, code: str) -> None:
    """Click a district's shape on the main map, at a point inside it."""
    point = page.evaluate(
        """code => {
            for (const path of document.querySelectorAll('.plot path.choroplethlocation')) {
                if (path.__data__?.loc !== code) continue;
                const box = path.getBoundingClientRect(), back = path.getScreenCTM().inverse();
                for (let x = box.left + 6; x < box.right; x += 6) for (let y = box.top + 6; y < box.bottom; y += 6) {
                    if (path.isPointInFill(new DOMPoint(x, y).matrixTransform(back))) return {x, y};
                }
            }
            return null;
        }""",
        code,
    )
    assert point, f"no visible shape of {code}"
    page.mouse.move(point["x"] - 1, point["y"])
    page.mouse.move(point["x"], point["y"])
    page.mouse.click(point["x"], point["y"])


def test_a_click_on_the_map_chooses_a_district_another_adds_one_a_third_lets_it_go(visit):
    page = visit("district_map?language=en")
    click_district(page, "110114")
    ready(page, "district=110114")
    click_district(page, "110112")
    ready(page, "district=110112&district=110114")
    expect(page.locator("table.districts tr[aria-selected]")).to_have_count(2)
    click_district(page, "110114")
    expect(page.locator("table.districts tr[aria-selected]")).to_have_count(1)
    ready(page, "district=110112")
    expect(page.locator(".panel h3")).to_have_text("Tongzhou")


def test_the_table_beside_the_map_chooses_districts_too(visit):
    page = visit("district_map?language=en")
    page.locator("table.districts").get_by_role("link", name="Haidian").click()
    ready(page, "district=110108")
    expect(page.locator(".sentence")).to_contain_text("Haidian")


def test_a_chart_keeps_its_node_when_a_filter_changes(visit):
    page = visit("?language=en")
    page.evaluate("document.querySelectorAll('.plot').forEach(plot => { plot.mine = true; })")
    page.locator(".st-key-audience input").fill("Students")
    page.keyboard.press("Enter")
    ready(page, "audience=students")
    assert page.evaluate("[...document.querySelectorAll('.plot:not([hidden])')].every(plot => plot.mine)")


def test_a_bar_opens_exactly_its_events_and_an_event_its_report(visit):
    page = visit("?language=en&district=110105")
    bar = page.locator('[data-key="by-audience"] .bars .point path').nth(2)
    box = bar.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("h1")).to_contain_text("Which events exactly")
    ready(page)
    assert "district=110105&audience=students" in page.url
    expect(page.locator('[data-key="events"] h3')).to_have_text("8 events")
    page.goto(re.sub(r"language=en", "language=en&event=E047b", page.url))
    ready(page)
    report = page.locator("article.panel dd a").first
    assert report.get_attribute("href").startswith("https://wb.beijing.gov.cn/")
    assert report.get_attribute("target") == "_blank"
    expect(page.locator("article.panel")).to_contain_text("year inferred; group number on first row only")


def test_choosing_a_cell_of_the_list_opens_that_event(visit):
    page = visit("events?language=en&audience=communities")
    box = page.locator('[data-testid="stDataFrame"] canvas').first.bounding_box()
    page.mouse.click(box["x"] + 180, box["y"] + 60)
    expect(page.locator("article.panel h3")).to_be_visible()
    page.wait_for_url(re.compile("event=E"))
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("article.panel")).to_have_count(0)


def test_the_language_switch_keeps_filters_and_options(visit):
    page = visit("timeline?language=en&district=110108&period=year")
    page.locator(".language").click()
    expect(page.locator("h1")).to_contain_text("什么时候")
    ready(page, "district=110108")
    expect(page.locator(".sentence")).to_contain_text("海淀区")
    assert "period=year" in page.url
    assert "language=zh" in page.url


def test_two_viewers_have_filters_of_their_own(visit, server, browser: Browser):
    first = visit("?district=110108&language=en")
    other = browser.new_page(viewport={"width": 1440, "height": 900})
    other.goto(f"{server}/?district=110105&language=zh")
    ready(other, "district=110105")
    assert (figure(first, "events"), figure(other, "events")) == ("4", "22")
    first.locator(".chip").click()
    expect(first.locator(".sentence")).to_contain_text("All events")
    expect(other.locator(".sentence")).to_contain_text("朝阳区")
    other.close()


STRANGE = {
    "unknown codes": "district=999999&audience=martians&from=31.12.2023&undated=maybe",
    "scripts": "district=%3Cscript%3Ealert(1)%3C/script%3E&q=%3Cimg%20src=x%20onerror=alert(1)%3E&event=%3Cb%3E&language=xx",
    "ten thousand characters": "q=" + "x" * 10_000 + "&district=" + "1" * 10_000 + "&limits=" + "9" * 5_000,
    "backwards": "from=2024-12-31&to=2020-01-01&measure=none&classes=own&limits=5,1,a&k=99&period=day",
    "options": "part=none&as_of=31.12.2023&months=7&cell=1:2&columns=x&lock=a:b,c&drop=%3Cb%3E&held=%00&against=held&visits=-1&floor=9999999",
    "broken encoding": "%00=%FF&&&district&=110108&q=%00%01",
}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        *(pytest.param("", query, id=name) for name, query in STRANGE.items()),
        *(pytest.param(path, "&".join(STRANGE.values()), id=f"all of it, {path}") for path in PAGES if path),
    ],
)
def test_a_malformed_address_never_breaks_a_page(visit, path, query):
    page = visit(f"{path}?{query}")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator('[data-testid="stException"]')).to_have_count(0)
    assert page.evaluate("document.querySelectorAll('.headline script, .headline img, .panel b').length") == 0
    if query == STRANGE["unknown codes"]:
        expect(page.locator(".strange")).to_contain_text("district=999999, audience=martians, from=31.12.2023, undated=maybe")


@pytest.mark.parametrize(
    "query",
    ["", "district=110108&audience=foreign+residents", "from=2023-01-01&to=2023-12-31&undated=report&include=repeated"],
    ids=["all", "filtered", "span"],
)
def test_the_overview_and_the_command_line_give_the_same_numbers(visit, query):
    page = visit(f"?{query}&language=en")
    options = [f"--{part.replace('+', ' ')}" for part in query.split("&") if part]
    answer = subprocess.run(
        [sys.executable, "-m", "analytics", "summary", *options, "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    (row,) = json.loads(answer.stdout)
    assert figure(page, "events") == f"{row['events']:,}"
    assert figure(page, "activities") == f"{row['activities']:,}"
    by = subprocess.run(
        [sys.executable, "-m", "analytics", "summary", "--by", "district", *options, "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert figure(page, "districts") == str(sum(1 for each in json.loads(by.stdout) if each["events"] and each["district"] != "unplaced"))
    sign = {"at least": "≥ ", "about": "≈ "}.get(row["participants_qualifier"], "")
    assert figure(page, "participants") == (f"{sign}{row['participants']:,}" if row["participants"] is not None else "–")


@pytest.mark.parametrize("path", PAGES, ids=[name or "overview" for name in PAGES])
def test_a_phone_shows_every_page_without_scrolling_sideways(visit, page, path):
    page.set_viewport_size({"width": 390, "height": 844})
    visit(f"{path}?language=zh&district=110105")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth")
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()


def test_the_overview_shows_map_and_main_charts_on_one_screen(visit):
    page = visit("?language=en")
    bottoms = [page.locator(f'[data-key="{key}"]').bounding_box() for key in ("map", "by-audience", "over-time")]
    assert all(box["y"] + box["height"] <= 900 for box in bottoms)


def test_the_keyboard_reaches_filters_links_and_menus(visit):
    page = visit("?language=en")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim().slice(0, 40)")
        )
    wanted = {"Timeline", "中文", "16 repeated", "108", "Show as table: Events by audience", "Export: Events by audience"}
    assert wanted <= reached


def test_the_table_twin_is_one_key_press_away_and_its_rows_open_events(visit):
    page = visit("?language=en")
    page.locator('[data-key="by-audience"] .toggle').focus()
    page.keyboard.press("Enter")
    table = page.locator('[data-key="by-audience"] .twin table')
    expect(table.locator("tbody tr")).to_have_count(11)
    assert table.locator("tbody tr").nth(2).inner_text().split("\t")[:3] == ["Students", "29", "23"]
    table.get_by_role("link", name="Media").click()
    expect(page.locator("h1")).to_contain_text("Which events")
    expect(page.locator('[data-key="events"] h3')).to_have_text("17 events")


def test_without_its_script_a_card_falls_back_to_the_plain_chart(page, server):
    page.route("**/plotly-*.min.js", lambda route: route.abort())
    page.goto(f"{server}/audiences?language=en")
    expect(page.locator('[data-testid="stPlotlyChart"]').first).to_be_visible()


def test_dark_and_light_draw_in_their_own_colours(browser: Browser, server):
    colours = []
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(f"{server}/audiences?language=en")
        ready(page)
        colours.append(page.locator(".bars .point path").first.evaluate("path => getComputedStyle(path).fill"))
        page.close()
    assert colours == ["rgb(31, 111, 178)", "rgb(90, 169, 230)"]
