"""A briefing as XLSX: contents, a sheet per item with its table and native charts, definitions, reports; and such a file read back.

Every block that is written has a defined name (`outreach_3_table`: the table of the third item), so that it is found again after
rows were inserted, sheets renamed or the file was saved by another program.
"""

from __future__ import annotations

import io
import json
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from numbers import Real

import openpyxl
import xlsxwriter
from openpyxl.styles.colors import COLOR_INDEX
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet.worksheet import Worksheet
from xlsxwriter.chart import Chart as NativeChart
from xlsxwriter.utility import quote_sheetname, xl_range_abs
from xlsxwriter.worksheet import Worksheet as Sheet

from analytics.errors import N_, OutreachError
from analytics.export.parts import Chart, Deck, Grid, Map, Read, Slide, Source, Table, Text
from analytics.export.table import EXCEL_ROWS, harmless

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
RECORD = "outreach"
"""The very hidden sheet with the manifest."""
LONGEST_CELL = 32_767
LONGEST_SHEET_NAME = 31
CHUNK = 30_000
DIGITS = 9
"""Significant digits in which numbers are compared: what a spreadsheet keeps of a number without fail."""
TEXT, MUTED, GRID_LINE = "#23313f", "#5b6875", "#e1e5ea"
ROW_PIXELS = 20
MOST_LINES = 26
"""Lines in the tallest row that Excel allows."""
MOST_FROZEN = 340
"""Pixels above the numbers; with more of them nothing is frozen, or no room would be left to scroll."""
HEAD_LINES = 3
DRAWN_COLUMNS = 8
DRAWN_WIDTHS = (24, 12)
"""Width of the first and of every other column beside the table, in characters."""
TEXT_WIDTH = 110
"""Characters on a line of a finding or a note."""


# ------------------------------------------------------------------ texts and numbers


def clean(text: object) -> str:
    """Text without what XML forbids (control characters, half of a pair, U+FFFE), with plain line ends."""
    plain = re.sub(r"\r\n?", "\n", str(text))
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", plain)


def collapsed(text: str) -> str:
    """Text with every run of white space as one space."""
    return " ".join(text.split())


def rounded(number: float) -> float:
    """A number as it is compared: to nine significant digits."""
    return float(f"{number:.{DIGITS}g}")


def cut(text: str, most: int) -> str:
    """At most so many UTF-16 units, as Excel counts them, with no character halved."""
    return text.encode("utf-16-le")[: most * 2].decode("utf-16-le", "ignore")


def _written(text: object) -> str:
    """Text as a cell takes it: never a formula, never longer than a cell."""
    return cut(str(harmless(clean(text))), LONGEST_CELL)


def width(text: str) -> int:
    """Columns a text takes on screen; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _lines(text: str, most: float) -> int:
    """Lines that a text needs when it is wrapped after so many columns."""
    return sum(max(1, math.ceil(width(line) * 1.08 / most)) for line in text.split("\n"))


def _named_plainly(text: str) -> str:
    """A name on one line in which nothing looks like one of Excel's escapes (`_x0041_`), which names and cells write differently."""
    return collapsed(re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", " ", text))


def unlike(names: Iterable[str], form: str = "{} ({})", most: int = 255) -> list[str]:
    """The names, each different from those before in more than its case; a number is added to a second one."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        number, tried = 1, cut(name, most)
        while tried.casefold() in taken:
            number += 1
            ending = form.format("", number)
            tried = cut(name, most - len(ending)) + ending
        taken.add(tried.casefold())
        found.append(tried)
    return found


def sheet_names(names: Iterable[str]) -> list[str]:
    """Names that Excel takes for sheets: at most 31 characters, none of []:*?/\\, no straight quotes at the ends, each once."""
    plain = [_named_plainly(re.sub(r"[\[\]:*?/\\\x00-\x1f\x7f]", " ", clean(name)).replace("'", "’")) or "–" for name in names]
    return unlike((cut(name, LONGEST_SHEET_NAME).strip() for name in plain), "{} {}", LONGEST_SHEET_NAME)


# ------------------------------------------------------------------ writing


def write(deck: Deck) -> bytes:
    """The briefing as a workbook, with its manifest and the facts that `read` finds in it.

    Written twice: what is exported is what a reader finds, so the first writing is read for the record in the second.
    """
    facts = read(_Writer(deck, {}).finished()).slides
    return _Writer(deck, deck.manifest | {"exported": facts}).finished()


class _Writer:
    """One workbook being written."""

    def __init__(self, deck: Deck, manifest: dict) -> None:
        self.deck, self.manifest = deck, manifest
        self.file = io.BytesIO()
        self.book = xlsxwriter.Workbook(self.file, OPTIONS)
        self.formats: dict[tuple, object] = {}
        titles = [f"{number} {slide.titles[0]}" for number, slide in enumerate(deck.slides, start=1)]
        labels = [deck.labels[name] for name in ("contents", "definitions", "reports")]
        # The record's name is given out first, so that no label can take it.
        _, self.contents, self.definitions, self.reports, *self.sheets = sheet_names([RECORD, *labels, *titles])

    def finished(self) -> bytes:
        self._properties()
        self._contents()
        for number, (name, slide) in enumerate(zip(self.sheets, self.deck.slides, strict=True), start=1):
            _Item(self, self._sheet(name), slide, number).write()
        self._definitions()
        self._reports()
        self._record()
        self.book.close()
        return self.file.getvalue()

    def format(self, **properties: object):
        """A cell format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format(properties)
        return self.formats[key]

    def mark(self, sheet: Sheet, role: str, cells: tuple[int, int, int, int]) -> None:
        """Give a block (first row, first column, last row, last column) its name."""
        self.book.define_name(f"{RECORD}_{role}", f"={quote_sheetname(sheet.get_name())}!{xl_range_abs(*cells)}")

    def _sheet(self, name: str) -> Sheet:
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.4, 0.4, 0.5, 0.6)
        sheet.set_footer("&R&P / &N")
        sheet.hide_gridlines(2)
        return sheet

    def _properties(self) -> None:
        about = [(collapsed(clean(name)), collapsed(clean(text))) for name, text in self.deck.about]
        lines = "\n".join(f"{name}: {text}" for name, text in about)
        self.book.set_properties({"title": cut(clean(self.deck.name), 255), "comments": cut(lines, 2_000)})
        names = unlike(name for name, _ in about)
        for name, (_, text) in zip(names, about, strict=True):
            if name:
                self.book.set_custom_property(name, cut(text, 255), "text")

    def _contents(self) -> None:
        sheet, labels = self._sheet(self.contents), self.deck.labels
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, 60)
        sheet.set_column(2, 2, 80)
        sheet.write_string(0, 0, _written(self.deck.name), self.format(bold=True, font_size=16))
        for row, (name, text) in enumerate(self.deck.about, start=1):
            sheet.write_string(row, 0, _written(name), self.format(font_color=MUTED))
            sheet.write_string(row, 1, _written(text))
        top = len(self.deck.about) + 2
        for column, text in enumerate((labels["contents"], labels["filters"]), start=1):
            sheet.write_string(top, column, _written(text), self.format(bold=True, bottom=1))
        wrap, link = self.format(text_wrap=True, valign="top"), self.format(font_color="#1c5f9e", underline=1, text_wrap=True, valign="top")
        for row, (name, slide) in enumerate(zip(self.sheets, self.deck.slides, strict=True), start=top + 1):
            title, filters = _written("\n".join(slide.titles)), _written("\n".join(slide.sentences))
            sheet.set_row_pixels(row, ROW_PIXELS * min(12, max(_lines(title, 60), _lines(filters, 80))))
            sheet.write_number(row, 0, row - top, self.format(align="left", valign="top"))
            sheet.write_url(row, 1, f"internal:{quote_sheetname(name)}!A1", link, title)
            sheet.write_string(row, 2, filters, wrap)
        self.mark(sheet, "contents", (0, 0, top, 2))

    def _definitions(self) -> None:
        sheet = self._sheet(self.definitions)
        sheet.set_column(0, 0, 40)
        sheet.set_column(1, 1, 110)
        sheet.write_string(0, 0, _written(self.deck.labels["definitions"]), self.format(bold=True, font_size=14))
        pairs = dict.fromkeys(pair for slide in self.deck.slides for pair in slide.definitions)
        for row, (word, meaning) in enumerate(pairs, start=2):
            sheet.set_row_pixels(row, ROW_PIXELS * min(MOST_LINES, max(_lines(word, 40), _lines(meaning, 110))))
            sheet.write_string(row, 0, _written(word), self.format(bold=True, text_wrap=True, valign="top"))
            sheet.write_string(row, 1, _written(meaning), self.format(text_wrap=True, valign="top"))
        self.mark(sheet, "definitions", (0, 0, 0, 0))

    def _reports(self) -> None:
        sheet = self._sheet(self.reports)
        sheet.write_string(0, 0, _written(self.deck.labels["reports"]), self.format(bold=True, font_size=14))
        for column, wide in enumerate((70, 34, 16, 70)):
            sheet.set_column(column, column, wide)
        for row, source in enumerate(all_sources(self.deck.slides)[:EXCEL_ROWS], start=2):
            for column, text in enumerate((source.title, source.publisher, source.day, source.url)):
                if text:
                    sheet.write_string(row, column, _written(text))
        self.mark(sheet, "reports", (0, 0, 0, 0))

    def _record(self) -> None:
        sheet = self.book.add_worksheet(RECORD)
        sheet.very_hidden()
        text = _json({"keys": [slide.key for slide in self.deck.slides], "manifest": self.manifest})
        chunks = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
        for row, chunk in enumerate(chunks):
            sheet.write_string(row, 0, chunk)
        self.mark(sheet, "record", (0, 0, len(chunks) - 1, 0))


def all_sources(slides: Sequence[Slide]) -> list[Source]:
    """The reports behind all slides, each once, in the order in which they come up."""
    return list(dict.fromkeys(source for slide in slides for source in slide.sources))


def _json(manifest: dict) -> str:
    # Plain ASCII can be cut anywhere; `_x` would be taken for one of Excel's escapes.
    return json.dumps(manifest, separators=(",", ":")).replace("_x", "_\\u0078")


class _Item:
    """One item on its sheet: texts, the table, what is drawn beside it, and the charts' numbers further right."""

    def __init__(self, writer: _Writer, sheet: Sheet, slide: Slide, number: int) -> None:
        self.writer, self.sheet, self.slide, self.number = writer, sheet, slide, number
        self.format = writer.format
        self.widths = _column_widths(slide.table)
        self.pixels = self.text_end = 0
        self.left = len(slide.table.columns) + 1
        self.wide = max([DRAWN_COLUMNS, *(len(part.columns) + 1 for part in slide.parts if isinstance(part, Grid))])
        self.beyond = self.left + self.wide + 1
        self.counts: dict[str, int] = {}

    def write(self) -> None:
        self._columns()
        top = self._texts() + 1
        last = self._table(top)
        row = top
        # Headings of a grid stand beside those of the table, in one row that is tall enough for both.
        gridded = isinstance(next(iter(self.slide.parts), None), Grid)
        self._height(top, HEAD_LINES if gridded else _head_lines(self.slide.table, self.widths))
        for part in self.slide.parts:
            draw: Callable | None = {Chart: self._chart, Grid: self._grid, Map: self._map, Text: self._text}.get(type(part))
            row = draw(part, row, top) + 1 if draw else row
        if self.pixels <= MOST_FROZEN:
            self.sheet.freeze_panes(top + 1, 0)
        self.sheet.repeat_rows(top)
        # Paper shows the table and what is drawn; the charts' numbers are further right.
        self.sheet.print_area(0, 0, max(last, row), self.left + self.wide - 1 if row > top else max(self.left - 2, self.text_end))
        self.sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def mark(self, role: str, *cells: int) -> None:
        self.writer.mark(self.sheet, f"{self.number}_{role}", cells)

    def _height(self, row: int, lines: float) -> None:
        """Make a row so many lines tall."""
        pixels = round(ROW_PIXELS * min(MOST_LINES, lines))
        self.sheet.set_row_pixels(row, pixels)
        self.pixels += pixels

    def _numbered(self, role: str) -> str:
        self.counts[role] = self.counts.get(role, 0) + 1
        return f"{role}{self.counts[role]}"

    def _columns(self) -> None:
        for column, wide in enumerate(self.widths):
            self.sheet.set_column(column, column, wide)
        first, other = DRAWN_WIDTHS
        self.sheet.set_column(self.left - 1, self.left - 1, 3)
        self.sheet.set_column(self.left, self.left, first)
        self.sheet.set_column(self.left + 1, self.beyond - 2, other)
        self.sheet.set_column(self.beyond - 1, self.beyond - 1, 3)

    def _texts(self) -> int:
        """Title, filters, findings, note, footnotes; gives the next free row."""
        slide, labels = self.slide, self.writer.deck.labels
        row = self._sentence(0, "", "\n".join(slide.titles), bold=True, font_size=14)
        self.mark("title", 0, 0, 0, 0)
        blocks = [
            ("filters", labels["filters"], ["\n".join(slide.sentences)]),
            ("findings", labels["findings"], [text for text in slide.findings if text.strip()]),
            ("note", labels["note"], [slide.note] if slide.note else []),
            ("footnotes", "", ["\n".join(slide.footnotes)] if slide.footnotes else []),
        ]
        for role, label, texts in blocks:
            first = row
            for number, text in enumerate(texts):
                look = {"font_color": MUTED, "italic": role == "note"} if role in ("filters", "footnotes") else {"italic": role == "note"}
                row = self._sentence(row, "" if number else label, text, **look)
            if texts:
                self.mark(role, first, 1, row - 1, 1)
        return row

    def _sentence(self, row: int, label: str, text: str, **look: object) -> int:
        """A wrapped text across several columns, with its label in the first one; a title takes the first one too."""
        start = 0 if look.get("bold") else 1
        widths = [*self.widths, 3, DRAWN_WIDTHS[0], *[DRAWN_WIDTHS[1]] * (self.wide - 1)]
        end, room = start, widths[start]
        while room < TEXT_WIDTH and end < len(widths) - 1:
            end += 1
            room += widths[end]
        written, style = _written(text), self.format(text_wrap=True, valign="top", **look)
        large = int(look.get("font_size", 11)) / 11
        self._height(row, large * _lines(written, max(1, room / large)))
        self.text_end = max(self.text_end, end)
        if label:
            self.sheet.write_string(row, 0, _written(label), self.format(bold=True, valign="top", font_color=MUTED))
        if end > start:
            self.sheet.merge_range(row, start, row, end, "", style)
        self.sheet.write_string(row, start, written, style)
        return row + 1

    def _table(self, top: int) -> int:
        """The numbers as a table of Excel's; gives its last row."""
        table = self.slide.table
        if not table.columns:
            return top
        heads = unlike(_named_plainly(_written(name)) or "–" for name in table.columns)
        rows = table.rows[:EXCEL_ROWS]
        last = top + max(1, len(rows))
        look = self.format(bold=True, text_wrap=True, valign="top", bottom=1)
        columns = [{"header": head, "header_format": look} for head in heads]
        self.sheet.add_table(top, 0, last, len(heads) - 1, {"columns": columns, "style": "Table Style Light 9"})
        for row, cells in enumerate(rows, start=top + 1):
            for column, value in enumerate(cells):
                # A text right of a number would touch it.
                self._cell(row, column, value, **({"indent": 1} if column and isinstance(value, str) else {}))
        self.mark("table", top, 0, last, len(heads) - 1)
        return last

    def _cell(self, row: int, column: int, value: object, number_format: str = "", **look: object) -> None:
        """One cell: text, number, or nothing."""
        if isinstance(value, str) and value:
            self.sheet.write_string(row, column, _written(value), self.format(**look) if look else None)
        elif isinstance(value, Real) and math.isfinite(value):
            number = int(value) if float(value).is_integer() else float(value)
            form = number_format or ("#,##0" if isinstance(number, int) else "#,##0.0##")
            self.sheet.write_number(row, column, number, self.format(num_format=form, **look))
        elif look:
            self.sheet.write_blank(row, column, None, self.format(**look))

    # -------------------------------------------------------------- what is drawn

    def _text(self, part: Text, row: int, _top: int) -> int:
        if not part.sentences:
            return row
        for number, sentence in enumerate(part.sentences):
            self.sheet.write_string(row + number, self.left, _written(sentence))
        self.mark(self._numbered("text"), row, self.left, row + len(part.sentences) - 1, self.left)
        return row + len(part.sentences)

    def _grid(self, part: Grid, row: int, _top: int) -> int:
        left = self.left
        for column, name in enumerate(part.columns, start=left + 1):
            self.sheet.write_string(row, column, _written(name), self.format(bold=True, text_wrap=True, align="center", valign="vcenter"))
        for number, (name, cells) in enumerate(part.rows, start=row + 1):
            self.sheet.write_string(number, left, _written(name), self.format(bold=True))
            for column, cell in enumerate(cells, start=left + 1):
                self._cell(number, column, cell.text, align="center", **_look(cell.fill, cell.colour))
        self.mark(self._numbered("grid"), row, left, row + len(part.rows), left + len(part.columns))
        return row + len(part.rows) + 1

    def _map(self, part: Map, row: int, _top: int) -> int:
        """Districts as rows in the colours of their classes, the legend under them."""
        left = self.left
        for text in filter(None, (part.title, part.heading)):
            self.sheet.write_string(row, left, _written(text), self.format(bold=True))
            row += 1
        name = self._numbered("map")
        for at, district in enumerate(part.districts, start=row):
            self.sheet.write_string(at, left, _written(district.name), self.format(bold=district.chosen))
            self.sheet.write_string(at, left + 1, _written(district.code), self.format(font_color=MUTED))
            self._cell(at, left + 2, district.value, align="center", **_look(district.fill, district.colour))
        self.mark(name, row, left, row + max(1, len(part.districts)) - 1, left + 2)
        row += len(part.districts) + 1
        for at, (label, colour) in enumerate(part.legend, start=row):
            self.sheet.write_string(at, left, _written(label))
            self._cell(at, left + 2, None, **_look(colour, ""))
        if part.legend:
            self.mark(name.replace("map", "legend"), row, left, row + len(part.legend) - 1, left + 2)
        row += len(part.legend)
        self.sheet.write_string(row, left, _written(part.source), self.format(font_color=MUTED, font_size=9))
        return row + 1

    def _chart(self, part: Chart, row: int, top: int) -> int:
        blocks = self._numbers(part, top)
        if not blocks:
            return row
        native = _native(self.writer.book, part, self.sheet.get_name(), blocks)
        height = _chart_height(part)
        place = {"object_position": 2, "description": _written(self.slide.titles[0])[:255], "x_offset": 4}
        native.set_size({"width": 760, "height": height})
        self.sheet.insert_chart(row, self.left, native, place)
        return row + math.ceil(height / ROW_PIXELS)

    def _numbers(self, part: Chart, top: int) -> dict[str, tuple[int, int, int, int]]:
        """The chart's numbers in cells: categories and values, then x, then labels; gives each block's place. Empty without any number."""
        length = max((len(each.values) for each in part.series), default=0)
        if not length:
            return {}
        name = self._numbered("chart")
        self.sheet.write_string(top - 1, self.beyond, _written(self.writer.deck.labels["data"]), self.format(bold=True, font_color=MUTED))
        columns: list[tuple[str, str, Sequence, str]] = [] if part.kind == "xy" else [("", "", part.categories, "")]
        columns += [("", each.name, each.values, _day_format(part, each.invisible)) for each in part.series]
        columns += [("x", each.name, each.x, "yyyy-mm-dd" if part.dates == "x" else "") for each in part.series if part.kind == "xy"]
        columns += [("labels", each.name, each.labels, "") for each in part.series if any(each.labels)]
        blocks: dict[str, tuple[int, int, int, int]] = {}
        for block, head, values, form in columns:
            column = self.beyond
            self.sheet.write_string(top, column, _written(head), self.format(bold=True, bottom=1))
            for row, value in enumerate(values, start=top + 1):
                self._cell(row, column, value, form)
            words = [head, *(value if isinstance(value, str) else "0000-00-00" for value in values[:60])]
            self.sheet.set_column(column, column, min(40, max(map(width, words)) + 2))
            first = blocks.get(block, (top, column, 0, 0))[1]
            blocks[block] = (top, first, top + length, column)
            self.beyond += 1
        for block, cells in blocks.items():
            self.mark(name + block, *cells)
        self.beyond += 1
        return blocks


def _day_format(part: Chart, invisible: bool) -> str:
    """Stacked on days, the series that nobody sees holds the first day of each bar."""
    return "yyyy-mm-dd" if part.dates == "value" and invisible else ""


def _look(fill: str, colour: str) -> dict[str, str]:
    return ({"bg_color": fill} if fill else {}) | ({"font_color": colour} if colour else {})


def _column_widths(table: Table) -> list[float]:
    """Characters: as wide as the cells, and wide enough for a heading on a few lines."""
    widths = []
    for column, name in enumerate(table.columns):
        cells = [row[column] for row in table.rows[:200]]
        written = [width(cell) if isinstance(cell, str) else len(f"{cell:,}") for cell in cells if cell is not None]
        head = collapsed(str(name))
        # The heading keeps room for its filter button.
        heading = max(width(head) / HEAD_LINES, *map(width, head.split() or [""]), 0) + 4
        widths.append(min(60, max([10, min(30, heading), *(length + 2 for length in written)])))
    # The labels of the texts stand in the first column.
    return [max(14, widths[0]), *widths[1:]] if widths else [14]


def _head_lines(table: Table, widths: list[float]) -> int:
    lines = (_lines(collapsed(str(name)), max(4, wide - 3)) for name, wide in zip(table.columns, widths, strict=False))
    return min(HEAD_LINES, max(lines, default=1))


# ------------------------------------------------------------------ native charts


def _chart_height(part: Chart) -> int:
    """Pixels; a bar chart grows with its bars."""
    if "bar" not in part.kind:
        return 360
    side_by_side = 1 if part.kind.startswith("stacked") else max(1, len(part.series))
    return min(1000, max(260, 110 + len(part.categories) * (12 + 12 * side_by_side)))


def _native(book: xlsxwriter.Workbook, part: Chart, sheet: str, blocks: dict[str, tuple[int, int, int, int]]) -> NativeChart:
    """The chart, drawn by Excel from the cells of its blocks."""
    across, stacked = "bar" in part.kind, part.kind.startswith("stacked")
    kind = {"type": "scatter", "subtype": "straight"} if part.kind == "xy" else {"type": "bar" if across else "column"}
    native = book.add_chart(kind | ({"subtype": "stacked"} if stacked else {}))
    for number in range(len(part.series)):
        native.add_series(_series(part, number, sheet, blocks))
    labelled = "labels" in blocks
    value = _axis(part.number_format if part.dates != "x" else "#,##0.##", part.low, part.high)
    if part.kind == "xy":
        x_limits = (part.low, part.high) if not part.dates else (None, None)
        native.set_x_axis(_axis(part.number_format, *x_limits, part.x_title) | {"major_gridlines": {"visible": False}})
        native.set_y_axis(value | _named(part.y_title))
    elif across:
        native.set_x_axis(value | _named(part.x_title) | ({"visible": False, "major_gridlines": {"visible": False}} if labelled else {}))
        # The first category stands on top; the numbers stay below.
        native.set_y_axis(_categories() | {"reverse": True, "crossing": "max"} | _named(part.y_title))
    else:
        native.set_x_axis(_categories() | _named(part.x_title))
        native.set_y_axis(value | _named(part.y_title))
    hidden = [number for number, each in enumerate(part.series) if each.invisible]
    native.set_legend({"position": "bottom", "delete_series": hidden} if part.legend else {"none": True})
    native.set_title({"none": True})
    native.set_chartarea({"border": {"none": True}})
    native.show_blanks_as("gap")
    # A filter on the table hides rows; the chart's numbers stand in the same ones.
    native.show_hidden_data()
    return native


def _axis(number_format: str, low: float | None, high: float | None, title: str = "") -> dict:
    limits = {name: value for name, value in (("min", low), ("max", high)) if value is not None}
    look = {
        "num_font": {"size": 9, "color": MUTED},
        "line": {"color": GRID_LINE},
        "major_gridlines": {"visible": True, "line": {"color": GRID_LINE}},
    }
    return look | limits | {"num_format": number_format} | _named(title)


def _categories() -> dict:
    return {
        "num_font": {"size": 9, "color": TEXT},
        "line": {"color": GRID_LINE},
        "major_gridlines": {"visible": False},
        "major_tick_mark": "none",
    }


def _named(title: str) -> dict:
    return {"name": _written(title), "name_font": {"size": 9, "bold": False, "color": MUTED}} if title else {}


def _series(part: Chart, number: int, sheet: str, blocks: dict[str, tuple[int, int, int, int]]) -> dict:
    each = part.series[number]
    top, first = blocks[""][:2]
    column = first + number + (part.kind != "xy")
    last = top + max(1, len(each.values))
    found: dict = {"name": [sheet, top, column], "values": [sheet, top + 1, column, last, column]}
    if part.kind == "xy":
        x = blocks["x"][1] + number
        line = {"color": each.colour, "width": 1.75} | ({"dash_type": "dash"} if each.dashed else {})
        # A line through one point cannot be seen.
        marker = {"type": "circle", "size": 6, "fill": {"color": each.colour}} if len(each.values) < 2 else {"type": "none"}
        if each.invisible:
            line, marker = {"none": True}, {"type": "none"}
        return found | {"categories": [sheet, top + 1, x, last, x], "line": line, "marker": marker}
    found["categories"] = [sheet, top + 1, first, last, first]
    found["gap"] = 40
    if each.invisible:
        return found | {"fill": {"none": True}, "border": {"none": True}}
    found["fill"] = {"color": each.colour}
    if each.colours:
        found["points"] = [{"fill": {"color": colour}} if colour else None for colour in each.colours]
    if any(each.labels):
        place = blocks["labels"][1] + [other for other, one in enumerate(part.series) if any(one.labels)].index(number)
        cells = [f"={quote_sheetname(sheet)}!{xl_range_abs(row, place, row, place)}" for row in range(top + 1, last + 1)]
        found["data_labels"] = {"value": True, "font": {"size": 9, "color": TEXT}, "custom": [{"value": cell} for cell in cells]}
    return found


# ------------------------------------------------------------------ reading

ROLES = ("title", "filters", "findings", "note", "footnotes", "text", "chart", "grid", "map", "legend", "table")
NAME = re.compile(r"outreach_(?:(?P<item>\d+)_)?(?P<role>[a-z]+?)(?:(?P<number>\d+)(?P<block>x|labels|))?", re.IGNORECASE)
Cells = list[list]


@dataclass(frozen=True)
class _Block:
    """A named block of an item: its role, its number among those of its role, which part of a chart it is, and where it stands."""

    role: str
    number: str
    part: str
    sheet: Worksheet
    cells: Cells


def read(content: bytes) -> Read:
    """The manifest, every slide's facts, and how many visible sheets are not ours.

    Facts are `title`, `filters`, `findings/1`, `note`, `footnotes`, `text/1`, `table/<row>/<column>` (row 0 holds the headings),
    `chart/<n>/categories/<i>`, `chart/<n>/<series>/name`, `…/<i>`, `…/x/<i>`, `…/label/<i>`, `grid/<row>/<column>` and `…/fill`,
    `map/<code>/name`, `…/value`, `…/fill`, `map/legend/<i>` and `…/fill`; a second grid or map has its number after the word.
    Raises OutreachError when the bytes are no workbook.
    """
    book = _opened(content)
    items: dict[int, list[_Block]] = {}
    ours: set[str] = set()
    record: dict = {}
    for name, defined in book.defined_names.items():
        found = NAME.fullmatch(name)
        place = _place(book, defined) if found else None
        if not found or not place:
            continue
        role = found["role"].lower()
        ours.add(place[0].title)
        if found["item"] and role in ROLES:
            items.setdefault(int(found["item"]), []).append(_Block(role, found["number"] or "", (found["block"] or "").lower(), *place))
        elif role == "record":
            record = _record(place[1])
    keys = dict(enumerate(record.get("keys") or (), start=1))
    slides = {str(keys.get(number, number)): _facts(items[number]) for number in sorted(items)}
    others = sum(sheet.sheet_state == "visible" and sheet.title not in ours for sheet in book.worksheets)
    manifest = record.get("manifest")
    return Read(manifest if isinstance(manifest, dict) else None, slides, others)


def _opened(content: bytes) -> openpyxl.Workbook:
    try:
        with warnings.catch_warnings():
            # What openpyxl does not know of somebody's workbook is none of our facts.
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
    except Exception as error:
        raise OutreachError(N_("This file cannot be read as a workbook. Choose an XLSX file, or save it as XLSX again.")) from error


def _place(book: openpyxl.Workbook, defined) -> tuple[Worksheet, Cells] | None:
    """The sheet and the cells of a name, rows of cells; None where they were deleted."""
    try:
        title, area = next(iter(defined.destinations))
        sheet = book[title]
        cells = sheet[area.replace("$", "")]
    except (StopIteration, KeyError, ValueError, TypeError, AttributeError):
        return None
    if not isinstance(cells, tuple):
        return sheet, [[cells]]
    return sheet, [list(row) if isinstance(row, tuple) else [row] for row in cells]


def _record(cells: Cells) -> dict:
    """The keys of the items and the manifest; empty where somebody spoilt it."""
    try:
        record = json.loads("".join(str(row[0].value or "") for row in cells))
    except ValueError:
        return {}
    return record if isinstance(record, dict) and isinstance(record.get("keys"), list) else {}


def _facts(blocks: list[_Block]) -> dict[str, str | float]:
    facts: dict[str, str | float | None] = {}
    with_x = {each.number for each in blocks if each.role == "chart" and each.part == "x"}
    for each in sorted(blocks, key=lambda each: (ROLES.index(each.role), int(each.number or 0), each.part)):
        if each.role == "chart":
            facts |= _chart_facts(f"chart/{each.number}", each.part, each.cells, each.number in with_x)
        elif each.role == "grid":
            facts |= _grid_facts(_path("grid", each.number), each.cells)
        elif each.role in ("map", "legend"):
            facts |= _map_facts(_path("map", each.number), each.role, each.cells)
        elif each.role == "table":
            facts |= _table_facts(_grown(each.sheet, each.cells))
        else:
            several = each.role in ("findings", "text")
            facts |= {f"{each.role}/{n}" if several else each.role: _fact(row[0].value) for n, row in enumerate(each.cells, start=1)}
    return {path: value for path, value in facts.items() if value is not None}


def _path(role: str, number: str) -> str:
    return role if number in ("", "1") else f"{role}/{number}"


def _fact(value: object) -> str | float | None:
    """A cell's value as it is compared; None for an empty one."""
    if value is None:
        return None
    if isinstance(value, (datetime, date, time, timedelta)):
        return rounded(to_excel(value))
    if isinstance(value, (int, float)):
        return rounded(value)
    return collapsed(str(value)) or None


def _fill(cell) -> str | None:
    """A cell's fill as `#RRGGBB`; a colour of the workbook's theme by its number."""
    if cell.fill is None or cell.fill.fill_type != "solid":
        return None
    colour = cell.fill.fgColor
    if colour.type == "rgb":
        return f"#{colour.rgb[-6:].upper()}"
    if colour.type == "indexed" and colour.indexed < len(COLOR_INDEX):
        return f"#{COLOR_INDEX[colour.indexed][-6:].upper()}"
    return f"theme {colour.theme} {rounded(colour.tint or 0)}"


def _grown(sheet: Worksheet, cells: Cells) -> Cells:
    """The table's cells, with the rows and columns that were added to it in Excel, which leave its name as it was."""
    corner = cells[0][0].coordinate
    area = next((table.ref for table in sheet.tables.values() if table.ref.split(":")[0] == corner), None)
    return [list(row) for row in sheet[area]] if area else cells


def _table_facts(cells: Cells) -> dict[str, str | float | None]:
    return {f"table/{row}/{column}": _fact(cell.value) for row, line in enumerate(cells) for column, cell in enumerate(line, start=1)}


def _chart_facts(path: str, block: str, cells: Cells, scattered: bool) -> dict[str, str | float | None]:
    facts: dict[str, str | float | None] = {}
    word = {"x": "x/", "labels": "label/"}.get(block, "")
    for number, column in enumerate(zip(*cells, strict=True), start=1 if block or scattered else 0):
        head, *values = column
        if number:
            facts[f"{path}/{number}/{word}name"] = _fact(head.value)
        part = f"{path}/{number}/{word}" if number else f"{path}/categories/"
        facts |= {f"{part}{n}": _fact(cell.value) for n, cell in enumerate(values, start=1)}
    return facts


def _grid_facts(path: str, cells: Cells) -> dict[str, str | float | None]:
    facts: dict[str, str | float | None] = {}
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            facts[f"{path}/{row}/{column}"] = _fact(cell.value)
            facts[f"{path}/{row}/{column}/fill"] = _fill(cell)
    return facts


def _map_facts(path: str, role: str, cells: Cells) -> dict[str, str | float | None]:
    facts: dict[str, str | float | None] = {}
    for number, (name, code, value) in enumerate(cells, start=1):
        if role == "map":
            place = f"{path}/{code.value or number}"
            facts |= {f"{place}/name": _fact(name.value), f"{place}/value": _fact(value.value), f"{place}/fill": _fill(value)}
        else:
            facts |= {f"{path}/legend/{number}": _fact(name.value), f"{path}/legend/{number}/fill": _fill(value)}
    return facts
