"""How often the intervals of estimate_correlation hold the truth: python benchmarks/correlation_coverage.py.

Proportions of 300 children per cluster and period are drawn from a known icc and cac. Prints the share of
95% intervals that hold it, beside the median interval, and exits 1 where, at 24 clusters by 12 periods, the
share is further from 95% than 3 Monte Carlo standard errors, or where, at 5 by 6, it falls short by more.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

import staggered as sg

DRAWS = int(sys.argv[1]) if len(sys.argv) > 1 else 400
ICC, CAC = 0.05, 0.8
NOMINAL = 0.95


@dataclass(frozen=True)
class Setting:
    """A history to draw: its size and structure."""

    clusters: int
    periods: int
    structure: str

    @property
    def covariance(self) -> sg.Nested | sg.Decay:
        """Correlation to draw from."""
        return (sg.Nested if self.structure == "nested" else sg.Decay)(icc=ICC, cac=CAC)

    def intervals(self, seed: np.random.SeedSequence) -> list[tuple[float, float]]:
        """Intervals of icc and cac in one simulated history."""
        design = sg.Design(np.zeros((self.clusters, self.periods)), size=300)
        plan = sg.Plan(design=design, outcome=sg.Outcome("binomial", baseline=0.3), covariance=self.covariance)
        found = sg.estimate_correlation(sg.simulate(plan, seed=seed), self.structure, family="binomial")
        return [found.intervals["icc"], found.intervals["cac"]]


def main() -> None:
    """Simulate, count, and judge."""
    settings = [Setting(c, p, s) for c, p in ((24, 12), (5, 6)) for s in ("nested", "decay")]
    error = np.sqrt(NOMINAL * (1 - NOMINAL) / DRAWS)
    missed = False
    print(f"{DRAWS} histories each, icc {ICC}, cac {CAC}; Monte Carlo standard error at 95%: {100 * error:.1f} points")
    for k, setting in enumerate(settings):
        seeds = np.random.SeedSequence([20260901, k]).spawn(DRAWS)
        found = np.array(Parallel(n_jobs=-1)(delayed(setting.intervals)(seed) for seed in seeds))
        held = ((found[:, :, 0] <= [ICC, CAC]) & (found[:, :, 1] >= [ICC, CAC])).mean(axis=0)
        short, far = (held < NOMINAL - 3 * error).any(), (held > NOMINAL + 3 * error).any()
        missed |= bool(short or (far and setting.clusters == 24))
        for name, share, (low, high) in zip(("icc", "cac"), held, np.median(found, axis=0), strict=True):
            where = f"{setting.clusters} × {setting.periods}, {setting.structure}, {name}"
            print(f"{where:<24} held in {100 * share:.1f}%   median interval {low:.3f} to {high:.3f}", flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
