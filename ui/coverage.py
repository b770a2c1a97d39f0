"""The parts of the coverage page: gaps, where next, targets, evenness, comparison. Each draws itself and keeps its options."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

import pandas as pd
import streamlit as st

from analytics import coverage, coverage_figures, gallery, places, planning, schema, targets
from analytics.coverage import Evidence, Window
from analytics.errors import DataFaults, OutreachError
from analytics.exhibit import Context, recipe
from analytics.text import Words
from ui import cache, cards
from ui.frame import View, faults

PARTS = ("gaps", "next", "targets", "even", "compare")


def part_names(words: Words) -> dict[str, str]:
    """The page's parts, by their name in the address."""
    return {
        "gaps": words("Who is not reached"), "next": words("Where next"), "targets": words("Targets"), "even": words("How evenly"),
        "compare": words("Compare"),
    }  # fmt: skip


@dataclass(frozen=True)
class Board:
    """What every part works with: the view, the evidence behind its figures, the days looked back over."""

    view: View
    evidence: Evidence
    window: Window
    part: str

    @property
    def words(self) -> Words:
        return self.view.words

    @property
    def context(self) -> Context:
        return self.view.context


def board(view: View) -> Board:
    """The page's common options: its part, the day ages count back from, how many months are looked back over."""
    words, selection = view.words, view.context.selection
    columns = st.columns([5, 1.6, 1.6], gap="small", vertical_alignment="bottom")
    with columns[0]:
        part = view.option("part", part_names(words), "gaps", words("Part"))
    with columns[1]:
        note = words("Ages and look-back count back from this day; unless set, the latest event in the data.")
        as_of = view.day_option("as_of", words("As of"), view.store.latest, note)
    with columns[2]:
        spans = {str(n): words.plural("{n} month", "{n} months", n) for n in coverage.LOOK_BACK}
        months = int(view.option("months", spans, "24", words("Look back"), "select"))
    return Board(view, Evidence(view.store, selection, as_of, cache.measure), coverage.look_back(selection, as_of, months), part)


def draw(board: Board) -> None:
    """The chosen part."""
    {"gaps": gaps, "next": where_next, "targets": plan_and_actual, "even": evenness, "compare": comparison}[board.part](board)


# ------------------------------------------------------------------ who is not reached

CITY_FIGURES = ("districts_reached", "subdistricts_reached", "communities_reached", "audiences_served")


def city_figures(board: Board) -> None:
    """Districts, subdistricts, communities and audiences reached in the whole city, each with its range and its definition."""
    words = board.words
    body = ""
    for name in CITY_FIGURES:
        indicator = coverage.INDICATORS[name]
        three = coverage.NUMERATORS[indicator.numerator](board.evidence, places.BEIJING)
        of = coverage.denominators(board.context.selection).loc[places.BEIJING, indicator.denominator]
        low, value, high = (words.number(number) for number in three)
        spread = words("{low} to {high}", low=low, high=high) if low != high else words("exactly")
        body += (
            f'<div data-figure="{name}"><span>{escape(words(indicator.title))} {_about(coverage_figures.definition(indicator, words), words)}</span>'
            f"<b>{escape(value)} <small>{escape(words('of {n} in all', n=words.number(of)))}</small></b><span>{escape(spread)}</span></div>"
        )
    st.html(f'<div class="figures">{body}</div>')


def _about(text: str, words: Words) -> str:
    return f'<details class="about"><summary aria-label="{escape(words("What is counted"))}">ⓘ</summary><p>{escape(text)}</p></details>'


def gaps(board: Board) -> None:
    """Figures with their ranges, the gap matrix with what comes nearest to a cell, how sure it is, the gaps in sentences."""
    view, words, evidence, window, context = board.view, board.words, board.evidence, board.window, board.context
    above = st.container()
    columns = st.columns([3, 2.4, 2, 2, 2], gap="small", vertical_alignment="bottom")
    with columns[0]:
        names = {name: words(each.title) for name, each in coverage.INDICATORS.items() if name != "districts_reached"}
        indicator = coverage.INDICATORS[view.option("indicator", names, "events_per_100k", words("Indicator"), "select")]
    with columns[1]:
        end = view.option("end", coverage_figures.end_names(words), "value", words("Map shows"), "select")
    with columns[2]:
        column = view.option("columns", coverage_figures.column_names(words), "audience", words("Matrix by"), "select")
    with columns[3]:
        order = view.option("order", {"list": words("in order of the list"), "need": words("by need")}, "list", words("Rows"), "select")
    with columns[4]:
        shade = view.option(
            "shade", {"events": words("events"), "months": words("months since the last")}, "events", words("Cells"), "select"
        )
    every = Evidence(evidence.store, evidence.selection.without("district"), evidence.as_of, evidence.ask)
    table = coverage.indicator_table(every, indicator)
    left, right = st.columns([1, 1], gap="small")
    with left:
        cards.card(view, coverage_figures.coverage_map(table, indicator, end, evidence, context))
    with right:
        cards.card(view, coverage_figures.range_chart(table, indicator, evidence, context))
    found = coverage.half_years(evidence) if column == "half" else coverage.cells(evidence, window, column)
    found = found[found["district"].isin(evidence.districts)]
    cell = view.hidden_option("cell", 80)
    if cell:
        nearest(board, cell, column)
    cards.card(view, coverage_figures.gap_matrix(found, column, window, context, order == "need", shade == "months"))
    each = found if column == "audience" else coverage.cells(evidence, window, "audience")
    left, right = st.columns([1, 1], gap="small")
    with left:
        cards.card(view, coverage_figures.certainty_chart(coverage.certainty(each), "audience", window, context))
    with right:
        cards.card(view, coverage_figures.gap_list(coverage.gaps(evidence, window), window, context))
    with above:  # after the charts, which a viewer waits for
        city_figures(board)


def nearest(board: Board, cell: str, column: str) -> None:
    """What comes nearest to an empty cell of the matrix, as links to those events."""
    words, context = board.words, board.context
    district, _, term = cell.partition(":")
    terms = schema.DIMENSIONS[column].terms if column != "half" else ()
    if district not in places.adcodes() or (term not in terms if column != "half" else not _is_half(term)):
        return
    kinds = {
        "other_times": words("at other times"),
        "undated": words("without a date"),
        "repeated": words("repeated reports"),
        "planned": words("planned, holding not confirmed"),
        "unplaced": words("without a district, in these days"),
        "unplaced_undated": words("without a district and a date"),
        "district": words("other events in this district in these days"),
    }
    found = coverage.nearest(board.evidence, board.window, district, column, term)
    items = "".join(
        f'<li><a href="{escape(context.events(selection))}">{escape(words.plural("{n} event", "{n} events", n))}</a> {escape(kinds[kind])}</li>'
        for kind, n, selection in found
    )
    name = coverage_figures.half_name(term, words) if column == "half" else words.term(column, term)
    close = context.here(context.selection, **{key: value for key, value in board.view.options.items() if key != "cell"})
    st.html(
        f'<div class="panel" data-panel="nearest"><h3>{escape(words.term("district", district))} · {escape(name)}</h3>'
        f"<p>{escape(words('No report found here; nearest to it:'))}</p><ul>{items or '<li>' + escape(words('nothing at all')) + '</li>'}</ul>"
        f'<p><a href="{escape(close)}">{escape(words("Close"))}</a></p></div>'
    )


def _is_half(term: str) -> bool:
    return len(term) == 7 and term[:4].isdigit() and term[:4] > "1948" and term[4:] in ("-H1", "-H2")


# ------------------------------------------------------------------ where next


def where_next(board: Board) -> None:
    """A proposal of visits under terms of one's own, its reasons, its map; any line can be fixed or left out."""
    view, words, context = board.view, board.words, board.context
    st.html(f'<p class="panel">{escape(coverage_figures.explanation(words))}</p>')
    columns = st.columns([1, 1, 1, 1.5, 1.7, 1.7], gap="small", vertical_alignment="bottom")
    with columns[0]:
        visits = view.number_option("visits", words("Visits"), 12, 1, 100)
    with columns[1]:
        floor = view.number_option(
            "floor", words("Every district at least"), 1, 0, 20, words("Events held in the look-back span count towards it.")
        )
    with columns[2]:
        cap = view.number_option("cap", words("One district at most"), 3, 1, 100)
    with columns[3]:
        levels = {"district": words("Districts"), "subdistrict": words("Subdistricts")}
        level = view.option("level", levels, "district", words("Propose by"), "select")
    with columns[4]:
        age = view.number_option("age", words("Weight of time since the last (%)"), 50, 0, 100, words("At 50, half of a visit's value grows with the months since the last event, in full after 60 months or where none was found. At 0 only residents count."), slider=True)  # fmt: skip
    with columns[5]:
        unsure = view.number_option("unsure", words("Unclear cells count (%)"), 50, 0, 100, words("An unclear cell may have been reached by an event without a district. At 50 it counts half as much as a gap, since nothing says which."), slider=True)  # fmt: skip
    audience_weights(board)
    units = residents(board) if level == "subdistrict" else None
    locked, excluded = (gallery.visit_keys(view.hidden_option(name)) for name in ("lock", "drop"))
    chosen = {"visits": visits, "floor": floor, "cap": cap, "level": level, "age": age, "unsure": unsure}
    kept = {name: view.options[name] for name in ("lock", "drop", *(name for name in view.options if name.startswith("weight-")))}
    options = {name: str(value) for name, value in (chosen | kept).items() if value != ""}
    options |= {"as-of": board.evidence.as_of.isoformat(), "months": str(board.window.months)}
    try:
        plan = _plan(board, options, units)
    except OutreachError as error:
        reset = context.here(context.selection, **{name: value for name, value in view.options.items() if name not in ("lock", "drop")})
        link = (
            f'<p><a href="{escape(reset)}">{escape(words("Let go of everything fixed and left out"))}</a></p>' if locked or excluded else ""
        )
        st.html(
            f'<div class="empty" role="status"><h2>{escape(words("No plan keeps all these terms"))}</h2><p>{escape(words(error.message, **error.values))}</p>{link}</div>'
        )
        return
    # A plan from a file that only this viewer has cannot be made again elsewhere.
    own_file = units is not None and st.session_state.get("residents") is not None
    listed, mapped = (() if own_file else recipe(kind, **options) for kind in ("plan", "plan-map"))
    exhibit = replace(coverage_figures.plan_list(plan, board.window, context), recipe=listed)
    left, right = st.columns([1, 1], gap="small")
    with left:
        cards.card(view, exhibit)
        plan_rows(plan, board, locked, excluded)
    with right:
        cards.card(view, replace(coverage_figures.plan_map(plan, context), recipe=mapped))


def audience_weights(board: Board) -> None:
    """A weight for each audience, 1 unless changed; they stand in the address."""
    view, words = board.view, board.words
    with st.expander(words("Weights of audiences")):
        st.caption(
            words(
                "1 for all: every audience gets an equal share of a place's residents. A weight of 2 doubles the share, 0 leaves the audience out."
            )
        )
        columns = st.columns(5)
        for number, code in enumerate(term for term in schema.AUDIENCE if term != coverage.OTHER):
            with columns[number % 5]:
                view.number_option(f"weight-{code.replace(' ', '-')}", words.term("audience", code), 1, 0, 10)


def residents(board: Board) -> pd.DataFrame | None:
    """Residents by subdistrict from the viewer's file or the setting OUTREACH_RESIDENTS; None where neither is given."""
    words = board.words
    state = st.session_state
    with st.expander(words("Residents by subdistrict"), expanded=bool(state.get("_residents_error"))):
        given = st.file_uploader(
            words("File with code, residents, year, source (CSV, XLSX, Parquet)"), type=["csv", "xlsx", "parquet"], key="residents"
        )
        table = _uploaded(given, os.environ.get("OUTREACH_RESIDENTS", ""), planning.read_residents, words)
        if table is None:
            st.caption(
                words("Without a file, a district's residents are spread over its subdistricts by their number of committees (2023).")
            )
    return table


def _uploaded(given, path: str, read, words: Words) -> pd.DataFrame | None:
    """The checked table from an uploaded file or a path; faults are listed and nothing is taken over."""
    if given is None and not path:
        return None
    try:
        return read(path) if given is None else cache.of_upload(given, read.__name__, "", lambda: _read_upload(given, read))
    except DataFaults as error:
        st.markdown(words("The file was refused:"))
        faults(error, words)
    except OutreachError as error:
        st.error(words(error.message, **error.values))
    return None


def _read_upload(given, read) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"upload{Path(given.name).suffix.lower()}"
        file.write_bytes(given.getvalue())
        return read(file)


def _spelt(key: planning.Key) -> str:
    return ":".join(part for part in key if part)


def _plan(board: Board, options: dict[str, str], units: pd.DataFrame | None) -> planning.Plan:
    """The plan under these options, made once for all who ask the same."""
    given = None if units is None else int(pd.util.hash_pandas_object(units).sum())
    key = ("plan", board.view.store.version, board.context.selection, tuple(sorted(options.items())), given)
    return cache.remembered(key, lambda: gallery.plan(board.context, options, cache.measure, units))


def plan_rows(plan: planning.Plan, board: Board, locked: tuple[planning.Key, ...], excluded: tuple[planning.Key, ...]) -> None:
    """The visits with their reasons; each can be fixed, let go, or left out, and the plan is made anew."""
    words, context, view = board.words, board.context, board.view

    def here(locks: tuple[planning.Key, ...], drops: tuple[planning.Key, ...]) -> str:
        chosen = {"lock": ",".join(map(_spelt, locks)), "drop": ",".join(map(_spelt, drops))}
        return escape(context.here(context.selection, **(view.options | chosen)))

    rows = ""
    for visit in plan.visits.to_dict("records"):
        key = (visit["district"], visit["audience"], visit["subdistrict"])
        place = words.term("district", visit["district"]) + (
            f" · {words.term('subdistrict', visit['subdistrict'])}" if visit["subdistrict"] else ""
        )
        fixed = tuple(each for each in locked if each != key)
        toggle = (here(fixed, excluded), words("let go")) if key in locked else (here((*locked, key), excluded), words("fix"))
        drop = f'<a href="{here(fixed, (*excluded, key))}">{escape(words("leave out"))}</a>'
        why = planning.reasons(visit, words, board.window)
        rows += (
            f'<tr{" aria-selected=true" if key in locked else ""}><td class="number">{visit["number"]}</td><td><b>{escape(place)}</b><br>{escape(words.term("audience", visit["audience"]))}</td>'
            f'<td>{escape(why)}</td><td><a href="{toggle[0]}">{escape(toggle[1])}</a><br>{drop}</td></tr>'
        )
    head = "".join(f"<th scope=col>{escape(text)}</th>" for text in ("", words("Visit"), words("Why"), ""))
    back = ""
    for key in excluded:
        kept = tuple(each for each in excluded if each != key)
        name = " · ".join(
            [words.term("district", key[0]), *([words.term("subdistrict", key[2])] if key[2] else []), words.term("audience", key[1])]
        )
        back += f' <a class="chip" href="{here(locked, kept)}">{escape(name)} ×</a>'
    left_out = f'<p class="chips">{escape(words("Left out:"))}{back}</p>' if back else ""
    st.html(
        f'<div class="panel headline">{left_out}<table class="districts plan"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


# ------------------------------------------------------------------ targets


def plan_and_actual(board: Board) -> None:
    """Targets from a plan file, against what was found and what is planned."""
    view, words = board.view, board.words
    given = st.file_uploader(words("Plan file with district, audience, period, target_events, target_participants (CSV, XLSX, Parquet)"), type=["csv", "xlsx", "parquet"], key="targets")  # fmt: skip
    table = _uploaded(given, os.environ.get("OUTREACH_TARGETS", ""), targets.read_targets, words)
    if table is None:
        st.html(f'<div class="empty"><h2>{escape(words("No plan file yet"))}</h2><p>{escape(words("One line per target, such as:"))}</p><pre>district,audience,period,target_events\n110108,students,2025,6\n,enterprises,2025-H2,10</pre><p>{escape(words("An empty district or audience means all. Periods are 2025, 2025-H1, 2025-Q2 or 2025-04. The setting OUTREACH_TARGETS names a file for everybody."))}</p></div>')  # fmt: skip
        return
    progress = targets.progress(view.store, view.context.selection, table, board.evidence.as_of)
    chart = coverage_figures.targets_chart(progress, view.context, board.evidence.as_of)
    # Targets from a file that only this viewer has cannot be drawn again elsewhere.
    cards.card(view, chart if given is not None else replace(chart, recipe=recipe("targets", as_of=board.evidence.as_of)))


# ------------------------------------------------------------------ how evenly


def evenness(board: Board) -> None:
    """Lorenz curve, functional zones, location quotients: of all 16 districts, whatever district is chosen."""
    view, context = board.view, board.context
    even = coverage_figures.evenness(board.evidence)
    if not even.events:
        text = board.words("No report that names a district was found under these filters; there is nothing to compare with residents.")
        st.html(f'<div class="empty" role="status"><p>{escape(text)}</p></div>')
        return
    left, right = st.columns([1, 1], gap="small")
    with left:
        cards.card(view, coverage_figures.lorenz_chart(even, context))
    with right:
        cards.card(view, coverage_figures.zones_chart(even, context))
    cards.card(view, coverage_figures.quotient_matrix(even, context))


# ------------------------------------------------------------------ comparison


def comparison(board: Board) -> None:
    """Two spans, or any two selections, side by side, with their difference."""
    view, words, context, evidence = board.view, board.words, board.context, board.evidence
    columns = st.columns([3, 3, 3], gap="small", vertical_alignment="bottom")
    with columns[0]:
        names = {name: words(each.title) for name, each in coverage.INDICATORS.items()}
        indicator = coverage.INDICATORS[view.option("indicator", names, "events_per_100k", words("Indicator"), "select")]
    with columns[1]:
        kinds = {
            "year": words("this year to date and last year"),
            "before": words("the span and the one before"),
            "held": words("this view and one held"),
        }
        against = view.option("against", kinds, "year", words("Compare"), "select")
    held = view.hidden_option("held")
    hold = context.here(context.selection, **(view.options | {"against": "held", "held": context.selection.address() or "all=1"}))
    st.html(
        f'<p class="panel"><a href="{escape(hold)}">{escape(words("Hold this view"))}</a> {escape(words("then change filters or the span to compare any two."))}</p>'
    )
    options = {"indicator": indicator.name, "against": against, "held": held, "as-of": evidence.as_of.isoformat()}
    pair = gallery.comparison(context, options, cache.measure)
    if pair is None:
        message = words("Set a span first; it is compared with the one before.") if against == "before" else words("No view is held yet.")
        st.html(f'<div class="empty" role="status"><p>{escape(message)}</p></div>')
        return
    cards.card(view, replace(pair[0], recipe=recipe("comparison", **options)))
    cards.card(view, replace(pair[1], recipe=recipe("changes", **options)))
