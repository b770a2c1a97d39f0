"""English and Chinese wording: sentences from the catalogue, labels from the vocabularies, numbers and dates by Babel.

A sentence is keyed by its English text; `locale/zh_CN/LC_MESSAGES/outreach.po` holds the Chinese one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd
from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.pofile import read_po
from babel.numbers import format_percent

from analytics import places, schema

LANGUAGES: dict[str, str] = {"en": "English", "zh": "中文"}
LOCALES: dict[str, str] = {"en": "en_GB", "zh": "zh_CN"}
CATALOGUE = Path(__file__).parent.parent / "locale" / "zh_CN" / "LC_MESSAGES" / "outreach.po"

COUNTRY_CODES: dict[str, str] = {"Czech Republic": "CZ"}
"""Names the data uses where the territory list of the day has another one."""


@cache
def _catalogue() -> dict[str, tuple[str, ...]]:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    return {
        (message.id if isinstance(message.id, str) else message.id[0]): (
            (message.string,) if isinstance(message.string, str) else tuple(message.string)
        )
        for message in catalogue
        if message.id
    }


@cache
def country_codes() -> dict[str, str]:
    """English territory name → ISO 3166 code, as Babel has them, with the data's own spellings added."""
    names = {name: code for code, name in Locale.parse("en").territories.items() if len(code) == 2 and code.isalpha()}
    return names | COUNTRY_CODES


@cache
def _territories(locale: str) -> dict[str, str]:
    return dict(Locale.parse(locale).territories)


@lru_cache(maxsize=16_384)
def _day(value: date, pattern: str, locale: str) -> str:
    # Babel reads the locale anew for every date; a page writes the same few hundred again and again.
    return format_date(value, pattern, locale)


class Words:
    """Wording in one language: `words("{n} events", n=words.number(3))`."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"language {language!r} is not known. Use one of: {', '.join(LANGUAGES)}.")
        self.language, self.locale = language, LOCALES[language]

    def __call__(self, message: str, **values: object) -> str:
        """The sentence in this language with its `{places}` filled in."""
        if self.language != "en":
            message = _catalogue().get(message, (message,))[0] or message
        return message.format(**values) if values else message

    def plural(self, one: str, many: str, n: int, **values: object) -> str:
        """One of two sentences by number; `{n}` is the number as people write it."""
        if self.language == "en":
            message = one if n == 1 else many
        else:
            message = _catalogue().get(one, (many,))[0] or many
        return message.format(n=self.number(n), **values)

    def number(self, value: float | int | None, digits: int = 0) -> str:
        """A number with thousands grouped; an absent one is an en dash."""
        if value is None or value is pd.NA or value != value:
            return "–"
        # Both languages write numbers alike, as Python does; Babel takes fifty times as long for each.
        rounded = round(float(value), digits)
        return f"{rounded if rounded else 0:,.{digits}f}"

    def percent(self, share: float | None, digits: int = 0) -> str:
        """A share between 0 and 1 as per cent."""
        pattern = "#,##0." + "0" * digits + "%" if digits else "#,##0%"
        return "–" if share is None or pd.isna(share) else format_percent(share, format=pattern, locale=self.locale)

    def people(self, value: float | int | None, qualifier: str) -> str:
        """Stated participants as one phrase: `≥` as soon as one report says "at least", `≈` if one says "about"."""
        number = self.number(value)
        return number if number == "–" else {"at least": "≥ ", "about": "≈ "}.get(qualifier, "") + number

    def lowered(self, text: str) -> str:
        """A heading or name inside a sentence: small in English, as it is in Chinese."""
        return text[:1].lower() + text[1:] if self.language == "en" else text

    def aside(self, text: str) -> str:
        """Words in brackets, as the language sets them."""
        return f"（{text}）" if self.language == "zh" else f" ({text})"

    def sentences(self, *texts: str) -> str:
        """Whole sentences after one another."""
        return ("" if self.language == "zh" else " ").join(text for text in texts if text)

    def day(self, value: date | None) -> str:
        """A calendar day, written out."""
        return "–" if value is None or pd.isna(value) else _day(value, "d MMM y" if self.language == "en" else "y年M月d日", self.locale)

    def month(self, value: date) -> str:
        """A calendar month, written out."""
        return _day(value, "MMM y" if self.language == "en" else "y年M月", self.locale)

    def when(self, start: date | None, end: date | None, precision: str) -> str:
        """The time of one event, as exact as the report gives it."""
        if start is None or pd.isna(start):
            return self("no date")
        if precision == "month":
            return self.month(start)
        if end is None or pd.isna(end) or end == start:
            return self.day(start)
        return f"{self.day(start)} – {self.day(end)}"

    def listing(self, items: Iterable[str]) -> str:
        """Several names in one phrase."""
        items = list(items)
        return format_list(items, "standard-narrow" if self.language == "en" else "standard", self.locale) if items else ""

    def term(self, dimension: str, code: str) -> str:
        """The label of a vocabulary term, a district, a country, a period or, where the values are open, the value itself."""
        if dimension == "district":
            return self("No district named") if code == schema.UNPLACED else places.district_name(code, self.language)
        if dimension == "subdistrict":
            return places.subdistrict_name(code, self.language) if code else self("No subdistrict named")
        if dimension == "country":
            return self.country(code)
        if dimension in schema.CALENDAR:
            return self.period(code)
        labels = schema.VOCABULARIES.get(dimension, {}).get(code)
        if labels:
            return labels[self.language == "zh"]
        return code or self("none named")

    def country(self, name: str) -> str:
        """A country's name, given its English one."""
        return _territories(self.locale).get(country_codes().get(name, ""), name)

    def period(self, code: str) -> str:
        """`2023`, `2023-Q2`, `2023-04` or a day, as people write it."""
        if code == schema.UNDATED:
            return self("No date")
        if "Q" in code:
            year, quarter = code.split("-Q")
            return self("Q{quarter} {year}", quarter=quarter, year=year)
        parts = [int(part) for part in code.split("-")]
        if len(parts) == 1:
            return self("{year}", year=code)
        if len(parts) == 2:
            return self.month(date(parts[0], parts[1], 1))
        return self.day(date(*parts))
