"""The picture in README, made by the project itself: `make screenshots`."""

import shutil

from playwright.sync_api import sync_playwright

from analytics.export.image import FLAGS
from tests.browser.conftest import ROOT, ready, serving


def main() -> None:
    """Write docs/overview.png from the bundled dataset."""
    folder = ROOT / "docs"
    folder.mkdir(exist_ok=True)
    with serving() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-GB")
        page.goto(f"{address}/?language=en")
        ready(page)
        page.locator(".st-key-q input").wait_for()  # the filters come after the charts
        page.screenshot(path=folder / "overview.png")
        browser.close()


if __name__ == "__main__":
    main()
