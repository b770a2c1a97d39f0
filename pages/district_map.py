"""Where? Districts by any measure, with the districts not reached as plain as the others."""

import streamlit as st

from analytics import maps
from analytics.measures import Grouping, own
from ui import cards, choices
from ui.frame import headline, open_page

view = open_page()
words, context = view.words, view.context

headline(view, words("Where did we go, and which districts did we not reach?"))
measure, circles, scheme, count, own_limits, compare = choices.map_options(view)
total, everywhere, audiences, compared = view.measure(Grouping(), own("district"), own("audience"), own(compare or "audience", "district"))

if not cards.empty(view, total):
    left, right = st.columns([3, 2], gap="small")
    with left:
        table = maps.district_table(everywhere, context)
        cards.card(view, maps.district_map(table, context, measure, scheme, count, own_limits, circles, height=590))
    with right:
        cards.district_links(view, table, measure)
    if context.selection.district:
        cards.district_panel(view, audiences)
    if compare:
        cards.card(view, maps.multiples(compared, compare, context, measure, scheme, count, own_limits))
