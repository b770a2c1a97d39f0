"""An exhibit's numbers as CSV, XLSX, Parquet or GeoJSON, made when asked for."""

from __future__ import annotations

import io
import json
import unicodedata
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from analytics import figures, measures, places, schema
from analytics.exhibit import Context, Exhibit
from analytics.selection import phrase

MIME = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "geojson": "application/geo+json",
}
FORMULA_STARTS = ("=", "+", "-", "@")
MOST_SOURCES = 5_000
EXCEL_ROWS = 1_048_000


@dataclass(frozen=True)
class File:
    """A finished download."""

    name: str
    mime: str
    content: bytes


def export(exhibit: Exhibit, context: Context, kind: str) -> File:
    """The exhibit's table in one of the kinds of `MIME`; the name says what and from which data."""
    content = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet, "geojson": _geojson}[kind](exhibit, context)
    return File(f"{file_stem(exhibit, context)}.{kind}", MIME[kind], content)


def file_stem(exhibit: Exhibit, context: Context) -> str:
    """File name without its ending: what it shows and the data's latest day."""
    return f"outreach-{exhibit.key}-{context.store.latest:%Y-%m-%d}"


def harmless(value: object) -> object:
    """A text cell that no spreadsheet takes for a formula: an apostrophe goes before whatever could start one."""
    if not isinstance(value, str) or not value:
        return value
    # Full-width and small forms count as their plain ones; what cannot be seen before them does not shield them.
    first = next((sign for sign in value if not sign.isspace() and unicodedata.category(sign) not in ("Cc", "Cf")), "")
    risky = unicodedata.normalize("NFKC", first)[:1] in FORMULA_STARTS
    return "'" + value if risky or unicodedata.category(value[0]) == "Cc" else value


def _harmless_table(table: pd.DataFrame) -> pd.DataFrame:
    safe = table.rename(columns=harmless)
    text = [
        name
        for name in safe.columns
        if not pd.api.types.is_numeric_dtype(safe[name]) and not pd.api.types.is_datetime64_any_dtype(safe[name])
    ]
    return safe.assign(**{name: safe[name].map(harmless) for name in text})


def _csv(exhibit: Exhibit, context: Context) -> bytes:
    # The byte-order mark makes Excel read the file as UTF-8, Chinese included.
    return _harmless_table(exhibit.table).to_csv(index=False, lineterminator="\r\n", date_format="%Y-%m-%d").encode("utf-8-sig")


def _parquet(exhibit: Exhibit, context: Context) -> bytes:
    table = pa.Table.from_pandas(exhibit.table, preserve_index=False)
    about = {f"outreach.{name}": value for name, value in _by_name(facts(exhibit, context)).items()}
    file = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata({**(table.schema.metadata or {}), **{k.encode(): v.encode() for k, v in about.items()}}), file
    )
    return file.getvalue()


def facts(exhibit: Exhibit, context: Context) -> list[tuple[str, str]]:
    """What the numbers are, as pairs of name and text: title, filters one by one, what is left out, data, notes."""
    words = context.words
    filters = [(figures.dimension_name(name, words), phrase(context.selection, name, words)) for name in context.selection.active]
    return [
        (words("Title"), exhibit.title),
        (words("Filters in words"), context.sentence()),
        *filters,
        (words("Main finding"), exhibit.alt),
        *((words("Note"), note.text) for note in exhibit.notes),
        (words("Data"), context.source()),
        (words("Events file"), context.store.source),
        (words("Boundaries"), places.boundary_source()),
    ]


def _by_name(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """The pairs as a mapping; texts of one name, such as several notes, each on a line of its own."""
    return {name: "\n".join(text for other, text in pairs if other == name) for name, _ in pairs}


def definitions(context: Context) -> list[tuple[str, str]]:
    """The words of the workbook, one meaning each."""
    words = context.words
    return [
        (words("Event"), words("one happening at one place")),
        (words("Activity"), words("what the office did once; it may reach several places and so own several events")),
        (
            words("Participants (stated)"),
            words(
                "people at the events as far as reports state a number; events without one add nothing; one “at least” makes the sum a lower bound"
            ),
        ),
        (words("No report found"), words("no public report of an event was found; this does not prove that none took place")),
        (words("Left out by default"), words("repeated reports of one event, and events that were planned or cancelled")),
        (words("Several values"), words("an event with two audiences counts once under each and once in the total")),
        (
            words("Events per 100,000 residents (2020 census)"),
            words("denominator: residents of the district, seventh national census, 1 November 2020"),
        ),
        (
            words("Events per 100 communities (committees, 2023)"),
            words("denominator: residents' and village committees, 2023, split by name and so approximate"),
        ),
    ]


def _xlsx(exhibit: Exhibit, context: Context) -> bytes:
    words = context.words
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    )
    book.set_properties({"title": exhibit.title, "subject": context.sentence(), "comments": context.source()})
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    title = book.add_format({"bold": True, "font_size": 14})
    _data_sheet(book.add_worksheet(words("Data")), exhibit, context, title)
    about = book.add_worksheet(words("About"))
    about.set_column(0, 0, 34)
    about.set_column(1, 1, 110)
    rows = [*facts(exhibit, context), ("", ""), *definitions(context)]
    for number, (name, text) in enumerate(rows):
        about.write_string(number, 0, name, bold)
        about.write_string(number, 1, text, wrap)
    _source_sheet(book.add_worksheet(words("Sources")), context, bold)
    book.close()
    return file.getvalue()


def _data_sheet(sheet, exhibit: Exhibit, context: Context, title) -> None:
    table = _harmless_table(exhibit.table.head(EXCEL_ROWS))
    sheet.write_string(0, 0, exhibit.title, title)
    sheet.write_string(1, 0, context.sentence())
    sheet.write_string(2, 0, context.source())
    top = 4
    heads = _unlike([str(name) for name in table.columns])
    for column, name in enumerate(heads):
        cells = table.iloc[:, column]
        days = pd.api.types.is_datetime64_any_dtype(cells)
        for row, value in enumerate(cells):
            if pd.isna(value):
                continue
            if days:
                sheet.write_string(top + 1 + row, column, f"{value:%Y-%m-%d}")
            elif isinstance(value, str):
                sheet.write_string(top + 1 + row, column, value)
            else:
                sheet.write_number(top + 1 + row, column, float(value))
        longest = max([len(name), *(len(str(value)) for value in cells.head(200))])
        sheet.set_column(column, column, min(60, longest + 3))
    if heads:
        sheet.add_table(
            top,
            0,
            top + max(len(table), 1),
            len(heads) - 1,
            {"columns": [{"header": name} for name in heads], "style": "Table Style Light 9"},
        )
    sheet.freeze_panes(top + 1, 0)


def _unlike(heads: list[str]) -> list[str]:
    """Headings that differ in more than their case, as Excel wants them: `district` beside `District` becomes `district_code`."""
    later = [{other.casefold() for other in heads[number + 1 :]} for number in range(len(heads))]
    return [f"{head}_code" if head.casefold() in after else head for head, after in zip(heads, later, strict=True)]


def _source_sheet(sheet, context: Context, bold) -> None:
    words = context.words
    reports = sources(context)
    for column, (name, width) in enumerate(
        ((words("Report"), 70), (words("Publisher"), 34), (words("Date"), 12), (words("Address"), 70), (words("Events"), 8))
    ):
        sheet.write_string(0, column, name, bold)
        sheet.set_column(column, column, width)
    for row, report in enumerate(reports.itertuples(index=False), start=1):
        for column, value in enumerate(report):
            if isinstance(value, str):
                sheet.write_string(row, column, harmless(value))
            else:
                sheet.write_number(row, column, value)


def sources(context: Context) -> pd.DataFrame:
    """The reports behind the selection, each once, latest first: title, publisher, date (ISO text), address, events (count)."""
    rows = measures.event_rows(context.store, context.selection, MOST_SOURCES)
    rows = rows.assign(date=rows["source_date"].dt.strftime("%Y-%m-%d").fillna(""))
    grouped = rows.groupby(["source_title", "publisher", "date", "source_url"], as_index=False, sort=False).agg(events=("event_id", "size"))
    return grouped.sort_values(["date", "source_title"], ascending=[False, True], ignore_index=True)


def _geojson(exhibit: Exhibit, context: Context) -> bytes:
    """The districts with the exhibit's numbers as properties, EPSG:4326 as RFC 7946 asks; the first code column is the district's."""
    table = exhibit.table
    records = json.loads(table.to_json(orient="records", force_ascii=False))
    by_district = {record["district"]: record for record in records if record.get("district") != schema.UNPLACED}
    features = [feature | {"properties": by_district.get(feature["id"], feature["properties"])} for feature in places.shapes()["features"]]
    collection = {"type": "FeatureCollection", "name": exhibit.key, "about": _by_name(facts(exhibit, context)), "features": features}
    return json.dumps(collection, ensure_ascii=False).encode("utf-8")
