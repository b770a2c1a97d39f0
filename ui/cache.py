"""The open store and the answers already computed, for all viewers; both give way when the data change."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from threading import Lock

import pandas as pd

from analytics import measures
from analytics.measures import Grouping
from analytics.selection import Selection
from analytics.store import Store, configured, current_version, open_store

_lock = Lock()
_held: dict[str, object] = {}


def current_store() -> Store:
    """The store with the newest data: opened once, opened anew when its file or its database has changed.

    Raises OutreachError when there is nothing to show.
    """
    url, path = configured()
    stamp = (url, str(path), *((status.st_mtime_ns, status.st_size) if (status := _status(path)) else ()))
    with _lock:
        store = _held.get("store")
        stale = not isinstance(store, Store) or _held.get("stamp") != stamp
        if not stale and url and current_version(store.engine) != store.version:
            stale = True
        if stale:
            _held["store"], _held["stamp"] = open_store(), stamp
        return _held["store"]


def _status(path: os.PathLike) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def measure(store: Store, selection: Selection, groupings: tuple[Grouping, ...]) -> dict[Grouping, pd.DataFrame]:
    """`measures.measure`, each grouping remembered with the rows it asks about: a chart that ignores the filter just changed
    is not counted again. The frames are shared: nobody changes them.
    """
    answer: dict[Grouping, pd.DataFrame] = {}
    for freed, bundle in measures.bundles(selection, groupings).items():
        known = {each: _frames.get((store.version, freed, each)) for each in dict.fromkeys(map(_bare, bundle))}
        missing = [each for each, frame in known.items() if frame is None]
        for grouping, frame in (measures.measure(store, freed, missing) if missing else {}).items():
            known[grouping] = frame
            _remember((store.version, freed, grouping), frame)
        answer |= {grouping: known[_bare(grouping)] for grouping in bundle}
    return {grouping: answer[grouping] for grouping in groupings}


def _bare(grouping: Grouping) -> Grouping:
    """The grouping by itself, its ignored filters being let go already."""
    return Grouping(grouping.by, activities=grouping.activities)


_frames: OrderedDict[tuple, pd.DataFrame] = OrderedDict()
MOST_FRAMES = 2_000


def _remember(key: tuple, frame: pd.DataFrame) -> None:
    with _lock:
        _frames[key] = frame
        while len(_frames) > MOST_FRAMES:
            _frames.popitem(last=False)


def of_upload(given, purpose: str, version: str, make: Callable[[], object]) -> object:
    """What `make` gives for an uploaded file, made once for its content and the data's version, not on every redraw."""
    return remembered((purpose, version, given.name, hashlib.sha256(given.getvalue()).hexdigest()), make)


def remembered(key: tuple, make: Callable[[], object]) -> object:
    """What `make` gives, made once per key; the key holds the data's version."""
    if key not in _answers:
        answer = make()
        with _lock:
            _answers[key] = answer
            while len(_answers) > MOST_ANSWERS:
                _answers.popitem(last=False)
        return answer
    return _answers[key]


_answers: OrderedDict[tuple, object] = OrderedDict()
MOST_ANSWERS = 200


@lru_cache(maxsize=512)
def left_out(store: Store, selection: Selection) -> dict[str, int]:
    """`measures.left_out`, remembered."""
    return measures.left_out(store, selection)


@lru_cache(maxsize=512)
def places_named(store: Store, selection: Selection) -> int:
    """`measures.places_named`, remembered."""
    return measures.places_named(store, selection)


@lru_cache(maxsize=64)
def event_rows(store: Store, selection: Selection, limit: int) -> pd.DataFrame:
    """`measures.event_rows`, remembered."""
    return measures.event_rows(store, selection, limit)
