"""A briefing as PPTX: native charts, tables and shapes that can be edited, and the way back from the file to flat facts.

Lengths are EMU (914,400 to the inch) unless said otherwise; text sizes are points. Every slide is made from one of three layouts that
are looked up by name, in a template of one's own as in the one built here.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import os
import re
import unicodedata
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape, quoteattr

import geopandas as gpd
import shapely
from lxml import etree
from pptx import Presentation
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.chart.xlsx import CategoryWorkbookWriter, XyWorkbookWriter
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.exc import PythonPptxError
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.util import Pt
from xlsxwriter import Workbook

from analytics import maps, places, theme
from analytics.errors import N_, OutreachError
from analytics.export.parts import Chart, Deck, District, Grid, Map, Read, Slide, Source, Table, Text
from analytics.export.parts import Part as DrawnPart

MIME = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
TEMPLATE_SETTING = "OUTREACH_TEMPLATE"
LAYOUTS = {
    "Outreach title": ("Title", "Subtitle"),
    "Outreach item": ("Title", "Filters", "Content", "Footnotes"),
    "Outreach sources": ("Title", "Content"),
}
"""Layouts that a template needs, and the placeholders in each."""
SIZES = {"16:9": (13.333, 7.5), "A4": (11.693, 8.268)}
"""Width and height of a slide in inches."""
MOST_BARS = 30
MOST_COLUMNS = 180
"""Columns are mostly periods of time, of which none may go missing before the slide is full."""
MOST_ROWS = {"table": 18, "grid": 30}
MOST_TABLE_COLUMNS = {"table": 12, "grid": 40}
MOST_LABELLED = 20
LARGEST_FILE = 400_000_000
"""Bytes of an unpacked presentation; a file that unpacks to more is refused."""

INCH, POINT = 914_400, 12_700
GAP = INCH // 10
CELL_MARGIN = 8 * POINT
"""Left and right margin of a cell together."""
WIDE_GRID = 7
"""A matrix with more columns than this leaves less room to the findings."""
CELL_SHARE = 0.9
"""How much of a cell its text may fill: a line more than expected would push the table off the slide."""
BOLD = 1.1
"""How much wider bold text is."""
SOURCE_GAP = 0.25
"""Space above each source, as a share of its size."""
INK, MUTED, LIGHT_LINE = theme.LIGHT["@text"], theme.LIGHT["@muted"], theme.LIGHT["@grid"]
NAMESPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
RECTANGLE = '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
NUMBER_FIELD = "{C1FF6DA9-008F-8B48-92A6-B652298478BF}"
TABLE_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
"""PowerPoint's own "No Style, No Grid"."""
CUSTOM_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
PROPERTY_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
DATA_STORE = "http://schemas.openxmlformats.org/officeDocument/2006/customXml"
OWN_XML = "urn:outreach-dashboard:manifest"
MANIFEST = "OutreachManifest"
MARK = "outreach:"
"""Start of the name of the invisible shape that says which slide this is: LibreOffice keeps names of shapes, but not of slides."""


class Box(NamedTuple):
    """A rectangle on a slide."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height


@dataclass(frozen=True)
class Fonts:
    """Typefaces for Latin and for East Asian text."""

    latin: str = "Calibri"
    asian: str = "Microsoft YaHei"

    @property
    def xml(self) -> str:
        latin, asian = quoteattr(self.latin), quoteattr(self.asian)
        return f"<a:latin typeface={latin}/><a:ea typeface={asian}/><a:cs typeface={latin}/>"


@dataclass
class Canvas:
    """A slide being drawn, with the file's words; `cut` collects what did not fit, for the notes."""

    slide: object
    fonts: Fonts
    labels: dict[str, str]
    cut: list[str] = field(default_factory=list)
    ids: int = 100

    def next_id(self) -> int:
        """A shape number that is free on this slide."""
        self.ids += 1
        return self.ids

    def add(self, xml: str) -> None:
        """Put a shape, written as XML, on top of the others."""
        self.slide.shapes._spTree.append(parse_xml(xml))

    def more(self, left: int) -> str:
        """The words for what was left out."""
        return self.labels.get("more", "+ {n}").format(n=f"{left:,}")


# ------------------------------------------------------------------ writing


def write(deck: Deck, template: str | Path | None = None) -> bytes:
    """The briefing as a PPTX file: a title slide, a slide per item, then sources and definitions.

    `template` (or the setting OUTREACH_TEMPLATE) is a .pptx whose size, theme and layouts are kept. The manifest goes into the file,
    with `exported`, the facts of every slide as `read` gives them.
    Raises OutreachError when the template cannot be read or lacks a layout or placeholder.
    """
    path = str(template or os.environ.get(TEMPLATE_SETTING, "") or "")
    presentation, fonts = _opened(path) if path else (Presentation(io.BytesIO(own_template(deck.size))), Fonts())
    layouts = _layouts(presentation)
    _title_slide(presentation, layouts, deck, fonts)
    for slide in deck.slides:
        _item_slide(presentation, layouts, slide, deck.labels, fonts)
    _source_slides(presentation, layouts, deck, fonts)
    drawn = [part for slide in deck.slides for part in slide.parts if isinstance(part, Map)]
    names = {_line(district.name): district.code for each in drawn for district in each.districts}
    slides, _ = _facts(presentation, {"names": names})
    _describe(presentation, deck, dict(deck.manifest) | {"names": names, "exported": slides})
    file = io.BytesIO()
    presentation.save(file)
    return file.getvalue()


def _layouts(presentation) -> dict:
    """Layouts by name, the first of each."""
    found: dict = {}
    for master in presentation.slide_masters:
        for layout in master.slide_layouts:
            found.setdefault(layout.name, layout)
    return found


def _title_slide(presentation, layouts: dict, deck: Deck, fonts: Fonts) -> None:
    canvas, spots = _started(presentation, layouts["Outreach title"], "title", fonts, deck.labels)
    _fill(canvas, spots["Title"], [deck.name], 20)
    _fill(canvas, spots["Subtitle"], [f"{name}: {text}" for name, text in deck.about], 9)
    if canvas.cut:
        _notes(canvas, [])


def _item_slide(presentation, layouts: dict, slide: Slide, labels: dict[str, str], fonts: Fonts) -> None:
    canvas, spots = _started(presentation, layouts["Outreach item"], f"item:{slide.key}", fonts, labels)
    _fill(canvas, spots["Title"], slide.titles, 14)
    _fill(canvas, spots["Filters"], slide.sentences, 8)
    _fill(canvas, spots["Footnotes"], slide.footnotes, 7)
    area = _taken_out(spots["Content"])
    drawn = _told(canvas, slide, area)
    _parts(canvas, slide.parts or (slide.table,), drawn, " / ".join(slide.titles))
    lines = [*slide.sentences, *(f"{word}: {meaning}" for word, meaning in slide.definitions), *slide.footnotes]
    _notes(canvas, [*lines, *map(_cited, slide.sources), *([slide.link] if slide.link else [])])


def _started(presentation, layout, key: str, fonts: Fonts, labels: dict[str, str]) -> tuple[Canvas, dict]:
    """A slide of a layout with its mark and number, and its placeholders under the names that the layout gives them."""
    slide = presentation.slides.add_slide(layout)
    slide._element.cSld.set("name", _line(MARK + key))
    named = {spot.placeholder_format.idx: spot.name for spot in layout.placeholders}
    spots = {}
    for spot in list(slide.placeholders):
        spot.name = named.get(spot.placeholder_format.idx, spot.name)
        if spot.name in LAYOUTS[layout.name] and spot.name not in spots:
            spots[spot.name] = spot
        else:
            spot._element.getparent().remove(spot._element)
    canvas = Canvas(slide, fonts, labels)
    # LibreOffice keeps the order of placeholders, but not their names.
    for name in LAYOUTS[layout.name]:
        slide.shapes._spTree.append(spots[name]._element)
    canvas.add(_shape(canvas, MARK + key, Box(0, 0, INCH // 20, INCH // 20)))
    _number(canvas, layout, presentation)
    return canvas, spots


def _number(canvas: Canvas, layout, presentation) -> None:
    """The slide's number as a field, where the layout has its place; in the lower right corner where it has none."""
    spot = next((each for each in layout.placeholders if each._element.ph.get("type") == "sldNum"), None)
    corner = presentation.slide_width - INCH, presentation.slide_height - INCH * 3 // 10
    if spot is None:
        holder, size, align = "", ' sz="900"', ' algn="r"'
        frame = f'<a:xfrm><a:off x="{corner[0]}" y="{corner[1]}"/><a:ext cx="{INCH * 9 // 10}" cy="{INCH // 4}"/></a:xfrm>{RECTANGLE}'
    else:
        holder, size, align, frame = f'<p:ph type="sldNum" sz="quarter" idx="{spot.placeholder_format.idx}"/>', "", "", ""
    run = f'<a:fld id="{NUMBER_FIELD}" type="slidenum"><a:rPr lang="en-GB"{size}>{canvas.fonts.xml}</a:rPr><a:t>‹#›</a:t></a:fld>'
    canvas.add(
        f'<p:sp {NAMESPACES}><p:nvSpPr><p:cNvPr id="{canvas.next_id()}" name="slide number"/><p:cNvSpPr/><p:nvPr>{holder}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{frame}</p:spPr><p:txBody><a:bodyPr/><a:lstStyle/><a:p><a:pPr{align}/>{run}</a:p></p:txBody></p:sp>"
    )


def _taken_out(spot) -> Box:
    """The area of a placeholder, which is removed: what is drawn there is no text of its own."""
    box = Box(spot.left, spot.top, spot.width, spot.height)
    spot._element.getparent().remove(spot._element)
    return box


def _fill(canvas: Canvas, spot, texts: Iterable[str], smallest: float) -> None:
    """Texts as paragraphs of a placeholder, smaller than the layout says only where they would not fit."""
    wanted = [text for text in map(_line, texts) if text]
    largest = _layout_size(spot)
    left, top, right, bottom = _margins(spot)
    # Titles are mostly bold.
    width = (spot.width - left - right) / (BOLD if spot.name == "Title" else 1)
    size, shown = _fitted(canvas, wanted, Box(spot.left, spot.top, int(width), spot.height - top - bottom), largest, smallest)
    style = {"plain": True} | ({"size": size} if size != largest else {})
    _paragraphs_into(spot._element.txBody, [_paragraph(canvas.fonts, text, **style) for text in shown or ["\u00a0"]])


def _paragraphs_into(body, paragraphs: Sequence[str]) -> None:
    for old in body.findall(qn("a:p")):
        body.remove(old)
    for xml in paragraphs:
        body.append(parse_xml(xml.replace("<a:p>", f"<a:p {NAMESPACES}>", 1)))


def _layout_size(spot) -> float:
    """The size in points that a placeholder's text has by its layout or by the master; 18 where neither says."""
    layout = spot.part.slide_layout
    title = spot._element.ph.get("type") in ("title", "ctrTitle")
    own = [each._element for each in layout.placeholders if each.placeholder_format.idx == spot.placeholder_format.idx]
    above = [each._element for each in layout.slide_master.placeholders if each._element.ph.get("type") == ("title" if title else "body")]
    style = layout.slide_master._element.findall(f".//{qn('p:titleStyle' if title else 'p:bodyStyle')}")
    for element in (*own, *above, *style):
        found = element.find(f".//{qn('a:lvl1pPr')}/{qn('a:defRPr')}[@sz]")
        if found is not None:
            return int(found.get("sz")) / 100
    return 18.0


def _margins(spot) -> tuple[int, int, int, int]:
    """Left, top, right and bottom distance between a placeholder's frame and its text."""
    layout = spot.part.slide_layout
    found = {"lIns": 91_440, "tIns": 45_720, "rIns": 91_440, "bIns": 45_720}
    for each in layout.placeholders:
        body = each._element.find(f".//{qn('a:bodyPr')}")
        if each.placeholder_format.idx == spot.placeholder_format.idx and body is not None:
            found |= {name: int(body.get(name)) for name in found if body.get(name)}
    return tuple(found.values())


def _notes(canvas: Canvas, lines: Iterable[str]) -> None:
    """Speaker notes, a paragraph per line, then what was cut on the slide."""
    body = canvas.slide.notes_slide.notes_text_frame
    if body is not None:
        texts = dict.fromkeys(text for text in map(_line, [*lines, *canvas.cut]) if text)
        _paragraphs_into(body._txBody, [_paragraph(canvas.fonts, text) for text in texts or [""]])


def _cited(source: Source) -> str:
    return ". ".join(text for text in (source.title, source.publisher, source.day, source.url) if text)


class Entry(NamedTuple):
    """A line on the slides of sources."""

    text: str
    url: str = ""
    heading: bool = False

    @property
    def size(self) -> float:
        return 13.0 if self.heading else 10.0

    def fitted(self, width: int) -> Entry:
        """The entry cut to what a few lines hold."""
        url = _cut_to(_line(self.url), 2, self.size, width)
        return Entry(_cut_to(_line(self.text), 3, self.size, width), url if _line(self.url) else "", self.heading)


def _source_slides(presentation, layouts: dict, deck: Deck, fonts: Fonts) -> None:
    """Every definition and every report once, on as many slides as they need."""
    definitions = dict.fromkeys(pair for slide in deck.slides for pair in slide.definitions)
    sources = dict.fromkeys(source for slide in deck.slides for source in slide.sources)
    entries = [Entry(deck.labels.get("definitions", ""), heading=True)] if definitions else []
    entries += [Entry(f"{word}: {meaning}") for word, meaning in definitions]
    entries += [Entry(deck.labels.get("reports", ""), heading=True)] if sources else []
    entries += [Entry(". ".join(filter(None, (source.title, source.publisher, source.day))), source.url) for source in sources]
    spot = next(each for each in layouts["Outreach sources"].placeholders if each.name == "Content")
    pages: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        shown = entry.fitted(spot.width)
        tall = _tall([f"{shown.text} {shown.url}"], shown.size, spot.width, SOURCE_GAP)
        # A heading does not stand alone at the foot of a slide.
        if pages[-1] and used + tall + (40 * POINT if shown.heading else 0) > spot.height:
            pages.append([])
            used = 0.0
        pages[-1].append(shown)
        used += tall
    for number, page in enumerate(pages, start=1):
        _source_slide(presentation, layouts["Outreach sources"], deck, fonts, page, number, len(pages))


def _source_slide(presentation, layout, deck: Deck, fonts: Fonts, page: list[Entry], number: int, count: int) -> None:
    canvas, spots = _started(presentation, layout, f"sources-{number}", fonts, deck.labels)
    _fill(canvas, spots["Title"], [deck.labels.get("sources", "") + (f" ({number}/{count})" if count > 1 else "")], 14)
    area = _taken_out(spots["Content"])
    paragraphs = []
    for entry in page:
        address = _address(entry.url)
        relation = canvas.slide.part.relate_to(address, RT.HYPERLINK, is_external=True) if address else ""
        tail = _run(fonts, entry.url, entry.size, colour=MUTED, link=relation) if entry.url else ""
        paragraphs.append(
            _paragraph(
                fonts, f"{entry.text} " if tail else entry.text, entry.size, bold=entry.heading, colour=INK, before=SOURCE_GAP, tail=tail
            )
        )
    if paragraphs:
        canvas.add(_shape(canvas, "sources", area, paragraphs))


def _address(url: str) -> str:
    """The address as a link may carry it; '' where it is none of the web."""
    try:
        whole = urlsplit(_line(url))
    except ValueError:
        return ""
    return quote(whole.geturl(), safe="%/:=&?~#+!$,;'@()*[]") if whole.scheme in ("http", "https") and whole.netloc else ""


# ------------------------------------------------------------------ texts and their size

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ASIAN = re.compile("[\u2e80-\ufffd]")


def _clean(text: object) -> str:
    """The text without what XML cannot carry."""
    return NOT_XML.sub("", str(text))


def _line(text: object) -> str:
    """The text on one line, with single spaces."""
    return " ".join(_clean(text).split())


@lru_cache(maxsize=8192)
def _em(sign: str) -> float:
    """Width of a sign as a share of the text size, rather too wide than too narrow."""
    if unicodedata.combining(sign):
        return 0.0
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0 if sign < "\U0001f000" else 1.4
    return 0.85 if sign in "mwMW@%—…" else 0.65 if sign.isupper() else 0.55


def _ems(text: str) -> float:
    return sum(map(_em, text))


WORDS = re.compile(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]+|\s+")


def _lines(text: str, room: float) -> int:
    """Lines that a text takes where `room` ems fit into one: Latin words stay whole, Chinese breaks anywhere."""
    lines, used = 1, 0.0
    for word in WORDS.findall(text):
        wide = _ems(word)
        if used + wide <= room or word.isspace():
            used += wide
            continue
        lines += 1 if used else 0
        extra = math.ceil(wide / room) - 1 if wide > room else 0
        lines, used = lines + extra, wide - extra * room
    return lines


def _leading(text: str) -> float:
    """Height of a line as a share of the text size: Chinese faces stand taller."""
    return 1.45 if ASIAN.search(text) else 1.22


def _tall(texts: Sequence[str], size: float, width: int, before: float = 0.0) -> float:
    """Height of paragraphs; `before` is the space above each, as a share of the size."""
    room = max(1.0, width / POINT / size)
    return sum((_lines(text, room) * _leading(text) + before) * size * POINT for text in texts)


def _fitted(
    canvas: Canvas, texts: Sequence[str], box: Box, largest: float, smallest: float, before: float = 0.0
) -> tuple[float, list[str]]:
    """The largest size at which the paragraphs fit, and the paragraphs; at the smallest size the rest is cut and goes to the notes."""
    size = largest
    while size > smallest and _tall(texts, size, box.width, before) > box.height:
        size = max(smallest, size - (1 if size > 12 else 0.5))
    kept, left = [], float(box.height)
    for number, text in enumerate(texts):
        tall = _tall([text], size, box.width, before)
        if tall <= left:
            kept.append(text)
            left -= tall
            continue
        lines = int((left / POINT / size - before) / _leading(text))
        if lines >= 1:
            kept.append(_cut_to(text, lines, size, box.width))
        elif kept:
            kept[-1] = _cut_to(kept[-1] + " …", _lines(kept[-1], box.width / POINT / size), size, box.width)
        canvas.cut += texts[number - (lines < 1 and number > 0) :]
        break
    return size, kept


def _cut_to(text: str, lines: int, size: float, width: int) -> str:
    """The text, or as much of it as fits into so many lines, then an ellipsis."""
    room = max(1.0, width / POINT / size)
    if _lines(text, room) <= lines:
        return text
    short, long = 0, len(text)
    while short < long:
        middle = (short + long + 1) // 2
        short, long = (middle, long) if _lines(text[:middle].rstrip() + "…", room) <= lines else (short, middle - 1)
    return text[:short].rstrip() + "…"


def _language(text: str) -> str:
    return 'lang="zh-CN" altLang="en-GB"' if ASIAN.search(text) else 'lang="en-GB" altLang="zh-CN"'


def _paragraph(
    fonts: Fonts, text: str, size: float = 0, bold: bool = False, italic: bool = False, colour: str = "", align: str = "",
    bullet: bool = False, plain: bool = False, before: float = 0, tail: str = "",
) -> str:  # fmt: skip
    """A paragraph as XML. `plain` takes away a list style that the layout may have; `tail` is a run that follows."""
    indent = f' marL="{int(size * POINT)}" indent="-{int(size * POINT)}"' if bullet else ' marL="0" indent="0"' if plain else ""
    marks = '<a:buFont typeface="Arial"/><a:buChar char="•"/>' if bullet else "<a:buNone/>" if plain else ""
    space = f'<a:spcBef><a:spcPts val="{int(before * size * 100)}"/></a:spcBef>' if before else ""
    aligned = f' algn="{align}"' if align else ""
    head = f"<a:p><a:pPr{indent}{aligned}>{space}{marks}</a:pPr>"
    if _clean(text) or tail:
        return head + (_run(fonts, text, size, bold, italic, colour) if _clean(text) else "") + tail + "</a:p>"
    # An empty paragraph would stand as tall as text of the default size.
    return head + f'<a:endParaRPr lang="en-GB"{_weight(size, bold, italic)}>{fonts.xml}</a:endParaRPr></a:p>'


def _run(fonts: Fonts, text: str, size: float = 0, bold: bool = False, italic: bool = False, colour: str = "", link: str = "") -> str:
    """A run as XML, with its typefaces and language; `link` is a relationship of the slide."""
    target = f'<a:hlinkClick r:id="{link}"/>' if link else ""
    look = f"{_solid(colour) if colour else ''}{fonts.xml}{target}"
    return f"<a:r><a:rPr {_language(text)}{_weight(size, bold, italic)}>{look}</a:rPr><a:t>{escape(_clean(text))}</a:t></a:r>"


def _weight(size: float, bold: bool, italic: bool) -> str:
    return (f' sz="{int(size * 100)}"' if size else "") + (' b="1"' if bold else "") + (' i="1"' if italic else "")


def _solid(colour: str) -> str:
    return f'<a:solidFill><a:srgbClr val="{colour.lstrip("#").upper()}"/></a:solidFill>'


def _edge(colour: str, points: float, tag: str = "a:ln", dashed: bool = False) -> str:
    dash = '<a:prstDash val="dash"/>' if dashed else ""
    return f'<{tag} w="{int(points * POINT)}">{_solid(colour)}{dash}</{tag}>' if colour else f"<{tag}><a:noFill/></{tag}>"


def _shape(
    canvas: Canvas, name: str, box: Box, paragraphs: Sequence[str] = (), fill: str = "", line: str = "", points: float = 0.75,
    anchor: str = "t", form: str = "rect", title: str = "", alt: str = "", inset: int = 0, wrap: str = "square", geometry: str = "", dashed: bool = False,
) -> str:  # fmt: skip
    """A shape as XML, with its text, fill and outline; `title` and `alt` are what a screen reader says."""
    about = (f" descr={quoteattr(_line(alt))}" if alt else "") + (f" title={quoteattr(_line(title))}" if title else "")
    body = "".join(paragraphs) or _paragraph(canvas.fonts, "", 8)
    text_box = ' txBox="1"' if paragraphs and not fill and not line else ""
    drawn = geometry or f'<a:prstGeom prst="{form}"><a:avLst/></a:prstGeom>'
    return (
        f'<p:sp {NAMESPACES}><p:nvSpPr><p:cNvPr id="{canvas.next_id()}" name={quoteattr(_line(name))}{about}/><p:cNvSpPr{text_box}/><p:nvPr/></p:nvSpPr>'
        f'<p:spPr><a:xfrm><a:off x="{int(box.left)}" y="{int(box.top)}"/><a:ext cx="{int(box.width)}" cy="{int(box.height)}"/></a:xfrm>'
        f"{drawn}{_solid(fill) if fill else '<a:noFill/>'}{_edge(line, points, dashed=dashed)}</p:spPr>"
        f'<p:txBody><a:bodyPr wrap="{wrap}" lIns="{inset}" tIns="{inset}" rIns="{inset}" bIns="{inset}" rtlCol="0" anchor="{anchor}"><a:noAutofit/></a:bodyPr>'
        f"<a:lstStyle/>{body}</p:txBody></p:sp>"
    )


def _written(
    canvas: Canvas, name: str, box: Box, texts: Sequence[str], size: float, anchor: str = "t", wrap: str = "square", **style
) -> str:
    """A text box as XML, a paragraph per text."""
    style = {"colour": INK} | style
    return _shape(canvas, name, box, [_paragraph(canvas.fonts, text, size, **style) for text in texts], anchor=anchor, wrap=wrap)


def _group(canvas: Canvas, name: str, box: Box, shapes: Sequence[str], alt: str = "") -> str:
    """Shapes held together; the group's own coordinates are the slide's."""
    place = f'x="{int(box.left)}" y="{int(box.top)}"', f'cx="{int(box.width)}" cy="{int(box.height)}"'
    about = f" descr={quoteattr(_line(alt))}" if alt else ""
    return (
        f'<p:grpSp {NAMESPACES}><p:nvGrpSpPr><p:cNvPr id="{canvas.next_id()}" name={quoteattr(_line(name))}{about}/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
        f"<p:grpSpPr><a:xfrm><a:off {place[0]}/><a:ext {place[1]}/><a:chOff {place[0]}/><a:chExt {place[1]}/></a:xfrm></p:grpSpPr>{''.join(shapes)}</p:grpSp>"
    )


# ------------------------------------------------------------------ the content of an item


def _told(canvas: Canvas, slide: Slide, area: Box) -> Box:
    """Findings and note, beside a single part or below several; returns the area left for the parts."""
    findings = [text for text in map(_line, slide.findings) if text]
    note = [text for text in map(_line, slide.note.splitlines()) if text]
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
    wanted = max(_tall(texts, 12, half - 2 * GAP, 0.3) for texts in (findings, note) if texts) + 40 * POINT
    tall = int(min(wanted, area.height * 0.34))
    _blocks(canvas, findings, note, Box(area.left, area.bottom - tall, area.width, tall), beside=True)
    return Box(area.left, area.top, area.width, area.height - tall - GAP)


def _blocks(canvas: Canvas, findings: list[str], note: list[str], box: Box, beside: bool) -> None:
    """The two blocks of text side by side, or one above the other with room as they need it."""
    if findings and note and beside:
        half = (box.width - 2 * GAP) // 2
        boxes = Box(box.left, box.top, half, box.height), Box(box.right - half, box.top, half, box.height)
    elif findings and note:
        first, second = (_tall(texts, 14, box.width, 0.3) + 40 * POINT for texts in (findings, note))
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
    canvas.add(_written(canvas, f"{name} heading", heading, [_line(canvas.labels.get(name, ""))], 12, bold=True, colour=MUTED))
    inside = Box(box.left, box.top + head, box.width, box.height - head)
    # A bullet takes one size from the left.
    room = inside._replace(width=inside.width - (16 * POINT if style.get("bullet") else 0))
    size, shown = _fitted(canvas, texts, room, 16, 8, 0.3)
    canvas.add(_written(canvas, name, inside, shown, size, before=0.3, **style))


def _parts(canvas: Canvas, parts: Sequence[DrawnPart], area: Box, about: str) -> None:
    """Parts side by side, in rows where there are many. Maps with the same classes share one legend."""
    counts: dict[type, int] = {}
    if len(parts) > 1 and all(isinstance(part, Map) for part in parts) and len({(part.heading, part.legend) for part in parts}) == 1:
        _maps(canvas, parts, area)
        return
    for part, box in zip(parts, _cells(area, len(parts)), strict=True):
        counts[type(part)] = number = counts.get(type(part), 0) + 1
        if isinstance(part, Map):
            _map(canvas, part, box, number)
        elif isinstance(part, Chart):
            _chart(canvas, part, box, number, about)
        elif isinstance(part, Text):
            _text(canvas, part, box, number)
        else:
            _table(canvas, part, box, number, about)


def _cells(area: Box, count: int) -> list[Box]:
    """The area in equal parts: one row up to three, then two, then more."""
    columns = count if count <= 3 else math.ceil(count / (2 if count <= 8 else 3))
    rows = math.ceil(count / columns)
    width, height = (area.width - (columns - 1) * 2 * GAP) // columns, (area.height - (rows - 1) * GAP) // rows
    return [
        Box(area.left + (number % columns) * (width + 2 * GAP), area.top + (number // columns) * (height + GAP), width, height)
        for number in range(count)
    ]


def _text(canvas: Canvas, text: Text, box: Box, number: int) -> None:
    size, shown = _fitted(canvas, [each for each in map(_line, text.sentences) if each], box, 20, 9, 0.4)
    canvas.add(_written(canvas, f"text {number}", box, shown or ["–"], size, before=0.4))


def _and_more(canvas: Canvas, name: str, left: int, box: Box) -> Box:
    """A line at the foot of a box that counts what is left out; returns the box above it."""
    if not left:
        return box
    text = _line(canvas.more(left))
    canvas.cut.append(f"{name}: {text}")
    tall = 16 * POINT
    canvas.add(_written(canvas, f"more: {name}", Box(box.left, box.bottom - tall, box.width, tall), [text], 10, colour=MUTED))
    return box._replace(height=box.height - tall)


# ------------------------------------------------------------------ tables


class Drawn(NamedTuple):
    """A cell of a table as it is drawn."""

    text: str
    fill: str = ""
    colour: str = INK
    align: str = "l"
    bold: bool = False


def _table(canvas: Canvas, table: Table | Grid, box: Box, number: int, about: str) -> None:
    """A grid or a table of numbers as a native table; rows and columns that do not fit are counted below it."""
    kind = "grid" if isinstance(table, Grid) else "table"
    rows = _grid_rows(table) if kind == "grid" else _table_rows(table)
    most = MOST_TABLE_COLUMNS[kind]
    kept = [row[:most] for row in rows[: MOST_ROWS[kind] + 1]]
    size, widths, lines, kept = _table_layout(kept, box._replace(height=box.height - 16 * POINT), kind)
    box = _and_more(canvas, f"{kind} {number}", max(0, len(rows[0]) - most) + len(rows) - len(kept), box)
    rooms = [int((wide - CELL_MARGIN) * CELL_SHARE) for wide in widths]
    shown = [
        [cell._replace(text=_cut_to(cell.text, most, size, room)) for cell, room in zip(row, rooms, strict=True)]
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
        f'<p:graphicFrame {NAMESPACES}><p:nvGraphicFramePr><p:cNvPr id="{canvas.next_id()}" name="{kind} {number}" descr={quoteattr(_line(about))}/>'
        '<p:cNvGraphicFramePr><a:graphicFrameLocks noGrp="1"/></p:cNvGraphicFramePr><p:nvPr/></p:nvGraphicFramePr>'
        f'<p:xfrm><a:off x="{box.left}" y="{box.top}"/><a:ext cx="{sum(widths)}" cy="{sum(heights)}"/></p:xfrm>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table"><a:tbl>'
        f'<a:tblPr firstRow="1"><a:tableStyleId>{TABLE_STYLE}</a:tableStyleId></a:tblPr>'
        f"<a:tblGrid>{columns}</a:tblGrid>{body}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )


def _grid_rows(grid: Grid) -> list[list[Drawn]]:
    head = [Drawn(""), *(Drawn(_line(name), align="ctr", bold=True) for name in grid.columns)]
    return [head] + [
        [Drawn(_line(name)), *(Drawn(_line(cell.text), cell.fill, cell.colour or INK, "ctr") for cell in cells)]
        for name, cells in grid.rows
    ]


def _table_rows(table: Table) -> list[list[Drawn]]:
    columns = [[row[number] for row in table.rows] for number in range(len(table.columns))]
    sides = ["r" if any(map(_is_number, column)) or all(map(_looks_like_number, column)) else "l" for column in columns]
    years = [all(value is None or _is_year(value) for value in column) for column in columns]
    head = [Drawn(_line(name), align=side, bold=True) for name, side in zip(table.columns, sides, strict=True)]
    body = [[Drawn(_plain(value, year), align=side) for value, side, year in zip(row, sides, years, strict=True)] for row in table.rows]
    return [head or [Drawn("–")], *body]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _looks_like_number(value: object) -> bool:
    """A number as people write it, such as ≥ 1,240 or 12 %."""
    return value is None or bool(re.fullmatch(r"[≥≤<>~≈+−-]?\s*\d[\d,.\s]*%?|[–-]", _line(value)))


def _is_year(value: object) -> bool:
    return _is_number(value) and 1900 <= value <= 2100 and float(value).is_integer()


def _plain(value: object, year: bool = False) -> str:
    """A value as a table shows it; a dash for none, up to two decimals."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if not _is_number(value):
        return _line(value)
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
    longest = [max(_ems(row[number].text) * (BOLD if row[number].bold else 1) for row in rows) for number in range(len(rows[0]))]
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
        tallest = max(tallest, min(most, _lines(cell.text, max(1.0, room))) * _leading(cell.text))
    return tallest * size * POINT + 4 * POINT


def _cell(canvas: Canvas, cell: Drawn, size: float, kind: str) -> str:
    sides = ("a:lnL", "a:lnR", "a:lnT", "a:lnB") if kind == "grid" else ("a:lnB",)
    edges = "".join(_edge("#ffffff" if kind == "grid" else LIGHT_LINE, 1, side) for side in sides)
    paragraph = _paragraph(canvas.fonts, cell.text, size, cell.bold, colour=MUTED if cell.bold else cell.colour, align=cell.align)
    margins = f'marL="{CELL_MARGIN // 2}" marR="{CELL_MARGIN // 2}" marT="{POINT}" marB="{POINT}" anchor="ctr"'
    fill = _solid(cell.fill) if cell.fill else "<a:noFill/>"
    return f"<a:tc><a:txBody><a:bodyPr/><a:lstStyle/>{paragraph}</a:txBody><a:tcPr {margins}>{edges}{fill}</a:tcPr></a:tc>"


# ------------------------------------------------------------------ charts

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


def _chart(canvas: Canvas, chart: Chart, box: Box, number: int, about: str) -> None:
    """A native chart with its workbook."""
    most = MOST_BARS if "bar" in chart.kind else MOST_COLUMNS
    count = min(most, len(chart.categories))
    box = _and_more(canvas, f"chart {number}", len(chart.categories) - count, box)
    if not chart.series or (chart.kind != "xy" and not count):
        _text(canvas, Text(("–",)), box, number)
        return
    size = _chart_size(chart, count, box)
    frame = canvas.slide.shapes.add_chart(KINDS[chart.kind], *box, _chart_data(canvas, chart, count, box, size))
    frame.name = f"chart {number}"
    frame._element.nvGraphicFramePr.cNvPr.set("descr", _line(about))
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
    whole = [_line(name) for name in names]
    found = [_cut_to(name, 1, size, width) for name in whole]
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
        if _line(text):
            axis.axis_title.text_frame.text = _line(text)
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
            before.addprevious(parse_xml(f"{start}<c:spPr>{_solid(colour)}</c:spPr></c:dPt>"))
    before.addprevious(parse_xml(_data_labels(chart, series, count, fonts, size)))


def _look(chart: Chart, series) -> str:
    if series.invisible:
        return "<a:noFill/><a:ln><a:noFill/></a:ln>"
    if chart.kind == "xy":
        dash = '<a:prstDash val="dash"/>' if series.dashed else ""
        return f'<a:ln w="{int(2.25 * POINT)}" cap="rnd">{_solid(series.colour)}{dash}<a:round/></a:ln>'
    edge = _edge(series.colour, 1, dashed=True) if series.dashed else ""
    return _solid(series.colour) + edge


def _marker(series) -> str:
    """Few points are marked, so that one alone can be seen."""
    look = '<c:symbol val="none"/>'
    if len(series.values) <= 12 and not series.invisible:
        look = f'<c:symbol val="circle"/><c:size val="5"/><c:spPr>{_solid(series.colour)}<a:ln><a:noFill/></a:ln></c:spPr>'
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
        if _line(text) and _finite(series.values[number]) is not None:
            paragraph = _paragraph(fonts, _line(text), size, colour=_label_colour(chart, series, number))
            own += f'<c:dLbl><c:idx val="{number}"/><c:tx><c:rich><a:bodyPr/><a:lstStyle/>{paragraph}</c:rich></c:tx>'
            own += f'<c:dLblPos val="{place}"/><c:showLegendKey val="0"/><c:showVal val="1"/>{flags}</c:dLbl>'
    paint = _solid(_label_colour(chart, series, -1))
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


# ------------------------------------------------------------------ maps


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


def _map(canvas: Canvas, drawn: Map, box: Box, number: int) -> None:
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


def _maps(canvas: Canvas, drawn: Sequence[Map], area: Box) -> None:
    """Small maps with common classes: one legend, scale and arrow for all, since all are drawn to one scale."""
    area = _map_source(canvas, drawn[0].source, area, 1)
    side = int(min(2.2 * INCH, area.width * 0.22))
    left, at = area._replace(width=area.width - side - 2 * GAP), None
    for number, (part, box) in enumerate(zip(drawn, _cells(left, len(drawn)), strict=True), start=1):
        at = _districts(canvas, part, _map_title(canvas, part.title or " ", box, number), number)
    _key(canvas, drawn[0], Box(area.right - side, area.top, side, area.height), 1, at)


def _map_title(canvas: Canvas, title: str, box: Box, number: int) -> Box:
    """The map's own title, where it has one; returns the area below."""
    if not title:
        return box
    head = box._replace(height=18 * POINT)
    if _line(title):
        size, shown = _fitted(canvas, [_line(title)], head, 12, 8)
        canvas.add(_written(canvas, _named("map title", number), head, shown, size, bold=True))
    return Box(box.left, head.bottom, box.width, box.height - head.height)


def _map_source(canvas: Canvas, source: str, box: Box, number: int) -> Box:
    """Where the boundaries come from, at the foot; returns the area above."""
    if not _line(source):
        return box
    foot = Box(box.left, box.bottom - 14 * POINT, box.width, 14 * POINT)
    canvas.add(_written(canvas, _named("map source", number), foot, [_cut_to(_line(source), 1, 8, box.width)], 8, "b", colour=MUTED))
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
    canvas.add(_group(canvas, f"map {number}", area, shapes, drawn.title or drawn.heading))
    main = [district for district in drawn.districts if district.code not in maps.SMALL]
    # Small maps have room for values only; names stand in their shapes' alternative texts.
    named = at.scale * _extent(whole.bounds)[0] > 3 * INCH
    labels = _labels(canvas, main, whole.points, at, area, named, skip=maps.INNER_DISTRICTS if drawn.inset else ())
    if drawn.inset:
        west, south, east, north = whole.window
        (left, top), (right, bottom) = at.at(west, north), at.at(east, south)
        labels.insert(0, _shape(canvas, "inset window", Box(left, top, right - left, bottom - top), line=MUTED, points=0.75, dashed=True))
    if labels:
        canvas.add(_group(canvas, f"map {number} labels", area, labels))
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
        alt = f"{_line(district.name)}: {_line(district.value)}"
        name, title = (f"{suffix}: {district.name}", f"{district.code} {suffix}") if suffix else (district.name, district.code)
        found.append(_shape(canvas, name, box, fill=district.fill, line=line, points=points, title=title, alt=alt, geometry=geometry))
    return found


def _labels(
    canvas: Canvas, districts: Sequence[District], points: dict[str, tuple[float, float]], at: Placing, area: Box, named: bool,
    skip: Iterable[str] = (), prefix: str = "label",
) -> list[str]:  # fmt: skip
    """Names over values, as large as they can stand without touching. Those in `skip` give way, for they stand in the inset too."""
    shown = {each.code: each for each in districts if each.code in points}
    most = max(10 * 8 * POINT, area.width // 4)
    texts = {
        code: [_cut_to(text, 1, 8, most) for text in (*(_name_lines(each.name) if named else ()), _line(each.value)) if text]
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
        names = len(texts[code]) - bool(_line(shown[code].value)) if named else 0
        lines = [
            _paragraph(canvas.fonts, text, size, colour=shown[code].colour, align="ctr", bold=line < names)
            for line, text in enumerate(texts[code])
        ]
        if lines:
            found.append(_shape(canvas, f"{prefix}: {shown[code].name}", box, lines, anchor="ctr", wrap="none", title=f"{code} {prefix}"))
    return found


def _name_lines(name: str) -> list[str]:
    """A name in two languages on two lines."""
    return [part for part in re.split(r"(?<=[^\u2e80-\uffff])\s+(?=[\u2e80-\uffff])", _line(name), maxsplit=1) if part]


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
    width = int(max(map(_ems, texts), default=1) * size * POINT * BOLD)
    height = int(sum(map(_leading, texts)) * size * POINT)
    left = min(max(centre[0] - width // 2, area.left), max(area.left, area.right - width))
    return Box(left, min(max(centre[1] - height // 2, area.top), area.bottom - height), width, height)


def _touch(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def _core(canvas: Canvas, drawn: Map, box: Box, number: int) -> None:
    """The enlarged core in its frame: the shapes are cut at its window."""
    whole = land()
    at = placing(whole.window, box)
    shapes = [_shape(canvas, "inset background", box, fill="#ffffff")]
    shapes += _outlines(canvas, drawn.districts, whole.core, at, "inset")
    inner = [district for district in drawn.districts if district.code in whole.inner]
    shapes += _labels(canvas, inner, whole.inner, at, box, named=True, prefix="inset label")
    shapes.append(_shape(canvas, "inset frame", box, line=MUTED, points=1))
    canvas.add(_group(canvas, _named("inset", number), box, shapes))


def _key(canvas: Canvas, drawn: Map, box: Box, number: int, at: Placing) -> None:
    """North arrow and scale bar, then the legend: a square and a label per class under their heading."""
    _arrow(canvas, Box(box.left, box.top, 16 * POINT, 34 * POINT), number)
    _scale(canvas, Box(box.left + 16 * POINT + 2 * GAP, box.top, box.width - 16 * POINT - 2 * GAP, 34 * POINT), at, number)
    top = box.top + 34 * POINT + GAP
    heading = _legend_heading(drawn, box.width)
    tall = int(_tall([heading], 11 * BOLD, box.width)) + 4 * POINT
    step = min(20 * POINT, (box.bottom - top - tall) // max(1, len(drawn.legend)))
    square = int(step * 0.7)
    room = box.width - square - 5 * POINT
    longest = max((_ems(_line(label)) for label, _ in drawn.legend), default=1)
    size = max(6, min(11, int(step / POINT / 1.45), int(room / POINT / max(1, longest))))
    shapes = [_written(canvas, "legend: heading", Box(box.left, top, box.width, tall), [heading], 11, bold=True)]
    for line, (label, colour) in enumerate(drawn.legend):
        y = top + tall + line * step
        shown = _cut_to(_line(label), 1, size, room)
        sample = Box(box.left, y + (step - square) // 2, square, square)
        shapes.append(_shape(canvas, f"legend: {shown}", sample, fill=colour, line=MUTED, points=0.5))
        shapes.append(_written(canvas, f"legend label: {shown}", Box(box.right - room, y, room, step), [shown], size, "ctr"))
    canvas.add(_group(canvas, _named("legend", number), Box(box.left, top, box.width, tall + step * len(drawn.legend)), shapes))


def _legend_heading(drawn: Map, width: int) -> str:
    return _cut_to(_line(drawn.heading), 3, 11 * BOLD, width)


def _key_height(drawn: Map, width: int) -> int:
    """Height that arrow, scale and legend need to be read with ease."""
    return int(_tall([_legend_heading(drawn, width)], 11 * BOLD, width)) + (38 + 14 * len(drawn.legend)) * POINT + GAP


def _arrow(canvas: Canvas, box: Box, number: int) -> None:
    letter = box._replace(height=16 * POINT)
    label = _written(canvas, "north arrow label", letter, [_line(canvas.labels.get("north", "N"))], 10, wrap="none", bold=True, align="ctr")
    pointer = Box(box.left + 3 * POINT, letter.bottom, 10 * POINT, 18 * POINT)
    arrow = _shape(canvas, "north arrow", pointer, fill=INK, form="triangle", alt=canvas.labels.get("north", "N"))
    canvas.add(_group(canvas, _named("north", number), box, [label, arrow]))


def _scale(canvas: Canvas, box: Box, at: Placing, number: int) -> None:
    """A bar as long as a round number of kilometres on the map."""
    fits = [each for each in (1, 2, 5, 10, 20, 50, 100) if each * 1000 * at.scale <= min(box.width, 1.6 * INCH)]
    kilometres = fits[-1] if fits else 1
    width = round(kilometres * 1000 * at.scale)
    holder = Box(box.left, box.top + 8 * POINT, max(width, 36 * POINT), 20 * POINT)
    alt = f"{_line(canvas.labels.get('scale', ''))}: {kilometres} km"
    bar = _shape(canvas, "scale bar", Box(box.left, box.top + 24 * POINT, width, 4 * POINT), fill=INK, alt=alt)
    label = _written(canvas, "scale bar label", holder._replace(height=14 * POINT), [f"{kilometres} km"], 9)
    canvas.add(_group(canvas, _named("scale", number), holder, [label, bar]))


# ------------------------------------------------------------------ what the file says about itself


def _describe(presentation, deck: Deck, manifest: dict) -> None:
    """Properties that office programs show, and the manifest where both LibreOffice (properties) and PowerPoint (custom XML) keep it."""
    core = presentation.core_properties
    about = [(_line(name), _line(text)) for name, text in deck.about]
    filters = dict.fromkeys(_line(sentence) for slide in deck.slides for sentence in slide.sentences)
    core.title, core.subject = _short(deck.name), _short("; ".join(filters))
    core.keywords = _short("; ".join(dict.fromkeys(_line(title) for slide in deck.slides for title in slide.titles)))
    core.comments = _short("; ".join(f"{name}: {text}" for name, text in about))
    core.author = core.last_modified_by = "Outreach dashboard"
    core.revision = 1
    made = _moment(deck.manifest.get("time"))
    if made:
        core.created = core.modified = made
    packed = base64.b64encode(zlib.compress(json.dumps(manifest).encode(), 9)).decode()
    package = presentation.part.package
    _drop_related(package._rels, (RT.CUSTOM_PROPERTIES,), lambda part: True)
    kind = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
    package.relate_to(Part(PackURI("/docProps/custom.xml"), kind, package, _properties([*about, (MANIFEST, packed)])), RT.CUSTOM_PROPERTIES)
    _add_own_xml(presentation, packed)


def _add_own_xml(presentation, packed: str) -> None:
    """The manifest as custom XML, in place of one that the template brought along."""
    package = presentation.part.package
    _drop_related(presentation.part.rels, (RT.CUSTOM_XML,), lambda part: OWN_XML.encode() in part.blob)
    taken = {str(part.partname) for part in package.iter_parts()}
    number = next(number for number in range(1, 1000) if f"/customXml/item{number}.xml" not in taken)
    whole = f'<?xml version="1.0" encoding="UTF-8"?><manifest xmlns="{OWN_XML}">{packed}</manifest>'
    item = Part(PackURI(f"/customXml/item{number}.xml"), "application/xml", package, whole.encode())
    presentation.part.relate_to(item, RT.CUSTOM_XML)
    name = f"{{{str(uuid.uuid5(uuid.NAMESPACE_URL, OWN_XML)).upper()}}}"
    schema = f'<ds:schemaRefs><ds:schemaRef ds:uri="{OWN_XML}"/></ds:schemaRefs>'
    itself = (
        f'<?xml version="1.0" encoding="UTF-8"?><ds:datastoreItem ds:itemID="{name}" xmlns:ds="{DATA_STORE}">{schema}</ds:datastoreItem>'
    )
    kind = "application/vnd.openxmlformats-officedocument.customXmlProperties+xml"
    item.relate_to(Part(PackURI(f"/customXml/itemProps{number}.xml"), kind, package, itself.encode()), RT.CUSTOM_XML_PROPS)


def _short(text: str) -> str:
    """The text as core properties take it, 255 signs at most."""
    text = _line(text)
    return text if len(text) <= 255 else text[:254] + "…"


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _properties(pairs: Sequence[tuple[str, str]]) -> bytes:
    """Custom document properties as XML; names are told apart by a number."""
    seen: dict[str, int] = {}
    rows = ""
    for number, (name, text) in enumerate(pairs, start=2):
        seen[name] = count = seen.get(name, 0) + 1
        own = quoteattr((name[:200] or "–") + (f" ({count})" if count > 1 else ""))
        rows += f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" name={own}>'
        rows += f"<vt:lpwstr>{escape(text)}</vt:lpwstr></property>"
    head = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties xmlns="{CUSTOM_PROPERTIES}" xmlns:vt="{PROPERTY_TYPES}">'
    return f"{head}{rows}</Properties>".encode()


def _drop_related(relations, kinds: Sequence[str], meant) -> None:
    for name, relation in list(relations.items()):
        if relation.reltype in kinds and not relation.is_external and meant(relation.target_part):
            relations.pop(name)


# ------------------------------------------------------------------ templates


@cache
def own_template(size: str) -> bytes:
    """An empty presentation with the three layouts, for slides of a size of `SIZES`; a template of one's own may start from it."""
    presentation = Presentation()
    wide, tall = (round(inches * INCH) for inches in SIZES.get(size, SIZES["16:9"]))
    presentation.slide_width, presentation.slide_height = wide, tall
    presentation.part._element.sldSz.attrib.pop("type", None)
    # What the package brings along from the program it was made with: a picture, a printer, counts of nothing.
    _drop_related(presentation.part.package._rels, (RT.THUMBNAIL, RT.EXTENDED_PROPERTIES), lambda part: True)
    _drop_related(presentation.part.rels, (RT.PRINTER_SETTINGS,), lambda part: True)
    layouts = list(presentation.slide_layouts)
    for layout in layouts[3:]:
        presentation.slide_layouts.remove(layout)
    _fit_master(presentation.slide_master, wide, tall)
    for layout, (name, spots) in zip(layouts, _spots(wide, tall).items(), strict=False):
        _own_layout(layout._element, name, spots)
    _asian_theme(presentation.slide_master.part)
    file = io.BytesIO()
    presentation.save(file)
    return file.getvalue()


def _own_layout(element, name: str, spots: list[tuple]) -> None:
    element.attrib.pop("type", None)
    element.set("userDrawn", "1")
    element.cSld.set("name", name)
    tree = element.cSld.spTree
    for old in tree.findall(qn("p:sp")):
        tree.remove(old)
    for number, spot in enumerate(spots, start=2):
        tree.append(parse_xml(_spot(number, *spot)))


def _spots(wide: int, tall: int) -> dict[str, list[tuple]]:
    """The placeholders of each layout: kind, number, name, box, text size, bold, colour, where the text stands."""
    side = INCH // 2
    room = wide - 2 * side
    number = ("sldNum", 12, "Slide Number", Box(wide - side - INCH, tall - INCH * 45 // 100, INCH, INCH // 4), 10, False, MUTED, "ctr")
    title = ("title", 0, "Title", Box(side, INCH * 3 // 10, room, INCH * 19 // 20), 26, True, INK, "b")
    top = INCH * 185 // 100
    return {
        "Outreach title": [
            ("ctrTitle", 0, "Title", Box(side * 2, tall // 5, wide - 4 * side, tall // 4), 38, True, INK, "b"),
            ("subTitle", 1, "Subtitle", Box(side * 2, tall * 48 // 100, wide - 4 * side, tall * 38 // 100), 15, False, MUTED, "t"),
            number,
        ],
        "Outreach item": [
            title,
            ("body", 13, "Filters", Box(side, INCH * 129 // 100, room, INCH * 46 // 100), 13, False, MUTED, "t"),
            ("", 1, "Content", Box(side, top, room, tall - top - INCH * 112 // 100), 14, False, INK, "t"),
            ("body", 14, "Footnotes", Box(side, tall - INCH, room - INCH * 6 // 5, INCH * 7 // 10), 10, False, MUTED, "b"),
            number,
        ],
        "Outreach sources": [title, ("", 1, "Content", Box(side, INCH * 14 // 10, room, tall - INCH * 2), 11, False, INK, "t"), number],
    }  # fmt: skip


def _spot(id: int, kind: str, number: int, name: str, box: Box, size: int, bold: bool, colour: str, anchor: str) -> str:
    """A placeholder of a layout as XML."""
    holder = (f' type="{kind}"' if kind else "") + (f' idx="{number}"' if number else "")
    style = f'<a:spcBef><a:spcPts val="0"/></a:spcBef><a:buNone/><a:defRPr sz="{size * 100}" b="{int(bold)}">{_solid(colour)}</a:defRPr>'
    levels = f'<a:lvl1pPr marL="0" indent="0" algn="{"r" if kind == "sldNum" else "l"}">{style}</a:lvl1pPr>'
    inside = f'<a:r><a:rPr lang="en-GB"/><a:t>{name}</a:t></a:r>'
    if kind == "sldNum":
        inside = f'<a:fld id="{NUMBER_FIELD}" type="slidenum"><a:rPr lang="en-GB"/><a:t>‹#›</a:t></a:fld>'
    return (
        f'<p:sp {NAMESPACES}><p:nvSpPr><p:cNvPr id="{id}" name="{name}"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr>'
        f"<p:nvPr><p:ph{holder}/></p:nvPr></p:nvSpPr><p:spPr>"
        f'<a:xfrm><a:off x="{box.left}" y="{box.top}"/><a:ext cx="{box.width}" cy="{box.height}"/></a:xfrm></p:spPr>'
        f'<p:txBody><a:bodyPr lIns="0" tIns="0" rIns="0" bIns="0" anchor="{anchor}"><a:noAutofit/></a:bodyPr>'
        f"<a:lstStyle>{levels}</a:lstStyle><a:p>{inside}</a:p></p:txBody></p:sp>"
    )


def _fit_master(master, wide: int, tall: int) -> None:
    """The master's own placeholders, made for 10 × 7.5 inches, at the size of these slides."""
    for spot in master.placeholders:
        spot.left, spot.width = spot.left * wide // (10 * INCH), spot.width * wide // (10 * INCH)
        spot.top, spot.height = spot.top * tall * 2 // (15 * INCH), spot.height * tall * 2 // (15 * INCH)


def _theme_part(part):
    return next((relation.target_part for relation in part.rels.values() if relation.reltype == RT.THEME), None)


def _asian_theme(part) -> None:
    found = _theme_part(part)
    root = etree.fromstring(found.blob)
    for face in root.iter(qn("a:ea")):
        face.set("typeface", Fonts().asian)
    found._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _opened(path: str) -> tuple:
    """A template without its slides, and the typefaces of its theme.

    Raises OutreachError when it cannot be read, or with everything that is missing in it.
    """
    try:
        presentation = Presentation(path)
    except Exception as error:
        raise OutreachError(
            N_("{path}: cannot be read as a PowerPoint template ({error}). Save it as .pptx, and correct OUTREACH_TEMPLATE or unset it."),
            path=path,
            error=_line(error),
        ) from error
    layouts = _layouts(presentation)
    missing = []
    for name, wanted in LAYOUTS.items():
        found = {spot.name for spot in layouts[name].placeholders if spot.width} if name in layouts else set()
        missing += [f"“{name}” → “{spot}”" for spot in wanted if spot not in found] if name in layouts else [f"“{name}”"]
    if missing:
        raise OutreachError(
            N_("{path}: the template lacks these layouts or placeholders: {missing}. Add them in the slide master view and save it again."),
            path=path,
            missing=", ".join(missing),
        )
    _without_slides(presentation)
    return presentation, _theme_fonts(layouts["Outreach item"].slide_master.part)


def _theme_fonts(part) -> Fonts:
    """The theme's own faces by reference; Microsoft YaHei where the theme names no East Asian one."""
    found = _theme_part(part)
    face = etree.fromstring(found.blob).find(f".//{qn('a:minorFont')}/{qn('a:ea')}") if found is not None else None
    return Fonts("+mn-lt", "+mn-ea" if face is not None and face.get("typeface") else Fonts().asian)


def _without_slides(presentation) -> None:
    """Take out a template's slides with their relationships, and the sections and shows that name them."""
    listed = presentation.slides._sldIdLst
    for entry in list(listed):
        presentation.part.drop_rel(entry.rId)
        listed.remove(entry)
    element = presentation.part._element
    for shows in element.findall(qn("p:custShowLst")):
        element.remove(shows)
    for extension in element.iter(qn("p:ext")):
        if any(etree.QName(child).localname == "sectionLst" for child in extension):
            extension.getparent().remove(extension)
            break


# ------------------------------------------------------------------ reading


def read(content: bytes) -> Read:
    """The facts of a presentation that the dashboard wrote and somebody may have edited since.

    Raises OutreachError for anything that is no PPTX.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > LARGEST_FILE:
                raise zipfile.BadZipFile("too large")
        presentation = Presentation(io.BytesIO(content))
        manifest = _manifest(presentation)
        slides, others = _facts(presentation, manifest or {})
    except (
        zipfile.BadZipFile,
        PythonPptxError,
        etree.LxmlError,
        KeyError,
        ValueError,
        AttributeError,
        TypeError,
        OSError,
        zlib.error,
    ) as error:
        raise OutreachError(
            N_("The file cannot be read as a presentation ({error}). Save it as .pptx and choose it again."), error=_line(error)
        ) from error
    return Read(manifest, slides, others)


def _manifest(presentation) -> dict | None:
    """The manifest from the custom properties, else from the custom XML."""
    package = presentation.part.package
    packed = []
    for relation in package._rels.values():
        if relation.reltype == RT.CUSTOM_PROPERTIES:
            root = _parsed(relation.target_part.blob)
            packed += [each.xpath("string()") for each in root if each.get("name") == MANIFEST]
    for relation in presentation.part.rels.values():
        if relation.reltype == RT.CUSTOM_XML and not relation.is_external and OWN_XML.encode() in relation.target_part.blob:
            packed.append(_parsed(relation.target_part.blob).xpath("string()"))
    return next((found for found in map(_unpacked, packed) if found is not None), None)


def _parsed(blob: bytes):
    return etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True))


def _unpacked(text: str) -> dict | None:
    try:
        stream = zlib.decompressobj()
        whole = json.loads(stream.decompress(base64.b64decode(text, validate=False), LARGEST_FILE))
    except (binascii.Error, zlib.error, ValueError):
        return None
    return whole if isinstance(whole, dict) else None


Facts = dict[str, str | float]


def _facts(presentation, manifest: dict) -> tuple[dict[str, Facts], int]:
    """Facts of the item slides by key, and the number of slides that are not ours; of two slides with one key the first counts."""
    found: dict[str, Facts] = {}
    others = 0
    exported = manifest.get("exported") or {}
    for slide in presentation.slides:
        key = _key_of(slide)
        if key is None or (key.startswith("item:") and key[5:] in found):
            others += 1
        elif key.startswith("item:"):
            found[key[5:]] = _restored(_slide_facts(slide, manifest.get("names") or {}), exported.get(key[5:]) or {})
    return found, others


def _key_of(slide) -> str | None:
    names = [each.get("name", "") for each in slide._element.iter(qn("p:cNvPr"))]
    return next((name[len(MARK) :] for name in [*names, slide._element.cSld.get("name", "")] if name.startswith(MARK)), None)


def _restored(facts: Facts, exported: Facts) -> Facts:
    """LibreOffice drops every alternative text of a shape; where none is left at all, they were not edited."""
    if any(name.endswith("/alt") for name in facts):
        return facts
    return facts | {name: text for name, text in exported.items() if name.endswith("/alt") and name[:-4] + "/fill" in facts}


def _slide_facts(slide, names: dict[str, str]) -> Facts:
    """Everything on an item slide that a person might edit."""
    facts: Facts = {}
    roles = ["title", "filters", "footnotes"]
    for shape in slide.shapes._spTree:
        name, kind = _name_of(shape), etree.QName(shape).localname
        holder = shape.find(f"{qn('p:nvSpPr')}/{qn('p:nvPr')}/{qn('p:ph')}")
        if name.startswith(MARK) or kind in ("nvGrpSpPr", "grpSpPr", "extLst"):
            continue
        if holder is not None:
            if holder.get("type") not in ("sldNum", "dt", "ftr"):
                role = name.lower() if name.lower() in roles else (roles or [f"shape/{name}"])[0]
                roles = [each for each in roles if each != role]
                _put(facts, role, _text_of(shape))
        elif kind == "graphicFrame":
            _frame_facts(facts, slide, shape, name)
        elif kind == "grpSp" and re.fullmatch(r"(map \d+( labels)?|inset( \d+)?)", name):
            _map_facts(facts, shape, name, names)
        elif kind == "grpSp":
            for inner in shape.iter(qn("p:sp"), qn("p:pic")):
                _other_facts(facts, inner, _numbered(name))
        elif name in ("findings", "note") or re.fullmatch(r"text \d+", name):
            _text_facts(facts, shape, name)
        elif name != "slide number":
            _other_facts(facts, shape, "")
    return facts


def _name_of(shape) -> str:
    about = shape.find(f".//{qn('p:cNvPr')}")
    return _line(about.get("name", "")) if about is not None else ""


def _numbered(name: str) -> str:
    """The number in a group's name, where it is not the first of its kind."""
    found = re.search(r" (\d+)$", name)
    return f" {found.group(1)}" if found else ""


def _put(facts: Facts, name: str, value: str | float) -> None:
    """Add a fact; a name that is taken gets a number."""
    if value == "":
        return
    number = 2
    own = name
    while own in facts:
        own, number = f"{name} ({number})", number + 1
    facts[own] = value


def _text_of(element) -> str:
    return _line(" ".join(_paragraph_text(each) for each in element.iter(qn("a:p"))))


def _paragraph_text(paragraph) -> str:
    return "".join(each.text or "" if each.tag == qn("a:t") else " " for each in paragraph.iter(qn("a:t"), qn("a:br")))


def _text_facts(facts: Facts, shape, name: str) -> None:
    if name == "note":
        _put(facts, "note", _text_of(shape))
        return
    kind = "findings" if name == "findings" else "text" if name == "text 1" else name
    texts = [text for text in (_line(_paragraph_text(each)) for each in shape.iter(qn("a:p"))) if text]
    for number, text in enumerate(texts, start=1):
        _put(facts, f"{kind}/{number}", text)


def _other_facts(facts: Facts, shape, suffix: str) -> None:
    """Legend, headings, and whatever somebody has added."""
    name = _name_of(shape) + suffix
    if shape.tag == qn("p:pic"):
        _put(facts, f"shape/{name}", "picture")
        return
    _put(facts, f"shape/{name}", _text_of(shape))
    if name.startswith("legend: "):
        _put(facts, f"shape/{name}/fill", _fill_of(shape.find(qn("p:spPr"))))


def _fill_of(properties) -> str:
    """The solid fill as `#RRGGBB`, or the name of the theme's colour; '' for none."""
    paint = properties.find(qn("a:solidFill")) if properties is not None else None
    if paint is None or not len(paint):
        return ""
    value = paint[0].get("val", "")
    return f"#{value.upper()}" if paint[0].tag == qn("a:srgbClr") else value


def _map_facts(facts: Facts, group, name: str, names: dict[str, str]) -> None:
    number = (re.findall(r"\d+", name) or ["1"])[0]
    kind = "map" if number == "1" else f"map {number}"
    for shape in group.iter(qn("p:sp"), qn("p:pic")):
        about = shape.find(f".//{qn('p:cNvPr')}")
        prefix, plain = re.fullmatch(r"(?:(inset label|inset|label): )?(.*)", _line(about.get("name", ""))).groups()
        code = (about.get("title", "").split() or [""])[0] or names.get(plain, "")
        if not code:
            _other_facts(facts, shape, _numbered(name))
        elif prefix in ("label", "inset label"):
            _put(facts, f"{kind}/{code}/{prefix}", _text_of(shape))
        else:
            _put(facts, f"{kind}/{code}/{prefix or 'fill'}", _fill_of(shape.find(qn("p:spPr"))))
            if not prefix:
                _put(facts, f"{kind}/{code}/alt", _line(about.get("descr", "")))


def _frame_facts(facts: Facts, slide, frame, name: str) -> None:
    chart = frame.find(f".//{qn('c:chart')}")
    table = frame.find(f".//{qn('a:tbl')}")
    if chart is not None:
        part = slide.part.related_part(chart.get(qn("r:id")))
        _chart_facts(facts, part._element, "chart/" + (re.findall(r"\d+", name) or [name])[0])
    elif table is not None:
        for row, cells in enumerate(table.iter(qn("a:tr"))):
            for column, cell in enumerate(cells.findall(qn("a:tc"))):
                place = f"{name.removesuffix(' 1')}/{row}/{column}"
                _put(facts, place, _text_of(cell))
                _put(facts, f"{place}/fill", _fill_of(cell.find(qn("a:tcPr"))))
    else:
        _put(facts, f"shape/{name}", "object")


def _chart_facts(facts: Facts, space, name: str) -> None:
    """Values, colours and labels of a chart. In names of facts a slash inside a label is written ∕."""
    for number, series in enumerate(space.iter(qn("c:ser"))):
        names = {index: _line(text) for index, text in _points_of(series.find(qn("c:cat"))).items()}
        if number == 0:
            for index, text in names.items():
                _put(facts, f"{name}/categories/{index}", text)
        called = _line(_points_of(series.find(qn("c:tx"))).get(0, "")) or str(number + 1)
        _series_facts(facts, series, _free(facts, f"{name}/{_segment(called)}"), names)
    titles = [*space.findall(f"{qn('c:chart')}/{qn('c:title')}"), *space.findall(f".//{qn('c:plotArea')}/*/{qn('c:title')}")]
    for title in titles:
        _put(facts, f"{name}/title", _text_of(title))


def _series_facts(facts: Facts, series, name: str, categories: dict[int, str]) -> None:
    across, colour, points, labels = _points_of(series.find(qn("c:xVal"))), _colour_of(series), _point_colours(series), _own_labels(series)
    told_apart = len(set(categories.values())) == len(categories)
    for index, text in _points_of(_first(series, "c:val", "c:yVal")).items():
        place = f"{name}/{_segment(categories[index]) if told_apart and categories.get(index) else index}"
        found = {place: _value(text), f"{place}/colour": points.get(index, colour), f"{place}/label": labels.get(index, "")}
        if index in across:
            found[f"{place}/x"] = _value(across[index])
        for fact, value in found.items():
            _put(facts, fact, value)


def _first(element, *tags: str):
    return next((found for found in (element.find(qn(tag)) for tag in tags) if found is not None), None)


def _segment(text: str) -> str:
    return _line(text).replace("/", "∕")


def _free(facts: Facts, name: str) -> str:
    """The name of a series, with a number where an earlier one has the same."""
    own, number = name, 2
    while any(fact.startswith(f"{own}/") for fact in facts):
        own, number = f"{name} ({number})", number + 1
    return own


def _points_of(element) -> dict[int, str]:
    """The cached points of a reference, by index."""
    if element is None:
        return {}
    points = {int(point.get("idx")): (point.findtext(qn("c:v")) or "") for point in element.iter(qn("c:pt"))}
    direct = element.find(qn("c:v"))
    return points or ({0: direct.text or ""} if direct is not None else {})


def _value(text: str) -> str | float:
    try:
        return float(f"{float(text):.9g}")
    except ValueError:
        return _line(text)


def _colour_of(series) -> str:
    look = series.find(qn("c:spPr"))
    if look is None:
        return ""
    line = look.find(qn("a:ln"))
    return _fill_of(look) or (_fill_of(line) if series.find(qn("c:yVal")) is not None else "")


def _point_colours(series) -> dict[int, str]:
    found = {int(point.find(qn("c:idx")).get("val")): _fill_of(point.find(qn("c:spPr"))) for point in series.findall(qn("c:dPt"))}
    return {index: colour for index, colour in found.items() if colour}


def _own_labels(series) -> dict[int, str]:
    """Labels that were written, not counted, by index."""
    own = series.iter(qn("c:dLbl"))
    return {
        int(label.find(qn("c:idx")).get("val")): _text_of(label.find(qn("c:tx"))) for label in own if label.find(qn("c:tx")) is not None
    }
