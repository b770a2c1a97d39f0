"""Events made for tests: every column present, the ones that matter given by name."""

import pandas as pd
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from analytics import dataset, schema
from analytics.store import Store, derive, fill, read_store

PLAIN = {
    "status": "held", "title": "Talk", "date_precision": "unknown", "programme": "consular protection", "place_basis": "none", "audiences": "students",
    "formats": "lecture", "mode": "in-person", "office_role": "not stated",
}  # fmt: skip


def events(*given: dict[str, str], ids: tuple[str, ...] = ()) -> pd.DataFrame:
    """Checked events from the cells that matter; ids are counted up unless given, what follows from other cells is filled in."""
    rows = []
    for number, cells in enumerate(given, start=1):
        id = ids[number - 1] if ids else f"e{number}"
        row = dict.fromkeys(schema.COLUMN_NAMES, "") | PLAIN | {"event_id": id, "activity_id": f"a{id[1:]}"}
        if cells.get("district"):
            row["place_basis"] = "stated"
        if cells.get("date_start"):
            row |= {"date_precision": "day", "date_end": cells["date_start"]}
        if cells.get("participants"):
            row |= {"participants_qualifier": "exact", "participants_scope": "event"}
        rows.append(row | cells)
    table = pd.DataFrame(rows, columns=list(schema.COLUMN_NAMES))
    assert dataset.check(table) == []
    return dataset.typed(table)


def store_of(table: pd.DataFrame, url: str = "duckdb:///:memory:") -> Store:
    """A store in memory that holds these events."""
    engine = create_engine(url, poolclass=StaticPool)
    fill(engine, derive(table), "test", "1")
    return read_store(engine)
