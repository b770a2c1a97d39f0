"""The store: one flat events table in a database named by URL, filled from a checked events file, with a version.

`OUTREACH_DATABASE` holds an SQLAlchemy URL; unset, a DuckDB file beside the bundled data is made on first start and made
anew whenever the events file has changed. `OUTREACH_EVENTS` names a dataset of one's own.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    inspect,
    literal,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal

from analytics import dataset, places, schema
from analytics.errors import N_, DataFaults, OutreachError

BUNDLED = places.DATA / "events.csv"
LAYOUT = "8"
"""Raised whenever the columns below change, so that older store files are made anew."""

_SQL_TYPES = {"date": Date, "count": Integer}

metadata = MetaData()
events = Table(
    "events",
    metadata,
    *(Column(column.name, _SQL_TYPES.get(column.kind, String)) for column in schema.EVENT_COLUMNS),
    Column("month", String),
    Column("quarter", String),
    Column("year", String),
    Column("report_day", Date),
    Column("report_month", String),
    Column("report_quarter", String),
    Column("report_year", String),
    Column("place_no", Integer),
    Column("usual", Boolean),
    Column("repeats", Boolean),
    Column("joint", Boolean),
    Column("people", Integer),
    Column("weakness", Integer),
    Column("activity_no", Integer),
    Column("activity_size", Integer),
    Column("activity_mixed", Boolean),
    Column("earlier_districts", Integer),
    Column("first_in_district", BigInteger),
    Column("first_anywhere", BigInteger),
)
about = Table("outreach_about", metadata, Column("name", String, primary_key=True), Column("value", String))
combinations = Table("outreach_combinations", metadata, Column("dimension", String), Column("combination", String), Column("value", String))

FIRST = 1 << 32
"""Added to a sum of ones, it counts a second thing in the upper half of the same number."""

ALIKE = (
    "status", "date_start", "source_date", "date_precision", "programme", "campaign", "audiences", "formats", "topics", "mode",
    "countries", "office_role",
)  # fmt: skip
"""Rows of one activity that agree in all of these are told apart by their place alone."""

TEXT_KEPT_AS_CODES = (
    "status", "date_precision", "programme", "campaign", "district", "place_basis", "subdistrict_code", "audiences", "formats",
    "topics", "mode", "participants_qualifier", "participants_scope", "countries", "office_role", "month", "quarter", "year",
    "report_month", "report_quarter", "report_year",
)  # fmt: skip


def derive(table: pd.DataFrame, known_places: dict[str, int] | None = None) -> pd.DataFrame:
    """The events frame with the columns that counting needs.

    Adds: month, quarter, year of the first day ('' where undated), the same of report_day (the first day, else the report's
    date), place_no (one number per named place, absent where none is named), usual (held, and no repeat), repeats (another row
    is kept), people (stated
    for this event alone), weakness (of the stated number: 1 exact, 2 about, 3 at least), activity_no, activity_size (rows of
    the activity), activity_mixed (its rows differ in more than their place), earlier_districts (bits of the districts on the
    activity's earlier rows), first_in_district (`FIRST` on the activity's first row in its district, else 0; 0 throughout a
    mixed activity), first_anywhere (the same plus 1 on the activity's first row of all), joint (the stated number covers
    several places).
    """
    report_day = table["date_start"].fillna(table["source_date"])
    activity_no, _ = pd.factorize(table["activity_id"])
    size = table.groupby("activity_id")["event_id"].transform("size")
    bit_of = {code: district_bits((code,)) for code in (*places.adcodes(), "")}
    bits = table["district"].map(bit_of).to_numpy(dtype=np.int64)
    earlier, mixed = _earlier(activity_no, bits, size.to_numpy() > 1), _mixed(table, size > 1)
    in_district = np.where(mixed | ((earlier & bits) != 0), 0, FIRST)
    return table.assign(
        **_periods(table["date_start"], ""),
        report_day=report_day,
        **_periods(report_day, "report_"),
        place_no=_place_numbers(table, {} if known_places is None else known_places),
        usual=(table["duplicate_of"] == "") & (table["status"] == "held"),
        repeats=table["duplicate_of"] != "",
        people=table["participants"].where(table["participants_scope"] != "activity"),
        weakness=table["participants_qualifier"]
        .map({code: number for number, code in enumerate(schema.QUALIFIER, start=1)})
        .where(table["participants"].notna())
        .astype("Int64"),
        activity_no=activity_no,
        activity_size=size,
        activity_mixed=mixed,
        joint=table["participants"].notna() & (table["participants_scope"] == "activity"),
        earlier_districts=earlier,
        first_in_district=in_district,
        first_anywhere=in_district + np.where(mixed | (earlier != 0), 0, 1),
    )


def district_bits(codes: Iterable[str]) -> int:
    """Districts as bits of `earlier_districts`, one of them for events that name none."""
    order = (*places.adcodes(), schema.UNPLACED)
    return sum(1 << order.index(code or schema.UNPLACED) for code in codes)


def _periods(days: pd.Series, prefix: str) -> dict[str, pd.Series]:
    known = days.notna()
    year = days.dt.strftime("%Y").where(known, "")
    return {
        f"{prefix}month": days.dt.strftime("%Y-%m").where(known, ""),
        f"{prefix}quarter": (year + "-Q" + days.dt.quarter.astype("Int64").astype(str)).where(known, ""),
        f"{prefix}year": year,
    }


def _place_numbers(table: pd.DataFrame, known: dict[str, int]) -> pd.Series:
    named = table["subdistrict_code"] + "|" + table["subdistrict"] + "|" + table["community"] + "|" + table["venue"]
    for text in named[named != "|||"].unique():
        known.setdefault(text, len(known))
    return named.map(known).astype("Int32")


def _mixed(table: pd.DataFrame, several: pd.Series) -> pd.Series:
    """Whether the rows of an activity differ in something other than their place."""
    rows = table.loc[several, ["activity_id", *ALIKE]].assign(repeat=table.loc[several, "duplicate_of"] != "")
    distinct = rows.groupby("activity_id").nunique(dropna=False)
    mixed = set(distinct.index[(distinct > 1).any(axis=1)])
    return several & table["activity_id"].isin(mixed)


def _earlier(activity: np.ndarray, bits: np.ndarray, several: np.ndarray) -> np.ndarray:
    earlier = np.zeros(len(bits), dtype=np.int64)
    seen: dict[int, int] = {}
    for row in np.flatnonzero(several):
        earlier[row] = seen.get(activity[row], 0)
        seen[activity[row]] = earlier[row] | bits[row]
    return earlier


@dataclass(frozen=True, eq=False)
class Store:
    """A filled store. `version` changes with the data; `refused` is the fault list of a newer file that was not
    taken over; `mixed` is the number of rows whose activity differs in more than its place, `joint` of those whose
    number of participants covers several places."""

    engine: Engine
    version: str
    source: str
    latest: date
    rows: int
    reports: int
    mixed: int
    joint: int
    combinations: dict[str, dict[str, tuple[str, ...]]] = field(repr=False)
    refused: OutreachError | None = None

    def values(self, dimension: str) -> tuple[str, ...]:
        """The values that occur in an open dimension (campaign, partner, country …), sorted."""
        return tuple(
            sorted({value for values in self.combinations[schema.DIMENSIONS[dimension].column].values() for value in values if value})
        )


def configured() -> tuple[str, Path]:
    """The database URL ('' for the store file of one's own) and the events file that the settings name."""
    return os.environ.get("OUTREACH_DATABASE", ""), Path(os.environ.get("OUTREACH_EVENTS") or BUNDLED)


def open_store(url: str | None = None, path: str | Path | None = None) -> Store:
    """Open the store, filling it from the events file first where the file is newer than what is stored.

    A file that is refused leaves the previous data in use, and `Store.refused` says why.
    Raises OutreachError when there is no earlier data to fall back on, or the database cannot be reached.
    """
    set_url, set_path = configured()
    url, path = set_url if url is None else url, Path(set_path if path is None else path)
    return _open_database(url, path) if url else _open_file(path)


def fingerprint(path: Path) -> str:
    """Twelve digits that change with the file's content or the store's layout."""
    if not path.is_file():
        raise OutreachError(N_("{path}: there is no such events file. Correct OUTREACH_EVENTS or unset it."), path=path)
    digest = hashlib.sha256(LAYOUT.encode())
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()[:12]


def _store_folder() -> Path:
    return places.DATA if os.access(places.DATA, os.W_OK) else Path(tempfile.gettempdir())


def _open_file(path: Path) -> Store:
    """The DuckDB file made from `path`; named after its content, so that a reader of the old one is never disturbed."""
    name = "outreach-" + hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    earlier = sorted(_store_folder().glob(f"{name}-*.duckdb"), key=os.path.getmtime)
    refused: OutreachError | None = None
    try:
        file = _store_folder() / f"{name}-{fingerprint(path)}.duckdb"
        if not file.exists():
            write_duckdb(derive(dataset.read_events(path)), file, str(path.name))
    except OutreachError as error:
        if not earlier:
            raise
        refused, file = error, earlier[-1]
    for old in earlier:
        if old != file:
            old.unlink(missing_ok=True)
    engine = create_engine(f"duckdb:///{file}", connect_args={"read_only": True})
    return read_store(engine, refused)


def write_duckdb(table: pd.DataFrame, file: Path, source: str) -> None:
    """A complete DuckDB store file of derived events; it appears under its name only when whole."""
    handle, partial = tempfile.mkstemp(dir=file.parent, suffix=".partial")
    os.close(handle)
    os.unlink(partial)
    try:
        with duckdb.connect(partial) as connection:
            _fill_duckdb(connection, table, source, file.stem.rsplit("-", 1)[-1])
            connection.execute("CHECKPOINT")
        os.replace(partial, file)
    finally:
        Path(partial).unlink(missing_ok=True)


def _fill_duckdb(connection: duckdb.DuckDBPyConnection, table: pd.DataFrame, source: str, version: str) -> None:
    connection.register("incoming", table)
    names = ", ".join(f'CAST("{column.name}" AS {duckdb_type(column)}) AS "{column.name}"' for column in events.columns)
    connection.execute(f"CREATE TABLE plain AS SELECT {names} FROM incoming")
    connection.unregister("incoming")
    finish_duckdb(connection, source, version)


def duckdb_type(column: Column) -> str:
    """The DuckDB type of a column, before repeated text is turned into codes."""
    return {Date: "DATE", Integer: "INTEGER", BigInteger: "BIGINT", Boolean: "BOOLEAN"}.get(type(column.type), "VARCHAR")


def finish_duckdb(connection: duckdb.DuckDBPyConnection, source: str, version: str) -> None:
    """Turn the table `plain` into `events`, in date order, repeated text kept as codes, and write what stands beside it.

    Grouping by an ENUM takes about half the time of grouping by text here; it reads and compares as text.
    """
    for name in TEXT_KEPT_AS_CODES:
        connection.execute(f'CREATE TYPE "{name}_term" AS ENUM (SELECT DISTINCT "{name}" FROM plain ORDER BY 1)')
    names = ", ".join(f'"{c.name}"::{c.name}_term AS "{c.name}"' if c.name in TEXT_KEPT_AS_CODES else f'"{c.name}"' for c in events.columns)
    # Rows that few questions need stand together, the rest in date order, so that whole blocks can be passed over.
    connection.execute(f"CREATE TABLE events AS SELECT {names} FROM plain ORDER BY usual, activity_mixed OR joint, date_start, event_id")
    connection.execute("DROP TABLE plain")
    connection.execute(f"CREATE TABLE {combinations.name} (dimension VARCHAR, combination VARCHAR, value VARCHAR)")
    for dimension in _several():
        found = [row[0] for row in connection.execute(f'SELECT DISTINCT "{dimension.column}"::VARCHAR FROM events').fetchall()]
        rows = pd.DataFrame(_exploded(dimension.column, found), columns=["dimension", "combination", "value"], dtype="object")
        connection.register("found", rows)
        connection.execute(f"INSERT INTO {combinations.name} SELECT * FROM found")
    facts = connection.execute(
        "SELECT max(date_start) FILTER (status = 'held'), count(*), count(DISTINCT source_url) FILTER (source_url <> ''), "
        "count(*) FILTER (activity_mixed), count(*) FILTER (joint) FROM events"
    ).fetchone()
    connection.execute(f"CREATE TABLE {about.name} (name VARCHAR PRIMARY KEY, value VARCHAR)")
    connection.executemany(f"INSERT INTO {about.name} VALUES (?, ?)", list(_facts(source, version, *facts).items()))


def _several() -> list[schema.Dimension]:
    return [dimension for dimension in schema.DIMENSIONS.values() if dimension.several]


def _exploded(column: str, found: Iterable[str]) -> list[tuple[str, str, str]]:
    return [(column, combination, value) for combination in sorted(found) for value in combination.split(schema.SEPARATOR)]


def _facts(source: str, version: str, latest: date | None, count: int, reports: int, mixed: int, joint: int) -> dict[str, str]:
    numbers = {"rows": count, "reports": reports, "mixed": mixed, "joint": joint}
    return {"source": source, "version": version, "latest": str(latest or date.today())} | {name: str(n) for name, n in numbers.items()}


def _open_database(url: str, path: Path) -> Store:
    """A database of the user's own: filled when it is empty, when `OUTREACH_EVENTS` is set, or when it holds an older bundled file."""
    try:
        engine = create_engine(url)
        has_events = inspect(engine).has_table(events.name)
        facts = _read_facts(engine) if has_events else {}
    except (SQLAlchemyError, ModuleNotFoundError, duckdb.Error) as error:
        raise OutreachError(
            N_("OUTREACH_DATABASE: the database cannot be opened ({reason}). Correct the URL or start the server."),
            reason=f"{type(error).__name__}: {error}",
        ) from error
    refused: OutreachError | None = None
    ours = not has_events or os.environ.get("OUTREACH_EVENTS") or facts.get("source") == BUNDLED.name
    if ours:
        try:
            version = fingerprint(path)
            if facts.get("version") != version:
                fill(engine, derive(dataset.read_events(path)), path.name, version)
        except OutreachError as error:
            if not has_events:
                raise
            refused = error
    return read_store(engine, refused)


def fill(engine: Engine, table: pd.DataFrame, source: str, version: str) -> None:
    """Replace everything in the store by these derived events, in one transaction."""
    if engine.dialect.name == "duckdb":
        with engine.connect() as connection:
            _replace_duckdb(connection.connection.driver_connection, table, source, version)
        return
    rows = table.sort_values(["date_start", "event_id"]).astype(object)
    records = rows.where(rows.notna(), None).to_dict("records")
    found = [_exploded(d.column, set(table[d.column])) for d in _several()]
    urls = table.loc[table["source_url"] != "", "source_url"]
    latest = table.loc[table["status"] == "held", "date_start"].max()
    facts = _facts(
        source,
        version,
        None if pd.isna(latest) else latest.date(),
        len(table),
        urls.nunique(),
        int(table["activity_mixed"].sum()),
        int(table["joint"].sum()),
    )
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        connection.execute(events.insert(), records)
        connection.execute(
            combinations.insert(), [dict(zip(("dimension", "combination", "value"), row, strict=True)) for rows_ in found for row in rows_]
        )
        connection.execute(about.insert(), [{"name": name, "value": value} for name, value in facts.items()])


def _replace_duckdb(connection: duckdb.DuckDBPyConnection, table: pd.DataFrame, source: str, version: str) -> None:
    connection.execute("BEGIN")
    try:
        for name in (events.name, about.name, combinations.name):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
        for name in TEXT_KEPT_AS_CODES:
            connection.execute(f'DROP TYPE IF EXISTS "{name}_term"')
        _fill_duckdb(connection, table, source, version)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


class Code(ColumnElement):
    """A value to compare a column with. DuckDB keeps the column as an ENUM and would compare text, which takes twice as long,
    unless the value is one too; other databases compare text as it is."""

    inherit_cache = True
    _traverse_internals = [("column_name", InternalTraversal.dp_string), ("value", InternalTraversal.dp_clauseelement)]

    def __init__(self, column_name: str, value: str) -> None:
        self.column_name, self.value, self.type = column_name, literal(value), String()


@compiles(Code)
def _plain_code(code: Code, compiler, **options) -> str:
    return compiler.process(code.value, **options)


@compiles(Code, "duckdb")
def _enum_code(code: Code, compiler, **options) -> str:
    # Values outside the ENUM are in no row; TRY_CAST makes them NULL, which equals nothing.
    return f'TRY_CAST({compiler.process(code.value, **options)} AS "{code.column_name}_term")'


def is_one_of(column: Column, values: Iterable[str]) -> ColumnElement[bool]:
    """The column holds one of these codes."""
    values = list(values)
    if column.name not in TEXT_KEPT_AS_CODES or not values:
        return column.in_(values)
    return column.in_([Code(column.name, value) for value in values])


def _read_facts(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {row.name: row.value for row in connection.execute(select(about))} if inspect(engine).has_table(about.name) else {}


def read_store(engine: Engine, refused: OutreachError | None = None) -> Store:
    """Read what stands beside the events: version, latest day, combinations."""
    facts = _read_facts(engine)
    found: dict[str, dict[str, tuple[str, ...]]] = {dimension.column: {} for dimension in _several()}
    with engine.connect() as connection:
        for row in connection.execute(select(combinations).order_by(combinations.c.combination)):
            found[row.dimension][row.combination] = (*found[row.dimension].get(row.combination, ()), row.value)
    numbers = (int(facts[name]) for name in ("rows", "reports", "mixed", "joint"))
    return Store(engine, facts["version"], facts["source"], date.fromisoformat(facts["latest"]), *numbers, found, refused)


def current_version(engine: Engine) -> str:
    """The version now in the database; it differs from `Store.version` once another process has filled it anew."""
    with engine.connect() as connection:
        return connection.execute(select(about.c.value).where(about.c.name == "version")).scalar_one()


__all__ = [
    "DataFaults",
    "Store",
    "configured",
    "current_version",
    "derive",
    "events",
    "fill",
    "fingerprint",
    "open_store",
    "read_store",
    "write_duckdb",
]
