"""Simulated power: the whole analysis, run on data sets drawn from a truth that may differ from the plan."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
from joblib import Parallel, cpu_count, delayed
from joblib.parallel import BACKENDS, get_active_backend

from ..allocation.seeds import Seed, whole_seed
from ..data.frame import Frame
from ..data.panel import Panel
from ..errors import (
    ConvergenceWarning,
    DesignError,
    DesignWarning,
    FewClustersWarning,
    StaggeredError,
    StaggeredWarning,
)
from ..estimators.linear import Linear
from ..estimators.trial.gls import Gls
from ..estimators.trial.mixed import Mixed
from ..kernel.protocols import Estimator, Inference, has_settled_rule
from ..model.plan import Plan
from ..results.simulated import Simulated
from ..value import FloatArray
from .analysis_scale import as_analysed, scale_in_words, spread_as_analysed, target
from .conventions import papers
from .degrees import degrees_of_freedom
from .linear_tests import LinearTest, Tested, known_variance_test, linear_test
from .mixed_tests import MixedTest, mixed_test
from .simulate import draw_outcomes, draw_within

_CHUNK = 250
Progress = Callable[[int], None]
"""Told the number of data sets done so far."""


def simulated_power(  # noqa: PLR0913 - one analysis, one truth, and when to stop
    plan: Plan,
    draws: int,
    *,
    estimator: Estimator | None = None,
    inference: Inference | None = None,
    truth: Plan | None = None,
    alpha: float = 0.05,
    df: str | float | None = None,
    seed: Seed = 1,
    precise: float | None = None,
    on_progress: Progress | None = None,
) -> Simulated:
    """Run the analysis on simulated data sets and count how often it finds an effect.

    Parameters
    ----------
    plan : Plan
        What the analysis assumes.
    draws : int
        Data sets; fewer when `precise` is reached before.
    estimator : Estimator, optional
        Generalised least squares with the plan's covariance when absent.
    inference : Inference, optional
        The plan's own variance for that estimator, otherwise the estimator's default.
    truth : Plan, optional
        What the data are drawn from, when it differs from the plan: same councils and periods.
    alpha : float
    df : None, name or number
        Of the test when the variance is the one the plan assumes.
    seed : int, SeedSequence or Generator
        The same numbers on one worker or many; wrap the call in ``joblib.parallel_config`` to spread it.
    precise : float, optional
        Stop when the Monte Carlo standard error of power is below this.
    on_progress : callable, optional
        Told the number of data sets done so far, batch by batch.

    Raises
    ------
    DesignError
        A truth of another shape; a number of draws that is not positive.
    """
    truth = truth or plan
    _require_comparable(plan, truth, draws, precise)
    used = estimator or Gls(plan.covariance)
    frame = Frame(plan.design)
    known = estimator is None and inference is None
    degrees, sentence = degrees_of_freedom(plan, df if known else "normal")
    test = (
        known_variance_test(Gls(plan.covariance).rule(frame), plan.blocks(), degrees, 1 - alpha)
        if known
        else vectorised(used, inference, frame, 1 - alpha)
    )
    seeds = np.random.SeedSequence(whole_seed(seed)).spawn(math.ceil(draws / _CHUNK))
    sizes = [min(_CHUNK, draws - k * _CHUNK) for k in range(len(seeds))]
    workers = _workers()
    found: list[Tested] = []
    watched = precise is not None or on_progress is not None
    with Parallel() as parallel:
        for batch in _batches(len(seeds), workers if watched else len(seeds)):
            found += parallel(
                delayed(_run)(truth, used, inference, frame, test, sizes[k], seeds[k], alpha) for k in batch
            )
            if on_progress is not None:
                on_progress(sum(sizes[: len(found)]))
            enough = [] if precise is None else [k for k in batch if _mcse(found[: k + 1], alpha) < precise]
            if enough:
                # However many ran side by side, the answer ends where one worker would have stopped.
                found = found[: enough[0] + 1]
                break
    effect = target(truth, used, frame)
    estimates = np.concatenate([one.estimates for one in found])
    low = np.concatenate([one.lows for one in found])
    high = np.concatenate([one.highs for one in found])
    how = "the variance the plan assumes" if known else inference.name if inference else "its default inference"
    return Simulated(
        estimates=estimates,
        p_values=np.concatenate([one.p_values for one in found]),
        covered=np.where(np.isnan(low), np.nan, (low <= effect) & (effect <= high)),
        singular=sum(one.singular for one in found),
        effect=effect,
        alpha=alpha,
        estimator=used.name,
        inference=how,
        conventions=(*([sentence] if known else []), *scale_in_words(plan, used)),
        references=(*papers(plan, used), *(inference.references if inference else ())),
    )


def _workers() -> int:
    """Count the workers that joblib would use here; say when they are more than this machine has cores."""
    backend, asked = get_active_backend()
    count = int(backend.effective_n_jobs(asked))
    # Another backend, such as Dask, has its own machines.
    here = isinstance(backend, tuple(BACKENDS[name] for name in ("loky", "multiprocessing", "threading")))
    if here and count > cpu_count():
        warnings.warn(
            f"{count} workers were asked for on a machine with fewer cores ({cpu_count()}): they wait for each other "
            "and need memory, and nothing gets faster. The numbers stay the same.",
            StaggeredWarning,
            stacklevel=3,
        )
    return count


def vectorised(
    estimator: Estimator, inference: Inference | None, frame: Frame, level: float
) -> LinearTest | MixedTest | None:
    """Test many data sets at once, where estimator and inference allow it; else None."""
    if isinstance(estimator, Mixed):
        return mixed_test(estimator, inference, frame, level)
    if not (has_settled_rule(estimator) and isinstance(estimator, Linear)):
        return None
    return linear_test(estimator, inference or estimator.default_inference(frame), frame, level)


def applied(test: LinearTest | MixedTest, outcomes: FloatArray, within: FloatArray | None) -> Tested:
    """Test data sets; rules look at cell means alone."""
    return test(outcomes, within) if isinstance(test, MixedTest) else test(outcomes)


def _run(
    truth: Plan,
    estimator: Estimator,
    inference: Inference | None,
    frame: Frame,
    test: LinearTest | MixedTest | None,
    count: int,
    seed: np.random.SeedSequence,
    alpha: float,
) -> Tested:
    """Draw and analyse one chunk of data sets."""
    generator = np.random.default_rng(seed)
    drawn = draw_outcomes(truth, count, generator)
    within = spread_as_analysed(draw_within(truth, drawn, generator), truth, estimator)
    outcomes = as_analysed(drawn, truth, estimator)
    if test is not None:
        return applied(test, np.where(frame.used, outcomes, 0.0), within)
    outcomes = np.where(frame.used, outcomes, np.nan)
    spread = [None] * count if within is None else list(within)
    panels = [Panel(frame, outcome, within=inside) for outcome, inside in zip(outcomes, spread, strict=True)]
    rows = [_one(estimator, inference, panel, 1 - alpha) for panel in panels]
    estimates, p_values, lows, highs = np.array([row[:4] for row in rows]).T
    return Tested(estimates, p_values, lows, highs, sum(row[4] for row in rows))


def _one(
    estimator: Estimator, inference: Inference | None, panel: Panel, level: float
) -> tuple[float, float, float, float, bool]:
    """Estimate, p-value, interval and whether the fit ended on a boundary; nan where it failed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        # What is said of the design is the same for every data set.
        warnings.simplefilter("ignore", FewClustersWarning)
        warnings.simplefilter("ignore", DesignWarning)
        try:
            estimate = estimator.fit(panel, inference).select([0])
        except DesignError:
            # The same for every outcome: the question is wrong, and no data set failed.
            raise
        except (StaggeredError, np.linalg.LinAlgError):
            return math.nan, math.nan, math.nan, math.nan, False
    low, high = estimate.interval(level)
    singular = any(issubclass(one.category, ConvergenceWarning) for one in caught)
    return estimate.value, estimate.p_value, low, high, singular


def _batches(chunks: int, size: int) -> list[range]:
    return [range(start, min(start + size, chunks)) for start in range(0, chunks, size)]


def _mcse(found: list[Tested], alpha: float) -> float:
    p_values = np.concatenate([one.p_values for one in found])
    share = float((p_values < alpha).mean())
    return math.sqrt(max(share * (1 - share), 0.25 / len(p_values)) / len(p_values))


def _require_comparable(plan: Plan, truth: Plan, draws: int, precise: float | None) -> None:
    if draws < 1 or int(draws) != draws:
        raise DesignError(f"simulate is {draws}.", "It counts data sets.", "Give, for example, 2000.")
    if precise is not None and not precise > 0:
        raise DesignError(
            f"precise is {precise:g}.",
            "The simulation stops once the Monte Carlo standard error of power is below it, and that is never so.",
            "Give, for example, 0.01 for one percentage point.",
        )
    if not np.array_equal(plan.design.treatment, truth.design.treatment, equal_nan=True):
        raise DesignError(
            "The truth has another schedule than the plan.",
            "The data are drawn for the councils and periods that the plan analyses.",
            "Change outcome, covariance or effect of the plan, and keep its schedule.",
        )
    if plan.outcome.link != truth.outcome.link:
        raise DesignError(
            f"The truth is on the {truth.outcome.link} scale, the plan on the {plan.outcome.link} scale.",
            "Their effects are then not the same kind of number.",
            "Use one link for both.",
        )
