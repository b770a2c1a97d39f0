"""Selection → tidy frames. Every number on screen, in an export and on the command line comes from here.

Cells in memory (`cube`) answer where they can tell, one GROUPING SETS query over the events answers the rest, by the same
rules. Activities are counted distinct and exactly without a distinct count of every row: rows of one activity that are alike
but for their place are counted where no earlier row of the activity lies in the wanted districts (`earlier_districts`); only
the few activities whose rows differ otherwise are counted distinct.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import product

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, String, and_, case, cast, func, literal, literal_column, or_, select, tuple_

from analytics import cube, places, schema
from analytics.cube import Sums
from analytics.selection import Selection, clauses, left_out_as, span_before
from analytics.store import FIRST, Store, combinations, district_bits, events, is_one_of

MEASURES = ("events", "activities", "participants", "participants_events")
FIGURES = ("events", "activities", "participants", "participants_events", "qualifier", "last_day")
QUALIFIERS = ("", *schema.QUALIFIER)


@dataclass(frozen=True)
class Grouping:
    """One table wanted from the pass: its dimensions, the filters it lets go (a chart ignores the filter of its own), and
    whether activities are wanted: without them a table split by place basis needs no distinct count."""

    by: tuple[str, ...] = ()
    ignoring: frozenset[str] = frozenset()
    activities: bool = True


def own(*by: str) -> Grouping:
    """A chart's grouping: by these dimensions, ignoring their own filters."""
    return Grouping(by, frozenset(by))


# ------------------------------------------------------------------ the pass


def measure(store: Store, selection: Selection, groupings: list[Grouping]) -> dict[Grouping, pd.DataFrame]:
    """All groupings of one page view, in one pass over the events.

    One row per key that occurs: the dimensions' codes, events, activities (counts), participants (people, stated numbers
    only, absent where none is stated), participants_events (events with a stated number), qualifier (the weakest word among
    the stated numbers: exact, about, at least; '' where none is stated), last_day (of the latest dated event).
    A cell with several values counts once under each. A grouping that does not ask for activities has no such column.
    """
    answer: dict[Grouping, pd.DataFrame] = {}
    for freed, bundle in bundles(selection, groupings).items():
        held = cube.cube_of(store, freed.undated) if any(_in_cube(freed, each) for each in bundle) else None
        inside = [each for each in bundle if held and _in_cube(freed, each) and cube.fits(held, each.by)]
        if inside:
            answer |= _added_up(store, held, freed, inside)
        outside = [each for each in bundle if each not in answer]
        if outside:
            with store.engine.connect() as connection:
                answer |= _measure(connection, store, freed, list(clauses(freed, store).values()), outside)
    return {grouping: answer[grouping] for grouping in groupings}


def _in_cube(selection: Selection, grouping: Grouping) -> bool:
    """Whether the cells in memory can answer: they know these keys, and not too little about activities."""
    return cube.covers(selection, grouping.by) and not (grouping.activities and _cuts(selection, grouping))


def _added_up(store: Store, held: cube.Cube, selection: Selection, groupings: list[Grouping]) -> dict[Grouping, pd.DataFrame]:
    """The groupings of one bundle, from the cells in memory."""
    found = cube.kept(store, held, selection)
    return {
        grouping: _table(
            cube.sums(found, grouping.by, _by_place(selection, grouping)),
            cube.distinct(found, grouping.by) if grouping.activities and store.mixed else {},
            grouping,
            1 if "district" in grouping.by else 0,
        )
        for grouping in groupings
    }


def bundles(selection: Selection, groupings: Iterable[Grouping]) -> dict[Selection, list[Grouping]]:
    """Groupings that ask about the same rows, by the selection of these rows: one pass answers each bundle."""
    found: dict[Selection, list[Grouping]] = {}
    for grouping in dict.fromkeys(groupings):
        found.setdefault(selection.without(*grouping.ignoring), []).append(grouping)
    return found


def _measure(
    connection: Connection, store: Store, selection: Selection, kept: list[ColumnElement[bool]], groupings: list[Grouping]
) -> dict[Grouping, pd.DataFrame]:
    """The groupings of one bundle; `selection` is without the filters they let go."""
    cut = [grouping for grouping in groupings if grouping.activities and _cuts(selection, grouping)]
    sums = _pass(connection, selection, kept, groupings, _figures(selection, bool(cut)))
    together = [grouping for grouping in groupings if not _by_place(selection, grouping)]
    joint = _pass(connection, selection, [*kept, events.c.joint.is_(True)], together, _joint_figures()) if together and store.joint else {}
    distinct = _distinct(connection, store, selection, kept, [grouping for grouping in groupings if grouping.activities])
    return {
        grouping: _table(
            _added(sums[grouping], joint.get(grouping, {})),
            distinct.get(grouping, {}),
            grouping,
            2 if grouping in cut else 1 if "district" in grouping.by else 0,
        )
        for grouping in groupings
    }


def _column(name: str, selection: Selection) -> ColumnElement:
    column = schema.DIMENSIONS[name].column
    if name in schema.CALENDAR:
        column = {"day": "date_start"}.get(name, name) if selection.undated != "report" else f"report_{name}"
    return events.c[column]


Kept = list[ColumnElement[bool]]


def _grouped(keys: dict[str, ColumnElement], groupings: list[Grouping], figures: list[ColumnElement]) -> Select:
    """GROUPING() number, all keys, figures; groupings by the same keys are asked for once, or they would answer twice."""
    every = list(keys.values())
    statement = select(func.grouping(*every) if every else literal(0), *every, *figures)
    if not every:
        return statement
    different = dict.fromkeys(grouping.by for grouping in groupings)
    sets = [tuple_(*(keys[name] for name in by)) if by else literal_column("()") for by in different]
    return statement.group_by(func.grouping_sets(*sets))


def _dimensions(groupings: list[Grouping]) -> list[str]:
    return list(dict.fromkeys(name for grouping in groupings for name in grouping.by))


def _own(rows_by_set: dict[int, list], grouping: Grouping, dimensions: list[str]) -> tuple[list, list[int]]:
    """The rows of one grouping out of the answer, and where its keys stand in them."""
    number = 0
    for name in dimensions:
        number = number * 2 + (name not in grouping.by)
    return rows_by_set.get(number, []), [1 + dimensions.index(name) for name in grouping.by]


def _by_set(connection: Connection, statement: Select) -> dict[int, list]:
    rows: dict[int, list] = {}
    for row in connection.execute(statement):
        rows.setdefault(row[0], []).append(row)
    return rows


def _pass(
    connection: Connection, selection: Selection, kept: Kept, groupings: list[Grouping], figures: list[ColumnElement]
) -> dict[Grouping, Sums]:
    """The figures of every grouping over the rows that are kept, in one GROUPING SETS query."""
    dimensions = _dimensions(groupings)
    keys = {name: _column(name, selection) for name in dimensions}
    opened, people, weakness, day, *alone = figures
    sums = [
        func.count(),
        func.sum(opened),
        func.sum(alone[0]) if alone else literal(0),
        func.sum(people),
        func.count(people),
        func.max(weakness),
        func.max(day),
    ]
    rows = _by_set(connection, _grouped(keys, groupings, sums).where(*kept))
    return {grouping: _sums(*_own(rows, grouping, dimensions), grouping) for grouping in groupings}


def _figures(selection: Selection, cut: bool) -> list[ColumnElement]:
    """What is summed of each event. The first counts, in its two halves, activities whose first row this is: among the
    districts wanted, and in its own district; activities with mixed rows are left to `_distinct`."""
    opened = events.c.first_anywhere
    if selection.district:
        first = and_(events.c.activity_mixed.is_(False), events.c.earlier_districts.bitwise_and(district_bits(selection.district)) == 0)
        opened = events.c.first_in_district + case((first, 1), else_=0)
    alone = [case((events.c.activity_size == 1, 1), else_=0)] if cut else []
    return [opened, events.c.people, case((events.c.joint.is_(False), events.c.weakness)), events.c.date_start, *alone]


def _joint_figures() -> list[ColumnElement]:
    """What is summed of events whose number covers several places: only the number is news."""
    return [literal(0), events.c.participants, events.c.weakness, events.c.date_start]


def _added(sums: Sums, joint: Sums) -> Sums:
    """The numbers that cover several places, added where no place is asked for; their events are counted already."""
    for key, values in joint.items():
        single = sums[key]
        sums[key] = [*single[:4], single[4] + values[4], single[5] + values[5], max(single[6], values[6]), single[7]]
    return sums


def _cuts(selection: Selection, grouping: Grouping) -> bool:
    """Whether the rows of an activity that are alike but for their place can be split otherwise than by district."""
    by_filter = (
        selection.place_basis or selection.subdistrict or selection.partner or selection.q or {"counted", "joint"} & set(selection.only)
    )
    return bool(by_filter) or bool({"partner", "subdistrict", "place-basis"}.intersection(grouping.by))


def _by_place(selection: Selection, grouping: Grouping) -> bool:
    return bool(schema.PLACE_DIMENSIONS.intersection(grouping.by)) or selection.by_place


def _sums(rows: list, at: list[int], grouping: Grouping) -> Sums:
    """The rows of one grouping by key, cells with several values taken apart."""
    found: Sums = {}
    for row in rows:
        count, opened, alone, people, stated, weakness, day = row[-7:]
        opened = int(opened or 0)
        new = [int(count), opened % FIRST, opened // FIRST, int(alone or 0), int(people or 0), int(stated)]
        for key in product(*(schema.keys(name, _text(row[place])) for name, place in zip(grouping.by, at, strict=True))):
            sums = found.get(key)
            if sums is None:
                found[key] = [*new, weakness or 0, day]
                continue
            for number, value in enumerate(new):
                sums[number] += value
            sums[6] = max(sums[6], weakness or 0)
            sums[7] = max((each for each in (sums[7], day) if each is not None), default=None)
    return found


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


def _table(sums: Sums, distinct: dict[tuple, int], grouping: Grouping, which: int) -> pd.DataFrame:
    """The sums as a frame; `which` of the three counts of activities fits, and those counted distinct are added."""
    if not grouping.by and not sums:
        sums = {(): [0] * 7 + [None]}
    rows = [
        (*key, v[0], v[1 + which] + distinct.get(key, 0), v[4] if v[5] else None, v[5], QUALIFIERS[v[6]] if v[5] else "", v[7])
        for key, v in sums.items()
    ]  # fmt: skip
    table = _frame(rows, grouping.by)
    return table if grouping.activities else table.drop(columns="activities")


def _frame(rows: list[tuple], by: tuple[str, ...]) -> pd.DataFrame:
    """Rows of keys and figures as a frame, built by column: keys are plain text objects, which pandas walks through several
    times faster than its string type; participants are floats, so that a gap is a gap.
    """
    columns = list(zip(*rows, strict=True)) or [()] * (len(by) + len(FIGURES))
    types = dict.fromkeys(FIGURES, "int64") | {"participants": "float64", "qualifier": object}
    keys = {name: np.array(cells, dtype=object) for name, cells in zip(by, columns, strict=False)}
    last_day = np.array([day if day is None or day == day else None for day in columns[-1]], dtype="datetime64[s]")
    numbers = {name: np.array(cells, dtype=types[name]) for name, cells in zip(FIGURES[:-1], columns[len(by) :], strict=False)}
    return pd.DataFrame(keys | numbers | {"last_day": last_day})


def _distinct(
    connection: Connection, store: Store, selection: Selection, kept: Kept, groupings: list[Grouping]
) -> dict[Grouping, dict[tuple, int]]:
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
        answer |= _distinct_of(connection, selection, [which, *kept], bundle, several)
    return answer


def _distinct_of(
    connection: Connection, selection: Selection, kept: Kept, bundle: list[Grouping], several: tuple[str, ...]
) -> dict[Grouping, dict[tuple, int]]:
    dimensions = _dimensions(bundle)
    source, keys = events, {name: _column(name, selection) for name in dimensions}
    for name in several:
        values, column = combinations.alias(f"values_{name.replace('-', '_')}"), schema.DIMENSIONS[name].column
        source = source.join(values, and_(values.c.dimension == column, values.c.combination == cast(events.c[column], String)))
        keys[name] = values.c.value
    statement = _grouped(keys, bundle, [func.count(events.c.activity_no.distinct())])
    rows = _by_set(connection, statement.select_from(source).where(*kept))
    answer = {}
    for grouping in bundle:
        own_rows, at = _own(rows, grouping, dimensions)
        answer[grouping] = {tuple(_key(name, row[place]) for name, place in zip(grouping.by, at, strict=True)): row[-1] for row in own_rows}
    return answer


def _key(name: str, cell: object) -> str:
    """The key of one cell, whose values the query has taken apart."""
    return _text(cell) if schema.DIMENSIONS[name].several else schema.keys(name, _text(cell))[0]


# ------------------------------------------------------------------ tables in a fixed order


def summary(store: Store, selection: Selection, by: tuple[str, ...]) -> pd.DataFrame:
    """What the command line prints and the pages show: every filter kept, absent keys as rows of zeros, in the fixed order.

    One row per combination of `by`; columns as in `measure`. Raises nothing: an empty selection gives zeros.
    """
    grouping = Grouping(by)
    table = complete(measure(store, selection, [grouping])[grouping], by, selection)
    return table.astype({"participants": "Int64"})


def complete(table: pd.DataFrame, by: tuple[str, ...], selection: Selection | None = None) -> pd.DataFrame:
    """The table with absent keys put back, in the order of the vocabularies, districts, or the calendar."""
    if not by:
        return table
    width = len(by)
    found = {row[:width]: row for row in zip(*(table[name].tolist() for name in (*by, *FIGURES)), strict=True)}
    nothing = (0, 0, None, 0, "", None)
    keys = product(*(order(name, table, selection) for name in by))
    return _frame([found.get(key) or (*key, *nothing) for key in keys], by)


def order(name: str, table: pd.DataFrame, selection: Selection | None = None) -> list[str]:
    """All keys of one dimension in their fixed order: unplaced and undated last, calendars without a gap."""
    if name == "district":
        return [*places.adcodes(), schema.UNPLACED]
    if schema.DIMENSIONS[name].terms:
        return list(schema.DIMENSIONS[name].terms)
    present = [code for code in dict.fromkeys(table[name]) if code not in ("", schema.UNDATED)]
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
    of_year = {"month": 12, "quarter": 4, "year": 1}[period]
    first, last = (int(code[:4]) * of_year + int(code[5:].lstrip("Q") or 1) - 1 for code in (min(edges), max(edges)))
    pattern = {"month": "{year}-{part:02}", "quarter": "{year}-Q{part}", "year": "{year}"}[period]
    return [pattern.format(year=number // of_year, part=number % of_year + 1) for number in range(first, last + 1)]


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
    named = (
        select(events.c.place_no)
        .where(events.c.place_no.is_not(None), *clauses(selection, store).values())
        .group_by(events.c.place_no)
        .subquery("named")
    )
    with store.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(named)).scalar_one())


def months_between(day: date | None, later: date) -> float | None:
    """Whole months from one day to a later one, never below zero; None where there is no day."""
    if day is None or pd.isna(day):
        return None
    return float(max(0, (later.year - day.year) * 12 + later.month - day.month - (later.day < day.day)))


def before(selection: Selection) -> Selection | None:
    """The same question about the span of the same length before; None when no whole span is set."""
    if not (selection.start and selection.end):
        return None
    start, end = span_before(selection.start, selection.end)
    return selection.change(start=start, end=end)


def left_out(store: Store, selection: Selection) -> dict[str, int]:
    """Events that the same filters would show but for one rule: repeated, planned, cancelled, undated; and unplaced and joint ones
    (whose number covers several places) among those shown. Only counts above zero."""
    held = cube.cube_of(store, selection.undated) if cube.covers(selection) else None
    if held:
        counts = cube.left_out(store, held, selection)
    else:
        with store.engine.connect() as connection:
            counts = _not_counted(connection, store, selection) | _not_exact(connection, store, selection)
    return {name: count for name, count in counts.items() if count}


def _not_counted(connection: Connection, store: Store, selection: Selection) -> dict[str, int]:
    """Events that only the rules for repeats, for what was not held and for undated ones keep out."""
    found = clauses(selection, store)
    kind, span = found.pop("kind"), found.pop("span", None)
    others = list(found.values())
    counts = dict.fromkeys(("repeated", "planned", "cancelled", "undated"), 0)
    if not {"repeated", "planned", "cancelled"}.intersection(selection.only):
        statement = (
            select(events.c.repeats, events.c.status, func.count())
            .where(events.c.usual.is_(False), *others, *([] if span is None else [span]))
            .group_by(events.c.repeats, events.c.status)
        )
        for repeats, status, count in connection.execute(statement):
            if name := left_out_as(selection, str(status), repeats):
                counts[name] += int(count)
    if span is not None:
        day = events.c.report_day if selection.undated == "report" else events.c.date_start
        counts["undated"] = int(connection.execute(select(func.count()).where(day.is_(None), kind, *others)).scalar_one())
    return counts


def _not_exact(connection: Connection, store: Store, selection: Selection) -> dict[str, int]:
    """Events among those shown that name no district, and those whose number is not added."""
    kept = list(clauses(selection, store).values())
    conditions = {"unplaced": is_one_of(events.c.district, ("",))}
    if selection.by_place and store.joint:
        conditions["joint"] = events.c.joint.is_(True)
    return {
        name: int(connection.execute(select(func.count()).where(condition, *kept)).scalar_one()) for name, condition in conditions.items()
    }


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
        kin = [
            events.c.duplicate_of == event_id,
            *([events.c.event_id == one.duplicate_of, events.c.duplicate_of == one.duplicate_of] if one.duplicate_of else []),
        ]
        other = connection.execute(select(*columns).where(events.c.activity_id == one.activity_id, events.c.event_id != event_id)).all()
        repeats = connection.execute(select(*columns).where(or_(*kin), events.c.event_id != event_id)).all()
    return {
        name: _typed(pd.DataFrame(rows, columns=list(schema.COLUMN_NAMES)))
        for name, rows in (("event", event), ("places", other), ("repeats", repeats))
    }


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    days = {column.name: pd.to_datetime(table[column.name]) for column in schema.EVENT_COLUMNS if column.kind == "date"}
    counts = {column.name: table[column.name].astype("Int64") for column in schema.EVENT_COLUMNS if column.kind == "count"}
    return table.assign(**days, **counts)
