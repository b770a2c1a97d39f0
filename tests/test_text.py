"""Both languages: the catalogue against the code, the vocabularies, and how numbers, days and names are written."""

import csv
import re
from datetime import date
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from analytics import schema, selection
from analytics.figures import dimension_name, names
from analytics.text import CATALOGUE, Words
from tests.wording import messages

ENGLISH, CHINESE = Words("en"), Words("zh")
MESSAGES = messages()
LABELS = schema.VOCABULARIES | {"include": selection.INCLUDE, "only": selection.ONLY, "undated": selection.UNDATED}
EVENTS = Path(__file__).parent.parent / "data" / "events.csv"


def catalogue() -> dict[str, tuple[str | None, str]]:
    """English sentence → its plural form (None where it has none) and the Chinese sentence."""
    with CATALOGUE.open("rb") as file:
        entries = [entry for entry in read_po(file, locale="zh_CN") if entry.id]
    return {
        one: (None, entry.string) if entry.id == one else (entry.id[1], entry.string[0])
        for entry in entries
        for one in [entry.id if isinstance(entry.id, str) else entry.id[0]]
    }


def placeholders(sentence: str) -> set[str]:
    """Names in braces."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def in_chinese_script(text: str) -> bool:
    return re.search("[\u4e00-\u9fff]", text) is not None


# ------------------------------------------------------------------ the catalogue


def test_the_catalogue_holds_the_sentences_of_the_code_and_no_others():
    assert {english: many for english, (many, _) in catalogue().items()} == MESSAGES


def test_no_sentence_is_without_chinese():
    assert [english for english, (_, chinese) in catalogue().items() if not chinese.strip()] == []


def test_only_sentences_of_signs_and_places_have_no_chinese_character():
    bare = {english for english, (_, chinese) in catalogue().items() if not in_chinese_script(chinese)}
    assert bare == {"{n} in {span}", "{first}–{last}"}


def test_a_sentence_has_the_same_places_in_both_languages():
    both = {english: (placeholders(many or english), placeholders(chinese)) for english, (many, chinese) in catalogue().items()}
    assert {english: places for english, places in both.items() if places[0] != places[1]} == {}


def test_chinese_sentences_are_punctuated_in_full_width():
    half_width = re.compile(r"[\u4e00-\u9fff}][,;:?!()]|[,;:?!()][\u4e00-\u9fff]|[\u4e00-\u9fff]\.$")
    assert {english: chinese for english, (_, chinese) in catalogue().items() if half_width.search(chinese)} == {}


def test_sentences_put_together_from_parts_read_well():
    def tooltip(words: Words, events: int, activities: int) -> str:
        return words.plural("{n} event", "{n} events", events) + words(" in ") + words.plural("{n} activity", "{n} activities", activities)

    def title(words: Words) -> str:
        return words("{measure} by {dimension}", measure=words("Events"), dimension=words("district")) + words(
            " and {dimension}", dimension=words("audience")
        )

    assert [tooltip(words, 3, 2) for words in (ENGLISH, CHINESE)] == ["3 events in 2 activities", "3 场活动，属 2 个活动项目"]
    assert [tooltip(words, 1, 1) for words in (ENGLISH, CHINESE)] == ["1 event in 1 activity", "1 场活动，属 1 个活动项目"]
    assert [title(words) for words in (ENGLISH, CHINESE)] == ["Events by district and audience", "活动场次：按区和对象"]


def test_a_sentence_that_is_not_in_the_catalogue_is_shown_in_english():
    assert CHINESE("{n} lanterns", n=3) == "3 lanterns"


def test_a_language_without_words_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"^language 'fr' is not known\. Use one of: en, zh\.$"):
        Words("fr")


# ------------------------------------------------------------------ labels


@pytest.mark.parametrize("vocabulary", LABELS)
def test_every_term_has_a_label_of_its_own_in_both_languages(vocabulary):
    english, chinese = zip(*LABELS[vocabulary].values(), strict=True)
    assert [label for label in (*english, *chinese) if not label.strip()] == []
    assert [label for label in english if in_chinese_script(label)] == []
    assert [label for label in chinese if not in_chinese_script(label)] == []
    assert len(set(english)) == len(set(chinese)) == len(LABELS[vocabulary])


@pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_no_two_columns_of_a_table_share_a_heading(words):
    headings = [
        *names(words).values(),
        words("Qualifier"),
        *(dimension_name(name, words) for name in schema.DIMENSIONS if name != "status"),
    ]
    assert len(set(headings)) == len(headings)


@pytest.mark.parametrize(
    ("dimension", "code", "english", "chinese"),
    [
        ("programme", "consular protection", "Consular protection", "领事保护"),
        ("district", "110108", "Haidian", "海淀区"),
        ("district", schema.UNPLACED, "No district named", "未写明所在区"),
        ("subdistrict", "110101014", "Longtan", "龙潭街道"),
        ("subdistrict", "", "No subdistrict named", "未写明街道乡镇"),
        ("country", "France", "France", "法国"),
        ("country", "Atlantis", "Atlantis", "Atlantis"),
        ("partner", "Beijing Urban Construction Group", "Beijing Urban Construction Group", "Beijing Urban Construction Group"),
        ("partner", "", "none named", "未写明"),
        ("quarter", "2023-Q2", "Q2 2023", "2023年第2季度"),
    ],
    ids=lambda value: str(value) or "empty",
)
def test_a_term_of_any_dimension_has_its_name(dimension, code, english, chinese):
    assert (ENGLISH.term(dimension, code), CHINESE.term(dimension, code)) == (english, chinese)


def test_every_country_of_the_data_has_a_chinese_name():
    with EVENTS.open(encoding="utf-8", newline="") as file:
        countries = {name for row in csv.DictReader(file) for name in row["countries"].split(schema.SEPARATOR) if name}
    assert "Czech Republic" in countries
    assert sorted(name for name in countries if not in_chinese_script(CHINESE.country(name))) == []


# ------------------------------------------------------------------ numbers, days, names


@given(value=st.integers(-(10**12), 10**12) | st.floats(-1e9, 1e9), digits=st.integers(0, 3))
def test_numbers_are_written_as_babel_writes_them(value, digits):
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    for words in (ENGLISH, CHINESE):
        written = format_decimal(round(float(value), digits), format=pattern, locale=words.locale)
        assert words.number(value, digits) == ("0" + written[2:] if written.startswith("-0") and not float(written) else written)


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (0, 0, "0"),
        (1240, 0, "1,240"),
        (12_345_678, 0, "12,345,678"),
        (3.456, 2, "3.46"),
        (3, 2, "3.00"),
        (None, 0, "–"),
        (float("nan"), 2, "–"),
    ],
)
def test_numbers_are_grouped_and_gaps_are_dashes(value, digits, written):
    assert [words.number(value, digits) for words in (ENGLISH, CHINESE)] == [written, written]


@pytest.mark.parametrize(("share", "written"), [(0.0, "0%"), (0.256, "26%"), (1.0, "100%"), (None, "–"), (float("nan"), "–")])
def test_shares_are_whole_per_cent(share, written):
    assert [words.percent(share) for words in (ENGLISH, CHINESE)] == [written, written]


@pytest.mark.parametrize(
    ("value", "qualifier", "written"),
    [(1240, "exact", "1,240"), (1240, "at least", "≥ 1,240"), (300, "about", "≈ 300"), (None, "", "–"), (float("nan"), "", "–")],
    ids=["exact", "at least", "about", "none stated", "a gap in a frame"],
)
def test_participants_keep_the_word_of_their_reports(value, qualifier, written):
    assert [words.people(value, qualifier) for words in (ENGLISH, CHINESE)] == [written, written]


@pytest.mark.parametrize(
    ("start", "end", "precision", "english", "chinese"),
    [
        (date(2024, 3, 5), date(2024, 3, 5), "day", "5 Mar 2024", "2024年3月5日"),
        (date(2024, 3, 5), None, "day", "5 Mar 2024", "2024年3月5日"),
        (date(2023, 12, 30), date(2024, 1, 2), "range", "30 Dec 2023 – 2 Jan 2024", "2023年12月30日 – 2024年1月2日"),
        (date(2024, 3, 1), date(2024, 3, 31), "month", "Mar 2024", "2024年3月"),
        (None, None, "unknown", "no date", "无日期"),
    ],
    ids=["day", "day without an end", "range", "month", "unknown"],
)
def test_the_time_of_an_event_is_as_exact_as_its_report(start, end, precision, english, chinese):
    assert (ENGLISH.when(start, end, precision), CHINESE.when(start, end, precision)) == (english, chinese)


def test_days_and_months_are_written_out():
    assert [(words.day(date(2024, 11, 9)), words.day(None), words.month(date(2024, 11, 9))) for words in (ENGLISH, CHINESE)] == [
        ("9 Nov 2024", "–", "Nov 2024"),
        ("2024年11月9日", "–", "2024年11月"),
    ]


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("2023", "2023", "2023年"),
        ("2023-Q4", "Q4 2023", "2023年第4季度"),
        ("2023-04", "Apr 2023", "2023年4月"),
        ("2023-04-09", "9 Apr 2023", "2023年4月9日"),
        (schema.UNDATED, "No date", "无日期"),
    ],
)
def test_periods_are_written_as_people_do(code, english, chinese):
    assert (ENGLISH.period(code), CHINESE.period(code)) == (english, chinese)


@pytest.mark.parametrize(
    ("items", "english", "chinese"),
    [([], "", ""), (["甲"], "甲", "甲"), (["甲", "乙"], "甲, 乙", "甲和乙"), (["甲", "乙", "丙"], "甲, 乙, 丙", "甲、乙和丙")],
    ids=["none", "one", "two", "three"],
)
def test_several_names_are_one_phrase(items, english, chinese):
    assert (ENGLISH.listing(items), CHINESE.listing(iter(items))) == (english, chinese)


@pytest.mark.parametrize(
    ("n", "english", "chinese"), [(0, "0 events", "0 场活动"), (1, "1 event", "1 场活动"), (1240, "1,240 events", "1,240 场活动")]
)
def test_english_has_one_and_many_and_chinese_has_one_form(n, english, chinese):
    assert [words.plural("{n} event", "{n} events", n) for words in (ENGLISH, CHINESE)] == [english, chinese]
