"""Which events exactly, and which report says so?"""

from analytics.measures import Grouping
from ui import cards, choices
from ui.frame import headline, open_page

view = open_page()
words = view.words
(total,) = view.measure(Grouping())

headline(view, words("Which events exactly, and which report says so?"))
event = choices.event(view)
if event:
    cards.event_page(view, event)
if not cards.empty(view, total):
    cards.event_list(view, int(total["events"].iloc[0]))
