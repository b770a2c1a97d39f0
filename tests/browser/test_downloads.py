"""What is taken away, opened again and compared with the screen."""

import io
import json
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from playwright.sync_api import Download, Page, expect

from tests.browser.conftest import figure, ready, serving

ADDRESS = "?district=110105&from=2020-01-01&to=2025-12-31&language="


def take(page: Page, key: str, kind: str) -> Download:
    """Choose one entry of a card's export menu."""
    card = page.locator(f'[data-key="{key}"]')
    card.locator(".menu summary").click()
    with page.expect_download() as download:
        card.locator(f'[data-format="{kind}"]').click()
    return download.value


def content(download: Download) -> bytes:
    return Path(download.path()).read_bytes()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_audiences_as_csv_and_workbook_hold_the_numbers_on_screen(visit, language):
    page = visit(ADDRESS + language)
    shown = [label.replace(",", "").replace("–", "0") for label in page.locator('[data-key="by-audience"] .bartext').all_text_contents()]
    raw = content(take(page, "by-audience", "csv"))
    assert raw.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(io.BytesIO(raw), encoding="utf-8-sig")
    heading = {"en": "Events", "zh": "活动场次"}[language]
    assert [str(count) for count in table[heading]] == shown
    download = take(page, "by-audience", "xlsx")
    assert download.suggested_filename == "outreach-by-audience-2025-10-16.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(content(download)))
    data, about, sources = book.worksheets
    assert data["A2"].value == page.locator(".sentence").inner_text()
    rows = list(data.iter_rows(min_row=5, values_only=True))
    column = rows[0].index(heading)
    assert [str(int(row[column])) for row in rows[1:]] == shown
    assert any("Chaoyang" in str(row[1]) or "朝阳区" in str(row[1]) for row in about.iter_rows(values_only=True))
    assert sources.max_row > 5
    assert not [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_the_map_as_geojson_and_parquet_holds_every_district(visit):
    page = visit("district_map?measure=events&language=en")
    districts = gpd.read_file(io.BytesIO(content(take(page, "map", "geojson"))))
    counts = dict(
        zip(districts["district_code"] if "district_code" in districts else districts["district"], districts["Events"], strict=True)
    )
    assert (len(counts), counts["110105"], counts["110111"]) == (16, 22, 0)
    parquet = pd.read_parquet(io.BytesIO(content(take(page, "map", "parquet"))))
    assert parquet["Events"].sum() == 108


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_images_are_of_print_size_on_white_and_say_what_they_show(browser, server, language, scheme):
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=scheme, accept_downloads=True)
    page.goto(f"{server}/{ADDRESS}{language}")
    ready(page)
    picture = content(take(page, "map", "png"))
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(picture[16:20]) == 3600
    svg = content(take(page, "map", "svg")).decode("utf-8")
    root = ElementTree.fromstring(svg)
    assert root.get("width") == "1200"
    words = "".join(root.itertext())
    assert page.locator('[data-key="map"] h3').inner_text() in words
    assert page.locator(".sentence").inner_text()[:20] in words
    assert {"en": "98 public reports", "zh": "98"}[language] in words
    assert "rgb(255, 255, 255)" in svg.split("</rect>")[0] or "fill: rgb(255, 255, 255)" in svg[:4000]
    page.close()


def test_the_list_of_events_leaves_as_it_was_filtered(visit):
    page = visit("events?audience=communities&language=en")
    table = pd.read_csv(io.BytesIO(content(take(page, "events", "csv"))), encoding="utf-8-sig")
    assert len(table) == 11
    assert table["audiences"].str.contains("communities").all()


def test_a_file_is_made_when_asked_for_and_handed_over_once(visit):
    page = visit("?language=en")
    take(page, "by-audience", "csv")
    more: list[Download] = []
    page.on("download", lambda download: more.append(download))
    page.locator(".st-key-audience input").fill("Students")
    page.keyboard.press("Enter")
    ready(page, "audience=students")
    assert more == []


BUNDLED = Path(__file__).parents[2] / "data" / "events.csv"


def test_a_dataset_of_ones_own_is_used_refused_with_every_fault_and_taken_over_when_mended(page, tmp_path):
    mine = tmp_path / "mine.csv"
    lines = BUNDLED.read_text("utf-8").splitlines(keepends=True)
    mine.write_text("".join(lines[:20]), "utf-8")
    with serving(OUTREACH_EVENTS=str(mine)) as address:
        page.goto(f"{address}/?language=en")
        ready(page)
        before = figure(page, "events")
        mine.write_text("".join(lines[:20]).replace(",held,", ",hold,", 1).replace(",110108,", ",Haidian,", 1), "utf-8")
        page.reload()
        ready(page)
        expect(page.get_by_text("The newer events file was refused (2 faults); the previous data stay in use.")).to_be_visible()
        assert figure(page, "events") == before
        page.get_by_text("The newer events file was refused").click()
        expect(page.get_by_test_id("stDataFrame")).to_be_visible()
        mine.write_text("".join(lines), "utf-8")
        page.get_by_role("link", name="Audiences", exact=True).click()
        expect(page.locator("h1")).to_contain_text("For whom")
        ready(page)
        expect(page.get_by_text("was refused")).to_have_count(0)
        page.get_by_role("link", name="Overview", exact=True).click()
        expect(page.locator("h1")).to_contain_text("How much")
        ready(page)
        assert figure(page, "events") == "108"
        page.close()


def test_a_first_dataset_with_faults_shows_them_and_no_numbers(page, tmp_path):
    mine = tmp_path / "first.csv"
    mine.write_bytes(BUNDLED.read_text("utf-8").encode("gb18030", "replace"))
    with serving(OUTREACH_EVENTS=str(mine)) as address:
        page.goto(f"{address}/?language=en")
        expect(page.get_by_role("heading", name="The data cannot be opened")).to_be_visible()
        expect(page.get_by_test_id("stDataFrame")).to_be_visible()
        page.close()


def test_numbers_in_the_table_twin_are_those_of_the_figure(visit):
    page = visit("audiences?language=en")
    page.locator('[data-key="by-audience"] .toggle').click()
    cells = page.locator('[data-key="by-audience"] tbody tr td:nth-child(2)')
    expect(cells).to_have_count(11)
    assert cells.all_inner_texts() == page.locator('[data-key="by-audience"] .bartext').all_text_contents()
    assert (
        json.loads(
            page.evaluate("JSON.stringify([...document.querySelectorAll('[data-key=\"by-audience\"] tbody a')].map(a => a.textContent))")
        )[0]
        == "Enterprises"
    )
