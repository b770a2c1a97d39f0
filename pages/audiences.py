"""For whom, how, about what, with whom?"""

import streamlit as st

from analytics import figures
from analytics.measures import Grouping, own
from ui import cards, choices
from ui.frame import headline, open_page

view = open_page()
words, context = view.words, view.context

headline(view, words("For whom, how, about what, with whom?"))
share = choices.share(view)
total, audiences, formats, topics, districts, partners, countries = view.measure(
    Grouping(),
    own("audience"),
    own("event-format", "audience"),
    own("topic", "audience"),
    own("district", "audience"),
    own("partner"),
    own("country"),
)
events = int(total["events"].iloc[0])

if not cards.empty(view, total):
    left, right = st.columns(2, gap="small")
    with left:
        cards.card(view, figures.bars(audiences, "audience", context, events, share=share))
    with right:
        cards.card(view, figures.bars(audiences, "audience", context, events, measure="participants", key="participants-by-audience"))
    cards.card(view, figures.matrix(districts, "district", "audience", context, "district-by-audience", share=share))
    left, right = st.columns(2, gap="small")
    with left:
        cards.card(view, figures.matrix(formats, "event-format", "audience", context, "format-by-audience", share=share))
        cards.card(view, figures.bars(partners, "partner", context, events, most=15))
    with right:
        cards.card(view, figures.matrix(topics, "topic", "audience", context, "topic-by-audience", share=share))
        cards.card(view, figures.bars(countries, "country", context, events, most=15))
