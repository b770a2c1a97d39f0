"""The map as shapes: sixteen freeforms, the enlarged core, legend, scale bar, north arrow."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import geopandas as gpd
import shapely

from analytics import maps, places, theme
from analytics.export.parts import District, Map
from analytics.export.slides.drawing import (
    BOLD,
    GAP,
    INCH,
    INK,
    MUTED,
    POINT,
    Box,
    Canvas,
    cells_of,
    cut_to,
    fitted,
    group_shapes,
    line_spacing,
    one_line,
    paragraph_xml,
    shape_xml,
    tallness,
    text_shape,
    width_in_ems,
)


class Land(NamedTuple):
    """The districts in metres (EPSG:32650): shapes, their parts in the enlarged core, points for labels, outer bounds."""

    shapes: dict[str, shapely.Geometry]
    core: dict[str, shapely.Geometry]
    points: dict[str, tuple[float, float]]
    inner: dict[str, tuple[float, float]]
    bounds: tuple[float, float, float, float]
    window: tuple[float, float, float, float]


@cache
def _land(_path: str, _changed: float) -> Land:
    table = places.boundaries().to_crs(places.MEASURING)
    shapes = dict(zip(table["adcode"], table.geometry, strict=True))
    (west, east), (south, north) = maps.INNER["lon"], maps.INNER["lat"]
    corners = _in_metres([(west, south), (east, south), (east, north), (west, north)])
    xs, ys = zip(*corners, strict=True)
    window = min(xs), min(ys), max(xs), max(ys)
    core = {code: shapely.intersection(shape, shapely.box(*window)) for code, shape in shapes.items()}
    named = places.label_points()
    points = dict(zip(named["adcode"], _in_metres(list(zip(named["longitude"], named["latitude"], strict=True))), strict=True))
    inner = dict(zip(maps.INNER_DISTRICTS, _in_metres(list(maps.INNER_DISTRICTS.values())), strict=True))
    return Land(shapes, {code: shape for code, shape in core.items() if shape.area > 0}, points, inner, tuple(table.total_bounds), window)


def _in_metres(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    placed = gpd.GeoSeries(shapely.points(points), crs=places.DATUM).to_crs(places.MEASURING)
    return [(point.x, point.y) for point in placed]


def land() -> Land:
    """The present boundaries in metres, worked out once per boundary file."""
    path = os.environ.get("OUTREACH_BOUNDARIES", "")
    return _land(path, os.path.getmtime(path) if path and os.path.exists(path) else 0.0)


class Placing(NamedTuple):
    """Metres to EMU, with the same scale in both directions and y downwards."""

    west: float
    north: float
    left: float
    top: float
    scale: float

    def at(self, x: float, y: float) -> tuple[int, int]:
        """The place on the slide of a point in metres."""
        return round(self.left + (x - self.west) * self.scale), round(self.top + (self.north - y) * self.scale)


def placing(bounds: tuple[float, float, float, float], box: Box) -> Placing:
    """How to fit an extent in metres into a box, in its middle."""
    west, south, east, north = bounds
    scale = min(box.width / (east - west), box.height / (north - south))
    left, top = box.left + (box.width - (east - west) * scale) / 2, box.top + (box.height - (north - south) * scale) / 2
    return Placing(west, north, left, top, scale)


def rings(shape: shapely.Geometry, at: Placing) -> list[list[tuple[int, int]]]:
    """Every ring of a shape on the slide: outer rings clockwise as seen, holes the other way, so that holes stay open by either fill rule."""
    found = []
    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        for number, ring in enumerate((part.exterior, *part.interiors)):
            points = [at.at(x, y) for x, y in ring.coords]
            path = [point for point, before in zip(points[1:], points, strict=False) if point != before]
            if len(path) < 3:
                continue
            doubled = sum(x * after_y - after_x * y for (x, y), (after_x, after_y) in zip(path, path[1:] + path[:1], strict=True))
            # With y downwards a positive area runs clockwise.
            found.append(path if (doubled > 0) == (number == 0) else path[::-1])
    return found


def _freeform(paths: list[list[tuple[int, int]]]) -> tuple[Box, str]:
    """Rings as one geometry with a closed sub-path each, and the box around them."""
    xs, ys = zip(*(point for path in paths for point in path), strict=True)
    left, top = min(xs), min(ys)
    width, height = max(xs) - left, max(ys) - top
    drawn = "".join(
        f'<a:moveTo><a:pt x="{path[0][0] - left}" y="{path[0][1] - top}"/></a:moveTo>'
        + "".join(f'<a:lnTo><a:pt x="{x - left}" y="{y - top}"/></a:lnTo>' for x, y in path[1:])
        + "<a:close/>"
        for path in paths
    )
    frame = '<a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/><a:rect l="0" t="0" r="r" b="b"/>'
    return Box(
        left, top, width, height
    ), f'<a:custGeom>{frame}<a:pathLst><a:path w="{width}" h="{height}">{drawn}</a:path></a:pathLst></a:custGeom>'


def draw_map(canvas: Canvas, drawn: Map, box: Box, number: int) -> None:
    """A map with its legend, scale, north arrow and enlarged core beside it."""
    box = _map_source(canvas, drawn.source, _map_title(canvas, drawn.title, box, number), number)
    wide, tall = _extent(land().bounds)
    beside_map = box.width - 2 * GAP - box.height * wide / tall
    side = int(min(3.6 * INCH, max(1.4 * INCH, box.width * 0.3, beside_map)))
    map_width = min(box.width - side - 2 * GAP, int(box.height * wide / tall))
    spare = max(0, box.width - side - 2 * GAP - map_width) // 2
    area = Box(box.left + spare, box.top, map_width, box.height)
    beside = Box(area.right + 2 * GAP, box.top, side, box.height)
    at = _districts(canvas, drawn, area, number)
    wide, tall = _extent(land().window)
    # The legend comes first; the inset takes what it leaves.
    inset = int(min(beside.height * 0.5, beside.width * tall / wide, beside.height - _key_height(drawn, beside.width) - GAP))
    if not drawn.inset or inset < INCH // 2:
        inset = 0
    else:
        _core(canvas, drawn, Box(beside.left, beside.bottom - inset, int(inset * wide / tall), inset), number)
    _key(canvas, drawn, beside._replace(height=beside.height - inset - (GAP if inset else 0)), number, at)


def draw_maps(canvas: Canvas, drawn: Sequence[Map], area: Box) -> None:
    """Small maps with common classes: one legend, scale and arrow for all, since all are drawn to one scale."""
    area = _map_source(canvas, drawn[0].source, area, 1)
    side = int(min(2.2 * INCH, area.width * 0.22))
    left, at = area._replace(width=area.width - side - 2 * GAP), None
    for number, (part, box) in enumerate(zip(drawn, cells_of(left, len(drawn)), strict=True), start=1):
        at = _districts(canvas, part, _map_title(canvas, part.title or " ", box, number), number)
    _key(canvas, drawn[0], Box(area.right - side, area.top, side, area.height), 1, at)


def _map_title(canvas: Canvas, title: str, box: Box, number: int) -> Box:
    """The map's own title, where it has one; returns the area below."""
    if not title:
        return box
    head = box._replace(height=18 * POINT)
    if one_line(title):
        size, shown = fitted(canvas, [one_line(title)], head, 12, 8)
        canvas.add(text_shape(canvas, _named("map title", number), head, shown, size, bold=True))
    return Box(box.left, head.bottom, box.width, box.height - head.height)


def _map_source(canvas: Canvas, source: str, box: Box, number: int) -> Box:
    """Where the boundaries come from, at the foot; returns the area above."""
    if not one_line(source):
        return box
    foot = Box(box.left, box.bottom - 14 * POINT, box.width, 14 * POINT)
    canvas.add(text_shape(canvas, _named("map source", number), foot, [cut_to(one_line(source), 1, 8, box.width)], 8, "b", colour=MUTED))
    return box._replace(height=box.height - foot.height)


def _named(name: str, number: int) -> str:
    return name if number == 1 else f"{name} {number}"


def _extent(bounds: tuple[float, float, float, float]) -> tuple[float, float]:
    west, south, east, north = bounds
    return east - west, north - south


def _districts(canvas: Canvas, drawn: Map, area: Box, number: int) -> Placing:
    """The districts as shapes of one group, then their names and values as a second group."""
    whole = land()
    at = placing(whole.bounds, area)
    shapes = _outlines(canvas, drawn.districts, whole.shapes, at, "")
    canvas.add(group_shapes(canvas, f"map {number}", area, shapes, drawn.title or drawn.heading))
    main = [district for district in drawn.districts if district.code not in maps.SMALL]
    # Small maps have room for values only; names stand in their shapes' alternative texts.
    named = at.scale * _extent(whole.bounds)[0] > 3 * INCH
    labels = _labels(canvas, main, whole.points, at, area, named, skip=maps.INNER_DISTRICTS if drawn.inset else ())
    if drawn.inset:
        west, south, east, north = whole.window
        (left, top), (right, bottom) = at.at(west, north), at.at(east, south)
        labels.insert(
            0, shape_xml(canvas, "inset window", Box(left, top, right - left, bottom - top), line=MUTED, points=0.75, dashed=True)
        )
    if labels:
        canvas.add(group_shapes(canvas, f"map {number} labels", area, labels))
    return at


def _outlines(canvas: Canvas, districts: Sequence[District], shapes: dict[str, shapely.Geometry], at: Placing, suffix: str) -> list[str]:
    """Districts as freeforms; chosen ones last, or their neighbours would cover half of the thick outline."""
    found = []
    for district in sorted(districts, key=lambda each: each.chosen):
        paths = rings(shapes[district.code], at) if district.code in shapes else []
        if not paths:
            continue
        box, geometry = _freeform(paths)
        line, points = (theme.LIGHT["@chosen"], 2.25) if district.chosen else (theme.LIGHT["@outline"], 0.75)
        alt = f"{one_line(district.name)}: {one_line(district.value)}"
        name, title = (f"{suffix}: {district.name}", f"{district.code} {suffix}") if suffix else (district.name, district.code)
        found.append(shape_xml(canvas, name, box, fill=district.fill, line=line, points=points, title=title, alt=alt, geometry=geometry))
    return found


def _labels(
    canvas: Canvas, districts: Sequence[District], points: dict[str, tuple[float, float]], at: Placing, area: Box, named: bool,
    skip: Iterable[str] = (), prefix: str = "label",
) -> list[str]:  # fmt: skip
    """Names over values, as large as they can stand without touching. Those in `skip` give way, for they stand in the inset too."""
    shown = {each.code: each for each in districts if each.code in points}
    most = max(10 * 8 * POINT, area.width // 4)
    texts = {
        code: [cut_to(text, 1, 8, most) for text in (*(_name_lines(each.name) if named else ()), one_line(each.value)) if text]
        for code, each in shown.items()
    }
    for size in (10, 9, 8, 7, 6):
        boxes = {code: _label_box(texts[code], at.at(*points[code]), size, area) for code in shown}
        kept = _apart(boxes, set(skip) if size < 10 else set())
        if not _clashes(kept):
            break
    # What still touches at the smallest size is left to the alternative texts.
    kept = _apart(kept, set(kept))
    found = []
    for code, box in kept.items():
        names = len(texts[code]) - bool(one_line(shown[code].value)) if named else 0
        lines = [
            paragraph_xml(canvas.fonts, text, size, colour=shown[code].colour, align="ctr", bold=line < names)
            for line, text in enumerate(texts[code])
        ]
        if lines:
            found.append(
                shape_xml(canvas, f"{prefix}: {shown[code].name}", box, lines, anchor="ctr", wrap="none", title=f"{code} {prefix}")
            )
    return found


def _name_lines(name: str) -> list[str]:
    """A name in two languages on two lines."""
    return [part for part in re.split(r"(?<=[^\u2e80-\uffff])\s+(?=[\u2e80-\uffff])", one_line(name), maxsplit=1) if part]


def _clashes(boxes: dict[str, Box]) -> list[str]:
    """Codes of the boxes that touch another one."""
    return [code for code, box in boxes.items() if any(_touch(box, other) for name, other in boxes.items() if name != code)]


def _apart(boxes: dict[str, Box], free: set[str]) -> dict[str, Box]:
    """The boxes without those of `free` that touch a neighbour, as few as one by one turn out to be needed."""
    kept = dict(boxes)
    for code in [code for code in boxes if code in free]:
        if code in _clashes(kept):
            del kept[code]
    return kept


def _label_box(texts: list[str], centre: tuple[int, int], size: float, area: Box) -> Box:
    width = int(max(map(width_in_ems, texts), default=1) * size * POINT * BOLD)
    height = int(sum(map(line_spacing, texts)) * size * POINT)
    left = min(max(centre[0] - width // 2, area.left), max(area.left, area.right - width))
    return Box(left, min(max(centre[1] - height // 2, area.top), area.bottom - height), width, height)


def _touch(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def _core(canvas: Canvas, drawn: Map, box: Box, number: int) -> None:
    """The enlarged core in its frame: the shapes are cut at its window."""
    whole = land()
    at = placing(whole.window, box)
    shapes = [shape_xml(canvas, "inset background", box, fill="#ffffff")]
    shapes += _outlines(canvas, drawn.districts, whole.core, at, "inset")
    inner = [district for district in drawn.districts if district.code in whole.inner]
    shapes += _labels(canvas, inner, whole.inner, at, box, named=True, prefix="inset label")
    shapes.append(shape_xml(canvas, "inset frame", box, line=MUTED, points=1))
    canvas.add(group_shapes(canvas, _named("inset", number), box, shapes))


def _key(canvas: Canvas, drawn: Map, box: Box, number: int, at: Placing) -> None:
    """North arrow and scale bar, then the legend: a square and a label per class under their heading."""
    _arrow(canvas, Box(box.left, box.top, 16 * POINT, 34 * POINT), number)
    _scale(canvas, Box(box.left + 16 * POINT + 2 * GAP, box.top, box.width - 16 * POINT - 2 * GAP, 34 * POINT), at, number)
    top = box.top + 34 * POINT + GAP
    heading = _legend_heading(drawn, box.width)
    tall = int(tallness([heading], 11 * BOLD, box.width)) + 4 * POINT
    step = min(20 * POINT, (box.bottom - top - tall) // max(1, len(drawn.legend)))
    square = int(step * 0.7)
    room = box.width - square - 5 * POINT
    longest = max((width_in_ems(one_line(label)) for label, _ in drawn.legend), default=1)
    size = max(6, min(11, int(step / POINT / 1.45), int(room / POINT / max(1, longest))))
    shapes = [text_shape(canvas, "legend: heading", Box(box.left, top, box.width, tall), [heading], 11, bold=True)]
    for line, (label, colour) in enumerate(drawn.legend):
        y = top + tall + line * step
        shown = cut_to(one_line(label), 1, size, room)
        sample = Box(box.left, y + (step - square) // 2, square, square)
        shapes.append(shape_xml(canvas, f"legend: {shown}", sample, fill=colour, line=MUTED, points=0.5))
        shapes.append(text_shape(canvas, f"legend label: {shown}", Box(box.right - room, y, room, step), [shown], size, "ctr"))
    canvas.add(group_shapes(canvas, _named("legend", number), Box(box.left, top, box.width, tall + step * len(drawn.legend)), shapes))


def _legend_heading(drawn: Map, width: int) -> str:
    return cut_to(one_line(drawn.heading), 3, 11 * BOLD, width)


def _key_height(drawn: Map, width: int) -> int:
    """Height that arrow, scale and legend need to be read with ease."""
    return int(tallness([_legend_heading(drawn, width)], 11 * BOLD, width)) + (38 + 14 * len(drawn.legend)) * POINT + GAP


def _arrow(canvas: Canvas, box: Box, number: int) -> None:
    letter = box._replace(height=16 * POINT)
    label = text_shape(
        canvas, "north arrow label", letter, [one_line(canvas.labels.get("north", "N"))], 10, wrap="none", bold=True, align="ctr"
    )
    pointer = Box(box.left + 3 * POINT, letter.bottom, 10 * POINT, 18 * POINT)
    arrow = shape_xml(canvas, "north arrow", pointer, fill=INK, form="triangle", alt=canvas.labels.get("north", "N"))
    canvas.add(group_shapes(canvas, _named("north", number), box, [label, arrow]))


def _scale(canvas: Canvas, box: Box, at: Placing, number: int) -> None:
    """A bar as long as a round number of kilometres on the map."""
    fits = [each for each in (1, 2, 5, 10, 20, 50, 100) if each * 1000 * at.scale <= min(box.width, 1.6 * INCH)]
    kilometres = fits[-1] if fits else 1
    width = round(kilometres * 1000 * at.scale)
    holder = Box(box.left, box.top + 8 * POINT, max(width, 36 * POINT), 20 * POINT)
    alt = f"{one_line(canvas.labels.get('scale', ''))}: {kilometres} km"
    bar = shape_xml(canvas, "scale bar", Box(box.left, box.top + 24 * POINT, width, 4 * POINT), fill=INK, alt=alt)
    label = text_shape(canvas, "scale bar label", holder._replace(height=14 * POINT), [f"{kilometres} km"], 9)
    canvas.add(group_shapes(canvas, _named("scale", number), holder, [label, bar]))
