"""Native charts with their workbook inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from xml.sax.saxutils import quoteattr

from pptx.chart.data import CategoryChartData, XyChartData
from pptx.chart.xlsx import CategoryWorkbookWriter, XyWorkbookWriter
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.util import Pt
from xlsxwriter import Workbook

from analytics.export.parts import Chart, Text
from analytics.export.slides.drawing import (
    INK,
    LIGHT_LINE,
    MOST_BARS,
    MOST_COLUMNS,
    MOST_LABELLED,
    NAMESPACES,
    POINT,
    Box,
    Canvas,
    Fonts,
    cut_to,
    draw_text,
    edge_xml,
    one_line,
    paragraph_xml,
    say_what_is_cut,
    solid_xml,
)

KINDS = {
    "bar": XL_CHART_TYPE.BAR_CLUSTERED,
    "column": XL_CHART_TYPE.COLUMN_CLUSTERED,
    "stacked bar": XL_CHART_TYPE.BAR_STACKED,
    "stacked column": XL_CHART_TYPE.COLUMN_STACKED,
    "xy": XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS,
}


class _PlainWorkbook:
    """The workbook inside a chart, in which no text is taken for a formula, a link or a number."""

    @contextmanager
    def _open_worksheet(self, xlsx_file):
        kept = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        book = Workbook(xlsx_file, kept)
        yield book, book.add_worksheet()
        book.close()


class _CategoryBook(_PlainWorkbook, CategoryWorkbookWriter):
    pass


class _XyBook(_PlainWorkbook, XyWorkbookWriter):
    pass


class _Categories(CategoryChartData):
    @property
    def _workbook_writer(self):
        return _CategoryBook(self)


class _Points(XyChartData):
    @property
    def _workbook_writer(self):
        return _XyBook(self)


def _finite(value: object) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def draw_chart(canvas: Canvas, chart: Chart, box: Box, number: int, about: str) -> None:
    """A native chart with its workbook."""
    most = MOST_BARS if "bar" in chart.kind else MOST_COLUMNS
    count = min(most, len(chart.categories))
    box = say_what_is_cut(canvas, f"chart {number}", len(chart.categories) - count, box)
    if not chart.series or (chart.kind != "xy" and not count):
        draw_text(canvas, Text(("–",)), box, number)
        return
    size = _chart_size(chart, count, box)
    frame = canvas.slide.shapes.add_chart(KINDS[chart.kind], *box, _chart_data(canvas, chart, count, box, size))
    frame.name = f"chart {number}"
    frame._element.nvGraphicFramePr.cNvPr.set("descr", one_line(about))
    drawn = frame.chart
    drawn.has_title = False
    drawn.font.size, drawn.font.color.rgb = Pt(size), _rgb(INK)
    _legend(drawn, chart)
    _axes(drawn, chart, size)
    if chart.kind != "xy":
        drawn.plots[0].gap_width = 40
    for element, series in zip(drawn._chartSpace.iter(qn("c:ser")), chart.series, strict=True):
        _paint(element, chart, series, count, canvas.fonts, size)
    _typefaces(drawn._chartSpace, canvas.fonts)


def _chart_data(canvas: Canvas, chart: Chart, count: int, box: Box, size: float):
    """What goes into the chart and its workbook; names longer than their place are cut and stand whole in the notes."""
    names = _shortened(canvas, [series.name for series in chart.series], box.width * 8 // 10, size)
    if chart.kind == "xy":
        data = _Points(number_format="General")
        for name, series in zip(names, chart.series, strict=True):
            added = data.add_series(name)
            for x, y in zip(series.x, series.values, strict=True):
                added.add_data_point(_finite(x), _finite(y))
        return data
    # A few bars have room for names of several lines; the names below columns are turned where they are long.
    place = box.width * (4 if count > 12 else 9) // 10 if "bar" in chart.kind else int(20 * size * POINT)
    data = _Categories(number_format="General")
    data.categories = _shortened(canvas, chart.categories[:count], place, size)
    for name, series in zip(names, chart.series, strict=True):
        data.add_series(name, [_finite(value) for value in series.values[:count]])
    return data


def _shortened(canvas: Canvas, names: Sequence[str], width: int, size: float) -> list[str]:
    whole = [one_line(name) for name in names]
    found = [cut_to(name, 1, size, width) for name in whole]
    canvas.cut += [name for name, shown in zip(whole, found, strict=True) if name != shown]
    return found


def _chart_size(chart: Chart, count: int, box: Box) -> float:
    """Text size: the names beside bars stand one below the other."""
    if "bar" not in chart.kind:
        return 11
    room = (box.height - 70 * POINT) / POINT / max(1, count)
    return max(6, min(12, math.floor(room / 1.3 * 2) / 2))


def _legend(drawn, chart: Chart) -> None:
    drawn.has_legend = chart.legend
    if not chart.legend:
        return
    drawn.legend.position = XL_LEGEND_POSITION.BOTTOM
    drawn.legend.include_in_layout = False
    place = drawn.legend._element.find(qn("c:legendPos"))
    for number, series in reversed(list(enumerate(chart.series))):
        if series.invisible:
            place.addnext(parse_xml(f'<c:legendEntry {NAMESPACES}><c:idx val="{number}"/><c:delete val="1"/></c:legendEntry>'))


def _axes(drawn, chart: Chart, size: float) -> None:
    """Light gridlines along the values, no tick marks, bars from the top downwards."""
    across, along = drawn.category_axis, drawn.value_axis
    form = _number_format(chart)
    for axis in (across, along):
        axis.has_major_gridlines = axis is along
        axis.major_tick_mark = axis.minor_tick_mark = XL_TICK_MARK.NONE
        axis.format.line.color.rgb = _rgb(LIGHT_LINE)
    # Names stand outside the plot even where values are below zero.
    across.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    along.major_gridlines.format.line.color.rgb = _rgb(LIGHT_LINE)
    along.major_gridlines.format.line.width = Pt(0.75)
    along.tick_labels.number_format, along.tick_labels.number_format_is_linked = form, False
    if "bar" in chart.kind:
        across.reverse_order = True
        # Reversed, the last category is at the bottom, and there the numbers stay.
        along._element.find(qn("c:crosses")).set("val", "max")
    if chart.kind == "xy":
        _x_axis(across, along, chart, form)
    elif chart.dates == "value":
        _days(along, chart.number_format, chart.low, chart.high)
    else:
        _limits(along, chart.low, chart.high)
        _whole_steps(along, chart)
    named = (along, across) if "bar" in chart.kind else (across, along)
    for axis, text in zip(named, (chart.x_title, chart.y_title), strict=True):
        if one_line(text):
            axis.axis_title.text_frame.text = one_line(text)
            run = axis.axis_title.text_frame.paragraphs[0].runs[0]
            run.font.size, run.font.bold = Pt(size), False


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour.lstrip("#").upper())


def _number_format(chart: Chart) -> str:
    """The chart's format; optional decimals would leave a point behind whole numbers, so they become whole or general."""
    if not chart.number_format.endswith(".##"):
        return chart.number_format
    values = [value for series in chart.series for value in series.values if _finite(value) is not None]
    return chart.number_format[:-3] if all(float(value).is_integer() for value in values) else "General"


def _limits(axis, low: float | None, high: float | None) -> None:
    if low is not None:
        axis.minimum_scale = low
    if high is not None:
        axis.maximum_scale = high


def _whole_steps(axis, chart: Chart) -> None:
    """Counts of a few are not divided into parts."""
    values = [value for series in chart.series for value in series.values if _finite(value) is not None]
    few = bool(values) and max(values) <= 5 and all(float(value).is_integer() for value in values)
    if few and chart.high is None and "stacked" not in chart.kind:
        axis.major_unit = 1


def _x_axis(across, along, chart: Chart, form: str) -> None:
    """The axes of lines over numbers: days where the chart says so, else both within the same limits."""
    across.tick_labels.number_format, across.tick_labels.number_format_is_linked = form, False
    xs = [x for series in chart.series for x in series.x if _finite(x) is not None]
    if chart.dates == "x":
        along.tick_labels.number_format = "#,##0"
        _days(across, chart.number_format, min(xs, default=None), max(xs, default=None))
        return
    if chart.dates == "value":
        across.tick_labels.number_format = "#,##0"
        _days(along, chart.number_format, chart.low, chart.high)
        return
    _limits(along, chart.low, chart.high)
    if chart.low is not None and chart.high is not None and xs and chart.low <= min(xs) and max(xs) <= chart.high:
        _limits(across, chart.low, chart.high)


def _days(axis, form: str, low: float | None, high: float | None) -> None:
    """An axis of days with a step of months or years, begun on 2 January so that each step falls into the next month or year."""
    if low is None or high is None:
        return
    start = date(1899, 12, 30) + timedelta(days=int(low))
    begin = float((date(start.year, 1, 2) - date(1899, 12, 30)).days)
    if "y" in form and "m" not in form:
        years = max(1.0, (high - begin) / 365.25)
        axis.minimum_scale, axis.maximum_scale = begin, begin + math.ceil(years) * 365.25
        axis.major_unit = 365.25 * max(1, math.ceil(years / 10))
    elif "m" in form and "y" not in form and "d" not in form and high - begin < 370:
        axis.minimum_scale, axis.maximum_scale, axis.major_unit = begin, begin + 366, 30.5
    else:
        _limits(axis, low, high)


def _paint(element, chart: Chart, series, count: int, fonts: Fonts, size: float) -> None:
    """A series in its colours, with its labels. Parts follow one another as the file format asks."""
    for old in [*element.findall(qn("c:spPr")), *element.findall(qn("c:marker")), *element.findall(qn("c:dLbls"))]:
        element.remove(old)
    element.find(qn("c:tx")).addnext(parse_xml(f"<c:spPr {NAMESPACES}>{_look(chart, series)}</c:spPr>"))
    before = element.find(qn("c:xVal" if chart.kind == "xy" else "c:cat"))
    if chart.kind == "xy":
        element.find(qn("c:spPr")).addnext(parse_xml(_marker(series)))
        for smooth in element.findall(qn("c:smooth")):
            smooth.set("val", "0")
    elif not series.invisible:
        for number, colour in enumerate(series.colours[:count]):
            start = f'<c:dPt {NAMESPACES}><c:idx val="{number}"/><c:invertIfNegative val="0"/><c:bubble3D val="0"/>'
            before.addprevious(parse_xml(f"{start}<c:spPr>{solid_xml(colour)}</c:spPr></c:dPt>"))
    before.addprevious(parse_xml(_data_labels(chart, series, count, fonts, size)))


def _look(chart: Chart, series) -> str:
    if series.invisible:
        return "<a:noFill/><a:ln><a:noFill/></a:ln>"
    if chart.kind == "xy":
        dash = '<a:prstDash val="dash"/>' if series.dashed else ""
        return f'<a:ln w="{int(2.25 * POINT)}" cap="rnd">{solid_xml(series.colour)}{dash}<a:round/></a:ln>'
    edge = edge_xml(series.colour, 1, dashed=True) if series.dashed else ""
    return solid_xml(series.colour) + edge


def _marker(series) -> str:
    """Few points are marked, so that one alone can be seen."""
    look = '<c:symbol val="none"/>'
    if len(series.values) <= 12 and not series.invisible:
        look = f'<c:symbol val="circle"/><c:size val="5"/><c:spPr>{solid_xml(series.colour)}<a:ln><a:noFill/></a:ln></c:spPr>'
    return f"<c:marker {NAMESPACES}>{look}</c:marker>"


def _data_labels(chart: Chart, series, count: int, fonts: Fonts, size: float) -> str:
    """Own texts where the series has them; else numbers where they can be read."""
    most = len(series.values) if chart.kind == "xy" else count
    flags = "".join(f'<c:{name} val="0"/>' for name in ("showCatName", "showSerName", "showPercent", "showBubbleSize"))
    place = {"xy": "t"}.get(chart.kind, "ctr" if "stacked" in chart.kind else "outEnd")
    plain = not series.labels and not series.invisible and not chart.dates
    numbers = plain and chart.kind not in ("stacked column", "xy") and count <= MOST_LABELLED
    own = ""
    for number, text in enumerate(series.labels[:most]):
        if one_line(text) and _finite(series.values[number]) is not None:
            paragraph = paragraph_xml(fonts, one_line(text), size, colour=_label_colour(chart, series, number))
            own += f'<c:dLbl><c:idx val="{number}"/><c:tx><c:rich><a:bodyPr/><a:lstStyle/>{paragraph}</c:rich></c:tx>'
            own += f'<c:dLblPos val="{place}"/><c:showLegendKey val="0"/><c:showVal val="1"/>{flags}</c:dLbl>'
    paint = solid_xml(_label_colour(chart, series, -1))
    style = (
        f'<c:numFmt formatCode={quoteattr(_number_format(chart))} sourceLinked="0"/><c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>'
    )
    style += f'<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="{int(size * 100)}">{paint}</a:defRPr></a:pPr>'
    style += '<a:endParaRPr lang="en-GB"/></a:p></c:txPr>'
    shown = f'<c:showLegendKey val="0"/><c:showVal val="{int(numbers)}"/>{flags}'
    return f'<c:dLbls {NAMESPACES}>{own}{style}<c:dLblPos val="{place}"/>{shown}</c:dLbls>'


def _label_colour(chart: Chart, series, number: int) -> str:
    """Ink beside a bar; inside one whatever can be read on its colour."""
    if "stacked" not in chart.kind or series.invisible:
        return INK
    colour = series.colours[number] if 0 <= number < len(series.colours) else series.colour
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#FFFFFF" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else INK


def _typefaces(space, fonts: Fonts) -> None:
    """Typefaces on every text style of a chart."""
    for style in [*space.iter(qn("a:defRPr")), *space.iter(qn("a:rPr"))]:
        for tag in ("a:latin", "a:ea", "a:cs"):
            for old in style.findall(qn(tag)):
                style.remove(old)
        for font in parse_xml(f"<a:rPr {NAMESPACES}>{fonts.xml}</a:rPr>"):
            style.append(font)
        if not style.get("lang"):
            style.set("lang", "en-GB")
