"""A briefing as PPTX: native charts, tables and shapes that can be edited, and the way back from the file to flat facts.

Every slide is made from one of three layouts that are looked up by name, in a template of one's own as in the one built here.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from pptx import Presentation
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn

from analytics.export.parts import Deck, Map, Slide, Source
from analytics.export.slides.content import draw_findings, draw_parts
from analytics.export.slides.drawing import (
    BOLD,
    INCH,
    INK,
    LAYOUTS,
    MARK,
    MUTED,
    NAMESPACES,
    NUMBER_FIELD,
    POINT,
    RECTANGLE,
    SOURCE_GAP,
    TEMPLATE_SETTING,
    Box,
    Canvas,
    Fonts,
    cut_to,
    fitted,
    layouts_by_name,
    one_line,
    paragraph_xml,
    run_xml,
    shape_xml,
    tallness,
)
from analytics.export.slides.properties import describe
from analytics.export.slides.reading import facts_of, read
from analytics.export.slides.templates import opened_template, own_template

__all__ = ["own_template", "read", "write"]


def write(deck: Deck, template: str | Path | None = None) -> bytes:
    """The briefing as a PPTX file: a title slide, a slide per item, then sources and definitions.

    `template` (or the setting OUTREACH_TEMPLATE) is a .pptx whose size, theme and layouts are kept. The manifest goes into the file,
    with `exported`, the facts of every slide as `read` gives them.
    Raises OutreachError when the template cannot be read or lacks a layout or placeholder.
    """
    path = str(template or os.environ.get(TEMPLATE_SETTING, "") or "")
    presentation, fonts = opened_template(path) if path else (Presentation(io.BytesIO(own_template(deck.size))), Fonts())
    layouts = layouts_by_name(presentation)
    _title_slide(presentation, layouts, deck, fonts)
    for slide in deck.slides:
        _item_slide(presentation, layouts, slide, deck.labels, fonts)
    _source_slides(presentation, layouts, deck, fonts)
    drawn = [part for slide in deck.slides for part in slide.parts if isinstance(part, Map)]
    names = {one_line(district.name): district.code for each in drawn for district in each.districts}
    slides, _ = facts_of(presentation, {"names": names})
    describe(presentation, deck, dict(deck.manifest) | {"names": names, "exported": slides})
    file = io.BytesIO()
    presentation.save(file)
    return file.getvalue()


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
    drawn = draw_findings(canvas, slide, area)
    draw_parts(canvas, slide.parts or (slide.table,), drawn, " / ".join(slide.titles))
    lines = [*slide.sentences, *(f"{word}: {meaning}" for word, meaning in slide.definitions), *slide.footnotes]
    _notes(canvas, [*lines, *map(_cited, slide.sources), *([slide.link] if slide.link else [])])


def _started(presentation, layout, key: str, fonts: Fonts, labels: dict[str, str]) -> tuple[Canvas, dict]:
    """A slide of a layout with its mark and number, and its placeholders under the names that the layout gives them."""
    slide = presentation.slides.add_slide(layout)
    slide._element.cSld.set("name", one_line(MARK + key))
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
    canvas.add(shape_xml(canvas, MARK + key, Box(0, 0, INCH // 20, INCH // 20)))
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
    wanted = [text for text in map(one_line, texts) if text]
    largest = _layout_size(spot)
    left, top, right, bottom = _margins(spot)
    # Titles are mostly bold.
    width = (spot.width - left - right) / (BOLD if spot.name == "Title" else 1)
    size, shown = fitted(canvas, wanted, Box(spot.left, spot.top, int(width), spot.height - top - bottom), largest, smallest)
    style = {"plain": True} | ({"size": size} if size != largest else {})
    _paragraphs_into(spot._element.txBody, [paragraph_xml(canvas.fonts, text, **style) for text in shown or ["\u00a0"]])


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
        texts = dict.fromkeys(text for text in map(one_line, [*lines, *canvas.cut]) if text)
        _paragraphs_into(body._txBody, [paragraph_xml(canvas.fonts, text) for text in texts or [""]])


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
        url = cut_to(one_line(self.url), 2, self.size, width)
        return Entry(cut_to(one_line(self.text), 3, self.size, width), url if one_line(self.url) else "", self.heading)


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
        tall = tallness([f"{shown.text} {shown.url}"], shown.size, spot.width, SOURCE_GAP)
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
        tail = run_xml(fonts, entry.url, entry.size, colour=MUTED, link=relation) if entry.url else ""
        paragraphs.append(
            paragraph_xml(
                fonts, f"{entry.text} " if tail else entry.text, entry.size, bold=entry.heading, colour=INK, before=SOURCE_GAP, tail=tail
            )
        )
    if paragraphs:
        canvas.add(shape_xml(canvas, "sources", area, paragraphs))


def _address(url: str) -> str:
    """The address as a link may carry it; '' where it is none of the web."""
    try:
        whole = urlsplit(one_line(url))
    except ValueError:
        return ""
    return quote(whole.geturl(), safe="%/:=&?~#+!$,;'@()*[]") if whole.scheme in ("http", "https") and whole.netloc else ""
