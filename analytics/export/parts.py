"""What a briefing is made of, before it is a file: slides with native charts, grids, maps and tables.

The composer (`analytics.briefing`) makes a `Deck`; `deck.py`, `workbook.py` and `page.py` write it as PPTX, XLSX and HTML. Each of
them reads its own files back as flat facts, so that a later check can tell what was edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Series:
    """One row of marks: a value per category, absent where there is none. `colours`, if given, has one per value.

    `x` is there in charts of kind `xy` only. An `invisible` series only carries what is stacked on it.
    """

    name: str
    values: tuple[float | None, ...]
    colour: str
    colours: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    x: tuple[float | None, ...] = ()
    dashed: bool = False
    invisible: bool = False


@dataclass(frozen=True)
class Chart:
    """A native chart. kind: `bar` and `column` (side by side), `stacked bar`, `stacked column`, `xy` (lines over numbers).

    Categories run from the top of a bar chart downwards. `dates` is `value` or `x` where that axis has days (as Excel counts
    them, since 1899-12-30), with `number_format` for its labels.
    """

    kind: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    number_format: str = "#,##0"
    dates: str = ""
    x_title: str = ""
    y_title: str = ""
    low: float | None = None
    high: float | None = None
    legend: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of a grid: its text, its fill and the colour of its text, both `#rrggbb`; '' for none."""

    text: str
    fill: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Grid:
    """A matrix drawn as a table of coloured cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class District:
    """A district on a map: code, name, the value as written, its fill and the colour of what stands on it (`#rrggbb`)."""

    code: str
    name: str
    value: str
    fill: str
    colour: str
    chosen: bool = False


@dataclass(frozen=True)
class Map:
    """The 16 districts as shapes. `legend` is a label and a colour per class, under `heading`; `source` names boundaries and approval."""

    districts: tuple[District, ...]
    heading: str
    legend: tuple[tuple[str, str], ...]
    source: str
    title: str = ""
    inset: bool = True


@dataclass(frozen=True)
class Table:
    """Rows under headings; cells are texts, whole or decimal numbers, or None."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class Text:
    """Sentences, one below the other."""

    sentences: tuple[str, ...]


Part = Chart | Grid | Map | Table | Text


@dataclass(frozen=True)
class Source:
    """A report behind the numbers: headline, publisher, day ('' where not stated), address ('' where not known)."""

    title: str
    publisher: str
    day: str
    url: str


@dataclass(frozen=True)
class Slide:
    """One item of a briefing.

    `titles` and `sentences` (the filters in words) have one text per language; `findings` are accepted sentences, `note` the
    manager's own words, `footnotes` what is left out and how to read it. `parts` are drawn natively; `table` is the whole of the
    numbers. `figure` is plotly JSON with colours filled in, {} for none. `definitions` are pairs of word and meaning.
    """

    key: str
    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    parts: tuple[Part, ...]
    table: Table
    findings: tuple[str, ...] = ()
    note: str = ""
    footnotes: tuple[str, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()
    sources: tuple[Source, ...] = ()
    figure: dict = field(default_factory=dict)
    height: int = 400
    link: str = ""


@dataclass(frozen=True)
class Deck:
    """A briefing ready to be written.

    `labels` are the words that the file itself needs, in its languages: sources (heading of the last slide), definitions,
    reports, page, contents, filters, note, findings, data, north, more ("and {n} more"), scale.
    `manifest` is what a later check needs (see `analytics.verify`); it must be JSON. `about` are pairs of name and text for the
    file's own properties: data version, time, app version, filters. `language` is `en`, `zh` or `both`; `size` is `16:9` or `A4`.
    """

    name: str
    slides: tuple[Slide, ...]
    labels: dict[str, str]
    about: tuple[tuple[str, str], ...]
    manifest: dict
    language: str = "en"
    size: str = "16:9"


@dataclass(frozen=True)
class Read:
    """A file read back as flat facts.

    `slides` maps the key of each item to its facts by path (texts, numbers to 9 digits, colours as `#RRGGBB`); `others` counts
    slides, or visible sheets, that the dashboard did not make; `manifest` is None where the file carries none.
    """

    manifest: dict | None
    slides: dict[str, dict[str, str | float]]
    others: int
