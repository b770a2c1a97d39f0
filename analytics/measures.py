"""Selection → tidy frames. Every number on screen, in an export and on the command line comes from here.

One GROUPING SETS query answers all groupings of a page view. Activities are counted distinct and exactly without a distinct
count of every row: rows of one activity that are alike but for their place are counted where no earlier row of the activity
lies in the wanted districts (`earlier_districts`); only the few activities whose rows differ otherwise are counted distinct.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, case, func, literal, literal_column, or_, select, true

from analytics import places, schema
from analytics.selection import Selection, clauses, span_before
from analytics.store import Store, combinations, events

MEASURES = ("events", "activities", "participants", "participants_events")
QUALIFIED = ("exact", "about", "at least")
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
        return {grouping: _with_mixed(connection, store, selection, found, grouping, table) for grouping, table in counted.items()}


def _column(name: str, selection: Selection) -> ColumnElement:
    column = schema.DIMENSIONS[name].column
    if name in schema.CALENDAR:
        column = {"day": "date_start"}.get(name, name) if selection.undated != "report" else f"report_{name}"
    return events.c[column]


def _flags(found: dict[str, ColumnElement[bool]], groupings: list[Grouping]) -> dict[str, ColumnElement[bool]]:
    """The filters that some grouping lets go and another keeps; each row says whether it passes them."""
    ignored = {name for grouping in groupings for name in grouping.ignoring if name in found}
    return {name: found[name] for name in sorted(ignored) if not all(name in grouping.ignoring for grouping in groupings)}


def _one_pass(connection: Connection, selection: Selection, found: dict[str, ColumnElement[bool]], groupings: list[Grouping]) -> dict[Grouping, pd.DataFrame]:
    flags = _flags(found, groupings)
    always = [clause for name, clause in found.items() if name not in flags and not all(name in grouping.ignoring for grouping in groupings)]
    needed = [[flags[name] for name in flags if name not in grouping.ignoring] for grouping in groupings]
    where = and_(true(), *always, or_(*(and_(true(), *clauses_) for clauses_ in needed))) if flags else and_(true(), *always)
    dimensions = list(dict.fromkeys(name for grouping in groupings for name in grouping.by))
    keys: dict[str, ColumnElement] = {name: _column(name, selection) for name in dimensions}
    inner = select(
        *(column.label(f"key_{number}") for number, column in enumerate(keys.values())),
        *(case((clause, 1), else_=0).label(f"flag_{number}") for number, clause in enumerate(flags.values())),
        *(events.c[name] for name in ("participants", "participants_scope", "participants_qualifier", "date_start")),
        *(events.c[name] for name in ("activity_size", "activity_mixed", "district_bit", "earlier_districts")),
    ).where(where)
    rows = inner.subquery("chosen")
    columns = {name: rows.c[f"key_{number}"] for number, name in enumerate(keys)}
    flag_columns = {name: rows.c[f"flag_{number}"] for number, name in enumerate(flags)}
    sets = [[*(columns[name] for name in g.by), *(flag_columns[name] for name in flags if name not in g.ignoring)] for g in groupings]
    every = [*columns.values(), *flag_columns.values()]
    statement = select(*_grouping_id(every), *every, *_figures(rows, selection))
    if every:
        # Two groupings may come to the same set; asked for twice it would answer twice.
        different = list({tuple(str(column) for column in set_): set_ for set_ in sets}.values())
        statement = statement.group_by(func.grouping_sets(*(_set(set_) for set_ in different)))
    frame = pd.DataFrame(connection.execute(statement).all(), columns=["set", *columns, *(f"flag {name}" for name in flags), *_FIGURES])
    return {grouping: _own_rows(frame, grouping, list(columns), list(flags), selection) for grouping in groupings}


def _grouping_id(every: list[ColumnElement]) -> list[ColumnElement]:
    return [func.grouping(*every).label("set") if every else literal(0).label("set")]


def _set(columns: list[ColumnElement]) -> ColumnElement:
    from sqlalchemy import tuple_

    return tuple_(*columns) if columns else literal_column("()")


_FIGURES = ("events", "fresh", "fresh_place", "people", "people_events", "joint", "joint_events", "about", "at_least", "joint_about", "joint_least", "last_day")


def _figures(rows, selection: Selection) -> list[ColumnElement]:
    """The sums of one group. `joint` numbers cover several places and are kept apart from those of a single one."""

    def count(condition: ColumnElement[bool]) -> ColumnElement:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    stated = rows.c.participants.is_not(None)
    joint = and_(stated, rows.c.participants_scope == "activity")
    single = and_(stated, rows.c.participants_scope != "activity")
    wanted = _bits(selection)
    # Where the filter cuts activities apart in other ways than by district, all with several rows are counted distinct later.
    plain = rows.c.activity_size == 1 if _cuts(selection) else rows.c.activity_mixed.is_(False)
    return [
        func.count(),
        count(and_(plain, rows.c.earlier_districts.bitwise_and(wanted) == 0)),
        count(and_(plain, rows.c.earlier_districts.bitwise_and(rows.c.district_bit) == 0)),
        func.sum(case((single, rows.c.participants))),
        count(single),
        func.sum(case((joint, rows.c.participants))),
        count(joint),
        count(and_(single, rows.c.participants_qualifier == "about")),
        count(and_(single, rows.c.participants_qualifier == "at least")),
        count(and_(joint, rows.c.participants_qualifier == "about")),
        count(and_(joint, rows.c.participants_qualifier == "at least")),
        func.max(rows.c.date_start),
    ]


def _bits(selection: Selection) -> int:
    if not selection.district:
        return EVERYWHERE
    order = [*places.adcodes(), schema.UNPLACED]
    return sum(1 << order.index(code) for code in selection.district)


def _cuts(selection: Selection) -> bool:
    """Whether a filter can split the rows of an activity that are alike but for their place."""
    return bool(selection.place_basis or selection.subdistrict or selection.partner or selection.q or {"counted", "joint"} & set(selection.only))


def _own_rows(frame: pd.DataFrame, grouping: Grouping, dimensions: list[str], flags: list[str], selection: Selection) -> pd.DataFrame:
    """The rows of one grouping out of the whole answer, with several values of a cell taken apart."""
    kept = [name for name in flags if name not in grouping.ignoring]
    mask = 0
    for present in [*(name in grouping.by for name in dimensions), *(name in kept for name in flags)]:
        mask = mask * 2 + (not present)
    rows = frame[frame["set"] == mask]
    for name in kept:
        rows = rows[rows[f"flag {name}"] == 1]
    by_place = bool(schema.PLACE_DIMENSIONS.intersection(grouping.by)) or selection.without(*grouping.ignoring).by_place
    return _exploded(_tidy(rows, grouping, by_place), grouping.by)


def _tidy(rows: pd.DataFrame, grouping: Grouping, by_place: bool) -> pd.DataFrame:
    numbers = {name: pd.to_numeric(rows[name]) for name in _FIGURES[:-1]}
    joint = 0 if by_place else 1
    people = numbers["people"].fillna(0) + joint * numbers["joint"].fillna(0)
    people_events = numbers["people_events"] + joint * numbers["joint_events"]
    return pd.DataFrame(
        {
            **{name: rows[name] for name in grouping.by},
            "events": numbers["events"].astype("int64"),
            "activities": numbers["fresh_place" if "district" in grouping.by else "fresh"].fillna(0).astype("int64"),
            "participants": people.astype("int64"),
            "participants_events": people_events.fillna(0).astype("int64"),
            "about": (numbers["about"] + joint * numbers["joint_about"]).fillna(0).astype("int64"),
            "at_least": (numbers["at_least"] + joint * numbers["joint_least"]).fillna(0).astype("int64"),
            "last_day": pd.to_datetime(rows["last_day"]),
        }
    ).reset_index(drop=True)


def _exploded(table: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    """Each key once: cells with several values are taken apart and summed, absent districts and dates get their codes."""
    for name in by:
        if schema.DIMENSIONS[name].several:
            table = table.assign(**{name: table[name].astype(str).str.split(schema.SEPARATOR)}).explode(name)
    table = _coded(table, by)
    if not by:
        table = table if len(table) else pd.DataFrame([{name: 0 for name in table.columns} | {"last_day": pd.NaT}])
        return _absent_people(table.reset_index(drop=True))
    sums = {name: "sum" for name in table.columns if name not in by} | {"last_day": "max"}
    return _absent_people(table.groupby(list(by), as_index=False, sort=False, observed=True).agg(sums) if len(table) else table)


def _coded(table: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    absent = {"district": schema.UNPLACED, **dict.fromkeys(schema.CALENDAR, schema.UNDATED)}
    columns = {}
    for name in by:
        codes = table[name].map(lambda value: "" if value is None or value is pd.NaT or pd.isna(value) else str(value)[:10]) if name == "day" else table[name]
        columns[name] = codes.astype("str").replace("", absent[name]) if name in absent else codes.astype("str")
    return table.assign(**columns)


def _absent_people(table: pd.DataFrame) -> pd.DataFrame:
    """No stated number is no number, not zero people."""
    return table.assign(participants=table["participants"].astype("Int64").where(table["participants_events"] > 0))


def _with_mixed(connection: Connection, store: Store, selection: Selection, found: dict[str, ColumnElement[bool]], grouping: Grouping, table: pd.DataFrame) -> pd.DataFrame:
    """Add the activities that the pass could not count: those whose rows differ in more than their place."""
    cutting = _cuts(selection) or {"partner", "subdistrict", "place-basis"}.intersection(grouping.by)
    if table.empty:
        return table
    if cutting and not _cuts(selection):
        table = table.assign(activities=_single(connection, selection, found, grouping, table))
    distinct = _distinct(connection, selection, found, grouping, events.c.activity_size > 1 if cutting else events.c.activity_mixed.is_(True))
    if distinct.empty:
        return table
    if not grouping.by:
        return table.assign(activities=table["activities"] + int(distinct["more"].iloc[0]))
    more = table[list(grouping.by)].merge(distinct, on=list(grouping.by), how="left")["more"]
    return table.assign(activities=table["activities"] + more.fillna(0).astype("int64").to_numpy())


def _single(connection: Connection, selection: Selection, found: dict[str, ColumnElement[bool]], grouping: Grouping, table: pd.DataFrame) -> pd.Series:
    """Activities with one row only, for groupings that cut activities apart in ways the pass does not know."""
    single = _distinct(connection, selection, found, grouping, events.c.activity_size == 1)
    merged = table[list(grouping.by)].merge(single, on=list(grouping.by), how="left")
    return merged["more"].fillna(0).astype("int64").to_numpy()


def _distinct(connection: Connection, selection: Selection, found: dict[str, ColumnElement[bool]], grouping: Grouping, which: ColumnElement[bool]) -> pd.DataFrame:
    """Distinct activities among the rows named by `which`. One row per key: the dimensions' codes, more (activities)."""
    source = events
    columns: list[ColumnElement] = []
    for name in grouping.by:
        if schema.DIMENSIONS[name].several:
            values = combinations.alias(f"values_{name}")
            column = schema.DIMENSIONS[name].column
            source = source.join(values, and_(values.c.dimension == column, values.c.combination == events.c[column]))
            columns.append(values.c.value)
        else:
            columns.append(_column(name, selection))
    kept = [clause for name, clause in found.items() if name not in grouping.ignoring]
    statement: Select = select(*(column.label(f"key_{n}") for n, column in enumerate(columns)), func.count(events.c.activity_no.distinct()).label("more"))
    statement = statement.select_from(source).where(which, *kept).group_by(*columns)
    return _coded(pd.DataFrame(connection.execute(statement).all(), columns=[*grouping.by, "more"]), grouping.by)


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


__all__ = ["Grouping", "Integer", "before", "complete", "event_rows", "headline", "left_out", "measure", "own", "related", "summary", "totals"]
