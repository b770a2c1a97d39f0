"""From a presentation back to flat facts."""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import zipfile
import zlib

from lxml import etree
from pptx import Presentation
from pptx.exc import PythonPptxError
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.oxml.ns import qn

from analytics.errors import N_, OutreachError
from analytics.export.parts import Read
from analytics.export.slides.drawing import LARGEST_FILE, MANIFEST, MARK, OWN_XML, one_line

Facts = dict[str, str | float]


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
        slides, others = facts_of(presentation, manifest or {})
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
            N_("The file cannot be read as a presentation ({error}). Save it as .pptx and choose it again."), error=one_line(error)
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


def facts_of(presentation, manifest: dict) -> tuple[dict[str, Facts], int]:
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
    return one_line(about.get("name", "")) if about is not None else ""


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
    return one_line(" ".join(_paragraph_text(each) for each in element.iter(qn("a:p"))))


def _paragraph_text(paragraph) -> str:
    return "".join(each.text or "" if each.tag == qn("a:t") else " " for each in paragraph.iter(qn("a:t"), qn("a:br")))


def _text_facts(facts: Facts, shape, name: str) -> None:
    if name == "note":
        _put(facts, "note", _text_of(shape))
        return
    kind = "findings" if name == "findings" else "text" if name == "text 1" else name
    texts = [text for text in (one_line(_paragraph_text(each)) for each in shape.iter(qn("a:p"))) if text]
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
        prefix, plain = re.fullmatch(r"(?:(inset label|inset|label): )?(.*)", one_line(about.get("name", ""))).groups()
        code = (about.get("title", "").split() or [""])[0] or names.get(plain, "")
        if not code:
            _other_facts(facts, shape, _numbered(name))
        elif prefix in ("label", "inset label"):
            _put(facts, f"{kind}/{code}/{prefix}", _text_of(shape))
        else:
            _put(facts, f"{kind}/{code}/{prefix or 'fill'}", _fill_of(shape.find(qn("p:spPr"))))
            if not prefix:
                _put(facts, f"{kind}/{code}/alt", one_line(about.get("descr", "")))


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
        names = {index: one_line(text) for index, text in _points_of(series.find(qn("c:cat"))).items()}
        if number == 0:
            for index, text in names.items():
                _put(facts, f"{name}/categories/{index}", text)
        called = one_line(_points_of(series.find(qn("c:tx"))).get(0, "")) or str(number + 1)
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
    return one_line(text).replace("/", "∕")


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
        return one_line(text)


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
