"""What a card shows and hands over: a title, a figure, the same numbers as a table, a sentence, notes."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

import pandas as pd

from analytics import schema
from analytics.selection import Selection, sentence
from analytics.store import Store
from analytics.text import Words


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere; `href` is an address inside the dashboard, '' for plain words."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Exhibit:
    """One chart, map or table.

    `numbers` makes `table` when it is asked for, for an export or the table twin, and not on every redraw.

    `figure` is plotly JSON with colours by role (see theme) and, as each mark's customdata, the address a click leads to;
    `table` holds the drawn numbers under headings in the viewer's language, its `codes` columns hold data codes;
    `alt` is one sentence with the main finding; `shapes` says that the figure refers to the district boundaries;
    `about` defines what is shown, behind an "i"; `sentences` are findings that can be copied, each leading to what it states.
    `recipe` is what `gallery.build` makes the same exhibit from again; `drawn` are its maps: title, `maps.Drawn`, heading of the legend.
    """

    key: str
    title: str
    figure: dict
    numbers: Callable[[], pd.DataFrame]
    alt: str
    notes: tuple[Link, ...] = ()
    codes: tuple[str, ...] = ()
    height: int = 280
    shapes: bool = False
    about: str = ""
    sentences: tuple[Link, ...] = ()
    recipe: tuple[tuple[str, str], ...] = ()
    drawn: tuple[tuple[str, object, str], ...] = ()

    @cached_property
    def table(self) -> pd.DataFrame:
        """The drawn numbers under headings in the viewer's language."""
        return self.numbers()


def recipe(kind: str, **options: object) -> tuple[tuple[str, str], ...]:
    """A kind of exhibit and its options, without the empty ones, as they are kept in a briefing."""
    return (("kind", kind), *((name.replace("_", "-"), str(value)) for name, value in options.items() if value))


@dataclass(frozen=True)
class Context:
    """What every figure needs beside its numbers: the selection, the words, where links lead, what the data are.

    `kept` are address parameters that every link carries along.
    """

    store: Store
    selection: Selection
    words: Words
    page: str = ""
    left_out: dict[str, int] = field(default_factory=dict)
    kept: tuple[tuple[str, str], ...] = ()

    def link(self, page: str, selection: Selection | None = None, **more: str) -> str:
        """An address inside the dashboard: page, selection, language."""
        chosen = self.selection if selection is None else selection
        wanted = dict(self.kept) | {name: value for name, value in more.items() if value}
        return f"./{page}?{chosen.address(**wanted, language=self.words.language)}"

    def here(self, selection: Selection, **more: str) -> str:
        """This page with another selection."""
        return self.link(self.page, selection, **more)

    def events(self, selection: Selection) -> str:
        """The list of exactly these events."""
        return self.link("events", selection)

    def drill(self, **keys: str) -> str:
        """The events behind one mark: the selection with the filters of the mark's own dimensions set to its key."""
        selection = self.selection
        for name, code in keys.items():
            selection = narrowed(selection, name.replace("_", "-"), code)
        return self.events(selection)

    def counted(self, n: int, one: str, many: str, **keys: str) -> list[Link]:
        """A note with a number, leading to the events behind it as `drill` does; none where the number is zero."""
        return [Link(self.words.plural(one, many, n), self.drill(**keys))] if n else []

    def drill_periods(self, codes: Iterable[str], selection: Selection) -> dict[str, str]:
        """The events of each period of the calendar, as `drill` has them: one address, its two dates put in for each."""
        start, end = date(1949, 1, 1), date(1949, 1, 2)
        pattern = self.events(selection.change(start=start, end=end))
        links = {}
        for code in codes:
            first, last = bounds(code)
            first, last = max(first, selection.start or first), min(last, selection.end or last)
            links[code] = pattern.replace(f"from={start}", f"from={first}").replace(f"to={end}", f"to={last}")
        return links

    def left_out_phrase(self) -> str:
        """What the default rules leave out, as the end of the filter sentence."""
        kinds = {
            "repeated": self.words("repeated"),
            "planned": self.words("planned"),
            "cancelled": self.words("cancelled"),
            "undated": self.words("undated"),
        }
        parts = [f"{self.words.number(self.left_out[kind])} {name}" for kind, name in kinds.items() if self.left_out.get(kind)]
        if not parts:
            return ""
        total = sum(self.left_out.get(kind, 0) for kind in kinds)
        return self.words.plural("{what} event left out", "{what} events left out", total, what=self.joined(parts))

    def joined(self, parts: list[str]) -> str:
        """`a`, `a and b`, `a, b and c`."""
        if len(parts) < 2:
            return "".join(parts)
        return self.words(
            "{first} and {last}", first=", ".join(parts[:-1]) if self.words.language == "en" else "、".join(parts[:-1]), last=parts[-1]
        )

    def sentence(self) -> str:
        """The filter sentence, with what is left out."""
        return sentence(self.selection, self.words, self.left_out_phrase())

    def source(self) -> str:
        """The line under every image and in every workbook: reports behind the data, and the data's date."""
        return self.words(
            "{n} public reports; latest event {day}; data version {version}",
            n=self.words.number(self.store.reports), day=self.words.day(self.store.latest), version=self.store.version[:7],
        )  # fmt: skip


def narrowed(selection: Selection, name: str, code: str) -> Selection:
    """The selection narrowed to one key of a dimension, its own filter replaced; calendar keys become a span within the present one."""
    if name in schema.CALENDAR:
        if code == schema.UNDATED:
            return selection.without("span").change(only=tuple(dict.fromkeys((*selection.only, "undated"))))
        start, end = bounds(code)
        return selection.change(start=max(start, selection.start or start), end=min(end, selection.end or end))
    return selection.change(**{name.replace("-", "_"): (code,)})


@lru_cache(maxsize=8192)
def bounds(code: str) -> tuple[date, date]:
    """First and last day of `2023`, `2023-Q2`, `2023-04` or a day."""
    if len(code) == 10:
        return date.fromisoformat(code), date.fromisoformat(code)
    year = int(code[:4])
    first, last = (1, 12) if len(code) == 4 else (int(code[6]) * 3 - 2, int(code[6]) * 3) if "Q" in code else (int(code[5:]), int(code[5:]))
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])
