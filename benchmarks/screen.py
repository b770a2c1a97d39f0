"""What a viewer waits for, in headless Chromium: a click on a filter until every chart is redrawn; a cold start; the server's memory."""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import create_engine

from analytics import figures, maps, measures, places, store, theme
from analytics.exhibit import Context
from analytics.export.image import FLAGS
from analytics.measures import Grouping, own
from analytics.selection import Selection
from analytics.text import Words
from benchmarks import synthetic
from ui.plot import prepare

ROOT = Path(__file__).parent.parent
AUDIENCES = ("Media", "Students", "Officials", "Parents", "Enterprises", "Communities")
CODES = ("media", "students", "officials", "parents", "enterprises", "communities")

# Times from the key press until the newest drawing of any chart has been painted, watched from inside the page. Both pages redraw
# all of their four charts on a click, and are watched in the same way: by plotly's own drawing of each chart's first layer.
WATCH = """() => {
    window.seen = new Map();
    const note = () => document.querySelectorAll('.js-plotly-plot').forEach(plot => {
        const state = JSON.stringify([plot.data?.map(trace => [trace.x, trace.locations, trace.y?.length, trace.z])]);
        if (window.seen.get(plot.dataset.number ??= String(Math.random())) !== state) { window.seen.set(plot.dataset.number, state); window.last = performance.now(); }
    });
    note();
    window.started = performance.now(); window.last = 0;
    clearInterval(window.timer);
    window.timer = setInterval(note, 4);
}"""


@dataclass(frozen=True)
class Click:
    """Median seconds from a click to every chart redrawn: the dashboard's, the plain page's."""

    ours: float
    plain: float


@dataclass(frozen=True)
class Cold:
    """Seconds from starting the server to a usable first page; the server's peak resident memory."""

    seconds: float
    gibibytes: float


@contextmanager
def _server(script: str, **settings: str) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)} | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            if process.poll() is not None:
                raise RuntimeError(f"{script} stopped by itself; run it by hand to see why")
            try:
                with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1):
                    break
            except (URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        yield browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-GB")
        browser.close()


def _drawn(page: Page, charts: int) -> None:
    page.wait_for_function(
        "n => document.querySelectorAll('.js-plotly-plot .main-svg').length >= n && [...document.querySelectorAll('.js-plotly-plot')].length >= n",
        arg=charts,
        timeout=120_000,
    )
    page.wait_for_timeout(800)


def _clicks(page: Page, address: str, names: tuple[str, ...]) -> list[float]:
    """Open the page, choose one audience after another: seconds until the last chart is redrawn, without the first, which warms up."""
    page.goto(address)
    _drawn(page, 4)
    times = []
    box = page.locator(".st-key-audience input")
    for name in names:
        box.click()
        box.fill(name)
        page.get_by_role("option", name=name, exact=True).first.wait_for()
        page.evaluate(WATCH)
        page.keyboard.press("Enter")
        page.wait_for_function("() => window.last > 0", timeout=60_000)
        page.wait_for_function("() => performance.now() - window.last > 1200", timeout=60_000)
        times.append(page.evaluate("window.last - window.started") / 1000)
        page.keyboard.press("Escape")
    return times[1:]


def _rounds() -> list[tuple[str, ...]]:
    """The audiences in orders that choose other sets each, so that no answer is known from the round before."""
    # All six together would be the same set in every round.
    return [(AUDIENCES[start:] + AUDIENCES[:start])[:-1] for start in (0, 2, 4)]


def _figures_file(rows: int) -> Path:
    """The Overview's figures for each running choice of audiences, as the plain page draws them."""
    data = store.read_store(create_engine(f"duckdb:///{synthetic.file(rows)}", connect_args={"read_only": True}))
    words, found = Words("en"), {}
    for chosen in [(), *(CODES[: n + 1] for n in range(len(CODES)))]:
        selection = Selection(audience=tuple(chosen))
        context = Context(data, selection, words, "", {})
        groupings = [Grouping(), own("district"), own("audience"), Grouping(("month",)), own("programme")]
        total, district, audience, month, programme = measures.measure(data, selection, groupings).values()
        events = int(total["events"].iloc[0])
        exhibits = [
            maps.district_map(maps.district_table(district, context), context, height=522), figures.bars(audience, "audience", context, events, height=262),
            figures.over_time(month, "month", context, height=178), figures.bars(programme, "programme", context, events, height=190),
        ]  # fmt: skip
        resolved = [theme.resolve(exhibit.figure, theme.LIGHT | {"@shapes": places.shapes()}) for exhibit in exhibits]
        for figure, exhibit in zip(resolved, exhibits, strict=True):
            figure["layout"]["height"] = exhibit.height
        found[words.term("audience", chosen[-1]) if chosen else ""] = resolved
    data.engine.dispose()
    path = Path(tempfile.mkdtemp()) / "figures.json"
    path.write_text(json.dumps(found), "utf-8")
    return path


@contextmanager
def _dashboard(rows: int) -> Iterator[tuple[str, psutil.Process, Page]]:
    """The dashboard over this many synthetic events, and a browser."""
    prepare()
    with (
        _server("dashboard.py", OUTREACH_DATABASE=f"duckdb:///{synthetic.file(rows)}?access_mode=read_only") as (address, process),
        _page() as page,
    ):
        yield address, process, page


def click(rows: int) -> Click:
    """A click on a filter until every chart of the Overview is redrawn, on the dashboard and on the plain page, in turns."""
    with _dashboard(rows) as (address, _, page), _server("benchmarks/plain.py", FIGURES=str(_figures_file(rows))) as (plain_address, _):
        ours, plain = [], []
        for names in _rounds():
            ours += _clicks(page, f"{address}/?language=en", names)
            plain += _clicks(page, plain_address, names)
    return Click(statistics.median(ours), statistics.median(plain))


def coverage_click(rows: int) -> float:
    """Seconds from a click on a filter until every chart of the coverage page is redrawn."""
    with _dashboard(rows) as (address, _, page):
        return statistics.median(time for names in _rounds() for time in _clicks(page, f"{address}/coverage?language=en", names))


def cold_start(rows: int) -> Cold:
    """Start the server, open the Overview, then every page under changing filters; the first page's time, the peak memory."""
    start = time.perf_counter()
    with _dashboard(rows) as (address, process, page):
        page.goto(f"{address}/?language=en")
        page.wait_for_function("() => document.querySelectorAll('.plot[data-drawn]').length === 4", timeout=120_000)
        seconds = time.perf_counter() - start
        peak = process.memory_info().rss
        for path in (
            "district_map?compare=audience",
            "audiences?",
            "timeline?period=month&stack=district",
            "events?",
            "coverage?",
            "coverage?part=next&level=subdistrict",
            "?place-basis=stated",
            "audiences?q=park",
        ):
            page.goto(f"{address}/{path}&language=en")
            page.wait_for_selector(".headline", timeout=120_000)
            for _ in range(20):
                peak = max(peak, process.memory_info().rss)
                page.wait_for_timeout(200)
    return Cold(seconds, peak / 2**30)
