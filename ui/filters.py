"""Filter widgets in the sidebar ↔ Selection ↔ address.

The address holds codes and is the state: a link, the back button and a reload are read from it, a widget's change is
written to it. Streamlit's own binding of widgets to the address writes labels there, which change with the language.
"""

from __future__ import annotations

from datetime import date

import streamlit as st

from analytics.figures import dimension_name
from analytics.selection import FIELDS, Selection, allowed, label, quick_spans, read_selection
from analytics.store import Store
from analytics.text import LANGUAGES, Words

FIRST = ("district", "audience", "programme")
MORE = ("campaign", "event-format", "topic", "place-basis", "office-role", "include", "undated")
WIDGETS = (*FIRST, *MORE, "from", "to", "q")
EARLIEST, LATEST = date(1949, 1, 1), date(2100, 12, 31)


def touched() -> None:
    """Called before a rerun that a widget caused: then the widgets are right and the address follows."""
    st.session_state["_touched"] = True


def read_address(store: Store) -> bool:
    """Take the address over where it is news: a cold link, back, forward. Returns whether it was taken over."""
    state, url = st.session_state, address()
    first = "_address" not in state
    news = first or (url != state["_address"] and not state.get("_touched") and "language" in url)
    state["_touched"] = False
    if not news:
        return False
    selection, unknown = read_selection(url, store)
    state["_unknown"] = unknown
    state["_language"] = _language(url)
    state["_selection"] = selection
    state["_briefing"] = "".join(sign for sign in url.get("briefing", [""])[0] if sign in "0123456789abcdef")[:32]
    for name in WIDGETS:
        value = getattr(selection, FIELDS[name])
        state[name] = list(value) if isinstance(value, tuple) else value
    return True


def address() -> dict[str, list[str]]:
    """The parameters of the page's address."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _language(url: dict[str, list[str]]) -> str:
    asked = url.get("language", [""])[0]
    if asked in LANGUAGES:
        return asked
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def write_address(options: dict[str, str]) -> None:
    """Make the address say what is shown; the language is always in it, so that an empty one is never mistaken for a link."""
    state = st.session_state
    more = options | {"briefing": state.get("_briefing", "")}
    wanted = state["_selection"].query() | {name: [value] for name, value in more.items() if value} | {"language": [state["_language"]]}
    if wanted != address():
        st.query_params.from_dict(wanted)
    state["_address"] = wanted


def selected(store: Store) -> Selection:
    """The Selection that the filter widgets stand for, read before they are drawn: a viewer waits for the charts."""
    state, known = st.session_state, allowed(store)
    changes = {
        FIELDS[name]: tuple(state[name]) if isinstance(state.get(name), list) else state.get(name) for name in WIDGETS if name in state
    }
    changes |= {"q": (changes.get("q") or "").strip(), "undated": changes.get("undated") or ""}
    start, end = changes.get("start"), changes.get("end")
    if start and end and start > end:
        changes["start"], changes["end"] = end, start
    for name, values in known.items():
        if isinstance(changes.get(FIELDS[name]), tuple):
            order = {value: number for number, value in enumerate(values)}
            changes[FIELDS[name]] = tuple(sorted(changes[FIELDS[name]], key=lambda value, order=order: order.get(value, 0)))
    state["_selection"] = state["_selection"].change(**changes)
    return state["_selection"]


def sidebar(store: Store, words: Words) -> None:
    """All filters, drawn once for every page."""
    known = allowed(store)
    state = st.session_state
    for name in FIRST:
        _choose(name, known[name], words)
    _span(store, words)
    st.text_input(
        words("Search"),
        key="q",
        max_chars=200,
        on_change=touched,
        placeholder=words("title, place, partner, report"),
        icon=":material/search:",
    )
    with st.expander(words("More filters"), expanded=any(state.get(name) for name in MORE)):
        for name in MORE:
            if name == "undated":
                options = ["", *known[name]]
                st.selectbox(
                    dimension_name(name, words),
                    options,
                    key=name,
                    on_change=touched,
                    format_func=lambda code: label("undated", code, words) if code else words("Left out of spans"),
                )
            elif known[name]:
                _choose(name, known[name], words)


def _choose(name: str, options: tuple[str, ...], words: Words) -> None:
    st.multiselect(
        dimension_name(name, words), options, key=name, on_change=touched, placeholder=words("all") if name != "include" else words("nothing more"), select_all=False,
        format_func=(lambda code: words.term(name, code)) if name != "include" else (lambda code: label_plain(code, words)),
    )  # fmt: skip


def label_plain(code: str, words: Words) -> str:
    """The name of what `include` lets in."""
    from analytics.selection import INCLUDE

    return INCLUDE[code][words.language == "zh"]


def _span(store: Store, words: Words) -> None:
    spans = quick_spans(store.latest)
    names = {"12 months": words("Last 12 months"), "3 years": words("Last 3 years")}
    now = (st.session_state.get("from"), st.session_state.get("to"))
    st.session_state["_span"] = next((name for name, span in spans.items() if span == now), None)

    def chosen() -> None:
        span = spans.get(st.session_state["_span"], (None, None))
        st.session_state["from"], st.session_state["to"] = span
        touched()

    st.selectbox(
        words("Span"), list(spans), key="_span", index=None, on_change=chosen, placeholder=words("any time") if now == (None, None) else words("own span"),
        format_func=lambda name: names.get(name) or words.term("year", name), help=words("Counted back from {day}, the latest event in the data.", day=words.day(store.latest)),
    )  # fmt: skip
    left, right = st.columns(2)
    for column, name, title in ((left, "from", words("From")), (right, "to", words("To"))):
        column.date_input(title, key=name, value=None, min_value=EARLIEST, max_value=LATEST, format="YYYY-MM-DD", on_change=touched)
