"""Power of the whole analysis at each draw of what is not known, by simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..data.frame import Frame
from ..errors import DesignError
from ..estimators.trial.gls import Gls
from ..kernel.protocols import Estimator, Inference
from ..model.effect import Constant
from ..model.plan import Plan
from ..value import FloatArray
from .analysis_scale import as_analysed, spread_as_analysed
from .mixed_tests import MixedTest
from .simulate import draw_outcomes, draw_within
from .simulation import applied, vectorised
from .variation import varied


def simulated_powers(
    plan: Plan,
    analysis: tuple[Estimator | None, Inference],
    inputs: Mapping[str, FloatArray],
    simulate: int,
    seed: int,
) -> FloatArray:
    """Share of simulated data sets in which an analysis finds an effect, at each draw, (draws,).

    The analysis is fixed beforehand, at the plan; only the data follow the draws.

    Parameters
    ----------
    analysis : (estimator, inference)
        The plan's own generalised least squares when the estimator is None.
    inputs : mapping of str to array (draws,)
        Draws of "effect", "icc", "cac", "variance" and "size".
    simulate : int
        Data sets at each draw.

    Raises
    ------
    DesignError
        An analysis that is fitted anew for each data set.
    """
    estimator, inference = analysis
    level = 0.95
    used = estimator or Gls(plan.covariance)
    test = vectorised(used, inference, Frame(plan.design), level)
    if test is None:
        raise DesignError(
            f"Assurance by simulation is not available for this estimator with {inference.name}.",
            "It runs the analysis on many data sets at each draw, which takes a rule or a mixed model.",
            "Use CR2, CR3, the jackknife or a permutation test; or sg.power(plan, simulate=..., truth=...).",
        )
    draws = len(next(iter(inputs.values())))
    powers = np.empty(draws)
    seeds = np.random.SeedSequence([seed, 2]).spawn(draws)
    for k in range(draws):
        truth, generator = _truth(plan, {n: v[k] for n, v in inputs.items()}), np.random.default_rng(seeds[k])
        drawn = draw_outcomes(truth, simulate, generator)
        within = spread_as_analysed(draw_within(truth, drawn, generator), truth, used)
        # A mixed model weighs cells by the people who came, whom the plan did not foresee.
        here = replace(test, frame=Frame(truth.design)) if isinstance(test, MixedTest) else test
        powers[k] = (applied(here, as_analysed(drawn, truth, used), within).p_values < 1 - level).mean()
    return powers


def _truth(plan: Plan, drawn: Mapping[str, float]) -> Plan:
    """Put one draw in place of what the plan assumes."""
    correlation = {name: np.asarray(drawn[name]) for name in ("icc", "cac", "variance") if name in drawn}
    truth = replace(plan, covariance=varied(plan, correlation)) if correlation else plan
    if "effect" in drawn:
        truth = replace(truth, effect=Constant(float(drawn["effect"])))
    if "size" in drawn:
        truth = replace(truth, design=replace(truth.design, size=truth.design.size * drawn["size"]))
    return truth
