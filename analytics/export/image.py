"""Pictures of a briefing, made by a Chromium without a window: the whole page as PDF; each item as PNG, SVG and PDF."""

from __future__ import annotations

import io
import math
import os
import re
import shutil
import signal
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from html import escape
from itertools import accumulate, pairwise
from numbers import Real
from pathlib import Path
from urllib.parse import unquote

from analytics.errors import N_, OutreachError
from analytics.export import page
from analytics.export.parts import Deck, Slide, Table, Text
from analytics.export.workbook import MUTED, TEXT, clean, width

BROWSERS = ("chromium", "google-chrome", "chromium-browser", "google-chrome-stable")
FORMATS = ("png", "svg", "pdf")
SIZES = {"16:9": (1600, 900), "A4": (1600, 1131)}
"""Width and height of a picture in CSS pixels, by the size of the deck; a PNG has twice as many each way."""
SCALE = 2
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""What keeps a browser without a screen from looking for other machines."""
QUIET = ("--headless", *FLAGS, "--disable-dev-shm-usage", "--hide-scrollbars")
DRAWING = 60_000
"""Milliseconds of the page's own time in which charts may be drawn; time in which nothing happens is skipped."""
WIDTH, EDGE = 1200, 24
INNER = WIDTH - 2 * EDGE
"""Pixels of a drawing, of its edge on either side, and between them."""
FONTS = "Noto Sans, Segoe UI, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Arial, sans-serif"
PATIENCE = 120.0
"""Seconds after which a browser that does not answer is ended."""


def chromium() -> str | None:
    """The browser that makes pictures: `OUTREACH_BROWSER` where that is set, else the first one found; None without any."""
    named = os.environ.get("OUTREACH_BROWSER", "")
    if named:
        return shutil.which(named)
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def pdf(html: bytes, wait: float = PATIENCE) -> bytes:
    """A page of `page.write` as PDF, an item per page. `wait`: seconds until a browser that hangs is ended.

    Raises OutreachError without a browser, or when it does not answer.
    """
    browser = _found()
    with _folder() as name:
        return _pictures(browser, html, ("pdf",), SIZES["16:9"], Path(name), wait)["pdf"]


def images(
    deck: Deck, formats: Sequence[str] = FORMATS, progress: Callable[[int, int], None] | None = None, wait: float = PATIENCE
) -> bytes:
    """A zip with every item in each of the formats `png`, `svg`, `pdf`, named by its number and title.

    `progress(done, all)` is called before each item and may raise to stop; `wait` is seconds for one item.
    Raises OutreachError without a browser, or when it does not answer.
    """
    browser, size = _found(), SIZES.get(deck.size, SIZES["16:9"])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, _folder() as name:
        for number, slide in enumerate(deck.slides):
            if progress:
                progress(number, len(deck.slides))
            html = page.write(replace(deck, slides=(slide,)), alone=True)
            made = _pictures(browser, html, formats, size, Path(name), wait)
            if "svg" in made:
                made["svg"] = _svg(slide, deck, made["svg"].decode("utf-8"))
            for kind in formats:
                archive.writestr(f"{number + 1:02} {_file_name(slide.titles[0])}.{kind}", made[kind])
    return file.getvalue()


def _folder() -> tempfile.TemporaryDirectory:
    # The browser may still be tidying its profile when the folder goes.
    return tempfile.TemporaryDirectory(prefix="outreach-", ignore_cleanup_errors=True)


def _file_name(title: str) -> str:
    """A title as a file may be called on any system, in at most 150 bytes."""
    plain = " ".join(re.sub(r'[\\/:*?"<>|\x00-\x1f\x7f\ud800-\udfff]', " ", title).split())
    return plain.encode()[:150].decode(errors="ignore").strip(". ") or "–"


def _found() -> str:
    browser = chromium()
    if not browser:
        raise OutreachError(
            N_(
                "Images and PDF need the browser Chromium, and there is no Chromium here. Install it (Debian: apt-get install chromium) or set OUTREACH_BROWSER."
            )
        )
    return browser


def _pictures(browser: str, html: bytes, formats: Sequence[str], size: tuple[int, int], folder: Path, wait: float) -> dict[str, bytes]:
    """The page in each format, from one run of the browser."""
    source, png, paper = (folder / name for name in ("page.html", "page.png", "page.pdf"))
    source.write_bytes(html)
    png.unlink(missing_ok=True)
    paper.unlink(missing_ok=True)
    wanted = {"png": f"--screenshot={png}", "svg": "--dump-dom", "pdf": f"--print-to-pdf={paper}"}
    view = [f"--window-size={size[0]},{size[1]}", f"--force-device-scale-factor={SCALE if 'png' in formats else 1}"]
    own = [f"--user-data-dir={folder / 'profile'}", f"--virtual-time-budget={DRAWING}", "--no-pdf-header-footer"]
    text = _run([browser, *QUIET, *own, *view, *(wanted[kind] for kind in formats), source.as_uri()], folder, wait)
    made = {
        "png": png.read_bytes() if png.exists() else None,
        "pdf": paper.read_bytes() if paper.exists() else None,
        "svg": _drawing(text),
    }
    if any(made[kind] is None for kind in formats):
        raise OutreachError(N_("The browser made no picture. Try again, or name another Chromium in OUTREACH_BROWSER."))
    return {kind: made[kind] for kind in formats}


def _drawing(dom: bytes) -> bytes | None:
    """The chart that the page left in itself as SVG, empty for an item without one; None when the page was not finished."""
    found = re.search(rb'id="outreach-svg"[^>]*>([^<]*)<', dom)
    return unquote(found[1].decode("ascii", "replace").removeprefix("data:image/svg+xml,")).encode("utf-8") if found else None


def _run(command: Sequence[str], folder: Path, wait: float) -> bytes:
    """What the browser prints. It and all it started are ended when they take too long."""
    # Its own group, so that none of its many processes stays behind.
    quiet = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    try:
        browser = subprocess.Popen(command, cwd=folder, start_new_session=True, **quiet)
    except OSError:
        # It is there but cannot be run; that no picture was made is said by the caller.
        return b""
    with browser:
        try:
            return browser.communicate(timeout=wait)[0]
        except subprocess.TimeoutExpired as error:
            raise OutreachError(
                N_("The browser did not answer within {seconds} seconds. Try again, or name another Chromium in OUTREACH_BROWSER."),
                seconds=f"{wait:g}",
            ) from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(browser.pid, signal.SIGKILL)


# ------------------------------------------------------------------ a chart and its texts as one drawing


def _svg(slide: Slide, deck: Deck, chart: str) -> bytes:
    """The item as SVG with its texts as texts: title, filters, findings, note, chart or table, footnotes, what the numbers come from."""
    drawing = _Drawing()
    drawing.texts(slide.titles, 21, TEXT, bold=True)
    drawing.texts(slide.sentences, 13, MUTED)
    drawing.texts([text for text in (*slide.findings, slide.note) if text.strip()], 14, TEXT)
    if chart:
        drawing.chart(chart)
    else:
        drawing.texts([sentence for part in slide.parts if isinstance(part, Text) for sentence in part.sentences], 13, TEXT)
        if not any(isinstance(part, Text) for part in slide.parts):
            drawing.table(slide.table, deck)
    drawing.texts(slide.footnotes, 12, MUTED)
    drawing.texts([page.about_line(deck)], 11, MUTED)
    return drawing.finished()


class _Drawing:
    """An SVG that grows downwards; lengths are pixels."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.y = 20.0

    def texts(self, texts: Iterable[str], size: int, colour: str, bold: bool = False) -> None:
        """Texts under each other, wrapped, with some air below."""
        for text in texts:
            for line in _wrapped(text, round(INNER / size / 0.54)):
                self.y += size * 1.45
                self._line(EDGE, self.y, line, size, colour, bold)
        self.y += 6

    def _line(self, x: float, y: float, text: str, size: int, colour: str, bold: bool = False, right: bool = False) -> None:
        look = (' font-weight="bold"' if bold else "") + (' text-anchor="end"' if right else "")
        self.pieces.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{look}>{escape(text)}</text>')

    def chart(self, svg: str) -> None:
        """A chart as plotly gives it."""
        height = re.search(r'<svg[^>]*? height="([0-9.]+)"', svg)
        self.pieces.append(svg.replace("<svg ", f'<svg x="{EDGE}" y="{self.y:.1f}" ', 1))
        self.y += float(height[1]) if height else 400

    def table(self, table: Table, deck: Deck) -> None:
        """The first rows of a table, a line under each."""
        if not table.columns:
            return
        rows = table.rows[: page.MOST_ROWS]
        size = 12 if len(table.columns) <= page.MANY_COLUMNS else 11
        numeric = [any(isinstance(row[column], Real) for row in rows) for column in range(len(table.columns))]
        edges = [EDGE + INNER * share for share in accumulate(page.shares(table.columns, table.rows), initial=0.0)]
        for number, cells in enumerate((table.columns, *rows)):
            columns = [
                _wrapped(page.shown(cell), max(2, int((end - start - 12) / size / 0.57)))
                for cell, (start, end) in zip(cells, pairwise(edges), strict=True)
            ]
            for lines, right, (start, end) in zip(columns, numeric, pairwise(edges), strict=True):
                for at, line in enumerate(lines, start=1):
                    self._line(end - 6 if right else start + 4, self.y + 17 * at, line, size, TEXT, number == 0, right)
            self.y += 17 * max(1, *map(len, columns)) + 8
            self.pieces.append(f'<path d="M{EDGE} {self.y:.1f}h{INNER}" stroke="#d8dde3"/>')
        if len(table.rows) > len(rows):
            self.texts([deck.labels["more"].format(n=len(table.rows) - len(rows))], 12, MUTED)

    def finished(self) -> bytes:
        height = math.ceil(self.y + 14)
        size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        top = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONTS}">'
        paper = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
        return "\n".join((top, paper, *self.pieces, "</svg>")).encode("utf-8")


def _wrapped(text: str, most: int) -> list[str]:
    """Lines of at most so many columns; a Chinese character takes two, and a mark of punctuation never begins a line."""
    lines = []
    pieces = re.compile(rf"[\u2e80-\uffef][，。、；：！？）》」』”’]*|\s+|[^\s\u2e80-\uffef]{{1,{most}}}")
    for line in clean(text).split("\n"):
        current = ""
        for piece in pieces.findall(line):
            if current and width(current) + width(piece.rstrip()) > most:
                lines.append(current.rstrip())
                current = piece.lstrip()
            else:
                current += piece
        lines.append(current.rstrip())
    return lines
