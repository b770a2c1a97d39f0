"""How evenly events are spread over residents: numbers in, numbers out.

Units are districts, in any order. Residents (people, one census) are the weights, so a large district counts for more than a
small one. PySAL's `inequality` gives every unit the same weight; the few lines with weights are therefore written here, and
the tests hold them against it.

In every function `events` is a count per unit and `residents` people per unit. Series and mappings are looked up by the index
of `events` (a KeyError names the unit that is missing), anything else is taken by position.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import rel_entr

ZONES = {
    **dict.fromkeys(("110101", "110102"), "core"),
    **dict.fromkeys(("110105", "110106", "110107", "110108"), "near"),
    **dict.fromkeys(("110111", "110112", "110113", "110114", "110115"), "new"),
    **dict.fromkeys(("110109", "110116", "110117", "110118", "110119"), "ecological"),
}
"""District → functional zone, from the centre outwards: capital function core, urban function extension (near suburbs), new
urban development, ecological conservation. Source: Beijing Main Functional Zone Plan, 2012 (北京市主体功能区规划)."""

Numbers = pd.Series | np.ndarray | Sequence[float]
ByUnit = Mapping | Numbers
Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Theil:
    """Theil's T in nats, and its split: total = within + between.

    `groups` has one row per group: group, events_share and residents_share (of all, 0..1), own (Theil's T inside the group, nan
    without events), within and between (the group's terms of the two sums; a between below 0 is a group with fewer events than
    its residents' share), contribution (within + between; adds up to the total).
    """

    total: float
    within: float
    between: float
    groups: pd.DataFrame


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, in the unit of the statistic; both nan where it has no value."""

    low: float
    high: float


def lorenz(events: Numbers, residents: ByUnit) -> pd.DataFrame:
    """The Lorenz curve of events over residents, from the unit with the fewest events per resident to that with the most.

    One row per unit after a row of zeros: unit (index of `events` or position; None in the first row), residents_share and
    events_share (0..1, cumulative). Equal rates keep their order. Without events or residents that share is nan.
    Source: Lorenz (1905), Publications of the American Statistical Association 9(70).
    """
    units = _units(events)
    counts, people = _arrays(events, residents)
    rising = _rising(counts, people)
    return pd.DataFrame(
        {
            "unit": pd.Series([None, *units[rising]], dtype=object),
            "residents_share": np.append(0.0, _shares(people)[rising].cumsum()),
            "events_share": np.append(0.0, _shares(counts)[rising].cumsum()),
        }
    )


def gini(events: Numbers, residents: ByUnit) -> float | np.ndarray:
    """Twice the area between the diagonal and the Lorenz curve: 0 where every unit has the same rate, nearing 1 as
    events gather where few live.

    A matrix of events has a unit per column and gives a number per row. nan without events or without residents.
    Source: trapezoids under the Lorenz curve, Brown (1994), Social Science & Medicine 38(9).
    """
    counts, people = _arrays(events, residents)
    rising = _rising(counts, people)
    events_share = np.take_along_axis(_shares(counts), rising, axis=-1)
    residents_share = _shares(people)[rising]
    area = (residents_share * (events_share.cumsum(axis=-1) - events_share / 2)).sum(axis=-1)
    return _known(1 - 2 * area, counts)


def theil_total(events: Numbers, residents: ByUnit) -> float | np.ndarray:
    """Theil's T, Σ s ln(s / p) over units with shares s of events and p of residents; 0 ln 0 = 0; nats; 0 where s = p.

    A matrix of events has a unit per column and gives a number per row. nan without events, without residents, or where a unit
    without residents has events. Source: Theil (1967), Economics and Information Theory, chapter 4.
    """
    return _divergence(*_arrays(events, residents))


def theil(events: Numbers, residents: ByUnit, groups: Mapping | Sequence) -> Theil:
    """Theil's T split into what lies within groups of units and what lies between them. `groups` names each unit's group.

    within = Σ s_g T_g, between = Σ s_g ln(s_g / p_g) over groups with shares s_g of events and p_g of residents, T_g Theil's T
    inside the group. Groups come in the order of `groups`, those without a unit left out. nan as in `theil_total`.
    Source: Theil (1967); Conceição & Ferreira (2000), The Young Person's Guide to the Theil Index.
    """
    counts, people = _arrays(events, residents)
    labels = np.asarray(_by_unit(groups, _units(events)), dtype=object)
    named = dict.fromkeys(groups.values() if isinstance(groups, Mapping) else labels)
    used = set(labels)
    names = [name for name in named if name in used]
    member = np.array([labels == name for name in names]).reshape(len(names), len(labels))
    s, p = member @ _shares(counts), member @ _shares(people)
    own = _divergence(member * counts, member * people)
    within, between = np.where(s == 0, 0.0, s * own), rel_entr(s, p)
    shares = {"group": names, "events_share": s, "residents_share": p}
    table = pd.DataFrame(shares | {"own": own, "within": within, "between": between, "contribution": within + between})
    inside, outside = (float(_known(terms.sum(), counts)) for terms in (within, between))
    return Theil(inside + outside, inside, outside, table)


def location_quotients(table: pd.DataFrame) -> pd.DataFrame:
    """How much more often a district's events are for an audience than the city's are: 1 is as often, 2 twice as often.

    `table` has one row per cell: district, audience, events (count). The answer is the same rows with `quotient`,
    (e_da / e_d.) / (e_.a / e_..), nan where one of these sums is 0. The sums run over cells: an event with two audiences counts
    under both, so e_d. may be more than the district's events. Source: Isard (1960), Methods of Regional Analysis, chapter 7.
    """
    cells = table["events"].astype(float)
    of_district = cells.groupby(table["district"]).transform("sum")
    of_audience = cells.groupby(table["audience"]).transform("sum")
    return table.assign(quotient=cells * cells.sum() / (of_district * of_audience))


def bootstrap(events: Numbers, residents: ByUnit, statistic: Statistic, runs: int = 1000, seed: int = 0, level: float = 0.95) -> Interval:
    """Percentile interval of `gini`, `theil_total` or another statistic that gives a number per row of a matrix of events.

    Events are resampled as if independent: each of n lands in a unit with the observed shares (multinomial). Events that come
    in series make the true interval wider. Chance alone makes few events uneven, so the interval leans upwards: where the
    observed spread is close to even it can lie above the observed value. Same seed, same answer; nan without events.
    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    counts, people = _arrays(events, residents)
    if not counts.sum() > 0:
        return Interval(np.nan, np.nan)
    # counts per unit are drawn at once: scipy.stats.bootstrap draws event by event, too slow for millions of them
    drawn = np.random.default_rng(seed).multinomial(round(counts.sum()), _shares(counts), size=runs)
    low, high = np.quantile(statistic(drawn, people), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


# ------------------------------------------------------------------ pieces


def _units(events: Numbers) -> pd.Index:
    return events.index if isinstance(events, pd.Series) else pd.RangeIndex(np.shape(events)[-1])


def _by_unit(values: Mapping | Sequence | pd.Series, units: pd.Index) -> Sequence | np.ndarray:
    if isinstance(values, Mapping):
        return [values[unit] for unit in units]
    return values.loc[units].to_numpy() if isinstance(values, pd.Series) else values


def _arrays(events: Numbers, residents: ByUnit) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(events, dtype=float), np.asarray(_by_unit(residents, _units(events)), dtype=float)


def _shares(numbers: np.ndarray) -> np.ndarray:
    """Shares of each row's sum; nan where the sum is 0."""
    sums = numbers.sum(axis=-1, keepdims=True)
    return np.divide(numbers, sums, out=np.full(numbers.shape, np.nan), where=sums > 0)


def _rising(counts: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Positions of the units by events per resident; without residents, units with events come last."""
    rates = np.divide(counts, people, out=np.where(counts > 0, np.inf, 0.0), where=people > 0)
    return rates.argsort(axis=-1, kind="stable")


def _divergence(counts: np.ndarray, people: np.ndarray) -> float | np.ndarray:
    return _known(rel_entr(_shares(counts), _shares(people)).sum(axis=-1), counts)


def _known(measured: np.ndarray, counts: np.ndarray) -> float | np.ndarray:
    """The measure where it has a value, else nan; rounding can leave an even spread a hair below 0."""
    known = (counts.sum(axis=-1) > 0) & np.isfinite(measured)
    return np.where(known, np.maximum(measured, 0.0), np.nan)[()]
