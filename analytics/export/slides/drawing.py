"""What every part of a slide is drawn with: boxes, typefaces, texts that are measured before they are set, shapes as XML.

Lengths are EMU (914,400 to the inch) unless said otherwise; text sizes are points.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from pptx.oxml import parse_xml

from analytics import theme
from analytics.export.parts import Text

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
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ASIAN = re.compile("[\u2e80-\ufffd]")
WORDS = re.compile(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]+|\s+")


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


def layouts_by_name(presentation) -> dict:
    """Layouts by name, the first of each."""
    found: dict = {}
    for master in presentation.slide_masters:
        for layout in master.slide_layouts:
            found.setdefault(layout.name, layout)
    return found


def _clean(text: object) -> str:
    """The text without what XML cannot carry."""
    return NOT_XML.sub("", str(text))


def one_line(text: object) -> str:
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


def width_in_ems(text: str) -> float:
    """Estimated width of a text in ems: East Asian signs are one wide, Latin ones about half."""
    return sum(map(_em, text))


def broken_lines(text: str, room: float) -> int:
    """Lines that a text takes where `room` ems fit into one: Latin words stay whole, Chinese breaks anywhere."""
    lines, used = 1, 0.0
    for word in WORDS.findall(text):
        wide = width_in_ems(word)
        if used + wide <= room or word.isspace():
            used += wide
            continue
        lines += 1 if used else 0
        extra = math.ceil(wide / room) - 1 if wide > room else 0
        lines, used = lines + extra, wide - extra * room
    return lines


def line_spacing(text: str) -> float:
    """Height of a line as a share of the text size: Chinese faces stand taller."""
    return 1.45 if ASIAN.search(text) else 1.22


def tallness(texts: Sequence[str], size: float, width: int, before: float = 0.0) -> float:
    """Height of paragraphs; `before` is the space above each, as a share of the size."""
    room = max(1.0, width / POINT / size)
    return sum((broken_lines(text, room) * line_spacing(text) + before) * size * POINT for text in texts)


def fitted(canvas: Canvas, texts: Sequence[str], box: Box, largest: float, smallest: float, before: float = 0.0) -> tuple[float, list[str]]:
    """The largest size at which the paragraphs fit, and the paragraphs; at the smallest size the rest is cut and goes to the notes."""
    size = largest
    while size > smallest and tallness(texts, size, box.width, before) > box.height:
        size = max(smallest, size - (1 if size > 12 else 0.5))
    kept, left = [], float(box.height)
    for number, text in enumerate(texts):
        tall = tallness([text], size, box.width, before)
        if tall <= left:
            kept.append(text)
            left -= tall
            continue
        lines = int((left / POINT / size - before) / line_spacing(text))
        if lines >= 1:
            kept.append(cut_to(text, lines, size, box.width))
        elif kept:
            kept[-1] = cut_to(kept[-1] + " …", broken_lines(kept[-1], box.width / POINT / size), size, box.width)
        canvas.cut += texts[number - (lines < 1 and number > 0) :]
        break
    return size, kept


def cut_to(text: str, lines: int, size: float, width: int) -> str:
    """The text, or as much of it as fits into so many lines, then an ellipsis."""
    room = max(1.0, width / POINT / size)
    if broken_lines(text, room) <= lines:
        return text
    short, long = 0, len(text)
    while short < long:
        middle = (short + long + 1) // 2
        short, long = (middle, long) if broken_lines(text[:middle].rstrip() + "…", room) <= lines else (short, middle - 1)
    return text[:short].rstrip() + "…"


def _language(text: str) -> str:
    return 'lang="zh-CN" altLang="en-GB"' if ASIAN.search(text) else 'lang="en-GB" altLang="zh-CN"'


def paragraph_xml(
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
        return head + (run_xml(fonts, text, size, bold, italic, colour) if _clean(text) else "") + tail + "</a:p>"
    # An empty paragraph would stand as tall as text of the default size.
    return head + f'<a:endParaRPr lang="en-GB"{_weight(size, bold, italic)}>{fonts.xml}</a:endParaRPr></a:p>'


def run_xml(fonts: Fonts, text: str, size: float = 0, bold: bool = False, italic: bool = False, colour: str = "", link: str = "") -> str:
    """A run as XML, with its typefaces and language; `link` is a relationship of the slide."""
    target = f'<a:hlinkClick r:id="{link}"/>' if link else ""
    look = f"{solid_xml(colour) if colour else ''}{fonts.xml}{target}"
    return f"<a:r><a:rPr {_language(text)}{_weight(size, bold, italic)}>{look}</a:rPr><a:t>{escape(_clean(text))}</a:t></a:r>"


def _weight(size: float, bold: bool, italic: bool) -> str:
    return (f' sz="{int(size * 100)}"' if size else "") + (' b="1"' if bold else "") + (' i="1"' if italic else "")


def solid_xml(colour: str) -> str:
    """A plain fill as XML."""
    return f'<a:solidFill><a:srgbClr val="{colour.lstrip("#").upper()}"/></a:solidFill>'


def edge_xml(colour: str, points: float, tag: str = "a:ln", dashed: bool = False) -> str:
    """A line as XML."""
    dash = '<a:prstDash val="dash"/>' if dashed else ""
    return f'<{tag} w="{int(points * POINT)}">{solid_xml(colour)}{dash}</{tag}>' if colour else f"<{tag}><a:noFill/></{tag}>"


def shape_xml(
    canvas: Canvas, name: str, box: Box, paragraphs: Sequence[str] = (), fill: str = "", line: str = "", points: float = 0.75,
    anchor: str = "t", form: str = "rect", title: str = "", alt: str = "", inset: int = 0, wrap: str = "square", geometry: str = "", dashed: bool = False,
) -> str:  # fmt: skip
    """A shape as XML, with its text, fill and outline; `title` and `alt` are what a screen reader says."""
    about = (f" descr={quoteattr(one_line(alt))}" if alt else "") + (f" title={quoteattr(one_line(title))}" if title else "")
    body = "".join(paragraphs) or paragraph_xml(canvas.fonts, "", 8)
    text_box = ' txBox="1"' if paragraphs and not fill and not line else ""
    drawn = geometry or f'<a:prstGeom prst="{form}"><a:avLst/></a:prstGeom>'
    return (
        f'<p:sp {NAMESPACES}><p:nvSpPr><p:cNvPr id="{canvas.next_id()}" name={quoteattr(one_line(name))}{about}/><p:cNvSpPr{text_box}/><p:nvPr/></p:nvSpPr>'
        f'<p:spPr><a:xfrm><a:off x="{int(box.left)}" y="{int(box.top)}"/><a:ext cx="{int(box.width)}" cy="{int(box.height)}"/></a:xfrm>'
        f"{drawn}{solid_xml(fill) if fill else '<a:noFill/>'}{edge_xml(line, points, dashed=dashed)}</p:spPr>"
        f'<p:txBody><a:bodyPr wrap="{wrap}" lIns="{inset}" tIns="{inset}" rIns="{inset}" bIns="{inset}" rtlCol="0" anchor="{anchor}"><a:noAutofit/></a:bodyPr>'
        f"<a:lstStyle/>{body}</p:txBody></p:sp>"
    )


def text_shape(
    canvas: Canvas, name: str, box: Box, texts: Sequence[str], size: float, anchor: str = "t", wrap: str = "square", **style
) -> str:
    """A text box as XML, a paragraph per text."""
    style = {"colour": INK} | style
    return shape_xml(canvas, name, box, [paragraph_xml(canvas.fonts, text, size, **style) for text in texts], anchor=anchor, wrap=wrap)


def group_shapes(canvas: Canvas, name: str, box: Box, shapes: Sequence[str], alt: str = "") -> str:
    """Shapes held together; the group's own coordinates are the slide's."""
    place = f'x="{int(box.left)}" y="{int(box.top)}"', f'cx="{int(box.width)}" cy="{int(box.height)}"'
    about = f" descr={quoteattr(one_line(alt))}" if alt else ""
    return (
        f'<p:grpSp {NAMESPACES}><p:nvGrpSpPr><p:cNvPr id="{canvas.next_id()}" name={quoteattr(one_line(name))}{about}/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
        f"<p:grpSpPr><a:xfrm><a:off {place[0]}/><a:ext {place[1]}/><a:chOff {place[0]}/><a:chExt {place[1]}/></a:xfrm></p:grpSpPr>{''.join(shapes)}</p:grpSp>"
    )


def cells_of(area: Box, count: int) -> list[Box]:
    """The area in equal parts: one row up to three, then two, then more."""
    columns = count if count <= 3 else math.ceil(count / (2 if count <= 8 else 3))
    rows = math.ceil(count / columns)
    width, height = (area.width - (columns - 1) * 2 * GAP) // columns, (area.height - (rows - 1) * GAP) // rows
    return [
        Box(area.left + (number % columns) * (width + 2 * GAP), area.top + (number // columns) * (height + GAP), width, height)
        for number in range(count)
    ]


def draw_text(canvas: Canvas, text: Text, box: Box, number: int) -> None:
    """Sentences as paragraphs in a text box of their own."""
    size, shown = fitted(canvas, [each for each in map(one_line, text.sentences) if each], box, 20, 9, 0.4)
    canvas.add(text_shape(canvas, f"text {number}", box, shown or ["–"], size, before=0.4))


def say_what_is_cut(canvas: Canvas, name: str, left: int, box: Box) -> Box:
    """A line at the foot of a box that counts what is left out; returns the box above it."""
    if not left:
        return box
    text = one_line(canvas.more(left))
    canvas.cut.append(f"{name}: {text}")
    tall = 16 * POINT
    canvas.add(text_shape(canvas, f"more: {name}", Box(box.left, box.bottom - tall, box.width, tall), [text], 10, colour=MUTED))
    return box._replace(height=box.height - tall)


def drop_related(relations, kinds: Sequence[str], meant) -> None:
    """Let go of the parts that stand in these relations."""
    for name, relation in list(relations.items()):
        if relation.reltype in kinds and not relation.is_external and meant(relation.target_part):
            relations.pop(name)
