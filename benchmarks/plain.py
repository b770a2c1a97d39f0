"""The page to compare with: the Overview's figures, computed beforehand, drawn by `st.plotly_chart` for whichever filter is on.

Run by `benchmarks.screen` as `streamlit run benchmarks/plain.py`; `FIGURES` names the file with the figures.
"""

import json
import os
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st


@st.cache_resource
def figures() -> dict[str, list[go.Figure]]:
    """Figures by filter; validated once, not on every click."""
    found = json.loads(Path(os.environ["FIGURES"]).read_text("utf-8"))
    return {name: [go.Figure(figure) for figure in each] for name, each in found.items()}


st.set_page_config(layout="wide")
choices = figures()
with st.sidebar:
    chosen = st.multiselect("Audience", [name for name in choices if name], key="audience")
st.title("Plain")
left, right = st.columns(2)
for number, figure in enumerate(choices[chosen[-1] if chosen else ""]):
    (left if number == 0 else right).plotly_chart(figure, key=f"chart-{number}", config={"displayModeBar": False})
