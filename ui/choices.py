"""The choices that belong to one page: measure and classes of the map, share or count, period, one event. All in the address."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from analytics import maps
from analytics.errors import OutreachError
from analytics.figures import dimension_name, names
from analytics.measures import Grouping
from analytics.selection import Selection
from ui import cache
from ui.frame import View

STACKS = ("audience", "programme", "district")


def map_options(view: View) -> tuple[str, bool, str, int, tuple[float, ...], str]:
    """Measure, circles or classes, way and number of classes, own limits, small maps by audience or year ('' for none)."""
    words = view.words
    columns = st.columns([3, 2.2, 1.8, 1.2, 2], gap="small", vertical_alignment="bottom")
    labels = names(words)
    with columns[0]:
        measure = view.option("measure", {name: labels[name] for name in maps.MEASURES}, "per_residents", words("Measure"), "select")
    circles, scheme, count, own = False, "quantile", 5, ()
    if measure in maps.COUNTS:
        with columns[1]:
            circles = (
                view.option("style", {"classes": words("Shaded"), "circles": words("Circles")}, "classes", words("Drawn as")) == "circles"
            )
    if not circles:
        with columns[2]:
            scheme = view.option("classes", maps.scheme_names(words), "quantile", words("Classes"), "select")
        with columns[3]:
            if scheme == "own":
                own = _limits(view)
            else:
                count = int(view.option("k", {str(n): str(n) for n in range(3, 8)}, "5", words("Number"), "select"))
    with columns[4]:
        options = {"none": words("One map"), "audience": words("and one per audience"), "year": words("and one per year")}
        compare = view.option("compare", options, "none", words("Compare"), "select")
    return measure, circles, scheme, count, own, "" if compare == "none" else compare


def _limits(view: View) -> tuple[float, ...]:
    words = view.words
    text = view.text_option("limits", words("Limits"), "1, 2, 5, 10")
    if not text:
        return ()
    try:
        limits = tuple(float(part) for part in text.replace("，", ",").replace(";", ",").split(",") if part.strip())
        maps.class_limits(pd.Series([1.0]), "own", own=limits)
    except (ValueError, OutreachError):
        st.caption(words("The limits must be rising numbers, such as 1, 2, 5, 10."))
        return ()
    return limits[:6]


def share(view: View) -> bool:
    """Shares instead of counts."""
    words = view.words
    return view.option("view", {"count": words("Counts"), "share": words("Shares")}, "count", words("Show")) == "share"


def period(view: View) -> tuple[str, str]:
    """Month, quarter or year; and what bars are stacked by."""
    words = view.words
    left, right = st.columns(2, gap="small")
    with left:
        chosen = view.option(
            "period", {name: dimension_name(name, words) for name in ("month", "quarter", "year")}, "quarter", words("Period")
        )
    with right:
        stack = view.option(
            "stack", {"none": words("nothing"), **{name: dimension_name(name, words) for name in STACKS}}, "programme", words("Stacked by")
        )
    return chosen, "" if stack == "none" else stack


def stacked(period: str, stack: str) -> Grouping:
    """The grouping of a stacked chart: a filter on what is stacked narrows the stack itself."""
    return Grouping((period, stack), frozenset({stack})) if stack else Grouping((period,))


def to_date(view: View) -> pd.DataFrame:
    """Days of this year and last, whatever span is set."""
    latest = view.store.latest
    both: Selection = view.context.selection.change(start=latest.replace(month=1, day=1, year=latest.year - 1), end=latest)
    return cache.measure(view.store, both, (Grouping(("day",)),))[Grouping(("day",))]


def beside_the_time(view: View) -> None:
    """Events that no bar can show exactly: undated ones, and those known by their month only."""
    words, context = view.words, view.context
    undated, month = context.selection.without("span").change(only=("undated",)), context.selection.change(only=("month",))
    counts = [int(cache.measure(view.store, selection, (Grouping(),))[Grouping()]["events"].iloc[0]) for selection in (undated, month)]
    items = []
    if counts[0]:
        items.append((words.plural("{n} event has no date", "{n} events have no date", counts[0]), context.events(undated)))
    if counts[1]:
        items.append(
            (
                words.plural("{n} event is known by its month only", "{n} events are known by their month only", counts[1]),
                context.events(month),
            )
        )
    if items:
        links = " · ".join(f'<a href="{escape(href)}">{escape(text)}</a>' for text, href in items)
        st.html(f'<p class="panel">{links}</p>')


def event(view: View) -> str:
    """The event whose page is open, '' for none: from the address, or from the row chosen in the list."""
    state = st.session_state
    opened = state.pop("_open", None)
    if opened:
        state["_event"] = opened
    elif view.adopted or "_event" not in state:
        state["_event"] = (st.query_params.get("event") or "")[:80]
    return view.keep("event", state["_event"], "")
