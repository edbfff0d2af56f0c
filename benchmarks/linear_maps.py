"""P-values of thousands of data sets at once, for any estimator that is a rule.

Estimates, cluster scores, residuals and leave-one-out estimates are all linear in the outcome. Each map is
found once, from outcomes of 1 in a single cell; every data set then costs a matrix product.
`check` compares the result with what the package says of a data set analysed in the ordinary way.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

import staggered as sg
from staggered.inference.bootstrap import signed_sums
from staggered.inference.wild import multipliers_of
from staggered.kernel.point import Point
from staggered.kernel.protocols import Inference
from staggered.kernel.rule import Rule
from staggered.planning.linear_tests import linear_test

PValues = Callable[[np.ndarray], np.ndarray]
"""Outcomes (draws, clusters, periods) in, p-values (draws,) out."""


@dataclass(frozen=True)
class Settled:
    """An estimator whose rule has been found: for inferences that ask for it again and again."""

    rule: Rule
    name: str = "settled rule"
    references: tuple[str, ...] = ()
    linear: bool = True

    def rule_at(self, panel: sg.Panel) -> Rule:
        """The rule as it is."""
        return self.rule

    def point(self, panel: sg.Panel) -> Point:
        """Values on this panel."""
        return Point.of(self.rule, panel.outcome)

    def fit(self, panel: sg.Panel, inference: Inference | None = None) -> sg.Estimate:
        """Estimate with the inference given."""
        assert inference is not None
        return inference.estimate(self, panel)


def cells(rule: Rule) -> np.ndarray:
    """An outcome of 1 in each single cell, (cells, clusters, periods)."""
    shape = rule.frame.used.shape
    return np.eye(rule.frame.used.size).reshape(-1, *shape)


def p_values(estimator: object, rule: Rule, inference: Inference, frame: sg.Frame) -> PValues | None:
    """Test of the first term; None where this estimator and this inference do not go together."""
    blind = rule.lone is not None and bool(rule.lone[0].any())
    if isinstance(inference, (sg.Jackknife, sg.Permutation)) or (
        isinstance(inference, sg.Cluster) and inference.kind in {"CR2", "CR3"}
    ):
        test = linear_test(estimator, inference, frame, 0.95)
        return None if test is None else lambda outcomes: test(outcomes).p_values
    if isinstance(inference, sg.Cluster):
        return None if blind else by_scores(rule, inference.kind)
    if isinstance(inference, sg.WildBootstrap):
        return None if blind else by_wild(rule, inference)
    if isinstance(inference, sg.Bootstrap) and inference.kind == "multiplier":
        return None if blind else by_signs(rule, inference)
    if isinstance(inference, sg.Bootstrap):
        return by_resampling(estimator, rule, inference, frame)
    return one_by_one(Settled(rule), frame, inference)


def score_map(rule: Rule) -> np.ndarray:
    """Each cluster's score as a linear map, (clusters, cells)."""
    return np.stack([rule.scores(cell)[0] for cell in cells(rule)], axis=1)


def by_scores(rule: Rule, kind: str) -> PValues:
    """CR0 with the normal distribution, CR1 with t and clusters − 1."""
    scores, weights = score_map(rule), rule.by_cluster()[0].ravel()
    clusters = len(scores)
    factor, df = (1.0, np.inf) if kind == "CR0" else (clusters / (clusters - 1), clusters - 1.0)

    def test(outcomes: np.ndarray) -> np.ndarray:
        flat = outcomes.reshape(len(outcomes), -1)
        ratio = -np.abs(flat @ weights) / np.sqrt(factor * ((flat @ scores.T) ** 2).sum(axis=1))
        return 2 * (special.ndtr(ratio) if np.isinf(df) else special.stdtr(df, ratio))

    return test


def by_signs(rule: Rule, inference: sg.Bootstrap) -> PValues:
    """Multiplier bootstrap: scores with random signs, the same for every data set."""
    scores, weights = score_map(rule), rule.by_cluster()[0].ravel()
    signs = signed_sums(np.eye(len(scores)), inference.draws, np.random.default_rng(inference.seed))

    def test(outcomes: np.ndarray) -> np.ndarray:
        flat = outcomes.reshape(len(outcomes), -1)
        errors = np.abs(flat @ scores.T @ signs.T)
        return (1 + (errors >= np.abs(flat @ weights)[:, None]).sum(axis=1)) / (1 + inference.draws)

    return test


def by_wild(rule: Rule, inference: sg.WildBootstrap) -> PValues:
    """Wild cluster bootstrap-t with the null imposed: ratios whose parts are linear in the outcome."""
    clusters, periods = rule.frame.used.shape
    rule = replace(rule, influence=None)
    scores, weights = score_map(rule), rule.by_cluster()[0]
    residual = np.stack([rule.residuals(cell).ravel() for cell in cells(rule)], axis=1)
    working = None if rule.working is None else rule.working[rule.patterns.group]
    move = weights if working is None else np.einsum("cpq,cq->cp", working, weights)
    move = move / (move * weights).sum()
    # Residuals once the estimate is moved to no effect, and the fit that goes with them.
    restricted = residual + np.outer(move.ravel(), weights.ravel())
    base = scores @ (np.eye(len(restricted)) - restricted)
    multipliers, _ = multipliers_of(clusters, inference.draws, inference.weights, inference.seed)
    own = scores.reshape(clusters, clusters, periods)

    def test(outcomes: np.ndarray) -> np.ndarray:
        found = np.empty(len(outcomes))
        for r, flat in enumerate(outcomes.reshape(len(outcomes), -1)):
            kept = (restricted @ flat).reshape(clusters, periods)
            top = np.abs(multipliers @ (weights * kept).sum(axis=1))
            spread = ((base @ flat + multipliers @ np.einsum("icp,cp->ci", own, kept)) ** 2).sum(axis=1)
            actual = abs(weights.ravel() @ flat) / np.sqrt(((scores @ flat) ** 2).sum())
            found[r] = (1 + (top >= actual * (1 - 1e-9) * np.sqrt(spread)).sum()) / (1 + len(multipliers))
        return found

    return test


def by_resampling(estimator: object, rule: Rule, inference: sg.Bootstrap, frame: sg.Frame) -> PValues:
    """Cluster bootstrap: the weights of each resample, spread back over the clusters drawn."""
    clusters = len(rule.patterns.group)
    generator = np.random.default_rng(inference.seed)
    weights, drawn = rule.by_cluster()[0].ravel(), []
    for _ in range(inference.draws):
        rows = np.sort(generator.choice(clusters, clusters))
        names = tuple(f"{row} (draw {k})" for k, row in enumerate(rows))
        try:
            again = estimator.rule(frame.keep(rows, names)).by_cluster()[0]
        except sg.StaggeredError:
            continue
        spread = np.zeros(frame.used.shape)
        np.add.at(spread, rows, again)
        drawn.append(spread.ravel() - weights)
    maps = np.array(drawn)

    def test(outcomes: np.ndarray) -> np.ndarray:
        flat = outcomes.reshape(len(outcomes), -1)
        return (1 + (np.abs(flat @ maps.T) >= np.abs(flat @ weights)[:, None]).sum(axis=1)) / (1 + len(maps))

    return test


def one_by_one(estimator: object, frame: sg.Frame, inference: Inference | None) -> PValues:
    """The ordinary analysis of each data set in turn; nan where there is no p-value."""
    empty = sg.Panel(frame, np.zeros(frame.used.shape))

    def test(outcomes: np.ndarray) -> np.ndarray:
        found = np.full(len(outcomes), np.nan)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sg.StaggeredWarning)
            for r, outcome in enumerate(outcomes):
                try:
                    fit = estimator.fit(replace(empty, outcome=outcome), inference).select([0])
                except sg.StaggeredError:
                    continue
                found[r] = float(fit.p_value)
        return found

    return test


def check(estimator: object, inference: Inference, frame: sg.Frame, outcomes: np.ndarray, found: np.ndarray) -> None:
    """Stop when the shortcut and the package disagree on the first data sets."""
    ordinary = one_by_one(estimator, frame, inference)(outcomes[:3])
    if not np.allclose(ordinary, found[:3], rtol=1e-7, atol=0, equal_nan=True):
        raise SystemExit(f"{estimator.name}, {inference.name}: {found[:3]} should be {ordinary}")
