"""The store on a real PostgreSQL server: the same expressions, the same numbers."""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from tempfile import gettempdir

import pandas as pd
import pytest

from analytics import measures
from analytics.measures import Grouping, own
from analytics.selection import Selection
from analytics.store import BUNDLED, current_version, fingerprint, open_store
from tests.test_measures import WAYS


def _binaries() -> Path:
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert folders, "The tests need a PostgreSQL server. Install Debian's package: sudo apt-get install postgresql"
    return folders[-1]


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory) -> Iterator[str]:
    """The URL of an empty database on a server of its own; the server refuses to run as root, so another user runs it."""
    folder, binaries = tmp_path_factory.mktemp("pg"), _binaries()
    as_user = ["runuser", "-u", "postgres", "--"] if getpass.getuser() == "root" else []
    if as_user:
        for parent in takewhile(lambda path: path != Path(gettempdir()), (folder, *folder.parents)):
            os.chmod(parent, 0o755)
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run(
            [*as_user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )

    run(str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "outreach", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    control = (str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w", "-o", f"-p {port} -h 127.0.0.1 -k {folder}")
    run(*control, "-l", str(folder / "log"), "start")
    yield f"postgresql+psycopg://outreach@127.0.0.1:{port}/postgres"
    run(*control, "-m", "immediate", "stop")


SELECTIONS = [
    pytest.param(Selection(), id="all"),
    pytest.param(Selection(district=("110105", "unplaced"), audience=("students",)), id="two districts, students"),
    pytest.param(
        Selection(place_basis=("stated",), include=("repeated", "planned"), undated="report"), id="stated, with repeats, at report dates"
    ),
    pytest.param(Selection(q="forest 20%"), id="search with a sign of LIKE"),
    pytest.param(Selection(q="Forest"), id="search in any case"),
]


@pytest.mark.parametrize("selection", SELECTIONS)
def test_postgresql_gives_the_numbers_of_duckdb(postgresql, bundled, selection):
    store = open_store(url=postgresql)
    assert store.version == fingerprint(BUNDLED) == current_version(store.engine)
    groupings = [*(Grouping(by) for by in WAYS), own("district"), own("audience"), own("partner"), own("country", "audience")]
    here, there = measures.measure(store, selection, groupings), measures.measure(bundled, selection, groupings)
    for grouping in groupings:
        keys = list(grouping.by) or ["events"]
        pd.testing.assert_frame_equal(
            here[grouping].sort_values(keys, ignore_index=True), there[grouping].sort_values(keys, ignore_index=True)
        )
    assert measures.left_out(store, selection) == measures.left_out(bundled, selection)
    assert measures.places_named(store, selection) == measures.places_named(bundled, selection)
    pd.testing.assert_frame_equal(measures.event_rows(store, selection), measures.event_rows(bundled, selection))
    store.engine.dispose()


def test_a_newer_file_replaces_everything_and_a_broken_one_nothing(postgresql, tmp_path, monkeypatch):
    path = tmp_path / "mine.csv"
    lines = BUNDLED.read_text("utf-8").splitlines(keepends=True)
    monkeypatch.setenv("OUTREACH_EVENTS", str(path))
    path.write_text("".join(lines[:12]), "utf-8")
    first = open_store(url=postgresql)
    path.write_text("".join(lines[:12]).replace(",held,", ",hold,"), "utf-8")
    second = open_store(url=postgresql)
    assert (first.rows, second.rows, second.version, len(second.refused.faults)) == (11, 11, first.version, 11)
    path.write_text("".join(lines[:20]), "utf-8")
    third = open_store(url=postgresql)
    assert (third.rows, third.refused) == (19, None)
    for store in (first, second, third):
        store.engine.dispose()
