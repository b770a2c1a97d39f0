"""Command line: `python -m analytics summary` prints the numbers of the pages, `check` validates a dataset.

Exit codes: 0 done, 1 the dataset has faults, 2 the question or a setting cannot be used.
"""

from __future__ import annotations

import argparse
import sys

import pandas as pd

from analytics import dataset, schema
from analytics.errors import DataFaults, OutreachError
from analytics.measures import MEASURES, summary
from analytics.selection import FIELDS, read_selection
from analytics.store import open_store
from analytics.text import LANGUAGES, Words

COMMA_FREE = {
    "district",
    "subdistrict",
    "audience",
    "programme",
    "event-format",
    "topic",
    "mode",
    "place-basis",
    "office-role",
    "include",
    "only",
    "country",
}
"""Filters whose values never hold a comma, so that one option can list several."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m analytics", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    table = commands.add_parser("summary", help="events, activities and participants by any dimensions, under any filters")
    table.add_argument("--by", default="", metavar="NAME,…", help=f"group by: {', '.join(schema.DIMENSIONS)}")
    for name in FIELDS:
        table.add_argument(f"--{name}", action="append", default=[], metavar="VALUE", help=f"filter, as `{name}` in the address")
    table.add_argument("--language", choices=list(LANGUAGES), default="en", help="language of the labels in tables")
    table.add_argument("--format", choices=["table", "csv", "json"], default="table", dest="output", help="how to print")
    check = commands.add_parser("check", help="validate a dataset and print every fault")
    check.add_argument("file")
    return parser


def _summary(arguments: argparse.Namespace) -> int:
    by = tuple(name for name in arguments.by.split(",") if name)
    unknown = [name for name in by if name not in schema.DIMENSIONS]
    if unknown:
        raise OutreachError(f"--by {unknown[0]}: this is not known. Use one of: {', '.join(schema.DIMENSIONS)}.")
    if len(set(by)) < len(by):
        raise OutreachError(f"--by {arguments.by}: a dimension stands twice. Name each once.")
    query = {}
    for name in FIELDS:
        values = getattr(arguments, name.replace("-", "_"))
        if name in COMMA_FREE:
            values = [part.strip() for value in values for part in value.split(",") if part.strip()]
        if values:
            query[name] = values
    store = open_store()
    selection, _ = read_selection(query, store, strict=True)
    table = summary(store, selection, by)
    table = table.rename(columns={"qualifier": "participants_qualifier"})
    _print(table[[*by, *MEASURES, "participants_qualifier"]], by, arguments.output, Words(arguments.language))
    if store.refused:
        print(f"warning: the previous data are in use.\n{store.refused}", file=sys.stderr)
    return 0


def _print(table: pd.DataFrame, by: tuple[str, ...], output: str, words: Words) -> None:
    if output == "csv":
        print(table.to_csv(index=False, lineterminator="\n"), end="")
    elif output == "json":
        print(table.to_json(orient="records", force_ascii=False, indent=1))
    else:
        named = {name: [words.term(name, code) for code in table[name]] for name in by}
        print(table.assign(**named).astype(object).where(table.notna(), "–").to_string(index=False))


def _check(path: str) -> int:
    try:
        table = dataset.read_events(path)
    except DataFaults as error:
        print(error)
        return 1
    print(f"{path}: {len(table)} events, no faults.")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        return _summary(chosen) if chosen.command == "summary" else _check(chosen.file)
    except OutreachError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
