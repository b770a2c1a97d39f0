"""Exhibits → parts of a briefing: the figure that is on screen as native charts, grids, maps and tables, in its print colours."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from analytics import places, schema, theme
from analytics.exhibit import Context, Exhibit
from analytics.export.parts import Cell, Chart, District, Grid, Map, Part, Series, Table, Text
from analytics.maps import Drawn
from analytics.text import Words

EXCEL_DAY_ZERO = date(1899, 12, 30)
MOST_COLUMNS = 60
"""A native column chart shows this many periods; longer ones show the latest."""


def parts(exhibit: Exhibit, context: Context) -> tuple[Part, ...]:
    """What of an exhibit is drawn natively. A map with several panels gives several; an exhibit without a figure its table, or its sentences."""
    if exhibit.drawn:
        return tuple(_map(title, drawn, heading, context) for title, drawn, heading in exhibit.drawn[:6])
    special = _SPECIAL.get(exhibit.key)
    if special:
        return (special(exhibit, context),)
    if not exhibit.figure:
        return (Text(tuple(each.text for each in exhibit.sentences)),) if exhibit.sentences else (table(exhibit),)
    traces = theme.resolve(exhibit.figure["data"], theme.LIGHT)
    kind = traces[0]["type"] if traces else ""
    if kind == "heatmap":
        return (_grid(traces[0]),)
    if kind == "bar":
        return (_bars(traces, exhibit.figure["layout"], exhibit.title),)
    return (_lines(traces, exhibit.figure["layout"]),)


def table(exhibit: Exhibit) -> Table:
    """The exhibit's whole numbers, without the columns of codes."""
    frame = exhibit.table.drop(columns=[name for name in exhibit.codes if name in exhibit.table])
    return Table(tuple(map(str, frame.columns)), tuple(tuple(map(_plain, row)) for row in frame.itertuples(index=False, name=None)))


def _plain(value: object) -> object:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (pd.Timestamp, date)):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, str):
        return value
    number = float(value)
    if math.isnan(number):
        return None
    return int(number) if number.is_integer() else round(number, 6)


def _written(text: object) -> str:
    """A label without the marks of plotly's own language."""
    return re.sub(r"<br>", " ", re.sub(r"</?b>", "", str(text)))


def _number(value: object) -> float | None:
    if value is None:
        return None
    number = float(value)
    return None if math.isnan(number) else number


# ------------------------------------------------------------------ charts


def _bars(traces: list[dict], layout: dict, title: str) -> Chart:
    across = traces[0].get("orientation") == "h"
    stacked = layout.get("barmode") == "stack" and len(traces) > 1
    labels, values = ("y", "x") if across else ("x", "y")
    names = [_written(label) for label in traces[0][labels]]
    first = 0 if across else max(0, len(names) - MOST_COLUMNS)
    series = []
    for trace in traces:
        colour = trace["marker"]["color"]
        several = not isinstance(colour, str)
        written = trace.get("text")
        series.append(
            Series(
                _written(trace.get("name") or title),
                tuple(_number(value) for value in trace[values])[first:],
                colour[0] if several and len(colour) else colour if isinstance(colour, str) else theme.LIGHT["@bar"],
                tuple(colour)[first:] if several else (),
                tuple(map(_written, written))[first:] if across and written else (),
            )
        )
    kind = ("stacked " if stacked else "") + ("bar" if across else "column")
    share = layout.get("xaxis", {}).get("ticksuffix") == " %"
    return Chart(
        kind, tuple(_period(name) for name in names[first:]), tuple(series), "0.0" if share else "#,##0.##", legend=len(traces) > 1
    )


def _period(name: str) -> str:
    """A month drawn at its first day is named as the month."""
    return name[:7] if re.fullmatch(r"\d{4}-\d{2}-01", name) else name


def _lines(traces: list[dict], layout: dict) -> Chart:
    series = []
    dates = ""
    for trace in traces:
        days = [isinstance(value, str) for value in trace["x"]]
        dates = "x" if any(days) else dates
        x, y = list(trace["x"]), list(trace["y"])
        if any(days):
            x, y = (
                _stepped([_serial(value) for value in x], y) if trace.get("line", {}).get("shape") == "hv" else ([_serial(v) for v in x], y)
            )
        line = trace.get("line", {})
        series.append(
            Series(_written(trace.get("name") or ""), tuple(map(_number, y)), line.get("color", theme.LIGHT["@bar"]), x=tuple(map(_number, x)), dashed=line.get("dash", "solid") != "solid")
        )  # fmt: skip
    longest = max(series, key=lambda each: len(each.x), default=None)
    series = [_drawn_through(each, longest) if len(each.x) == 2 < len(longest.x) and not dates else each for each in series]
    x_title, y_title = (layout.get(name, {}).get("title", {}).get("text", "") for name in ("xaxis", "yaxis"))
    share = layout.get("xaxis", {}).get("ticksuffix") == " %"
    low, high = (0, 100) if share else (None, None)
    return Chart("xy", (), tuple(series), "mmm" if dates else "0", dates, x_title, y_title, low, high, legend=True)


def _drawn_through(line: Series, other: Series) -> Series:
    """A straight line with a point at each place of the other: LibreOffice leaves out a line of two points beside a longer one."""
    (start, end), (low, high) = line.x, line.values
    return replace(line, x=other.x, values=tuple(low + (high - low) * (x - start) / (end - start) for x in other.x))


def _stepped(x: list[float], y: list) -> tuple[list[float], list]:
    """A line in steps, as points: level until the next day, then up."""
    found_x, found_y = x[:1], y[:1]
    for day, before, after in zip(x[1:], y[:-1], y[1:], strict=True):
        found_x += [day, day]
        found_y += [before, after]
    return found_x, found_y


def _serial(day: str) -> float:
    return float((date.fromisoformat(day) - EXCEL_DAY_ZERO).days)


# ------------------------------------------------------------------ charts with marks of their own


def _range(exhibit: Exhibit, context: Context) -> Chart:
    """Ranges as stacked bars: nothing up to the low end, then to the value, then to the high end."""
    words = context.words
    frame = exhibit.table
    low, value, high = (frame[words(name)].astype(float) for name in ("Stated places only", "As placed", "Most favourable placing"))
    top = pd.concat([low, value, high]).max()
    start = low.fillna(0)
    middle = value.fillna(start)
    end = high.fillna(top if top == top else 0).clip(lower=middle)
    names = tuple(frame.iloc[:, 1])
    # The bars' own lengths are differences; what can be read is the value, and the ends of the axis.
    nothing = ("",) * len(names)
    stated = tuple(words.number(each, 2) if each == each else "" for each in value)
    return Chart(
        "stacked bar",
        names,
        (
            Series(words("Below the range"), tuple(start.round(6)), "#ffffff", labels=nothing, invisible=True),
            Series(
                words("From stated places to as placed"),
                tuple((middle - start).clip(lower=0).round(6)),
                theme.LIGHT["@bar"],
                labels=nothing,
            ),
            Series(
                words("To the most favourable placing"), tuple((end - middle).clip(lower=0).round(6)), theme.LIGHT["@dim"], labels=stated
            ),
        ),
        "#,##0.##",
        legend=True,
    )


def _spans(exhibit: Exhibit, context: Context) -> Chart:
    """Campaigns as bars from the first month to the end of the last."""
    frame = exhibit.table
    dated = frame[(frame["month"] != schema.UNDATED) & (frame["campaign"] != "")]
    spans = dated.groupby("campaign")["month"].agg(["min", "max"]).sort_values(["max", "min"], ascending=False).head(14)
    starts = [_serial(f"{first}-01") for first in spans["min"]]
    ends = [float((pd.Period(last, "M").end_time.date() - EXCEL_DAY_ZERO).days) for last in spans["max"]]
    words = context.words
    return Chart(
        "stacked bar",
        tuple(words.term("campaign", code) for code in spans.index),
        (
            Series(words("Begins"), tuple(starts), "#ffffff", invisible=True),
            Series(words("Days to the end of the last month"), tuple(end - start for start, end in zip(starts, ends, strict=True)), theme.LIGHT["@bar"]),
        ),
        "yyyy",
        "value",
        low=min(starts, default=None),
        high=max(ends, default=None),
    )  # fmt: skip


def _against(exhibit: Exhibit, context: Context) -> Chart:
    """Targets: events found, planned ones, the target, side by side."""
    traces = theme.resolve(exhibit.figure["data"], theme.LIGHT)
    labels = exhibit.figure["layout"]["yaxis"]["ticktext"]
    found, planned, lines = traces
    goals: list[float | None] = [None] * len(labels)
    for x, y in zip(lines["x"][::3], lines["y"][::3], strict=True):
        goals[round(y + 0.4)] = float(x)
    colours = found["marker"]["color"]
    series = (
        Series(_written(found["name"]), tuple(map(_number, found["x"])), colours[0] if colours else theme.LIGHT["@bar"], tuple(colours)),
        Series(_written(planned["name"]), tuple(map(_number, planned["x"])), theme.LIGHT["@dim"]),
        Series(_written(lines["name"]), tuple(goals), theme.LIGHT["@text"]),
    )
    return Chart("bar", tuple(map(_written, labels)), series, legend=True)


def _months(exhibit: Exhibit, context: Context) -> Grid:
    """The calendar as years × months: first days in each month."""
    days = exhibit.table
    dated = days[days["day"] != schema.UNDATED]
    counts = dated.groupby(dated["day"].str[:7])[context.words("Events")].sum().to_dict() if len(dated) else {}
    years = sorted({month[:4] for month in counts}, reverse=True)[:14]
    top = max(counts.values(), default=1)
    rows = []
    for year in years:
        cells = [counts.get(f"{year}-{month:02}", 0) for month in range(1, 13)]
        rows.append((context.words.term("year", year), tuple(_shaded(n, top) for n in cells)))
    months = tuple(str(month) if context.words.language == "en" else f"{month}月" for month in range(1, 13))
    return Grid(months, tuple(rows))


def _shaded(count: int, top: int) -> Cell:
    if not count:
        return Cell("", theme.LIGHT["@none"], theme.LIGHT["@text"])
    level = min(4, int(count / top * 4.999))
    return Cell(str(int(count)), theme.LIGHT[f"@seq{level}"], theme.LIGHT[f"@on{level}"])


_SPECIAL = {"coverage-range": _range, "campaigns": _spans, "targets": _against, "calendar": _months}


# ------------------------------------------------------------------ grids and maps


def _grid(trace: dict) -> Grid:
    low, high = trace["zmin"], trace["zmax"]
    texts = trace.get("text") or [[""] * len(row) for row in trace["z"]]
    rows = []
    for label, values, written in zip(trace["y"], trace["z"], texts, strict=True):
        cells = []
        for value, text in zip(values, written, strict=True):
            fill = _shade((value - low) / (high - low) if high > low else 0.0, trace["colorscale"])
            cells.append(Cell(_written(text), fill, _readable(fill)))
        rows.append((_written(label), tuple(cells)))
    return Grid(tuple(map(_written, trace["x"])), tuple(rows))


def _shade(share: float, scale: Sequence[Sequence]) -> str:
    """The colour at a place of a plotly scale, between two of its steps."""
    share = min(1.0, max(0.0, share))
    before, after = scale[0], scale[-1]
    for step in scale:
        if step[0] <= share:
            before = step
    after = next((step for step in scale if step[0] > share), before)
    if after[0] == before[0]:
        return before[1]
    part = (share - before[0]) / (after[0] - before[0])
    pairs = zip(_channels(before[1]), _channels(after[1]), strict=True)
    return "#" + "".join(f"{round(one + (other - one) * part):02x}" for one, other in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _readable(fill: str) -> str:
    red, green, blue = _channels(fill)
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else theme.LIGHT["@text"]


def _map(title: str, drawn: Drawn, heading: str, context: Context) -> Map:
    palette = theme.LIGHT
    chosen = context.selection.district
    districts = []
    for code, text, number in zip(drawn.codes, drawn.texts, drawn.classes, strict=True):
        role = drawn.colours[number] if number >= 0 else "@none"
        on = theme.ON.get(role, "@text")
        districts.append(District(code, _name(code, drawn.words), _written(text), palette[role], palette[on], code in chosen))
    legend = [(label, palette[role]) for label, role in zip(drawn.labels, drawn.colours, strict=True) if label]
    if drawn.absent:
        legend.append((drawn.absent, palette["@none"]))
    source = context.words("Boundaries: {source}", source=places.boundary_source())
    return Map(tuple(districts), heading, tuple(legend), source, title, inset=not title)


def _name(code: str, words: Words) -> str:
    return words.term("district", code)
