"""Command line: `python -m analytics summary` and `coverage` print the numbers of the pages, `plan` proposes visits, `check` validates a dataset,
`briefing` makes slides, a workbook or a page without the dashboard, `verify` checks one that was made before.

Exit codes: 0 done (or nothing differs), 1 the dataset has faults (or the file differs), 2 the question, the file or a setting cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pandas as pd

from analytics import briefing, dataset, planning, schema, verify
from analytics.coverage import INDICATORS, Evidence, indicator_table, look_back, plan_cells
from analytics.errors import DataFaults, OutreachError
from analytics.export import files
from analytics.measures import MEASURES, summary
from analytics.selection import FIELDS, Selection, read_day, read_selection
from analytics.store import Store, open_store
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
    covered = commands.add_parser("coverage", help="a coverage figure with its range, from stated places to the most favourable placing")
    covered.add_argument("--indicator", choices=list(INDICATORS), default="events_per_100k")
    covered.add_argument("--by", choices=["district", "city"], default="district")
    plan = commands.add_parser("plan", help="the visits that reach most residents without a report")
    plan.add_argument("--visits", type=int, required=True, metavar="N", help="how many to propose")
    plan.add_argument("--floor", type=int, default=0, metavar="N", help="every district at least, events held in the look-back included")
    plan.add_argument("--cap", type=int, metavar="N", help="one district at most")
    plan.add_argument("--audience-floor", type=int, default=0, metavar="N")
    plan.add_argument("--audience-cap", type=int, metavar="N")
    plan.add_argument("--months", type=int, default=24, metavar="N", help="look back over so many months, unless --from or --to is given")
    plan.add_argument("--units", action="store_true", help="propose subdistricts")
    plan.add_argument("--residents", metavar="FILE", help="residents by subdistrict: code, residents, year, source")
    plan.add_argument("--time-weight", type=float, default=0.5, metavar="0…1")
    plan.add_argument("--unclear-weight", type=float, default=0.5, metavar="0…1")
    plan.add_argument("--lock", action="append", default=[], metavar="DISTRICT:AUDIENCE[:UNIT]")
    plan.add_argument("--exclude", action="append", default=[], metavar="DISTRICT:AUDIENCE[:UNIT]")
    made = commands.add_parser(
        "briefing", help="slides, a workbook, a page, a document or images from a ready-made outline or a saved briefing"
    )
    made.add_argument("--outline", choices=list(briefing.OUTLINES), default="monthly")
    made.add_argument("--saved", metavar="ID", help="a saved briefing instead of an outline; --from and --to set the span of all its items")
    made.add_argument("--name", default="", help="title of the briefing")
    made.add_argument(
        "--output", required=True, metavar="FILE", help="its ending says what is made: .pptx, .xlsx, .html, .pdf or .zip (images)"
    )
    made.add_argument("--size", choices=["16:9", "A4"], default="16:9")
    verified = commands.add_parser("verify", help="what of a briefing was edited by hand, and what the data say otherwise now")
    verified.add_argument("file")
    verified.add_argument("--language", choices=list(LANGUAGES), default="en", help="language of the report")
    verified.add_argument("--format", choices=["table", "json"], default="table", dest="output", help="how to print")
    for each in (covered, plan):
        each.add_argument("--as-of", metavar="DAY", help="count ages back from this day; the latest event in the data unless given")
    for each in (table, covered, plan, made):
        for name in FIELDS:
            each.add_argument(f"--{name}", action="append", default=[], metavar="VALUE", help=f"filter, as `{name}` in the address")
    made.add_argument("--language", choices=[*LANGUAGES, "both"], default="en", help="language of what is made")
    for each in (table, covered, plan):
        each.add_argument("--language", choices=list(LANGUAGES), default="en", help="language of the labels in tables")
        each.add_argument("--format", choices=["table", "csv", "json"], default="table", dest="output", help="how to print")
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
    store, selection = _asked(arguments)
    table = summary(store, selection, by)
    table = table.rename(columns={"qualifier": "participants_qualifier"})
    _print(table[[*by, *MEASURES, "participants_qualifier"]], by, arguments.output, Words(arguments.language))
    return 0


def _asked(arguments: argparse.Namespace) -> tuple[Store, Selection]:
    """The store, and the selection that the filters name."""
    query = {}
    for name in FIELDS:
        values = getattr(arguments, name.replace("-", "_"))
        if name in COMMA_FREE:
            values = [part.strip() for value in values for part in value.split(",") if part.strip()]
        if values:
            query[name] = values
    store = open_store()
    if store.refused:
        print(f"warning: the previous data are in use.\n{store.refused}", file=sys.stderr)
    return store, read_selection(query, store, strict=True)[0]


def _as_of(arguments: argparse.Namespace, store: Store) -> date:
    if arguments.as_of is None:
        return store.latest
    day = read_day(arguments.as_of)
    if day is None:
        raise OutreachError(f"--as-of {arguments.as_of}: this is no day. Write it as 2024-03-31.")
    return day


def _coverage(arguments: argparse.Namespace) -> int:
    store, selection = _asked(arguments)
    as_of = _as_of(arguments, store)
    table = indicator_table(Evidence(store, selection, as_of), INDICATORS[arguments.indicator], arguments.by)
    if arguments.output == "table":
        indicator = INDICATORS[arguments.indicator]
        print(f"{indicator.title}; as of {as_of}")
    _print(table.round(6), ("district",), arguments.output, Words(arguments.language))
    return 0


def _plan(arguments: argparse.Namespace) -> int:
    store, selection = _asked(arguments)
    window = look_back(selection, _as_of(arguments, store), arguments.months)
    terms = planning.Terms(
        arguments.visits, arguments.floor, arguments.cap, arguments.audience_floor, arguments.audience_cap, time_weight=arguments.time_weight,
        unclear_weight=arguments.unclear_weight, locked=tuple(map(_key, arguments.lock)), excluded=tuple(map(_key, arguments.exclude)),
    )  # fmt: skip
    cells, held, held_audiences = plan_cells(Evidence(store, selection, window.end), window, arguments.units)
    units = planning.unit_residents(planning.read_residents(arguments.residents) if arguments.residents else None)
    plan = planning.propose(planning.with_residents(cells, terms.audience_weights, units), terms, held, held_audiences)
    words = Words(arguments.language)
    if arguments.output == "json":
        rows = json.loads(plan.visits.assign(last_day=plan.visits["last_day"].dt.strftime("%Y-%m-%d")).to_json(orient="records"))
        answer = {
            "visits": rows,
            "covered_residents": round(plan.covered_residents, 3),
            "unique": plan.unique,
            "from": str(window.start),
            "to": str(window.end),
        }
        print(json.dumps(answer, ensure_ascii=False, indent=1))
        return 0
    table = planning.plan_table(plan, words, window)
    if arguments.output == "csv":
        print(table.to_csv(index=False, lineterminator="\n"), end="")
        return 0
    print(table.astype(object).where(table.notna(), "–").to_string(index=False))
    print(
        f"covered residents: {plan.covered_residents:,.0f}; {'the only best plan' if plan.unique else 'other plans do as well'}; looked back from {window.end} to {window.start}"
    )
    return 0


def _key(text: str) -> planning.Key:
    parts = text.split(":")
    if len(parts) not in (2, 3):
        raise OutreachError(f"{text}: this names no visit. Write it as 110111:students or 110111:students:110111001.")
    return (*parts, "")[:3]


def _print(table: pd.DataFrame, by: tuple[str, ...], output: str, words: Words) -> None:
    if output == "csv":
        print(table.to_csv(index=False, lineterminator="\n"), end="")
    elif output == "json":
        print(table.to_json(orient="records", force_ascii=False, indent=1))
    else:
        named = {name: [words.term(name, code) for code in table[name]] for name in by}
        print(table.assign(**named).astype(object).where(table.notna(), "–").to_string(index=False))


def _check(arguments: argparse.Namespace) -> int:
    path = arguments.file
    try:
        table = dataset.read_events(path)
    except DataFaults as error:
        print(error)
        return 1
    print(f"{path}: {len(table)} events, no faults.")
    return 0


def _briefing(arguments: argparse.Namespace) -> int:
    store, selection = _asked(arguments)
    path = Path(arguments.output)
    kind = path.suffix.lower().removeprefix(".")
    if arguments.saved:
        told = briefing.Shelf().open(arguments.saved)
        if told is None:
            raise OutreachError(f"--saved {arguments.saved}: there is no such briefing. Its id stands in the address of its page.")
        if selection.start or selection.end:
            told = told.over(selection.start, selection.end, store)
    else:
        words = Words("zh" if arguments.language == "zh" else "en")
        told = briefing.outlined(arguments.outline, selection, words, arguments.name)
    told = replace(told, language=arguments.language, size=arguments.size, name=arguments.name or told.name)
    content = files.make(told, store, kind).content
    try:
        path.write_bytes(content)
    except OSError as error:
        raise OutreachError(f"--output {path}: cannot be written ({error.strerror}). Name a file in a folder that exists.") from error
    print(f"{path}: {len(told.items)} items, {len(content):,} bytes.")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    path = Path(arguments.file)
    if not path.is_file():
        raise OutreachError(f"{path}: there is no such file. Correct the path.")
    report, words = verify.verify(path.read_bytes(), path.name, open_store()), Words(arguments.language)
    if arguments.output == "json":
        answer = asdict(report) | {"same": report.same}
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        print("\n".join([verify.summary(report, words), *verify.lines(report, words)]))
    return 0 if report.same else 1


COMMANDS = {"briefing": _briefing, "verify": _verify, "summary": _summary, "coverage": _coverage, "plan": _plan, "check": _check}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        return COMMANDS[chosen.command](chosen)
    except OutreachError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
