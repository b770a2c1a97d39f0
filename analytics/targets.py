"""A plan of targets → a checked frame, and plan against actual: how far each target is, and what it still takes.

A target counts every held event of its district, audience and period once, as the selection's other filters leave them.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analytics import schema
from analytics.dataset import ISO_DAY, LARGEST_COUNT, Said, column_faults, faults_where, read_table, value_fault
from analytics.errors import N_, DataFaults, Fault
from analytics.exhibit import bounds
from analytics.figures import dimension_name, names
from analytics.measures import QUALIFIERS, Grouping, measure
from analytics.selection import INCLUDE, Selection
from analytics.store import Store
from analytics.text import Words

TARGET_COLUMNS: tuple[schema.Column, ...] = (
    schema.Column("district", "district"),
    schema.Column("audience", terms=tuple(schema.AUDIENCE)),
    schema.Column("period", "period", required=True),
    schema.Column("target_events", "target"),
    schema.Column("target_participants", "target"),
)
COLUMN_NAMES: tuple[str, ...] = tuple(column.name for column in TARGET_COLUMNS)
OPTIONAL = "target_participants"
KEYS = ("district", "audience")
DAYS_PER_MONTH = 30.4375
"""365.25 days ÷ 12."""

STATE: schema.Labels = {
    "reached": ("Reached", "已完成"),
    "on course": ("On course", "进度正常"),
    "behind": ("Behind", "进度落后"),
    "missed": ("Missed", "未完成"),
    "not begun": ("Not begun", "尚未开始"),
}

_PERIOD = re.compile(r"([0-9]{4})(-H[12]|-Q[1-4]|-(0[1-9]|1[0-2]))?")
_HALVES = {"H1": ("Q1", "Q2"), "H2": ("Q3", "Q4")}


# ------------------------------------------------------------------ the file


def read_targets(path: str | Path) -> pd.DataFrame:
    """A plan file as checked, typed targets.

    One row per target, in file order: district (six-digit code, '' for all), audience (term, '' for all), period (`2025`,
    `2025-H1`, `2025-Q2` or `2025-04`), target_events (events), target_participants (people), both nullable and at least one
    stated, start and end (first and last day of the period). The file may leave the column target_participants out.
    Raises DataFaults with all faults, or OutreachError when the file cannot be opened at all.
    """
    table = read_table(path, _headings)
    faults = check_targets(table)
    if faults:
        raise DataFaults(str(path), faults)
    return _typed(table.reindex(columns=list(COLUMN_NAMES), fill_value="").reset_index(drop=True))


def check_targets(table: pd.DataFrame) -> list[Fault]:
    """Every fault of a table of text cells, in the order of rows. Empty when the table fits."""
    faults = _headings(list(table.columns))
    if faults:
        return faults
    if table.empty:
        return [Fault(0, "", "", N_("the table has no rows"), N_("Add at least one target"))]
    whole = table.reindex(columns=list(COLUMN_NAMES), fill_value="")
    for column in TARGET_COLUMNS:
        faults += _cell_faults(column, whole[column.name])
    faults += faults_where(
        (whole["target_events"] == "") & (whole["target_participants"] == ""),
        whole,
        "target_events",
        N_("the row sets no target"),
        N_("Fill in target_events or target_participants"),
    )
    faults += _repeat_faults(whole)
    return sorted(faults, key=lambda fault: (fault.row, COLUMN_NAMES.index(fault.column)))


def _headings(found: list[str]) -> list[Fault]:
    return column_faults(found, COLUMN_NAMES, frozenset({OPTIONAL}))


def _cell_faults(column: schema.Column, cells: pd.Series) -> list[Fault]:
    """Faults of one column, each distinct value judged once."""
    judge = {"period": _period_fault, "target": _target_fault}.get(column.kind)
    faults: list[Fault] = []
    for value in cells.unique():
        found = value_fault(column, value) or (judge(value) if judge and value else None)
        if found:
            faults += [Fault(int(row) + 2, column.name, value, *found) for row in cells.index[cells == value]]
    return faults


def _period_fault(value: str) -> Said | None:
    match = _PERIOD.fullmatch(value)
    if match:
        known = 1949 <= int(match[1]) <= 2100
        return None if known else (N_("the year cannot be right"), N_("Write periods as {detail}"), "2025, 2025-H1, 2025-Q2, 2025-04")
    if ISO_DAY.fullmatch(value):
        remedy = N_("Write {detail} and format the column as text, or a spreadsheet makes it a day again")
        return N_("this is a day, not a period"), remedy, value[:7]
    return N_("this is no period"), N_("Write periods as {detail}"), "2025, 2025-H1, 2025-Q2, 2025-04"


def _target_fault(value: str) -> Said | None:
    if not re.fullmatch(r"[0-9]+", value):
        return N_("this is no whole number"), N_("Write digits only, such as {detail}"), "12"
    return None if len(value) <= 10 and int(value) <= LARGEST_COUNT else (N_("the number cannot be right"), N_("Check the digits"), "")


def _repeat_faults(table: pd.DataFrame) -> list[Fault]:
    """Rows for a district, audience and period that an earlier row has already."""
    problem, remedy = N_("an earlier row has this district, audience and period"), N_("Keep one of them; the earlier one is row {detail}")
    first: dict[tuple, int] = {}
    faults = []
    for index, *key in table[[*KEYS, "period"]].itertuples():
        earlier = first.setdefault(tuple(key), index)
        if earlier != index and key[-1]:
            faults.append(Fault(int(index) + 2, "period", key[-1], problem, remedy, str(earlier + 2)))
    return faults


def _typed(cells: pd.DataFrame) -> pd.DataFrame:
    numbers = {name: pd.to_numeric(cells[name].replace("", None)).astype("Int64") for name in ("target_events", "target_participants")}
    spans = [span(period) for period in cells["period"]]
    days = {name: pd.to_datetime([each[place] for each in spans]) for place, name in enumerate(("start", "end"))}
    return cells.astype(dict.fromkeys((*KEYS, "period"), "str")).assign(**numbers, **days)


@cache
def span(period: str) -> tuple[date, date]:
    """First and last day of `2025`, `2025-H1`, `2025-Q2` or `2025-04`."""
    year, _, part = period.partition("-")
    if part in _HALVES:
        first, last = _HALVES[part]
        return bounds(f"{year}-{first}")[0], bounds(f"{year}-{last}")[1]
    return bounds(period)


# ------------------------------------------------------------------ plan against actual


def progress(store: Store, selection: Selection, targets: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """How far each target is at the end of the day `as_of`.

    One row per target, in the order given: its columns as in `read_targets`, then
    events (held, first day in the period and not after `as_of`), participants (people, stated numbers only, absent where none
    is stated), qualifier (the weakest word among them, '' where none is stated), participants_events (events with a stated number),
    planned (events of status planned, first day anywhere in the period),
    elapsed (share of the period's days gone by, 0 to 1),
    missing (events still needed, never below 0),
    per_month_needed (missing ÷ months of 30.4375 days left of the period; 0 where nothing is missing, absent once it is over),
    pace (events ahead of an even pace, behind it below 0: events − target × elapsed),
    state (a term of `STATE`).
    Where no number of events is aimed at, missing, per_month_needed and pace are absent and the state is that of the stated
    participants; otherwise it is that of the events, since most reports state no number of people.

    The target's period replaces the selection's span, and its district and audience, where it names them, the selection's;
    whatever kinds of events the selection lets in, held ones count once each. Undated events count for no target, unless the
    selection puts them at their report's date.
    """
    targets = targets.reset_index(drop=True)
    usual = _usual(selection)
    held = _counts(store, usual, targets, as_of)
    planned = _counts(store, usual.change(only=(*usual.only, "planned")), targets, date.max)["events"]
    table = targets.assign(**held, planned=planned)
    return table.assign(**_pace(table, as_of), state=_states(table, as_of))


def events_of(selection: Selection, row, as_of: date) -> Selection:
    """The selection of the events that one row of `progress` counts, for a list of them; its period has begun."""
    named = {name: (getattr(row, name),) for name in KEYS if getattr(row, name)}
    return _usual(selection).change(**named, start=row.start.date(), end=min(row.end.date(), as_of))


def _usual(selection: Selection) -> Selection:
    """The selection with held events counted once each, whatever it lets in or narrows to."""
    return selection.change(include=(), only=tuple(kind for kind in selection.only if kind not in INCLUDE))


def _counts(store: Store, selection: Selection, targets: pd.DataFrame, last: date) -> pd.DataFrame:
    """Events and stated participants of each target up to the day `last`, from one pass by month over all periods.

    One row per target, indexed alike: events, participants, qualifier, participants_events.
    """
    wanted = pd.DataFrame(
        [(row.Index, row.district, row.audience, month) for row in targets.itertuples() for month in _months(row.start, row.end)],
        columns=["target", *KEYS, "month"],
    ).astype(dict.fromkeys((*KEYS, "month"), object))
    found = wanted.merge(_by_month(store, selection, targets, last), on=[*KEYS, "month"])
    sums = found.groupby("target")[["events", "participants", "participants_events", "weakness"]].sum()
    weakest = found.groupby("target")["weakness"].max()
    whole = sums.assign(weakness=weakest).reindex(targets.index, fill_value=0).astype("int64")
    return pd.DataFrame(
        {
            "events": whole["events"],
            "participants": whole["participants"].astype("Int64").where(whole["participants_events"] > 0),
            "qualifier": pd.Series([QUALIFIERS[number] for number in whole["weakness"]], index=whole.index, dtype="str"),
            "participants_events": whole["participants_events"],
        }
    )


def _by_month(store: Store, selection: Selection, targets: pd.DataFrame, last: date) -> pd.DataFrame:
    """Counts by month for all keys the targets name; '' stands for all districts or audiences, counted on their own.

    An event with two audiences stands under both, so no total is a sum of its parts.
    """
    columns = [*KEYS, "month", "events", "participants", "participants_events", "weakness"]
    if targets.empty:
        return pd.DataFrame(columns=columns).astype(dict.fromkeys(columns[3:], "int64"))
    inside = selection.change(start=targets["start"].min().date(), end=min(targets["end"].max().date(), last))
    kinds = {tuple(name for name in KEYS if getattr(row, name)) for row in targets.itertuples()}
    ways = [Grouping((*named, "month"), frozenset(named)) for named in sorted(kinds)]
    tables = [table.assign(**{name: "" for name in KEYS if name not in table}) for table in measure(store, inside, ways).values()]
    counts = pd.concat(tables, ignore_index=True)
    counts = counts.assign(participants=counts["participants"].fillna(0), weakness=counts["qualifier"].map(QUALIFIERS.index))
    return counts[columns].astype(dict.fromkeys((*KEYS, "month"), object))


def _months(start: pd.Timestamp, end: pd.Timestamp) -> list[str]:
    return [f"{number // 12}-{number % 12 + 1:02}" for number in range(start.year * 12 + start.month - 1, end.year * 12 + end.month)]


def _days(table: pd.DataFrame, as_of: date) -> tuple[pd.Series, pd.Series]:
    """Days of each target's period, and how many of them have gone by at the end of `as_of`."""
    length = (table["end"] - table["start"]).dt.days + 1
    return length, ((pd.Timestamp(as_of) - table["start"]).dt.days + 1).clip(0, length)


def _pace(table: pd.DataFrame, as_of: date) -> dict[str, pd.Series]:
    length, gone = _days(table, as_of)
    target = table["target_events"]
    missing = (target - table["events"]).clip(0)
    months = ((length - gone) / DAYS_PER_MONTH).where(gone < length)
    lacking = missing.astype("float64")
    return {
        "elapsed": gone / length,
        "missing": missing,
        "per_month_needed": (lacking / months).mask(lacking == 0, 0.0),
        # Multiplied before it is divided: an even pace gives 0, not a rest of rounding.
        "pace": ((table["events"] * length - target * gone) / length).astype("float64"),
    }


def _states(table: pd.DataFrame, as_of: date) -> pd.Series:
    length, gone = _days(table, as_of)
    by_people = table["target_events"].isna()
    target = table["target_events"].fillna(table["target_participants"]).astype("int64")
    reached = table["events"].mask(by_people, table["participants"].fillna(0).astype("int64"))
    cases = {
        "not begun": gone == 0,
        "reached": reached >= target,
        "missed": gone == length,
        "on course": reached * length >= target * gone,
    }
    return pd.Series(np.select(list(cases.values()), list(cases), "behind"), index=table.index, dtype="str")


# ------------------------------------------------------------------ as words


def sentence(row, words: Words, as_of: date) -> str:
    """One row of `progress` in plain words: what is reached, what it still takes, what is planned, who came."""
    texts = [_reached(row, words, as_of)]
    if pd.notna(row.target_events) and row.state != "not begun":
        texts.append(_needed(row, words))
    if row.planned:
        texts.append(words.plural("{n} event is planned in this period.", "{n} events are planned in this period.", row.planned))
    if pd.notna(row.target_participants):
        texts.append(_people(row, words))
    return words.sentences(*texts)


def _reached(row, words: Words, as_of: date) -> str:
    about = {
        "place": _name(row, "district", words),
        "audience": words.lowered(_name(row, "audience", words)),
        "period": period_name(row.period, words),
    }
    aimed = pd.notna(row.target_events)
    if row.state == "not begun":
        if not aimed:
            return words("{place}, {audience}, {period}: counted from {day}.", **about, day=words.day(row.start))
        return words.plural(
            "{place}, {audience}, {period}: {n} event to hold from {day}.",
            "{place}, {audience}, {period}: {n} events to hold from {day}.",
            row.target_events, **about, day=words.day(row.start),
        )  # fmt: skip
    about["day"] = words.day(min(row.end.date(), as_of))
    if not aimed:
        return words.plural(
            "{place}, {audience}, {period}: {n} event by {day}.", "{place}, {audience}, {period}: {n} events by {day}.", row.events, **about
        )
    return words.plural(
        "{place}, {audience}, {period}: {done} of {n} event by {day}.",
        "{place}, {audience}, {period}: {done} of {n} events by {day}.",
        row.target_events, **about, done=words.number(row.events),
    )  # fmt: skip


def _needed(row, words: Words) -> str:
    """What the target for events still takes; a rate a month only where more than a month is left."""
    if row.state == "reached":
        return words("The target for events is reached.")
    if row.state == "missed":
        return words.plural("{n} event is missing; the period is over.", "{n} events are missing; the period is over.", row.missing)
    if row.per_month_needed >= row.missing:
        return words.plural("{n} more is needed by {day}.", "{n} more are needed by {day}.", row.missing, day=words.day(row.end))
    return words.plural(
        "{n} more is needed, about {rate} a month to {day}.", "{n} more are needed, about {rate} a month to {day}.",
        row.missing, rate=words.number(row.per_month_needed, 1), day=words.day(row.end),
    )  # fmt: skip


def _people(row, words: Words) -> str:
    target = words.number(row.target_participants)
    if pd.isna(row.participants):
        return words("Target for participants: {target}; no number stated.", target=target)
    return words.plural(
        "Target for participants: {target}; {people} stated for {stated} of {n} event.",
        "Target for participants: {target}; {people} stated for {stated} of {n} events.",
        row.events, target=target, people=words.people(row.participants, row.qualifier), stated=words.number(row.participants_events),
    )  # fmt: skip


def _name(row, name: str, words: Words) -> str:
    code = getattr(row, name)
    return words.term(name, code) if code else words("All districts") if name == "district" else words("All audiences")


def period_name(period: str, words: Words) -> str:
    """`2025`, `2025-H1`, `2025-Q2` or `2025-04` as people write it."""
    year, _, part = period.partition("-")
    if part in _HALVES:
        return words("H1 {year}", year=year) if part == "H1" else words("H2 {year}", year=year)
    return words.period(period)


def targets_table(progress: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Plan against actual under headings in the viewer's language, codes beside their names, rates with two decimals.

    One row per row of `progress`; the columns district, audience, period and state hold codes.
    """
    rows, heads = list(progress.itertuples()), names(words)
    return pd.DataFrame(
        {
            "district": progress["district"],
            dimension_name("district", words): [_name(row, "district", words) for row in rows],
            "audience": progress["audience"],
            dimension_name("audience", words): [_name(row, "audience", words) for row in rows],
            "period": progress["period"],
            words("Period"): [period_name(row.period, words) for row in rows],
            words("From"): progress["start"],
            words("To"): progress["end"],
            words("Target for events"): progress["target_events"],
            heads["events"]: progress["events"],
            words("Planned events"): progress["planned"],
            words("Events still needed"): progress["missing"],
            words("Events needed a month"): progress["per_month_needed"].round(2),
            words("Events ahead of an even pace"): progress["pace"].round(2),
            words("Share of the period gone by"): progress["elapsed"].round(2),
            words("Target for participants"): progress["target_participants"],
            heads["participants"]: progress["participants"],
            heads["participants_events"]: progress["participants_events"],
            words("Qualifier"): [schema.QUALIFIER[row.qualifier][words.language == "zh"] if row.qualifier else "" for row in rows],
            "state": progress["state"],
            words("Progress"): [STATE[row.state][words.language == "zh"] for row in rows],
        }
    )
