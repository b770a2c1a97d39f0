"""The frame around every page: address, filters, navigation; and what a page works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path

import streamlit as st

from analytics.errors import DataFaults, OutreachError
from analytics.exhibit import Context
from analytics.measures import Grouping
from analytics.selection import label, phrase, read_day
from analytics.store import Store
from analytics.text import LANGUAGES, Words
from ui import cache, filters, plot

PAGES: tuple[tuple[str, str, str], ...] = (
    ("", "pages/overview.py", "Overview"),
    ("district_map", "pages/district_map.py", "Map"),
    ("audiences", "pages/audiences.py", "Audiences"),
    ("timeline", "pages/timeline.py", "Timeline"),
    ("coverage", "pages/coverage.py", "Coverage"),
    ("events", "pages/events.py", "Events"),
    ("briefing", "pages/briefing.py", "Briefing"),
)
STYLE = (Path(__file__).parent / "frame.css").read_text("utf-8")


def page_names(words: Words) -> dict[str, str]:
    """Names of the pages in the navigation, by their address."""
    return {
        "": words("Overview"),
        "district_map": words("Map"),
        "audiences": words("Audiences"),
        "timeline": words("Timeline"),
        "coverage": words("Coverage"),
        "events": words("Events"),
        "briefing": words("Briefing"),
    }


@dataclass
class View:
    """What a page works with: the context of its figures, and the options of its own that stand in the address."""

    context: Context
    adopted: bool
    options: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> Words:
        return self.context.words

    @property
    def store(self) -> Store:
        return self.context.store

    def measure(self, *groupings: Grouping) -> list:
        """The frames of these groupings, in one pass, in the order asked for."""
        tables = cache.measure(self.store, self.context.selection, groupings)
        return [tables[grouping] for grouping in groupings]

    def asked(self, name: str, default: str = "") -> str:
        """An option as the address has it when it is news, else as it was last on this page."""
        if self.adopted:
            return (filters.address().get(name) or [default])[0]
        return st.session_state.get(f"_kept_{name}", default)

    def option(self, name: str, options: dict[str, str], default: str, title: str, widget: str = "segmented") -> str:
        """A choice of the page's own (code → label), kept in the address when it is not the default."""
        state = st.session_state
        if self.adopted or state.get(name) not in options:
            asked = self.asked(name, default)
            state[name] = asked if asked in options else default
        if widget == "select":
            st.selectbox(title, list(options), key=name, format_func=options.get, on_change=filters.touched)
        else:
            st.segmented_control(title, list(options), key=name, format_func=options.get, required=True, on_change=filters.touched)
        return self.keep(name, state[name], default)

    def text_option(self, name: str, title: str, placeholder: str, most: int = 80) -> str:
        """A short text of the page's own, kept in the address."""
        if self.adopted or name not in st.session_state:
            st.session_state[name] = self.asked(name)[:most]
        st.text_input(title, key=name, max_chars=most, placeholder=placeholder, on_change=filters.touched)
        return self.keep(name, st.session_state[name].strip(), "")

    def number_option(self, name: str, title: str, default: int, low: int, high: int, help: str = "", slider: bool = False) -> int:
        """A whole number of the page's own, kept in the address when it is not the default."""
        state = st.session_state
        if self.adopted or name not in state:
            asked = self.asked(name)
            state[name] = min(max(int(asked), low), high) if asked.isascii() and asked.isdigit() and len(asked) < 7 else default
        widget = st.slider if slider else st.number_input
        widget(title, low, high, key=name, step=5 if slider else 1, help=help or None, on_change=filters.touched)
        return int(self.keep(name, str(state[name]), str(default)))

    def day_option(self, name: str, title: str, default: date, help: str = "") -> date:
        """A day of the page's own, kept in the address when it is not the default."""
        state = st.session_state
        if self.adopted or state.get(name) is None:
            state[name] = read_day(self.asked(name)) or default
        st.date_input(
            title,
            key=name,
            min_value=filters.EARLIEST,
            max_value=filters.LATEST,
            format="YYYY-MM-DD",
            help=help or None,
            on_change=filters.touched,
        )
        return date.fromisoformat(self.keep(name, (state[name] or default).isoformat(), default.isoformat()))

    def hidden_option(self, name: str, most: int = 2_000) -> str:
        """An option without a widget, set by links alone."""
        return self.keep(name, self.asked(name)[:most], "")

    def keep(self, name: str, value: str, default: str) -> str:
        """Note an option for the address."""
        self.options[name] = st.session_state[f"_kept_{name}"] = "" if value == default else value
        return value


def run() -> None:
    """The whole app for one rerun: frame, page, address."""
    st.set_page_config(page_title="Outreach", page_icon="🌏", layout="wide", initial_sidebar_state="auto")
    # A style block by itself leaves no gap on the page.
    st.html(f"<style>{STYLE}</style>")
    pages = _pages()
    page = st.navigation(list(pages.values()), position="hidden")
    try:
        store = cache.current_store()
    except OutreachError as error:
        _refuse(error)
        return
    adopted = filters.read_address(store)
    words = Words(st.session_state["_language"])
    selection = filters.selected(store)
    with st.sidebar:
        # The heading keeps the sidebar's place; what is below it is drawn after the page.
        st.markdown(f"#### {words('Filters')}")
        below = st.container()
    here = next((name for name, each in pages.items() if each.url_path == page.url_path), "")
    kept = (("briefing", st.session_state["_briefing"]),) if st.session_state["_briefing"] else ()
    context = Context(store, selection, words, here, cache.left_out(store, selection), kept)
    view = View(context, adopted)
    _navigation(view, here)
    if store.refused:
        _warn(store.refused, words)
    st.session_state["_view"] = view
    try:
        page.run()
    finally:
        st.session_state["_view"] = None
    with below:
        filters.sidebar(store, words)
    filters.write_address(view.options)


def _pages() -> dict[str, st.Page]:
    return {address: st.Page(path, title=title, default=not address) for address, path, title in PAGES}


def open_page() -> View:
    """What this page works with.

    The first visit to a new server by a page's own link runs the page without the frame, because the folder is called
    `pages`; then the navigation is declared and the run starts over, inside the frame.
    """
    view = st.session_state.get("_view")
    if view is None:
        st.navigation(list(_pages().values()), position="hidden")
        st.rerun()
    return view


def _navigation(view: View, here: str) -> None:
    words, context = view.words, view.context
    names = page_names(words)
    pages = "".join(
        f'<a href="{escape(context.link(address))}"{_current(address == here)}>{escape(names[address])}</a>' for address, _, _ in PAGES
    )
    other = [code for code in LANGUAGES if code != words.language][0]
    kept = filters.address() | {"language": [other]}
    switch = "./" + here + "?" + _query(kept, context.selection.query(), other)
    st.html(
        f'<div class="masthead"><span class="brand">{escape(words("Beijing outreach"))}</span><nav aria-label="{escape(words("Pages"))}">{pages}</nav>'
        f'<a class="language" href="{escape(switch)}" lang="{other}">{LANGUAGES[other]}</a></div>'
    )
    plot.frame()(key="frame", data={"language": {"en": "en", "zh": "zh-CN"}[words.language]})
    plot.prepare()


def _query(url: dict[str, list[str]], selection: dict[str, list[str]], language: str) -> str:
    from urllib.parse import urlencode

    from analytics.selection import FIELDS

    kept = {name: values for name, values in url.items() if name not in FIELDS and name != "language"}
    return urlencode([(name, value) for name, values in (selection | kept | {"language": [language]}).items() for value in values])


def _current(current: bool) -> str:
    return ' aria-current="page"' if current else ""


def _refuse(error: OutreachError) -> None:
    words = Words("zh" if (st.context.locale or "").lower().startswith("zh") else "en")
    st.title(words("The data cannot be opened"))
    faults(error, words)


def _warn(error: OutreachError, words: Words) -> None:
    count = len(error.faults) if isinstance(error, DataFaults) else 1
    with st.expander(
        words.plural(
            "The newer events file was refused ({n} fault); the previous data stay in use.",
            "The newer events file was refused ({n} faults); the previous data stay in use.",
            count,
        ),
        icon=":material/warning:",
    ):
        faults(error, words)


def faults(error: OutreachError, words: Words) -> None:
    """What is wrong with a file, every fault in a row of a table; or the sentence of any other error."""
    if not isinstance(error, DataFaults):
        st.error(words(error.message, **error.values))
        return
    st.markdown(words("Every fault of the file is listed below. Mend the cells and save the file; the page takes it over by itself."))
    rows = [
        {
            words("Row"): fault.row or None,
            words("Column"): fault.column,
            words("Value"): fault.value,
            words("Fault"): words(fault.problem),
            words("Remedy"): words(fault.remedy, detail=fault.detail),
        }
        for fault in error.faults
    ]
    st.dataframe(rows, hide_index=True)


def headline(view: View, question: str) -> None:
    """The page's question, the filter sentence, chips to clear filters, and what is left out as links to those events."""
    words, context, selection = view.words, view.context, view.context.selection
    chips = "".join(_chip(view, name) for name in selection.active)
    if chips and len(selection.active) > 1:
        chips += f'<a class="chip all" href="{escape(context.here(type(selection)()))}">{escape(words("clear all"))}</a>'
    unknown = st.session_state.get("_unknown") or []
    strange = (
        f'<p class="strange" role="status">{escape(words("Not understood in the address and left aside: {what}", what=", ".join(unknown)))}</p>'
        if unknown
        else ""
    )
    st.html(
        f'<div class="headline"><h1>{escape(question)}</h1><p class="sentence">{escape(context.sentence())}</p>'
        f'{strange}<p class="chips">{chips}{_left_out_links(view)}</p></div>'
    )


def _chip(view: View, name: str) -> str:
    selection, words = view.context.selection, view.words
    values = getattr(selection, name.replace("-", "_"), None) if name != "span" else None
    if not isinstance(values, tuple) or len(values) > 6:
        return _chip_link(phrase(selection, name, words), view.context.here(selection.without(name)), words)
    return "".join(_chip_link(label(name, value, words), view.context.here(selection.toggled(name, value)), words) for value in values)


def _chip_link(text: str, href: str, words: Words) -> str:
    return f'<a class="chip" href="{escape(href)}" aria-label="{escape(words("clear {what}", what=text))}">{escape(text)} ×</a>'


def _left_out_links(view: View) -> str:
    words, context = view.words, view.context
    counts, selection = context.left_out, context.selection
    links = []
    for kind in ("repeated", "planned", "cancelled"):
        if counts.get(kind):
            links.append((f"{words.number(counts[kind])} {words(kind)}", context.events(selection.change(only=(kind,)))))
    if counts.get("undated"):
        links.append(
            (f"{words.number(counts['undated'])} {words('undated')}", context.events(selection.without("span").change(only=("undated",))))
        )
    shown = []
    if counts.get("unplaced"):
        shown.append(
            (words.plural("{n} names no district", "{n} name no district", counts["unplaced"]), context.drill(district="unplaced"))
        )
    if counts.get("joint"):
        shown.append(
            (
                words.plural(
                    "{n} number covers several places and is not added",
                    "{n} numbers cover several places and are not added",
                    counts["joint"],
                ),
                context.events(selection.change(only=("joint",))),
            )
        )

    def row(title: str, items: list[tuple[str, str]]) -> str:
        return (
            f'<span class="aside">{escape(title)} '
            + " · ".join(f'<a href="{escape(href)}">{escape(text)}</a>' for text, href in items)
            + "</span>"
            if items
            else ""
        )

    return row(words("Left out:"), links) + row(words("Of those shown:"), shown)
