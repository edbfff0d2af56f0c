"""How often each estimator with each inference finds an effect that is not there: python benchmarks/did_size.py.

Councils go live in steps over 20 quarters and nothing happens. Outcomes are a level for each council, plus an
autoregressive part (0.5 from one quarter to the next, SD 1) plus noise of each council-quarter (SD 1). Writes
docs/did-size.md and prints the table that `inference/expected_size.py` holds. About an hour on one core.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from linear_maps import check, one_by_one, p_values

import staggered as sg
from staggered.estimators.linear import Linear
from staggered.inference.expected_size import Layout as Beside
from staggered.kernel.protocols import Inference

PAGE = Path(__file__).resolve().parents[1] / "docs" / "did-size.md"
DRAWS, FEWER, ALPHA = 2000, 300, 0.05
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}


@dataclass(frozen=True)
class Layout:
    """Councils that start together, the quarters in which they do, and councils that never start."""

    sizes: tuple[int, ...]
    starts: tuple[int, ...]
    never: int = 0
    periods: int = 20

    @property
    def frame(self) -> sg.Frame:
        """The layout as a frame."""
        start = np.append(np.repeat(self.starts, self.sizes), np.full(self.never, 10 * self.periods))
        return sg.Frame(sg.Design((np.arange(self.periods) >= start[:, None]).astype(float)))

    def outcomes(self, draws: int, seed: int) -> np.ndarray:
        """Data sets without an effect, (draws, councils, periods)."""
        rng = np.random.default_rng(seed)
        councils = sum(self.sizes) + self.never
        shocks = rng.normal(size=(draws, councils, self.periods))
        moving = shocks.copy()
        for t in range(1, self.periods):
            moving[:, :, t] = 0.5 * moving[:, :, t - 1] + np.sqrt(0.75) * shocks[:, :, t]
        return moving + rng.normal(size=moving.shape) + rng.normal(size=(draws, councils, 1))


SEVENTEEN = Layout((3, 3, 3, 3, 3, 2), (4, 6, 8, 10, 12, 14))
SIX = Layout((2, 1, 1, 1, 1), (4, 7, 10, 13, 16))
WEDGE = Layout((3, 3, 3, 3), (1, 2, 3, 4), periods=5)
# What the package holds beside its intervals: councils from few to more, alone or together, and a few that go live
# among many that never do.
GRID = {
    Beside(6, alone=True): SIX,
    Beside(6): Layout((2, 2, 2), (5, 9, 13)),
    Beside(10, alone=True): Layout((2, 2, 2, 2, 1, 1), (4, 6, 8, 10, 12, 14)),
    Beside(10): Layout((2, 2, 2, 2, 2), (4, 7, 10, 13, 16)),
    Beside(17): SEVENTEEN,
    Beside(43, alone=True, live=3): Layout((1, 1, 1), (5, 9, 13), never=40),
    Beside(45, alone=True, live=5): Layout((1, 1, 1, 1, 1), (5, 7, 9, 11, 13), never=40),
    Beside(42, live=2): Layout((2,), (10,), never=40),
    Beside(43, live=3): Layout((3,), (10,), never=40),
    Beside(46, live=6): Layout((2, 2, 2), (5, 9, 13), never=40),
}
LINEAR = (
    sg.Twfe(),
    sg.Gls(sg.Nested(icc=0.3, cac=0.5)),
    sg.Gls(sg.Decay(icc=0.6, cac=0.7)),
    sg.WithinPeriod(),
    sg.GroupTime(),
    sg.SunAbraham(),
    sg.Imputation(),
    sg.Extended(),
    sg.Stacked(),
)
ROBUST = tuple(sg.Cluster(kind) for kind in ("CR0", "CR1", "CR2", "CR3"))
INFERENCES: dict[str, Inference] = {
    **{one.kind: one for one in ROBUST},
    "jackknife": sg.Jackknife(),
    "design-based": sg.DesignBased(),
    "multiplier bootstrap": sg.Bootstrap(draws=999),
    "cluster bootstrap": sg.Bootstrap(draws=399, kind="cluster"),
    "wild bootstrap-t": sg.WildBootstrap(draws=999),
    "permutation": sg.Permutation(draws=999, interval=False),
}
LESS_ALIKE = (
    sg.Twfe(), sg.Gls(sg.Nested(icc=0.3, cac=0.5)), sg.WithinPeriod(), sg.GroupTime(), sg.SunAbraham(), sg.Imputation(),
    sg.Stacked(),
)  # fmt: skip
"""Linear estimators without those that are all but the same as another."""
WALD = ("CR0", "CR1", "CR2", "CR3", "jackknife", "design-based", "multiplier bootstrap", "cluster bootstrap")
SWAPS = "permutation"
SLOW = {"design-based": 250}
"""Fewer data sets for what has to look at each of them in turn."""


def share(values: np.ndarray | None) -> float:
    """Share of data sets in which an effect is found; nan where no p-value is given."""
    if values is None or np.isnan(values).mean() > 0.05:
        return np.nan
    return float((values[np.isfinite(values)] < ALPHA).mean())


def linear_rows(
    layout: Layout,
    draws: int,
    inferences: Mapping[str, Inference],
    few: Mapping[str, int] = MappingProxyType({}),
    estimators: Sequence[Linear] = LINEAR,
) -> dict[str, list[float]]:
    """Rejections of every linear estimator by inference."""
    frame, outcomes, rows = layout.frame, layout.outcomes(draws, 1), {}
    for estimator in estimators:
        try:
            rule = estimator.rule(frame)
        except sg.StaggeredError:
            continue
        cells = []
        for name, inference in inferences.items():
            test = p_values(estimator, rule, inference, frame)
            found = None if test is None else test(outcomes[: few.get(name, draws)])
            if found is not None:
                check(estimator, inference, frame, outcomes, found)
            cells.append(share(found))
        rows[estimator.name] = cells
    return rows


def settled_on_data(layout: Layout) -> dict[str, list[float]]:
    """The same for estimators whose weights look at the outcome, each data set in turn: fewer of them."""
    frame, outcomes, rows = layout.frame, layout.outcomes(FEWER, 1), {}
    quick = {
        **INFERENCES,
        "cluster bootstrap": sg.Bootstrap(draws=99, kind="cluster"),
        "permutation": sg.Permutation(draws=99, interval=False),
        "model": sg.ModelBased(),
    }
    applied = {
        sg.Efficient(): tuple(INFERENCES),
        sg.SyntheticDid(): ("jackknife", "cluster bootstrap", "permutation"),
        sg.Mixed("exchangeable"): ("permutation", "model"),
        sg.Mixed("decay"): ("permutation", "model"),
    }
    for estimator, names in applied.items():
        tests = {name: one_by_one(estimator, frame, quick[name]) for name in names}
        rows[estimator.name] = [share(tests[name](outcomes)) if name in tests else np.nan for name in quick]
    return rows


def rivals() -> list[tuple[str, float]]:
    """Ordinary intervals in a stepped wedge of 12 councils and 5 periods, beside our defaults."""
    frame, outcomes = WEDGE.frame, WEDGE.outcomes(DRAWS, 1)
    linear = linear_rows(WEDGE, DRAWS, {name: INFERENCES[name] for name in ("CR0", "jackknife", "permutation")})
    some = outcomes[:FEWER]
    efficient = {
        "as `staggered` prints it: Neyman, normal": _neyman_normal(frame, some, refined=False),
        "as `staggered` prints it: adjusted, normal": _neyman_normal(frame, some, refined=True),
        "ours by default (jackknife)": share(one_by_one(sg.Efficient(), frame, None)(some)),
        "ours, permutation": share(one_by_one(sg.Efficient(), frame, sg.Permutation(draws=199))(some)),
    }
    z = sg.Mixed("exchangeable", df="normal")
    rows = []
    for name, estimator in (("group-time effects", sg.GroupTime()), ("imputation", sg.Imputation())):
        ordinary, default, permuted = linear[estimator.name]
        rows += [
            (f"{name}, as other packages have them: cluster scores, normal", ordinary),
            (f"{name}, ours by default (jackknife)", default),
            (f"{name}, ours, permutation", permuted),
        ]
    rows += [
        ("mixed model with council effects, z", share(one_by_one(z, frame, sg.ModelBased())(some))),
        ("mixed model with council-period effects, Kenward–Roger",
         share(one_by_one(sg.Mixed("nested"), frame, sg.ModelBased())(some))),
        *((f"efficient rollout estimator, {name}", value) for name, value in efficient.items()),
    ]  # fmt: skip
    peer = diff_diff(some)
    if peer is not None:
        rows.insert(1, (f"group-time effects, diff-diff {peer[0]} as run here", peer[1]))
    return rows


def _neyman_normal(frame: sg.Frame, outcomes: np.ndarray, *, refined: bool) -> float:
    """Rejections of the design-based variance with the normal distribution."""
    found = []
    for outcome in outcomes:
        fit = sg.Efficient().fit(sg.Panel(frame, outcome), sg.DesignBased(refined=refined))
        found.append(abs(fit.value) > 1.959964 * fit.se)
    return float(np.mean(found))


def diff_diff(outcomes: np.ndarray) -> tuple[str, float] | None:
    """Rejections of diff-diff's group-time effects, where that package is installed."""
    if importlib.util.find_spec("diff_diff") is None:
        return None
    import diff_diff
    import pandas as pd

    start = np.repeat(WEDGE.starts, WEDGE.sizes) + 1
    grid = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(12), 5),
            "time": np.tile(np.arange(1, 6), 12),
            "first_treat": np.repeat(np.where(start == 5, 0, start), 5),
        }
    )
    # It asks for a never-treated group: the last to start serve as one until they start.
    early = grid["time"] < 5
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for outcome in outcomes:
            fit = diff_diff.CallawaySantAnna(control_group="not_yet_treated").fit(
                grid.assign(y=outcome.ravel())[early], "y", "unit", "time", "first_treat"
            )
            found.append(fit.overall_p_value < ALPHA)
    return diff_diff.__version__, float(np.mean(found))


def expected(draws: int) -> dict[Beside, dict[str, list[float]]]:
    """Rejections of every linear estimator by layout and inference."""
    inferences = {
        **{name: INFERENCES[name] for name in WALD},
        "cluster bootstrap": sg.Bootstrap(199, kind="cluster"),
        SWAPS: INFERENCES[SWAPS],
    }
    return {beside: linear_rows(layout, draws, inferences, SLOW, LESS_ALIKE) for beside, layout in GRID.items()}


def found_with_few() -> dict[str, float]:
    """How often two-way fixed effects find an effect of 1.5 where 3 of 43 councils go live together."""
    layout, estimator = GRID[Beside(43, live=3)], sg.Twfe()
    frame = layout.frame
    outcomes = layout.outcomes(FEWER, 1) + 1.5 * frame.design.treatment
    rule, found = estimator.rule(frame), {}
    for name in ("jackknife", "CR2", SWAPS):
        test = p_values(estimator, rule, INFERENCES[name], frame)
        assert test is not None
        found[name] = share(test(outcomes))
    return found


def ends(rows: dict[str, list[float]], names: Sequence[str] = WALD) -> dict[str, tuple[int, int]]:
    """Least and most over the estimators, in percent, of every inference that gives a number."""
    found = {}
    for name, column in zip([*WALD, SWAPS], np.array(list(rows.values())).T, strict=True):
        known = column[np.isfinite(column)]
        if len(known) and name in names:
            found[name] = (round(100 * known.min()), round(100 * known.max()))
    return found


def sizes(layout: Layout) -> dict[str, list[float]]:
    """Rejections of every estimator in one layout; the last column is the model's own inference."""
    rows = {name: [*cells, np.nan] for name, cells in linear_rows(layout, DRAWS, INFERENCES).items()}
    return {**rows, **settled_on_data(layout)}


def shown(value: float) -> str:
    """A share as a percentage."""
    return "–" if np.isnan(value) else f"{100 * value:.1f}"


def markdown(head: list[str], rows: dict[str, list[str]]) -> str:
    """A table."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *([name, *cells] for name, cells in rows.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def wrapped(text: str) -> str:
    """A paragraph in lines of 115 characters."""
    return textwrap.fill(" ".join(text.split()), 115)


def judged(tables: dict[str, dict[str, list[float]]]) -> list[str]:
    """What the tables break of what is asked of them; nothing when all is well."""
    names, broken = [*INFERENCES, "model"], []
    noise = 3 * np.sqrt(ALPHA * (1 - ALPHA) / DRAWS)
    for layout, rows in tables.items():
        for estimator, cells in rows.items():
            found = dict(zip(names, cells, strict=True))
            draws = DRAWS if estimator in {one.name for one in LINEAR} else FEWER
            slack = 3 * np.sqrt(ALPHA * (1 - ALPHA) / draws)
            checks = {
                "permutation": abs(found["permutation"] - ALPHA) > slack,
                "jackknife": found["jackknife"] > 0.08 + (slack - noise),
                "CR2": found["CR2"] > 0.08,
            }
            broken += [f"{layout}: {estimator}, {name} {shown(found[name])}%" for name, bad in checks.items() if bad]
    return broken


def page(tables: dict[str, dict[str, list[float]]], grid: dict[Beside, dict[str, list[float]]], wedge: list) -> str:
    """Text of the page."""
    head = ["estimator", *INFERENCES, "model"]
    tabled = {
        layout: markdown(head, {name: [shown(cell) for cell in cells] for name, cells in rows.items()})
        for layout, rows in tables.items()
    }

    def most(name: str) -> int:
        column = list(INFERENCES).index(name)
        return round(100 * max(np.nan_to_num(cells[column]) for rows in tables.values() for cells in rows.values()))

    def between(beside: Beside, names: Sequence[str]) -> list[str]:
        found = ends(grid[beside], names)
        return [f"{found[one][0]} to {found[one][1]}" if one in found else "–" for one in names]

    nearest = {beside.words: between(beside, WALD) for beside in grid}
    live = {beside.words: between(beside, ("jackknife", "CR2", SWAPS)) for beside in grid if beside.live}
    few = found_with_few()
    first = wrapped(
        f"""Nothing happens in these data, so a test at 5% should find an effect in 5% of them. Councils go live in
        steps
        over 20 quarters; an outcome is a level of the council, an autoregressive part (0.5 from one quarter to the
        next, SD 1) and noise of the council-quarter (SD 1). {DRAWS:,} data sets, {FEWER} for the efficient estimator,
        synthetic difference-in-differences and the mixed models, which look at the outcome for their weights. The
        Monte Carlo standard error at 5% is
        {100 * np.sqrt(0.0475 / DRAWS):.1f} and {100 * np.sqrt(0.0475 / FEWER):.1f} points."""
    )
    return f"""# How often each analysis finds an effect that is not there

Written by `python benchmarks/did_size.py`.

{first}

## 17 councils in 6 steps (three to a step, two in the last)

{tabled["17 councils"]}

## 6 councils in 5 steps (two in the first)

A dash: the combination gives no answer. CR0 to CR3, the wild bootstrap and the multiplier bootstrap give none where a
council stands alone in a cohort whose effects are free: its residual is zero, whatever happened there.

{tabled["6 councils"]}

## What follows from them

- **Permutation** holds 5% everywhere, as it must when dates were drawn at random.
- **The jackknife** never goes above {most("jackknife")}%, also where councils start alone. It is the default below 40
  councils, and wherever a cohort, or the never-treated, is a single council; but not where fewer than six councils
  stand against many (see below).
- **CR2** with Satterthwaite's degrees of freedom stays at {most("CR2")}% or less wherever it gives an answer. It is the
  default from 40 councils on, except for group-time effects, which then have the influence functions of their paper.
- **CR0**, **CR1** and the **multiplier bootstrap** go up to {most("CR0")}%, {most("CR1")}% and
  {most("multiplier bootstrap")}%. They carry `FewClustersWarning` below 40 councils and are no default there.
- The **efficient estimator** finds its weights from the same data, and its design-based variance does not know it.
  That variance is its default from 40 councils on only; below, the jackknife finds the weights again each time
  ([how often](efficient-size.md) for each kind of interval).

## A stepped wedge of 12 councils and 5 periods, beside other packages

Rejections at 5%, in percent.

{markdown(["analysis", "found"], {name: [shown(value)] for name, value in wedge})}

## A few councils that go live among many that never do

How much such councils differ is then known from the few alone, and the number of councils in all says nothing. Plain
sandwiches and bootstraps find an effect in up to a third of data sets. CR2 and the jackknife count the few in their
degrees of freedom, so with two or three they hardly ever find anything. Only swapping dates holds 5% and still finds
what is there: it is the default where fewer than six councils stand on one side and at least four times as many in
all. Estimators whose weights look at the outcome have the jackknife.

Of {FEWER} data sets with an effect of 1.5 in which 3 of 43 councils went live together, two-way fixed effects
found it in {shown(few[SWAPS])}% by permutation, in {shown(few["CR2"])}% with CR2 and in
{shown(few["jackknife"])}% by the jackknife.

Percent of data sets without an effect, least and most over the linear estimators:

{markdown(["councils", "jackknife", "CR2", SWAPS], live)}

## What stands beside an interval

With fewer than 40 councils, or fewer than ten that go live among more that never do, every estimate with an interval
of the kinds below says how often it missed in the row that is nearest to it: percent of data sets in which a 95%
interval leaves out the truth, least and most over the linear estimators.

{markdown(["councils", *WALD], nearest)}
"""


def main() -> None:
    """Simulate, judge, write the page, and print the table that the package holds."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        sys.exit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, **ONE_THREAD}))
    tables = {"17 councils": sizes(SEVENTEEN), "6 councils": sizes(SIX)}
    grid = expected(1000)
    PAGE.write_text(page(tables, grid, rivals()), encoding="utf-8")
    for beside, rows in grid.items():
        print(f"    {beside!r}: {ends(rows)},")
    broken = judged(tables)
    print("\n".join(broken))
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
