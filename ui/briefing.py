"""The briefing page: what it holds, its slides, what comes out of it, and the check of a file that came out before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html import escape

import pandas as pd
import streamlit as st

from analytics import briefing as model
from analytics import gallery, verify
from analytics.briefing import Briefing, Item
from analytics.errors import OutreachError
from analytics.exhibit import Context, Exhibit
from analytics.export import files
from analytics.selection import span_phrase
from analytics.text import Words
from ui import cache, cards, filters, plot, shelf
from ui.frame import View

NEW = "new"


def draw(view: View) -> None:
    """The whole page: shelf and outlines, the items with their slides, downloads, the check."""
    try:
        at_hand = shelf.current()
        saved = shelf.opened().names()
    except OutreachError as error:
        st.error(view.words(error.message, **error.values))
        return
    _shelf(view, at_hand, saved)
    if at_hand is None:
        _nothing_yet(view)
    else:
        at_hand = _settings(view, at_hand)
        _downloads(view, at_hand)
        for number, item in enumerate(at_hand.items, start=1):
            _item(view, at_hand, item, number)
    _check(view)


def _change(id: str, change: Callable[[Briefing], Briefing]) -> None:
    """Change a saved briefing. Called before the run that a button causes, which a further press would cut short."""
    filters.touched()
    stored = shelf.opened().open(id)
    if stored:
        shelf.take(change(stored))


# ------------------------------------------------------------------ the shelf


def _shelf(view: View, at_hand: Briefing | None, saved: list[tuple[str, str]]) -> None:
    words = view.words
    left, right = st.columns([3, 4], gap="small", vertical_alignment="bottom")
    with left:
        # Choices are told apart by their labels: two briefings of one name must not read alike.
        alike = Counter(name for _, name in saved)
        names = {id: f"{name} · {id[:6]}" if alike[name] > 1 else name for id, name in saved} | {NEW: words("A new, empty briefing")}
        ids = list(names)
        # The browser knows a choice by its place in the list: where the list is another, so is the widget.
        key = "shelf-" + hashlib.sha256(f"{ids} {at_hand.id if at_hand else ''}".encode()).hexdigest()[:12]
        st.selectbox(
            words("Briefing"), ids, index=ids.index(at_hand.id) if at_hand and at_hand.id in names else None, key=key, format_func=names.get,
            placeholder=words("none opened"), on_change=_opened, args=(key, words),
        )  # fmt: skip
    with right:
        outlines = model.outline_names(words)
        columns = st.columns(len(outlines), gap="small")
        for column, (outline, name) in zip(columns, outlines.items(), strict=True):
            tip = words("A ready-made outline over the filters at the left.")
            column.button(name, key=f"outline-{outline}", width="stretch", help=tip, on_click=_outline, args=(view, outline))
        needed = st.session_state.pop("_needed", "")
        if needed:
            st.warning(words("Choose one {what} in the filters first.", what=needed_name(needed, words)))


def _opened(key: str, words: Words) -> None:
    chosen = st.session_state[key]
    filters.touched()
    if chosen == NEW:
        shelf.take(Briefing(model.new_id(), words("Briefing"), language=words.language))
    else:
        st.session_state["_briefing"] = chosen or ""


def _outline(view: View, outline: str) -> None:
    filters.touched()
    try:
        shelf.take(model.outlined(outline, view.context.selection, view.words))
    except OutreachError:
        st.session_state["_needed"] = model.NEEDED.get(outline, "")


def needed_name(name: str, words: Words) -> str:
    """What an outline is about, inside a sentence."""
    return {"district": words("district"), "audience": words("audience"), "campaign": words("campaign")}[name]


def _nothing_yet(view: View) -> None:
    words = view.words
    st.html(
        f'<div class="empty"><h2>{escape(words("Nothing collected yet"))}</h2><p>{escape(words("Every card has “Add to briefing” in its menu (⤓). Or begin with an outline above: it takes the filters at the left."))}</p></div>'
    )


def _settings(view: View, briefing: Briefing) -> Briefing:
    """Name, language, size, span of all items; copy, delete, link."""
    words = view.words
    columns = st.columns([3, 1.5, 1.1, 2.4, 2.6], gap="small", vertical_alignment="bottom")
    with columns[0]:
        name = st.text_input(words("Name"), briefing.name, key=f"name-{briefing.id}", max_chars=200, on_change=filters.touched).strip()
    with columns[1]:
        languages = {"en": "English", "zh": "中文", "both": words("both")}
        language = st.selectbox(words("Language"), list(languages), list(languages).index(briefing.language), key=f"language-{briefing.id}", format_func=languages.get, on_change=filters.touched)  # fmt: skip
    with columns[2]:
        sizes = ("16:9", "A4")
        size = st.selectbox(words("Size"), sizes, sizes.index(briefing.size), key=f"size-{briefing.id}", on_change=filters.touched)
    with columns[3]:
        _span(view, briefing)
    with columns[4]:
        left, right = st.columns(2, gap="small")
        copied = words("{name} (copy)", name=briefing.name)
        left.button(
            words("Copy"), key="copy-briefing", width="stretch", icon=":material/content_copy:", on_click=_copy, args=(briefing.id, copied)
        )
        right.button(
            words("Delete"), key="delete-briefing", width="stretch", icon=":material/delete:", on_click=_delete, args=(briefing.id,)
        )
    changed = replace(briefing, name=name or briefing.name, language=language, size=size)
    if changed != briefing:
        shelf.take(changed)
    return changed


def _copy(id: str, name: str) -> None:
    filters.touched()
    shelf.take(shelf.opened().duplicate(id, name))


def _delete(id: str) -> None:
    filters.touched()
    shelf.opened().delete(id)
    st.session_state["_briefing"] = ""


def _span(view: View, briefing: Briefing) -> None:
    """One span for all items at once: the filters' own, the one before or after."""
    words, store = view.words, view.store
    spans = {(each.start, each.end) for item in briefing.items for each in [model.selection_of(item, store)]}
    start, end = next(iter(spans)) if len(spans) == 1 else (None, None)
    shown = span_phrase(start, end, words) if start or end else words("any time") if len(spans) < 2 else words("several spans")
    with st.popover(words("Span: {span}", span=shown), width="stretch"):
        st.caption(words("Changes the span of every item at once."))
        if start and end:
            for forward, icon in ((False, ":material/arrow_back:"), (True, ":material/arrow_forward:")):
                other = model.shifted(start, end, forward)
                st.button(
                    span_phrase(*other, words), key=f"span-{forward}", icon=icon, width="stretch", on_click=_respan, args=(briefing.id, view, *other)
                )  # fmt: skip
        left, right = st.columns(2)
        first = left.date_input(
            words("From"),
            start,
            key=f"from-{briefing.id}-{start}",
            min_value=filters.EARLIEST,
            max_value=filters.LATEST,
            format="YYYY-MM-DD",
        )
        last = right.date_input(
            words("To"), end, key=f"to-{briefing.id}-{end}", min_value=filters.EARLIEST, max_value=filters.LATEST, format="YYYY-MM-DD"
        )
        chosen = _ordered(first, last)
        st.button(
            words("Set for all items"), key="span-set", type="primary", width="stretch", on_click=_respan, args=(briefing.id, view, *chosen)
        )


def _respan(id: str, view: View, start: date | None, end: date | None) -> None:
    _change(id, lambda briefing: briefing.over(start, end, view.store))


def _ordered(first: date | None, last: date | None) -> tuple[date | None, date | None]:
    return (last, first) if first and last and first > last else (first, last)


# ------------------------------------------------------------------ items


def _item(view: View, briefing: Briefing, item: Item, number: int) -> None:
    """One item: its slide, and beside it title, findings, note, order."""
    words, store = view.words, view.store
    selection = model.selection_of(item, store)
    language = "en" if briefing.language == "en" else "zh"
    context = Context(store, selection, Words(language), "", cache.left_out(store, selection), view.context.kept)
    slide, tools = st.columns([3, 2], gap="small")
    try:
        exhibit = gallery.build(item.recipe, context, cache.measure)
        offered = model.proposals(exhibit, context, item.recipe, cache.measure)
    except OutreachError as error:
        exhibit, offered = Exhibit(item.key, words(error.message, **error.values), {}, pd.DataFrame, ""), {}
    with tools:
        item = _edited(view, briefing, item, number, exhibit, offered)
    findings = [offered.get(name, text) if name else text for name, text in item.findings]
    with slide:
        cards.preview(
            view, exhibit, item.title or exhibit.title, context.sentence(), [text for text in findings if text], item.note, number, item.key
        )


def _edited(view: View, briefing: Briefing, item: Item, number: int, exhibit: Exhibit, offered: dict[str, str]) -> Item:
    words, key = view.words, f"{briefing.id}-{item.key}"
    title = st.text_input(
        words("Title"), item.title, key=f"title-{key}", placeholder=exhibit.title, max_chars=300, on_change=filters.touched
    ).strip()
    chosen = [name for name, _ in item.findings if name in offered]
    names = st.multiselect(
        words("Findings"), list(offered), chosen, key=f"findings-{key}", format_func=offered.get, placeholder=words("none"), on_change=filters.touched, select_all=False
    )  # fmt: skip
    own = "\n".join(text for name, text in item.findings if not name)
    edited = st.text_area(
        words("Findings in your own words, one a line"), own, key=f"own-{key}", max_chars=1_500, height=68, on_change=filters.touched
    )
    note = st.text_area(words("Note"), item.note, key=f"note-{key}", max_chars=1_500, height=68, on_change=filters.touched).strip()
    findings = tuple((name, "") for name in names) + tuple(("", line.strip()) for line in edited.splitlines() if line.strip())
    changed = replace(item, title=title, note=note, findings=findings)
    if changed != item:
        stored = shelf.current() or briefing
        shelf.take(stored.change(item.key, title=title, note=note, findings=findings))
    columns = st.columns(4, gap="small")
    buttons = (
        ("up", ":material/arrow_upward:", words("Up"), number == 1),
        ("down", ":material/arrow_downward:", words("Down"), number == len(briefing.items)),
        ("remove", ":material/close:", words("Remove"), False),
    )
    for column, (name, icon, label, off) in zip(columns, buttons, strict=False):
        column.button(
            label, key=f"{name}-{key}", icon=icon, disabled=off, width="stretch", on_click=_change, args=(briefing.id, _MOVES[name](item.key))
        )  # fmt: skip
    return changed


_MOVES: dict[str, Callable[[str], Callable[[Briefing], Briefing]]] = {
    "up": lambda key: lambda briefing: briefing.moved(key, -1),
    "down": lambda key: lambda briefing: briefing.moved(key, 1),
    "remove": lambda key: lambda briefing: briefing.without(key),
}


# ------------------------------------------------------------------ what comes out


def _downloads(view: View, briefing: Briefing) -> None:
    """The finished files, made when asked for, with progress and a way to stop."""
    words, state, key = view.words, st.session_state, "briefing-files"
    if not briefing.items:
        return
    asked = state.pop(f"{key}-export", None)
    data = {
        "key": key, "title": words.plural("{n} slide to take away", "{n} slides to take away", len(briefing.items)), "figure": None, "alt": "", "height": 0, "notes": [],
        "shapes": None, "table": None, "formats": [[kind, name] for kind, name in file_names(words).items()], "palettes": {}, "about": "", "sentences": [],
        "words": {"export": words("Download"), "table": "", "copy": ""}, "print": {}, "file": "", "menu": f"⤓ {words('Download')}", "library": f"./app/static/{plot.LIBRARY}",
        "stamp": "",
    }  # fmt: skip
    if asked in files.KINDS:
        made = _made(view, briefing, asked)
        if made:
            data["file_content"] = cards.handed_over(made)

    def exported() -> None:
        state[f"{key}-export"] = state[key].get("export")
        filters.touched()

    plot.component()(key=key, data=data, on_export_change=exported)


def file_names(words: Words) -> dict[str, str]:
    """What a briefing can be taken away as."""
    return {
        "pptx": words("Slides (PPTX), charts can be edited"), "xlsx": words("Workbook (XLSX) with charts"), "html": words("Page (HTML), interactive"),
        "pdf": words("Document (PDF)"), "zip": words("Images of every item (ZIP)"),
    }  # fmt: skip


def _made(view: View, briefing: Briefing, kind: str):
    words = view.words
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, words("Making the file"))
        # A press begins the page anew, and the next step of the work gives way to it.
        st.button(words("Cancel"), key="cancel-files", on_click=filters.touched)

    def step(done: int, total: int) -> None:
        bar.progress(done / max(total, 1), words("{done} of {total}", done=done, total=total))

    try:
        return files.make(briefing, view.store, kind, cache.measure, step)
    except OutreachError as error:
        st.error(words(error.message, **error.values))
        return None
    finally:
        place.empty()


# ------------------------------------------------------------------ the check


def _check(view: View) -> None:
    """A file that came out before, held against the present data."""
    words = view.words
    with st.expander(words("Check a file made before"), icon=":material/fact_check:"):
        given = st.file_uploader(words("Slides, workbook or page (PPTX, XLSX, HTML)"), type=["pptx", "xlsx", "html"], key="verify")
        if given is None:
            return
        try:
            report = cache.of_upload(
                given, "verify", view.store.version, lambda: verify.verify(given.getvalue(), given.name, view.store, cache.measure)
            )
        except OutreachError as error:
            st.error(words(error.message, **error.values))
            return
        lines = "".join(f"<li>{escape(line)}</li>" for line in verify.lines(report, words))
        st.html(f'<div class="panel" data-panel="verify"><h3>{escape(verify.summary(report, words))}</h3><ul>{lines}</ul></div>')
