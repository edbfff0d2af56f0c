"""Coverage of effects by time since go-live, where intervals that forget the noise of treated cells fail.

    python benchmarks/event_coverage.py FOLDER [scenarios ...]

28 councils in 20 quarters, six waves of four and four that never go live; 94% intervals of the effect in the first,
fifth, tenth and fifteenth treated quarter. Beside the hierarchical model stand intervals by imputation whose posterior
is that of the untreated outcome alone, as CausalPy 0.9 makes them (effect = observed outcome less a draw of its
expectation, in the limit of flat priors). Counts are kept in FOLDER, one file a scenario; once all are there the table
is written to docs/event-coverage.md. Exits 1 where the hierarchical model covers less than 92% under independent noise,
the simulation in which the others' shortfall was measured.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

import numpy as np
from scipy import stats

import staggered as sg

PAGE = Path(__file__).resolve().parents[1] / "docs" / "event-coverage.md"
NOMINAL, ALLOWED = 0.94, 0.92
SETS, DRAWS = 400, 1000
EVENTS = (0, 4, 9, 14)
START = np.append(np.repeat([5, 7, 9, 11, 13, 15], 4), np.full(4, 99))
PERIODS = np.arange(20)
TREATED = (START[:, None] <= PERIODS).astype(float)
EXPOSURE = np.clip(PERIODS - START[:, None] + 1, 0, None)
CURVE = np.concatenate([[0.0], -0.3 * (1 - np.exp(-np.arange(1, 16) / 4))])
# SD of noise, of a council's own course with 60% left after a quarter, and of effects between councils.
SCENARIOS = {
    "independent noise": (0.3, 0.0, 0.0),
    "councils drift": (0.2, 0.2, 0.0),
    "councils drift, and effects differ": (0.2, 0.2, 0.1),
}
JUDGED = "independent noise"
# Posterior SD over true SD is a property of the design; so is the coverage that was measured of CausalPy 0.9 itself.
MEASURED = {0: 0.740, 4: 0.816, 9: 0.834, 14: 0.842}


def simulated(scenario: str, generator: np.random.Generator) -> np.ndarray:
    """Outcomes of all councils, (28, 20)."""
    noise, drift, differ = SCENARIOS[scenario]
    level, national = generator.normal(0, 0.5, (28, 1)), np.cumsum(generator.normal(0, 0.1, 20))
    course = np.empty((28, 20))
    course[:, 0] = generator.normal(0, drift, 28)
    for k in PERIODS[1:]:
        course[:, k] = 0.6 * course[:, k - 1] + generator.normal(0, 0.8 * drift, 28)
    effect = TREATED * (CURVE[EXPOSURE] + generator.normal(0, differ, (28, 1)))
    return level + national + effect + course + generator.normal(0, noise, (28, 20))


def forgetful(outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate and SD of each event's effect by imputation, with the spread of the expected outcome alone."""
    row, column = np.indices(TREATED.shape)
    columns = np.concatenate([np.eye(28)[row.ravel()], np.eye(20)[column.ravel()][:, 1:]], axis=1)
    control = TREATED.ravel() == 0
    inverse = np.linalg.inv(columns[control].T @ columns[control])
    found = inverse @ columns[control].T @ outcome.ravel()[control]
    residual = outcome.ravel()[control] - columns[control] @ found
    variance = (residual**2).sum() / (control.sum() - len(found))
    value, sd = [], []
    for event in EVENTS:
        cells = EXPOSURE.ravel() == event + 1
        mean = columns[cells].mean(axis=0)
        value.append(outcome.ravel()[cells].mean() - mean @ found)
        sd.append(np.sqrt(variance * mean @ inverse @ mean))
    return np.array(value), np.array(sd)


def covered(scenario: str) -> dict[str, list[int]]:
    """How many intervals of each kind held the truth, by event."""
    frame = sg.Frame(sg.Design(TREATED, size=1))
    truth = CURVE[np.array(EVENTS) + 1]
    inside = {"hierarchical": np.zeros(len(EVENTS), dtype=int), "forgetful": np.zeros(len(EVENTS), dtype=int)}
    for k in range(SETS):
        outcome = simulated(scenario, np.random.default_rng(np.random.SeedSequence([7, k])))
        events = sg.Hierarchical(engine="analytic", by="event", draws=DRAWS, seed=k).fit(sg.Panel(frame, outcome))
        low, high = np.quantile(events.draws[:, list(EVENTS)], [(1 - NOMINAL) / 2, (1 + NOMINAL) / 2], axis=0)
        inside["hierarchical"] += (low < truth) & (truth < high)
        value, sd = forgetful(outcome)
        inside["forgetful"] += np.abs(value - truth) < stats.norm.ppf((1 + NOMINAL) / 2) * sd
    return {name: [int(number) for number in numbers] for name, numbers in inside.items()}


def page(kept: dict[str, dict[str, list[int]]]) -> str:
    """Text of docs/event-coverage.md."""
    error = 100 * np.sqrt(NOMINAL * (1 - NOMINAL) / SETS)
    first = (
        "28 councils in 20 quarters, six waves of four, four that never go live, and an effect that grows to −0.3. "
        f"Each row counts in how many of {SETS} simulated data sets the {100 * NOMINAL:.0f}% interval of the effect in "
        f"one treated quarter held the truth; the Monte Carlo standard error is {error:.1f} points. Where effects "
        "differ between councils the truth is the mean over all such councils, not over the 24 that happened to be "
        "there. Independent noise has an SD of 0.3; drifting councils have courses of their own (SD 0.2, 60% left a "
        "quarter later) and noise of 0.2; differing effects have an SD of 0.1."
    )
    last = (
        "Imputation predicts what treated cells would have been. An interval made of that prediction alone leaves out "
        "the noise in the outcomes that were observed, and in one treated quarter of a few councils that is most of "
        "the noise there is. CausalPy 0.9 makes its Bayesian intervals so; run itself, with independent noise, they "
        f"were found to hold the truth in {', '.join(f'{100 * MEASURED[event]:.0f}%' for event in EVENTS[:-1])} and "
        f"{100 * MEASURED[EVENTS[-1]]:.0f}%."
    )
    lowest = min(number for found in kept.values() for number in found["hierarchical"])
    own = (
        "The hierarchical model's intervals hold what they say on average over truths like those of its prior (see "
        "calibration.md). At one fixed truth they need not, and where councils drift they fall short in the middle of "
        f"the curve: {100 * lowest / SETS:.0f}% is the lowest here."
    )
    head = " | ".join(f"quarter {event + 1}" for event in EVENTS)
    rows = [
        f"| {scenario} | {name} | " + " | ".join(f"{100 * number / SETS:.1f}%" for number in found[key]) + " |"
        for scenario, found in kept.items()
        for key, name in (("hierarchical", "hierarchical model"), ("forgetful", "imputation, treated noise left out"))
    ]
    lines = [
        "# Effects by time since go-live: do their intervals hold the truth?",
        "",
        textwrap.fill(first, 118),
        "",
        f"| scenario | interval | {head} |",
        "|---|---|" + "---:|" * len(EVENTS),
        *rows,
        "",
        textwrap.fill(last, 118),
        "",
        textwrap.fill(own, 118),
        "",
        "Made by `benchmarks/event_coverage.py`, with fixed seeds.",
        "",
    ]
    return "\n".join(lines)


def main(folder: Path, chosen: list[str]) -> None:
    """Count what is chosen and not there yet; once all is there, write the page and judge."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name.replace(' ', '_').replace(',', '')}.json" for name in SCENARIOS}
    for name in chosen or list(SCENARIOS):
        if not files[name].exists():
            files[name].write_text(json.dumps(covered(name)))
    kept = {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}
    print(json.dumps(kept))
    if len(kept) == len(SCENARIOS):
        PAGE.write_text(page(kept), encoding="utf-8")
    sys.exit(int(min(kept.get(JUDGED, {}).get("hierarchical", [SETS])) < ALLOWED * SETS))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
