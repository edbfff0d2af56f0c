"""How often mixed models of stepped wedges find an effect that is not there, from 4 to 40 clusters.

    python benchmarks/mixed_type_one.py [draws]

Nothing happens at the start. Outcomes are drawn with exchangeable, nested or decaying correlation and analysed with
each of the three, with seven ways of knowing how sure the estimate is. First a published check is run again: six
clusters, four periods, ten people a cell (300 data sets in R with lme4, lmerTest and pbkrtest). Writes
docs/mixed-type-one.md and the figure beside it; exits with 1 where the check is missed.
"""

from __future__ import annotations

import sys
import textwrap
import time
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import staggered as sg
from staggered.kernel.protocols import Inference
from staggered.planning.mixed_tests import mixed_test
from staggered.planning.simulate import draw_outcomes, draw_within

DOCS = Path(__file__).resolve().parents[1] / "docs"
ALPHA = 0.05
CLUSTERS = (4, 6, 8, 12, 20, 40)
TRUTHS: dict[str, sg.Exchangeable | sg.Nested | sg.Decay] = {
    "exchangeable": sg.Exchangeable(icc=0.08),
    "nested": sg.Nested(icc=0.08, cac=0.8),
    "decay": sg.Decay(icc=0.08, cac=0.8),
}
MODELS = tuple(TRUTHS)
ORDERS = 499
WAYS: dict[str, tuple[str, Inference | None]] = {
    "z": ("normal", None),
    "Satterthwaite": ("satterthwaite", None),
    "Kenward–Roger": ("kenward-roger", None),
    "clusters − 2": ("clusters-2", None),
    "CR2": ("kenward-roger", sg.Cluster("CR2")),
    "CR3": ("kenward-roger", sg.Cluster("CR3")),
    "permutation": ("kenward-roger", sg.Permutation(draws=ORDERS)),
}
# R: rejections in 300 data sets; lme4 1.1.31 with lmerTest 3.1.3 and pbkrtest 0.5.2.
EARLIER = {
    "exchangeable": {"z": 0.080, "Satterthwaite": 0.0766667, "Kenward–Roger": 0.050, "clusters − 2": 0.0066667},
    "nested": {"z": 0.0566667, "Satterthwaite": 0.0466667, "Kenward–Roger": 0.0133333, "clusters − 2": 0.0066667},
}
EARLIER_DRAWS = 300
Shares = dict[str, float]


def plan(clusters: int, steps: int, size: int, truth: str) -> sg.Plan:
    """A stepped wedge in which nothing happens."""
    design = sg.stepped(clusters=clusters, steps=steps, size=size)
    return sg.Plan(design=design, outcome=sg.Outcome(sd=1.0), covariance=TRUTHS[truth], effect=sg.Constant(0.0))


def rejections(nothing: sg.Plan, model: str, draws: int, seed: int) -> Shares:
    """Share of data sets in which each way finds an effect, with the share of fits on a boundary and failed."""
    frame, generator = sg.Frame(nothing.design), np.random.default_rng(seed)
    outcomes = draw_outcomes(nothing, draws, generator)
    within = draw_within(nothing, outcomes, generator)
    found: Shares = {}
    for name, (df, inference) in WAYS.items():
        test = mixed_test(sg.Mixed(model, df=df), inference, frame, 1 - ALPHA)
        assert test is not None
        tested = test(outcomes, within)
        found[name] = float((tested.p_values < ALPHA).mean())
        found["on a boundary"] = tested.singular / draws
        found["failed"] = float(np.isnan(tested.p_values).mean())
    return found


def checked(draws: int) -> tuple[list[str], int]:
    """The published check beside ours: lines of a table, and how many differ by more than 3 standard errors."""
    lines, missed = [], 0
    for model, theirs in EARLIER.items():
        ours = rejections(plan(6, 3, 10, "nested"), model, draws, seed=11)
        for name, share in theirs.items():
            error = np.sqrt(ours[name] * (1 - ours[name]) * (1 / EARLIER_DRAWS + 1 / draws))
            apart = (ours[name] - share) / error
            missed += abs(apart) > 3
            lines.append(f"| {model} | {name} | {share:.1%} | {ours[name]:.1%} | {apart:+.1f} |")
    return lines, missed


def table(draws: int) -> dict[tuple[str, str, int], Shares]:
    found = {}
    for truth in TRUTHS:
        for model in MODELS:
            for clusters in CLUSTERS:
                if clusters < _least(model):
                    continue
                began = time.process_time()
                found[truth, model, clusters] = rejections(plan(clusters, 4, 20, truth), model, draws, seed=clusters)
                print(truth, model, clusters, f"{time.process_time() - began:.1f} s", flush=True)
    return found


def _least(model: str) -> int:
    """Fewest clusters with which the model is fitted at all."""
    return 3 if model == "exchangeable" else 4


def rows(found: dict[tuple[str, str, int], Shares]) -> list[str]:
    head = "| truth | model | clusters | " + " | ".join(WAYS) + " | on a boundary |"
    lines = [head, "|---|---|" + "---:|" * (len(WAYS) + 2)]
    for (truth, model, clusters), shares in found.items():
        cells = " | ".join(f"{shares[name]:.1%}" for name in WAYS)
        lines.append(f"| {truth} | {model} | {clusters} | {cells} | {shares['on a boundary']:.0%} |")
    return lines


def worst(found: dict[tuple[str, str, int], Shares], way: str, *, fitting: bool, least: int = 0) -> float:
    """Largest share of one way, over models that allow for the truth or over those that do not."""
    allowed = {"exchangeable": MODELS, "nested": ("nested",), "decay": ("decay",)}
    return max(
        shares[way]
        for (truth, model, clusters), shares in found.items()
        if (model in allowed[truth]) is fitting and clusters >= least
    )


def page(found: dict[tuple[str, str, int], Shares], lines: list[str], draws: int) -> str:
    error = np.sqrt(ALPHA * (1 - ALPHA) / draws)
    lost = max(one["failed"] for one in found.values())
    first = (
        "Stepped wedges of four steps and five periods, 20 people a cell, icc 0.08 (cac 0.8 where it is not 1). "
        "Nothing happens at the start, so a test at 5% should find an effect in 5% of the "
        f"{draws:,} data sets of each row; the Monte Carlo standard error at 5% is {error:.1%}. Each row is one truth, "
        "one fitted model and one number of clusters. The last column says in how many fits a variance was estimated "
        f"as zero. No fit failed to converge in more than {lost:.1%} of the data sets of any row."
    )
    right = {way: worst(found, way, fitting=True) for way in WAYS}
    wrong = {way: worst(found, way, fitting=False) for way in WAYS}
    last = (
        f"Where the model allows for the truth, Kenward–Roger never rejects in more than {right['Kenward–Roger']:.1%}, "
        f"clusters − 2 in more than {right['clusters − 2']:.1%}, CR2 in more than {right['CR2']:.1%}, CR3 in more than "
        f"{right['CR3']:.1%} and the permutation test in more than {right['permutation']:.1%}; z goes up to "
        f"{right['z']:.1%} and Satterthwaite to {right['Satterthwaite']:.1%}. Where councils move between periods and "
        f"the model does not know it, the model's own standard errors fail however many clusters there are: z up to "
        f"{wrong['z']:.1%}, Kenward–Roger up to {wrong['Kenward–Roger']:.1%} (still "
        f"{worst(found, 'Kenward–Roger', fitting=False, least=40):.1%} at 40 clusters), while CR2 stays at or below "
        f"{wrong['CR2']:.1%}, CR3 at or below {wrong['CR3']:.1%} and the permutation test at or below "
        f"{wrong['permutation']:.1%}."
    )
    use = (
        "**What to use when.** Fit nested or decay, not exchangeable: nobody knows beforehand that councils stand "
        "still. Below 12 clusters report Kenward–Roger of that model together with the permutation test where the "
        "order was drawn at random; from 12 on Kenward–Roger alone will do where the model is trusted, and CR2 where "
        "it is not. Never z. Four clusters cannot reject by permutation at 5% unless 20 or more orders were possible."
    )
    return "\n".join(
        [
            "# Which small-sample correction holds 5%?",
            "",
            textwrap.fill(first, 118),
            "",
            *rows(found),
            "",
            "![Rejections at 5% by number of clusters](mixed-type-one.svg)",
            "",
            textwrap.fill(last, 118),
            "",
            textwrap.fill(use, 118),
            "",
            "## The same with R",
            "",
            textwrap.fill(
                "Six clusters, four periods, ten people a cell, nested truth (icc 0.08, cac 0.8): 300 data sets in R "
                "(lme4 1.1.31, lmerTest 3.1.3, pbkrtest 0.5.2) and the analyses above. The last column is the "
                "difference in standard errors of the difference.",
                118,
            ),
            "",
            "| model | way | R | here | apart |",
            "|---|---|---:|---:|---:|",
            *lines,
            "",
            "Made by `benchmarks/mixed_type_one.py`.",
            "",
        ]
    )


def picture(found: dict[tuple[str, str, int], Shares]) -> None:
    mpl.rcParams.update({"svg.hashsalt": "mixed-type-one", "svg.fonttype": "none", "font.family": "sans-serif"})
    colours = dict(
        zip(WAYS, ("#b3431e", "#d08a3c", "#1d5a91", "#6b7280", "#2f7d5b", "#7fb59b", "#111827"), strict=True)
    )
    figure, axes = plt.subplots(3, 3, figsize=(9, 7.5), sharex=True, sharey=True, layout="constrained")
    for i, truth in enumerate(TRUTHS):
        for j, model in enumerate(MODELS):
            here = axes[i, j]
            mine = {clusters: shares for (t, m, clusters), shares in found.items() if (t, m) == (truth, model)}
            for way, colour in colours.items():
                heights = [100 * shares[way] for shares in mine.values()]
                here.plot(list(mine), heights, color=colour, marker="o", markersize=3, linewidth=1.2, label=way)
            here.axhline(5, color="#9ca3af", linewidth=0.8)
            here.set_xscale("log")
            here.set_xticks(CLUSTERS, [str(one) for one in CLUSTERS])
            here.minorticks_off()
            here.set_title(f"truth {truth}, model {model}", fontsize=9)
            here.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylim(0, 1 + 100 * max(shares[way] for shares in found.values() for way in WAYS))
    axes[2, 1].set_xlabel("clusters", fontsize=9)
    axes[1, 0].set_ylabel("rejections at 5% (%)", fontsize=9)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=7, frameon=False, fontsize=8)
    figure.savefig(DOCS / "mixed-type-one.svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def main() -> None:
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    lines, missed = checked(max(draws, 5000))
    print("\n".join(lines))
    found = table(draws)
    (DOCS / "mixed-type-one.md").write_text(page(found, lines, draws), encoding="utf-8")
    picture(found)
    print(page(found, lines, draws))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
