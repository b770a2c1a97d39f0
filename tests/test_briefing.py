"""Briefings: recipes that make the same exhibit again, items that can be moved and changed, a shelf that keeps them, findings that are computed."""

import json
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import briefing, gallery, measures
from analytics.briefing import Briefing, Item, Shelf, compose, from_json, outlined, shifted, to_json
from analytics.errors import OutreachError
from analytics.exhibit import Context, recipe
from analytics.export import native, parts
from analytics.selection import Selection
from analytics.text import Words
from tests.rows import events, store_of

YEAR = Selection(district=("110105",), start=date(2023, 1, 1), end=date(2023, 12, 31))


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    return Shelf(f"sqlite:///{tmp_path / 'briefings.sqlite'}")


# ------------------------------------------------------------------ recipes


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", [kind for kind in gallery.KINDS if kind != "targets"])
def test_a_recipe_makes_the_same_exhibit_again(bundled, kind, language):
    context = Context(bundled, Selection(start=date(2022, 1, 1), end=date(2024, 12, 31)), Words(language))
    first = gallery.build((("kind", kind), ("visits", "5")), context)
    again = gallery.build(first.recipe or (("kind", kind), ("visits", "5")), context)
    assert (again.title, again.alt, json.dumps(again.figure)) == (first.title, first.alt, json.dumps(first.figure))
    assert again.table.reset_index(drop=True).equals(first.table.reset_index(drop=True))


def test_a_recipe_with_options_keeps_them(bundled):
    context = Context(bundled, Selection(), Words("en"))
    made = gallery.build(recipe("bars", by="topic", most=5, share=True), context)
    assert made.recipe == (("kind", "bars"), ("by", "topic"), ("measure", "events"), ("most", "5"), ("share", "True"))
    assert len(made.figure["data"][0]["y"]) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        (("kind", "pie"),),
        (("kind", "bars"), ("by", "colour")),
        (("kind", "map"), ("k", "many")),
        (("kind", "over-time"), ("period", "day")),
    ],
    ids=["kind", "dimension", "number", "period"],
)
def test_a_recipe_that_is_not_known_is_refused_with_its_remedy(bundled, wrong):
    with pytest.raises(OutreachError, match="Remove it"):
        gallery.build(wrong, Context(bundled, Selection(), Words("en")))


# ------------------------------------------------------------------ what is drawn natively


def test_bars_become_a_native_chart_with_the_same_numbers(bundled):
    context = Context(bundled, Selection(), Words("en"))
    (chart,) = native.parts(gallery.build(recipe("bars", by="audience"), context), context)
    table = measures.summary(bundled, Selection(), ("audience",))
    assert isinstance(chart, parts.Chart)
    assert chart.kind == "bar"
    assert chart.series[0].values == tuple(float(n) for n in table["events"])
    assert set(chart.series[0].colours) == {"#1f6fb2"}


def test_a_map_becomes_sixteen_districts_in_the_colours_on_screen(bundled):
    context = Context(bundled, Selection(district=("110108",)), Words("zh"))
    (drawn,) = native.parts(gallery.build(recipe("map", measure="events"), context), context)
    assert [district.code for district in drawn.districts] == list(measures.places.adcodes())
    by_code = {district.code: district for district in drawn.districts}
    assert (by_code["110111"].name, by_code["110111"].value, by_code["110111"].fill) == ("房山区", "–", "#e9e6e1")
    assert by_code["110108"].chosen
    assert ("未见报道", "#e9e6e1") in drawn.legend
    assert {district.fill for district in drawn.districts} <= {colour for _, colour in drawn.legend}


def test_every_kind_has_native_parts_and_no_plotly_marks_in_its_words(bundled):
    context = Context(bundled, Selection(start=date(2022, 1, 1), end=date(2024, 12, 31)), Words("en"))
    for kind in gallery.KINDS:
        if kind == "targets":
            continue
        exhibit = gallery.build((("kind", kind), ("visits", "5")), context)
        found = native.parts(exhibit, context)
        assert found, kind
        assert not re.search(r"</?b>|<br>|@\w", repr(found)), kind
        for chart in found:
            if isinstance(chart, parts.Chart) and chart.categories:
                assert all(len(series.values) == len(chart.categories) for series in chart.series), kind


def test_a_matrix_has_the_colours_of_its_heatmap(bundled):
    context = Context(bundled, Selection(), Words("en"))
    (grid,) = native.parts(gallery.build(recipe("matrix", rows="district", columns="audience"), context), context)
    fills = {cell.text: cell.fill for _, cells in grid.rows for cell in cells}
    assert fills[""] == "#e9e6e1"
    largest = max((text for text in fills if text), key=int)
    assert len({fills[""], fills["1"], fills[largest]}) == 3


# ------------------------------------------------------------------ items


def three() -> Briefing:
    made = Briefing("b1", "Three")
    for by in ("audience", "programme", "topic"):
        made = made.add(recipe("bars", by=by), YEAR)
    return made


def order(made: Briefing) -> list[str]:
    return [dict(item.recipe)["by"] for item in made.items]


def test_items_are_moved_changed_and_removed():
    made = three()
    first, _, last = (item.key for item in made.items)
    assert order(made.moved(last, -1)) == ["audience", "topic", "programme"]
    assert order(made.moved(first, 5)) == ["programme", "topic", "audience"]
    assert order(made.moved(first, -1)) == order(made)
    assert order(made.without(first)) == ["programme", "topic"]
    assert [item.title for item in made.change(last, title="Mine").items] == ["", "", "Mine"]


def test_a_span_is_set_for_all_items_at_once_and_their_ages_follow(bundled):
    made = three().add(recipe("gaps", months=24, as_of="2024-12-31"), YEAR)
    moved = made.over(date(2024, 1, 1), date(2024, 3, 31), bundled)
    assert {briefing.selection_of(item, bundled).end for item in moved.items} == {date(2024, 3, 31)}
    assert {briefing.selection_of(item, bundled).district for item in moved.items} == {("110105",)}
    assert dict(moved.items[-1].recipe)["as-of"] == "2024-03-31"


@pytest.mark.parametrize(
    ("span", "after"),
    [
        (("2024-01-01", "2024-03-31"), ("2024-04-01", "2024-06-30")),
        (("2024-02-01", "2024-02-29"), ("2024-03-01", "2024-03-31")),
        (("2023-01-01", "2023-12-31"), ("2024-01-01", "2024-12-31")),
        (("2024-03-05", "2024-03-11"), ("2024-03-12", "2024-03-18")),
    ],
    ids=["quarter", "month", "year", "week"],
)
def test_the_next_span_is_as_long_as_this_one_and_the_one_before_leads_back(span, after):
    start, end = map(date.fromisoformat, span)
    following = shifted(start, end, True)
    assert following == tuple(map(date.fromisoformat, after))
    assert shifted(*following, False) == (start, end)


TEXT = st.text(max_size=30)


@given(st.lists(st.tuples(TEXT, TEXT, st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)), max_size=5), TEXT)
def test_a_briefing_is_read_back_as_it_was_written(items, name):
    made = Briefing(
        "id",
        name,
        tuple(Item(str(n), (("kind", "bars"),), "q=x", title, note, found) for n, (title, note, found) in enumerate(items)),
        "both",
        "A4",
    )
    assert from_json(to_json(made)) == made


@pytest.mark.parametrize("text", ["", "[]", '{"id": 1}', '{"id": "x", "name": "y", "items": [{"key": "k"}]}'])
def test_what_is_no_briefing_is_refused(text):
    with pytest.raises(OutreachError, match="no briefing"):
        from_json(text)


def test_a_briefing_has_a_most(bundled):
    made = Briefing("b", "many", tuple(Item(str(n), (("kind", "bars"),), "") for n in range(briefing.MOST_ITEMS)))
    with pytest.raises(OutreachError, match="at most 60 items"):
        made.add(recipe("bars", by="audience"), Selection())


# ------------------------------------------------------------------ the shelf


def test_the_shelf_keeps_opens_copies_and_forgets(shelf):
    assert shelf.names() == []
    made = shelf.save(three())
    assert shelf.open("b1") == made
    renamed = shelf.save(replace(made, name="Renamed"))
    assert shelf.names() == [("b1", "Renamed")]
    copy = shelf.duplicate("b1", "Copy")
    assert copy.items == renamed.items
    assert [name for _, name in shelf.names()] == ["Copy", "Renamed"]
    shelf.delete("b1")
    assert shelf.open("b1") is None
    with pytest.raises(OutreachError, match="no such briefing"):
        shelf.duplicate("b1", "Copy")


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(OutreachError, match="OUTREACH_BRIEFINGS"):
        Shelf(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")


# ------------------------------------------------------------------ findings and composing


def test_findings_are_computed_from_the_data():
    rows = [{"district": "110105", "date_start": f"2023-0{n}-01", "audiences": "students"} for n in range(1, 6)]
    rows += [{"district": "110105", "date_start": "2022-05-01", "audiences": "media"}] * 2
    store = store_of(events(*rows))
    context = Context(store, YEAR, Words("en"))
    made = recipe("bars", by="audience")
    found = briefing.proposals(gallery.build(made, context), context, made)
    assert found["change"] == "5 events in 2023, 3 more than the 2 in 2022."
    assert found["main"].startswith("Audience: most for Students, 5 of 5.")


def test_a_composed_briefing_holds_counted_slides_sources_and_what_a_check_needs(bundled):
    made = outlined("monthly", YEAR, Words("en"))
    steps = []
    deck = compose(made, bundled, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(number, len(made.items)) for number in range(len(made.items))]
    assert [slide.key for slide in deck.slides] == [item.key for item in made.items]
    bars = deck.slides[2]
    assert bars.findings[0].startswith("Audience: most for")
    assert len(bars.sources) >= 3
    assert from_json(json.dumps(deck.manifest["briefing"])) == made
    assert set(deck.manifest["events"]) == {item.key for item in made.items}
    assert len(deck.manifest["events"][made.items[2].key]) == 4


def test_two_languages_on_one_slide(bundled):
    deck = compose(replace(outlined("monthly", YEAR, Words("en")), language="both"), bundled)
    assert deck.slides[2].titles == ("Events by audience", "活动场次：按对象")
    assert deck.slides[2].parts[0].categories[0] == "Enterprises 企业"
    assert deck.slides[1].parts[0].districts[2].name == "Chaoyang 朝阳区"
    assert deck.slides[1].parts[0].districts[2].value == "4"


def test_an_item_that_cannot_be_made_says_why_on_its_slide(bundled):
    made = Briefing("b", "broken", (Item("k", (("kind", "pie"),), ""),))
    (slide,) = compose(made, bundled).slides
    assert "not known: pie" in slide.parts[0].sentences[0]


def test_work_can_be_stopped_between_items(bundled):
    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compose(three(), bundled, progress=stop)


@pytest.mark.parametrize("outline", briefing.OUTLINES)
def test_every_outline_can_be_composed(bundled, outline):
    selection = YEAR.change(audience=("students",), campaign=bundled.values("campaign")[:1])
    deck = compose(outlined(outline, selection, Words("zh")), bundled)
    assert len(deck.slides) == len(briefing.OUTLINES[outline])
    assert not [slide for slide in deck.slides if slide.titles == ("此项无法显示",)]


def test_an_outline_about_one_district_asks_for_it():
    with pytest.raises(OutreachError, match="about one district"):
        outlined("district", Selection(), Words("en"))
