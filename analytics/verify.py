"""Check a briefing that was made before: what in it was edited by hand, and what the present data would say otherwise."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from analytics import briefing as model
from analytics import coverage
from analytics.coverage import Asked
from analytics.errors import N_, OutreachError
from analytics.export.files import READERS, WRITERS
from analytics.places import district_name
from analytics.store import Store
from analytics.text import Words

Facts = Mapping[str, str | float]


@dataclass(frozen=True)
class Difference:
    """One fact of one slide that is not as it was exported. kind: `changed` (the data now say otherwise), `edited` (by hand),
    `removed` (the slide is gone). `where` is the fact's path, such as `chart/1/Events/Students`."""

    key: str
    kind: str
    where: str = ""
    old: str | float | None = None
    new: str | float | None = None


@dataclass(frozen=True)
class Slide:
    """One slide of the file: its key and title; `came`, `went`, `revised` are ids of events behind it that differ now."""

    key: str
    title: str
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()
    traced: bool = True


@dataclass(frozen=True)
class Report:
    """What the check found. `others` counts slides that are not ours; `made` and `data` are the file's time and data version."""

    name: str
    made: str
    data: str
    slides: tuple[Slide, ...]
    differences: tuple[Difference, ...]
    others: int

    @property
    def same(self) -> bool:
        """Nothing edited, nothing changed."""
        return not self.differences

    def of(self, key: str) -> list[Difference]:
        """The differences of one slide."""
        return [each for each in self.differences if each.key == key]


def verify(content: bytes, name: str, store: Store, ask: Asked = coverage.measured) -> Report:
    """Hold a PPTX, XLSX or HTML file against what was exported in it, and that against the present data.

    Raises OutreachError where the file is none of these, or was not made by this dashboard.
    """
    kind = kind_of(content)
    read = READERS[kind](content)
    manifest = read.manifest
    if not manifest or "exported" not in manifest:
        raise OutreachError(N_("{name}: this file was not made here, or its record was removed. Choose one that was."), name=name)
    exported: dict[str, Facts] = manifest["exported"]
    told = model.from_json(json.dumps(manifest["briefing"]))
    composed = model.compose(told, store, ask, now=datetime.fromisoformat(manifest["time"]))
    fresh = READERS[kind](WRITERS[kind](composed)).manifest["exported"]
    differences: list[Difference] = []
    slides = []
    for key, facts in exported.items():
        present = read.slides.get(key)
        if present is None:
            differences.append(Difference(key, "removed"))
        else:
            differences += _differences(key, "edited", facts, present)
        differences += _differences(key, "changed", facts, fresh.get(key, {}))
        slides.append(_slide(key, str(facts.get("title", "")), manifest["events"].get(key, {}), composed.manifest["events"].get(key, {})))
    return Report(name, manifest["time"], manifest["data"], tuple(slides), tuple(differences), read.others)


def kind_of(content: bytes) -> str:
    """`pptx`, `xlsx` or `html`, by what is in the file and not by its name."""
    if content[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = set(archive.namelist())
        except zipfile.BadZipFile as error:
            raise OutreachError(N_("The file is damaged. Save it again, or choose another one.")) from error
        for kind, part in (("pptx", "ppt/presentation.xml"), ("xlsx", "xl/workbook.xml")):
            if part in names:
                return kind
    elif b"<html" in content[:2_000].lower():
        return "html"
    raise OutreachError(N_("Only slides (PPTX), workbooks (XLSX) and pages (HTML) can be checked. Choose one of these."))


def _differences(key: str, kind: str, before: Facts, after: Facts) -> list[Difference]:
    """Facts that differ, in the order of the slide; one that is gone has no new value, one that came no old."""
    paths = [*before, *(path for path in after if path not in before)]
    return [Difference(key, kind, path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path)]


def _slide(key: str, title: str, before: Mapping[str, str], after: Mapping[str, str]) -> Slide:
    came = tuple(sorted(id for id in after if id not in before))
    went = tuple(sorted(id for id in before if id not in after))
    revised = tuple(sorted(id for id in before if id in after and before[id] != after[id]))
    return Slide(key, title, came, went, revised, bool(before or after))


# ------------------------------------------------------------------ in words


def summary(report: Report, words: Words) -> str:
    """The result in one sentence."""
    if report.same:
        return words.plural(
            "{n} slide checked: everything is as exported and still holds.", "{n} slides checked: everything is as exported and still holds.", len(report.slides)
        )  # fmt: skip
    edited = len({(each.key, each.where) for each in report.differences if each.kind != "changed"})
    changed = len({(each.key, each.where) for each in report.differences if each.kind == "changed"})
    return words(
        "Edited by hand: {edited}. No longer what the data say: {changed}.", edited=words.number(edited), changed=words.number(changed)
    )


def lines(report: Report, words: Words) -> list[str]:
    """Slide by slide: same, changed (old → new, because of which events), edited by hand; then what is not ours."""
    found = []
    for number, slide in enumerate(report.slides, start=1):
        differences = report.of(slide.key)
        name = words("Slide {n}, {title}", n=number, title=slide.title)
        if not differences:
            found.append(words("{slide}: same.", slide=name))
        for each in differences:
            found.append(_line(name, each, words))
        if any(each.kind == "changed" for each in differences):
            found += _because(name, slide, words)
    if report.others:
        found.append(
            words.plural("{n} slide is not ours and was not checked.", "{n} slides are not ours and were not checked.", report.others)
        )
    return found


def _line(name: str, each: Difference, words: Words) -> str:
    if each.kind == "removed":
        return words("{slide}: the slide was removed.", slide=name)
    values = {"slide": name, "what": place(each.where, words), "old": _value(each.old, words), "new": _value(each.new, words)}
    if each.kind == "edited":
        return words("{slide}: edited by hand, {what}: {old} → {new}.", **values)
    return words("{slide}: changed, {what}: {old} → {new}.", **values)


def _because(name: str, slide: Slide, words: Words) -> list[str]:
    found = []
    if not slide.traced:
        return [words("{slide}: too many events stand behind it to name those that differ.", slide=name)]
    for ids, text in (
        (slide.came, words("new events")),
        (slide.went, words("events no longer counted")),
        (slide.revised, words("events corrected")),
    ):
        if ids:
            listed = ", ".join(ids[:12]) + (" …" if len(ids) > 12 else "")
            found.append(words("{slide}: because of {what}: {ids}.", slide=name, what=text, ids=listed))
    return found


def _value(value: str | float | None, words: Words) -> str:
    if value is None:
        return words("nothing")
    if isinstance(value, str):
        return f"“{value if len(value) < 120 else value[:119] + '…'}”"
    return words.number(value, 0 if float(value).is_integer() else 4)


def place(path: str, words: Words) -> str:
    """Where on a slide a fact stands, in words."""
    first, *rest = path.split("/")
    kind, _, number = first.partition(" ")
    fixed = {
        "title": words("title"), "filters": words("filters"), "findings": words("finding"), "note": words("note"), "footnotes": words("footnotes"),
        "chart": words("chart"), "grid": words("matrix"), "table": words("table"), "map": words("map"), "text": words("text"), "figure": words("chart"),
        "shape": words("shape"),
    }  # fmt: skip
    inside = {
        "fill": words("colour"), "colour": words("colour"), "color": words("colour"), "label": words("label"), "alt": words("alternative text"),
        "value": words("value"), "inset": words("enlarged core"), "inset label": words("enlarged core, label"), "categories": words("category"),
        "legend": words("legend"), "name": words("name"), "marker": words("mark"), "title": words("title"),
    }  # fmt: skip
    parts = [" ".join(part for part in (fixed.get(kind, kind), number) if part)]
    for part in rest:
        named = kind == "map" and re.fullmatch(r"\d{6}", part)
        parts.append(district_name(part, words.language) if named else inside.get(part, part))
    return ("，" if words.language == "zh" else ", ").join(parts)
