"""Coverage frames → exhibits: ranges, gaps, evenness, comparisons, plans. No counting happens here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import pandas as pd

from analytics import coverage, equity, maps, places, planning, schema, targets, theme
from analytics.coverage import Evidence, Indicator, Window
from analytics.equity import ZONES, Interval, Theil
from analytics.exhibit import Context, Exhibit, Link, recipe
from analytics.figures import axis, dimension_name, layout
from analytics.text import Words


def end_names(words: Words) -> dict[str, str]:
    """The three ends of a range."""
    return {
        "low": words("Stated places only"),
        "value": words("As placed"),
        "high": words("Most favourable placing"),
    }


def column_names(words: Words) -> dict[str, str]:
    """What the gap matrix can have as columns."""
    return {"audience": words("Audiences"), "programme": words("Programmes"), "half": words("Half-years")}


def zone_names(words: Words) -> dict[str, str]:
    """The city's functional zones."""
    return {
        "core": words("Core"), "near": words("Near suburbs"), "new": words("New development districts"), "ecological": words("Ecological districts"),
    }  # fmt: skip


def shown(value: float | None, indicator: Indicator, words: Words) -> str:
    """One value of an indicator as people write it; a dash where there is none."""
    return words.percent(value, indicator.digits) if indicator.share else words.number(value, indicator.digits)


def range_text(row, indicator: Indicator, words: Words) -> str:
    """A value with its range: `0.64 (0.17 – 1.36)`."""
    low, value, high = (getattr(row, end) for end in coverage.ENDS)
    ends = f"{shown(low, indicator, words)} – {shown(high, indicator, words)}"
    return shown(value, indicator, words) + words.aside(ends)


def definition(indicator: Indicator, words: Words) -> str:
    """Numerator, denominator, unit, year and source of an indicator, and what its range means."""
    counted = words("Counted: {what}.", what=words(indicator.counted))
    divided = words("Divided by: {what}.", what=words(indicator.out_of)) if indicator.denominator else ""
    unit = words("Unit: {what}.", what=words(indicator.unit))
    year = words("Year: {year}.", year=indicator.year) if indicator.year else ""
    source = words("Source: {what}.", what=words(indicator.source)) if indicator.source else ""
    return words.sentences(counted, divided, unit, year, source, _range_meaning(words))


def _range_meaning(words: Words) -> str:
    return words("Range: from places that the report states, to all events without a district having taken place here.")


def _absent(value: float | None) -> bool:
    return value is None or math.isnan(value)


# ------------------------------------------------------------------ ranges


def indicator_numbers(table: pd.DataFrame, indicator: Indicator, words: Words) -> pd.DataFrame:
    """An indicator's table under headings, as drawn and exported."""
    ends = end_names(words)
    columns = {
        "district": table["district"],
        dimension_name("district", words): [words.term("district", code) for code in table["district"]],
        **{ends[end]: table[end].round(6) for end in coverage.ENDS},
        words("Numerator"): table["numerator"],
    }
    return pd.DataFrame(columns | ({words("Denominator"): table["denominator"]} if indicator.denominator else {}))


def coverage_map(
    table: pd.DataFrame, indicator: Indicator, end: str, evidence: Evidence, context: Context, scheme: str = "quantile", count: int = 5
) -> Exhibit:
    """One end of an indicator's range on the map. `table` as from `coverage.indicator_table` of all 16 districts."""
    words = context.words
    drawn = _drawn(table, table[end], indicator, context, scheme, count)
    heading = words(indicator.title)
    title = words("{indicator} by district: {end}", indicator=heading, end=words.lowered(end_names(words)[end]))
    return Exhibit(
        "coverage-map",
        title,
        maps.map_figure(drawn, context, heading),
        lambda: indicator_numbers(table, indicator, words),
        _map_alt(table, end, indicator, title, words),
        (*_as_of_note(indicator, evidence, words), Link(words("Boundaries: {source}", source=places.boundary_source()))),
        ("district",),
        500,
        shapes=True,
        about=definition(indicator, words),
        recipe=recipe("coverage-map", indicator=indicator.name, end=end, as_of=evidence.as_of),
        drawn=(("", drawn, heading),),
    )


def _drawn(
    table: pd.DataFrame,
    values: pd.Series,
    indicator: Indicator,
    context: Context,
    scheme: str = "quantile",
    count: int = 5,
    limits: list[float] | None = None,
) -> maps.Drawn:
    """Districts shaded by an indicator; no events (a zero, or nothing known) is the class of its own."""
    words = context.words
    known = values if indicator.name == "months_since" else values.where(values > 0)
    limits = maps.class_limits(known, scheme, count) if limits is None else limits
    classes = tuple(maps.class_of(value, limits) for value in known)
    colours, labels = _classes(known, limits, classes, indicator, words)
    return maps.Drawn(
        tuple(table["district"]),
        tuple(known),
        classes,
        tuple(shown(None if number < 0 else value, indicator, words) for number, value in zip(classes, known, strict=True)),
        tuple(_tooltip(row, indicator, words) for row in table.itertuples()),
        tuple(context.here(context.selection.toggled("district", code)) for code in table["district"]),
        colours,
        labels,
        words("no number stated") if indicator.numerator == "participants" else words("no report found"),
        words,
    )


def _classes(
    known: pd.Series, limits: list[float], classes: tuple[int, ...], indicator: Indicator, words: Words
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    scaled, edges = (known * 100, [limit * 100 for limit in limits]) if indicator.share else (known, limits)
    colours, labels = maps.named_classes(scaled, edges, classes, indicator.digits, words)
    return colours, tuple(f"{label} %" if indicator.share and label else label for label in labels)


def _tooltip(row, indicator: Indicator, words: Words) -> str:
    lines = [f"<b>{words.term('district', row.district)}</b>", f"{words(indicator.title)}: {range_text(row, indicator, words)}"]
    if indicator.denominator:
        lines.append(
            words(
                "{n} of {total} ({what})", n=words.number(row.numerator), total=words.number(row.denominator), what=words(indicator.out_of)
            )
        )
    return "<br>".join(lines)


def _map_alt(table: pd.DataFrame, end: str, indicator: Indicator, title: str, words: Words) -> str:
    known = table[table[end] > 0] if indicator.name != "months_since" else table[table[end].notna()]
    if known.empty:
        return words("{chart}: no report found.", chart=title)
    top = known.loc[known[end].idxmax()]
    return words(
        "{chart}: highest in {name}, {value}; {n} districts have a value.",
        chart=title,
        name=words.term("district", top["district"]),
        value=shown(top[end], indicator, words),
        n=len(known),
    )


def _as_of_note(indicator: Indicator, evidence: Evidence, words: Words) -> tuple[Link, ...]:
    if indicator.name != "months_since":
        return ()
    return (Link(words("Counted back from {day}.", day=words.day(evidence.as_of))),)


def range_chart(table: pd.DataFrame, indicator: Indicator, evidence: Evidence, context: Context) -> Exhibit:
    """Every district's value as a dot on its range; a hollow dot is the figure from stated places alone. A click opens the events."""
    words = context.words
    labels = [words.term("district", code) for code in table["district"]]
    factor = 100 if indicator.share else 1
    top = max([0.0, *(table[list(coverage.ENDS)].max().dropna())]) * factor
    edge = top * 1.06 or 1.0
    lines_x: list[float | None] = []
    lines_y: list[str | None] = []
    for row, label in zip(table.itertuples(), labels, strict=True):
        low = 0.0 if _absent(row.low) else row.low * factor
        if not _absent(row.low) or not _absent(row.high):
            # A count of months without a known end runs out of the chart.
            lines_x += [low, edge if _absent(row.high) else row.high * factor, None]
            lines_y += [label, label, None]
    links = [context.drill(district=code) for code in table["district"]]
    tooltips = [_tooltip(row, indicator, words) for row in table.itertuples()]

    def dots(end: str, **marker: object) -> dict:
        return {
            "type": "scatter", "mode": "markers", "x": [None if _absent(value) else value * factor for value in table[end]], "y": labels, "marker": marker,
            "hovertext": tooltips, "hoverinfo": "text", "customdata": links, "name": end_names(words)[end], "showlegend": True,
        }  # fmt: skip

    data = [
        {"type": "scatter", "mode": "lines", "x": lines_x, "y": lines_y, "line": {"color": "@dim", "width": 5}, "hoverinfo": "skip", "name": words("Range"), "showlegend": True},
        dots("low", size=8, color="@paper", line={"color": "@bar", "width": 1.5}),
        dots("value", size=10, color="@bar"),
    ]  # fmt: skip
    figure = {
        "data": data,
        "layout": layout(
            xaxis=axis(range=[-edge * 0.02, edge], ticksuffix=" %" if indicator.share else "", nticks=6),
            yaxis=axis(autorange="reversed", showgrid=False, type="category", categoryorder="array", categoryarray=labels),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "font": {"size": 11}},
        ),
    }
    title = words("{indicator}: value and range", indicator=words(indicator.title))
    widest = (table["high"] - table["low"]).idxmax() if (table["high"] - table["low"]).notna().any() else None
    alt = _map_alt(table, "value", indicator, title, words)
    if widest is not None:
        row = next(table.loc[[widest]].itertuples())
        alt = words.sentences(
            alt,
            words("Widest range in {name}: {range}.", name=words.term("district", row.district), range=range_text(row, indicator, words)),
        )
    notes = [Link(_range_meaning(words))]
    if table["high"].isna().any() and indicator.name == "months_since":
        notes.append(Link(words("A line that runs out of the chart: no event found in a place that a report states.")))
    return Exhibit(
        "coverage-range", title, figure, lambda: indicator_numbers(table, indicator, words), alt, (*_as_of_note(indicator, evidence, words), *notes),
        ("district",), 70 + 27 * max(len(labels), 2), about=definition(indicator, words), recipe=recipe("coverage-range", indicator=indicator.name, as_of=evidence.as_of))  # fmt: skip


# ------------------------------------------------------------------ gaps


def window_phrase(window: Window, words: Words) -> str:
    """The days looked back over."""
    if window.months:
        return words("in the {months} months to {end}", months=words.number(window.months), end=words.day(window.end))
    return words("from {start} to {end}", start=words.day(window.start), end=words.day(window.end))


def gap_matrix(table: pd.DataFrame, column: str, window: Window, context: Context, by_need: bool, months: bool) -> Exhibit:
    """District × audience, programme or half-year: events with the month of the last one; gaps empty, unclear ones marked `?`.

    `table` as from `coverage.cells` or `coverage.half_years`. A click opens a cell's events, or what comes nearest to an empty one.
    `months` shades by months since the last event instead of by number.
    """
    words = context.words
    ranked = coverage.need(table).sort_values(ascending=False, kind="stable").index if by_need else places.adcodes()
    districts = [code for code in ranked if code in set(table["district"])]
    terms = list(dict.fromkeys(table[column]))
    if by_need and column != "half":
        open_cells = (table["state"] != "covered").mul(table["residents"]).groupby(table[column], sort=False).sum()
        terms = list(open_cells.sort_values(ascending=False, kind="stable").index)
    records = {(row.district, getattr(row, column)): row for row in table.itertuples()}
    names = {term: half_name(term, words) if column == "half" else words.term(column, term) for term in terms}
    grid = [[records[(district, term)] for term in terms] for district in districts]
    known = [row.months if months else row.events for line in grid for row in line if (not _absent(row.months) if months else row.events)]
    top = max(known, default=1) or 1

    def level(row) -> float:
        value = row.months if months else row.events
        if _absent(value) or (not months and not value):
            return 0.08 if row.state == "unclear" else 0.0
        return 0.2 + 0.8 * value / top

    trace = {
        "type": "heatmap", "x": list(names.values()), "y": [words.term("district", code) for code in districts], "xgap": 2, "ygap": 2, "showscale": False,
        "z": [[round(level(row), 4) for row in line] for line in grid], "zmin": 0, "zmax": 1,
        "colorscale": [[0, "@none"], [0.04, "@none"], [0.04, "@unclear"], [0.15, "@unclear"], [0.15, "@seq0"], [1, "@seq3"]],
        "text": [[_cell_text(row, months, column, words) for row in line] for line in grid], "texttemplate": "%{text}",
        "meta": {"narrow": [[_short_text(row, months, words) for row in line] for line in grid]},
        "hovertext": [[_cell_tooltip(row, names[getattr(row, column)], window, words) for row in line] for line in grid], "hoverinfo": "text",
        "customdata": [[_cell_link(row, column, window, context) for row in line] for line in grid],
    }  # fmt: skip
    figure = {
        "data": [trace],
        "layout": layout(
            xaxis=axis(side="top", showgrid=False, tickangle=-30 if column != "half" else 0, type="category"),
            yaxis=axis(autorange="reversed", showgrid=False, type="category"),
        ),
    }
    counts = table["state"].value_counts()
    title = words(
        "{rows} by {columns}: what was found, and what was not",
        rows=dimension_name("district", words),
        columns=words.lowered(column_names(words)[column]),
    )
    alt = words(
        "{title}. {covered} cells with an event, {unclear} unclear, {gap} gaps.",
        title=title, covered=int(counts.get("covered", 0)), unclear=int(counts.get("unclear", 0)), gap=int(counts.get("gap", 0)),
    )  # fmt: skip
    span = "" if column == "half" else words("Counted {window}.", window=window_phrase(window, words))
    notes = [Link(text) for text in (span, words("? = unclear: an event without a district or a date may have been here."), words("Grey: no report found, and none can be placed here."))]  # fmt: skip
    if months:
        notes.append(Link(words("Months since the last event found at any time.")))
    return Exhibit(
        "gap-matrix", title, figure, lambda: cell_numbers(table, column, words), alt, tuple(note for note in notes if note.text),
        ("district", column) if column != "half" else ("district",), 130 + 31 * max(len(districts), 1), recipe=recipe("gap-matrix", columns=column, need=by_need, shade=months, as_of=window.end, months=window.months))  # fmt: skip


def half_name(code: str, words: Words) -> str:
    """A half-year as people write it."""
    return words("{year}, 1st half", year=code[:4]) if code.endswith("1") else words("{year}, 2nd half", year=code[:4])


def _cell_text(row, months: bool, column: str, words: Words) -> str:
    short = _short_text(row, months, words)
    if months or column == "half" or not row.events:
        return short
    return f"{short} · {row.last_day:%Y-%m}" if pd.notna(row.last_day) else short


def _short_text(row, months: bool, words: Words) -> str:
    if months and not _absent(row.months):
        return words.number(row.months)
    if row.events and not months:
        return words.number(row.events)
    return "?" if row.state == "unclear" else ""


def _cell_tooltip(row, name: str, window: Window, words: Words) -> str:
    lines = [f"<b>{words.term('district', row.district)} · {name}</b>", schema_state(row.state, words)]
    if row.events:
        lines[1] = words.plural("{n} event", "{n} events", row.events)
    if pd.notna(row.last_day):
        lines.append(
            words("last dated event {day}", day=words.day(row.last_day))
            + words.aside(words.plural("{n} month before", "{n} months before", int(row.months)))
        )
    if row.possible and not row.events:
        lines.append(words.plural("{n} event may belong here", "{n} events may belong here", row.possible))
    return "<br>".join(lines)


def schema_state(code: str, words: Words) -> str:
    """A state of a cell in words."""
    return coverage.STATES[code][words.language == "zh"]


def _cell_link(row, column: str, window: Window, context: Context) -> str:
    term = getattr(row, column)
    if not row.events:
        return context.here(context.selection, part="gaps", columns=column, cell=f"{row.district}:{term}")
    start, end = coverage.half_bounds(term) if column == "half" else (window.start, window.end)
    wanted = {} if column == "half" else {column: (term,)}
    return context.events(context.selection.change(district=(row.district,), start=start, end=end, **wanted))


def cell_numbers(table: pd.DataFrame, column: str, words: Words) -> pd.DataFrame:
    """The cells under headings, for the table twin and exports."""
    head = words("Half-year") if column == "half" else dimension_name(column, words)
    return pd.DataFrame(
        {
            "district": table["district"],
            dimension_name("district", words): [words.term("district", code) for code in table["district"]],
            column: table[column],
            head: [half_name(code, words) if column == "half" else words.term(column, code) for code in table[column]],
            words("Events"): table["events"],
            words("Last dated event"): [f"{day:%Y-%m-%d}" if pd.notna(day) else "" for day in table["last_day"]],
            words("Months since the last event"): table["months"].astype("Int64"),
            words("Events that may belong here"): table["possible"],
            words("State"): [schema_state(code, words) for code in table["state"]],
            words("Residents (2020)"): table["residents"],
        }
    )


def certainty_chart(table: pd.DataFrame, column: str, window: Window, context: Context) -> Exhibit:
    """How many districts were reached for each audience, might have been, and surely were not. `table` as from `coverage.certainty`."""
    words = context.words
    labels = [words.term(column, code) for code in table[column]]
    parts = {
        "covered": (words("with a report"), "@bar"),
        "unclear": (words("unclear, at most"), "@dim"),
        "gap": (words("none, for certain"), "@none"),
    }
    data = [
        {
            "type": "bar", "orientation": "h", "y": labels, "x": table[state].tolist(), "name": name, "marker": {"color": colour},
            "text": [words.number(n) if n else "" for n in table[state]], "textposition": "inside", "insidetextanchor": "middle", "textangle": 0,
            "textfont": {"color": "@paper" if state == "covered" else "@text"},
            "hovertext": [f"<b>{label}</b><br>{words.plural('{n} district', '{n} districts', n)} {name}" for label, n in zip(labels, table[state], strict=True)],
            "hoverinfo": "text", "customdata": [context.events(context.selection.change(start=window.start, end=window.end, **{column: (code,)})) for code in table[column]],
        }
        for state, (name, colour) in parts.items()
    ]  # fmt: skip
    figure = {
        "data": data,
        "layout": layout(
            barmode="stack", xaxis=axis(showgrid=False, showticklabels=False), yaxis=axis(autorange="reversed", showgrid=False, type="category"),
            showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "font": {"size": 11}, "traceorder": "normal"},
        ),
    }  # fmt: skip
    title = words(
        "How sure is it? Districts by {what}, {window}",
        what=words.lowered(dimension_name(column, words)),
        window=window_phrase(window, words),
    )
    worst = table.loc[table["gap"].idxmax()] if len(table) else None
    alt = (
        words(
            "{title}. At least {n} districts have no report for {what}.",
            title=title, n=int(worst["gap"]), what=words.lowered(words.term(column, worst[column])) if column == "audience" else words.term(column, worst[column]),
        )
        if worst is not None
        else words("{chart}: no report found.", chart=title)
    )  # fmt: skip

    def numbers() -> pd.DataFrame:
        heads = {name: table[state] for state, (name, _) in parts.items()}
        return pd.DataFrame({column: table[column], dimension_name(column, words): labels, **heads})

    note = Link(words("Unclear: districts that events without a district or a date could close, one each at most."))
    return Exhibit(
        "certainty",
        title,
        figure,
        numbers,
        alt,
        (note,),
        (column,),
        90 + 27 * max(len(table), 1),
        recipe=recipe("certainty", columns=column, as_of=window.end, months=window.months),
    )


def gap_list(table: pd.DataFrame, window: Window, context: Context, most: int = 12) -> Exhibit:
    """Gaps as sentences, most residents first; each leads to the view it states and can be copied. `table` as from `coverage.gaps`."""
    words = context.words
    rows = list(table.itertuples())
    others = context.selection.without("district", "audience", "span", "place-basis", "subdistrict")
    under = words("Counted under: {filters}.", filters=Context(context.store, others, words).sentence()) if others.active else ""

    def sentence(row) -> str:
        return words.sentences(coverage.gap_sentence(row, window, words), under)

    def numbers() -> pd.DataFrame:
        return pd.DataFrame(
            {
                "district": table["district"],
                dimension_name("district", words): [words.term("district", code) for code in table["district"]],
                "audience": table["audience"],
                dimension_name("audience", words): [
                    words.term("audience", code) if code else words("any audience") for code in table["audience"]
                ],
                words("Residents (2020)"): table["residents"],
                words("Last dated event"): [f"{day:%Y-%m-%d}" if pd.notna(day) else "" for day in table["last_day"]],
                words("Sentence"): [sentence(row) for row in rows],
            }
        )

    title = words.plural(
        "{n} gap that no placing closes, most residents first", "{n} gaps that no placing closes, most residents first", len(rows)
    )
    listed = tuple(Link(sentence(row), context.events(coverage.gap_selection(row, context.selection))) for row in rows[:most])
    notes = [Link(words("More in the table and in exports: {n}.", n=words.number(len(rows) - most)))] if len(rows) > most else []
    if not rows:
        notes.append(
            Link(
                words(
                    "Every district without a report might be one where an event without a district or a date took place; see the chart of certainty."
                )
            )
        )
    alt = sentence(rows[0]) if rows else title
    return Exhibit(
        "gaps",
        title,
        {},
        numbers,
        alt,
        tuple(notes),
        ("district", "audience"),
        0,
        sentences=listed,
        recipe=recipe("gaps", as_of=window.end, months=window.months),
    )


# ------------------------------------------------------------------ evenness


@dataclass(frozen=True)
class Evenness:
    """How evenly events (at least one) are spread over residents: the curve, its Gini with an interval and with what chance alone would show,
    Theil's split by zone, quotients; `events` placed, `unplaced` ones beside them."""

    curve: pd.DataFrame
    gini: float
    interval: Interval
    chance: Interval
    theil: Theil
    quotients: pd.DataFrame
    events: int
    unplaced: int


def evenness(evidence: Evidence) -> Evenness:
    """Events placed against residents, from the evidence."""
    table = evidence.by_basis
    placed = table[table["place-basis"].isin(evidence.bases) & (table["district"] != schema.UNPLACED)]
    events = placed.groupby("district")["events"].sum().reindex(places.adcodes(), fill_value=0)
    people = places.districts().set_index("adcode")["residents_2020"]
    by_audience = evidence.table("district", "audience")
    pairs = pd.MultiIndex.from_product([places.adcodes(), list(schema.AUDIENCE)], names=["district", "audience"])
    cells = by_audience.set_index(["district", "audience"])["events"].reindex(pairs, fill_value=0).reset_index()
    total = int(events.sum())
    return Evenness(
        equity.lorenz(events, people),
        equity.gini(events, people),
        equity.bootstrap(events, people, equity.gini),
        # Spread in proportion to residents, as many events as were placed.
        equity.bootstrap(people / people.sum() * total, people, equity.gini),
        equity.theil(events, people, equity.ZONES),
        equity.location_quotients(cells),
        total,
        int(table.loc[table["district"] == schema.UNPLACED, "events"].sum()),
    )


def lorenz_chart(even: Evenness, context: Context) -> Exhibit:
    """The Lorenz curve of events against residents, districts from the least to the most served."""
    words = context.words
    curve = even.curve
    labels = [words("start") if code is None or pd.isna(code) else words.term("district", code) for code in curve["unit"]]
    diagonal = {"type": "scatter", "mode": "lines", "x": [0, 100], "y": [0, 100], "line": {"color": "@muted", "dash": "dot", "width": 1.5}, "hoverinfo": "skip", "name": words("every resident alike"), "showlegend": True}  # fmt: skip
    line = {
        "type": "scatter", "mode": "lines+markers", "x": (curve["residents_share"] * 100).round(3).tolist(), "y": (curve["events_share"] * 100).round(3).tolist(),
        "line": {"color": "@bar", "width": 2.5}, "marker": {"size": 6, "color": "@bar"}, "fill": "tonexty", "fillcolor": "@shade", "name": words("events found"), "showlegend": True,
        "hovertext": [f"<b>{label}</b><br>" + words("{residents} of residents have {events} of events", residents=words.percent(r), events=words.percent(e)) for label, r, e in zip(labels, curve["residents_share"], curve["events_share"], strict=True)],
        "hoverinfo": "text", "customdata": ["" if code is None or pd.isna(code) else context.drill(district=code) for code in curve["unit"]],
    }  # fmt: skip
    figure = {
        "data": [diagonal, line],
        "layout": layout(
            xaxis=axis(range=[0, 100], ticksuffix=" %", title={"text": words("residents, least served districts first")}),
            yaxis=axis(range=[0, 100], ticksuffix=" %", title={"text": words("events")}),
            showlegend=True, legend={"x": 0.03, "y": 0.98, "yanchor": "top"},
        ),
    }  # fmt: skip
    title = words("How evenly are events spread over residents?")
    numbers = pd.DataFrame({dimension_name("district", words): labels, words("Residents, cumulative share"): curve["residents_share"], words("Events, cumulative share"): curve["events_share"]})  # fmt: skip
    sentences = even_sentences(even, words)
    return Exhibit(
        "lorenz", title, figure, lambda: numbers, sentences[0],
        _unplaced_note(even, context), (), 400, about=words("Gini: twice the area between the curve and the diagonal, residents as weights; 0 is even, 1 is all in one place. Interval: 95% of 1,000 resamples of the events."),
        sentences=tuple(Link(text) for text in sentences), recipe=recipe("lorenz"))  # fmt: skip


def _unplaced_note(even: Evenness, context: Context) -> tuple[Link, ...]:
    if not even.unplaced:
        return ()
    text = context.words.plural(
        "{n} event names no district and is not in this", "{n} events name no district and are not in this", even.unplaced
    )
    return (Link(text, context.drill(district=schema.UNPLACED)),)


def even_sentences(even: Evenness, words: Words) -> list[str]:
    """Gini and Theil in plain words, with their interval and shares."""
    half = float(even.curve.loc[even.curve["residents_share"] <= 0.5, "events_share"].max())
    residents = float(even.curve.loc[even.curve["residents_share"] <= 0.5, "residents_share"].max())
    low, high = words.number(even.interval.low, 2), words.number(even.interval.high, 2)
    first = words(
        "The least served districts with {residents} of residents have {events} of the events placed; Gini {gini} (95% interval {low} to {high}).",
        residents=words.percent(residents), events=words.percent(half), gini=words.number(even.gini, 2), low=low, high=high,
    )  # fmt: skip
    by_chance = words(
        "So few events look uneven by chance, too: spread in proportion to residents, {n} events would show a Gini of {low} to {high}.",
        n=words.number(even.events), low=words.number(even.chance.low, 2), high=words.number(even.chance.high, 2),
    )  # fmt: skip
    total = even.theil.total
    if not total:
        return [first, by_chance]
    zones = even.theil.groups
    largest = zones.loc[(zones["events_share"] - zones["residents_share"]).idxmax()]
    second = words(
        "Theil index {total}: {between} of it lies between the four functional zones, {within} within them.",
        total=words.number(total, 2), between=words.percent(even.theil.between / total), within=words.percent(even.theil.within / total),
    )  # fmt: skip
    third = words(
        "{zone} has {events} of the events and {residents} of the residents.",
        zone=zone_names(words)[largest["group"]], events=words.percent(largest["events_share"]), residents=words.percent(largest["residents_share"]),
    )  # fmt: skip
    return [first, by_chance, second, third]


def zones_chart(even: Evenness, context: Context) -> Exhibit:
    """Share of events against share of residents in each functional zone."""
    words = context.words
    zones, names = even.theil.groups, zone_names(words)
    labels = [names[code] for code in zones["group"]]
    members = {zone: tuple(code for code, each in ZONES.items() if each == zone) for zone in names}
    data = [
        {
            "type": "bar", "orientation": "h", "y": labels, "x": (zones[column] * 100).round(2).tolist(), "name": name, "marker": {"color": colour},
            "text": [words.percent(share) for share in zones[column]], "textposition": "outside", "cliponaxis": False, "textfont": {"color": "@text"},
            "hovertext": [f"<b>{label}</b><br>{name}: {words.percent(share)}<br>{words.listing(words.term('district', code) for code in members[zone])}" for label, share, zone in zip(labels, zones[column], zones["group"], strict=True)],
            "hoverinfo": "text", "customdata": [context.events(context.selection.change(district=members[zone])) for zone in zones["group"]],
        }
        for column, name, colour in (("residents_share", words("of residents"), "@dim"), ("events_share", words("of events"), "@bar"))
    ]  # fmt: skip
    figure = {
        "data": data,
        "layout": layout(
            xaxis=axis(showticklabels=False, showgrid=False, range=[0, 118]), yaxis=axis(autorange="reversed", showgrid=False, type="category"),
            showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"}, bargap=0.3,
        ),
    }  # fmt: skip

    def numbers() -> pd.DataFrame:
        return pd.DataFrame(
            {
                words("Zone"): labels,
                words("Share of events"): zones["events_share"],
                words("Share of residents"): zones["residents_share"],
                words("Theil within"): zones["own"],
                words("Contribution"): zones["contribution"],
            }
        )

    title = words("The city's functional zones: events against residents")
    sentences = even_sentences(even, words)
    return Exhibit(
        "zones", title, figure, numbers, sentences[-1], _unplaced_note(even, context), (), 260,
        about=words("Theil index: share of events × the logarithm of events' share over residents' share, summed; 0 is even. It splits exactly into what lies within and between zones."), recipe=recipe("zones"))  # fmt: skip


NO_QUOTIENT = -1.5
"""Where cells without an event stand on the scale of quotients: below its lowest class, in the colour of no report."""


def quotient_matrix(even: Evenness, context: Context) -> Exhibit:
    """Location quotients, district × audience: above 1, the audience has a larger share here than in the city."""
    words = context.words
    table = even.quotients
    districts = [code for code in places.adcodes() if code in set(table["district"])]
    terms = [code for code in schema.AUDIENCE if code in set(table["audience"])]
    by_key = {(row.district, row.audience): row for row in table.itertuples()}
    grid = [[by_key[(district, term)] for term in terms] for district in districts]

    def level(row) -> float:
        return NO_QUOTIENT if _absent(row.quotient) or not row.events else max(-1.0, min(1.0, math.log2(row.quotient) / 2))

    def tooltip(row) -> str:
        name = f"<b>{words.term('district', row.district)} · {words.term('audience', row.audience)}</b>"
        if not row.events:
            return f"{name}<br>{words('no report found')}"
        return f"{name}<br>{words('location quotient {value}', value=words.number(row.quotient, 2))}<br>{words.plural('{n} event', '{n} events', int(row.events))}"

    steps = [(NO_QUOTIENT, "@none"), (-1.1, "@less1"), (-0.6, "@less0"), (-0.2, "@same"), (0.2, "@more0"), (0.6, "@more1"), (1.0, "")]
    width = 1.0 - NO_QUOTIENT
    scale = [
        [(edge - NO_QUOTIENT) / width, colour] for (start, colour), (end, _) in zip(steps, steps[1:], strict=False) for edge in (start, end)
    ]
    trace = {
        "type": "heatmap", "x": [words.term("audience", code) for code in terms], "y": [words.term("district", code) for code in districts], "xgap": 2, "ygap": 2,
        "z": [[level(row) for row in line] for line in grid], "zmin": NO_QUOTIENT, "zmax": 1, "colorscale": scale, "showscale": False,
        "text": [[words.number(row.quotient, 1) if row.events else "–" for row in line] for line in grid], "texttemplate": "%{text}",
        "hovertext": [[tooltip(row) for row in line] for line in grid], "hoverinfo": "text",
        "customdata": [[context.drill(district=row.district, audience=row.audience) if row.events else "" for row in line] for line in grid],
    }  # fmt: skip
    figure = {
        "data": [trace],
        "layout": layout(
            xaxis=axis(side="top", showgrid=False, tickangle=-30, type="category"),
            yaxis=axis(autorange="reversed", showgrid=False, type="category"),
        ),
    }
    title = words("Which audience stands out where? (location quotient)")
    known = table[(table["events"] >= 2) & table["quotient"].notna()]
    if len(known):
        top = known.loc[known["quotient"].idxmax()]
        alt = words(
            "{title}: highest for {audience} in {district}, {value}.",
            title=title, audience=words.lowered(words.term("audience", top["audience"])), district=words.term("district", top["district"]), value=words.number(top["quotient"], 1),
        )  # fmt: skip
    else:
        alt = words("{chart}: no report found.", chart=title)

    def numbers() -> pd.DataFrame:
        return pd.DataFrame(
            {
                "district": table["district"],
                dimension_name("district", words): [words.term("district", code) for code in table["district"]],
                "audience": table["audience"],
                dimension_name("audience", words): [words.term("audience", code) for code in table["audience"]],
                words("Events"): table["events"].astype("int64"),
                words("Location quotient"): table["quotient"].round(4),
            }
        )

    return Exhibit(
        "quotients", title, figure, numbers, alt, (Link(words("1 = the audience's share here equals its share in the city; few events make it jump.")),),
        ("district", "audience"), 120 + 26 * max(len(districts), 1),
        about=words("Location quotient: the audience's share of the district's events over its share of the city's; an event with two audiences counts under each."), recipe=recipe("quotients"))  # fmt: skip


# ------------------------------------------------------------------ comparison


def comparison(
    table: pd.DataFrame,
    indicator: Indicator,
    then: Context,
    now: Context,
    names: tuple[str, str],
    tables: tuple[pd.DataFrame, pd.DataFrame],
) -> Exhibit:
    """Two selections side by side with common classes, and their difference centred on zero. `table` as from `coverage.changes`."""
    words = now.words
    both = pd.concat([tables[0]["value"], tables[1]["value"]])
    known = both if indicator.name == "months_since" else both.where(both > 0)
    limits = maps.class_limits(known, "quantile", 5)
    panels = [
        _drawn(tables[0], tables[0]["value"], indicator, then, limits=limits),
        _drawn(tables[1], tables[1]["value"], indicator, now, limits=limits),
        _difference(table, indicator, now),
    ]
    titles = (names[0], names[1], words("Change"))
    links = [context.drill for context in (then, now, now)]
    data = [
        maps.shaded(drawn, _geo_name(number)) | {"customdata": [link(district=code) for code in drawn.codes]}
        for number, (drawn, link) in enumerate(zip(panels, links, strict=True))
    ]
    scale = maps.Drawn(
        (),
        (),
        (),
        (),
        (),
        (),
        panels[0].colours,
        maps.limit_labels([limit * (100 if indicator.share else 1) for limit in limits], indicator.digits, words),
        panels[0].absent,
        words,
    )
    data += maps.legend(scale) + [entry | {"legend": "legend2"} for entry in maps.legend(panels[2])]
    under = {"orientation": "h", "x": 0, "yanchor": "top", "itemclick": False, "itemdoubleclick": False, "font": {"size": 11}}
    under |= {"title": {"text": words("Both maps"), "font": {"size": 11}}}
    change = under | {"title": {"text": words("Change"), "font": {"size": 11}}}
    # A row of entries is wider than a phone; two columns are not.
    column = {"orientation": "v", "y": -0.01}
    stacked = _panels(titles, across=False) | {
        "height": 1060, "margin": {"l": 0, "r": 0, "t": 4, "b": 230}, "legend": under | column, "legend2": change | column | {"x": 0.5}
    }  # fmt: skip
    figure = {
        "data": data,
        "layout": layout(
            margin={"l": 0, "r": 0, "t": 4, "b": 76}, showlegend=True, legend=under | {"y": -0.02}, legend2=change | {"y": -0.11},
            **_panels(titles, across=True), meta={"narrow": stacked},
        ),
    }  # fmt: skip
    up, down = (
        table["change"].idxmax() if table["change"].notna().any() else None,
        table["change"].idxmin() if table["change"].notna().any() else None,
    )
    title = words("{indicator}: {then} and {now}", indicator=words(indicator.title), then=names[0], now=names[1])
    alt = title if up is None else words(
        "{title}. Largest rise in {up} ({rise}), largest fall in {down} ({fall}).",
        title=title, up=words.term("district", table.loc[up, "district"]), rise=signed(table.loc[up, "change"], indicator, words), down=words.term("district", table.loc[down, "district"]), fall=signed(table.loc[down, "change"], indicator, words),
    )  # fmt: skip

    def numbers() -> pd.DataFrame:
        return pd.DataFrame(
            {
                "district": table["district"],
                dimension_name("district", words): [words.term("district", code) for code in table["district"]],
                names[0]: table["then"].round(6),
                names[1] if names[1] != names[0] else f"{names[1]} (2)": table["now"].round(6),
                words("Change"): table["change"].round(6),
            }
        )

    return Exhibit(
        "comparison", title, figure, numbers, alt, (Link(words("Both maps share the same classes.")), Link(words("As placed; events without a district are in neither."))), ("district",), 400, shapes=True, about=definition(indicator, words),
        drawn=tuple((title, drawn, words(indicator.title)) for title, drawn in zip(titles, panels, strict=True)),
    )  # fmt: skip


def _geo_name(number: int) -> str:
    return "geo" if not number else f"geo{number + 1}"


def _panels(titles: tuple[str, ...], across: bool) -> dict:
    """Places of several small maps and of their titles, side by side or one below the other."""
    found: dict[str, object] = {"annotations": []}
    for number, title in enumerate(titles):
        first, last = number / len(titles), (number + 1) / len(titles)
        x, y = ([first + 0.005, last - 0.005], [0.0, 0.9]) if across else ([0.0, 1.0], [1 - last, 1 - first - 0.03])
        found[_geo_name(number)] = maps.plain_geo(x, y)
        found["annotations"].append(
            {
                "text": f"<b>{title}</b>", "x": sum(x) / 2, "y": 1 if across else 1 - first, "xref": "paper", "yref": "paper", "showarrow": False, "yanchor": "top",
                "font": {"size": 12},
            }
        )  # fmt: skip
    return found


def signed(value: float, indicator: Indicator, words: Words) -> str:
    """A change with its sign."""
    if _absent(value):
        return "–"
    text = shown(abs(value), indicator, words)
    return ("+" if value > 0 else "−" if value < 0 else "±") + text


def _difference(table: pd.DataFrame, indicator: Indicator, context: Context) -> maps.Drawn:
    """Changes in five classes that lie evenly about zero."""
    words, change = context.words, table["change"]
    reach = float(change.abs().max()) if change.notna().any() else 0.0
    step = reach / 2.5 if reach else 1.0
    edges = [-1.5 * step, -0.5 * step, 0.5 * step, 1.5 * step]
    classes = tuple(-1 if _absent(value) else sum(value > edge for edge in edges) for value in change)
    written = [signed(edge, indicator, words) for edge in edges]
    labels = (
        f"< {written[0]}",
        f"{written[0]} … {written[1]}",
        f"{written[1]} … {written[2]}",
        f"{written[2]} … {written[3]}",
        f"> {written[3]}",
    )
    tooltips = tuple(
        f"<b>{words.term('district', row.district)}</b><br>{shown(row.then, indicator, words)} → {shown(row.now, indicator, words)} ({signed(row.change, indicator, words)})"
        for row in table.itertuples()
    )
    texts = tuple(signed(value, indicator, words) for value in change)
    return maps.Drawn(
        tuple(table["district"]),
        tuple(change),
        classes,
        texts,
        tooltips,
        tuple("" for _ in classes),
        theme.DIVERGING,
        labels,
        words("no change known"),
        words,
    )


def change_chart(table: pd.DataFrame, indicator: Indicator, context: Context, names: tuple[str, str]) -> Exhibit:
    """Changes by district as bars about zero. `table` as from `coverage.changes`; a click opens the later selection's events."""
    words = context.words
    labels = [words.term("district", code) for code in table["district"]]
    factor = 100 if indicator.share else 1
    reach = float(table["change"].abs().max()) * factor if table["change"].notna().any() else 1.0
    trace = {
        "type": "bar", "orientation": "h", "y": labels, "x": [None if _absent(value) else value * factor for value in table["change"]],
        "text": [f"{shown(row.then, indicator, words)} → {shown(row.now, indicator, words)}" for row in table.itertuples()], "textposition": "outside", "cliponaxis": False,
        "meta": {"narrow": [signed(row.change, indicator, words) for row in table.itertuples()]},
        "textfont": {"color": "@text"}, "marker": {"color": ["@more1" if value > 0 else "@less1" for value in table["change"].fillna(0)]},
        "hovertext": [f"<b>{label}</b><br>{signed(row.change, indicator, words)}" for label, row in zip(labels, table.itertuples(), strict=True)], "hoverinfo": "text",
        "customdata": [context.drill(district=code) for code in table["district"]],
    }  # fmt: skip
    figure = {
        "data": [trace],
        "layout": layout(
            xaxis=axis(range=[-reach * 1.6 or -1, reach * 1.6 or 1], zeroline=True, zerolinecolor="@muted", ticksuffix=" %" if indicator.share else ""),
            yaxis=axis(autorange="reversed", showgrid=False, type="category"),
        ),
    }  # fmt: skip
    title = words("Change by district: {then} → {now}", then=names[0], now=names[1])
    risen, fallen = int((table["change"] > 0).sum()), int((table["change"] < 0).sum())
    alt = words("{title}: {up} districts rose, {down} fell.", title=title, up=risen, down=fallen)

    def numbers() -> pd.DataFrame:
        return pd.DataFrame(
            {
                "district": table["district"],
                dimension_name("district", words): labels,
                words("Before"): table["then"].round(6),
                words("Now"): table["now"].round(6),
                words("Change"): table["change"].round(6),
            }
        )

    return Exhibit("changes", title, figure, numbers, alt, (Link(alt),), ("district",), 60 + 26 * max(len(labels), 1))


# ------------------------------------------------------------------ plans and targets


def plan_map(plan, context: Context) -> Exhibit:
    """Proposed visits by district. `plan`: a `planning.Plan`."""
    words = context.words
    counts = plan.visits.groupby("district")["number"].size().reindex(places.adcodes(), fill_value=0)
    values = counts.astype(float).where(counts > 0)
    limits = maps.class_limits(values, "equal", 5)
    classes = tuple(maps.class_of(value, limits) for value in values)
    colours, labels = maps.named_classes(values, limits, classes, 0, words)

    def tooltip(code: str) -> str:
        visits = plan.visits[plan.visits["district"] == code]
        listed = "<br>".join(words.term("audience", audience) for audience in visits["audience"])
        return f"<b>{words.term('district', code)}</b><br>{words.plural('{n} visit', '{n} visits', len(visits))}" + (
            f"<br>{listed}" if listed else ""
        )

    drawn = maps.Drawn(
        places.adcodes(), tuple(values), classes, tuple(words.number(n) if n else "–" for n in counts), tuple(tooltip(code) for code in places.adcodes()),
        tuple(context.here(context.selection.toggled("district", code)) for code in places.adcodes()), colours, labels, words("no visit proposed"), words,
    )  # fmt: skip
    title = words("Proposed visits by district")
    alt = words("{title}: {n} visits in {districts} districts.", title=title, n=int(counts.sum()), districts=int((counts > 0).sum()))

    def numbers() -> pd.DataFrame:
        names = [words.term("district", code) for code in counts.index]
        return pd.DataFrame({"district": list(counts.index), dimension_name("district", words): names, words("Visits"): counts.to_numpy()})

    notes = (Link(words("Boundaries: {source}", source=places.boundary_source())),)
    return Exhibit(
        "plan-map",
        title,
        maps.map_figure(drawn, context, words("Visits")),
        numbers,
        alt,
        notes,
        ("district",),
        470,
        shapes=True,
        drawn=(("", drawn, words("Visits")),),
    )


def targets_chart(progress: pd.DataFrame, context: Context, as_of: date) -> Exhibit:
    """Plan against actual: events held, planned ones beside them, a line where the target lies; every target's state in a sentence.

    `progress` as from `targets.progress`. A click opens the events a bar counts.
    """
    words = context.words
    rows = list(progress.itertuples())
    labels = [_target_label(row, words) for row in rows]
    positions = list(range(len(rows)))
    colours = {"reached": "@bar", "on course": "@bar", "behind": "@chosen", "missed": "@chosen", "not begun": "@dim"}
    links = [context.events(targets.events_of(context.selection, row, as_of)) if row.state != "not begun" else "" for row in rows]
    sentences = [targets.sentence(row, words, as_of) for row in rows]

    def bars(values: list, name: str, **marker: object) -> dict:
        return {
            "type": "bar", "orientation": "h", "y": positions, "x": values, "name": name, "marker": marker, "hovertext": sentences, "hoverinfo": "text",
            "customdata": links, "showlegend": True, "width": 0.55,
        }  # fmt: skip

    known = [(number, int(row.target_events)) for number, row in enumerate(rows) if pd.notna(row.target_events)]
    lines_x = [x for number, target in known for x in (target, target, None)]
    lines_y = [y for number, _ in known for y in (number - 0.4, number + 0.4, None)]
    data = [
        bars([row.events for row in rows], words("events found"), color=[colours[row.state] for row in rows]),
        bars([row.planned for row in rows], words("Planned events"), color="@none", line={"color": "@muted", "width": 1}, pattern={"shape": "/", "fgcolor": "@muted"}),
        {"type": "scatter", "mode": "lines", "x": lines_x, "y": lines_y, "line": {"color": "@text", "width": 3}, "name": words("target"), "hoverinfo": "skip", "showlegend": True},
    ]  # fmt: skip
    figure = {
        "data": data,
        "layout": layout(
            barmode="stack", xaxis=axis(rangemode="tozero", tickformat="d", nticks=8),
            yaxis=axis(autorange="reversed", showgrid=False, tickmode="array", tickvals=positions, ticktext=labels),
            showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "font": {"size": 11}},
        ),
    }  # fmt: skip
    reached = int((progress["state"] == "reached").sum())
    title = words("Plan against actual to {day}", day=words.day(as_of))
    alt = words("{title}: {n} of {total} targets reached.", title=title, n=reached, total=len(rows))
    notes = [Link(words("Orange: behind an even pace, or missed. Undated events count for no target."))]
    if context.selection.district or context.selection.audience:
        notes.append(Link(words("A target for all districts or audiences is counted under the filters above.")))
    listed = tuple(Link(text, link) for text, link in zip(sentences, links, strict=True))
    return Exhibit(
        "targets",
        title,
        figure,
        lambda: targets.targets_table(progress, words),
        alt,
        tuple(notes),
        (),
        90 + 34 * max(len(rows), 1),
        sentences=listed,
    )


def _target_label(row, words: Words) -> str:
    district = words.term("district", row.district) if row.district else words("All districts")
    audience = words.term("audience", row.audience) if row.audience else words("All audiences")
    return f"{district} · {audience} · {targets.period_name(row.period, words)}"


def explanation(words: Words) -> str:
    """How a proposal is made."""
    return words(
        "Proposed are the visits that together reach most residents without a report in the look-back span. There is no census of audiences: residents of a place are shared among its audiences, equally unless weights say otherwise. The choice is exact, not a rule of thumb."
    )


def plan_list(plan, window: Window, context: Context) -> Exhibit:
    """A plan as a table: what it reaches, whether it is the only best one. `plan`: a `planning.Plan`."""
    words = context.words
    reached = words.plural(
        "{n} visit reaching {residents} residents",
        "{n} visits reaching {residents} residents",
        len(plan.visits),
        residents=words.number(plan.covered_residents),
    )
    notes = [
        words("No other set of visits does as well.")
        if plan.unique
        else words("Another set of visits does equally well; this is the first of them in the order of the list."),
        planning.shortage(plan, words),
        words("Looked back over: {window}.", window=window_phrase(window, words)),
    ]
    table = planning.plan_table(plan, words, window)
    return Exhibit(
        "plan", reached, {}, lambda: table, reached, tuple(Link(note) for note in notes if note), (), 0, about=explanation(words)
    )
