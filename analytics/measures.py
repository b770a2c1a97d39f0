"""Selection → tidy frames. Every number on screen, in an export and on the command line comes from here.

One GROUPING SETS query answers all groupings of a page view. Activities are counted distinct and exactly without a distinct
count of every row: rows of one activity that are alike but for their place are counted where no earlier row of the activity
lies in the wanted districts (`earlier_districts`); only the few activities whose rows differ otherwise are counted distinct.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import product

import pandas as pd
from sqlalchemy import ColumnElement, Connection, String, and_, case, cast, func, literal, literal_column, or_, select, true, tuple_

from analytics import places, schema
from analytics.selection import Selection, clauses, span_before
from analytics.store import Store, combinations, events

MEASURES = ("events", "activities", "participants", "participants_events")
EVERYWHERE = (1 << 17) - 1


@dataclass(frozen=True)
class Grouping:
    """One table wanted from the pass: its dimensions, and the filters it lets go (a chart ignores the filter of its own)."""

    by: tuple[str, ...] = ()
    ignoring: frozenset[str] = frozenset()


def own(*by: str) -> Grouping:
    """A chart's grouping: by these dimensions, ignoring their own filters."""
    return Grouping(by, frozenset(by))


# ------------------------------------------------------------------ the pass


def measure(store: Store, selection: Selection, groupings: list[Grouping]) -> dict[Grouping, pd.DataFrame]:
    """All groupings of one page view, in one pass over the events.

    One row per key that occurs: the dimensions' codes, events, activities (counts), participants (people, stated numbers
    only, absent where none is stated), participants_events (events with a stated number), about, at_least (of these, how
    many say so), last_day (of the latest dated event). A cell with several values counts once under each.
    """
    found = clauses(selection, store)
    with store.engine.connect() as connection:
        counted = _one_pass(connection, selection, found, groupings)
        distinct = _distinct(connection, store, selection, found, groupings)
    return {grouping: _table(counted[grouping], distinct.get(grouping, {}), grouping, selection) for grouping in groupings}


def _column(name: str, selection: Selection) -> ColumnElement:
    column = schema.DIMENSIONS[name].column
    if name in schema.CALENDAR:
        column = {"day": "date_start"}.get(name, name) if selection.undated != "report" else f"report_{name}"
    return events.c[column]


def _flags(found: Clauses, groupings: list[Grouping]) -> Clauses:
    """The filters that some grouping lets go and another keeps; each row says whether it passes them."""
    ignored = {name for grouping in groupings for name in grouping.ignoring if name in found}
    return {name: found[name] for name in sorted(ignored) if not all(name in grouping.ignoring for grouping in groupings)}


def _where(found: Clauses, flags: Clauses, groupings: list[Grouping]) -> ColumnElement[bool]:
    """Rows that at least one of the groupings counts."""
    always = [clause for name, clause in found.items() if name not in flags and not all(name in grouping.ignoring for grouping in groupings)]
    needed = [and_(true(), *(flags[name] for name in flags if name not in grouping.ignoring)) for grouping in groupings]
    return and_(true(), *always, or_(*needed)) if flags else and_(true(), *always)


def _sets(columns: list[list[ColumnElement]]) -> ColumnElement:
    """GROUPING SETS of these column lists; two that are the same are asked for once, or they would answer twice."""
    different = {tuple(str(column) for column in set_): set_ for set_ in columns}.values()
    return func.grouping_sets(*(tuple_(*set_) if set_ else literal_column("()") for set_ in different))


Sums = dict[tuple[str, ...], list]
Clauses = dict[str, ColumnElement[bool]]


def _one_pass(connection: Connection, selection: Selection, found: Clauses, groupings: list[Grouping]) -> dict[Grouping, Sums]:
    flags = _flags(found, groupings)
    dimensions = list(dict.fromkeys(name for grouping in groupings for name in grouping.by))
    inner = select(
        *(_column(name, selection).label(f"key_{number}") for number, name in enumerate(dimensions)),
        *(case((clause, 1), else_=0).label(f"flag_{number}") for number, clause in enumerate(flags.values())),
        *(events.c[name] for name in ("participants", "participants_scope", "participants_qualifier", "date_start")),
        *(events.c[name] for name in ("activity_size", "activity_mixed", "district_bit", "earlier_districts")),
    ).where(_where(found, flags, groupings))
    rows = inner.subquery("chosen")
    keys = {name: rows.c[f"key_{number}"] for number, name in enumerate(dimensions)}
    passed = {name: rows.c[f"flag_{number}"] for number, name in enumerate(flags)}
    every = [*keys.values(), *passed.values()]
    statement = select(func.grouping(*every) if every else literal(0), *every, *_figures(rows, selection))
    if every:
        statement = statement.group_by(_sets([[*(keys[name] for name in g.by), *(passed[name] for name in flags if name not in g.ignoring)] for g in groupings]))
    by_set: dict[int, list] = {}
    for row in connection.execute(statement):
        by_set.setdefault(row[0], []).append(row)
    return {grouping: _sums(by_set, grouping, dimensions, list(flags), selection) for grouping in groupings}


def _figures(rows, selection: Selection) -> list[ColumnElement]:
    """The sums of one group. `joint` numbers cover several places and are kept apart from those of a single one."""

    def count(condition: ColumnElement[bool]) -> ColumnElement:
        return func.sum(case((condition, 1), else_=0))

    stated = rows.c.participants.is_not(None)
    joint = and_(stated, rows.c.participants_scope == "activity")
    single = and_(stated, rows.c.participants_scope != "activity")
    alike, earlier = rows.c.activity_mixed.is_(False), rows.c.earlier_districts
    return [
        func.count(),
        count(rows.c.activity_size == 1),
        count(and_(alike, earlier.bitwise_and(_bits(selection)) == 0)),
        count(and_(alike, earlier.bitwise_and(rows.c.district_bit) == 0)),
        func.sum(case((single, rows.c.participants))),
        count(single),
        count(and_(single, rows.c.participants_qualifier == "about")),
        count(and_(single, rows.c.participants_qualifier == "at least")),
        func.sum(case((joint, rows.c.participants))),
        count(joint),
        count(and_(joint, rows.c.participants_qualifier == "about")),
        count(and_(joint, rows.c.participants_qualifier == "at least")),
        func.max(rows.c.date_start),
    ]


def _bits(selection: Selection) -> int:
    if not selection.district:
        return EVERYWHERE
    order = [*places.adcodes(), schema.UNPLACED]
    return sum(1 << order.index(code) for code in selection.district)


def _cuts(selection: Selection, grouping: Grouping) -> bool:
    """Whether the rows of an activity that are alike but for their place can be split otherwise than by district."""
    filtered = selection.without(*grouping.ignoring)
    by_filter = filtered.place_basis or filtered.subdistrict or filtered.partner or filtered.q or {"counted", "joint"} & set(filtered.only)
    return bool(by_filter) or bool({"partner", "subdistrict", "place-basis"}.intersection(grouping.by))


def _places_in_row(grouping: Grouping, dimensions: list[str], flags: list[str]) -> tuple[int, list[int], list[int]]:
    """Where a grouping's rows are in the answer: its GROUPING() number, the places of its keys, of the flags it keeps."""
    kept = [name for name in flags if name not in grouping.ignoring]
    mask = 0
    for present in [*(name in grouping.by for name in dimensions), *(name in kept for name in flags)]:
        mask = mask * 2 + (not present)
    return mask, [1 + dimensions.index(name) for name in grouping.by], [1 + len(dimensions) + flags.index(name) for name in kept]


def _sums(by_set: dict[int, list], grouping: Grouping, dimensions: list[str], flags: list[str], selection: Selection) -> Sums:
    """The rows of one grouping out of the whole answer, cells with several values taken apart.

    key → events, activities, people, events with a number, about, at least, last day.
    """
    mask, at, passes = _places_in_row(grouping, dimensions, flags)
    first = 1 + len(dimensions) + len(flags)
    by_place = bool(schema.PLACE_DIMENSIONS.intersection(grouping.by)) or selection.without(*grouping.ignoring).by_place
    fresh = 1 if _cuts(selection, grouping) else 3 if "district" in grouping.by else 2
    found: Sums = {}
    for row in by_set.get(mask, ()):
        if not all(row[place] for place in passes):
            continue
        figures = [int(figure or 0) for figure in row[first:-1]]
        joint = (0, 0, 0, 0) if by_place else figures[8:12]
        new = [figures[0], figures[fresh], *(own_ + joint_ for own_, joint_ in zip(figures[4:8], joint, strict=True))]
        for key in product(*(_codes(name, row[place]) for name, place in zip(grouping.by, at, strict=True))):
            sums = found.setdefault(key, [0] * 6 + [None])
            for number, value in enumerate(new):
                sums[number] += value
            if row[-1] is not None and (sums[6] is None or row[-1] > sums[6]):
                sums[6] = row[-1]
    return found


def _codes(name: str, cell: object) -> list[str]:
    """The codes of one cell: several taken apart, absent districts and dates under their own code."""
    text = "" if cell is None else str(cell)
    if schema.DIMENSIONS[name].several:
        return text.split(schema.SEPARATOR)
    return [text or {"district": schema.UNPLACED}.get(name, schema.UNDATED if name in schema.CALENDAR else "")]


def _table(sums: Sums, distinct: dict[tuple, int], grouping: Grouping, selection: Selection) -> pd.DataFrame:
    """The sums as a frame, with the activities that had to be counted distinct added."""
    if not grouping.by and not sums:
        sums = {(): [0] * 6 + [None]}
    rows = [(*key, values[0], values[1] + distinct.get(key, 0), values[2] if values[3] else None, *values[3:]) for key, values in sums.items()]
    columns = [*grouping.by, "events", "activities", "participants", "participants_events", "about", "at_least", "last_day"]
    table = pd.DataFrame(rows, columns=columns)
    types = {name: "str" for name in grouping.by} | {name: "int64" for name in ("events", "activities", "participants_events", "about", "at_least")}
    return table.astype(types | {"participants": "Int64", "last_day": "datetime64[s]"})


def _distinct(connection: Connection, store: Store, selection: Selection, found: Clauses, groupings: list[Grouping]) -> dict[Grouping, dict[tuple, int]]:
    """Distinct activities that the pass cannot count: those whose rows differ in more than their place, or all with several
    rows where the question splits them otherwise. One query per set of cells to take apart; these rows are few.
    """
    bundles: dict[tuple, list[Grouping]] = {}
    for grouping in groupings:
        cuts = _cuts(selection, grouping)
        if cuts or store.mixed:
            several = tuple(name for name in grouping.by if schema.DIMENSIONS[name].several)
            bundles.setdefault((cuts, several), []).append(grouping)
    answer: dict[Grouping, dict[tuple, int]] = {}
    for (cuts, several), bundle in bundles.items():
        which = events.c.activity_size > 1 if cuts else events.c.activity_mixed.is_(True)
        answer |= _distinct_of(connection, selection, found, bundle, several, which)
    return answer


def _distinct_of(connection: Connection, selection: Selection, found: Clauses, bundle: list[Grouping], several: tuple[str, ...], which: ColumnElement[bool]) -> dict[Grouping, dict[tuple, int]]:
    flags = _flags(found, bundle)
    dimensions = list(dict.fromkeys(name for grouping in bundle for name in grouping.by))
    source, keys = events, {name: _column(name, selection) for name in dimensions}
    for name in several:
        values, column = combinations.alias(f"values_{name.replace('-', '_')}"), schema.DIMENSIONS[name].column
        source = source.join(values, and_(values.c.dimension == column, values.c.combination == cast(events.c[column], String)))
        keys[name] = values.c.value
    inner = select(
        *(column.label(f"key_{number}") for number, column in enumerate(keys.values())),
        *(case((clause, 1), else_=0).label(f"flag_{number}") for number, clause in enumerate(flags.values())),
        events.c.activity_no,
    )  # fmt: skip
    rows = inner.select_from(source).where(which, _where(found, flags, bundle)).subquery("several")
    columns = {name: rows.c[f"key_{number}"] for number, name in enumerate(keys)}
    passed = {name: rows.c[f"flag_{number}"] for number, name in enumerate(flags)}
    every = [*columns.values(), *passed.values()]
    statement = select(func.grouping(*every) if every else literal(0), *every, func.count(rows.c.activity_no.distinct()))
    if every:
        statement = statement.group_by(_sets([[*(columns[name] for name in g.by), *(passed[name] for name in flags if name not in g.ignoring)] for g in bundle]))
    found_rows = list(connection.execute(statement))
    return {grouping: _distinct_rows(found_rows, grouping, dimensions, list(flags)) for grouping in bundle}


def _distinct_rows(rows: list, grouping: Grouping, dimensions: list[str], flags: list[str]) -> dict[tuple, int]:
    mask, at, passes = _places_in_row(grouping, dimensions, flags)
    wanted = [row for row in rows if row[0] == mask and all(row[place] for place in passes)]
    return {tuple(_code(name, row[place]) for name, place in zip(grouping.by, at, strict=True)): row[-1] for row in wanted}


def _code(name: str, cell: object) -> str:
    return str(cell) if schema.DIMENSIONS[name].several else _codes(name, cell)[0]


# ------------------------------------------------------------------ tables in a fixed order


def summary(store: Store, selection: Selection, by: tuple[str, ...]) -> pd.DataFrame:
    """What the command line prints and the pages show: every filter kept, absent keys as rows of zeros, in the fixed order.

    One row per combination of `by`; columns as in `measure`. Raises nothing: an empty selection gives zeros.
    """
    grouping = Grouping(by)
    return complete(measure(store, selection, [grouping])[grouping], by, selection)


def complete(table: pd.DataFrame, by: tuple[str, ...], selection: Selection | None = None) -> pd.DataFrame:
    """The table with absent keys put back, in the order of the vocabularies, districts, or the calendar."""
    if not by:
        return table
    orders = [order(name, table, selection) for name in by]
    index = pd.MultiIndex.from_product(orders, names=by) if len(by) > 1 else pd.Index(orders[0], name=by[0])
    filled = table.set_index(list(by)).reindex(index)
    counts = [name for name in filled.columns if name not in ("participants", "last_day")]
    return filled.assign(**{name: filled[name].fillna(0).astype("int64") for name in counts}).reset_index()


def order(name: str, table: pd.DataFrame, selection: Selection | None = None) -> list[str]:
    """All keys of one dimension in their fixed order: unplaced and undated last, calendars without a gap."""
    if name == "district":
        return [*places.adcodes(), schema.UNPLACED]
    if schema.DIMENSIONS[name].terms:
        return list(schema.DIMENSIONS[name].terms)
    present = [code for code in table[name].unique() if code not in ("", schema.UNDATED)]
    if name in ("month", "quarter", "year"):
        return [*calendar(name, present, selection), schema.UNDATED]
    return sorted(present)


def calendar(period: str, present: list[str], selection: Selection | None = None) -> list[str]:
    """All months, quarters or years from the first to the last present, or of the span that is set."""
    edges = sorted(present)
    if selection and selection.start:
        edges = [_period(selection.start, period), *edges]
    if selection and selection.end:
        edges = [*edges, _period(selection.end, period)]
    if not edges:
        return []
    frequency = {"month": "M", "quarter": "Q", "year": "Y"}[period]
    first, last = (pd.Period(min(edges).replace("-Q", "Q"), frequency), pd.Period(max(edges).replace("-Q", "Q"), frequency))
    return [_period(each.start_time.date(), period) for each in pd.period_range(first, last)]


def _period(day: date, period: str) -> str:
    return {"month": f"{day:%Y-%m}", "quarter": f"{day.year}-Q{(day.month + 2) // 3}", "year": str(day.year)}[period]


# ------------------------------------------------------------------ single questions


def totals(store: Store, selection: Selection) -> dict[str, object]:
    """The figures of one selection: events, activities, participants …, districts reached (of 16), places named."""
    by_district = Grouping(("district",))
    tables = measure(store, selection, [Grouping(), by_district])
    return headline(tables[Grouping()], tables[by_district], places_named(store, selection))


def headline(total: pd.DataFrame, by_district: pd.DataFrame, named: int) -> dict[str, object]:
    """Totals as plain values: those of `measure`, districts (reached, of 16), unplaced (events), places (named in reports)."""
    found = total.iloc[0].to_dict()
    unplaced = by_district.loc[by_district["district"] == schema.UNPLACED, "events"].sum() if len(by_district) else 0
    reached = int((by_district["district"] != schema.UNPLACED).sum()) if len(by_district) else 0
    people = None if pd.isna(found["participants"]) else int(found["participants"])
    return found | {"participants": people, "districts": reached, "unplaced": int(unplaced), "places": named}


def places_named(store: Store, selection: Selection) -> int:
    """Different places (subdistrict, community, venue) that the selected events name."""
    with store.engine.connect() as connection:
        return int(connection.execute(select(func.count(events.c.place_no.distinct())).where(*clauses(selection, store).values())).scalar_one())


def before(selection: Selection) -> Selection | None:
    """The same question about the span of the same length before; None when no whole span is set."""
    if not (selection.start and selection.end):
        return None
    start, end = span_before(selection.start, selection.end)
    return selection.change(start=start, end=end)


def left_out(store: Store, selection: Selection) -> dict[str, int]:
    """Events that the same filters would show but for one rule: repeated, planned, cancelled, undated; and unplaced, month-only,
    joint (whose number covers several places) among those shown. Only counts above zero."""
    found = clauses(selection, store)
    kind, span = found.pop("kind"), found.pop("span", None)
    shown = and_(kind, span) if span is not None else kind
    day = events.c.report_day if selection.undated == "report" else events.c.date_start
    repeats = events.c.duplicate_of != ""
    statuses = ["held", *(s for s in ("planned", "cancelled") if s in selection.include)]
    within = span if span is not None else true()
    once = true() if "repeated" in selection.include else ~repeats
    narrowed = {"repeated", "planned", "cancelled"}.intersection(selection.only)
    conditions: dict[str, ColumnElement[bool]] = {}
    if "repeated" not in selection.include and not narrowed:
        conditions["repeated"] = and_(within, repeats)
    for status in ("planned", "cancelled"):
        if status not in statuses and not narrowed:
            conditions[status] = and_(within, once, events.c.status == status)
    if span is not None:
        conditions["undated"] = and_(kind, day.is_(None))
    conditions["unplaced"] = and_(shown, events.c.district == "")
    conditions["month"] = and_(shown, events.c.date_precision == "month")
    if selection.by_place:
        conditions["joint"] = and_(shown, events.c.participants.is_not(None), events.c.participants_scope == "activity")
    sums = [func.sum(case((condition, 1), else_=0)) for condition in conditions.values()]
    with store.engine.connect() as connection:
        row = connection.execute(select(*sums).where(true(), *found.values())).one()
    return {name: int(count) for name, count in zip(conditions, row, strict=True) if count}


def event_rows(store: Store, selection: Selection, limit: int | None = None) -> pd.DataFrame:
    """The selected events, latest first, undated ones last. One row per event; columns as in the file."""
    statement = select(*(events.c[name] for name in schema.COLUMN_NAMES)).where(*clauses(selection, store).values())
    statement = statement.order_by(events.c.date_start.desc().nulls_last(), events.c.event_id)
    with store.engine.connect() as connection:
        rows = connection.execute(statement.limit(limit) if limit else statement).all()
    return _typed(pd.DataFrame(rows, columns=list(schema.COLUMN_NAMES)))


def related(store: Store, event_id: str) -> dict[str, pd.DataFrame]:
    """One event and its kin: `event` (one row or none), `places` (other rows of its activity), `repeats` (rows that repeat it, or that it repeats)."""
    columns = [events.c[name] for name in schema.COLUMN_NAMES]
    with store.engine.connect() as connection:
        event = connection.execute(select(*columns).where(events.c.event_id == event_id)).all()
        if not event:
            return {"event": _typed(pd.DataFrame(columns=list(schema.COLUMN_NAMES)))}
        one = event[0]
        kin = [events.c.duplicate_of == event_id, *([events.c.event_id == one.duplicate_of, events.c.duplicate_of == one.duplicate_of] if one.duplicate_of else [])]
        other = connection.execute(select(*columns).where(events.c.activity_id == one.activity_id, events.c.event_id != event_id)).all()
        repeats = connection.execute(select(*columns).where(or_(*kin), events.c.event_id != event_id)).all()
    return {name: _typed(pd.DataFrame(rows, columns=list(schema.COLUMN_NAMES))) for name, rows in (("event", event), ("places", other), ("repeats", repeats))}


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    days = {column.name: pd.to_datetime(table[column.name]) for column in schema.EVENT_COLUMNS if column.kind == "date"}
    counts = {column.name: table[column.name].astype("Int64") for column in schema.EVENT_COLUMNS if column.kind == "count"}
    return table.assign(**days, **counts)


__all__ = ["Grouping", "before", "complete", "event_rows", "headline", "left_out", "measure", "own", "related", "summary", "totals"]
