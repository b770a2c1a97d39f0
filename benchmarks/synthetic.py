"""Synthetic events: the bundled columns, the same kinds of gaps and several values per cell, seeded.

Rows are drawn from the bundled events' own cells (audiences, formats, topics, places, numbers, which cells are empty), each
activity with as many places and as alike as a bundled one, its day over 2012 to 2025 with the growth of the bundled years.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from analytics import dataset, places, store

FOLDER = Path(__file__).parent / "data"
CHUNK = 250_000


def file(rows: int) -> Path:
    """The store file of this many synthetic events, made on first use."""
    path = FOLDER / f"outreach-synthetic-{store.LAYOUT}-{rows}.duckdb"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        build(rows, path)
    return path


def build(rows: int, path: Path) -> None:
    """Write the store file, in chunks that no activity crosses."""
    generator = np.random.default_rng(20240311)
    models = dataset.read_events(store.BUNDLED)
    units = places.subdistricts()
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    known_places: dict[str, int] = {}
    activities = 0
    with duckdb.connect(str(partial)) as connection:
        connection.execute("SET preserve_insertion_order = false")
        done = 0
        while done < rows:
            size = min(CHUNK, rows - done)
            derived = store.derive(_chunk(size, done, models, units, generator), known_places)
            derived["activity_no"] += activities
            activities = int(derived["activity_no"].max()) + 1
            connection.register("incoming", derived)
            names = ", ".join(f'CAST("{c.name}" AS {store.duckdb_type(c)}) AS "{c.name}"' for c in store.events.columns)
            verb = "CREATE TABLE plain AS" if done == 0 else "INSERT INTO plain"
            connection.execute(f"{verb} SELECT {names} FROM incoming")
            connection.unregister("incoming")
            done += size
            print(f"\r{done:,} of {rows:,} events", end="", file=sys.stderr)
        store.finish_duckdb(connection, "synthetic", f"synthetic{rows}")
    print(file=sys.stderr)
    partial.replace(path)


def _chunk(size: int, first: int, models: pd.DataFrame, units: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """`size` events as typed columns, activities of one to four rows as in the bundled data."""
    sizes = models.groupby("activity_id")["event_id"].size().to_numpy()
    of_each = generator.choice(sizes, size)
    activity = np.repeat(np.arange(size), of_each)[:size]
    model_of = generator.integers(0, len(models), size)
    model = model_of[activity]
    # One row that differs makes its whole activity a mixed one: about as many rows as in the bundled data, 4 of 129.
    loose = generator.random(size) < (2 / 129)
    model = np.where(loose, generator.integers(0, len(models), size), model)
    table = models.iloc[model].reset_index(drop=True)
    day = pd.Timestamp("2012-01-01") + pd.to_timedelta((np.sqrt(generator.random(size)) * 5_030).astype(int), unit="D")
    table["date_start"] = pd.Series(day[activity]).where(table["date_precision"] != "unknown")
    table["date_end"] = table["date_start"]
    table["source_date"] = pd.Series(day[activity] + pd.Timedelta(days=5)).where((generator.random(size) < 0.8)[activity])
    unit = units.iloc[generator.integers(0, len(units), size)].reset_index(drop=True)
    placed = table["district"] != ""
    named = placed & (generator.random(size) < 0.15)
    own = placed & (generator.random(size) < 0.4)
    table["district"] = table["district"].where(~own | ~placed, unit["district_adcode"]).where(~named, unit["district_adcode"])
    table["subdistrict_code"] = unit["code"].where(named, "")
    table["subdistrict"] = unit["name_en"].where(named, "")
    table["participants"] = pd.Series(generator.integers(5, 900, size)).where(table["participants"].notna()).astype("Int64")
    numbers = np.arange(first, first + size)
    table["event_id"] = [f"S{number}" for number in numbers]
    table["activity_id"] = [f"A{first + number}" for number in activity]
    repeated = (generator.random(size) < (16 / 129))[activity]
    table["duplicate_of"] = np.where(repeated, "S0", "")
    return table


if __name__ == "__main__":
    for count in sys.argv[1:]:
        print(file(int(float(count))))
