"""Which other allocations an estimate is compared with, and whether the data allow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..allocation.allocate import Allocation
from ..allocation.orders import all_orders, random_orders
from ..allocation.seeds import Seed, require_draws, whole_seed
from ..data.panel import Panel
from ..design.design import Design
from ..errors import DataError, IdentificationError, listing
from ..value import BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class Reallocations:
    """Orders that could have been drawn instead.

    Parameters
    ----------
    orders : array (draws, clusters)
        Entry [r, i] is the cluster whose schedule cluster i receives; the actual order is not among them
        unless drawn at random.
    count : int
        Number of allocations that the scheme allows, the actual one included.
    exact : bool
        Whether all of them are here.
    """

    orders: IntArray
    count: int
    exact: bool


def with_strata(panel: Panel, strata: Sequence[str] | str | None) -> Panel:
    """Replace the design's strata by those given, or by a label kept with the panel."""
    if strata is None:
        return panel
    if isinstance(strata, str):
        if strata not in panel.frame.labels:
            raise DataError(
                f"There is no label {strata!r} in the panel.",
                "It should name each cluster's stratum.",
                f'Read it with keep=["{strata}"].',
            )
        strata = panel.frame.labels[strata]
    if not isinstance(strata, Sequence):
        raise DataError(
            f"strata is {strata!r}.",
            "Dates are swapped within strata.",
            "Give one name per cluster, or the name of a label kept with the panel.",
        )
    frame = replace(panel.frame, design=replace(panel.design, strata=tuple(strata)))
    return replace(panel, frame=frame)


def reallocations(design: Design, draws: int, seed: Seed, allowed: Allocation | None) -> Reallocations:
    """Find the re-allocations to use: all that are allowed when there are few, else some at random."""
    require_draws(draws, 1, "The estimate is compared with at least one other allocation.", 9999)
    if allowed is not None and not isinstance(allowed, Allocation):
        raise DataError(
            f"allowed is {type(allowed).__name__}, not an allocation.",
            "It says which orders could have been drawn.",
            "Give what sg.allocate(design, ...) returned.",
        )
    generator = np.random.default_rng(whole_seed(seed))
    listed = None
    if allowed is not None:
        place = _places(design, allowed)
        listed = None if allowed.allowed is None else _in_rows_of(design, place, allowed.allowed)
        design = _with_strata_of(design, place, allowed)
    count = design.allocations() if listed is None else len(listed)
    if count <= 1:
        raise IdentificationError(
            "The scheme allows only one allocation.",
            "With nothing to swap there is nothing to compare the estimate with.",
            "Give wider strata, or use Jackknife().",
        )
    if listed is None:
        exact = count - 1 <= draws
        return Reallocations(all_orders(design)[1:] if exact else random_orders(design, draws, generator), count, exact)
    others = listed[1:]
    if len(others) <= draws:
        return Reallocations(others, count, True)
    return Reallocations(others[generator.choice(len(others), draws, replace=False)], count, False)


def _places(design: Design, allowed: Allocation) -> IntArray:
    """Row of the panel of each allocated cluster; refuse clusters that are missing or were treated otherwise."""
    rows = {name: row for row, name in enumerate(design.clusters)}
    missing = [name for name in allowed.design.clusters if name not in rows]
    if missing:
        raise DataError(
            f"Part of the allocation, but not in the panel: {listing(missing)}.",
            "The allocations that could have been drawn can then not be played through.",
            "Bring the missing data, or say why a council left and use Jackknife().",
        )
    place = np.array([rows[name] for name in allowed.design.clusters])
    allocated = [row.tobytes() for row in allowed.design.treatment]
    treated = [row.tobytes() for row in design.treatment[place]]
    first = {code: k for k, code in reversed(list(enumerate(allocated)))}
    apart = [k for k, code in enumerate(allocated) if treated[k] != treated[first[code]]]
    if apart:
        names = allowed.design.clusters
        pairs = [f"{names[first[allocated[k]]]} and {names[k]}" for k in apart]
        raise DataError(
            f"Allocated alike but treated differently in the panel: {listing(pairs)}.",
            "The test plays through the allocation as drawn, not what became of it.",
            "Give the panel the allocated dates (planned, not actual), or use Jackknife().",
        )
    return place


def _in_rows_of(design: Design, place: IntArray, orders: IntArray) -> IntArray:
    """Orders of the allocation's clusters as orders of the panel's rows; others keep their own schedule."""
    moved = np.tile(np.arange(len(design.clusters)), (len(orders), 1))
    moved[:, place] = place[orders]
    return moved


def _with_strata_of(design: Design, place: IntArray, allowed: Allocation) -> Design:
    """Strata of the allocation; each cluster outside it in one of its own."""
    strata = [f"outside the allocation: {name}" for name in design.clusters]
    for row, stratum in zip(place.tolist(), allowed.design.strata, strict=True):
        strata[row] = stratum
    return replace(design, strata=tuple(strata))


def require_measured(panel: Panel, orders: IntArray) -> None:
    """Refuse to swap a schedule onto cells that were never measured because the own schedule blanked them."""
    design, present = panel.design, panel.frame.present
    assert present is not None
    lost = _blanks_used(design, orders) & ~present
    if lost.any():
        named = [f"{design.clusters[i]} in {design.periods[t]}" for i, t in np.argwhere(lost)]
        raise DataError(
            f"Not measured, because the actual schedule left it out: {listing(named)}.",
            "Under other allowed allocations it would have been, so the re-allocations are not comparable.",
            "Collect those cells, or use Jackknife().",
        )


def uses_blanks(panel: Panel, orders: IntArray) -> bool:
    """Whether a re-allocation uses a cell that the actual schedule blanked, whose share of the effect is unknown."""
    return bool(_blanks_used(panel.design, orders).any())


def _blanks_used(design: Design, orders: IntArray) -> BoolArray:
    """Cells that the actual schedule leaves out and some re-allocation observes, (clusters, periods)."""
    own = design.observed
    if own.all():
        return np.zeros_like(own)
    received = np.stack([own[np.unique(orders[:, k])].any(axis=0) for k in range(own.shape[0])])
    return received & ~own
