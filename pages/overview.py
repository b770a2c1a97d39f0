"""How much, where, for whom, when?"""

import streamlit as st

from analytics import figures, maps
from analytics.measures import Grouping, own
from ui import cards
from ui.frame import headline, open_page

view = open_page()
words, context = view.words, view.context
total, here, everywhere, audiences, months, programmes = view.measure(
    Grouping(), Grouping(("district",)), own("district"), own("audience"), Grouping(("month",)), own("programme")
)
events = int(total["events"].iloc[0])

headline(view, words("How much, where, for whom, when?"))
figures_row = st.container()

if not cards.empty(view, total):
    left, right = st.columns([1, 1], gap="small")
    with left:
        cards.card(view, maps.district_map(maps.district_table(everywhere, context), context, height=522))
    with right:
        cards.card(view, figures.bars(audiences, "audience", context, events, height=262))
        cards.card(view, figures.over_time(months, "month", context, height=178))
    cards.card(view, figures.bars(programmes, "programme", context, events, height=190))
with figures_row:  # after the charts, which a viewer waits for
    cards.figures_row(view, total, here)
