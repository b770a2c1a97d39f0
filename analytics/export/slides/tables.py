"""Tables and matrices as native tables that fit their box."""

from __future__ import annotations

import math
import re
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from analytics.export.parts import Grid, Table
from analytics.export.slides.drawing import (
    BOLD,
    CELL_MARGIN,
    CELL_SHARE,
    INK,
    LIGHT_LINE,
    MOST_ROWS,
    MOST_TABLE_COLUMNS,
    MUTED,
    NAMESPACES,
    POINT,
    TABLE_STYLE,
    Box,
    Canvas,
    broken_lines,
    cut_to,
    edge_xml,
    line_spacing,
    one_line,
    paragraph_xml,
    say_what_is_cut,
    solid_xml,
    width_in_ems,
)


class Drawn(NamedTuple):
    """A cell of a table as it is drawn."""

    text: str
    fill: str = ""
    colour: str = INK
    align: str = "l"
    bold: bool = False


def draw_table(canvas: Canvas, table: Table | Grid, box: Box, number: int, about: str) -> None:
    """A grid or a table of numbers as a native table; rows and columns that do not fit are counted below it."""
    kind = "grid" if isinstance(table, Grid) else "table"
    rows = _grid_rows(table) if kind == "grid" else _table_rows(table)
    most = MOST_TABLE_COLUMNS[kind]
    kept = [row[:most] for row in rows[: MOST_ROWS[kind] + 1]]
    size, widths, lines, kept = _table_layout(kept, box._replace(height=box.height - 16 * POINT), kind)
    box = say_what_is_cut(canvas, f"{kind} {number}", max(0, len(rows[0]) - most) + len(rows) - len(kept), box)
    rooms = [int((wide - CELL_MARGIN) * CELL_SHARE) for wide in widths]
    shown = [
        [cell._replace(text=cut_to(cell.text, most, size, room)) for cell, room in zip(row, rooms, strict=True)]
        for row, most in zip(kept, lines, strict=True)
    ]
    canvas.cut += [
        cell.text for row, cut in zip(kept, shown, strict=True) for cell, short in zip(row, cut, strict=True) if cell.text != short.text
    ]
    heights = [_row_height(row, size, widths) for row in shown]
    heights = [int(height * max(1, min(1.6, box.height / sum(heights)))) for height in heights]
    body = "".join(
        f'<a:tr h="{height}">{"".join(_cell(canvas, cell, size, kind) for cell in row)}</a:tr>'
        for row, height in zip(shown, heights, strict=True)
    )
    columns = "".join(f'<a:gridCol w="{wide}"/>' for wide in widths)
    canvas.add(
        f'<p:graphicFrame {NAMESPACES}><p:nvGraphicFramePr><p:cNvPr id="{canvas.next_id()}" name="{kind} {number}" descr={quoteattr(one_line(about))}/>'
        '<p:cNvGraphicFramePr><a:graphicFrameLocks noGrp="1"/></p:cNvGraphicFramePr><p:nvPr/></p:nvGraphicFramePr>'
        f'<p:xfrm><a:off x="{box.left}" y="{box.top}"/><a:ext cx="{sum(widths)}" cy="{sum(heights)}"/></p:xfrm>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table"><a:tbl>'
        f'<a:tblPr firstRow="1"><a:tableStyleId>{TABLE_STYLE}</a:tableStyleId></a:tblPr>'
        f"<a:tblGrid>{columns}</a:tblGrid>{body}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )


def _grid_rows(grid: Grid) -> list[list[Drawn]]:
    head = [Drawn(""), *(Drawn(one_line(name), align="ctr", bold=True) for name in grid.columns)]
    return [head] + [
        [Drawn(one_line(name)), *(Drawn(one_line(cell.text), cell.fill, cell.colour or INK, "ctr") for cell in cells)]
        for name, cells in grid.rows
    ]


def _table_rows(table: Table) -> list[list[Drawn]]:
    columns = [[row[number] for row in table.rows] for number in range(len(table.columns))]
    sides = ["r" if any(map(_is_number, column)) or all(map(_looks_like_number, column)) else "l" for column in columns]
    years = [all(value is None or _is_year(value) for value in column) for column in columns]
    head = [Drawn(one_line(name), align=side, bold=True) for name, side in zip(table.columns, sides, strict=True)]
    body = [[Drawn(_plain(value, year), align=side) for value, side, year in zip(row, sides, years, strict=True)] for row in table.rows]
    return [head or [Drawn("–")], *body]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _looks_like_number(value: object) -> bool:
    """A number as people write it, such as ≥ 1,240 or 12 %."""
    return value is None or bool(re.fullmatch(r"[≥≤<>~≈+−-]?\s*\d[\d,.\s]*%?|[–-]", one_line(value)))


def _is_year(value: object) -> bool:
    return _is_number(value) and 1900 <= value <= 2100 and float(value).is_integer()


def _plain(value: object, year: bool = False) -> str:
    """A value as a table shows it; a dash for none, up to two decimals."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if not _is_number(value):
        return one_line(value)
    if year:
        return f"{value:.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def _table_layout(rows: list[list[Drawn]], box: Box, kind: str) -> tuple[float, list[int], list[int], list[list[Drawn]]]:
    """Text size, column widths, most lines per row, and the rows that fit into the box."""
    lines = [3] + [2] * (len(rows) - 1)
    for size in (14, 13, 12, 11, 10, 9, 8, 7, 6):
        widths = _widths(rows, box.width, size, kind)
        if sum(_row_height(row, size, widths, most) for row, most in zip(rows, lines, strict=True)) <= box.height:
            return size, widths, lines, rows
    lines = [2] + [1] * (len(rows) - 1)
    tall, kept = 0.0, []
    for row, most in zip(rows, lines, strict=True):
        tall += _row_height(row, size, widths, most)
        if kept and tall > box.height:
            break
        kept.append(row)
    return size, widths, lines[: len(kept)], kept


def _widths(rows: list[list[Drawn]], width: int, size: float, kind: str) -> list[int]:
    """Column widths by their longest text, together no wider than the box; the coloured columns of a grid are equal."""
    longest = [max(width_in_ems(row[number].text) * (BOLD if row[number].bold else 1) for row in rows) for number in range(len(rows[0]))]
    natural = [min(36.0, ems) * size * POINT / CELL_SHARE + CELL_MARGIN + 2 * POINT for ems in longest]
    if kind == "grid" and len(natural) > 1:
        first = min(natural[0], width * 0.3)
        return [int(first)] + [int((width - first) / (len(natural) - 1))] * (len(natural) - 1)
    if sum(natural) <= width:
        # A narrow table is not pulled over the whole slide: its rows could no longer be followed.
        return [int(wide * min(1.5, width / sum(natural))) for wide in natural]
    fair = width / len(natural)
    short, long = sum(wide for wide in natural if wide <= fair), sum(wide for wide in natural if wide > fair)
    return [int(wide if wide <= fair else wide * (width - short) / long) for wide in natural]


def _row_height(row: list[Drawn], size: float, widths: list[int], most: int = 9) -> float:
    tallest = 0.0
    for cell, wide in zip(row, widths, strict=True):
        room = (wide - CELL_MARGIN) * CELL_SHARE / POINT / size / (BOLD if cell.bold else 1)
        tallest = max(tallest, min(most, broken_lines(cell.text, max(1.0, room))) * line_spacing(cell.text))
    return tallest * size * POINT + 4 * POINT


def _cell(canvas: Canvas, cell: Drawn, size: float, kind: str) -> str:
    sides = ("a:lnL", "a:lnR", "a:lnT", "a:lnB") if kind == "grid" else ("a:lnB",)
    edges = "".join(edge_xml("#ffffff" if kind == "grid" else LIGHT_LINE, 1, side) for side in sides)
    paragraph = paragraph_xml(canvas.fonts, cell.text, size, cell.bold, colour=MUTED if cell.bold else cell.colour, align=cell.align)
    margins = f'marL="{CELL_MARGIN // 2}" marR="{CELL_MARGIN // 2}" marT="{POINT}" marB="{POINT}" anchor="ctr"'
    fill = solid_xml(cell.fill) if cell.fill else "<a:noFill/>"
    return f"<a:tc><a:txBody><a:bodyPr/><a:lstStyle/>{paragraph}</a:txBody><a:tcPr {margins}>{edges}{fill}</a:tcPr></a:tc>"
