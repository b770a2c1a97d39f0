"""Coverage: who is not reached, since when, and how sure that is.

Many reports name no district. So every figure of a district is a range: from events whose district the report states, over
those placed by other means, to what it would be if the events without a district had all taken place there. A district is
called a gap only where no placing of such events would close it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

import pandas as pd
from dateutil.relativedelta import relativedelta
from sqlalchemy import func, or_, select, tuple_

from analytics import measures, places, schema
from analytics.errors import N_
from analytics.measures import Grouping, months_between
from analytics.places import BEIJING
from analytics.selection import Selection, clauses
from analytics.store import Store, events
from analytics.text import Words

STATES: schema.Labels = {
    "covered": ("reported", "有报道"),
    "unclear": ("unclear: an event without a district or a date may have been here", "不确定：地点或日期不详的活动可能在此"),
    "gap": ("gap: no report found", "空白：未见报道"),
}
ENDS = ("low", "value", "high")
ZONE_UNITS = "development zone"
OTHER = "other"
"""The audience that stands for no one in particular: counted like the others, but not a gap to name or a visit to propose."""

LOOK_BACK = (6, 12, 24, 36, 60)
MOST_HALVES = 14

Asked = Callable[[Store, Selection, tuple[Grouping, ...]], dict[Grouping, pd.DataFrame]]


def measured(store: Store, selection: Selection, groupings: tuple[Grouping, ...]) -> dict[Grouping, pd.DataFrame]:
    """`measures.measure`, asked anew each time."""
    return measures.measure(store, selection, list(groupings))


# ------------------------------------------------------------------ the indicators


@dataclass(frozen=True)
class Indicator:
    """One coverage figure: what is counted (a key of `NUMERATORS`), of what (a column of `denominators`), per how many.

    `counted`, `out_of` and `source` say so in words; `year` is the denominator's.
    """

    name: str
    title: str
    counted: str
    numerator: str
    out_of: str = ""
    denominator: str = ""
    per: int = 1
    year: int = 0
    source: str = ""
    unit: str = ""
    digits: int = 0
    share: bool = False


_CENSUS = N_("seventh national census, 1 November 2020")
_UNITS = N_("statistical division codes of 2023")

INDICATORS: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        Indicator(
            "events_per_100k", N_("Events per 100,000 residents"), N_("events"), "events", N_("residents"), "residents", 100_000, 2020, _CENSUS,
            N_("events per 100,000 residents"), 2,
        ),
        Indicator(
            "participants_per_10k", N_("Participants per 10,000 residents"), N_("participants, as far as reports state a number: a lower bound"),
            "participants", N_("residents"), "residents", 10_000, 2020, _CENSUS, N_("participants per 10,000 residents"), 2,
        ),
        Indicator(
            "districts_reached", N_("Districts reached"), N_("districts with an event"), "districts", N_("districts"), "districts", 1, 2023, _UNITS,
            N_("share of districts"), 0, True,
        ),
        Indicator(
            "subdistricts_reached", N_("Subdistricts reached"), N_("subdistricts, towns and townships named in a report"), "subdistricts",
            N_("subdistricts, towns and townships"), "subdistricts", 1, 2023, _UNITS, N_("share of subdistricts"), 0, True,
        ),
        Indicator(
            "communities_reached", N_("Communities reached"), N_("communities and villages named in a report"), "communities",
            N_("residents' and village committees"), "communities", 1, 2023, _UNITS, N_("share of communities"), 2, True,
        ),
        Indicator(
            "audiences_served", N_("Audiences served"), N_("audiences with an event"), "audiences", N_("audiences of the vocabulary"), "audiences",
            1, 0, N_("the vocabulary of this dataset"), N_("share of audiences"), 0, True,
        ),
        Indicator("months_since", N_("Months since the last event"), N_("whole months from the last dated event"), "months", unit=N_("months")),
    )
}  # fmt: skip
"""Every coverage figure of the page and the command line. A new one is one more entry here."""


@lru_cache(maxsize=64)
def denominators(selection: Selection) -> pd.DataFrame:
    """What each figure is a part of. One row per district and, last, the city (`BEIJING`); index district.

    Columns: residents (2020), districts, subdistricts (2023, without development zones), communities (committees, 2023),
    audiences (those filtered for, else the whole vocabulary).
    """
    table = places.districts().set_index("adcode")
    parts = pd.DataFrame(
        {
            "residents": table["residents_2020"],
            "districts": 1,
            "subdistricts": table["subdistricts_2023"],
            "communities": table["communities"],
        }
    )
    whole = pd.concat([parts, parts.sum().to_frame(BEIJING).T])
    return whole.assign(audiences=len(selection.audience or schema.AUDIENCE)).astype(float)


Rows = list[dict[str, object]]
"""Rows of a table of `measures.measure`, by the names of its columns."""


@dataclass(frozen=True)
class Evidence:
    """What is known of a selection for coverage figures; each table is asked for once, when it is needed.

    The filters district, place basis and subdistrict are let go in the questions, since events without a district would fall
    to them; the place basis comes back where figures are added up. Ages count back from `as_of`.
    """

    store: Store
    selection: Selection
    as_of: date
    ask: Asked = measured

    @property
    def free(self) -> Selection:
        """The selection without the filters of places."""
        return self.selection.without("district", "place-basis", "subdistrict")

    @property
    def districts(self) -> tuple[str, ...]:
        """The districts asked for, all 16 where none is."""
        return tuple(code for code in self.selection.district if code != schema.UNPLACED) or places.adcodes()

    @property
    def bases(self) -> tuple[str, ...]:
        """The place bases asked for, all where none is."""
        return self.selection.place_basis or tuple(schema.PLACE_BASIS)

    def table(self, *by: str, selection: Selection | None = None) -> pd.DataFrame:
        """Events by these dimensions under the freed filters. Columns as of `measures.measure`, without activities."""
        grouping = Grouping(by, activities=False)
        if selection is None or selection == self.free:
            known = self._known.get(grouping)
            return self.ask(self.store, self.free, (grouping,))[grouping] if known is None else known
        return self.ask(self.store, selection, (grouping,))[grouping]

    @cached_property
    def _known(self) -> dict[Grouping, pd.DataFrame]:
        """The tables that most figures start from, in one pass."""
        return self.ask(
            self.store,
            self.free,
            tuple(Grouping(("district", "place-basis", *more), activities=False) for more in ((), ("audience",))),
        )

    @property
    def by_basis(self) -> pd.DataFrame:
        """Events by district and place basis."""
        return self.table("district", "place-basis")

    def until(self, day: date, selection: Selection) -> Selection:
        """The selection up to a day; itself where no event is later."""
        if selection.start is None and selection.end is None and self.store is not None and day >= self.store.latest:
            return selection
        start, end = selection.start, min(selection.end or day, day)
        return selection.change(start=min(start, end) if start else None, end=end)

    def last_days(self, day: date, selection: Selection, *by: str) -> dict[tuple[str, ...], pd.Timestamp]:
        """The latest day up to `day`, by district and these dimensions. `selection` is freed of the filters of places."""
        until = self.until(day, selection)
        if until == self.free and by in ((), ("audience",)):
            table = self.table("district", "place-basis", *by)
            found = table.dropna(subset="last_day").groupby(["district", *by])["last_day"].max()
            return {key if isinstance(key, tuple) else (key,): value for key, value in found.items()}
        return _by_key(self.table("district", *by, selection=until), by, "last_day")

    @cached_property
    def units(self) -> dict[str, pd.DataFrame]:
        """Subdistricts and communities named, by `subdistrict` and `community`.

        One row per district, place basis and unit ('' for none named): district, place-basis, the unit, events.
        """
        place, named = (events.c.district, events.c.place_basis), (events.c.subdistrict_code, events.c.community)
        kept = (events.c.place_no.is_not(None), *clauses(self.free, self.store).values())
        sets = func.grouping_sets(*(tuple_(*place, unit) for unit in named))
        statement = select(func.grouping(named[0]), *place, *named, func.count()).where(*kept).group_by(sets)
        table = places.subdistricts()
        # A development zone is no unit of the 343; an event there names none of them.
        zones = {"", *table.loc[table["type"] == ZONE_UNITS, "code"]}
        found: dict[str, list[tuple]] = {"subdistrict": [], "community": []}
        with self.store.engine.connect() as connection:
            for other, code, basis, *units, n in connection.execute(statement):
                # The unit that a row is not grouped by is of no use in it.
                if units[other] not in zones:
                    found["community" if other else "subdistrict"].append((code or schema.UNPLACED, basis, units[other], int(n)))
        return {name: self._with_nameless(rows, name) for name, rows in found.items()}

    def _with_nameless(self, named: list[tuple], name: str) -> pd.DataFrame:
        counted: dict[tuple[str, str], int] = {}
        for code, basis, _, n in named:
            counted[code, basis] = counted.get((code, basis), 0) + n
        totals = zip(self.by_basis["district"], self.by_basis["place-basis"], self.by_basis["events"], strict=True)
        nameless = [(code, basis, "", int(n) - counted.get((code, basis), 0)) for code, basis, n in totals]
        return pd.DataFrame([*named, *nameless], columns=["district", "place-basis", name, "events"])

    def ends(self, table: pd.DataFrame, code: str) -> tuple[Rows, Rows, Rows]:
        """Rows (with district, place-basis) of one district: those stated, those placed there, and those with events that may belong there.

        The whole city holds every event, wherever in it: there the three are the same.
        """
        parts = self._parts(table)
        if code == BEIJING:
            whole = [row for rows in parts.values() for row in rows if row["place-basis"] in (*self.bases, "none")]
            return whole, whole, whole
        placed = [row for row in parts.get(code, ()) if row["place-basis"] in self.bases]
        return [row for row in placed if row["place-basis"] == "stated"], placed, [*placed, *parts.get(schema.UNPLACED, ())]

    def _parts(self, table: pd.DataFrame) -> dict[str, Rows]:
        """A table's rows by district, taken apart once: plain rows, since a frame for each district takes a hundred times as long."""
        known = self._taken_apart
        if id(table) not in known:
            parts: dict[str, Rows] = {}
            for values in zip(*(table[name].tolist() for name in table), strict=True):
                row = dict(zip(table, values, strict=True))
                parts.setdefault(row["district"], []).append(row)
            known[id(table)] = (table, parts)
        return known[id(table)][1]

    @cached_property
    def _taken_apart(self) -> dict[int, tuple[pd.DataFrame, dict[str, Rows]]]:
        return {}


Three = tuple[float | None, float | None, float | None]
"""Low, value, high."""


def _events(evidence: Evidence, code: str) -> Three:
    return tuple(float(_sum(rows, "events")) for rows in evidence.ends(evidence.by_basis, code))


def _participants(evidence: Evidence, code: str) -> Three:
    if code == BEIJING:
        # A number that covers several places counts where no place is asked for.
        whole = evidence.table(selection=evidence.free.change(place_basis=evidence.selection.place_basis))
        people = float(whole["participants"].iloc[0]) if whole["participants_events"].iloc[0] else None
        return people, people, people
    low, value, high = evidence.ends(evidence.by_basis, code)
    people = [float(_sum([row for row in rows if row["participants_events"]], "participants")) for rows in (low, value, high)]
    return people[0], people[1] if _sum(value, "participants_events") else None, people[2]


def _months(evidence: Evidence, code: str) -> Three:
    """Fewest months with the events that may belong here, most with the stated ones alone; None where no event is found."""
    table = evidence.table("district", "place-basis", selection=evidence.until(evidence.as_of, evidence.free))
    low, value, high = (months_between(_latest(rows), evidence.as_of) for rows in reversed(evidence.ends(table, code)))
    return low, value, high


def _districts(evidence: Evidence, code: str) -> Three:
    if code != BEIJING:
        return tuple(float(_sum(rows, "events") > 0) for rows in evidence.ends(evidence.by_basis, code))
    # An event without a district can add one at most.
    table = evidence.by_basis
    unplaced = table["district"] == schema.UNPLACED
    placed = table[~unplaced & table["place-basis"].isin(evidence.bases)]
    low, value = (float(rows["district"].nunique()) for rows in (placed[placed["place-basis"] == "stated"], placed))
    return low, value, min(float(len(places.adcodes())), value + float(table.loc[unplaced, "events"].sum()))


def _named(evidence: Evidence, code: str, table: pd.DataFrame, name: str, most: float) -> Three:
    """Different units named: an event that names none may have been in one more."""
    low, value, high = evidence.ends(table, code)
    if code == BEIJING:
        low = [row for row in value if row["place-basis"] == "stated"]
        value = [row for row in value if row["district"] != schema.UNPLACED]
    different = [len({(row["district"], row[name]) for row in rows if row[name]}) for rows in (low, value)]
    nameless = float(_sum([row for row in high if not row[name] or row["district"] == schema.UNPLACED], "events"))
    return float(different[0]), float(different[1]), max(float(different[1]), min(most, different[1] + nameless))


def _subdistricts(evidence: Evidence, code: str) -> Three:
    return _named(evidence, code, evidence.units["subdistrict"], "subdistrict", denominators(evidence.selection).loc[code, "subdistricts"])


def _communities(evidence: Evidence, code: str) -> Three:
    return _named(evidence, code, evidence.units["community"], "community", denominators(evidence.selection).loc[code, "communities"])


def _audiences(evidence: Evidence, code: str) -> Three:
    table = evidence.table("district", "place-basis", "audience")
    chosen = evidence.selection.audience or tuple(schema.AUDIENCE)
    return tuple(float(len({row["audience"] for row in rows}.intersection(chosen))) for rows in evidence.ends(table, code))


NUMERATORS: dict[str, Callable[[Evidence, str], Three]] = {
    "events": _events,
    "participants": _participants,
    "districts": _districts,
    "subdistricts": _subdistricts,
    "communities": _communities,
    "audiences": _audiences,
    "months": _months,
}


@lru_cache(maxsize=64)
def indicator_table(evidence: Evidence, indicator: Indicator, by: str = "district") -> pd.DataFrame:
    """One indicator with its range. One row per district asked for, in the order of codes, or (`by='city'`) one for the city.

    Columns: district (adcode), low, value, high (in the indicator's unit; low ≤ value ≤ high, an absent month count being
    longer than any), numerator (of the value), denominator. Absent: no event found, no number stated, or no denominator.
    """
    codes = (BEIJING,) if by == "city" else evidence.districts
    bottom = denominators(evidence.selection)
    rows = []
    for code in codes:
        three = NUMERATORS[indicator.numerator](evidence, code)
        of = float(bottom.loc[code, indicator.denominator]) if indicator.denominator else None
        scaled = [None if number is None else number if of is None else number / of * indicator.per for number in three]
        rows.append((code, *scaled, three[1], of))
    return pd.DataFrame(rows, columns=["district", *ENDS, "numerator", "denominator"]).astype(
        dict.fromkeys((*ENDS, "numerator", "denominator"), float)
    )


def _sum(rows: Rows, name: str) -> int | float:
    return sum(row[name] for row in rows)


def _latest(rows: Rows) -> pd.Timestamp | None:
    return max((row["last_day"] for row in rows if pd.notna(row["last_day"])), default=None)


# ------------------------------------------------------------------ gaps


@dataclass(frozen=True)
class Window:
    """The days looked back over, both ends included; `months` is 0 where the span filter sets them."""

    start: date
    end: date
    months: int = 0


def look_back(selection: Selection, as_of: date, months: int) -> Window:
    """The selection's own span where one is set, else so many months up to the day from which ages count back."""
    if selection.start or selection.end:
        return Window(selection.start or date(1949, 1, 1), selection.end or as_of)
    return Window(as_of - relativedelta(months=months) + relativedelta(days=1), as_of, months)


@lru_cache(maxsize=64)
def cells(evidence: Evidence, window: Window, column: str = "") -> pd.DataFrame:
    """What was found in each district within the window. One row per district × term of `column` ('audience' or 'programme'; '' for none).

    Columns: district, the column's codes, events (placed there, in the window), last_day (of the latest placed event up to
    the window's end), months (whole, since then; absent where none is found), possible (events that may belong here: without
    a district in the window, or without a date and reported no earlier than it begins), state (a key of `STATES`), residents (of the district, 2020).
    The filter of `column` only narrows which terms are listed: an event's other audiences are its audiences, too.
    """
    by = (column,) if column else ()
    free = evidence.free.without(column) if column else evidence.free
    inside = free.change(start=window.start, end=window.end)
    counts = _by_key(evidence.table("district", *by, selection=inside), by, "events")
    days = evidence.last_days(window.end, free.without("span"), *by)
    undated = _undated(evidence, free, window, column)
    residents = places.districts().set_index("adcode")["residents_2020"]
    rows = []
    for district in places.adcodes():
        for term in _terms(evidence.selection, column):
            here, nowhere = (district, *term), (schema.UNPLACED, *term)
            number, day = int(counts.get(here, 0)), days.get(here)
            possible = int(counts.get(nowhere, 0)) + undated.get(here, 0) + undated.get(nowhere, 0)
            state = "covered" if number else "unclear" if possible else "gap"
            rows.append((district, *term, number, day, months_between(day, window.end), possible, state, int(residents[district])))
    table = pd.DataFrame(rows, columns=["district", *by, "events", "last_day", "months", "possible", "state", "residents"])
    return table.astype({"months": float}).assign(last_day=pd.to_datetime(table["last_day"]))


def _terms(selection: Selection, column: str) -> list[tuple[str, ...]]:
    chosen = getattr(selection, column) if column else ()
    return [(term,) for term in schema.DIMENSIONS[column].terms if not chosen or term in chosen] if column else [()]


def _by_key(table: pd.DataFrame, by: tuple[str, ...], figure: str) -> dict[tuple[str, ...], object]:
    keys = table[["district", *by]].itertuples(index=False, name=None)
    return {key: value for key, value in zip(keys, table[figure], strict=True) if not pd.isna(value)}


def _undated(evidence: Evidence, free: Selection, window: Window, column: str) -> dict[tuple[str, ...], int]:
    """Undated events that may lie in the window: their report is not older than its first day, or bears no date either."""
    kept = [clause for name, clause in clauses(free, evidence.store).items() if name != "span"]
    day = events.c.report_day if free.undated == "report" else events.c.date_start
    keys = [events.c.district, *([events.c[schema.DIMENSIONS[column].column]] if column else [])]
    unknown = (day.is_(None), or_(events.c.source_date.is_(None), events.c.source_date >= window.start))
    found: dict[tuple[str, ...], int] = {}
    with evidence.store.engine.connect() as connection:
        for district, *term, count in connection.execute(select(*keys, func.count()).where(*kept, *unknown).group_by(*keys)):
            for each in str(term[0]).split(schema.SEPARATOR) if term else ("",):
                key = (str(district or "") or schema.UNPLACED, *([each] if column else []))
                found[key] = found.get(key, 0) + int(count)
    return found


def half(day: date) -> str:
    """`2024-H1` or `2024-H2`."""
    return f"{day.year}-H{1 if day.month < 7 else 2}"


def half_bounds(code: str) -> tuple[date, date]:
    """First and last day of `2024-H1` or `2024-H2`."""
    year = int(code[:4])
    return (date(year, 1, 1), date(year, 6, 30)) if code.endswith("1") else (date(year, 7, 1), date(year, 12, 31))


@lru_cache(maxsize=64)
def half_years(evidence: Evidence) -> pd.DataFrame:
    """Events by district and half-year, the latest `MOST_HALVES` up to the day from which ages count back (or of the span set).

    One row per district × half-year: district, half, events, last_day, months, possible (events without a district in it), state, residents.
    An undated event may belong to any of them, so it is not weighed here.
    """
    last = min(evidence.selection.end or evidence.as_of, evidence.as_of)
    codes, day = [], last
    while len(codes) < MOST_HALVES and (not evidence.selection.start or half(day) >= half(evidence.selection.start)):
        codes.insert(0, half(day))
        day = half_bounds(half(day))[0] - relativedelta(days=1)
    start = max(half_bounds(codes[0])[0], evidence.selection.start or date(1949, 1, 1)) if codes else last
    table = evidence.table("district", "quarter", selection=evidence.free.change(start=start, end=last))
    dated = table[table["quarter"] != schema.UNDATED]
    folded = dated.assign(half=[f"{code[:4]}-H{1 if code[-1] in '12' else 2}" for code in dated["quarter"]])
    sums = folded.groupby(["district", "half"]).agg(events=("events", "sum"), last_day=("last_day", "max"))
    counts, days = sums["events"].to_dict(), sums["last_day"].to_dict()
    residents = places.districts().set_index("adcode")["residents_2020"]
    rows = []
    for district in places.adcodes():
        for code in codes:
            number, possible = int(counts.get((district, code), 0)), int(counts.get((schema.UNPLACED, code), 0))
            state = "covered" if number else "unclear" if possible else "gap"
            latest = days.get((district, code))
            rows.append((district, code, number, latest, months_between(latest, last), possible, state, int(residents[district])))
    table = pd.DataFrame(rows, columns=["district", "half", "events", "last_day", "months", "possible", "state", "residents"])
    return table.astype({"months": float}).assign(last_day=pd.to_datetime(table["last_day"]))


def need(table: pd.DataFrame) -> pd.Series:
    """Need of each district in a table of `cells`: residents × the share of its cells that are gaps, an unclear one counting half."""
    weight = table["state"].map({"gap": 1.0, "unclear": 0.5, "covered": 0.0})
    return (weight * table["residents"]).groupby(table["district"], sort=False).mean()


def gaps(evidence: Evidence, window: Window) -> pd.DataFrame:
    """Districts and audiences without a report in the window that no placing closes, most residents concerned first.

    One row per gap: district, audience ('' where no audience at all was reached), residents (of the district), last_day,
    months, start, end (of the window). Audiences of a district that is a gap as a whole are not listed again.
    """
    each = cells(evidence, window, "audience")
    whole = cells(evidence, window).assign(audience="") if not evidence.selection.audience else each.head(0)
    whole = whole[whole["state"] == "gap"]
    listed = each[(each["state"] == "gap") & (each["audience"] != OTHER) & ~each["district"].isin(whole["district"])]
    table = pd.concat([whole, listed]) if len(whole) else listed
    table = table[table["district"].isin(evidence.districts)].sort_values("residents", ascending=False, kind="stable", ignore_index=True)
    return table[["district", "audience", "residents", "last_day", "months"]].assign(start=window.start, end=window.end)


def certainty(table: pd.DataFrame) -> pd.DataFrame:
    """How many of the districts were reached, might have been, and certainly have no report. One row per audience (or programme).

    `table` as from `cells`. Columns: the term, covered, unclear, gap (districts; they add up to all listed). An event without a
    district can close one district only, so of the districts without a report at least `gap` have none, whichever they are.
    """
    column = next(name for name in ("audience", "programme") if name in table)
    rows = []
    for term, part in table.groupby(column, sort=False):
        without = part[part["events"] == 0]
        anywhere = int(part["possible"].min()) if len(part) else 0
        # What lies above the smallest count is an undated event of that district itself.
        own = without["possible"] > anywhere
        closable = min(len(without), int(own.sum()) + anywhere)
        rows.append((term, int((part["events"] > 0).sum()), closable, len(without) - closable))
    return pd.DataFrame(rows, columns=[column, "covered", "unclear", "gap"])


def plan_cells(evidence: Evidence, window: Window, units: bool = False) -> tuple[pd.DataFrame, dict[str, int], dict[str, int]]:
    """What a plan of visits chooses from, and the events held in the window by district and by audience.

    One row per district × audience, as from `cells`, or (`units`) per audience and subdistrict of the district: district,
    audience, subdistrict ('' or its code), state, months, last_day. A unit named in the window for an audience is covered;
    one not named is a gap where the district's cell is one, else unclear: an event in the district may have been there.
    """
    each = cells(evidence, window, "audience")
    each = each[(each["audience"] != OTHER) & each["district"].isin(evidence.districts)].reset_index(drop=True)
    inside = evidence.free.change(start=window.start, end=window.end)
    held = _by_key(evidence.table("district", selection=inside), (), "events")
    by_audience = evidence.table("audience", selection=inside.without("audience"))
    held_audiences = dict(zip(by_audience["audience"], by_audience["events"], strict=True))
    columns = ["district", "audience", "subdistrict", "state", "months", "last_day"]
    table = (_unit_cells(evidence, window, each) if units else each.assign(subdistrict=""))[columns]
    return table, {key[0]: int(number) for key, number in held.items()}, {key: int(number) for key, number in held_audiences.items()}


def _unit_cells(evidence: Evidence, window: Window, each: pd.DataFrame) -> pd.DataFrame:
    free = evidence.free.without("audience")
    names = ("subdistrict", "audience")
    found = evidence.table(*names, selection=free.change(start=window.start, end=window.end)).set_index(list(names))["events"].to_dict()
    days = evidence.table(*names, selection=free.change(start=None, end=window.end)).set_index(list(names))["last_day"].to_dict()
    units = places.subdistricts()
    units = units[units["type"] != ZONE_UNITS]
    table = each[["district", "audience", "state"]].merge(
        units[["code", "district_adcode"]].rename(columns={"code": "subdistrict", "district_adcode": "district"}), on="district"
    )
    keys = list(zip(table["subdistrict"], table["audience"], strict=True))
    last = [days.get(key) for key in keys]
    state = [
        "covered" if found.get(key) else "gap" if of_district == "gap" else "unclear"
        for key, of_district in zip(keys, table["state"], strict=True)
    ]
    months = pd.Series([months_between(day, window.end) for day in last], dtype=float)
    return table.assign(state=state, months=months, last_day=pd.to_datetime(pd.Series(last, dtype="datetime64[s]")))


def gap_selection(gap, selection: Selection) -> Selection:
    """The filtered view that a gap's sentence states: its district, its audience, its window."""
    audience = (gap.audience,) if gap.audience else selection.audience
    return selection.change(district=(gap.district,), audience=audience, start=gap.start, end=gap.end)


def gap_sentence(gap, window: Window, words: Words) -> str:
    """A gap in plain words, with the window, the residents concerned and the last event found."""
    values = {
        "district": words.term("district", gap.district), "residents": words.number(gap.residents), "end": words.day(window.end), "start": words.day(window.start),
        "months": words.number(window.months), "audience": words.lowered(words.term("audience", gap.audience)) if gap.audience else "",
    }  # fmt: skip
    if window.months and gap.audience:
        text = words(
            "No report of an event for {audience} in {district} in the {months} months to {end} ({residents} residents).", **values
        )
    elif window.months:
        text = words("No report of any event in {district} in the {months} months to {end} ({residents} residents).", **values)
    elif gap.audience:
        text = words("No report of an event for {audience} in {district} from {start} to {end} ({residents} residents).", **values)
    else:
        text = words("No report of any event in {district} from {start} to {end} ({residents} residents).", **values)
    if pd.isna(gap.last_day):
        return words.sentences(text, words("No earlier one was found either."))
    return words.sentences(text, words("The last one found was on {day}.", day=words.day(gap.last_day)))


def nearest(evidence: Evidence, window: Window, district: str, column: str, term: str) -> list[tuple[str, int, Selection]]:
    """What comes nearest to an empty cell: kind, number of events, the selection that lists them; only kinds with events.

    Kinds: other_times, undated, repeated, planned, unplaced (in the window), unplaced_undated, district (other events there in the window).
    """
    wanted = {} if column == "half" else {column: (term,)}
    start, end = half_bounds(term) if column == "half" else (window.start, window.end)
    anytime = evidence.free.without("span").change(**wanted)
    here, inside = anytime.change(district=(district,)), {"start": start, "end": end}
    asked = {
        "other_times": here,
        "undated": here.change(only=("undated",)),
        "repeated": here.change(only=("repeated",)),
        "planned": here.change(only=("planned",)),
        "unplaced": anytime.change(district=(schema.UNPLACED,), **inside),
        "unplaced_undated": anytime.change(district=(schema.UNPLACED,), only=("undated",)),
        "district": evidence.free.without(column).change(district=(district,), **inside),
    }
    found = [(kind, int(evidence.table(selection=selection)["events"].iloc[0]), selection) for kind, selection in asked.items()]
    return [each for each in found if each[1]]


# ------------------------------------------------------------------ two selections against each other


def year_to_date(as_of: date) -> tuple[tuple[date, date], tuple[date, date]]:
    """This year to the day, and last year to the same day (29 February: to the 28th)."""
    return (date(as_of.year, 1, 1), as_of), (date(as_of.year - 1, 1, 1), as_of - relativedelta(years=1))


def changes(now: Evidence, then: Evidence, indicator: Indicator) -> pd.DataFrame:
    """One indicator under two selections. One row per district: district, then, now (values), change (now − then; absent where either is)."""
    after, before = indicator_table(now, indicator), indicator_table(then, indicator)
    both = before[["district", "value"]].merge(after[["district", "value"]], on="district", how="outer", suffixes=("_then", "_now"))
    return both.rename(columns={"value_then": "then", "value_now": "now"}).assign(change=both["value_now"] - both["value_then"])
