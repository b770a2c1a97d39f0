"""Tidy frames → exhibits with plotly figures. A figure is a table drawn: no counting happens here."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from analytics import schema, theme
from analytics.exhibit import Context, Exhibit, Link, recipe
from analytics.measures import complete
from analytics.selection import FIELDS
from analytics.text import Words

MOST_SERIES = 6
"""A stacked chart names this many series; the rest are one grey series, named with their number."""


def names(words: Words) -> dict[str, str]:
    """Headings of the measures, with their units."""
    return {
        "events": words("Events"),
        "activities": words("Activities"),
        "participants": words("Participants (stated)"),
        "participants_events": words("Events with a stated number"),
        "per_residents": words("Events per 100,000 residents (2020 census)"),
        "per_communities": words("Events per 100 communities (committees, 2023)"),
        "months_since": words("Months since the last event"),
    }


def dimension_name(name: str, words: Words) -> str:
    """Heading of a dimension."""
    return {
        "district": words("District"),
        "subdistrict": words("Subdistrict"),
        "audience": words("Audience"),
        "programme": words("Programme"),
        "campaign": words("Campaign"),
        "event-format": words("Format"),
        "topic": words("Topic"),
        "partner": words("Partner"),
        "country": words("Country"),
        "mode": words("Mode"),
        "status": words("Status"),
        "place-basis": words("Place basis"),
        "office-role": words("Office role"),
        "month": words("Month"),
        "quarter": words("Quarter"),
        "year": words("Year"),
        "day": words("Day"),
        "include": words("Also show"),
        "only": words("Only"),
        "undated": words("Undated events"),
        "span": words("Span"),
        "q": words("Search"),
    }[name]


# ------------------------------------------------------------------ common pieces


def layout(**more: object) -> dict:
    """The layout all charts share."""
    base = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "@text", "size": 12},
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "uirevision": "kept",
        "hoverlabel": {"align": "left"},
        "showlegend": False,
        "dragmode": False,
        "bargap": 0.28,
    }
    return base | more


def axis(**more: object) -> dict:
    """An axis without clutter, wide enough for its labels."""
    return {
        "automargin": True,
        "gridcolor": "@grid",
        "zeroline": False,
        "linecolor": "@grid",
        "tickcolor": "@grid",
        "fixedrange": True,
        "ticksuffix": "",
    } | more


def labelled(table: pd.DataFrame, by: tuple[str, ...], words: Words, measures: tuple[str, ...] = ()) -> pd.DataFrame:
    """The numbers under headings in the viewer's language, codes beside their names."""
    heads = names(words)
    table = table.astype({"participants": "Int64"}) if "participants" in table else table
    columns: dict[str, object] = {}
    for name in by:
        columns[name] = table[name]
        columns[dimension_name(name, words)] = [words.term(name, code) for code in table[name]]
    for name in measures or ("events", "activities", "participants", "participants_events"):
        columns[heads[name]] = table[name]
    if "participants" in table and not measures:
        columns[words("Qualifier")] = [schema.QUALIFIER[code][words.language == "zh"] if code else "" for code in table["qualifier"]]
    return pd.DataFrame(columns)


def tooltip(row, name: str, words: Words) -> str:
    """What the pointer shows over a mark: the name, the events, the activities, the stated participants."""
    if not row.events:
        return f"<b>{name}</b><br>" + words("no report found")
    lines = [
        f"<b>{name}</b>",
        words.plural("{n} event", "{n} events", row.events)
        + words(" in ")
        + words.plural("{n} activity", "{n} activities", row.activities),
    ]
    if row.participants_events:
        people = words.people(row.participants, row.qualifier)
        lines.append(
            words.plural(
                "{people} participants stated for {n} event",
                "{people} participants stated for {n} events",
                row.participants_events,
                people=people,
            )
        )
    else:
        lines.append(words("no number of participants stated"))
    return "<br>".join(lines)


def _people_label(row, words: Words) -> str:
    return words.people(row.participants, row.qualifier) if row.participants_events else ""


def _finding(rows: list, name: str, measure: str, words: Words, total: int) -> str:
    """The main finding of a bar chart, as one sentence; the key is each row's first cell after its number."""
    heading = dimension_name(name, words)
    shown = [row for row in rows if row.events and not gap(getattr(row, measure))]
    if not shown:
        return words("{chart}: no report found.", chart=heading)
    top = max(shown, key=lambda row: getattr(row, measure))
    if measure == "participants":
        text = words(
            "{chart}: most participants stated for {name}, {value}.",
            chart=heading,
            name=words.term(name, top[1]),
            value=_people_label(top, words),
        )
    else:
        text = words(
            "{chart}: most for {name}, {value} of {total}.",
            chart=heading,
            name=words.term(name, top[1]),
            value=words.number(getattr(top, measure)),
            total=words.number(total),
        )
    absent = [words.term(name, row[1]) for row in rows if not row.events and row[1] not in (schema.UNDATED, schema.UNPLACED)]
    if absent and schema.DIMENSIONS[name].terms:
        return words.sentences(text, words("No report found for {names}.", names=words.listing(absent)))
    return text


def gap(value: object) -> bool:
    """Whether a cell is empty."""
    return value is None or value != value


# ------------------------------------------------------------------ bars


def bars(
    table: pd.DataFrame,
    name: str,
    context: Context,
    total: int,
    measure: str = "events",
    key: str = "",
    most: int = 0,
    share: bool = False,
    height: int = 0,
) -> Exhibit:
    """Horizontal bars of one dimension: counts, or shares of `total`; a click opens the events behind a bar.

    `table` as from `measures.measure`; absent terms are drawn as empty rows. `most` keeps the largest of an open dimension.
    """
    words = context.words
    full = complete(table, (name,), context.selection)
    if most:
        full = full[(full[name] != "") & (full["events"] > 0)].sort_values(["events", name], ascending=[False, True])
    cut = max(0, len(full) - most) if most else 0
    full = full.head(most) if most else full[(full["events"] > 0) | ~full[name].isin([schema.UNPLACED, schema.UNDATED])]
    chosen = getattr(context.selection, FIELDS[name], ()) if name in FIELDS else ()
    labels = [_wrapped(words.term(name, code)) for code in full[name]]
    rows = list(full.itertuples())
    values = [0.0 if gap(value) else float(value) for value in full[measure]]
    shown = [value / total for value in values] if share and total else values
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": labels,
        "x": [round(value, 4) for value in shown],
        "text": [_bar_label(row, value, measure, words, total if share else 0) for value, row in zip(values, rows, strict=True)],
        "textposition": "outside",
        "cliponaxis": False,
        "textfont": {"color": "@text"},
        "hovertext": [tooltip(row, label, words) for row, label in zip(rows, labels, strict=True)],
        "hoverinfo": "text",
        "customdata": [context.drill(**{name.replace("-", "_"): row[1]}) if row.events else "" for row in rows],
        "marker": {"color": ["@chosen" if code in chosen else "@dim" if chosen else "@bar" for code in full[name]]},
    }
    figure = {
        "data": [trace],
        "layout": layout(
            xaxis=axis(showticklabels=False, showgrid=False, ticks="", showline=False, range=[0, max(shown, default=0) * 1.22 or 1]),
            yaxis=axis(autorange="reversed", showgrid=False, type="category"),
        ),
    }
    notes = []
    if schema.DIMENSIONS[name].several and int(full["events"].sum()) > total:
        notes.append(Link(words("Bars overlap: an event counts once under each of its {what}.", what=_plural_name(name, words))))
    if chosen:
        notes.append(Link(words("Those chosen stand out; the others are shown beside them, under the remaining filters.")))
    if measure == "participants":
        notes.append(stated_note(words))
    if cut:
        notes.append(Link(words("More in the table: {n}.", n=words.number(cut))))
    title = words("{measure} by {dimension}", measure=names(words)[measure], dimension=words.lowered(dimension_name(name, words)))
    return Exhibit(
        key or f"by-{name}", title, figure, lambda: labelled(complete(table, (name,), context.selection), (name,), words),
        _finding(rows, name, measure, words, total), tuple(notes), (name,), height or 60 + 24 * max(len(rows), 1), recipe=recipe("bars", by=name, measure=measure, most=most, share=share))  # fmt: skip


def _bar_label(row, value: float, measure: str, words: Words, total: int) -> str:
    """What stands at the end of a bar; a dash where no report was found."""
    if not row.events:
        return "–"
    if total:
        return words.percent(value / total)
    return _people_label(row, words) if measure == "participants" else words.number(value)


def _wrapped(text: str, width: int = 34) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _plural_name(name: str, words: Words) -> str:
    return {
        "audience": words("audiences"), "event-format": words("formats"), "topic": words("topics"), "campaign": words("campaigns"),
        "partner": words("partners"), "country": words("countries"),
    }[name]  # fmt: skip


def stated_note(words: Words) -> Link:
    """How many events state a number at all."""
    return Link(words("Numbers as far as reports state them; an event without one adds nothing."))


# ------------------------------------------------------------------ time


def over_time(
    table: pd.DataFrame,
    period: str,
    context: Context,
    stack: str = "",
    key: str = "over-time",
    height: int = 280,
    measure: str = "events",
    overall: pd.DataFrame | None = None,
) -> Exhibit:
    """Bars by month, quarter or year, every empty one in its place, stacked by one dimension if asked.

    `table` grouped by (period,) or (period, stack), then `overall` by (period,); a filter on what is stacked narrows the stack.
    Undated events are counted in the note. A click opens a bar's events.
    """
    words = context.words
    by = (period, stack) if stack else (period,)
    chosen = getattr(context.selection, FIELDS[stack]) if stack else ()
    table = table[table[stack].isin(chosen)] if chosen else table
    full = complete(table, by, context.selection)
    overall = full if not stack else complete(table if overall is None else overall, (period,), context.selection)
    dated = full[full[period] != schema.UNDATED]
    periods = list(dict.fromkeys(dated[period]))
    series = _series(dated, stack, words) if stack else [((), words("Events"), "@bar", dated)]
    data = []
    for codes, label, colour, rows in series:
        counts = dict.fromkeys(periods, 0)
        for code, count in zip(rows[period], rows[measure], strict=True):
            counts[code] += 0 if gap(count) else int(count)
        prefix = f"{label}: " if stack else ""
        links = context.drill_periods(
            (code for code, count in counts.items() if count),
            context.selection.change(**{FIELDS[stack]: codes}) if stack else context.selection,
        )
        data.append(
            {
                "type": "bar",
                "name": _wrapped(label, 28),
                "x": [_tick(code, period) for code in counts],
                "y": list(counts.values()),
                "hovertext": [
                    f"<b>{words.term(period, code)}</b><br>{prefix}{words.plural('{n} event', '{n} events', count) if count else words('no report found')}"
                    for code, count in counts.items()
                ],
                "hoverinfo": "text",
                "customdata": [links.get(code, "") for code in counts],
                "marker": {"color": colour, "line": {"width": 0}},
            }
        )
    several = bool(stack) and schema.DIMENSIONS[stack].several
    undated = int(overall.loc[overall[period] == schema.UNDATED, "events"].sum())
    figure = {
        "data": data,
        "layout": layout(
            barmode="stack",
            xaxis=axis(showgrid=False, **_calendar_axis(periods, period)),
            yaxis=axis(**_whole(int(overall["events"].max() or 0) if len(overall) else 0)),
            showlegend=bool(stack),
            legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 11}, "traceorder": "normal"},
            bargap=0.12,
        ),
    }
    notes = context.counted(
        undated, "{n} event has no date and is not drawn", "{n} events have no date and are not drawn", month=schema.UNDATED
    )
    if several:
        notes.append(Link(words("Parts overlap: an event counts once under each of its {what}.", what=_plural_name(stack, words))))
    if context.selection.undated == "report":
        notes.append(Link(words("Undated events stand at their report's date.")))
    sums = overall[overall[period] != schema.UNDATED].set_index(period)["events"]
    if sums.sum():
        alt = words(
            "Events by {period}: most in {when} ({n}).",
            period=words.lowered(dimension_name(period, words)),
            when=words.term(period, sums.idxmax()),
            n=words.number(sums.max()),
        )
    else:
        alt = words("{chart}: no report found.", chart=dimension_name(period, words))
    title = words("{measure} by {dimension}", measure=words("Events"), dimension=words.lowered(dimension_name(period, words)))
    if stack:
        title += words(" and {dimension}", dimension=words.lowered(dimension_name(stack, words)))
    return Exhibit(
        key,
        title,
        figure,
        lambda: labelled(full, by, words),
        alt,
        tuple(notes),
        by,
        height,
        recipe=recipe("over-time", period=period, stack=stack),
    )


def _series(dated: pd.DataFrame, stack: str, words: Words) -> list[tuple[tuple[str, ...], str, str, pd.DataFrame]]:
    """The largest series in the dimension's own order, and the rest as one."""
    sums = dated.groupby(stack, sort=False)["events"].sum()
    present = sums[sums > 0]
    largest = set(present.nlargest(MOST_SERIES).index) if len(present) > MOST_SERIES + 1 else set(present.index)
    named = [code for code in sums.index if code in largest]
    series = [((code,), words.term(stack, code), theme.CATEGORIES[n % 7], dated[dated[stack] == code]) for n, code in enumerate(named)]
    rest = tuple(code for code in present.index if code not in largest)
    if rest:
        series.append((rest, words("{n} more", n=len(rest)), "@cat6", dated[dated[stack].isin(rest)]))
    return series


def _whole(most: int) -> dict:
    """A scale of whole numbers from zero; few of them have a line each, or rounding would name one twice."""
    return {"rangemode": "tozero", "tickformat": ",d", **({"dtick": 1} if most <= 5 else {"nticks": 5})}


def _tick(code: str, period: str) -> str:
    if period == "quarter":
        return f"{code[:4]}-{int(code[-1]) * 3 - 2:02d}-01"
    return f"{code}-01" if period == "month" else code


def _calendar_axis(periods: list[str], period: str) -> dict:
    """A time axis with half a bar's room at both ends; years are names, so that each has its tick."""
    if period == "year" or not periods:
        return {"type": "category"}
    half = {"month": 16, "quarter": 46}[period]
    first, last = (pd.Timestamp(_tick(code, period)) for code in (periods[0], periods[-1]))
    return {
        "type": "date",
        "range": [f"{first - pd.Timedelta(days=half):%Y-%m-%d}", f"{last + pd.Timedelta(days=half):%Y-%m-%d}"],
        "tickformat": "%Y" if (last - first).days > 1100 else "%Y-%m",
    }


def calendar_map(table: pd.DataFrame, context: Context, key: str = "calendar", most_years: int = 4) -> Exhibit:
    """Calendar heat map: a column per week, a row per weekday, a block per year, latest first.

    `table` grouped by ("day",): the first day of each event; events known by their month stand on its first day.
    """
    words = context.words
    days = table[table["day"] != schema.UNDATED].sort_values("day", ignore_index=True) if len(table) else table
    years = sorted({code[:4] for code in days["day"]}, reverse=True)[:most_years] if len(days) else []
    counts = dict(zip(days["day"], days["events"], strict=True)) if len(days) else {}
    largest = max([counts[day] for day in counts if day[:4] in years], default=1)
    data, axes, annotations = [], {}, []
    for number, year in enumerate(years):
        suffix = "" if number == 0 else str(number + 1)
        top = 1 - number / len(years)
        axes[f"yaxis{suffix}"] = axis(
            domain=[top - 0.82 / len(years), top - 0.02], autorange="reversed", showgrid=False, showticklabels=False, scaleanchor=None
        )
        data.append(_year_block(year, counts, largest, context, f"y{suffix}"))
        annotations.append(
            {
                "text": f"<b>{year}</b>",
                "x": 0,
                "xanchor": "right",
                "xref": "paper",
                "y": top - 0.42 / len(years),
                "yref": "paper",
                "showarrow": False,
                "xshift": -8,
            }
        )
    months = [date(2023, month, 1) for month in range(1, 13)]
    xaxis = axis(
        showgrid=False,
        side="top",
        tickvals=[_week(day) for day in months],
        ticktext=[f"{day.month}" if words.language == "en" else f"{day.month}月" for day in months],
        range=[-0.7, 53.5],
        anchor="y",
    )
    figure = {
        "data": data,
        "layout": layout(
            xaxis=xaxis, annotations=annotations, margin={"l": 48, "r": 8, "t": 24, "b": 4}, plot_bgcolor="rgba(0,0,0,0)", **axes
        ),
    }
    shown = days[days["day"].str[:4].isin(years)] if len(days) else days
    older = int(days["events"].sum() - shown["events"].sum()) if len(days) else 0
    notes = [Link(words("An event stands on its first day; events known by their month stand on its first."))]
    if older:
        notes.append(
            Link(words.plural("{n} event of earlier years is in the table", "{n} events of earlier years are in the table", older))
        )
    if len(shown):
        busiest = shown.loc[shown["events"].idxmax()]
        alt = words(
            "Calendar of first days: busiest on {day} ({n}).", day=words.term("day", busiest["day"]), n=words.number(busiest["events"])
        )
    else:
        alt = words("{chart}: no report found.", chart=words("Calendar"))
    return Exhibit(
        key,
        words("Calendar of first days"),
        figure,
        lambda: labelled(days, ("day",), words),
        alt,
        tuple(notes),
        ("day",),
        40 + 128 * max(len(years), 1),
        recipe=recipe("calendar"),
    )


def _week(day: date) -> int:
    return (day.timetuple().tm_yday - 1 + date(day.year, 1, 1).weekday()) // 7


def _year_block(year: str, counts: dict[str, int], largest: int, context: Context, yaxis: str) -> dict:
    days = [date(int(year), 1, 1) + timedelta(days=n) for n in range(366 if int(year) % 4 == 0 else 365)]
    weeks = 54
    z = [[None] * weeks for _ in range(7)]
    text = [[""] * weeks for _ in range(7)]
    links = [[""] * weeks for _ in range(7)]
    for day in days:
        n = counts.get(day.isoformat(), 0)
        row, column = day.weekday(), _week(day)
        z[row][column] = n
        text[row][column] = f"<b>{context.words.day(day)}</b><br>" + (
            context.words.plural("{n} event", "{n} events", n) if n else context.words("no report found")
        )
        links[row][column] = context.drill(day=day.isoformat()) if n else ""
    step = 1 / max(largest, 1)
    scale = [[0, "@none"], [step * 0.5, "@none"], [step * 0.5, "@seq1"], [1, "@seq4"]]
    return {
        "type": "heatmap",
        "z": z,
        "zmin": 0,
        "zmax": max(largest, 1),
        "hovertext": text,
        "hoverinfo": "text",
        "customdata": links,
        "xgap": 1.5,
        "ygap": 1.5,
        "colorscale": scale,
        "showscale": False,
        "yaxis": yaxis,
        "xaxis": "x",
    }


def campaigns(table: pd.DataFrame, context: Context, key: str = "campaigns", most: int = 14) -> Exhibit:
    """Campaigns as spans from their first to their last month, with their events as dots sized by number.

    `table` grouped by ("campaign", "month"). A campaign without dated events is named in the note.
    """
    words = context.words
    rows = table[table["campaign"] != ""] if len(table) else table
    dated = rows[rows["month"] != schema.UNDATED].sort_values("month") if len(rows) else rows
    spans = (
        dated.groupby("campaign")
        .agg(first=("month", "min"), last=("month", "max"), events=("events", "sum"))
        .sort_values(["last", "first"], ascending=False)
        if len(dated)
        else pd.DataFrame(columns=["first", "last", "events"])
    )
    shown = spans.head(most)
    label = {code: _wrapped(words.term("campaign", code), 40) for code in shown.index}
    data: list[dict] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [f"{row.first}-01", f"{row.last}-01"],
            "y": [label[row.Index]] * 2,
            "line": {"color": "@dim", "width": 8},
            "hoverinfo": "skip",
        }
        for row in shown.itertuples()
    ]
    dots = dated[dated["campaign"].isin(shown.index)] if len(dated) else dated
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [f"{code}-01" for code in dots["month"]] if len(dots) else [],
            "y": [label[code] for code in dots["campaign"]] if len(dots) else [],
            "marker": {
                "color": "@bar",
                "size": [8 + 4 * min(n, 6) ** 0.5 for n in dots["events"]] if len(dots) else [],
                "line": {"color": "@paper", "width": 1},
            },
            "hovertext": [
                f"<b>{words.term('campaign', row.campaign)}</b><br>{words.term('month', row.month)}: {words.plural('{n} event', '{n} events', row.events)}"
                for row in dots.itertuples()
            ]
            if len(dots)
            else [],
            "hoverinfo": "text",
            "customdata": [context.drill(campaign=row.campaign, month=row.month) for row in dots.itertuples()] if len(dots) else [],
        }
    )
    figure = {
        "data": data,
        "layout": layout(
            xaxis=axis(type="date", tickformat="%Y"),
            yaxis=axis(autorange="reversed", type="category", categoryorder="array", categoryarray=list(label.values()), showgrid=False),
        ),
    }
    undated = int(rows.loc[rows["month"] == schema.UNDATED, "events"].sum()) if len(rows) else 0
    notes = (
        [
            Link(
                words.plural(
                    "{n} campaign event has no date and is not drawn", "{n} campaign events have no date and are not drawn", undated
                )
            )
        ]
        if undated
        else []
    )
    if len(spans) > most:
        notes.append(Link(words("More in the table: {n}.", n=len(spans) - most)))
    if len(spans):
        largest = spans["events"].idxmax()
        alt = words(
            "Campaigns with dated events: {n}; the largest is {name} ({events}).",
            n=len(spans),
            name=words.term("campaign", largest),
            events=words.number(spans.loc[largest, "events"]),
        )
    else:
        alt = words("{chart}: no report found.", chart=words("Campaigns"))
    return Exhibit(
        key,
        words("Campaigns from their first to their last event"),
        figure,
        lambda: labelled(rows.sort_values(["campaign", "month"]), ("campaign", "month"), words),
        alt,
        tuple(notes),
        ("campaign", "month"),
        70 + 27 * max(len(shown), 3),
        recipe=recipe("campaigns"),
    )


def to_date(table: pd.DataFrame, context: Context, latest: date, key: str = "to-date") -> Exhibit:
    """Running number of events this year and last, to the same day. `table` grouped by ("day",) over both years."""
    words = context.words
    data, sums = [], {}
    for number, year in enumerate((latest.year - 1, latest.year)):
        rows = table[table["day"].str.startswith(str(year))].sort_values("day") if len(table) else pd.DataFrame(columns=["day", "events"])
        last = date(year, latest.month, min(latest.day, 28) if latest.month == 2 else latest.day)
        upto = rows[rows["day"] <= last.isoformat()]
        sums[year] = int(upto["events"].sum())
        x = ["2024-01-01", *(f"2024{code[4:]}" for code in rows["day"]), f"2024-{latest:%m-%d}" if year == latest.year else "2024-12-31"]
        running = [0, *rows["events"].cumsum().tolist()]
        link = context.events(context.selection.change(start=date(year, 1, 1), end=last))
        text = [f"<b>{words.term('year', str(year))}</b>"] + [
            f"<b>{words.term('day', code)}</b><br>{words.plural('{n} event since 1 January', '{n} events since 1 January', n)}"
            for code, n in zip(rows["day"], running[1:], strict=True)
        ]
        data.append(
            {
                "type": "scatter", "mode": "lines", "name": words.term("year", str(year)), "x": x, "y": [*running, running[-1]],
                "line": {"shape": "hv", "color": "@bar" if number else "@muted", "width": 3 if number else 2, "dash": "solid" if number else "dot"},
                "hovertext": [*text, text[-1]], "hoverinfo": "text", "customdata": [link] * (len(x)),
            }
        )  # fmt: skip
    figure = {
        "data": data,
        "layout": layout(
            xaxis=axis(type="date", tickformat="%m", dtick="M1", range=["2024-01-01", "2024-12-31"], showgrid=False),
            yaxis=axis(**_whole(max(sums.values()))),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        ),
    }
    this, last_year = sums[latest.year], sums[latest.year - 1]
    alt = words(
        "Events from 1 January to {day}: {this}; by the same day a year before: {last}.",
        this=words.number(this),
        day=words.day(latest),
        last=words.number(last_year),
    )
    numbers = pd.DataFrame({words("Year"): [str(latest.year - 1), str(latest.year)], words("Events to the same day"): [last_year, this]})
    note = Link(words("Counted to {day}, the latest event in the data; dated events only.", day=words.day(latest)))
    return Exhibit(
        key,
        words("This year against last year to date"),
        figure,
        lambda: numbers,
        alt,
        (Link(alt), note),
        (),
        280,
        recipe=recipe("to-date"),
    )


# ------------------------------------------------------------------ matrices


def matrix(
    table: pd.DataFrame, rows: str, columns: str, context: Context, key: str, measure: str = "events", share: bool = False
) -> Exhibit:
    """Two dimensions as a grid; empty cells stay visible as such. `share` reads along each row. A click opens a cell's events."""
    words = context.words
    full = complete(table, (rows, columns), context.selection)
    dropped = [schema.UNPLACED, schema.UNDATED]
    keep = full.groupby(rows, sort=False)["events"].sum()
    full = full[~(full[rows].isin(dropped) & full[rows].map(keep).eq(0))]
    values = (
        full.pivot(index=rows, columns=columns, values=measure)
        .reindex(index=full[rows].unique(), columns=full[columns].unique())
        .astype("float")
        .fillna(0)
    )
    records = dict(zip(zip(full[rows], full[columns], strict=True), full.itertuples(), strict=True))
    largest = float(values.to_numpy().max()) if values.size else 0.0
    along = values.div(values.sum(axis=1).where(lambda sums: sums > 0), axis=0)
    text = [
        [(words.percent(along.loc[r, c]) if share else words.number(values.loc[r, c])) if values.loc[r, c] else "" for c in values.columns]
        for r in values.index
    ]
    z = [[float((along if share else values).loc[r, c]) if values.loc[r, c] else 0.0 for c in values.columns] for r in values.index]
    top = 1.0 if share else max(largest, 1.0)
    edge = (0.0001 if share else 0.5) / top
    row_labels = [words.term(rows, code) for code in values.index]
    column_labels = [words.term(columns, code) for code in values.columns]
    trace = {
        "type": "heatmap", "x": column_labels, "y": row_labels, "z": z, "zmin": 0, "zmax": top, "text": text, "texttemplate": "%{text}", "xgap": 2, "ygap": 2,
        "colorscale": [[0, "@none"], [edge, "@none"], [edge, "@seq0"], [1, "@seq3"]], "showscale": False, "hoverinfo": "text",
        "hovertext": [[tooltip(records[(r, c)], f"{words.term(rows, r)} · {words.term(columns, c)}", words) for c in values.columns] for r in values.index],
        "customdata": [[context.drill(**{rows.replace("-", "_"): r, columns.replace("-", "_"): c}) for c in values.columns] for r in values.index],
    }  # fmt: skip
    figure = {
        "data": [trace],
        "layout": layout(
            xaxis=axis(side="top", showgrid=False, tickangle=-35, type="category"),
            yaxis=axis(autorange="reversed", showgrid=False, type="category"),
        ),
    }
    empty = int((values.to_numpy() == 0).sum())
    peak = values.stack()
    if largest:
        best = peak.idxmax()
        alt = words(
            "{rows} by {columns}: most for {row} and {column} ({n}); {empty} of {cells} cells without a report.",
            rows=dimension_name(rows, words),
            columns=words.lowered(dimension_name(columns, words)),
            row=words.term(rows, best[0]),
            column=words.term(columns, best[1]),
            n=words.number(largest),
            empty=empty,
            cells=values.size,
        )
    else:
        alt = words("{chart}: no report found.", chart=dimension_name(rows, words))
    notes = [Link(words("Grey cells: no report found."))]
    if schema.DIMENSIONS[rows].several or schema.DIMENSIONS[columns].several:
        notes.append(Link(words("An event with several values counts in each of their cells.")))
    title = words("{rows} by {columns} (events)", rows=dimension_name(rows, words), columns=words.lowered(dimension_name(columns, words)))
    return Exhibit(
        key,
        title,
        figure,
        lambda: labelled(full, (rows, columns), words),
        alt,
        tuple(notes),
        (rows, columns),
        120 + 25 * len(values.index),
        recipe=recipe("matrix", rows=rows, columns=columns, share=share),
    )
