"""An events file → a checked frame. What does not fit is refused as a whole, with every fault named."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import pandas as pd

from analytics import places, schema
from analytics.errors import N_, DataFaults, Fault, OutreachError
from analytics.text import country_codes

READERS = (".csv", ".xlsx", ".parquet")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LARGEST_COUNT = 2_000_000_000


def read_events(path: str | Path) -> pd.DataFrame:
    """A dataset as checked, typed events.

    One row per event, in file order; columns as in `schema.EVENT_COLUMNS`: text ('' where empty), dates (datetime64),
    participants and reach (people, nullable integers), several values of a cell in the order of their vocabulary.
    Raises DataFaults with all faults, or OutreachError when the file cannot be opened at all.
    """
    table = read_table(path)
    faults = check(table)
    if faults:
        raise DataFaults(str(path), faults)
    return typed(table).reset_index(drop=True)


def read_table(path: str | Path, headings: Callable[[list[str]], list[Fault]] | None = None) -> pd.DataFrame:
    """The file's cells as stripped text, '' where empty, blank rows left out; the index counts the rows of the file from 0.

    `headings` judges the first row of a file that cannot be split into cells: its own faults are the nearer reason; unless
    given, the columns of the events file are expected. Raises DataFaults or OutreachError if the file cannot be read.
    """
    path = Path(path)
    if path.suffix.lower() not in READERS:
        raise OutreachError(
            N_("{path}: the name must end in {endings}. Save the table as one of these."), path=path, endings=", ".join(READERS)
        )
    if not path.is_file():
        raise OutreachError(N_("{path}: there is no such file. Correct the path."), path=path)
    try:
        table = _READ[path.suffix.lower()](path)
    except UnicodeDecodeError as error:
        raise DataFaults(str(path), [_encoding_fault(path)]) from error
    except pd.errors.ParserError as error:
        raise DataFaults(str(path), _ragged_faults(path, headings or column_faults)) from error
    except Exception as error:
        raise OutreachError(
            N_("{path}: cannot be read as {kind} ({reason}). Open it in a spreadsheet and save it again."),
            path=path,
            kind=path.suffix[1:],
            reason=error,
        ) from error
    named = table.set_axis([_as_text(name).removeprefix("\ufeff") for name in table.columns], axis=1).reset_index(drop=True)
    cells = named.map(_as_text) if len(named) else named
    filled = cells != ""
    return cells.loc[filled.any(axis=1), (cells.columns != "") | filled.any(axis=0).to_numpy()]


def _as_text(cell: object) -> str:
    if cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and pd.isna(cell)):
        return ""
    if isinstance(cell, (pd.Timestamp, date)):
        return pd.Timestamp(cell).strftime("%Y-%m-%d")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _headed(cells: pd.DataFrame) -> pd.DataFrame:
    """The first row made the headings, exactly as written: pandas would rename the ones that stand twice."""
    return cells.iloc[1:].set_axis(cells.iloc[0], axis=1) if len(cells) else cells


_READ = {
    ".csv": lambda path: _headed(
        pd.read_csv(path, dtype=str, header=None, keep_default_na=False, skip_blank_lines=False, encoding="utf-8-sig")
    ),
    ".xlsx": lambda path: _headed(pd.read_excel(path, dtype=object, header=None, keep_default_na=False)),
    ".parquet": lambda path: pd.read_parquet(path).astype(object),
}


def _encoding_fault(path: Path) -> Fault:
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        # Decoded anew: the position in pandas' own error counts from the start of its buffer.
        row = content.count(b"\n", 0, error.start) + 1
    try:
        content.decode("gb18030")
        return Fault(row, "", "", N_("the file is written in GB18030, not UTF-8"), N_("Save it as “CSV UTF-8”"))
    except UnicodeDecodeError:
        return Fault(row, "", "", N_("the file is not written in UTF-8"), N_("Save it as “CSV UTF-8”"))


def _ragged_faults(path: Path, headings: Callable[[list[str]], list[Fault]]) -> list[Fault]:
    """Faults of a CSV file whose rows do not fit its header; a header that is wrong itself is the nearer reason."""
    header: list[str] = []
    long: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), start=1):
                header = header or [name.strip() for name in row]
                long += [number] if len(row) > len(header) else []
    except UnicodeDecodeError:
        return [_encoding_fault(path)]
    except csv.Error:
        pass
    more = [
        Fault(row, "", "", N_("the row has more cells than the header"), N_("Put text that holds commas into quotation marks"))
        for row in long
    ]
    unclosed = Fault(0, "", "", N_("a quotation mark is opened and not closed"), N_("Close it, or write it twice inside a text"))
    return headings(header) or more or [unclosed]


def check(table: pd.DataFrame) -> list[Fault]:
    """Every fault of a table of text cells, in the order of rows. Empty when the table fits."""
    faults = column_faults(list(table.columns))
    if faults:
        return faults
    if table.empty:
        return [Fault(0, "", "", N_("the table has no rows"), N_("Add at least one event"))]
    for column in schema.EVENT_COLUMNS:
        faults += _cell_faults(column, table[column.name])
    faults += _key_faults(table) + _date_faults(table) + _place_faults(table) + _number_faults(table)
    return sorted(faults, key=lambda fault: (fault.row, schema.COLUMN_NAMES.index(fault.column) if fault.column else -1))


def column_faults(names: list[str], wanted: tuple[str, ...] = schema.COLUMN_NAMES, optional: frozenset[str] = frozenset()) -> list[Fault]:
    """What is wrong with the headings of a table that should have the `wanted` ones and may lack the `optional` of them."""
    faults = [
        Fault(
            1,
            name,
            "",
            N_("the column is missing"),
            N_("Add a column with the heading {detail}; leave cells empty where nothing is known"),
            name,
        )
        for name in wanted
        if name not in names and name not in optional
    ]
    faults += [
        Fault(1, name, "", N_("the column is not known"), *nearest(name, wanted, (N_("Delete the column"), "")))
        for name in names
        if name not in wanted
    ]
    faults += [
        Fault(1, name, "", N_("the column stands twice"), N_("Delete one of them"))
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    return faults


Said = tuple[str, str, str]
"""A problem, its remedy, and the detail that fills the remedy."""


def nearest(value: str, known: tuple[str, ...] | list[str], otherwise: tuple[str, str]) -> tuple[str, str]:
    """A remedy that names the known value most like this one, else another remedy; with the detail that fills it."""
    near = get_close_matches(value, known, n=1, cutoff=0.6) or get_close_matches(value.lower(), known, n=1, cutoff=0.6)
    return (N_("Did you mean {detail}?"), near[0]) if near else otherwise


def _cell_faults(column: schema.Column, cells: pd.Series) -> list[Fault]:
    """Faults of one column, each distinct value judged once."""
    faults: list[Fault] = []
    for value in cells.unique():
        found = value_fault(column, value)
        if found:
            rows = cells.index[cells == value]
            faults += [Fault(int(row) + 2, column.name, value, *found) for row in rows]
    return faults


def value_fault(column: schema.Column, value: str) -> Said | None:
    """What is wrong with one cell, judged by its column's kind and vocabulary; None where nothing is."""
    if not value:
        return (N_("the cell is empty"), *_allowed(column)) if column.required else None
    if any(unicodedata.category(sign) == "Cc" and sign not in "\t\n\r" for sign in value):
        return N_("the cell holds control characters"), N_("Delete them"), ""
    values = value.split(schema.SEPARATOR) if column.several else [value]
    if len(set(values)) < len(values) or not all(
        part.strip() == part and part and not (column.several and set(part) & set(";；")) for part in values
    ):
        return N_("the values of the cell are not written as a; b; c, each once"), N_("Separate them by a semicolon and one space"), ""
    for part in values:
        found = _JUDGES[column.kind](part) if column.kind in _JUDGES else None
        if not found and column.terms and part not in column.terms:
            found = (N_("the term is not known"), *nearest(part, column.terms, _allowed(column)))
        if found:
            return found
    return None


def _allowed(column: schema.Column) -> tuple[str, str]:
    return (N_("Use one of: {detail}"), ", ".join(column.terms)) if column.terms else (N_("Fill it in"), "")


def _day_fault(value: str) -> Said | None:
    remedy = N_("Write dates as {detail}")
    if not ISO_DAY.fullmatch(value):
        return N_("this is no date"), remedy, "2024-03-31"
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return N_("this day is not in the calendar"), remedy, "2024-03-31"
    return None if 1949 <= day.year <= 2100 else (N_("the year cannot be right"), remedy, "2024-03-31")


def _count_fault(value: str) -> Said | None:
    if not re.fullmatch(r"[0-9]+", value):
        return N_("this is no whole number of people"), N_("Write digits only; put “about” or “at least” into participants_qualifier"), ""
    return None if len(value) <= 10 and int(value) <= LARGEST_COUNT else (N_("the number cannot be right"), N_("Check the digits"), "")


def _district_fault(value: str) -> Said | None:
    if value in places.adcodes():
        return None
    names = {name.lower(): row.adcode for row in places.districts().itertuples() for name in (row.name_en, row.name_zh, row.name_zh[:-1])}
    code = names.get(value.lower()) or names.get(value.lower().removesuffix(" district"))
    remedy = (N_("Write {detail}"), code) if code else (N_("Use one of the 16 codes in data/districts.csv, such as {detail}"), "110108")
    return N_("the district code is not known"), *remedy


def _subdistrict_fault(value: str) -> Said | None:
    if value in _units():
        return None
    return N_("the subdistrict code is not known"), N_("Use a code of data/subdistricts.csv or leave it empty"), ""


@cache
def _units() -> dict[str, str]:
    table = places.subdistricts()
    return dict(zip(table["code"], table["district_adcode"], strict=True))


def _country_fault(value: str) -> Said | None:
    if value in country_codes():
        return None
    return N_("the country is not known"), *nearest(value, list(country_codes()), (N_("Write its usual English name"), ""))


def _url_fault(value: str) -> Said | None:
    if re.match(r"https?://[^\s]+$", value):
        return None
    return N_("this is no web address"), N_("Begin it with https:// or leave it empty"), ""


_JUDGES = {
    "date": _day_fault, "count": _count_fault, "district": _district_fault, "subdistrict": _subdistrict_fault, "country": _country_fault, "url": _url_fault,
}  # fmt: skip


def faults_where(wrong: pd.Series, table: pd.DataFrame, column: str, problem: str, remedy: str) -> list[Fault]:
    """A fault for each row where `wrong` holds."""
    return [Fault(int(row) + 2, column, table.at[row, column], problem, remedy) for row in table.index[wrong]]


def _key_faults(table: pd.DataFrame) -> list[Fault]:
    ids, named = table["event_id"], table["duplicate_of"]
    faults = faults_where(
        ids.duplicated() & (ids != ""),
        table,
        "event_id",
        N_("the id stands on an earlier row already"),
        N_("Give each event an id of its own"),
    )
    faults += faults_where(
        (named != "") & ~named.isin(ids), table, "duplicate_of", N_("no event has this id"), N_("Name the event_id of the row that is kept")
    )
    faults += faults_where(
        (named != "") & (named == ids), table, "duplicate_of", N_("the event names itself"), N_("Leave it empty or name another row")
    )
    repeats = set(ids[named != ""])
    faults += faults_where(
        named.isin(repeats) & (named != ids),
        table,
        "duplicate_of",
        N_("the row it names is itself a repeat"),
        N_("Name the row that is kept"),
    )
    return faults


def _date_faults(table: pd.DataFrame) -> list[Fault]:
    start, end, precision = table["date_start"], table["date_end"], table["date_precision"]
    both = start.str.fullmatch(ISO_DAY) & end.str.fullmatch(ISO_DAY)
    faults = faults_where(
        both & (end < start), table, "date_end", N_("the event ends before it starts"), N_("Exchange or correct the two dates")
    )
    faults += faults_where(
        (start == "") & (end != ""), table, "date_start", N_("there is an end without a start"), N_("Fill in date_start")
    )
    faults += faults_where(
        (start == "") & (precision != "unknown") & (precision != ""),
        table,
        "date_precision",
        N_("there is no date"),
        N_("Write unknown, or fill in date_start"),
    )
    faults += faults_where(
        (start != "") & (precision == "unknown"),
        table,
        "date_precision",
        N_("there is a date"),
        N_("Write day, range or month, or empty date_start"),
    )
    return faults


def _place_faults(table: pd.DataFrame) -> list[Fault]:
    district, basis, unit = table["district"], table["place_basis"], table["subdistrict_code"]
    faults = faults_where(
        (district == "") & (basis != "none") & (basis != ""),
        table,
        "place_basis",
        N_("there is no district"),
        N_("Write none, or fill in the district"),
    )
    faults += faults_where(
        (district != "") & (basis == "none"),
        table,
        "place_basis",
        N_("there is a district"),
        N_("Say how it is known: stated, organiser, venue or inferred"),
    )
    known = unit.isin(_units()) & district.isin(places.adcodes())
    faults += faults_where(
        known & (unit.map(_units()).fillna("") != district),
        table,
        "subdistrict_code",
        N_("it lies in another district"),
        N_("Correct the district or the subdistrict"),
    )
    faults += faults_where(
        (unit != "") & (district == ""), table, "subdistrict_code", N_("there is no district"), N_("Fill in the district")
    )
    return faults


def _number_faults(table: pd.DataFrame) -> list[Fault]:
    people, qualifier, reach, scope = table["participants"], table["participants_qualifier"], table["reach"], table["participants_scope"]
    remedy = N_("Write exact, about or at least")
    faults = faults_where((people != "") & (qualifier == ""), table, "participants_qualifier", N_("a number without its qualifier"), remedy)
    faults += faults_where(
        (people == "") & (reach == "") & (qualifier != ""),
        table,
        "participants_qualifier",
        N_("a qualifier without a number"),
        N_("Fill in the number or empty the cell"),
    )
    faults += faults_where(
        (people == "") & (scope != ""),
        table,
        "participants_scope",
        N_("a scope without a number"),
        N_("Fill in participants or empty the cell"),
    )
    faults += faults_where(
        (people != "") & (scope == ""),
        table,
        "participants_scope",
        N_("it is not said what the number covers"),
        N_("Write event or activity"),
    )
    return faults


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """Checked text cells as typed columns; the values of a cell put into the order of their vocabulary (or alphabet)."""
    columns = {}
    for column in schema.EVENT_COLUMNS:
        cells = table[column.name]
        if column.kind == "date":
            columns[column.name] = pd.to_datetime(cells.replace("", None), format="%Y-%m-%d")
        elif column.kind == "count":
            columns[column.name] = pd.to_numeric(cells.replace("", None)).astype("Int64")
        elif column.several:
            order = {value: _in_order(value, column.terms) for value in cells.unique()}
            columns[column.name] = cells.map(order)
        else:
            columns[column.name] = cells
    return pd.DataFrame(columns)


def _in_order(value: str, terms: tuple[str, ...]) -> str:
    parts = value.split(schema.SEPARATOR) if value else []
    return schema.SEPARATOR.join(sorted(parts, key=terms.index if terms else None))
