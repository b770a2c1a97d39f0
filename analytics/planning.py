"""Where next: the visits that reach the most residents not covered yet, within floors and caps.

One visit is one event for one audience of one district or township-level unit. Nobody counts audiences in a census: the residents
of a place are shared among its audiences by weights, equal ones unless said otherwise, so that one visit for each of them
counts every resident once.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, hstack, vstack

from analytics import places, schema
from analytics.coverage import Window
from analytics.dataset import LARGEST_COUNT, Said, faults_where, read_table, value_fault
from analytics.errors import N_, DataFaults, Fault, OutreachError
from analytics.text import Words

RESIDENT_COLUMNS: tuple[schema.Column, ...] = tuple(schema.Column(name, required=True) for name in ("code", "residents", "year", "source"))
CENSUS_YEAR = 2020
SPREAD = N_("estimate: residents of the district (2020 census) spread by the number of committees (2023)")
"""The source of a unit's residents where no file states them."""

STATES = ("gap", "unclear", "covered")
KEY = ["district", "audience", "subdistrict"]
CELL_COLUMNS = (*KEY, "residents", "state", "months", "last_day")
Key = tuple[str, str, str]
"""District (six-digit code), audience, subdistrict (nine-digit code, or '' for the district as a whole)."""

PRECISION = 1000
"""Values of cells are compared in thousandths of a resident: two plans that differ by less in every cell are equal."""

LARGEST_COST = 1_000_000
"""The solver's tolerance is one in ten million of a cost unit; costs up to this size keep a thousandth of a resident far above it."""


# ------------------------------------------------------------------ residents


def read_residents(path: str | Path) -> pd.DataFrame:
    """A file of residents per township-level unit, checked.

    One row per unit, in file order: code, residents (people), year, source; other columns of the file are passed over. A file
    may leave out districts, but not units of a district it names: those would silently count as empty.
    Raises DataFaults with all faults, or OutreachError when the file cannot be opened at all.
    """
    table = read_table(path, _heading_faults)
    faults = _resident_faults(table)
    if faults:
        raise DataFaults(str(path), faults)
    wanted = table[[column.name for column in RESIDENT_COLUMNS]].reset_index(drop=True)
    return wanted.astype({"residents": "int64", "year": "int64"})


def _heading_faults(names: list[str]) -> list[Fault]:
    missing = [
        Fault(1, column.name, "", N_("the column is missing"), N_("Add a column with the heading {detail}"), column.name)
        for column in RESIDENT_COLUMNS
        if column.name not in names
    ]
    twice = [
        Fault(1, column.name, "", N_("the column stands twice"), N_("Delete one of them"))
        for column in RESIDENT_COLUMNS
        if names.count(column.name) > 1
    ]
    return missing + twice


def _resident_faults(table: pd.DataFrame) -> list[Fault]:
    """Every fault of a table of text cells, in the order of rows."""
    faults = _heading_faults(list(table.columns))
    if faults:
        return faults
    if table.empty:
        return [Fault(0, "", "", N_("the table has no rows"), N_("Add a row for each unit"))]
    for column in RESIDENT_COLUMNS:
        for value in table[column.name].unique():
            found = _resident_fault(column, value)
            if found:
                faults += [Fault(int(row) + 2, column.name, value, *found) for row in table.index[table[column.name] == value]]
    codes = table["code"]
    faults += faults_where(
        codes.duplicated() & (codes != ""),
        table,
        "code",
        N_("the code stands on an earlier row already"),
        N_("Keep one row for each unit"),
    )
    order = [column.name for column in RESIDENT_COLUMNS]
    return sorted(faults, key=lambda fault: (fault.row, order.index(fault.column))) + _unit_faults(set(codes))


def _resident_fault(column: schema.Column, value: str) -> Said | None:
    return value_fault(column, value) or _JUDGES[column.name](value)


def _people_fault(value: str) -> Said | None:
    if not re.fullmatch(r"[0-9]+", value):
        return N_("this is no whole number of people"), N_("Write digits only"), ""
    return None if len(value) <= 10 and int(value) <= LARGEST_COUNT else (N_("the number cannot be right"), N_("Check the digits"), "")


def _year_fault(value: str) -> Said | None:
    remedy = N_("Write the year in four digits, such as {detail}")
    if not re.fullmatch(r"[0-9]{4}", value):
        return N_("this is no year"), remedy, str(CENSUS_YEAR)
    return None if 1949 <= int(value) <= 2100 else (N_("the year cannot be right"), remedy, str(CENSUS_YEAR))


def _code_fault(value: str) -> Said | None:
    units = set(places.subdistricts()["code"])
    if value in units:
        return None
    # The statistical office writes units with three noughts more, the place of the committee.
    if value[:9] in units and value[9:] == "000":
        return N_("the subdistrict code is not known"), N_("Write {detail}"), value[:9]
    return N_("the subdistrict code is not known"), N_("Use a code of data/subdistricts.csv, such as {detail}"), "110101001"


_JUDGES = {"code": _code_fault, "residents": _people_fault, "year": _year_fault, "source": lambda _: None}


def _unit_faults(codes: set[str]) -> list[Fault]:
    """A fault for each district of which the file names some units and leaves out others."""
    return [
        Fault(
            0,
            "code",
            district,
            N_("units of this district are left out"),
            N_("Add {detail}; write 0 where nobody lives"),
            ", ".join(absent),
        )
        for district, units in places.subdistricts().groupby("district_adcode")["code"]
        if units.isin(codes).any() and (absent := units[~units.isin(codes)].tolist())
    ]


def unit_residents(file_table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Residents of each township-level unit: from a file that `read_residents` took, else an estimate.

    One row per unit in the order of codes: code, residents (people), year, source, estimate (bool). The estimate spreads the
    district's residents of the 2020 census by the number of committees of 2023; a unit without a committee gets 0.
    """
    units = places.subdistricts().sort_values("code", ignore_index=True)
    committees = (units["n_residents_committees"] + units["n_village_committees"]).astype(float)
    whole = units["district_adcode"].map(places.districts().set_index("adcode")["residents_2020"])
    total = committees.groupby(units["district_adcode"]).transform("sum")
    spread = (whole * committees / total.where(total > 0)).fillna(0.0)
    table = pd.DataFrame({"code": units["code"], "residents": spread, "year": CENSUS_YEAR, "source": SPREAD, "estimate": True})
    if file_table is None:
        return table
    stated = file_table.set_index("code").reindex(table["code"]).reset_index()
    known = stated["residents"].notna()
    for name in ("residents", "year", "source"):
        table[name] = stated[name].where(known, table[name])
    return table.assign(estimate=~known).astype({"residents": float, "year": int})


def with_residents(
    cells: pd.DataFrame, audience_weights: Mapping[str, float] = MappingProxyType({}), units: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Cells with the residents each stands for: those of its place, shared among the audiences that `cells` names.

    A weight is relative, 1 where none is given. Adds the columns residents (people: place_residents × share), place_residents
    (of the district, or of the unit as in `units`, a table of `unit_residents`), residents_year, share (0 to 1), audiences
    (how many share), estimate (bool: the unit's residents are one). Raises OutreachError for weights that share nothing.
    """
    audiences = sorted(cells["audience"].unique())
    weights = pd.Series({name: float(audience_weights.get(name, 1.0)) for name in audiences}, dtype=float)
    if len(weights) and not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
        raise OutreachError(N_("The weights of audiences must be 0 or more, and one of them more than 0. Correct the weights."))
    whole = places.districts().rename(columns={"adcode": "code", "residents_2020": "residents"}).assign(year=CENSUS_YEAR, estimate=False)
    known = pd.concat([table[["code", "residents", "year", "estimate"]] for table in (whole, unit_residents() if units is None else units)])
    known = known.set_index("code")
    codes = cells["subdistrict"].where(cells["subdistrict"] != "", cells["district"])
    people = codes.map(known["residents"]).astype(float)
    share = cells["audience"].map(weights / weights.sum()).astype(float)
    return cells.assign(
        residents=people * share,
        place_residents=people,
        residents_year=codes.map(known["year"]),
        share=share,
        audiences=len(audiences),
        estimate=codes.map(known["estimate"]),
    )


# ------------------------------------------------------------------ what is asked for, and the answer


@dataclass(frozen=True)
class Terms:
    """What a plan must keep to.

    visits: how many are asked for. floor: the least each district of the cells gets, events already held in the span included
    unless `count_held` is False; cap: the most proposed for one district, None for no limit; audience_floor and audience_cap
    the same for audiences. time_weight (0 to 1): how much of a cell's value grows with the months since its last event, in
    full after `horizon` months or where none was found. unclear_weight (0 to 1): what an unclear cell is worth beside a gap.
    audience_weights: how `with_residents` shares the residents of a place; the residents of the cells already hold them.
    locked visits are in every plan, excluded ones in none; an excluded key that no cell has is passed over.
    Raises OutreachError for a number out of its range.
    """

    visits: int
    floor: int = 0
    cap: int | None = None
    audience_floor: int = 0
    audience_cap: int | None = None
    count_held: bool = True
    time_weight: float = 0.5
    unclear_weight: float = 0.5
    audience_weights: Mapping[str, float] = field(default_factory=dict, hash=False)
    locked: tuple[Key, ...] = ()
    excluded: tuple[Key, ...] = ()
    horizon: int = 60

    def __post_init__(self) -> None:
        counts = (self.visits, self.floor, self.cap or 0, self.audience_floor, self.audience_cap or 0, self.horizon - 1)
        wrong = [count for count in counts if count != int(count) or count < 0]
        if wrong:
            raise OutreachError(
                N_("Visits, floors and caps are whole numbers from 0, the horizon at least 1 month. Correct the number {value}."),
                value=wrong[0],
            )
        wrong = [weight for weight in (self.time_weight, self.unclear_weight) if not 0 <= weight <= 1]
        if wrong:
            raise OutreachError(N_("The two weights lie between 0 and 1. Correct the weight {value}."), value=wrong[0])


@dataclass(frozen=True, eq=False)
class Plan:
    """The proposed visits and what they come to.

    visits: one row per visit, best first: number (from 1), the columns of its cell, value (residents, weighed), locked (bool),
    floor and audience_floor (the least asked for), why (codes: gap, unclear or covered; never or since; floor and
    audience_floor where that would fail without this visit; locked).
    covered_residents: people newly reached, those of unclear cells × unclear_weight. value: the sum of the visits' values.
    unique: no other set of as many visits within the terms has this value. asked: the visits asked for; fewer are proposed
    when no more cells are left to reach.
    """

    visits: pd.DataFrame
    covered_residents: float
    value: float
    unique: bool
    asked: int


def cell_values(cells: pd.DataFrame, terms: Terms) -> pd.Series:
    """What a visit to each cell is worth, in residents.

    residents × (1 − t + t × min(months, horizon) ÷ horizon) × w, with t the time_weight, months = horizon where no event was
    ever found, and w = 1 for a gap, unclear_weight for an unclear cell, 0 for a covered one.
    """
    age = cells["months"].astype(float).fillna(terms.horizon).clip(0, terms.horizon) / terms.horizon
    return cells["residents"] * (1 - terms.time_weight + terms.time_weight * age) * _certainty(cells, terms)


def _certainty(cells: pd.DataFrame, terms: Terms) -> pd.Series:
    return cells["state"].map({"gap": 1.0, "unclear": terms.unclear_weight, "covered": 0.0}).astype(float)


def propose(
    cells: pd.DataFrame, terms: Terms, held: Mapping[str, int] | None = None, held_audiences: Mapping[str, int] | None = None
) -> Plan:
    """The visits of greatest value within the terms, solved exactly.

    `cells`: one row per district × audience (× subdistrict): district, audience, subdistrict, residents (people), state,
    months, last_day; further columns are carried along. `held`, `held_audiences`: events held in the span by district and by
    audience, which count towards floors. A covered cell adds no value and is there for floors and locks only; when the cells
    that add something run out, fewer visits than asked for are proposed. Of equal plans the one with fewest covered cells and
    then with the cells earliest in the order of districts, audiences and subdistricts is taken, whatever the order of rows.
    Raises OutreachError when the terms contradict one another or the cells, with the number that would do.
    """
    table = _ordered(cells)
    groups = _groups(table, terms, held or {}, held_audiences or {})
    problem = _problem(table, terms, groups)
    size = _size(table, terms, groups, problem)
    gain = np.rint(cell_values(table, terms).to_numpy() * PRECISION)
    best = problem.totalling(size, size).optima(gain)
    chosen = best.most(_preference(table))
    shared = best.most(-chosen.astype(float))
    visits = _visits(table[chosen], terms, groups)
    return Plan(
        visits=visits,
        covered_residents=float((visits["residents"] * _certainty(visits, terms)).sum()),
        value=float(visits["value"].sum()),
        # The equally good plan that differs most is this one again.
        unique=bool((shared == chosen).all()),
        asked=terms.visits,
    )


def _ordered(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells in the one order in which ties are broken."""
    absent = [name for name in CELL_COLUMNS if name not in cells.columns]
    if absent:
        raise ValueError(f"cells lack the columns {', '.join(absent)}. Add them.")
    people = cells["residents"].astype(float)
    if not (np.isfinite(people) & (people >= 0)).all() or not cells["state"].isin(STATES).all() or cells.duplicated(KEY).any():
        raise ValueError(f"cells need residents from 0, a state of {', '.join(STATES)}, and each key once. Correct them.")
    order = {name: number for number, name in enumerate(schema.AUDIENCE)}
    ranks = cells["audience"].map(lambda name: order.get(name, len(order)))
    return cells.assign(rank=ranks).sort_values(["district", "rank", "audience", "subdistrict"], ignore_index=True).drop(columns="rank")


def _preference(table: pd.DataFrame) -> np.ndarray:
    """What decides between equal plans; square roots, because sums of them hardly ever tie again."""
    places_in_order = np.sqrt(np.arange(1, len(table) + 1))
    return -places_in_order - (table["state"] == "covered").to_numpy() * places_in_order.sum()


def _visits(chosen: pd.DataFrame, terms: Terms, groups: list[_Group]) -> pd.DataFrame:
    """The chosen cells as numbered visits, best first, with the reasons of each."""
    keys = list(chosen[KEY].itertuples(index=False, name=None))
    locked, tight = {tuple(key) for key in terms.locked}, _tight(chosen, groups)
    why = [
        tuple(code for code, holds in _reasons(row, tuple(key) in locked, tight).items() if holds)
        for key, row in zip(keys, chosen.to_dict("records"), strict=True)
    ]
    table = chosen.assign(value=cell_values(chosen, terms), locked=[key in locked for key in keys], why=why)
    table = table.assign(floor=terms.floor, audience_floor=terms.audience_floor)
    table = table.sort_values("value", ascending=False, kind="stable", ignore_index=True)
    table.insert(0, "number", np.arange(1, len(table) + 1))
    return table


def _tight(chosen: pd.DataFrame, groups: list[_Group]) -> set[tuple[str, str]]:
    """Districts and audiences whose floor would fail with one visit fewer."""
    counts = {column: chosen[column].value_counts() for column in ("district", "audience")}
    return {(group.column, group.code) for group in groups if 0 < counts[group.column].get(group.code, 0) <= group.need}


def _reasons(row: Mapping, locked: bool, tight: set[tuple[str, str]]) -> dict[str, bool]:
    never = pd.isna(row["months"])
    return {
        row["state"]: True,
        "never": never,
        "since": not never,
        "floor": ("district", row["district"]) in tight,
        "audience_floor": ("audience", row["audience"]) in tight,
        "locked": locked,
    }


# ------------------------------------------------------------------ the problem in numbers


@dataclass(frozen=True)
class _Group:
    """The cells of one district or one audience: visits needed beside those held, the most allowed, which rows they are."""

    column: str
    code: str
    floor: int
    held: int
    cap: float
    members: np.ndarray

    @property
    def need(self) -> int:
        return max(0, self.floor - self.held)

    @property
    def label(self) -> str:
        """The name in both languages, for a message that is put into either."""
        if self.column == "district":
            return _both(places.district_name(self.code, "en"), places.district_name(self.code, "zh"))
        return _both(*schema.AUDIENCE.get(self.code, (self.code, self.code)))


def _both(english: str, chinese: str) -> str:
    return english if english == chinese else f"{english} {chinese}"


def _groups(table: pd.DataFrame, terms: Terms, held: Mapping[str, int], held_audiences: Mapping[str, int]) -> list[_Group]:
    rules = (("district", terms.floor, terms.cap, held), ("audience", terms.audience_floor, terms.audience_cap, held_audiences))
    return [
        _Group(
            column,
            code,
            floor,
            int(counts.get(code, 0)) if terms.count_held else 0,
            math.inf if cap is None else cap,
            (table[column] == code).to_numpy(),
        )
        for column, floor, cap, counts in rules
        for code in table[column].unique()
    ]


@dataclass(frozen=True)
class _Problem:
    """Choose cells: `low` ≤ rows of `matrix` × choice ≤ `high`, the last row being the total; each cell between `least` and `upmost`.

    Districts within the total on one side, audiences on the other: such rows make every corner of the choices whole (the
    matrix is totally unimodular), so the linear problem below has whole prices and exact ties.
    """

    matrix: csr_array
    low: np.ndarray
    high: np.ndarray
    least: np.ndarray
    upmost: np.ndarray

    def totalling(self, low: float, high: float) -> _Problem:
        """The same with another total."""
        return replace(self, low=np.append(self.low[:-1], low), high=np.append(self.high[:-1], high))

    def most(self, gain: np.ndarray) -> np.ndarray | None:
        """The choice of greatest gain, one bool per cell; None when there is no choice at all."""
        if not len(gain):
            return np.zeros(0, bool) if (self.low <= 0).all() else None
        answer = milp(
            -gain,
            integrality=np.ones(len(gain)),
            bounds=Bounds(self.least, self.upmost),
            constraints=LinearConstraint(self.matrix, self.low, self.high),
            options={"mip_rel_gap": 0},
        )
        return None if answer.x is None else answer.x > 0.5

    def optima(self, gain: np.ndarray) -> _Problem:
        """The problem of which every choice has the greatest gain, a whole number per cell, and which has all such choices.

        A choice is best exactly when it takes what has a positive price, leaves what has a negative one, and uses up each row
        that has a price (complementary slackness). Whole gains have whole prices, so a price is 0 or at least 1.
        """
        if not len(gain):
            return self
        scale = 2.0 ** max(0, math.ceil(math.log2(max(gain.max(), 1) / LARGEST_COST)))
        at_most, at_least = np.isfinite(self.high), self.low > 0
        answer = linprog(
            -gain / scale,
            A_ub=vstack([self.matrix[at_most], -self.matrix[at_least]]),
            b_ub=np.concatenate([self.high[at_most], -self.low[at_least]]),
            bounds=np.column_stack([self.least, self.upmost]),
            method="highs-ds",
        )
        priced = np.abs(answer.ineqlin.marginals) * scale > 0.5
        full, bare = np.zeros(len(self.high), bool), np.zeros(len(self.high), bool)
        full[at_most], bare[at_least] = priced[: at_most.sum()], priced[at_most.sum() :]
        return replace(
            self,
            low=np.where(full, self.high, self.low),
            high=np.where(bare, self.low, self.high),
            least=np.where(answer.upper.marginals * scale < -0.5, self.upmost, self.least),
            upmost=np.where(answer.lower.marginals * scale > 0.5, self.least, self.upmost),
        )


def _problem(table: pd.DataFrame, terms: Terms, groups: list[_Group]) -> _Problem:
    """Floors, caps, locks and exclusions as rows and bounds; the total still free."""
    locked, excluded = _keyed(table, terms.locked), _keyed(table, terms.excluded)
    return _Problem(
        matrix=csr_array(np.array([*(group.members for group in groups), np.ones(len(table), bool)], dtype=float)),
        low=np.array([*(group.need for group in groups), 0], dtype=float),
        high=np.array([*(group.cap for group in groups), len(table)], dtype=float),
        least=locked.astype(float),
        upmost=(~excluded).astype(float),
    )


def _keyed(table: pd.DataFrame, keys: tuple[Key, ...]) -> np.ndarray:
    wanted = {tuple(key) for key in keys}
    return np.array([key in wanted for key in table[KEY].itertuples(index=False, name=None)], dtype=bool)


def _size(table: pd.DataFrame, terms: Terms, groups: list[_Group], problem: _Problem) -> int:
    """How many visits to propose: as many as asked for while there are cells to reach, and covered ones that floors cannot do without."""
    _check_locks(table, terms)
    _check_groups(problem, terms, groups)
    _check_total(problem, terms)
    useful = (table["state"] != "covered").to_numpy() | (problem.least > 0)
    open_cells = int((useful & (problem.upmost > 0)).sum())
    if not problem.low[:-1].any() and np.isinf(problem.high[:-1]).all():
        # Nothing but the total binds: counting is enough, and the solver would take a second over hundreds of units.
        return min(terms.visits, open_cells)
    size = problem.totalling(0, terms.visits).most(np.where(useful, 1.0, -1.0 - terms.visits))
    possible = min(terms.visits, open_cells + int((size & ~useful).sum()))
    if size.sum() < possible:
        raise OutreachError(
            N_("Within the caps {most} visits can be proposed, and {visits} are asked for. Ask for {most} or raise a cap."),
            most=int(size.sum()),
            visits=terms.visits,
        )
    return int(size.sum())


# ------------------------------------------------------------------ terms that contradict one another


def _check_locks(table: pd.DataFrame, terms: Terms) -> None:
    keys, excluded = set(table[KEY].itertuples(index=False, name=None)), {tuple(key) for key in terms.excluded}
    for key in map(tuple, terms.locked):
        if key not in keys:
            raise OutreachError(N_("The fixed visit {visit} is not among the cells. Release it or widen the filter."), visit=_spelt(key))
        if key in excluded:
            raise OutreachError(N_("The visit {visit} is both fixed and excluded. Choose one of the two."), visit=_spelt(key))
    count = len(set(map(tuple, terms.locked)))
    if count > terms.visits:
        raise OutreachError(
            N_("Visits fixed: {locked}; visits asked for: {visits}. Ask for {locked} or release some."), locked=count, visits=terms.visits
        )


def _spelt(key: Key) -> str:
    district, audience, unit = key
    place = _both(*(places.subdistrict_name(unit, language) for language in ("en", "zh"))) if unit else ""
    return " · ".join(
        part
        for part in (
            _both(places.district_name(district, "en"), places.district_name(district, "zh")),
            place,
            _both(*schema.AUDIENCE.get(audience, (audience, audience))),
        )
        if part
    )


def _check_groups(problem: _Problem, terms: Terms, groups: list[_Group]) -> None:
    """Each district and each audience by itself; of several that fail, the one whose remedy mends them all."""
    for column in ("district", "audience"):
        own = [group for group in groups if group.column == column]
        fixed = {group.code: int(problem.least[group.members].sum()) for group in own}
        over = max((group for group in own if fixed[group.code] > group.cap), key=lambda group: fixed[group.code], default=None)
        if over:
            raise OutreachError(
                N_("{name}: visits fixed {locked}, cap {cap}. Raise the cap to {locked} or release some."),
                name=over.label,
                locked=fixed[over.code],
                cap=over.cap,
            )
        above = max((group for group in own if group.need > group.cap), key=lambda group: group.need, default=None)
        if above:
            raise OutreachError(
                N_(
                    "{name}: the floor of {floor} needs {need} more, the cap allows {cap}. Raise the cap to {need} or lower the floor to {lower}."
                ),
                name=above.label,
                floor=above.floor,
                need=above.need,
                cap=above.cap,
                lower=above.held + above.cap,
            )
        left = {group.code: int(problem.upmost[group.members].sum()) for group in own}
        short = min(
            (group for group in own if group.need > left[group.code]), key=lambda group: group.held + left[group.code], default=None
        )
        if short:
            raise OutreachError(
                N_(
                    "{name}: the floor of {floor} needs {need} more, and {left} can be proposed. Lower the floor to {lower} or exclude fewer."
                ),
                name=short.label,
                floor=short.floor,
                need=short.need,
                left=left[short.code],
                lower=short.held + left[short.code],
            )


def _check_total(problem: _Problem, terms: Terms) -> None:
    """Floors and caps of districts and audiences together, and against the number of visits."""
    fewest = problem.most(-np.ones(len(problem.least)))
    if fewest is None:
        raise OutreachError(
            N_("Floors and caps cannot all be kept, whatever the number of visits. Raise the caps by {more} or lower the floors."),
            more=_missing_room(problem),
        )
    if fewest.sum() > terms.visits:
        raise OutreachError(
            N_("Floors and fixed visits need at least {least} visits, and {visits} are asked for. Ask for {least} or lower the floors."),
            least=int(fewest.sum()),
            visits=terms.visits,
        )


def _missing_room(problem: _Problem) -> int:
    """By how much all caps must rise together until the floors can be met."""
    cells = len(problem.least)
    rise = np.append(np.full(len(problem.high) - 1, -1.0), 0.0)
    answer = milp(
        np.append(np.zeros(cells), 1.0),
        integrality=np.ones(cells + 1),
        bounds=Bounds(np.append(problem.least, 0), np.append(problem.upmost, cells)),
        constraints=[
            LinearConstraint(hstack([problem.matrix, csr_array(np.zeros((len(rise), 1)))]), problem.low, np.inf),
            LinearConstraint(hstack([problem.matrix, csr_array(rise[:, None])]), -np.inf, problem.high),
        ],
        options={"mip_rel_gap": 0},
    )
    return round(answer.x[-1])


# ------------------------------------------------------------------ in words


def shortage(plan: Plan, words: Words) -> str:
    """A sentence when fewer visits are proposed than were asked for, else ''."""
    if len(plan.visits) >= plan.asked:
        return ""
    return words(
        "Visits asked for: {asked}; proposed: {n}. No other cell is left to reach.",
        asked=words.number(plan.asked),
        n=words.number(len(plan.visits)),
    )


def reasons(row: Mapping, words: Words, window: Window) -> str:
    """Why a visit is proposed, in whole sentences with the numbers behind them.

    `row`: a row of `Plan.visits`; `window`: the days in which reports were looked for.
    """
    why = row["why"]
    return words.sentences(
        _state_sentence(row, words, window),
        _age_sentence(row, words),
        _people_sentence(row, words),
        words("The residents of this unit are an estimate: those of the district, spread by the number of committees.")
        if row.get("estimate") and "covered" not in why
        else "",
        words.plural(
            "Needed so that every district has at least {n} event.",
            "Needed so that every district has at least {n} events.",
            int(row["floor"]),
        )
        if "floor" in why
        else "",
        words.plural(
            "Needed so that every audience has at least {n} event.",
            "Needed so that every audience has at least {n} events.",
            int(row["audience_floor"]),
        )
        if "audience_floor" in why
        else "",
        words("Fixed in advance.") if "locked" in why else "",
    )


def _state_sentence(row: Mapping, words: Words, window: Window) -> str:
    values = {"audience": words.lowered(words.term("audience", row["audience"])), "place": _place(row, words), "day": words.day(window.end)}
    if not window.months:
        return _state_between(row["state"], words, values | {"start": words.day(window.start)})
    months = window.months
    if row["state"] == "gap":
        return words.plural(
            "No report of an event for {audience} in {place} in the month to {day}.",
            "No report of an event for {audience} in {place} in the {n} months to {day}.",
            months,
            **values,
        )
    if row["state"] == "unclear":
        return words.plural(
            "No report places an event for {audience} in {place} in the month to {day}, but one that does not say where or when may belong here.",
            "No report places an event for {audience} in {place} in the {n} months to {day}, but one that does not say where or when may belong here.",
            months,
            **values,
        )
    return words.plural(
        "An event for {audience} in {place} is reported in the month to {day}, so another one reaches nobody new.",
        "An event for {audience} in {place} is reported in the {n} months to {day}, so another one reaches nobody new.",
        months,
        **values,
    )


def _state_between(state: str, words: Words, values: dict[str, str]) -> str:
    """The same for a span between two dates."""
    if state == "gap":
        return words("No report of an event for {audience} in {place} from {start} to {day}.", **values)
    if state == "unclear":
        return words(
            "No report places an event for {audience} in {place} from {start} to {day}, but one that does not say where or when may belong here.",
            **values,
        )
    return words("An event for {audience} in {place} is reported from {start} to {day}, so another one reaches nobody new.", **values)


def _age_sentence(row: Mapping, words: Words) -> str:
    if pd.isna(row["months"]):
        return "" if row["state"] == "covered" else words("No earlier one was found either.")
    if pd.isna(row["last_day"]):
        return ""
    if row["months"] < 1:
        return words("The last one found was on {day}.", day=words.day(row["last_day"]))
    return words.plural(
        "The last one found was on {day}, {n} month before.",
        "The last one found was on {day}, {n} months before.",
        int(row["months"]),
        day=words.day(row["last_day"]),
    )


def _people_sentence(row: Mapping, words: Words) -> str:
    """The residents a visit stands for and, where the cells carry it, what they are a share of."""
    if row["state"] == "covered":
        return ""
    whole, audiences, share = row.get("place_residents"), row.get("audiences"), row.get("share")
    values = {"residents": words.number(row["residents"])}
    if whole is None or pd.isna(whole):
        return words("Residents: {residents}.", **values)
    values |= {"year": str(int(row["residents_year"])), "whole": words.number(whole)}
    if audiences == 1:
        return words("Residents ({year}): {residents}.", year=values["year"], residents=values["residents"])
    if math.isclose(share * audiences, 1, rel_tol=1e-9):
        return words(
            "Residents ({year}): {residents}, an equal share of {whole} for each of {audiences} audiences.",
            audiences=words.number(audiences),
            **values,
        )
    return words("Residents ({year}): {residents}, by the weights chosen {percent} of {whole}.", percent=words.percent(share), **values)


def _place(row: Mapping, words: Words) -> str:
    district = words.term("district", row["district"])
    if not row["subdistrict"]:
        return district
    unit = words.term("subdistrict", row["subdistrict"])
    return f"{district}{unit}" if words.language == "zh" else f"{unit}, {district},"


def plan_table(plan: Plan, words: Words, window: Window) -> pd.DataFrame:
    """The plan for export, headings and terms in the viewer's language; one row per visit, best first.

    Residents are people, rounded; months are whole ones since the last event found, empty where none was.
    """
    visits = plan.visits
    states = {"gap": words("gap"), "unclear": words("unclear"), "covered": words("covered")}
    return pd.DataFrame(
        {
            words("Visit"): visits["number"].astype("int64"),
            words("District code"): visits["district"],
            words("District"): [words.term("district", code) for code in visits["district"]],
            words("Audience"): [words.term("audience", code) for code in visits["audience"]],
            words("Subdistrict"): [words.term("subdistrict", code) if code else "" for code in visits["subdistrict"]],
            words("Residents"): visits["residents"].round().astype("Int64"),
            words("Months since the last event"): visits["months"].round().astype("Int64"),
            words("State"): [states[state] for state in visits["state"]],
            words("Why"): [reasons(row, words, window) for row in visits.to_dict("records")],
            words("Fixed"): [words("yes") if locked else "" for locked in visits["locked"]],
        }
    )
