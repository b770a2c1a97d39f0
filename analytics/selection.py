"""What is asked for: a frozen Selection, and what it means as an SQL condition, as an address, as a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlencode

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, and_, or_, true

from analytics import places, schema
from analytics.errors import OutreachError
from analytics.store import Store, events, is_one_of
from analytics.text import Words

LONGEST_SEARCH = 200
INCLUDE: schema.Labels = {
    "repeated": ("Repeated reports", "重复报道"),
    "planned": ("Planned events", "计划中的活动"),
    "cancelled": ("Cancelled events", "已取消的活动"),
}
UNDATED: schema.Labels = {"report": ("undated events at their report's date", "未注明日期的按报道日期计")}
ONLY: schema.Labels = {
    "repeated": ("Repeated reports only", "仅重复报道"),
    "planned": ("Planned events only", "仅计划中的活动"),
    "cancelled": ("Cancelled events only", "仅已取消的活动"),
    "undated": ("Events without a date only", "仅无日期的活动"),
    "month": ("Events known by their month only", "仅知月份的活动"),
    "counted": ("Events with a stated number of participants only", "仅写明人数的活动"),
    "joint": ("Events whose number covers several places only", "仅人数涵盖多个地点的活动"),
}

SEARCHED = (
    "event_id",
    "title",
    "title_zh",
    "venue",
    "community",
    "subdistrict",
    "partners",
    "campaign",
    "source_title",
    "publisher",
    "note",
)


@dataclass(frozen=True)
class Selection:
    """The events asked for. Every field is a filter of its own; an empty one lets everything through.

    Codes as they stand in the data; `start` and `end` are the first and last day of the span (in the address `from`, `to`);
    `include` lets in what is otherwise left out; `only` narrows to events of one kind; `undated` is '' or `report`.
    """

    district: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    programme: tuple[str, ...] = ()
    campaign: tuple[str, ...] = ()
    event_format: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    subdistrict: tuple[str, ...] = ()
    partner: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    place_basis: tuple[str, ...] = ()
    office_role: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    include: tuple[str, ...] = ()
    undated: str = ""
    only: tuple[str, ...] = ()
    q: str = ""

    def change(self, **changes: Any) -> Selection:
        """The same selection with these fields set."""
        return replace(self, **changes)

    def without(self, *names: str) -> Selection:
        """The same selection with these filters (names as in the address; `span` for both dates) let go."""
        empty = Selection()
        gone = [field for name in names for field in (("start", "end") if name == "span" else (FIELDS.get(name),)) if field]
        return replace(self, **{field: getattr(empty, field) for field in gone})

    def toggled(self, name: str, value: str) -> Selection:
        """The same selection with one value of a filter put in, or taken out if it was in."""
        chosen = getattr(self, FIELDS[name])
        return self.change(**{FIELDS[name]: tuple(v for v in chosen if v != value) if value in chosen else (*chosen, value)})

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the filters that are on, `span` for the two dates, in the order of the fields."""
        names = [NAMES[field.name] for field in fields(self) if getattr(self, field.name)]
        return tuple(dict.fromkeys("span" if name in ("from", "to") else name for name in names))

    @property
    def by_place(self) -> bool:
        """Whether the filter can tell the places of one activity apart; then numbers covering several places cannot be used."""
        return bool(self.district or self.subdistrict or self.place_basis or self.q)

    def query(self) -> dict[str, list[str]]:
        """The selection as address parameters; empty filters are left out."""
        found: dict[str, list[str]] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value:
                found[NAMES[field.name]] = [str(v) for v in value] if isinstance(value, tuple) else [str(value)]
        return found

    def address(self, **more: str) -> str:
        """The selection as a query string, without the question mark; `more` parameters come after it."""
        return urlencode([(name, value) for name, values in self.query().items() for value in values] + list(more.items()))


FIELDS: dict[str, str] = {
    "from" if field.name == "start" else "to" if field.name == "end" else field.name.replace("_", "-"): field.name
    for field in fields(Selection)
}
NAMES: dict[str, str] = {field: name for name, field in FIELDS.items()}


def allowed(store: Store) -> dict[str, tuple[str, ...]]:
    """The values each filter takes over this store; names as in the address. Filters with free text or dates are not in it."""
    return {
        "district": (*places.adcodes(), schema.UNPLACED),
        "subdistrict": tuple(places.subdistricts()["code"]),
        "audience": tuple(schema.AUDIENCE),
        "programme": tuple(schema.PROGRAMME),
        "campaign": store.values("campaign"),
        "event-format": tuple(schema.FORMAT),
        "topic": tuple(schema.TOPIC),
        "partner": store.values("partner"),
        "country": store.values("country"),
        "mode": tuple(schema.MODE),
        "place-basis": tuple(schema.PLACE_BASIS),
        "office-role": tuple(schema.OFFICE_ROLE),
        "include": tuple(INCLUDE),
        "only": tuple(ONLY),
        "undated": tuple(UNDATED),
    }


def read_selection(query: Mapping[str, Iterable[str]], store: Store, strict: bool = False) -> tuple[Selection, list[str]]:
    """A Selection from address parameters, and what was not understood (`name=value`).

    `strict` is for the command line: the first thing not understood raises OutreachError with its remedy.
    """
    changes: dict[str, Any] = {}
    unknown: list[str] = []
    known = allowed(store)
    for name, values in query.items():
        if name not in FIELDS:
            continue
        values = list(dict.fromkeys(values))
        if name in known:
            taken = [value for value in values if value in known[name]]
            order = {value: number for number, value in enumerate(known[name])}
            changes[FIELDS[name]] = (
                taken[0] if taken and name == "undated" else "" if name == "undated" else tuple(sorted(taken, key=order.get))
            )
            wrong = [value for value in values if value and value not in order]
        elif name in ("from", "to"):
            day = read_day(values[0]) if values else None
            changes[FIELDS[name]] = day
            wrong = values[:1] if values and values[0] and day is None else []
        else:
            text = " ".join("".join(sign if sign.isprintable() else " " for sign in values[0]).split()) if values else ""
            changes[FIELDS[name]] = text[:LONGEST_SEARCH].strip()
            wrong = []
        unknown += [f"{name}={value[:40]}" for value in wrong]
        if wrong and strict:
            raise OutreachError(_remedy(name, wrong[0], known.get(name, ())))
    if changes.get("start") and changes.get("end") and changes["start"] > changes["end"]:
        if strict:
            raise OutreachError(f"--from {changes['start']} lies after --to {changes['end']}. Exchange the two dates.")
        unknown.append(f"from={changes['start']} > to={changes['end']}")
        changes["start"], changes["end"] = changes["end"], changes["start"]
    return Selection(**changes), unknown


def read_day(text: str) -> date | None:
    """A day written as 2024-03-31, within the years the address takes; None for anything else."""
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return day if day and 1949 <= day.year <= 2100 else None


def _remedy(name: str, value: str, known: tuple[str, ...]) -> str:
    if name in ("from", "to"):
        return f"--{name} {value}: this is no day. Write it as 2024-03-31."
    near = get_close_matches(value, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"Use one of: {', '.join(known[:30])}."
    return f"--{name} {value}: this is not known. {hint}"


# ------------------------------------------------------------------ as a condition


def clauses(selection: Selection, store: Store) -> dict[str, ColumnElement[bool]]:
    """One SQL condition per filter that is on, by name; together (AND) they are the selection.

    What is left out by default (repeats, events not held) is the clause `kind`, always present.
    """
    found: dict[str, ColumnElement[bool]] = {}
    for name, dimension in schema.DIMENSIONS.items():
        chosen = getattr(selection, FIELDS[name]) if name in FIELDS else ()
        if not chosen:
            continue
        column = events.c[dimension.column]
        if dimension.several:
            wanted = set(chosen)
            found[name] = is_one_of(
                column, (c for c, values in store.combinations[dimension.column].items() if wanted.intersection(values))
            )
        elif name == "district":
            found[name] = is_one_of(column, ("" if code == schema.UNPLACED else code for code in chosen))
        else:
            found[name] = is_one_of(column, chosen)
    found["kind"] = _kind(selection)
    span = in_span(selection.start, selection.end, selection.undated)
    if span is not None:
        found["span"] = span
    for only in selection.only:
        if only in _ONLY:
            found["only"] = and_(found.get("only", true()), _ONLY[only])
    if selection.q:
        found["q"] = or_(*(events.c[name].icontains(selection.q, autoescape=True) for name in SEARCHED))
    return found


def in_span(start: date | None, end: date | None, undated: str) -> ColumnElement[bool] | None:
    """First day within the span, both ends included; with `undated='report'` the report's date stands in for a missing one."""
    day = events.c.report_day if undated == "report" else events.c.date_start
    bounds = ([day >= start] if start else []) + ([day <= end] if end else [])
    return and_(*bounds) if bounds else None


def kinds(selection: Selection) -> tuple[tuple[str, ...] | None, bool | None]:
    """Rule 6, repeats and events that were not held are left out unless they are let in or asked for: the statuses that pass
    (None: any), and whether repeats do (True: they alone, None: too)."""
    if "repeated" in selection.only:
        return None, True
    asked = tuple(status for status in ("planned", "cancelled") if status in selection.only)
    let_in = tuple(status for status in ("planned", "cancelled") if status in selection.include)
    # Nothing is planned and cancelled at once.
    statuses = () if len(asked) > 1 else asked or ("held", *let_in)
    return statuses, None if "repeated" in selection.include else False


def left_out_as(selection: Selection, status: str, repeats: bool) -> str:
    """The rule that keeps such an event out, as `include` names it; '' where none of the three does."""
    name = "repeated" if repeats and "repeated" not in selection.include else status
    return name if name in INCLUDE and name not in selection.include else ""


def _kind(selection: Selection) -> ColumnElement[bool]:
    statuses, repeats = kinds(selection)
    if (statuses, repeats) == (("held",), False):
        return events.c.usual.is_(True)
    conditions = ([] if statuses is None else [is_one_of(events.c.status, statuses)]) + (
        [] if repeats is None else [events.c.repeats.is_(repeats)]
    )
    return and_(true(), *conditions)


_ONLY: dict[str, ColumnElement[bool]] = {
    "undated": events.c.date_start.is_(None),
    "month": is_one_of(events.c.date_precision, ("month",)),
    "counted": events.c.participants.is_not(None),
    "joint": events.c.joint.is_(True),
}


# ------------------------------------------------------------------ as words

_SEPARATOR = " · "


def sentence(selection: Selection, words: Words, left_out: str = "") -> str:
    """The selection in plain words; `left_out` (what is not counted) closes it. Says so when nothing is filtered."""
    parts = [phrase(selection, name, words) for name in selection.active]
    return _SEPARATOR.join([*(parts or [words("All events")]), *([left_out] if left_out else [])])


def phrase(selection: Selection, name: str, words: Words) -> str:
    """One filter in plain words; long lists are cut, with the number that is not shown."""
    if name == "span":
        return span_phrase(selection.start, selection.end, words)
    if name == "q":
        return words("containing “{text}”", text=selection.q)
    values = getattr(selection, FIELDS[name])
    if name == "undated":
        return label(name, values, words)
    labels = [label(name, value, words) for value in values[:6]]
    if len(values) > 6:
        labels.append(words("{n} more", n=len(values) - 6))
    return words.listing(labels)


def label(name: str, value: str, words: Words) -> str:
    """One value of a filter in plain words."""
    special = {"include": INCLUDE, "only": ONLY, "undated": UNDATED}.get(name)
    if special:
        text = special[value][words.language == "zh"]
        return words("with {what}", what=text if words.language == "zh" else text[0].lower() + text[1:]) if name == "include" else text
    return words.term(name, value)


def span_phrase(start: date | None, end: date | None, words: Words) -> str:
    """A span of days; whole years are written as years."""
    if start and end:
        if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31):
            first, last = words.term("year", str(start.year)), words.term("year", str(end.year))
            return first if start.year == end.year else words("{first}–{last}", first=start.year, last=last)
        return f"{words.day(start)} – {words.day(end)}"
    if start:
        return words("from {day}", day=words.day(start))
    return words("until {day}", day=words.day(end))


# ------------------------------------------------------------------ spans


def quick_spans(latest: date) -> dict[str, tuple[date, date]]:
    """Spans counted back from the latest event in the data: name → first and last day, both included."""
    return {
        "12 months": (latest - relativedelta(years=1) + relativedelta(days=1), latest),
        "3 years": (latest - relativedelta(years=3) + relativedelta(days=1), latest),
        **{str(year): (date(year, 1, 1), date(year, 12, 31)) for year in range(latest.year, latest.year - 4, -1)},
    }


def span_before(start: date, end: date) -> tuple[date, date]:
    """The span of the same length just before: whole years and months step back as such, other spans by their days."""
    after = end + relativedelta(days=1)
    if start.day == after.day == 1:
        months = (after.year - start.year) * 12 + after.month - start.month
        return start - relativedelta(months=months), start - relativedelta(days=1)
    if (start.month, start.day) == (after.month, after.day):
        return start - relativedelta(years=after.year - start.year), start - relativedelta(days=1)
    return start - (after - start), start - relativedelta(days=1)
