"""Group-time effects adjusted for covariates, without each cluster in turn: each comparison is fitted once for all.

Leaving a cluster out moves only the comparisons that it takes part in, and the cohorts' sizes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator

import numpy as np

from ...data.frame import Frame
from ...data.panel import Panel
from ...kernel.patterns import Patterns
from ...results.estimate import Term
from ...value import BoolArray, FloatArray, IntArray
from .adjusted import Method
from .adjusted_rule import comparison_keys, stacked_covariates, taking_part
from .aggregate import Summary, summarise
from .cohorts import cohort_sizes, unit_weights
from .comparisons import Comparisons
from .left_out_fits import Compared, effects_without_each


def adjusted_without_each(
    panel: Panel, patterns: Patterns, found: Comparisons, rows: IntArray, *, method: Method, levels: bool, by: str
) -> Iterator[tuple[int, tuple[Term, ...], FloatArray]]:
    """Cluster left out, terms that remain and their values, for those of `rows` that no cohort's periods hang on.

    Parameters
    ----------
    patterns : Patterns
        The clusters themselves.
    found : Comparisons
        Comparisons with everyone, not yet adjusted.
    """
    frame, start, unit = panel.frame, panel.design.start, unit_weights(patterns)
    effects = _effects(panel, patterns, found, method, levels=levels)
    sizes = cohort_sizes(patterns, start, found.cells[:, 0])
    summaries: dict[Hashable, Summary] = {}
    for row in rows[~_alone(frame)[rows]].tolist():
        known = np.isfinite(effects[row])
        if not (known & found.after).any():
            # Nothing can be compared any more.
            yield row, (), np.zeros(0)
            continue
        key = (known.tobytes(), start[row], unit[row])
        if key not in summaries:
            without = sizes - np.where(found.cells[:, 0] == start[row], unit[row], 0.0)
            lost = np.concatenate([found.lost, found.cells[~known & found.after]])
            summaries[key] = summarise(frame.design, found.cells[known], without[known], by, lost)
        summary = summaries[key]
        yield row, summary.terms, summary.weights @ effects[row, known]


def _alone(frame: Frame) -> BoolArray:
    """Clusters that alone hold up some period of their cohort: without them its base may be another."""
    start, alone = frame.design.start, np.zeros(len(frame.seen), dtype=bool)
    for cohort in np.unique(start[np.isfinite(start)]):
        own = start == cohort
        alone[own] = (frame.used[own] & (frame.used[own].sum(axis=0) == 1)).any(axis=1)
    return alone


def _effects(panel: Panel, patterns: Patterns, found: Comparisons, method: Method, *, levels: bool) -> FloatArray:
    """Effect in each cell without each cluster, (clusters, cells); nan where there is none."""
    covariates, outcome = stacked_covariates(panel.frame), panel.outcome
    effects = np.full((len(outcome), len(found.cells)), np.nan)
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for k, key in enumerate(comparison_keys(patterns, found, covariates, levels=levels)):
        alike[key].append(k)
    for cells in alike.values():
        rows, after, treated, design, weight = taking_part(patterns, found, cells[0], covariates, levels=levels)
        compared = Compared(method, rows, treated, after if levels else None, design, weight)
        then, before = outcome[rows[:, None], found.cells[cells, 1]], outcome[rows[:, None], found.base[cells]]
        values = np.where(after[:, None], then, before) if levels else then - before
        everyone, units, without = effects_without_each(compared, values)
        effects[:, cells] = everyone
        effects[units[:, None], cells] = without
    return effects
