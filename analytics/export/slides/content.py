"""The content of an item's slide: its parts and its findings, each in a box of its own."""

from __future__ import annotations

from collections.abc import Sequence

from analytics.export.parts import Chart, Grid, Map, Slide, Text
from analytics.export.parts import Part as DrawnPart
from analytics.export.slides.charts import draw_chart
from analytics.export.slides.drawing import (
    GAP,
    MUTED,
    POINT,
    WIDE_GRID,
    Box,
    Canvas,
    cells_of,
    draw_text,
    fitted,
    one_line,
    tallness,
    text_shape,
)
from analytics.export.slides.mapping import draw_map, draw_maps
from analytics.export.slides.tables import draw_table


def draw_findings(canvas: Canvas, slide: Slide, area: Box) -> Box:
    """Findings and note, beside a single part or below several; returns the area left for the parts."""
    findings = [text for text in map(one_line, slide.findings) if text]
    note = [text for text in map(one_line, slide.note.splitlines()) if text]
    if not findings and not note:
        return area
    drawn = [part for part in slide.parts if isinstance(part, Map)]
    # Maps need all of the height.
    if (len(slide.parts) <= 1 or len(drawn) == len(slide.parts) or (drawn and len(slide.parts) == 2)) and area.width > area.height * 1.2:
        wide_grid = any(isinstance(part, Grid) and len(part.columns) > WIDE_GRID for part in slide.parts)
        wide = area.width * (21 if wide_grid else 28) // 100
        column = Box(area.right - wide, area.top, wide, area.height)
        _blocks(canvas, findings, note, column, beside=False)
        return Box(area.left, area.top, area.width - wide - 2 * GAP, area.height)
    half = (area.width - 2 * GAP) // 2 if findings and note else area.width
    wanted = max(tallness(texts, 12, half - 2 * GAP, 0.3) for texts in (findings, note) if texts) + 40 * POINT
    tall = int(min(wanted, area.height * 0.34))
    _blocks(canvas, findings, note, Box(area.left, area.bottom - tall, area.width, tall), beside=True)
    return Box(area.left, area.top, area.width, area.height - tall - GAP)


def _blocks(canvas: Canvas, findings: list[str], note: list[str], box: Box, beside: bool) -> None:
    """The two blocks of text side by side, or one above the other with room as they need it."""
    if findings and note and beside:
        half = (box.width - 2 * GAP) // 2
        boxes = Box(box.left, box.top, half, box.height), Box(box.right - half, box.top, half, box.height)
    elif findings and note:
        first, second = (tallness(texts, 14, box.width, 0.3) + 40 * POINT for texts in (findings, note))
        tall = int(min(max(first, box.height - 2 * GAP - second), (box.height - 2 * GAP) * max(0.3, min(0.7, first / (first + second)))))
        boxes = Box(box.left, box.top, box.width, tall), Box(box.left, box.top + tall + 2 * GAP, box.width, box.height - tall - 2 * GAP)
    else:
        boxes = box, box
    if findings:
        _block(canvas, "findings", findings, boxes[0], bullet=True)
    if note:
        _block(canvas, "note", note, boxes[1], italic=True)


def _block(canvas: Canvas, name: str, texts: list[str], box: Box, **style: bool) -> None:
    head = 20 * POINT
    heading = Box(box.left, box.top, box.width, head)
    canvas.add(text_shape(canvas, f"{name} heading", heading, [one_line(canvas.labels.get(name, ""))], 12, bold=True, colour=MUTED))
    inside = Box(box.left, box.top + head, box.width, box.height - head)
    # A bullet takes one size from the left.
    room = inside._replace(width=inside.width - (16 * POINT if style.get("bullet") else 0))
    size, shown = fitted(canvas, texts, room, 16, 8, 0.3)
    canvas.add(text_shape(canvas, name, inside, shown, size, before=0.3, **style))


def draw_parts(canvas: Canvas, parts: Sequence[DrawnPart], area: Box, about: str) -> None:
    """Parts side by side, in rows where there are many. Maps with the same classes share one legend."""
    counts: dict[type, int] = {}
    if len(parts) > 1 and all(isinstance(part, Map) for part in parts) and len({(part.heading, part.legend) for part in parts}) == 1:
        draw_maps(canvas, parts, area)
        return
    for part, box in zip(parts, cells_of(area, len(parts)), strict=True):
        counts[type(part)] = number = counts.get(type(part), 0) + 1
        if isinstance(part, Map):
            draw_map(canvas, part, box, number)
        elif isinstance(part, Chart):
            draw_chart(canvas, part, box, number, about)
        elif isinstance(part, Text):
            draw_text(canvas, part, box, number)
        else:
            draw_table(canvas, part, box, number, about)
