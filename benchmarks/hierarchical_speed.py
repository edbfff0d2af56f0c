"""Seconds of the hierarchical model's main uses beside their targets.

    python -m benchmarks.hierarchical_speed [--chains] [--write]

Prints a table and exits 1 on a miss; --chains adds the fits by Markov chains, which take minutes to compile for the
first time; --write puts all of it into docs/hierarchical-speed.md. Processor time, medians of several runs, on one
thread but for the chains, whose time is the sum over theirs.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

import staggered as sg
from benchmarks.kernel_speed import ONE_THREAD, Row, seconds, table
from staggered.hierarchical.chains import Compiled, compiled
from staggered.hierarchical.gaussian import Gaussian
from staggered.hierarchical.layout import lay_out
from staggered.hierarchical.shared_grid import fit_all
from staggered.hierarchical.structure import Structure
from tests.hierarchical.conftest import TREATED, panel_of, priors_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "hierarchical-speed.md"
TRIALS, POINTS = 1000, 4096
PLAN = sg.Plan(
    design=sg.Design(TREATED, size=50), outcome=sg.Outcome(sd=1.0), covariance=sg.Decay(icc=0.1, cac=0.8),
    effect=sg.Constant(-0.15),
)  # fmt: skip


def analytic(family: str) -> float:
    """One fit, of rates where the family is Poisson."""
    source = "negbinomial" if family == "poisson" else family
    panel, fit = panel_of(source), sg.Hierarchical(family=family, engine="analytic", priors=priors_of(source))  # type: ignore[arg-type]
    return seconds(lambda: fit.fit(panel))


def shared_grid() -> float:
    """1,000 trials on one grid, none fitted by itself."""
    priors = sg.prior.Priors.scaled(0.0, 0.33)
    panel = sg.Panel(sg.Frame(PLAN.design), np.zeros(TREATED.shape))
    layout = lay_out(panel.frame, Structure(), priors)
    root = np.linalg.cholesky(PLAN.blocks())
    shock = np.random.default_rng(1).standard_normal((TRIALS, *TREATED.shape))
    outcome = np.matmul(root, shock[..., None])[..., 0] + PLAN.effects()
    model, answer = Gaussian.of(layout, panel), layout.mean_curve(layout.shares)
    residual = outcome - layout.columns @ layout.mean
    return seconds(lambda: fit_all(model, residual, answer, points=POINTS, seed=1, fewest=0.0), 1)


def assurance() -> float:
    """1,000 trials with every refit of those with few effective points."""
    return seconds(lambda: sg.assurance(PLAN, estimator=sg.Hierarchical(engine="analytic"), draws=TRIALS, seed=1), 1)


def refit(ready: Compiled, family: str) -> float:
    """New outcomes in a compiled model, in processor time of all cores, median of five data sets."""
    taken = []
    for seed in range(2, 7):
        panel = panel_of(family, seed=seed)
        began = time.process_time()
        found = ready.refit(panel, seed=1)
        taken.append(time.process_time() - began)
        print(f"refit {seed}: {taken[-1]:.2f} s", *(c.message for c in found.checks if not c.passed), flush=True)
    return float(np.median(taken))


def chains() -> list[Row]:
    """The binomial example by Markov chains, its compiler's cache warm."""
    panel, priors = panel_of("binomial"), priors_of("binomial")
    with warnings.catch_warnings():
        # What PyMC and its compilers say of themselves is not ours to judge.
        warnings.simplefilter("ignore")
        compiled(panel, Structure(family="binomial"), priors)
        began = time.process_time()
        ready = compiled(panel, Structure(family="binomial"), priors)
        ready.fit(panel, draws=4000, seed=1)
        whole = time.process_time() - began
        again = refit(ready, "binomial")
    return [
        Row("Markov chains, binomial, 4 × 1,000 draws, compiled from a warm cache", whole, 60.0, "s"),
        Row("the same model with new data, 2 × 600 draws (a refit), nothing compiled", again, 4.0, "s"),
    ]


def rows() -> list[Row]:
    """Measure what needs no compiler."""
    return [
        Row("gaussian, analytic engine, checks included", analytic("gaussian"), 0.35, "s"),
        Row("binomial, the same", analytic("binomial"), 0.5, "s"),
        Row("Poisson, the same", analytic("poisson"), 0.5, "s"),
        Row("negative binomial, the same", analytic("negbinomial"), 0.5, "s"),
        Row(f"assurance, {TRIALS:,} trials on one grid of {POINTS:,} points", shared_grid(), 10.0, "s"),
        Row("the same, refitting each trial with fewer than 20 effective points", assurance(), 60.0, "s"),
    ]


def page(measured: list[Row]) -> str:
    """Text of docs/hierarchical-speed.md."""
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}, {platform.system()}"
    return f"""# How long the hierarchical model takes

Written by `python -m benchmarks.hierarchical_speed --chains --write`. 24 councils in 20 quarters, six waves of four;
the analytic engine with the points it takes unless told (512 in its second round for gaussian outcomes, 128 for
counts) and 4,000 draws.

Processor time, medians of several runs, summed over threads for the chains; {versions}. Other machines differ by a
factor of two or three.

{table(measured)}

One fit by the analytic engine is quick enough to fit a thousand simulated trials, or to repeat a fit without each
council in turn. Markov chains are quick once compiled: the first time a model's shape is met its compilation takes a
minute or more, and is kept on disk. A refit, of which a prediction or a comparison is wanted and no interval to report,
walks two chains of 300 + 600 steps that learn the correlations of the parameters while tuning, and must reach an R-hat
below 1.05, 100 effective draws and no divergences; a refit that does not says so.
"""


def main() -> None:
    """Measure, print, and judge, in an interpreter whose linear algebra keeps to one thread."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        sys.exit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, **ONE_THREAD}))
    measured = [*rows(), *(chains() if "--chains" in sys.argv[1:] else [])]
    print(table(measured))
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(measured), encoding="utf-8")
    sys.exit(int(any(row.ratio > 1 for row in measured)))


if __name__ == "__main__":
    main()
