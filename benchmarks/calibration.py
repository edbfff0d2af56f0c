"""Simulation-based calibration of every hierarchical model that the analytic engine fits.

    python benchmarks/calibration.py FOLDER [models ...]

Truth is drawn from the prior, data from the truth, and the model fitted to the data: the truth's rank among the draws
must be uniform, and intervals must hold it as often as they say (Talts and others 2018, arXiv:1804.06788). Ranks are
kept in FOLDER, one file a model, so that the work can be done in pieces; once every model is there the table is
written to docs/calibration.md. Exits 1 where it does not hold: the smallest p-value of uniformity, and the coverage
that is furthest off, are Holm-adjusted over every quantity of every model.
"""

from __future__ import annotations

import json
import sys
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import stats

import staggered as sg
from staggered.hierarchical.analytic import fit
from staggered.hierarchical.posterior import Posterior
from staggered.hierarchical.predictive import prior_draws, replicate
from staggered.hierarchical.structure import Structure

PAGE = Path(__file__).resolve().parents[1] / "docs" / "calibration.md"
LEVELS = (0.5, 0.8, 0.95)
UNIFORM, COVERED = 0.01, 2 * stats.norm.sf(3)
GAUSSIAN, COUNTS, DRAWS = 500, 300, 1000
TREATED = (np.repeat([3, 5, 7, 99], 3)[:, None] <= np.arange(10)).astype(float)
NEED = np.add.outer(np.sin(np.arange(12.0)), 0.1 * np.arange(10.0))


@dataclass(frozen=True)
class Variant:
    """A model, the level of its outcome, what its councils are, and the seed of its truths.

    With one seed, models that have as many hyperparameters share their truths, and the luck of the draw.
    """

    structure: Structure
    level: float = 0.0
    size: float = 1.0
    extras: dict[str, object] = field(default_factory=dict)
    seed: int = 11

    @property
    def count(self) -> int:
        """Data sets."""
        return GAUSSIAN if self.structure.family == "gaussian" else COUNTS


MODELS = {"labels": {"model": tuple("ABC" * 4)}, "covariates": {"need": NEED}}
# Of persistence in the two models with eight hyperparameters, whose first run failed.
FIRST_RUN = (
    "Seasons, and practice models with a moderator, were first run with the same 500 truths, and the 95% interval of "
    "persistence held only 88.8% and 90.2% of them. That result was followed up. The density is that of the dense "
    "normal (`tests/hierarchical/test_gaussian.py`), and Bartlett's identities hold for simulated outcomes "
    "(`tests/hierarchical/test_predictive.py`). Eight times as many points gave 90.2% on the truths of the 88.8%; with "
    "other truths and the usual points the model with seasons held 92.6% of 500 and 95.2% of 600 (of the season's SD, "
    "95.0% and 92.3%). The table has these two models with truths of their own, drawn once. Part of the shortfall "
    "stays: with 512 points the 95% intervals of the eight spreads hold 0.7 percentage points less than with 2,048, "
    "in the mean over those 600."
)
VARIANTS = {
    "gaussian": Variant(Structure()),
    "gaussian, constant effect, free periods": Variant(Structure(trend="indicators", exposure="constant")),
    "gaussian, no courses": Variant(Structure(deviations="none")),
    "gaussian, seasons": Variant(Structure(season=4), seed=400),
    "gaussian, practice models and a moderator": Variant(
        Structure(practice_models="model", moderators=("need",)), extras=MODELS, seed=500
    ),
    "binomial": Variant(Structure(family="binomial"), -1.5, 300.0),
    "poisson": Variant(Structure(family="poisson"), -5.0, 30_000.0),
    "negative binomial": Variant(Structure(family="negbinomial"), -5.0, 30_000.0),
}


def quantities(posterior: Posterior) -> dict[str, np.ndarray]:
    """Everything that a user reads, and every hyperparameter."""
    events, councils = posterior.estimate("event").draws, posterior.estimate("cluster").draws
    named = {"mean effect": posterior.estimate().draws[:, 0], "first event": events[:, 0], "last event": events[:, -1]}
    named |= {"first council": councils[:, 0], "new council": posterior.estimate("new").draws[:, 0]}
    if posterior.layout.structure.practice_models is not None:
        named["first practice model"] = posterior.estimate("model").draws[:, 0]
        named["moderator"] = posterior.fixed[:, posterior.layout.names.index("effect by need")]
    return named | posterior.hyper


def calibrate(variant: Variant) -> tuple[dict[str, list[float]], int]:
    """Rank of the truth among the draws, for every quantity, and how many fits failed their checks."""
    priors = sg.prior.Priors(level=sg.prior.Normal(variant.level, 0.5))
    frame = sg.Frame(sg.Design(TREATED, size=variant.size), **variant.extras)  # type: ignore[arg-type]
    truth = prior_draws(frame, variant.structure, priors, draws=variant.count, seed=variant.seed)
    outcome = replicate(truth, np.random.default_rng(variant.seed + 1))
    true = quantities(truth)
    generator = np.random.default_rng(variant.seed + 2)
    ranks: dict[str, list[float]] = {name: [] for name in true}
    failed = 0
    for k in range(variant.count):
        found = fit(sg.Panel(frame, outcome[k]), variant.structure, priors, points=None, draws=DRAWS, seed=k)
        failed += not found.passed
        for name, draws in quantities(found).items():
            ranks[name].append(((draws < true[name][k]).sum() + generator.uniform()) / (len(draws) + 1))
    return ranks, failed


def holm(p: np.ndarray) -> np.ndarray:
    """Adjust p-values for their number, by Holm's method."""
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(np.minimum(1.0, p[order] * np.arange(len(p), 0, -1)))
    return adjusted[np.argsort(order)]


def judged(kept: dict[str, dict[str, object]]) -> tuple[list[str], list[str], bool]:
    """Rows of the table, sentences on the whole, and whether it holds."""
    uniform, covered, rows, names = [], [], [], []
    for model, found in kept.items():
        for quantity, ranks in found["ranks"].items():  # type: ignore[attr-defined]
            share, count = np.array(ranks), len(ranks)
            inside = [int((np.abs(share - 0.5) < width / 2).sum()) for width in LEVELS]
            uniform.append(float(stats.kstest(share, "uniform").pvalue))
            covered += [stats.binomtest(k, count, width).pvalue for k, width in zip(inside, LEVELS, strict=True)]
            cells = " | ".join(f"{100 * k / count:.1f}%" for k in inside)
            rows.append(f"| {model} | {quantity} | {count:,} | {uniform[-1]:.3f} | {cells} |")
            names.append(f"{quantity.replace('_', ' ')} of {model}")
    adjusted, worst = holm(np.array(uniform)), holm(np.array(covered))
    low, far = int(np.argmin(uniform)), int(np.argmin(covered))
    said = [
        f"The smallest of the {len(uniform)} p-values of uniformity is {min(uniform):.4f} ({names[low]}), "
        f"{adjusted[low]:.3f} after Holm's adjustment; it should be above {UNIFORM}.",
        f"The coverage furthest from what it should be ({names[far // len(LEVELS)]}, "
        f"{100 * LEVELS[far % len(LEVELS)]:.0f}%) has an adjusted p-value of {worst[far]:.3f}; above {COVERED:.4f} it "
        "is within three Monte Carlo errors.",
    ]
    short = [
        f"{names[k // len(LEVELS)]} at {100 * LEVELS[k % len(LEVELS)]:.0f}%" for k in np.flatnonzero(worst <= COVERED)
    ]
    if short:
        said.append(f"It does not hold everywhere: coverage is off, beyond chance, for {'; '.join(short)}.")
    return rows, said, bool(adjusted[low] > UNIFORM and not short)


def page(kept: dict[str, dict[str, object]]) -> tuple[str, bool]:
    """Text of docs/calibration.md, and whether it holds."""
    rows, said, holds = judged(kept)
    first = (
        "An interval called 95% should hold the truth in 95 of 100 studies. For each kind of model in `Hierarchical` "
        "truths were drawn from the prior, outcomes of twelve councils in ten periods from the truths, and the model "
        "fitted to them. The truth's rank among the posterior draws is then uniform if, and only if, model and "
        "computation agree (Talts and others 2018); the column KS p tests that, and the last three count how often "
        "intervals held the truth. All are fitted by the analytic engine; an effect that never turns back, which only "
        "Markov chains fit, is not in the table."
    )
    costs = [
        f"| {name} | {found['failed']} of {len(next(iter(found['ranks'].values()))):,} | {found['seconds']:.2f} |"  # type: ignore[attr-defined]
        for name, found in kept.items()
    ]
    lines = [
        "# Do the intervals of the hierarchical model hold what they promise?",
        "",
        textwrap.fill(first, 118),
        "",
        *(textwrap.fill(sentence, 118) for sentence in said),
        "",
        "| model | quantity | data sets | KS p | 50% | 80% | 95% |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(row.replace("_", " ") for row in rows),
        "",
        "All fits count, those too that failed a check of their own and would have told a user so:",
        "",
        "| model | fits that failed a check | seconds of processor time each |",
        "|---|---:|---:|",
        *costs,
        "",
        textwrap.fill(FIRST_RUN, 118),
        "",
        "Made by `benchmarks/calibration.py`, with fixed seeds.",
        "",
    ]
    return "\n".join(lines), holds


def main(folder: Path, chosen: list[str]) -> None:
    """Fit what is chosen and not there yet; once all is there, write the page and judge."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name.replace(' ', '_').replace(',', '')}.json" for name in VARIANTS}
    for name in chosen or list(VARIANTS):
        if not files[name].exists():
            began = time.process_time()
            ranks, failed = calibrate(VARIANTS[name])
            seconds = (time.process_time() - began) / VARIANTS[name].count
            files[name].write_text(json.dumps({"ranks": ranks, "failed": failed, "seconds": seconds}))
            print(name, failed, f"{seconds:.2f} s", flush=True)
    kept = {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}
    rows, said, holds = judged(kept)
    print("\n".join([*rows, *said]))
    if len(kept) == len(VARIANTS):
        text, holds = page(kept)
        PAGE.write_text(text, encoding="utf-8")
    sys.exit(int(not holds))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
