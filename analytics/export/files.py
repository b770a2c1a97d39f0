"""A briefing as a finished file of any kind."""

from __future__ import annotations

import re
from collections.abc import Callable

from analytics import briefing as model
from analytics import coverage
from analytics.briefing import Briefing
from analytics.coverage import Asked
from analytics.errors import N_, OutreachError
from analytics.export import deck, image, page, workbook
from analytics.export.parts import Deck
from analytics.export.table import File
from analytics.store import Store

KINDS = {
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
WRITERS: dict[str, Callable[[Deck], bytes]] = {"pptx": deck.write, "xlsx": workbook.write, "html": page.write}
READERS = {"pptx": deck.read, "xlsx": workbook.read, "html": page.read}

Progress = Callable[[int, int], None]


def make(briefing: Briefing, store: Store, kind: str, ask: Asked = coverage.measured, progress: Progress | None = None) -> File:
    """The briefing, counted on the present data, as a file of one of `KINDS`.

    `progress(done, all)` is called along the way and may raise to stop. Raises OutreachError for an empty briefing, an unknown
    kind, a template that lacks something, or images without a browser.
    """
    if kind not in KINDS:
        raise OutreachError(N_("The kind {kind} is not known. Use one of: {known}."), kind=kind, known=", ".join(KINDS))
    if not briefing.items:
        raise OutreachError(N_("The briefing is empty. Add something to it first."))
    composed = model.compose(briefing, store, ask, progress)
    if kind == "pdf":
        content = image.pdf(page.write(composed))
    elif kind == "zip":
        content = image.images(composed, progress=progress)
    else:
        content = WRITERS[kind](composed)
    return File(f"{file_name(briefing.name)}.{kind}", KINDS[kind], content)


def file_name(name: str) -> str:
    """The briefing's name as a file may be called on any system, without its ending."""
    plain = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', " ", name)
    return " ".join(plain.split()).strip(". ")[:80] or "briefing"
