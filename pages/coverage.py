"""Who is not reached, since when, and where to go next?"""

from ui import coverage
from ui.frame import headline, open_page

view = open_page()

headline(view, view.words("Who is not reached, since when, and where to go next?"))
coverage.draw(coverage.board(view))
