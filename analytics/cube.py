"""The events as a data cube in memory (Gray et al., 1997, Data Mining and Knowledge Discovery 1, 29–53): most questions of a
page are answered by adding up a few arrays, without asking the database.

A cell stands for all events that agree in every dimension below, in their month, and in which districts the earlier rows of
their activity lie in. Ten million events have well under a million cells. What cells cannot tell (search text, partners,
subdistricts, single days, parts of an activity) is left to the database; months cut by the ends of a span are read from it
once per span.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import product
from math import prod
from threading import RLock

import numpy as np
import pandas as pd
from sqlalchemy import Column, ColumnElement, Double, Select, case, cast, func, select

from analytics import schema
from analytics.selection import FIELDS, Selection, kinds, left_out_as
from analytics.store import Store, district_bits, events

MOST_CELLS = 3_000_000
"""Data with more cells than this stay in the database."""
MOST_KEYS = 500_000
"""Groupings with more combinations of keys than this are asked of the database."""

_NEVER = int(np.iinfo(np.int32).min)
_EPOCH = date(1970, 1, 1)
_LEFT_TO_THE_DATABASE = ("subdistrict", "partner", "day")
_COLUMNS = tuple(
    dimension.column for name, dimension in schema.DIMENSIONS.items() if name not in (*_LEFT_TO_THE_DATABASE, *schema.CALENDAR)
)

Sums = dict[tuple[str, ...], list]
"""Key → events; activities (among the districts wanted, in each district, alone in their activity); people, events with a
number, weakness of the numbers, last day."""
Distinct = dict[tuple[str, ...], int]
"""Key → activities that sums cannot count, because their rows differ in more than their place."""
Cells = dict[str, np.ndarray]
"""Some cells, or single events, in the order of their months: codes of each column (numbers into `Cube.labels`), figures by
name; `last` and `day` count days from 1970-01-01."""


@dataclass(frozen=True, eq=False)
class Cube:
    """All cells of a store, those counted by default (`usual`) apart from the `other` ones, and the single events of activities
    whose rows differ in more than their place (`mixed`). `labels` are the cells of each column as text, sorted; `month` is the
    column of the months.
    """

    labels: dict[str, tuple[str, ...]]
    undated: str
    usual: Cells
    other: Cells
    mixed: Cells

    @property
    def month(self) -> str:
        return _month(self.undated)


# ------------------------------------------------------------------ which questions it answers


def covers(selection: Selection, by: tuple[str, ...] = ()) -> bool:
    """Whether cells can tell these events, and these keys, apart."""
    if selection.q or selection.subdistrict or selection.partner or {"month", "counted", "joint"}.intersection(selection.only):
        return False
    if selection.undated == "report" and "undated" in selection.only:
        return False
    return not set(_LEFT_TO_THE_DATABASE).intersection(by)


def fits(cube: Cube, by: tuple[str, ...]) -> bool:
    """Whether the combinations of these keys are few enough to hold an array of them."""
    return prod(_axis(cube, name).size for name in by) <= MOST_KEYS


# ------------------------------------------------------------------ reading


def cube_of(store: Store, undated: str = "") -> Cube | None:
    """The cube by the months of first days, or (`undated='report'`) with undated events in their report's month; made on first
    use, None where the data have too many cells."""
    with _lock:
        return _made(store, undated)


_lock = RLock()


@lru_cache(maxsize=2)
def _made(store: Store, undated: str) -> Cube | None:
    usual = events.c.usual.is_(True)
    table = _read(store, _cells_query(undated).add_columns(usual.label("usual")).group_by(usual).limit(MOST_CELLS + 1))
    if len(table) > MOST_CELLS:
        return None
    labels = {name: tuple(sorted(map(str, table[name].cat.categories))) for name in _columns(undated)}
    counted = table["usual"].to_numpy(dtype=bool)
    single = select(*_keys(undated), events.c.date_start.label("last"), _day(undated).label("day"), events.c.activity_no)
    mixed = _read(store, single.where(events.c.activity_mixed.is_(True)))
    return Cube(labels, undated, *(_cells(part, labels, undated) for part in (table[counted], table[~counted], mixed)))


@lru_cache(maxsize=64)
def _cut_month(store: Store, undated: str, first: date, last: date) -> Cells:
    """The cells of part of a month."""
    day = _day(undated)
    return _cells(_read(store, _cells_query(undated).where(day >= first, day <= last)), cube_of(store, undated).labels, undated)


def _month(undated: str) -> str:
    return "report_month" if undated == "report" else "month"


def _day(undated: str) -> Column:
    return events.c.report_day if undated == "report" else events.c.date_start


def _columns(undated: str) -> tuple[str, ...]:
    return (*_COLUMNS, _month(undated))


def _keys(undated: str) -> list[ColumnElement]:
    # In activities that are counted one by one, the districts of earlier rows are of no use.
    earlier = case((events.c.activity_mixed.is_(True), 0), else_=events.c.earlier_districts)
    return [*(events.c[name] for name in _columns(undated)), events.c.repeats, earlier.label("earlier")]


def _cells_query(undated: str) -> Select:
    """One row per cell: its keys, its figures, its latest day."""

    def rows_where(condition: ColumnElement[bool]) -> ColumnElement:
        return func.sum(case((condition, 1), else_=0))

    figures = {
        "events": func.count(),
        "unmixed": rows_where(events.c.activity_mixed.is_(False)),
        "opening_district": rows_where(events.c.first_in_district > 0),
        "opening": rows_where(events.c.first_anywhere > events.c.first_in_district),
        "people": func.sum(events.c.people),
        "stated": func.count(events.c.people),
        "all_people": func.sum(events.c.participants),
        "all_stated": func.count(events.c.participants),
        "weakness": func.max(case((events.c.joint.is_(False), events.c.weakness))),
        "all_weakness": func.max(events.c.weakness),
    }
    shown = [func.coalesce(cast(figure, Double), 0).label(name) for name, figure in figures.items()]
    keys = _keys(undated)
    return select(*keys, *shown, func.max(events.c.date_start).label("last")).group_by(*keys)


def _read(store: Store, statement: Select) -> pd.DataFrame:
    """The answer as a frame; text comes as categories, from DuckDB without making a Python object of every cell."""
    with store.engine.connect() as connection:
        result = connection.execute(statement)
        if store.engine.dialect.name == "duckdb":
            table = result.cursor.to_arrow_table().to_pandas()
        else:
            table = pd.DataFrame(result.all(), columns=list(result.keys()))
    text = [name for name in table if name in (*_COLUMNS, "month", "report_month")]
    return table.astype(dict.fromkeys(text, "category"))


def _cells(table: pd.DataFrame, labels: dict[str, tuple[str, ...]], undated: str) -> Cells:
    cells: Cells = {}
    for name in table:
        if name in labels:
            cells[name] = table[name].cat.set_categories(labels[name]).cat.codes.to_numpy(dtype=np.int16)
        elif name in ("last", "day"):
            days = pd.to_datetime(table[name])
            cells[name] = np.where(days.notna(), (days - pd.Timestamp(_EPOCH)).dt.days.fillna(0), _NEVER).astype(np.int32)
        elif name in ("repeats", "earlier", "activity_no", "weakness", "all_weakness"):
            kind = {"repeats": bool, "activity_no": np.int64, "earlier": np.int32}.get(name, np.int8)
            cells[name] = table[name].to_numpy(dtype=kind)
        else:
            cells[name] = table[name].to_numpy(dtype=np.float64)
    order = np.lexsort((cells["last"], cells[_month(undated)]))
    return {name: values[order] for name, values in cells.items()}


# ------------------------------------------------------------------ the rows that are kept


@dataclass(frozen=True)
class Part:
    """Some rows of some cells; a column is taken when it is first asked for."""

    cells: Cells
    rows: slice | np.ndarray
    taken: Cells = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.taken:
            self.taken[name] = self.cells[name][self.rows]
        return self.taken[name]

    def where(self, conditions: list[np.ndarray]) -> Part:
        """Those of the rows that meet all conditions."""
        if not conditions:
            return self
        rows = np.flatnonzero(np.logical_and.reduce(conditions))
        return Part(self.cells, rows + (self.rows.start or 0) if isinstance(self.rows, slice) else self.rows[rows])


@dataclass(frozen=True)
class Kept:
    """The cells, and single events, of one selection, ready to be added up."""

    cube: Cube
    selection: Selection
    parts: tuple[Part, ...]
    mixed: Part


@lru_cache(maxsize=3)
def kept(store: Store, cube: Cube, selection: Selection) -> Kept:
    """What a selection keeps of the cube; months that its span cuts are read from the store."""
    parts = _counted(cube, selection, lambda cells: _in_months(cube, cells, selection))
    for days in _cut_days(selection):
        part = Part(_cut_month(store, cube.undated, *days), slice(None))
        parts.append(part.where(_conditions(cube, part, selection) + _of_kind(cube, part, selection)))
    single = Part(cube.mixed, slice(None))
    conditions = _conditions(cube, single, selection) + _of_kind(cube, single, selection)
    if selection.start or selection.end:
        first, last = ((day - _EPOCH).days for day in (selection.start or date.min, selection.end or date.max))
        conditions += [(single["day"] >= max(first, _NEVER + 1)) & (single["day"] <= last)]
    return Kept(cube, selection, tuple(parts), single.where(conditions))


def _counted(cube: Cube, selection: Selection, rows: Callable[[Cells], Part]) -> list[Part]:
    """Of these rows of the cube those that pass every filter but the span."""
    statuses, repeats = kinds(selection)
    parts = []
    # Of the cells counted by default all pass, or none.
    if (statuses is None or "held" in statuses) and repeats is not True:
        part = rows(cube.usual)
        parts.append(part.where(_conditions(cube, part, selection)))
    if (statuses, repeats) != (("held",), False):
        part = rows(cube.other)
        parts.append(part.where(_conditions(cube, part, selection) + _of_kind(cube, part, selection)))
    return parts


def _uncounted(store: Store, cube: Cube, selection: Selection) -> list[Part]:
    """The rows that pass a selection of every kind of event, and are not counted by default."""
    whole = _in_months(cube, cube.other, selection)
    cut = [Part(_cut_month(store, cube.undated, *days), slice(None)) for days in _cut_days(selection)]
    cut = [part.where([(part["status"] != _code(cube, "status", "held")) | part["repeats"]]) for part in cut]
    return [part.where(_conditions(cube, part, selection)) for part in (whole, *cut)]


def _conditions(cube: Cube, part: Part, selection: Selection) -> list[np.ndarray]:
    """Which rows pass each filter but the span and the rules for repeats and for what was not held."""
    found = []
    for name, dimension in schema.DIMENSIONS.items():
        chosen = getattr(selection, FIELDS[name]) if name in FIELDS else ()
        if chosen:
            found.append(_let(cube, name, set(chosen))[part[dimension.column]])
    return found + ([part["last"] == _NEVER] if "undated" in selection.only else [])


def _of_kind(cube: Cube, part: Part, selection: Selection) -> list[np.ndarray]:
    statuses, repeats = kinds(selection)
    return ([] if statuses is None else [_let(cube, "status", set(statuses))[part["status"]]]) + (
        [] if repeats is None else [part["repeats"] == repeats]
    )


def _let(cube: Cube, name: str, chosen: set[str]) -> np.ndarray:
    """Which codes of a column are let through."""
    return np.array([not chosen.isdisjoint(schema.keys(name, cell)) for cell in cube.labels[schema.DIMENSIONS[name].column]], dtype=bool)


def _in_months(cube: Cube, cells: Cells, selection: Selection) -> Part:
    """The rows of the months that lie whole within the span."""
    start, end = selection.start, selection.end
    if not (start or end):
        return Part(cells, slice(None))
    months = [date.fromisoformat(f"{month}-01") if month else None for month in cube.labels[cube.month]]
    whole = [n for n, first in enumerate(months) if first and first >= (start or first) and _last_of_month(first) <= (end or date.max)]
    return Part(cells, slice(*np.searchsorted(cells[cube.month], (whole[0], whole[-1] + 1)).tolist()) if whole else slice(0, 0))


def _without_month(cube: Cube, cells: Cells) -> Part:
    """The rows without a date, which stand first."""
    return Part(cells, slice(0, int(np.searchsorted(cells[cube.month], 1)) if "" in cube.labels[cube.month] else 0))


def _last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _cut_days(selection: Selection) -> list[tuple[date, date]]:
    """First and last day of each part of a month at the ends of the span."""
    start, end = selection.start, selection.end
    first_whole, last_whole = not start or start.day == 1, not end or end == _last_of_month(end)
    if start and end and (start.year, start.month) == (end.year, end.month):
        return [] if first_whole and last_whole else [(start, end)]
    return ([] if first_whole else [(start, _last_of_month(start))]) + ([] if last_whole else [(end.replace(day=1), end)])


# ------------------------------------------------------------------ adding up


@dataclass(frozen=True)
class _Axis:
    """One dimension of a grouping: its column; its keys; the number of each cell of the column; and, where a cell may have
    several keys, which it has (cells × keys, 0 or 1)."""

    column: str
    keys: tuple[str, ...]
    number: np.ndarray
    several: np.ndarray | None

    @property
    def size(self) -> int:
        """How many different numbers there are."""
        return len(self.keys) if self.several is None else len(self.several)


@lru_cache(maxsize=32)
def _axis(cube: Cube, name: str) -> _Axis:
    column = cube.month if name in schema.CALENDAR else schema.DIMENSIONS[name].column
    of_each = [schema.keys(name, _period(cell, name)) for cell in cube.labels[column]]
    keys = tuple(dict.fromkeys(key for cell in of_each for key in cell))
    if schema.DIMENSIONS[name].several:
        return _Axis(column, keys, np.arange(len(of_each)), np.array([[key in cell for key in keys] for cell in of_each], dtype=float))
    return _Axis(column, keys, np.array([keys.index(cell[0]) for cell in of_each], dtype=np.intp), None)


def _period(cell: str, name: str) -> str:
    """The year or quarter of a month; any other cell as it is."""
    if not cell or name not in ("quarter", "year"):
        return cell
    return cell[:4] if name == "year" else f"{cell[:4]}-Q{(int(cell[5:]) + 2) // 3}"


def _numbers(axes: list[_Axis], part: Part) -> np.ndarray:
    """The combination of keys of each row, as one number."""
    numbers = np.zeros(len(part["last"]), dtype=np.intp)
    for axis in axes:
        numbers = numbers * axis.size + axis.number[part[axis.column]]
    return numbers


def sums(found: Kept, by: tuple[str, ...], by_place: bool) -> Sums:
    """The figures of each key that occurs; with `by_place` numbers that cover several places are not added."""
    axes = [_axis(found.cube, name) for name in by]
    shape = tuple(axis.size for axis in axes)
    added = np.zeros((5, prod(shape)))
    weakness, last = np.zeros(prod(shape), dtype=np.int8), np.full(prod(shape), _NEVER)
    which = "" if by_place else "all_"
    for part in found.parts:
        numbers = _numbers(axes, part)
        weights = (
            part["events"],
            _opening(part, found.selection),
            part["opening_district"],
            part[f"{which}people"],
            part[f"{which}stated"],
        )
        for total, weight in zip(added, weights, strict=True):
            total += np.bincount(numbers, weight, prod(shape))
        for level in range(1, len(schema.QUALIFIER) + 1):
            reached = numbers[part[f"{which}weakness"] == level]
            weakness[reached] = np.maximum(weakness[reached], level)
        # Rows stand in the order of their days: of several that write to one place, the latest writes last.
        dated = part["last"] != _NEVER
        latest = np.full(prod(shape), _NEVER)
        latest[numbers[dated]] = part["last"][dated]
        last = np.maximum(last, latest)
    return _by_key(axes, shape, added, weakness, last)


def _opening(part: Part, selection: Selection) -> np.ndarray:
    """Activities whose first row among the districts wanted this is."""
    if not selection.district:
        return part["opening"]
    return np.where(part["earlier"] & district_bits(selection.district), 0.0, part["unmixed"])


def _by_key(axes: list[_Axis], shape: tuple[int, ...], added: np.ndarray, weakness: np.ndarray, last: np.ndarray) -> Sums:
    """Sums per combination of cells → per combination of keys, those that occur."""
    shape = shape or (1,)
    added, tops = added.reshape(-1, *shape), np.stack([weakness.astype(np.int64), last]).reshape(2, *shape)
    for number, axis in enumerate(axes, start=1):
        if axis.several is not None:
            added = np.moveaxis(np.tensordot(added, axis.several, (number, 0)), -1, number)
            tops = np.stack([tops.compress(has, number).max(number) for has in axis.several.T.astype(bool)], number)
    occurring = np.nonzero(added[0])
    figures = added[(slice(None), *occurring)].astype(np.int64).T.tolist()
    highest = tops[(slice(None), *occurring)].T.tolist()
    keys = zip(*([axis.keys[n] for n in found] for axis, found in zip(axes, occurring, strict=True)), strict=True) if axes else [()]
    return {
        key: [count, opening, in_district, 0, people, stated, weak, None if day == _NEVER else _EPOCH + timedelta(days=day)]
        for key, (count, opening, in_district, people, stated), (weak, day) in zip(keys, figures, highest, strict=False)
    }


def distinct(found: Kept, by: tuple[str, ...]) -> Distinct:
    """Activities whose rows differ in more than their place, counted distinct under each key."""
    axes = [_axis(found.cube, name) for name in by]
    activity = found.mixed["activity_no"]
    numbers = np.zeros(len(activity), dtype=np.intp)
    rows = np.arange(len(activity))
    for axis in axes:
        codes = axis.number[found.mixed[axis.column][rows]]
        if axis.several is None:
            numbers = numbers * len(axis.keys) + codes
            continue
        row, key = np.nonzero(axis.several[codes])
        numbers, rows = numbers[row] * len(axis.keys) + key, rows[row]
    size = prod(len(axis.keys) for axis in axes)
    pairs = pd.unique(activity[rows] * size + numbers)
    counts = np.bincount(pairs % size, minlength=size) if len(pairs) else np.zeros(size, dtype=int)
    keys = list(product(*(axis.keys for axis in axes)))
    return {keys[number]: int(counts[number]) for number in np.flatnonzero(counts)}


def forget() -> None:
    """Let go of what was kept for the latest selections; the cells themselves stay, those of cut months too."""
    kept.cache_clear()


# ------------------------------------------------------------------ what is left out


def left_out(store: Store, cube: Cube, selection: Selection) -> dict[str, int]:
    """Events that only the rules for repeats, for what was not held, and for undated ones keep out; unplaced and joint ones among
    those kept. Names as in `measures.left_out`, zeros included."""
    counts = dict.fromkeys(("repeated", "planned", "cancelled", "undated"), 0)
    if not {"repeated", "planned", "cancelled"}.intersection(selection.only):
        for part in _uncounted(store, cube, selection):
            for number, status in enumerate(cube.labels["status"]):
                for repeats in (False, True):
                    if name := left_out_as(selection, status, repeats):
                        counts[name] += int(part["events"][(part["status"] == number) & (part["repeats"] == repeats)].sum())
    if selection.start or selection.end:
        for part in _counted(cube, selection, lambda cells: _without_month(cube, cells)):
            counts["undated"] += int(part["events"].sum())
    shown = kept(store, cube, selection).parts
    counts["unplaced"] = sum(int(part["events"][part["district"] == _code(cube, "district", "")].sum()) for part in shown)
    if selection.by_place:
        counts["joint"] = sum(int((part["all_stated"] - part["stated"]).sum()) for part in shown)
    return counts


def _code(cube: Cube, column: str, cell: str) -> int:
    return cube.labels[column].index(cell) if cell in cube.labels[column] else -1
