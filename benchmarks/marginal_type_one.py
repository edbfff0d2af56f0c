"""How often marginal models of stepped wedges find an effect that is not there, from 5 to 40 councils.

    python benchmarks/marginal_type_one.py [draws]

Nothing happens at the start. Children with and without the outcome are drawn with a nested correlation, councils of
unequal size, and analysed with the logit link, two working correlations, and every correction. Writes
docs/marginal-type-one.md.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import stats

import staggered as sg
from staggered.estimators.trial.marginal_correction import CORRECTIONS, corrected

PAGE = Path(__file__).resolve().parents[1] / "docs" / "marginal-type-one.md"
ALPHA = 0.05
COUNCILS = (5, 6, 8, 12, 20, 40)
WORKING = ("independence", "nested")
STEPS = 5
SEED = 20_250_401
OPENING = """\
# Marginal models with few councils: how often is an effect found that is not there?

Written by `benchmarks/marginal_type_one.py`. Nothing happens at go-live. Councils start over five steps (six periods)
and see 20 to 100 children a period, one in ten with the outcome; two children of a council are correlated by 0.02 in
one period and by 0.016 in two. {draws:,} data sets for each number of councils; a test at 5% should find an effect in
5% of them, and the Monte Carlo standard error there is {error:.1f} points. All rows but the first of each block use t
with (councils − 2) degrees of freedom.
"""
CLOSING = """\
What to take from it:

{said}
- Data sets in which nothing was estimated (an outcome that some group never has, equations without a solution) are left
  out: {lost}.
"""


def plan(councils: int, seed: int) -> sg.Plan:
    """A stepped wedge of unequal councils in which nothing happens."""
    generator = np.random.default_rng([SEED, councils, seed])
    size = np.round(np.exp(generator.uniform(np.log(20), np.log(100), councils)))
    design = sg.stepped(clusters=councils, steps=STEPS)
    design = replace(design, size=np.broadcast_to(size[:, None], design.treatment.shape))
    outcome = sg.Outcome("binomial", baseline=0.1)
    return sg.Plan(design=design, outcome=outcome, covariance=sg.Nested(icc=0.02, cac=0.8), effect=sg.Constant(0.0))


def rejected(councils: int, draws: int) -> tuple[dict[tuple[str, str], float], int]:
    """Share of data sets in which each way finds an effect, and how many gave no estimate."""
    found: dict[tuple[str, str], list[bool]] = {}
    lost = 0
    for draw in range(draws):
        panel = sg.simulate(plan(councils, draw), seed=draw)
        for working in WORKING:
            try:
                model = sg.Marginal("binomial", working).model(panel)
                solution = model.solved()
            except sg.StaggeredError:
                lost += 1
                continue
            observations = model.equations.rows.observations
            for correction in CORRECTIONS:
                covariance = corrected(solution.scores, solution.information, correction, observations)
                ratio = abs(solution.beta[-1]) / np.sqrt(covariance[-1, -1])
                name = correction or "no correction"
                found.setdefault((working, name), []).append(2 * stats.t.sf(ratio, councils - 2) < ALPHA)
                if correction is None:
                    found.setdefault((working, "no correction, z"), []).append(2 * stats.norm.sf(ratio) < ALPHA)
    return {way: float(np.mean(one)) for way, one in found.items()}, lost


def page(draws: int) -> str:
    """Text of the page."""
    results = {councils: rejected(councils, draws) for councils in COUNCILS}
    names = ["no correction, z", "no correction", *(name for name in CORRECTIONS if name)]
    lines = [OPENING.format(draws=draws, error=100 * np.sqrt(ALPHA * (1 - ALPHA) / draws))]
    for working in WORKING:
        lines.append(f"## Working correlation: {working}\n")
        lines.append("| correction | " + " | ".join(f"{councils} councils" for councils in COUNCILS) + " |")
        lines.append("|---|" + "---:|" * len(COUNCILS))
        for name in names:
            shares = [results[councils][0][working, name] for councils in COUNCILS]
            lines.append(f"| {name} | " + " | ".join(f"{share:.1%}" for share in shares) + " |")
        lines.append("")
    lost = ", ".join(
        f"{count} of {2 * draws:,} fits with {councils} councils" for councils, (_, count) in results.items()
    )
    said = []
    for several in ((5, 6, 8), (12, 20, 40)):
        ranges = []
        for name in names:
            shares = [results[councils][0][working, name] for councils in several for working in WORKING]
            ranges.append(f"{name} {min(shares):.1%} to {max(shares):.1%}")
        said.append(f"- With {several[0]} to {several[-1]} councils: {'; '.join(ranges)}.")
    return "\n".join([*lines, CLOSING.format(said="\n".join(said), lost=lost)])


if __name__ == "__main__":
    PAGE.write_text(page(int(sys.argv[1]) if len(sys.argv) > 1 else 450), encoding="utf-8")
    print(f"Wrote {PAGE.name}")
