"""Simulation-based calibration of every hierarchical model that ships.

    python benchmarks/calibration.py [gaussian data sets] [count data sets] [models ...]

Truth is drawn from the prior, data from the truth, and the model fitted to the data: the truth's rank among the draws
must be uniform, and intervals must hold it as often as they say (Talts and others 2018, arXiv:1804.06788). The last
line says whether all of it holds: the smallest p-value of uniformity and the furthest coverage, both Holm-adjusted over
every parameter of every model.
"""

import sys
import time

import numpy as np
from scipy import stats

import staggered as sg
from staggered.hierarchical.analytic import fit
from staggered.hierarchical.posterior import Posterior
from staggered.hierarchical.predictive import prior_draws, replicate
from staggered.hierarchical.structure import Structure

LEVELS = (0.5, 0.8, 0.95)
DRAWS = 1000
TREATED = (np.repeat([3, 5, 7, 99], 3)[:, None] <= np.arange(10)).astype(float)
VARIANTS = {
    "gaussian": (Structure(), 0.0, 1.0),
    "gaussian, constant effect, free periods": (Structure(trend="indicators", exposure="constant"), 0.0, 1.0),
    "gaussian, no courses": (Structure(deviations="none"), 0.0, 1.0),
    "gaussian, seasons": (Structure(season=4), 0.0, 1.0),
    "binomial": (Structure(family="binomial"), -1.5, 300.0),
    "poisson": (Structure(family="poisson"), -5.0, 30_000.0),
    "negative binomial": (Structure(family="negbinomial"), -5.0, 30_000.0),
}


def quantities(posterior: Posterior) -> dict[str, np.ndarray]:
    """Everything that a user reads, and every hyperparameter."""
    events, councils = posterior.estimate("event"), posterior.estimate("cluster")
    named = {"mean effect": events.uncertainty.draws[:, 0], "last event": events.uncertainty.draws[:, -1]}
    named |= {"first council": councils.uncertainty.draws[:, 1], "new council": posterior.estimate("new").draws[:, 0]}
    return named | posterior.hyper


def calibrate(structure: Structure, level: float, size: float, count: int) -> tuple[dict[str, np.ndarray], int]:
    """Rank of the truth among the draws, (data sets,) for every quantity, and how many fits failed their checks."""
    priors = sg.prior.Priors(level=sg.prior.Normal(level, 0.5))
    frame = sg.Frame(sg.Design(TREATED, size=size))
    truth = prior_draws(frame, structure, priors, draws=count, seed=11)
    outcome = replicate(truth, np.random.default_rng(12))
    true = quantities(truth)
    generator = np.random.default_rng(13)
    share = {name: np.empty(count) for name in true}
    failed = 0
    for k in range(count):
        found = fit(sg.Panel(frame, outcome[k]), structure, priors, points=None, draws=DRAWS, seed=k)
        failed += not found.passed
        for name, draws in quantities(found).items():
            share[name][k] = ((draws < true[name][k]).sum() + generator.uniform()) / (len(draws) + 1)
    return share, failed


def holm(p: np.ndarray) -> np.ndarray:
    """Adjust p-values for their number, by Holm's method."""
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(np.minimum(1.0, p[order] * np.arange(len(p), 0, -1)))
    return adjusted[np.argsort(order)]


def main(gaussian: int, counts: int, chosen: list[str]) -> None:
    uniform, covered, rows = [], [], []
    print("| model | quantity | data sets | KS p | 50% | 80% | 95% |\n|---|---|---|---|---|---|---|")
    for name, (structure, level, size) in VARIANTS.items():
        if chosen and name not in chosen:
            continue
        began, count = time.process_time(), gaussian if size == 1 else counts
        share, failed = calibrate(structure, level, size, count)
        for quantity, ranks in share.items():
            p = stats.kstest(ranks, "uniform").pvalue
            inside = [int((np.abs(ranks - 0.5) < width / 2).sum()) for width in LEVELS]
            uniform.append(p)
            covered += [stats.binomtest(k, count, width).pvalue for k, width in zip(inside, LEVELS, strict=True)]
            cells = " | ".join(f"{100 * k / count:.1f}" for k in inside)
            rows.append((name, quantity))
            print(f"| {name} | {quantity} | {count} | {p:.3f} | {cells} |", flush=True)
        seconds = (time.process_time() - began) / count
        print(f"| {name} | *fits that failed their checks* | {failed} of {count} | | {seconds:.2f} s CPU each | | |")
    adjusted, worst = holm(np.array(uniform)), holm(np.array(covered))
    where = ", ".join(rows[int(adjusted.argmin())])
    print(f"\nSmallest KS p, Holm-adjusted over {len(uniform)}: {adjusted.min():.3f} ({where}).")
    print(f"Smallest binomial p of {len(covered)} coverages, Holm-adjusted: {worst.min():.3f}.")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:3]]
    main(*(given if len(given) == 2 else (500, 200)), sys.argv[3:])
