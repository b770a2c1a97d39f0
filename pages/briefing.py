"""What goes into the meeting: items in order, each slide before it leaves, one file at the end."""

from ui import briefing
from ui.frame import headline, open_page

view = open_page()

headline(view, view.words("What goes into the meeting?"))
briefing.draw(view)
