"""The briefing at hand: named in the address, kept on the shelf, so that it survives page changes, reloads and sharing."""

from __future__ import annotations

import streamlit as st

from analytics import gallery
from analytics.briefing import Briefing, Shelf, new_id
from analytics.errors import OutreachError
from ui.frame import View


def opened() -> Shelf:
    """The shelf of saved briefings. Raises OutreachError where it cannot be opened."""
    return Shelf()


def current() -> Briefing | None:
    """The briefing at hand, None where none is begun."""
    id = st.session_state.get("_briefing", "")
    return opened().open(id) if id else None


def take(briefing: Briefing) -> None:
    """Save a briefing and make it the one at hand."""
    opened().save(briefing)
    st.session_state["_briefing"] = briefing.id


def add(view: View, recipe: gallery.Recipe) -> None:
    """Put what a card shows at the end of the briefing at hand, beginning one where there is none; say so."""
    words = view.words
    try:
        briefing = current() or Briefing(new_id(), words("Briefing"), language=words.language)
        added = briefing.add(recipe, view.context.selection, (("main", ""),))
        take(added)
    except OutreachError as error:
        st.toast(words(error.message, **error.values), icon=":material/warning:")
        return
    st.toast(
        words.plural("Added. The briefing holds {n} item.", "Added. The briefing holds {n} items.", len(added.items)),
        icon=":material/check:",
    )
