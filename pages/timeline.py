"""When? Is it growing, was it one campaign?"""

import streamlit as st

from analytics import figures
from analytics.measures import Grouping, own
from ui import cards, choices
from ui.frame import headline, open_page

view = open_page()
words, context = view.words, view.context

headline(view, words("When? Is it growing, was it one campaign?"))
period, stack = choices.period(view)
total, overall, stacked, days, campaigns = view.measure(
    Grouping(), Grouping((period,)), choices.stacked(period, stack), Grouping(("day",)), own("campaign", "month")
)
both_years = choices.to_date(view)

if not cards.empty(view, total):
    cards.card(view, figures.over_time(stacked, period, context, stack, overall=overall, height=330))
    left, right = st.columns([3, 2], gap="small")
    with left:
        cards.card(view, figures.calendar_map(days, context))
    with right:
        cards.card(view, figures.campaigns(campaigns, context))
        cards.card(view, figures.to_date(both_years, context, view.store.latest))
    choices.beside_the_time(view)
