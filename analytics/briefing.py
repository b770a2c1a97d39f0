"""Briefings: ordered items that say what to show, never pictures; kept with the data, composed into files when asked for."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import parse_qs

import pandas as pd
from dateutil.relativedelta import relativedelta
from sqlalchemy import Column, Engine, MetaData, String, Table, Text, create_engine, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from analytics import coverage, gallery, measures, places, schema, theme
from analytics.coverage import Asked
from analytics.errors import N_, OutreachError
from analytics.exhibit import Context, Exhibit, recipe
from analytics.export import native, parts
from analytics.export.table import definitions
from analytics.measures import Grouping
from analytics.selection import Selection, read_selection, span_before, span_phrase
from analytics.store import Store
from analytics.text import LANGUAGES, Words

MOST_ITEMS = 60
MOST_SOURCES = 300
"""Reports named per item; the rest are counted."""
MOST_TRACED = 5_000
"""Up to so many events behind an item, a later check can name those that came, went or changed."""
LONGEST = 2_000


# ------------------------------------------------------------------ what is kept


@dataclass(frozen=True)
class Item:
    """One thing to show: a recipe, the selection as an address, and the manager's own words.

    `title` '' means the exhibit's own. `findings` are (name, text): a name of `proposals` is computed again each time, '' is text
    edited by hand. `key` is unique within the briefing.
    """

    key: str
    recipe: gallery.Recipe
    query: str
    title: str = ""
    note: str = ""
    findings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Briefing:
    """Named items in order, with the language (`en`, `zh`, `both`) and the size (`16:9`, `A4`) of what comes out."""

    id: str
    name: str
    items: tuple[Item, ...] = ()
    language: str = "en"
    size: str = "16:9"

    def add(self, made_from: gallery.Recipe, selection: Selection, findings: tuple[tuple[str, str], ...] = ()) -> Briefing:
        """With one more item at the end."""
        if len(self.items) >= MOST_ITEMS:
            raise OutreachError(N_("A briefing holds at most {n} items. Remove one first."), n=MOST_ITEMS)
        return replace(self, items=(*self.items, Item(secrets.token_hex(4), made_from, selection.address(), findings=findings)))

    def change(self, key: str, **changes: object) -> Briefing:
        """With one item changed."""
        return replace(self, items=tuple(replace(item, **changes) if item.key == key else item for item in self.items))

    def without(self, key: str) -> Briefing:
        """Without one item."""
        return replace(self, items=tuple(item for item in self.items if item.key != key))

    def moved(self, key: str, steps: int) -> Briefing:
        """With one item so many places further down (up, if negative)."""
        items = list(self.items)
        at = next(number for number, item in enumerate(items) if item.key == key)
        items.insert(max(0, min(len(items) - 1, at + steps)), items.pop(at))
        return replace(self, items=tuple(items))

    def over(self, start: date | None, end: date | None, store: Store) -> Briefing:
        """With every item over this span; ages count back from its last day, or the latest event where there is none."""

        def changed(item: Item) -> Item:
            selection = selection_of(item, store).change(start=start, end=end)
            options = {name: value for name, value in item.recipe if name != "as-of"}
            if end and any(name == "as-of" for name, _ in item.recipe):
                options["as-of"] = end.isoformat()
            return replace(item, query=selection.address(), recipe=tuple(options.items()))

        return replace(self, items=tuple(map(changed, self.items)))


def shifted(start: date, end: date, forward: bool) -> tuple[date, date]:
    """The span of the same length just after (or before): whole months and years step as such."""
    if not forward:
        return span_before(start, end)
    after = end + relativedelta(days=1)
    if start.day == after.day == 1:
        months = (after.year - start.year) * 12 + after.month - start.month
        return after, after + relativedelta(months=months) - relativedelta(days=1)
    return after, after + (end - start)


def selection_of(item: Item, store: Store) -> Selection:
    """The item's selection, as far as this store knows its terms."""
    return read_selection(parse_qs(item.query), store)[0]


def to_json(briefing: Briefing) -> str:
    """The briefing as text for storage, links and manifests."""
    return json.dumps(asdict(briefing), ensure_ascii=False)


def from_json(text: str) -> Briefing:
    """The briefing that `to_json` wrote. Raises OutreachError for anything else."""
    try:
        told = json.loads(text)
        items = tuple(
            Item(
                str(each["key"]),
                tuple((str(name), str(value)) for name, value in each["recipe"]),
                str(each["query"])[:LONGEST],
                str(each.get("title", ""))[:LONGEST],
                str(each.get("note", ""))[:LONGEST],
                tuple((str(name), str(sentence)) for name, sentence in each.get("findings", ())),
            )
            for each in told["items"][:MOST_ITEMS]
        )
        language = told.get("language") if told.get("language") in (*LANGUAGES, "both") else "en"
        return Briefing(str(told["id"]), str(told["name"])[:200], items, language, "A4" if told.get("size") == "A4" else "16:9")
    except (ValueError, KeyError, TypeError) as error:
        raise OutreachError(N_("This is no briefing ({reason}). Open another one."), reason=str(error)) from error


# ------------------------------------------------------------------ the shelf

_metadata = MetaData()
_shelf = Table(
    "outreach_briefings",
    _metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(200)),
    Column("content", Text),
    Column("changed", String(32)),
)


class Shelf:
    """Saved briefings, in the database of the data where it is a server, else in a file beside the data.

    `OUTREACH_BRIEFINGS` names another place as an SQLAlchemy URL. Raises OutreachError where it cannot be opened.
    """

    def __init__(self, url: str = "") -> None:
        try:
            self.engine = _engine(url or _place())
        except (SQLAlchemyError, OSError) as error:
            raise OutreachError(
                N_("Briefings cannot be stored ({reason}). Name a writable place in OUTREACH_BRIEFINGS."), reason=type(error).__name__
            ) from error

    def names(self) -> list[tuple[str, str]]:
        """Id and name of every saved briefing, latest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(_shelf.c.id, _shelf.c.name).order_by(_shelf.c.changed.desc(), _shelf.c.id)).all()
        return [(row.id, row.name) for row in rows]

    def open(self, id: str) -> Briefing | None:
        """A saved briefing; None where there is none of this id."""
        with self.engine.connect() as connection:
            text = connection.execute(select(_shelf.c.content).where(_shelf.c.id == id)).scalar_one_or_none()
        return None if text is None else from_json(text)

    def save(self, briefing: Briefing) -> Briefing:
        """Keep the briefing under its id, in place of what was there."""
        values = {"name": briefing.name, "content": to_json(briefing), "changed": datetime.now(UTC).isoformat(timespec="microseconds")[:32]}
        with self.engine.begin() as connection:
            done = connection.execute(update(_shelf).where(_shelf.c.id == briefing.id).values(**values))
            if not done.rowcount:
                connection.execute(insert(_shelf).values(id=briefing.id, **values))
        return briefing

    def duplicate(self, id: str, name: str) -> Briefing:
        """A copy of a saved briefing under a new id and name."""
        original = self.open(id)
        if original is None:
            raise OutreachError(N_("There is no such briefing any more. Choose another one."))
        return self.save(replace(original, id=new_id(), name=name))

    def delete(self, id: str) -> None:
        """Forget a briefing."""
        with self.engine.begin() as connection:
            connection.execute(delete(_shelf).where(_shelf.c.id == id))


def new_id() -> str:
    """An id that cannot be guessed: who has the link may open the briefing."""
    return secrets.token_hex(8)


def _place() -> str:
    named, data = os.environ.get("OUTREACH_BRIEFINGS", ""), os.environ.get("OUTREACH_DATABASE", "")
    if named:
        return named
    if data and not data.startswith(("duckdb", "sqlite")):
        return data
    folder = places.DATA if os.access(places.DATA, os.W_OK) else Path(os.path.expanduser("~"))
    return f"sqlite:///{folder / 'briefings.sqlite'}"


@cache
def _engine(url: str) -> Engine:
    engine = create_engine(url)
    _metadata.create_all(engine, tables=[_shelf])
    return engine


# ------------------------------------------------------------------ findings


def proposals(exhibit: Exhibit, context: Context, made_from: gallery.Recipe, ask: Asked = coverage.measured) -> dict[str, str]:
    """Findings in plain sentences, by name: `main` (highest, lowest or what stands out), `change` (against the span before), `gap`,
    and numbered sentences that the exhibit itself offers. Each number in them is computed from the data.
    """
    found = {"main": exhibit.alt}
    change = _change(context, made_from, ask)
    if change:
        found["change"] = change
    least = _least(exhibit, context)
    if least:
        found["least"] = least
    found |= {f"sentence-{number}": each.text for number, each in enumerate(exhibit.sentences[:5], start=1) if each.text != exhibit.alt}
    return found


def _change(context: Context, made_from: gallery.Recipe, ask: Asked) -> str:
    """Events of the selection against those of the span before."""
    selection = context.selection
    earlier = measures.before(selection)
    if earlier is None or dict(made_from).get("kind") in ("comparison", "changes", "plan", "plan-map", "to-date"):
        return ""
    one = Grouping(activities=False)
    now, then = (int(ask(context.store, each, (one,))[one]["events"].iloc[0]) for each in (selection, earlier))
    words = context.words
    values = {
        "now": words.number(now), "then": words.number(then), "span": span_phrase(selection.start, selection.end, words),
        "before": span_phrase(earlier.start, earlier.end, words), "step": words.number(abs(now - then)),
    }  # fmt: skip
    if now > then:
        return words("{now} events in {span}, {step} more than the {then} in {before}.", **values)
    if now < then:
        return words("{now} events in {span}, {step} fewer than the {then} in {before}.", **values)
    return words("{now} events in {span}, as many as in {before}.", **values)


def _least(exhibit: Exhibit, context: Context) -> str:
    """The lowest value that is not zero, of a table by one dimension with events."""
    words, table = context.words, exhibit.table
    events = words("Events")
    if len(exhibit.codes) != 1 or events not in table or table[events].dtype == object:
        return ""
    (code,) = exhibit.codes
    if code not in table or code not in schema.DIMENSIONS or code in schema.CALENDAR:
        return ""
    rows = table[(table[events] > 0) & ~table[code].isin([schema.UNPLACED, schema.UNDATED, ""])]
    if len(rows) < 3:
        return ""
    low = rows.loc[rows[events].idxmin()]
    alike = int((rows[events] == low[events]).sum())
    if alike > 1:
        return words("Fewest: {n} each for {k} of those with any.", n=words.number(low[events]), k=words.number(alike))
    return words("Fewest for {name}, {n}.", name=words.term(code, low[code]), n=words.number(low[events]))


# ------------------------------------------------------------------ composing


def compose(
    briefing: Briefing, store: Store, ask: Asked = coverage.measured, progress: Callable[[int, int], None] | None = None, now: datetime | None = None
) -> parts.Deck:  # fmt: skip
    """The briefing counted on the present data, ready to be written.

    `progress(done, all)` is called before each item and may raise to stop. An item that cannot be made becomes a slide that says why.
    """
    languages = ("en", "zh") if briefing.language == "both" else (briefing.language,)
    slides, traces = [], {}
    behind: dict[Selection, pd.DataFrame] = {}
    for number, item in enumerate(briefing.items):
        if progress:
            progress(number, len(briefing.items))
        slide, trace = compose_item(item, store, languages, ask, behind)
        slides.append(slide)
        traces[item.key] = trace
    time = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    words = Words(languages[0])
    about = (
        (words("Data version"), store.version),
        (words("Data"), Context(store, Selection(), words).source()),
        (words("Made"), time),
        (words("Made by"), f"Outreach {app_version()}"),
        (words("Boundaries"), places.boundary_source()),
    )
    manifest = {
        "format": 1,
        "time": time,
        "app": app_version(),
        "data": store.version,
        "briefing": json.loads(to_json(briefing)),
        "events": traces,
    }
    return parts.Deck(briefing.name, tuple(slides), _labels(languages), about, manifest, briefing.language, briefing.size)


def compose_item(
    item: Item, store: Store, languages: tuple[str, ...], ask: Asked, behind: dict[Selection, pd.DataFrame]
) -> tuple[parts.Slide, dict[str, str]]:
    """One slide, and the traces (id → fingerprint) of the events behind it; `behind` keeps events that several items share."""
    selection = selection_of(item, store)
    told = []
    for language in languages:
        words = Words(language)
        context = Context(store, selection, words, "", ask_left_out(store, selection))
        try:
            exhibit = gallery.build(item.recipe, context, ask)
        except OutreachError as error:
            told.append((_failed(item, context, error), context))
            continue
        told.append((_slide(item, exhibit, context, ask), context))
    slides = [slide for slide, _ in told]
    merged = slides[0] if len(slides) == 1 else _both(*slides)
    counted = gallery.counted_from(item.recipe, selection)
    if counted not in behind:
        behind[counted] = measures.event_rows(store, counted, MOST_TRACED + 1)
    rows = behind[counted]
    return replace(merged, sources=_sources(rows, told[0][1].words)), _traces(rows)


@lru_cache(maxsize=512)
def ask_left_out(store: Store, selection: Selection) -> dict[str, int]:
    """What the default rules leave out of a selection, remembered."""
    return measures.left_out(store, selection)


def _slide(item: Item, exhibit: Exhibit, context: Context, ask: Asked) -> parts.Slide:
    offered = proposals(exhibit, context, item.recipe, ask) if any(name for name, _ in item.findings) else {}
    return parts.Slide(
        item.key,
        (item.title or exhibit.title,),
        (context.sentence(),),
        native.parts(exhibit, context),
        native.table(exhibit),
        tuple(offered.get(name, text) if name else text for name, text in item.findings),
        item.note,
        tuple(note.text for note in exhibit.notes),
        tuple(definitions(context)) + (((exhibit.title, exhibit.about),) if exhibit.about else ()),
        (),
        _figure(exhibit),
        max(exhibit.height, 320),
    )


def _figure(exhibit: Exhibit) -> dict:
    """The figure in its print colours; `@shapes` stays for whoever draws it."""
    return theme.resolve(exhibit.figure, theme.LIGHT) if exhibit.figure else {}


def _failed(item: Item, context: Context, error: OutreachError) -> parts.Slide:
    words = context.words
    reason = words(error.message, **error.values)
    empty = parts.Table((words("Reason"),), ((reason,),))
    title = item.title or words("This item cannot be shown")
    return parts.Slide(item.key, (title,), (context.sentence(),), (parts.Text((reason,)),), empty, note=item.note)


def _sources(rows: pd.DataFrame, words: Words) -> tuple[parts.Source, ...]:
    found: dict[tuple, parts.Source] = {}
    named = rows[["source_url", "source_title", "publisher", "source_date"]].head(MOST_SOURCES * 3).drop_duplicates()
    for url, title, publisher, reported in zip(*(named[name].tolist() for name in named), strict=True):
        day = "" if pd.isna(reported) else words.day(reported)
        found.setdefault((url or title, publisher), parts.Source(title or words("headline not seen"), publisher, day, url))
        if len(found) >= MOST_SOURCES:
            break
    return tuple(found.values())


def _traces(rows: pd.DataFrame) -> dict[str, str]:
    """Event id → fingerprint of its row; empty where there are too many to keep."""
    if len(rows) > MOST_TRACED:
        return {}
    columns = [column for column in schema.COLUMN_NAMES if column != "note"]
    return {
        row[0]: hashlib.sha256("\x1f".join(map(str, row)).encode()).hexdigest()[:8]
        for row in rows[columns].itertuples(index=False, name=None)
    }


def _both(first: parts.Slide, second: parts.Slide) -> parts.Slide:
    """Two slides of the same item in two languages, as one: texts under each other, labels side by side."""
    return replace(
        first,
        titles=tuple(dict.fromkeys((*first.titles, *second.titles))),
        sentences=(*first.sentences, *second.sentences),
        parts=tuple(_merged(one, other) for one, other in zip(first.parts, second.parts, strict=True)),
        table=_merged(first.table, second.table),
        findings=tuple(dict.fromkeys(text for pair in zip(first.findings, second.findings, strict=True) for text in pair)),
        footnotes=tuple(dict.fromkeys((*first.footnotes, *second.footnotes))),
        definitions=tuple(dict.fromkeys((*first.definitions, *second.definitions))),
    )


def _pair(one: str, other: str) -> str:
    return one if one == other else f"{one} {other}"


def _merged(one: object, other: object) -> object:
    """The same part in two languages: every text in both, everything else as it is."""
    if isinstance(one, str) and isinstance(other, str):
        return one if one.startswith("#") and len(one) == 7 else _pair(one, other)
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return tuple(_merged(a, b) for a, b in zip(one, other, strict=True))
    if hasattr(one, "__dataclass_fields__"):
        kept = {"kind", "number_format", "dates", "code"}
        return replace(
            one, **{name: _merged(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__ if name not in kept}
        )
    return one


def _labels(languages: tuple[str, ...]) -> dict[str, str]:
    """The words a file itself needs, in its languages."""

    def said(message: Callable[[Words], str]) -> str:
        return " ".join(dict.fromkeys(message(Words(language)) for language in languages))

    return {
        "sources": said(lambda words: words("Sources and definitions")),
        "definitions": said(lambda words: words("Definitions")),
        "reports": said(lambda words: words("Reports")),
        "page": said(lambda words: words("Page")),
        "contents": said(lambda words: words("Contents")),
        "filters": said(lambda words: words("Filters")),
        "note": said(lambda words: words("Note")),
        "findings": said(lambda words: words("Findings")),
        "data": said(lambda words: words("Data")),
        "north": said(lambda words: words("N")),
        "scale": said(lambda words: words("Scale")),
        # The number stands in one place only, whatever the languages.
        "more": Words(languages[0])("and {n} more", n="{n}"),
    }


@cache
def app_version() -> str:
    """The dashboard's version, from its project file."""
    try:
        return version("outreach-dashboard")
    except PackageNotFoundError:
        project = Path(__file__).parent.parent / "pyproject.toml"
        return tomllib.loads(project.read_text("utf-8"))["project"]["version"] if project.exists() else "unknown"


# ------------------------------------------------------------------ outlines


def outline_names(words: Words) -> dict[str, str]:
    """Ready-made briefings."""
    return {
        "monthly": words("Monthly review"),
        "district": words("One district"),
        "audience": words("One audience"),
        "campaign": words("One campaign"),
    }


OUTLINES: dict[str, tuple[gallery.Recipe, ...]] = {
    "monthly": (
        recipe("figures"),
        recipe("map", measure="events"),
        recipe("bars", by="audience"),
        recipe("bars", by="programme"),
        recipe("to-date"),
        recipe("matrix", rows="district", columns="audience"),
        recipe("gaps", months=24),
    ),
    "district": (
        recipe("figures"),
        recipe("map", measure="per_residents"),
        recipe("bars", by="audience"),
        recipe("over-time", period="year"),
        recipe("matrix", rows="event-format", columns="audience"),
        recipe("gap-matrix", columns="audience", months=24),
    ),
    "audience": (
        recipe("figures"),
        recipe("map", measure="events"),
        recipe("over-time", period="year", stack="programme"),
        recipe("bars", by="event-format"),
        recipe("bars", by="topic", most=15),
        recipe("gap-matrix", columns="audience", months=24),
    ),
    "campaign": (
        recipe("figures"),
        recipe("campaigns"),
        recipe("map", measure="events"),
        recipe("bars", by="audience"),
        recipe("over-time", period="month"),
    ),
}
NEEDED = {"district": "district", "audience": "audience", "campaign": "campaign"}
"""The filter that an outline is about."""


def outlined(outline: str, selection: Selection, words: Words, name: str = "") -> Briefing:
    """A briefing from a ready-made outline over a selection.

    Raises OutreachError for an unknown outline, or where the filter that it is about is not set.
    """
    if outline not in OUTLINES:
        raise OutreachError(N_("The outline {outline} is not known. Use one of: {known}."), outline=outline, known=", ".join(OUTLINES))
    needed = NEEDED.get(outline)
    if needed and not getattr(selection, needed):
        raise OutreachError(N_("This outline is about one {what}. Set that filter first."), what=needed)
    span = span_phrase(selection.start, selection.end, words) if selection.start or selection.end else ""
    about = words.listing(words.term(needed, value) for value in getattr(selection, needed)) if needed else ""
    title = name or " · ".join(part for part in (outline_names(words)[outline], about, span) if part)
    as_of = (("as-of", selection.end.isoformat()),) if selection.end else ()
    made = Briefing(new_id(), title, language=words.language)
    for each in OUTLINES[outline]:
        made = made.add(each + (as_of if dict(each).get("months") else ()), selection, (("main", ""),))
    return made
