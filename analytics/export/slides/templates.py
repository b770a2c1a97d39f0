"""The template: one of the user's own, or the one built here."""

from __future__ import annotations

import io
from functools import cache

from lxml import etree
from pptx import Presentation
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn

from analytics.errors import N_, OutreachError
from analytics.export.slides.drawing import (
    INCH,
    INK,
    LAYOUTS,
    MUTED,
    NAMESPACES,
    NUMBER_FIELD,
    SIZES,
    Box,
    Fonts,
    drop_related,
    layouts_by_name,
    one_line,
    solid_xml,
)


@cache
def own_template(size: str) -> bytes:
    """An empty presentation with the three layouts, for slides of a size of `SIZES`; a template of one's own may start from it."""
    presentation = Presentation()
    wide, tall = (round(inches * INCH) for inches in SIZES.get(size, SIZES["16:9"]))
    presentation.slide_width, presentation.slide_height = wide, tall
    presentation.part._element.sldSz.attrib.pop("type", None)
    # What the package brings along from the program it was made with: a picture, a printer, counts of nothing.
    drop_related(presentation.part.package._rels, (RT.THUMBNAIL, RT.EXTENDED_PROPERTIES), lambda part: True)
    drop_related(presentation.part.rels, (RT.PRINTER_SETTINGS,), lambda part: True)
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
    style = f'<a:spcBef><a:spcPts val="0"/></a:spcBef><a:buNone/><a:defRPr sz="{size * 100}" b="{int(bold)}">{solid_xml(colour)}</a:defRPr>'
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


def opened_template(path: str) -> tuple:
    """A template without its slides, and the typefaces of its theme.

    Raises OutreachError when it cannot be read, or with everything that is missing in it.
    """
    try:
        presentation = Presentation(path)
    except Exception as error:
        raise OutreachError(
            N_("{path}: cannot be read as a PowerPoint template ({error}). Save it as .pptx, and correct OUTREACH_TEMPLATE or unset it."),
            path=path,
            error=one_line(error),
        ) from error
    layouts = layouts_by_name(presentation)
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
