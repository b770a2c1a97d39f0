"""A card drawn in place: the figure is handed to `plot.js`, which keeps its node and calls `Plotly.react` on it."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).parent
STATIC = FOLDER.parent / "static"
FITTING = FOLDER.parent / "analytics" / "export" / "fitting.js"
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
            # It appears under its name only when whole: another server may be handing it out.
            with tempfile.NamedTemporaryFile(dir=STATIC, delete=False) as partial, SOURCE.open("rb") as source:
                shutil.copyfileobj(source, partial)
            os.chmod(partial.name, 0o644)
            os.replace(partial.name, target)
    except OSError:
        return False
    return True


@cache
def frame():
    """The script of the page around the cards, registered with the running server."""
    return st.components.v2.component("outreach_frame", html="<i></i>", js=(FOLDER / "frame.js").read_text("utf-8"), isolate_styles=False)


@cache
def component():
    """The card, registered with the running server."""
    return st.components.v2.component(
        "outreach_card",
        html='<section class="card"></section>',
        css=(FOLDER / "plot.css").read_text("utf-8"),
        js=FITTING.read_text("utf-8") + (FOLDER / "plot.js").read_text("utf-8"),
        isolate_styles=False,
    )
