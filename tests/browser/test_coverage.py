"""The coverage page in a real browser: what is not reached, a plan that can be steered and taken away, targets, comparisons."""

import io
import json
import re
import subprocess
import sys

import openpyxl
import pandas as pd
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT, ready, serving
from tests.browser.test_downloads import content, take

PARTS = {"gaps": 4, "next": 1, "targets": 0, "even": 3, "compare": 2}


@pytest.mark.parametrize(
    ("query", "language"),
    [("", "en"), ("", "zh"), ("district=110111", "en"), ("audience=students&q=nothing+like+it", "zh")],
    ids=["all", "all, Chinese", "one district", "nothing found"],
)
@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_drawn_in_both_languages(visit, part, query, language):
    charts = 0 if part == "even" and query not in ("", "district=110111") else PARTS[part]
    page = visit(f"coverage?part={part}&language={language}&{query}", charts=charts)
    expect(page.locator('[data-testid="stException"]')).to_have_count(0)
    for chart in page.locator(".plot:not([hidden])").all():
        assert len(chart.get_attribute("aria-label")) > 12


def test_the_range_of_each_district_is_the_command_lines(visit):
    page = visit("coverage?language=en&audience=enterprises")
    answer = subprocess.run([sys.executable, "-m", "analytics", "coverage", "--audience", "enterprises", "--format", "csv"], cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    printed = pd.read_csv(io.StringIO(answer.stdout), dtype={"district": str})
    table = pd.read_csv(io.BytesIO(content(take(page, "coverage-range", "csv"))), dtype={"district": str}, encoding="utf-8-sig")
    assert table["district"].tolist() == printed["district"].tolist()
    shown = table[["Stated places only", "As placed", "Most favourable placing", "Numerator", "Denominator"]].to_numpy()
    assert (shown == printed[["low", "value", "high", "numerator", "denominator"]].to_numpy()).all()


def test_an_empty_cell_opens_what_comes_nearest_and_its_links_open_those_events(visit):
    page = visit("coverage?language=en&cell=110108:communities")
    panel = page.locator('[data-panel="nearest"]')
    expect(panel.locator("h3")).to_have_text("Haidian · Communities")
    page = visit("coverage?language=en&cell=110111:students")
    panel.get_by_role("link", name="2 events").click()
    expect(page.locator("h1")).to_contain_text("Which events exactly")
    ready(page, "district=unplaced")
    expect(page.locator('[data-key="events"] h3')).to_have_text("2 events")


def test_a_gap_sentence_leads_to_the_view_it_states(visit):
    page = visit("coverage?language=en")
    sentence = page.locator('[data-key="gaps"] .findings li').first
    expect(sentence).to_contain_text("No report of an event for schools in Chaoyang in the 24 months to 16 Oct 2025 (3,452,460 residents).")
    sentence.locator("a").click()
    expect(page.locator("h1")).to_contain_text("Which events exactly")
    expect(page.locator(".empty")).to_be_visible()
    assert "district=110105&audience=schools&from=2023-10-17&to=2025-10-16" in page.url


def test_a_gap_sentence_can_be_copied(visit, viewer):
    viewer.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit("coverage?language=en")
    item = page.locator('[data-key="gaps"] .findings li').first
    item.locator("button").click()
    expect(item.locator("button")).to_have_text("✓")
    assert page.evaluate("navigator.clipboard.readText()") == item.locator("a").inner_text()


def test_twelve_visits_with_every_district_one_of_them_fixed_one_left_out_and_taken_away(visit):
    page = visit("coverage?part=next&language=en", charts=1)
    rows = page.locator("table.plan tbody tr")
    expect(rows).to_have_count(12)
    expect(rows.filter(has_text="Fangshan").first).to_contain_text("Needed so that every district has at least 1 event.")
    rows.filter(has_text="Shijingshan").get_by_role("link", name="fix").click()
    expect(page.locator("table.plan tr[aria-selected]")).to_have_count(1)
    page.wait_for_url(re.compile("lock=110107"))
    expect(page.locator("table.plan tr[aria-selected]")).to_contain_text("Fixed in advance.")
    first = rows.first.inner_text().split("\t")[1].split("\n")
    rows.first.get_by_role("link", name="leave out").click()
    expect(page.locator(".panel .chip")).to_contain_text(f"{first[0]} · {first[1]}")
    expect(rows).to_have_count(12)
    assert first != rows.first.inner_text().split("\t")[1].split("\n")
    ready(page, charts=1)
    book = openpyxl.load_workbook(io.BytesIO(content(take(page, "plan", "xlsx"))))
    lines = [row for row in book.worksheets[0].iter_rows(min_row=5, values_only=True) if row[0] is not None]
    assert len(lines) == 13
    assert [str(row[2]) for row in lines[1:]] == [row.inner_text().split("\t")[1].split("\n")[0] for row in rows.all()]
    assert content(take(page, "plan-map", "png")).startswith(b"\x89PNG")


def test_terms_that_cannot_be_kept_are_explained_with_the_number_that_would_do(visit):
    page = visit("coverage?part=next&language=en&visits=4", charts=0)
    expect(page.locator(".empty")).to_contain_text("need at least 5 visits, and 4 are asked for. Ask for 5 or lower the floors.")


def test_options_stay_when_another_part_is_looked_at(visit):
    page = visit("coverage?part=next&language=en&visits=9", charts=1)
    page.get_by_role("radio", name="How evenly").click()
    expect(page.locator('[data-key="lorenz"]')).to_be_visible()
    page.get_by_role("radio", name="Where next").click()
    expect(page.locator("table.plan tbody tr")).to_have_count(9)


def test_ages_count_back_from_the_day_in_the_address(visit):
    page = visit("coverage?language=en&as_of=2024-12-31&indicator=months_since&district=110105")
    expect(page.locator('[data-key="coverage-range"] footer')).to_contain_text("Counted back from 31 Dec 2024.")


def test_a_plan_file_is_checked_and_drawn_against_what_was_found(visit, tmp_path):
    page = visit("coverage?part=targets&language=en", charts=0)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("district,audience,period,target_events\n110199,students,2025,six\n", "utf-8")
    page.locator('input[type="file"]').set_input_files(wrong)
    expect(page.get_by_text("The file was refused:")).to_be_visible()
    right = tmp_path / "right.csv"
    right.write_text("district,audience,period,target_events\n110105,students,2025,4\n,foreign residents,2025-Q2,2\n", "utf-8")
    page.locator('input[type="file"]').set_input_files(right)
    findings = page.locator('[data-key="targets"] .findings li')
    expect(findings.first).to_contain_text("Chaoyang, students, 2025: 2 of 4 events by 16 Oct 2025. 2 more are needed")
    expect(findings.nth(1)).to_contain_text("The target for events is reached.")


def test_two_selections_are_compared_by_holding_one(visit):
    page = visit("coverage?part=compare&language=en&audience=students", charts=2)
    page.get_by_role("link", name="Hold this view").click()
    page.wait_for_url(re.compile("against=held"))
    ready(page, charts=2)
    page.locator(".st-key-programme input").fill("Consular")
    page.keyboard.press("Enter")
    ready(page, "programme=", charts=2)
    table = pd.read_csv(io.BytesIO(content(take(page, "changes", "csv"))), dtype={"district": str}, encoding="utf-8-sig")
    both = [
        json.loads(subprocess.run([sys.executable, "-m", "analytics", "coverage", "--audience", "students", *more, "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        for more in ([], ["--programme", "consular protection"])
    ]  # fmt: skip
    assert table["Before"].tolist() == [row["value"] for row in both[0]]
    assert table["Now"].tolist() == [row["value"] for row in both[1]]


def test_the_settings_name_files_for_everybody(page, tmp_path, monkeypatch):
    plan = tmp_path / "plan.csv"
    plan.write_text("district,audience,period,target_events\n110105,students,2025,4\n", "utf-8")
    monkeypatch.setenv("OUTREACH_TARGETS", str(plan))
    with serving() as address:
        page.goto(f"{address}/coverage?part=targets&language=zh")
        ready(page, charts=1)
        expect(page.locator('[data-key="targets"] .findings li')).to_contain_text("朝阳区")
        page.close()


@pytest.mark.parametrize("part", PARTS)
def test_a_phone_shows_every_part_without_scrolling_sideways(visit, page, part):
    page.set_viewport_size({"width": 390, "height": 844})
    visit(f"coverage?part={part}&language=en", charts=PARTS[part])
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= window.innerWidth")
