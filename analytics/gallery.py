"""Every exhibit by its recipe: from a kind, its options and a selection to the chart, map or table a page shows.

A briefing keeps recipes, never pictures; what is shown again is counted again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from urllib.parse import parse_qs

import pandas as pd

from analytics import coverage, coverage_figures, figures, maps, measures, planning, schema, targets
from analytics.coverage import INDICATORS, Asked, Evidence, Window
from analytics.errors import N_, OutreachError
from analytics.exhibit import Context, Exhibit, recipe
from analytics.measures import Grouping, own
from analytics.selection import Selection, read_day, read_selection, sentence, span_phrase
from analytics.store import Store
from analytics.text import Words

Recipe = tuple[tuple[str, str], ...]
Options = dict[str, str]


def build(asked_for: Recipe, context: Context, ask: Asked = coverage.measured) -> Exhibit:
    """The exhibit of a recipe under the context's selection, in its language.

    Raises OutreachError for a kind or an option that is not known, and where the options leave nothing to draw.
    """
    options = dict(asked_for)
    maker = KINDS.get(options.get("kind", ""))
    if maker is None:
        raise OutreachError(N_("This kind of chart is not known: {kind}. Remove it from the briefing."), kind=options.get("kind", ""))
    try:
        return maker(context, options, ask)
    except (KeyError, ValueError) as error:
        if isinstance(error, OutreachError):
            raise
        raise OutreachError(N_("This chart cannot be made again ({reason}). Remove it and add it anew."), reason=str(error)) from error


def counted_from(asked_for: Recipe, selection: Selection) -> Selection:
    """The selection whose events stand behind an exhibit: without the filters that it lets go itself."""
    options = dict(asked_for)
    kind = options.get("kind", "")
    freed = {
        "bars": (options.get("by", ""),),
        "matrix": (options.get("rows", ""), options.get("columns", "")),
        "over-time": (options.get("stack", ""),),
        "map": ("district",),
        "multiples": ("district", options.get("by", "")),
        "to-date": ("span",),
        "targets": ("district", "audience", "span"),
    }.get(kind)
    if freed is None and kind in _COVERING:
        freed = ("district", "place-basis", "subdistrict", *(("span", "audience", "programme") if kind in _LOOKING_BACK else ()))
    return selection.without(*(name for name in freed or () if name))


def _tables(context: Context, ask: Asked, *groupings: Grouping) -> list[pd.DataFrame]:
    found = ask(context.store, context.selection, groupings)
    return [found[grouping] for grouping in groupings]


def _one_of(options: Options, name: str, known: object, default: str) -> str:
    value = options.get(name, default)
    if value not in known:
        raise KeyError(f"{name}={value}")
    return value


# ------------------------------------------------------------------ counts


def _bars(context: Context, options: Options, ask: Asked) -> Exhibit:
    name = _one_of(options, "by", schema.DIMENSIONS, "audience")
    total, table = _tables(context, ask, Grouping(), own(name))
    measure = _one_of(options, "measure", measures.MEASURES, "events")
    key = f"by-{name}" if measure == "events" else f"{measure}-by-{name}"
    events = int(total["events"].iloc[0])
    return figures.bars(table, name, context, events, measure, key, int(options.get("most", 0)), bool(options.get("share")))


def _over_time(context: Context, options: Options, ask: Asked) -> Exhibit:
    period = _one_of(options, "period", ("month", "quarter", "year"), "month")
    stack = _one_of(options, "stack", ("", "audience", "programme", "district"), "")
    if not stack:
        (table,) = _tables(context, ask, Grouping((period,)))
        return figures.over_time(table, period, context)
    overall, table = _tables(context, ask, Grouping((period,)), Grouping((period, stack), frozenset({stack})))
    return figures.over_time(table, period, context, stack, overall=overall)


def _calendar(context: Context, options: Options, ask: Asked) -> Exhibit:
    return figures.calendar_map(*_tables(context, ask, Grouping(("day",))), context)


def _campaigns(context: Context, options: Options, ask: Asked) -> Exhibit:
    return figures.campaigns(*_tables(context, ask, own("campaign", "month")), context)


def _to_date(context: Context, options: Options, ask: Asked) -> Exhibit:
    latest = context.store.latest
    both = context.selection.change(start=latest.replace(month=1, day=1, year=latest.year - 1), end=latest)
    days = Grouping(("day",))
    return figures.to_date(ask(context.store, both, (days,))[days], context, latest)


def _matrix(context: Context, options: Options, ask: Asked) -> Exhibit:
    rows, columns = (
        _one_of(options, name, schema.DIMENSIONS, default) for name, default in (("rows", "district"), ("columns", "audience"))
    )
    (table,) = _tables(context, ask, own(rows, columns))
    return figures.matrix(table, rows, columns, context, f"{rows}-by-{columns}", share=bool(options.get("share")))


def _map_options(options: Options) -> tuple[str, str, int, tuple[float, ...]]:
    measure = _one_of(options, "measure", maps.MEASURES, "per_residents")
    scheme = _one_of(options, "classes", maps.SCHEMES, "quantile")
    return measure, scheme, int(options.get("k", 5)), tuple(float(limit) for limit in options.get("limits", "").split(",") if limit)


def _map(context: Context, options: Options, ask: Asked) -> Exhibit:
    measure, scheme, count, limits = _map_options(options)
    table = maps.district_table(*_tables(context, ask, own("district")), context)
    return maps.district_map(table, context, measure, scheme, count, limits, options.get("style") == "circles")


def _multiples(context: Context, options: Options, ask: Asked) -> Exhibit:
    measure, scheme, count, limits = _map_options(options)
    by = _one_of(options, "by", ("audience", "year"), "audience")
    return maps.multiples(*_tables(context, ask, own(by, "district")), by, context, measure, scheme, count, limits)


def _figures(context: Context, options: Options, ask: Asked) -> Exhibit:
    """The Overview's headline figures as a table, with those of the span before where a span is set."""
    words, selection = context.words, context.selection
    spans = [selection, *([earlier] if (earlier := measures.before(selection)) else [])]
    by_district = Grouping(("district",))
    found = []
    for each in spans:
        tables = ask(context.store, each, (Grouping(), by_district))
        found.append(measures.headline(tables[Grouping()], tables[by_district], measures.places_named(context.store, each)))
    names = {
        "events": words("Events"), "activities": words("Activities"), "districts": words("Districts reached"), "places": words("Places named"),
        "participants": words("Participants (stated)"), "participants_events": words("Events with a stated number"),
    }  # fmt: skip
    columns = {words("Figure"): list(names.values())}
    for each, numbers in zip(spans, found, strict=True):
        head = span_phrase(each.start, each.end, words) if each.start or each.end else words("All events")
        columns[head] = [words.people(numbers[n], numbers["qualifier"]) if n == "participants" else words.number(numbers[n]) for n in names]
    table = pd.DataFrame(columns)
    stated = words.plural("stated for {n} event", "stated for {n} events", found[0]["participants_events"])
    alt = words(
        "Events: {events}; districts reached: {districts}; participants: {people}, {stated}.",
        events=words.number(found[0]["events"]), districts=words.number(found[0]["districts"]), people=columns[list(columns)[1]][4], stated=stated,
    )  # fmt: skip
    return Exhibit("figures", words("How much, and against the span before"), {}, lambda: table, alt, recipe=recipe("figures"))


# ------------------------------------------------------------------ coverage

_COVERING = {
    "coverage-map",
    "coverage-range",
    "gap-matrix",
    "certainty",
    "gaps",
    "lorenz",
    "zones",
    "quotients",
    "comparison",
    "changes",
    "plan",
    "plan-map",
}
_LOOKING_BACK = {"gap-matrix", "certainty", "gaps", "comparison", "changes", "plan", "plan-map"}


def _as_of(context: Context, options: Options) -> date:
    return read_day(options.get("as-of", "")) or context.store.latest


def _evidence(context: Context, options: Options, ask: Asked) -> Evidence:
    return Evidence(context.store, context.selection, _as_of(context, options), ask)


def _window(context: Context, options: Options) -> Window:
    return coverage.look_back(context.selection, _as_of(context, options), int(options.get("months", 24)) or 24)


def _coverage_map(context: Context, options: Options, ask: Asked) -> Exhibit:
    indicator = INDICATORS[_one_of(options, "indicator", INDICATORS, "events_per_100k")]
    every = Evidence(context.store, context.selection.without("district"), _as_of(context, options), ask)
    table = coverage.indicator_table(every, indicator)
    return coverage_figures.coverage_map(table, indicator, _one_of(options, "end", coverage.ENDS, "value"), every, context)


def _coverage_range(context: Context, options: Options, ask: Asked) -> Exhibit:
    indicator = INDICATORS[_one_of(options, "indicator", INDICATORS, "events_per_100k")]
    every = Evidence(context.store, context.selection.without("district"), _as_of(context, options), ask)
    return coverage_figures.range_chart(coverage.indicator_table(every, indicator), indicator, every, context)


def _cells(context: Context, options: Options, ask: Asked, column: str) -> pd.DataFrame:
    evidence = _evidence(context, options, ask)
    table = coverage.half_years(evidence) if column == "half" else coverage.cells(evidence, _window(context, options), column)
    return table[table["district"].isin(evidence.districts)]


def _gap_matrix(context: Context, options: Options, ask: Asked) -> Exhibit:
    column = _one_of(options, "columns", ("audience", "programme", "half"), "audience")
    table = _cells(context, options, ask, column)
    by_need, shade = bool(options.get("need")), bool(options.get("shade"))
    return coverage_figures.gap_matrix(table, column, _window(context, options), context, by_need, shade)


def _certainty(context: Context, options: Options, ask: Asked) -> Exhibit:
    column = _one_of(options, "columns", ("audience", "programme"), "audience")
    table = coverage.certainty(_cells(context, options, ask, column))
    return coverage_figures.certainty_chart(table, column, _window(context, options), context)


def _gaps(context: Context, options: Options, ask: Asked) -> Exhibit:
    window = _window(context, options)
    return coverage_figures.gap_list(coverage.gaps(_evidence(context, options, ask), window), window, context)


def _even(draw: Callable) -> Callable[[Context, Options, Asked], Exhibit]:
    def made(context: Context, options: Options, ask: Asked) -> Exhibit:
        even = coverage_figures.evenness(_evidence(context, options, ask))
        if not even.events:
            raise OutreachError(N_("No report that names a district was found under these filters. Widen them."))
        return draw(even, context)

    return made


def compared(selection: Selection, against: str, held: str, as_of: date, store: Store) -> tuple[Selection, Selection] | None:
    """The two selections of a comparison, the earlier or held one first; None where one is missing.

    `against`: `year` (this year to date and last year), `before` (the span and the one before), `held` (an address, and this view).
    """
    if against == "year":
        this, last = coverage.year_to_date(as_of)
        return selection.change(start=last[0], end=last[1]), selection.change(start=this[0], end=this[1])
    if against == "before":
        earlier = measures.before(selection)
        return (earlier, selection) if earlier else None
    return (read_selection(parse_qs(held), store)[0], selection) if held else None


def _name_of(each: Selection, against: str, words: Words) -> str:
    if against != "held":
        return span_phrase(each.start, each.end, words)
    text = sentence(each, words)
    return text if len(text) < 46 else text[:45] + "…"


def comparison(context: Context, options: Options, ask: Asked) -> tuple[Exhibit, Exhibit] | None:
    """Two selections against each other: maps with their difference, and changes as bars; None where one selection is missing."""
    indicator = INDICATORS[_one_of(options, "indicator", INDICATORS, "events_per_100k")]
    as_of, against = _as_of(context, options), options.get("against", "year")
    pair = compared(context.selection, against, options.get("held", ""), as_of, context.store)
    if pair is None:
        return None
    then, now = (Evidence(context.store, each.without("district"), as_of, ask) for each in pair)
    tables = (coverage.indicator_table(then, indicator), coverage.indicator_table(now, indicator))
    titles = tuple(_name_of(each, against, context.words) for each in pair)
    contexts = tuple(Context(context.store, each, context.words, context.page) for each in pair)
    changed = coverage.changes(now, then, indicator)
    return (
        coverage_figures.comparison(changed, indicator, *contexts, titles, tables),
        coverage_figures.change_chart(changed, indicator, contexts[1], titles),
    )


def _compared(which: int) -> Callable[[Context, Options, Asked], Exhibit]:
    def made(context: Context, options: Options, ask: Asked) -> Exhibit:
        pair = comparison(context, options, ask)
        if pair is None:
            raise OutreachError(N_("There is nothing to compare with. Set a span, or hold a view."))
        return pair[which]

    return made


def terms(options: Options) -> planning.Terms:
    """The terms of a plan from options: visits, floor, cap, age and unsure (per cent), lock, drop, weight-…."""
    weights = {name.removeprefix("weight-"): float(value) for name, value in options.items() if name.startswith("weight-")}
    audiences = {code.replace(" ", "-"): code for code in schema.AUDIENCE}
    return planning.Terms(
        int(options.get("visits") or 12), int(options.get("floor") or 1), int(options.get("cap") or 3),
        time_weight=int(options.get("age") or 50) / 100, unclear_weight=int(options.get("unsure") or 50) / 100,
        audience_weights={audiences[name]: weight for name, weight in weights.items()}, locked=visit_keys(options.get("lock", "")), excluded=visit_keys(options.get("drop", "")),
    )  # fmt: skip


def visit_keys(text: str) -> tuple[planning.Key, ...]:
    """`110111:students` or `110111:students:110111001`, comma-separated, as keys of visits."""
    parts = (tuple(part.split(":")) for part in text.split(",") if part.count(":") in (1, 2))
    return tuple(dict.fromkeys((part + ("",))[:3] for part in parts))


def plan(context: Context, options: Options, ask: Asked, units: pd.DataFrame | None = None) -> planning.Plan:
    """The proposed visits under these options; `units`: residents by subdistrict from the viewer's own file."""
    asked = terms(options)
    evidence, window = _evidence(context, options, ask), _window(context, options)
    cells, held, held_audiences = coverage.plan_cells(evidence, window, options.get("level") == "subdistrict")
    if units is None and options.get("level") == "subdistrict" and os.environ.get("OUTREACH_RESIDENTS"):
        units = planning.read_residents(os.environ["OUTREACH_RESIDENTS"])
    known = planning.with_residents(cells, asked.audience_weights, planning.unit_residents(units))
    return planning.propose(known, asked, held, held_audiences)


def _plan(context: Context, options: Options, ask: Asked) -> Exhibit:
    return coverage_figures.plan_list(plan(context, options, ask), _window(context, options), context)


def _plan_map(context: Context, options: Options, ask: Asked) -> Exhibit:
    return coverage_figures.plan_map(plan(context, options, ask), context)


def _targets(context: Context, options: Options, ask: Asked) -> Exhibit:
    path = os.environ.get("OUTREACH_TARGETS", "")
    if not path:
        raise OutreachError(N_("No plan file is set. Name one in OUTREACH_TARGETS."))
    as_of = _as_of(context, options)
    progress = targets.progress(context.store, context.selection, targets.read_targets(path), as_of)
    return coverage_figures.targets_chart(progress, context, as_of)


KINDS: dict[str, Callable[[Context, Options, Asked], Exhibit]] = {
    "figures": _figures,
    "bars": _bars,
    "over-time": _over_time,
    "calendar": _calendar,
    "campaigns": _campaigns,
    "to-date": _to_date,
    "matrix": _matrix,
    "map": _map,
    "multiples": _multiples,
    "coverage-map": _coverage_map,
    "coverage-range": _coverage_range,
    "gap-matrix": _gap_matrix,
    "certainty": _certainty,
    "gaps": _gaps,
    "lorenz": _even(coverage_figures.lorenz_chart),
    "zones": _even(coverage_figures.zones_chart),
    "quotients": _even(coverage_figures.quotient_matrix),
    "comparison": _compared(0),
    "changes": _compared(1),
    "plan": _plan,
    "plan-map": _plan_map,
    "targets": _targets,
}
"""What a briefing can hold, by its kind in a recipe."""
