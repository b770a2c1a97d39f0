"""What the file says about itself: document properties, and the record that a later check reads."""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI

from analytics.export.parts import Deck
from analytics.export.slides.drawing import CUSTOM_PROPERTIES, DATA_STORE, MANIFEST, OWN_XML, PROPERTY_TYPES, drop_related, one_line


def describe(presentation, deck: Deck, manifest: dict) -> None:
    """Properties that office programs show, and the manifest where both LibreOffice (properties) and PowerPoint (custom XML) keep it."""
    core = presentation.core_properties
    about = [(one_line(name), one_line(text)) for name, text in deck.about]
    filters = dict.fromkeys(one_line(sentence) for slide in deck.slides for sentence in slide.sentences)
    core.title, core.subject = _short(deck.name), _short("; ".join(filters))
    core.keywords = _short("; ".join(dict.fromkeys(one_line(title) for slide in deck.slides for title in slide.titles)))
    core.comments = _short("; ".join(f"{name}: {text}" for name, text in about))
    core.author = core.last_modified_by = "Outreach dashboard"
    core.revision = 1
    made = _moment(deck.manifest.get("time"))
    if made:
        core.created = core.modified = made
    packed = base64.b64encode(zlib.compress(json.dumps(manifest).encode(), 9)).decode()
    package = presentation.part.package
    drop_related(package._rels, (RT.CUSTOM_PROPERTIES,), lambda part: True)
    kind = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
    package.relate_to(Part(PackURI("/docProps/custom.xml"), kind, package, _properties([*about, (MANIFEST, packed)])), RT.CUSTOM_PROPERTIES)
    _add_own_xml(presentation, packed)


def _add_own_xml(presentation, packed: str) -> None:
    """The manifest as custom XML, in place of one that the template brought along."""
    package = presentation.part.package
    drop_related(presentation.part.rels, (RT.CUSTOM_XML,), lambda part: OWN_XML.encode() in part.blob)
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
    text = one_line(text)
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
