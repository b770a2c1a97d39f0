"""The frame around every page. Start it with `make run`, or `streamlit run dashboard.py`."""

from ui.frame import run

run()
