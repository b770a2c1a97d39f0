"""A real server and a real Chromium. A browser that is missing fails the tests; it never skips them."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from analytics.export.image import FLAGS
from ui.plot import prepare

ROOT = Path(__file__).parents[2]
expect.set_options(timeout=20_000)


@contextmanager
def serving(**settings: str) -> Iterator[str]:
    """The dashboard on a port of its own, freshly started; its address."""
    prepare()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)]
    briefings = {"OUTREACH_BRIEFINGS": f"sqlite:///{tempfile.mkdtemp()}/briefings.sqlite"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | briefings | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _await_health(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _await_health(address: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server stopped by itself"
        try:
            with urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    pytest.fail("the server did not become ready")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    return {"args": list(FLAGS)} | ({"executable_path": path} if path else {})


@pytest.fixture(scope="session")
def viewer(browser: Browser) -> Iterator[BrowserContext]:
    """One viewer's browser for all tests: what it has fetched once, it keeps, as a viewer's does."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB", accept_downloads=True)
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(viewer: BrowserContext) -> Iterator[Page]:
    """A new tab, in which a request to another machine, or an error of a script, fails the test."""
    away: list[str] = []
    errors: list[str] = []
    page = viewer.new_page()
    page.on(
        "request", lambda request: away.append(request.url) if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")) else None
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert away == []
    assert errors == []


@pytest.fixture
def visit(page: Page, server: str) -> Callable[..., Page]:
    """Open an address of the shared server and wait until every chart is drawn."""

    def go(path: str, charts: int | None = None) -> Page:
        page.goto(f"{server}/{path}")
        ready(page, charts=charts)
        return page

    return go


CHARTS = {"": 4, "district_map": 1, "audiences": 7, "timeline": 4, "coverage": 4, "events": 0, "briefing": 0}
"""Charts that a page with something to show draws at least."""


def ready(page: Page, drawn: str = "", charts: int | None = None) -> None:
    """Wait until the page has run and its charts (so many, unless as usual) are drawn, for a selection whose address contains `drawn`."""
    page.wait_for_function(
        """([drawn, usual, charts]) => {
            const plots = [...document.querySelectorAll('.plot:not([hidden])')];
            const path = location.pathname.slice(1);
            const idle = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === 'notRunning' && !document.querySelector('[data-stale="true"]');
            const whole = document.querySelector('.empty') || (path === 'events' ? document.querySelector('[data-key="events"] h3') : plots.length >= (charts ?? usual[path]));
            return document.querySelector('.headline') && idle && whole && plots.every(plot => plot.dataset.drawn?.includes(drawn));
        }""",
        arg=[drawn, CHARTS, charts],
        timeout=30_000,
    )


def figure(page: Page, name: str) -> str:
    """One of the headline figures, as written."""
    return page.locator(f'[data-figure="{name}"] a, .figures > div:nth-child({ORDER.index(name) + 1}) a').first.inner_text()


ORDER = ["events", "activities", "districts", "places", "participants"]
