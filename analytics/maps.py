"""District frames → maps. Polygons are drawn from the boundaries by plotly's own SVG projection: no tiles, no WebGL.

"No report found" is a class of its own outside the scale. Natural breaks come from `mapclassify`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from analytics import places, schema, theme
from analytics.errors import N_, OutreachError
from analytics.exhibit import Context, Exhibit, Link, recipe
from analytics.figures import _people_label, labelled, layout, names
from analytics.measures import complete, months_between
from analytics.selection import Selection
from analytics.text import Words

MEASURES = ("events", "activities", "participants", "per_residents", "per_communities", "months_since")
COUNTS = ("events", "activities", "participants")
SCHEMES = ("quantile", "natural", "equal", "own")
DIGITS = {"per_residents": 2, "per_communities": 2}
WIDE = {"lon": (115.36, 117.90), "lat": (39.36, 41.09)}
INSET = ([0.625, 0.998], [0.004, 0.30])
"""Where the enlarged core stands, in parts of the figure's width and height: the free corner below Pinggu."""
SMALL = ("110101", "110102", "110107")
"""Districts too small for their name on the main map; they are named in the inset."""
INNER_DISTRICTS = {
    "110101": (116.414, 39.935), "110102": (116.357, 39.895), "110105": (116.456, 39.985),
    "110106": (116.27, 39.835), "110107": (116.165, 39.93), "110108": (116.28, 40.0),
}  # fmt: skip
"""Districts named in the inset, and a point (longitude, latitude) of the part of each that it shows."""
INNER = {"lon": (116.09, 116.50), "lat": (39.80, 40.03)}


def scheme_names(words: Words) -> dict[str, str]:
    """Labels of the ways to set classes."""
    return {"quantile": words("Quantiles"), "natural": words("Natural breaks"), "equal": words("Equal steps"), "own": words("Own limits")}


def district_table(table: pd.DataFrame, context: Context) -> pd.DataFrame:
    """The 16 districts with every map measure, and unplaced events as a last row.

    `table` grouped by ("district",). One row per district: the measures of `measures.measure`, per_residents (events per
    100,000 residents, census 2020), per_communities (events per 100 committees, 2023), months_since (whole months from the
    last dated event to the latest event in the data; absent where there is none).
    """
    full = complete(table, ("district",))
    residents, communities = _denominators()
    people, committees = full["district"].map(residents), full["district"].map(communities)
    return full.assign(
        residents_2020=people,
        communities=committees,
        per_residents=full["events"] / people * 100_000,
        per_communities=full["events"] / committees * 100,
        months_since=[months_between(day, context.store.latest) for day in full["last_day"]],
    ).astype({"months_since": "float64"})


@cache
def _denominators() -> tuple[dict[str, float], dict[str, float]]:
    table = places.districts()
    return (
        dict(zip(table["adcode"], table["residents_2020"].astype(float), strict=True)),
        dict(zip(table["adcode"], table["communities"].astype(float), strict=True)),
    )


def class_limits(values: pd.Series, scheme: str, count: int = 5, own: tuple[float, ...] = ()) -> list[float]:
    """Upper limits of the classes, rising; values above zero only. Fewer classes when values repeat.

    Raises OutreachError when own limits are not rising numbers.
    """
    known = values.astype("float").dropna()
    if scheme == "own" and own:
        if list(own) != sorted(set(own)) or not all(math.isfinite(limit) for limit in own):
            raise OutreachError(N_("The limits must rise and differ. Write them as 1, 2, 5, 10."))
        return [*own, math.inf] if len(known) and known.max() > own[-1] else list(own)
    different = sorted(known.unique())
    if len(different) <= count:
        return [float(value) for value in different]
    if scheme == "natural":
        # Slow to load, and wanted by those alone who ask for natural breaks.
        from mapclassify import FisherJenks

        with warnings.catch_warnings():
            # Its advice to install a compiler is of no use for sixteen values.
            warnings.simplefilter("ignore", UserWarning)
            limits = FisherJenks(known.to_numpy(), k=count).bins
    elif scheme == "equal":
        limits = np.linspace(known.min(), known.max(), count + 1)[1:]
    else:
        limits = np.unique(np.quantile(known, np.arange(1, count + 1) / count))
    # Interpolated limits of equal values differ in their last digit; unrounded they would make a class of nothing.
    return list(dict.fromkeys(round(float(limit), 9) for limit in limits))


def class_of(value: float | None, limits: list[float]) -> int:
    """The class of a value, from 0; -1 for none. Values above the last limit are in the last class."""
    if value is None or pd.isna(value):
        return -1
    return next((number for number, limit in enumerate(limits) if value <= limit + 1e-9), len(limits) - 1)


def class_labels(values: pd.Series, limits: list[float], digits: int, words: Words) -> list[str]:
    """A label per class: the lowest and highest value in it, as drawn; empty classes by their limits."""
    known = values.astype("float").dropna()
    labels = []
    for number, limit in enumerate(limits):
        inside = known[[class_of(value, limits) == number for value in known]]
        low, high = (inside.min(), inside.max()) if len(inside) else (limits[number - 1] if number else 0, limit)
        first, last = words.number(low, digits), words.number(high, digits) if math.isfinite(high) else "…"
        labels.append(first if first == last else f"{first} – {last}")
    return labels


def mapped(table: pd.DataFrame, measure: str) -> pd.Series:
    """The values that have a class: districts with an event, in the measure asked for."""
    return table[measure].astype("float").where((table["events"] > 0) & (table["district"] != schema.UNPLACED))


# ------------------------------------------------------------------ the map


def district_map(
    table: pd.DataFrame,
    context: Context,
    measure: str = "per_residents",
    scheme: str = "quantile",
    count: int = 5,
    own: tuple[float, ...] = (),
    circles: bool = False,
    key: str = "map",
    height: int = 560,
) -> Exhibit:
    """The 16 districts shaded by class, or under proportional circles, with the core enlarged; a click chooses a district.

    `table` as from `district_table`.
    """
    words = context.words
    rows = table[table["district"] != schema.UNPLACED]
    drawn = Drawn.of(rows, measure, scheme, count, own, context, context.here)
    figure = map_figure(drawn, context, names(words)[measure], circles)
    notes = map_notes(table, measure, context)
    title = words("{measure} by {dimension}", measure=names(words)[measure], dimension=words("district"))
    return Exhibit(
        key,
        title,
        figure,
        lambda: map_table(table, words),
        _map_finding(rows, measure, words),
        notes,
        ("district",),
        height,
        shapes=True,
        recipe=recipe("map", measure=measure, classes=scheme, k=count, limits=",".join(map(str, own)), style="circles" if circles else ""),
        drawn=(("", drawn, names(words)[measure]),),
    )


def map_figure(drawn: Drawn, context: Context, heading: str, circles: bool = False) -> dict:
    """The main map and the enlarged core, with the chosen districts outlined and `heading` over the legend."""
    data: list[dict] = []
    for geo in ("geo", "geo2"):
        data += _circles(drawn, geo) if circles else [shaded(drawn, geo)]
        data.append(_outline(context, geo))
        data.append(_labels(drawn, geo, circles))
    data += [] if circles else legend(drawn)
    return {"data": data, "layout": layout(
        geo=_geo([0, 1], [0, 1], WIDE), geo2=_geo(*INSET, INNER, framed=True), shapes=[_frame()], margin={"l": 0, "r": 0, "t": 0, "b": 0}, meta={"inset": round(_ratio(INNER), 4)},
        showlegend=True, legend={"x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "bgcolor": "rgba(0,0,0,0)", "font": {"size": 11}, "title": {"text": _legend_title(heading), "font": {"size": 11}}, "itemclick": False, "itemdoubleclick": False},
    )}  # fmt: skip


def _ratio(window: dict) -> float:
    """Width by height of a window under Mercator's projection (Snyder 1987, Map Projections, p. 41)."""
    (west, east), (south, north) = (map(math.radians, window[name]) for name in ("lon", "lat"))
    return (east - west) / (math.asinh(math.tan(north)) - math.asinh(math.tan(south)))


def _frame() -> dict:
    (left, right), (low, high) = INSET
    return {
        "type": "rect",
        "xref": "paper",
        "yref": "paper",
        "x0": left,
        "x1": right,
        "y0": low,
        "y1": high,
        "line": {"color": "@muted", "width": 1},
        "layer": "above",
    }


def _geo(x: list[float], y: list[float], window: dict, framed: bool = False) -> dict:
    return {
        "domain": {"x": x, "y": y}, "projection": {"type": "mercator"}, "visible": False, "bgcolor": "@paper" if framed else "rgba(0,0,0,0)",
        "lonaxis": {"range": list(window["lon"])}, "lataxis": {"range": list(window["lat"])}, "showframe": framed, "framecolor": "@muted", "framewidth": 1,
    }  # fmt: skip


def _legend_title(text: str) -> str:
    return text if len(text) < 26 else text.replace(" (", "<br>(").replace("（", "<br>（")


@dataclass(frozen=True)
class Drawn:
    """Districts ready to draw, one entry per district in every tuple: worked out once for all panels of a map.

    `classes` are numbers into `colours`, -1 for no report; `labels` name the classes in the legend, `texts` stand on the map.
    """

    codes: tuple[str, ...]
    values: tuple[float, ...]
    classes: tuple[int, ...]
    texts: tuple[str, ...]
    tooltips: tuple[str, ...]
    links: tuple[str, ...]
    colours: tuple[str, ...]
    labels: tuple[str, ...]
    absent: str
    words: Words

    @classmethod
    def of(
        cls,
        rows: pd.DataFrame,
        measure: str,
        scheme: str,
        count: int,
        own: tuple[float, ...],
        context: Context,
        link: Callable[[Selection], str],
        limits: list[float] | None = None,
    ) -> Drawn:
        """Districts of `district_table` in one of its measures."""
        words, values = context.words, mapped(rows, measure)
        limits = class_limits(values, scheme, count, own) if limits is None else limits
        listed = list(rows.itertuples())
        classes = tuple(class_of(value, limits) for value in values)
        undatable = any(number < 0 and row.events for number, row in zip(classes, listed, strict=True))
        return cls(
            tuple(row.district for row in listed),
            tuple(values.tolist()),
            classes,
            tuple(_value(row, measure, words) for row in listed),
            tuple(map_tooltip(row, measure, words) for row in listed),
            tuple(link(context.selection.toggled("district", row.district)) for row in listed),
            *named_classes(values, limits, classes, DIGITS.get(measure, 0), words),
            words("no report found, or no date") if undatable else words("no report found"),
            words,
        )


def plain_geo(x: list[float], y: list[float]) -> dict:
    """The whole city in a part of the figure."""
    return _geo(x, y, WIDE)


def limit_labels(limits: list[float], digits: int, words: Words) -> tuple[str, ...]:
    """Names of classes by their upper limits alone, for several maps that share them."""
    edges = [0.0, *limits]
    return tuple(f"{words.number(low, digits)} – {words.number(high, digits)}" for low, high in zip(edges, limits, strict=False))


def named_classes(
    values: pd.Series, limits: list[float], classes: tuple[int, ...], digits: int, words: Words, colours: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Colours and labels of the classes; an open class above the last limit that holds no district has no label."""
    labels = class_labels(values, limits, digits, words)
    named = tuple(
        label if number in classes or math.isfinite(limit) else "" for number, (label, limit) in enumerate(zip(labels, limits, strict=True))
    )
    return colours or theme.class_colours(len(limits)), named


def _polygons(geo: str, codes: list[str], colour: str, line: dict, **more: object) -> dict:
    """District shapes, in one colour unless `z` and `colorscale` say otherwise."""
    return {
        "type": "choropleth", "geo": geo, "geojson": "@shapes", "featureidkey": "id", "locations": codes or [""], "z": [1] * max(len(codes), 1),
        "colorscale": [[0, colour], [1, colour]], "showscale": False, "marker": {"line": line}, "showlegend": False,
    } | more  # fmt: skip


def shaded(drawn: Drawn, geo: str) -> dict:
    """The districts in the colours of their classes, as one trace: a trace per class takes plotly several times as long."""
    colours = ["@none", *drawn.colours]
    steps = [[(number + edge) / len(colours), colour] for number, colour in enumerate(colours) for edge in (0, 1)]
    return _polygons(
        geo, list(drawn.codes), "", {"color": "@outline", "width": 1}, z=list(drawn.classes), zmin=-1.5, zmax=len(colours) - 1.5, colorscale=steps,
        hoverinfo="text", hovertext=list(drawn.tooltips), customdata=list(drawn.links),
    )  # fmt: skip


def legend(drawn: Drawn) -> list[dict]:
    """An entry for each class with a label, and for no report: marks without a place."""
    entries = [(label, colour) for label, colour in zip(drawn.labels, drawn.colours, strict=True) if label]
    return [_entry(label, colour) for label, colour in (*entries, *([(drawn.absent, "@none")] if drawn.absent else []))]


def _entry(label: str, colour: str) -> dict:
    marker = {"symbol": "square", "size": 12, "color": colour}
    return {
        "type": "scattergeo",
        "geo": "geo",
        "lon": [None],
        "lat": [None],
        "mode": "markers",
        "marker": marker,
        "name": label,
        "showlegend": True,
        "hoverinfo": "skip",
    }


def _circles(drawn: Drawn, geo: str) -> list[dict]:
    """Circles whose area is proportional to the count, on plain land; Flannery's perceptual scaling is not applied."""
    words = drawn.words
    values = [0.0 if math.isnan(value) else value for value in drawn.values]
    codes = list(drawn.codes)
    largest = max([*values, 0]) or 1
    points = _points(geo)
    shared = {"hoverinfo": "text", "hovertext": list(drawn.tooltips), "customdata": list(drawn.links)}
    land = _polygons(geo, codes, "@land", {"color": "@muted", "width": 0.6}, **shared)
    circle = {
        "type": "scattergeo", "geo": geo, "mode": "markers", **_at(points, codes), **shared,
        "marker": {"size": [60 * math.sqrt(value / largest) for value in values], "color": "@circle", "line": {"color": "@outline", "width": 1}},
        "name": words("largest circle: {value}", value=words.number(largest)), "showlegend": geo == "geo",
    }  # fmt: skip
    return [land, circle]


def _at(points: dict[str, tuple[float, float]], codes: list[str]) -> dict[str, list[float]]:
    return {"lon": [points[code][0] for code in codes], "lat": [points[code][1] for code in codes]}


def _outline(context: Context, geo: str) -> dict:
    """Chosen districts, outlined in a trace of its own: neighbours would cover half of a marker line."""
    chosen = [code for code in context.selection.district if code != schema.UNPLACED]
    return _polygons(geo, chosen, "rgba(0,0,0,0)", {"color": "@chosen", "width": 3.5}, hoverinfo="skip")


def _labels(drawn: Drawn, geo: str, circles: bool = False) -> dict:
    """Names and values, where there is room for them: the core and Shijingshan in the inset only."""
    near = [number for number, code in enumerate(drawn.codes) if (code in SMALL) == (geo == "geo2")]
    on = [
        "@text" if circles or drawn.classes[number] < 0 else theme.ON.get(drawn.colours[drawn.classes[number]], "@text") for number in near
    ]
    return {
        "type": "scattergeo", "geo": geo, "mode": "text", **_at(_points(geo), [drawn.codes[number] for number in near]), "hoverinfo": "skip",
        "showlegend": False, "text": [f"{_short(drawn.codes[number], drawn.words)}<br>{drawn.texts[number]}" for number in near],
        "textfont": {"size": 9 if geo == "geo2" else 10.5, "color": on},
    }  # fmt: skip


@cache
def _points(geo: str) -> dict[str, tuple[float, float]]:
    """Where to write or draw on each district (longitude, latitude); in the inset, on the part of it that can be seen."""
    table = places.label_points()
    points = {code: (x, y) for code, x, y in zip(table["adcode"], table["longitude"].tolist(), table["latitude"].tolist(), strict=True)}
    return points | (INNER_DISTRICTS if geo == "geo2" else {"110116": (116.6, 40.38)})


def _short(code: str, words: Words) -> str:
    return words.term("district", code).removesuffix("区")


def _value(row, measure: str, words: Words) -> str:
    value = getattr(row, measure)
    if not row.events or pd.isna(value):
        return "–"
    return _people_label(row, words) if measure == "participants" else words.number(value, DIGITS.get(measure, 0))


def map_tooltip(row, measure: str, words: Words) -> str:
    """What the pointer shows over a district: its figures with denominators and years."""
    lines = [f"<b>{words.term('district', row.district)}</b>"]
    if not row.events:
        return "<br>".join([*lines, words("no report found"), words("{n} residents (2020)", n=words.number(row.residents_2020))])
    lines.append(
        words.plural("{n} event", "{n} events", row.events) + words(" in ") + words.plural("{n} activity", "{n} activities", row.activities)
    )
    if row.participants_events:
        lines.append(
            words.plural(
                "{people} participants stated for {n} event",
                "{people} participants stated for {n} events",
                row.participants_events,
                people=_people_label(row, words),
            )
        )
    lines.append(
        words(
            "{rate} events per 100,000 of {n} residents (2020)", rate=words.number(row.per_residents, 2), n=words.number(row.residents_2020)
        )
    )
    lines.append(
        words("{rate} events per 100 of {n} committees (2023)", rate=words.number(row.per_communities, 2), n=words.number(row.communities))
    )
    lines.append(words("last dated event {day}", day=words.day(row.last_day)) if pd.notna(row.last_day) else words("no dated event"))
    return "<br>".join(lines)


def map_table(table: pd.DataFrame, words: Words) -> pd.DataFrame:
    """The numbers behind the map under headings, unplaced events last."""
    shown = table[(table["district"] != schema.UNPLACED) | (table["events"] > 0)]
    rates = labelled(shown, (), words, ("per_residents", "per_communities", "months_since"))
    return pd.concat([labelled(shown, ("district",), words), rates.round(3)], axis=1)


def map_notes(table: pd.DataFrame, measure: str, context: Context) -> tuple[Link, ...]:
    """What the map cannot show, with its count as a link; then the unit, the boundaries and their datum."""
    words = context.words
    unplaced = int(table.loc[table["district"] == schema.UNPLACED, "events"].sum())
    notes = context.counted(unplaced, "{n} event names no district", "{n} events name no district", district=schema.UNPLACED)
    if context.selection.district:
        notes.append(Link(words("Every district is shown; those chosen are outlined.")))
    if measure == "months_since":
        notes.append(Link(words("Counted back from {day}, the latest event in the data.", day=words.day(context.store.latest))))
    notes.append(Link(words("Boundaries: {source}", source=places.boundary_source())))
    return tuple(notes)


def _map_finding(rows: pd.DataFrame, measure: str, words: Words) -> str:
    values = mapped(rows, measure)
    if values.isna().all():
        return words("{chart}: no report found.", chart=words("Map of districts"))
    top = rows.loc[values.idxmax()]
    text = words(
        "Map of districts: {reached} of 16 reached; {measure}: highest value in {name} ({value}).",
        reached=int((rows["events"] > 0).sum()),
        measure=words.lowered(names(words)[measure]),
        name=words.term("district", top["district"]),
        value=words.number(top[measure], DIGITS.get(measure, 0)),
    )
    absent = [words.term("district", code) for code in rows.loc[rows["events"] == 0, "district"]]
    return words.sentences(text, words("No report found for {names}.", names=words.listing(absent)) if absent else "")


# ------------------------------------------------------------------ small multiples


def multiples(
    table: pd.DataFrame,
    by: str,
    context: Context,
    measure: str = "events",
    scheme: str = "quantile",
    count: int = 5,
    own: tuple[float, ...] = (),
    key: str = "multiples",
    most: int = 12,
) -> Exhibit:
    """One small map per audience or year, all with the same classes. `table` grouped by (by, "district")."""
    words = context.words
    full = complete(table, (by, "district"), context.selection)
    full = full[full["district"] != schema.UNPLACED]
    sums = full.groupby(by, sort=False)["events"].sum()
    shown = [code for code in sums.index if code != schema.UNDATED and (sums[code] or by == "audience")][-most:]
    frames = {code: district_table(full.loc[full[by] == code].drop(columns=by), context) for code in shown}
    values = pd.concat([mapped(frame, measure) for frame in frames.values()]) if frames else pd.Series(dtype=float)
    limits = class_limits(values, scheme, count, own)
    columns = min(4, max(len(shown), 1))
    lines = math.ceil(max(len(shown), 1) / columns)
    data, geos, annotations, panels = [], {}, [], []
    for number, code in enumerate(shown):
        geo = "geo" if number == 0 else f"geo{number + 1}"
        column, line = number % columns, number // columns
        x = [column / columns + 0.01, (column + 1) / columns - 0.01]
        y = [1 - (line + 1) / lines + 0.01, 1 - (line + 0.13) / lines]
        geos[geo] = plain_geo(x, y)
        drawn = Drawn.of(frames[code], measure, scheme, count, own, context, context.events, limits)
        panels.append((words.term(by, code), drawn, names(words)[measure]))
        links = [context.drill(**{by: code, "district": row.district}) if row.events else "" for row in frames[code].itertuples()]
        data.append(shaded(drawn, geo) | {"customdata": links})
        title = words.term(by, code)
        annotations.append(
            {
                "text": f"<b>{title}</b> · {words.number(sums[code])}",
                "x": sum(x) / 2,
                "y": 1 - line / lines,
                "xref": "paper",
                "yref": "paper",
                "showarrow": False,
                "yanchor": "top",
                "font": {"size": 12},
            }
        )
    labels = class_labels(values, limits, DIGITS.get(measure, 0), words)
    for label, colour in [*zip(labels, theme.class_colours(len(limits)), strict=True), (words("no report found"), "@none")]:
        data.append(_entry(label, colour))
    figure = {
        "data": data,
        "layout": layout(
            annotations=annotations,
            margin={"l": 0, "r": 0, "t": 4, "b": 44},
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top", "itemclick": False, "itemdoubleclick": False},
            **geos,
        ),
    }
    left = len(sums[(sums > 0) & (sums.index != schema.UNDATED)].index.difference(shown))
    sums = sums[shown]
    if len(sums) and sums.max():
        alt = words(
            "Small maps by {dimension} with common classes; most events for {name} ({n}).",
            dimension=words("audience") if by == "audience" else words("year"),
            name=words.term(by, sums.idxmax()),
            n=words.number(sums.max()),
        )
    else:
        alt = words("{chart}: no report found.", chart=words("Small maps"))
    title = words(
        "{measure} by {dimension}", measure=names(words)[measure], dimension=words("audience") if by == "audience" else words("year")
    )
    notes = [Link(words("All maps share the same classes."))] + ([Link(words("More in the table: {n}.", n=left))] if left else [])
    return Exhibit(
        key,
        title,
        figure,
        lambda: labelled(full, (by, "district"), words),
        alt,
        tuple(notes),
        (by, "district"),
        60 + 210 * lines,
        shapes=True,
        recipe=recipe("multiples", by=by, measure=measure, classes=scheme, k=count, limits=",".join(map(str, own))),
        drawn=tuple(panels),
    )
