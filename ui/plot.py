"""A card drawn in place: the figure is handed to `plot.js`, which keeps its node and calls `Plotly.react` on it."""

from __future__ import annotations

import shutil
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import streamlit as st

STATIC = Path(__file__).parent.parent / "static"
# Found, not imported: only its JavaScript is wanted here.
SOURCE = Path(find_spec("plotly").origin).parent / "package_data" / "plotly.min.js"
LIBRARY = f"plotly-{version('plotly')}.min.js"


@cache
def prepare() -> bool:
    """Put plotly's library, as installed, where the server hands it out. False when that cannot be done."""
    try:
        STATIC.mkdir(exist_ok=True)
        target = STATIC / LIBRARY
        if not target.exists() or target.stat().st_size != SOURCE.stat().st_size:
            shutil.copyfile(SOURCE, target)
    except OSError:
        return False
    return True


def component():
    """The component, registered with the running server."""
    return _register()


@cache
def _register():
    folder = Path(__file__).parent
    return st.components.v2.component(
        "outreach_card",
        html='<section class="card"></section>',
        css=(folder / "plot.css").read_text("utf-8"),
        js=(folder / "plot.js").read_text("utf-8"),
        isolate_styles=False,
    )
