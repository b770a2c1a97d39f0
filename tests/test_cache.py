"""Remembered answers are the answers: whatever was asked before, and together with what."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from analytics import measures
from analytics.measures import Grouping, own
from analytics.selection import Selection
from ui import cache

OVERVIEW = (Grouping(), Grouping(("district",)), own("district"), own("audience"), Grouping(("month",)), own("programme"))
SELECTIONS = [
    Selection(),
    Selection(district=("110105",)),
    Selection(district=("110105",), audience=("students",)),
    Selection(audience=("students",)),
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.tuples(st.sampled_from(SELECTIONS), st.lists(st.sampled_from(OVERVIEW), min_size=1, unique=True)), max_size=4))
def test_the_order_of_questions_changes_no_answer(bundled, asked):
    cache._frames.clear()
    for selection, groupings in asked:
        found, fresh = cache.measure(bundled, selection, tuple(groupings)), measures.measure(bundled, selection, groupings)
        assert list(found) == groupings
        for grouping in groupings:
            keys = list(grouping.by) or ["events"]
            assert_frame_equal(found[grouping].sort_values(keys, ignore_index=True), fresh[grouping].sort_values(keys, ignore_index=True))


def test_a_filter_by_district_keeps_the_count_of_districts_reached_and_frees_the_map(bundled):
    found = cache.measure(bundled, Selection(district=("110105",), audience=("students",)), OVERVIEW)
    assert (len(found[Grouping(("district",))]), len(found[own("district")])) == (1, 10)
