"""From collecting cards to a checked file, as a manager does it."""

import io
import re

import pytest
from playwright.sync_api import Page, expect
from pptx import Presentation

from tests.browser.conftest import ready
from tests.browser.test_downloads import content


def settled(page: Page, slides: int) -> None:
    """Wait until the briefing page has run and shows so many slides."""
    expect(page.locator(".card.slide")).to_have_count(slides, timeout=30_000)
    # Words typed while the page is being redrawn would be drawn over.
    page.wait_for_timeout(800)
    page.wait_for_function("document.querySelector('[data-testid=\"stApp\"]')?.dataset.testScriptState === 'notRunning'")


def add(page: Page, key: str) -> None:
    """Choose “Add to briefing” in a card's menu."""
    card = page.locator(f'[data-key="{key}"]')
    card.locator(".menu summary").click()
    card.locator('[data-format="briefing"]').click()


def titles(page: Page) -> list[str]:
    return page.locator(".card.slide h3").all_inner_texts()


@pytest.fixture
def begun(visit) -> Page:
    """A briefing of three cards of the Overview, under a filter."""
    page = visit("?district=110105&from=2023-01-01&to=2023-12-31&language=en")
    for number, key in enumerate(("map", "by-audience", "over-time"), start=1):
        add(page, key)
        expect(page.get_by_test_id("stToast").filter(has_text=re.compile(f"holds {number} item")).first).to_be_visible()
        page.wait_for_url(re.compile("briefing="))
    page.get_by_role("link", name="Briefing", exact=True).click()
    settled(page, 3)
    return page


def test_cards_are_collected_over_page_changes_and_reloads(begun):
    assert titles(begun) == ["Events per 100,000 residents (2020 census) by district", "Events by audience", "Events by month"]
    expect(begun.locator(".card.slide .sentence").first).to_contain_text("Chaoyang · 2023")
    begun.reload()
    settled(begun, 3)
    begun.get_by_role("link", name="Coverage", exact=True).click()
    ready(begun)
    add(begun, "gap-matrix")
    begun.get_by_role("link", name="Briefing", exact=True).click()
    settled(begun, 4)


def test_items_are_put_in_order_named_noted_and_removed(begun):
    begun.locator('[class*="st-key-down-"] button').first.click()
    expect(begun.locator(".card.slide h3").first).to_have_text("Events by audience")
    settled(begun, 3)
    begun.get_by_label("Title").first.fill("For whom in 2023?")
    begun.keyboard.press("Tab")
    expect(begun.locator(".card.slide h3").first).to_have_text("For whom in 2023?")
    settled(begun, 3)
    begun.get_by_label("Note").first.fill("Ask the district office.")
    begun.keyboard.press("Tab")
    expect(begun.locator(".card.slide").first).to_contain_text("Ask the district office.")
    begun.locator('[class*="st-key-remove-"] button').nth(1).click()
    settled(begun, 2)
    begun.reload()
    settled(begun, 2)
    assert titles(begun) == ["For whom in 2023?", "Events by month"]


def test_a_saved_briefing_is_opened_again_and_another_one_is_left_as_it_was(begun):
    begun.get_by_label("Name").fill("First")
    begun.keyboard.press("Tab")
    settled(begun, 3)
    first = begun.url
    begun.get_by_role("button", name="Monthly review").click()
    settled(begun, 7)
    begun.locator('[class*="st-key-remove-"] button').first.click()
    settled(begun, 6)
    begun.locator('[class*="st-key-shelf-"] input').fill("First")
    begun.keyboard.press("Enter")
    settled(begun, 3)
    assert re.search("briefing=[0-9a-f]+", begun.url)[0] == re.search("briefing=[0-9a-f]+", first)[0]


def test_the_span_of_all_items_moves_at_once(begun):
    begun.get_by_role("button", name="Span: 2023").click()
    begun.get_by_role("button", name="2024", exact=True).click()
    expect(begun.locator(".card.slide .sentence").first).to_contain_text("Chaoyang · 2024")
    settled(begun, 3)
    assert all("2024" in text for text in begun.locator(".card.slide .sentence").all_inner_texts())


def test_the_slides_are_downloaded_and_hold_the_numbers_on_screen(begun, tmp_path):
    card = begun.locator('[data-key="briefing-files"]')
    card.locator(".menu summary").click()
    with begun.expect_download(timeout=60_000) as download:
        card.locator('[data-format="pptx"]').click()
    raw = content(download.value)
    deck = Presentation(io.BytesIO(raw))
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    audience = charts[0].plots[0]
    assert dict(zip(audience.categories, audience.series[0].values, strict=True))["Students"] == 2
    path = tmp_path / "made.pptx"
    path.write_bytes(raw)
    begun.get_by_text("Check a file made before").click()
    begun.locator('input[type="file"]').set_input_files(path)
    expect(begun.locator('[data-panel="verify"]')).to_contain_text(
        "3 slides checked: everything is as exported and still holds.", timeout=30_000
    )


def test_an_outline_begins_a_briefing_in_chinese_and_a_copied_link_opens_it(visit, browser):
    page = visit("briefing?language=zh&from=2023-01-01&to=2023-12-31", charts=0)
    page.get_by_role("button", name="月度回顾").click()
    settled(page, 7)
    assert titles(page)[2] == "活动场次：按对象"
    page.wait_for_url(re.compile("briefing="))
    other = browser.new_page(viewport={"width": 1440, "height": 900})
    other.goto(page.url)
    settled(other, 7)
    assert titles(other) == titles(page)
    other.close()


def test_an_outline_about_one_district_asks_for_one(visit):
    page = visit("briefing?language=en", charts=0)
    page.get_by_role("button", name="One district").click()
    expect(page.get_by_text("Choose one district in the filters first.")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_phone_shows_the_briefing_without_scrolling_sideways(visit, page, language):
    page.set_viewport_size({"width": 390, "height": 844})
    visit(f"briefing?language={language}&from=2023-01-01&to=2023-12-31", charts=0)
    page.get_by_role("button", name={"en": "Monthly review", "zh": "月度回顾"}[language]).click()
    settled(page, 7)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth")
