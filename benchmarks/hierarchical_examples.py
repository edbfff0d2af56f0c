"""Whether the Markov chains arrive on the shipped examples: python -m benchmarks.hierarchical_examples FOLDER [cases].

Fits each with engine="pymc" at its defaults and prints the worst R-hat, the smallest effective numbers of draws, the
divergences and the smallest E-BFMI over everything that is reported: the mean effect, that of each period since
go-live, of each council, of another council, of each practice model, and every hyperparameter. What is found is kept in
FOLDER, one file a case, so that the work can be done in pieces; docs/hierarchical-checks.md has those that are there,
and names the others. Exits 1 where one does not arrive. Data that are not kept here are taken from
../shared/data where that is.
"""

from __future__ import annotations

import json
import platform
import runpy
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import staggered as sg
from staggered.hierarchical.chains import watched
from staggered.hierarchical.convergence import HIGHEST_RHAT, LEAST_BFMI, LEAST_ESS, Arrival, measured
from staggered.hierarchical.posterior import Posterior
from tests.hierarchical.conftest import panel_of, priors_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "hierarchical-checks.md"
EVERY = ROOT.parent / "shared" / "data" / "la_panel_long_2010_2025.csv"
EXAMPLE = runpy.run_path(str(ROOT / "examples" / "council_effects.py"))


@dataclass(frozen=True)
class Case:
    """A model and the data it is fitted to."""

    name: str
    model: sg.Hierarchical
    panel: Callable[[], sg.Panel]


@dataclass(frozen=True)
class Fitted:
    """What was found of one case."""

    name: str
    arrival: Arrival
    walks: int
    seconds: float

    @property
    def arrived(self) -> bool:
        """Whether everything that is asked for was reached."""
        found = self.arrival
        least = min(*found.bulk.values(), *found.tail.values())
        return (
            max(found.rhat.values()) < HIGHEST_RHAT
            and least > LEAST_ESS
            and found.divergences == 0
            and found.bfmi > LEAST_BFMI
        )

    def row(self) -> str:
        """A line of the table."""
        found = self.arrival
        worst = max(found.rhat, key=lambda name: found.rhat[name])
        least = min(found.bulk, key=lambda name: found.bulk[name])
        return (
            f"| {self.name} | {len(found.rhat)} | {found.draws:,} | {self.walks} | "
            f"{found.rhat[worst]:.4f} ({worst.replace('_', ' ')}) | "
            f"{found.bulk[least]:,.0f} ({least.replace('_', ' ')}) | {min(found.tail.values()):,.0f} | "
            f"{found.divergences} | {found.bfmi:.2f} | {self.seconds:.0f} s |"
        )


def nine() -> sg.Panel:
    """The nine councils and their neighbours as counts."""
    columns = {"cluster": "council", "period": "year", "start": "go_live", "year_ends": "03-31", "adopt": "any"}
    return sg.read(ROOT / "examples" / "nine_councils.csv", outcome=EXAMPLE["COUNT"], size=EXAMPLE["CHILDREN"],
                   **columns)  # type: ignore[arg-type]  # fmt: skip


def twelve() -> sg.Panel:
    """The page's twelve councils."""
    plan = sg.Plan(
        design=sg.stepped(clusters=12, steps=4, size=400, after=2),
        outcome=sg.Outcome("poisson", baseline=0.05),
        covariance=sg.Nested.from_sd(between=0.2, within=0.05),
        effect=sg.Constant(0.85, scale="ratio"),
    )
    return sg.simulate(plan, seed=2)


def cases() -> dict[str, Case]:
    """Everything shipped that uses the model, as means and as counts, and the data of the reference run."""
    example = replace(EXAMPLE["model"](), engine="pymc")
    belief = {"effect": sg.prior.Belief(large=0.20, not_credible=0.50)}
    page = sg.Hierarchical(family="poisson", priors={"effect": sg.prior.Belief(large=0.2)})
    return {
        "nine": Case("nine councils and their neighbours, log rates (`examples/council_effects.py`)", example,
                     lambda: EXAMPLE["panel"](EXAMPLE["the_nine"]())),
        "every": Case("the nine and every other council in England, log rates (the same example)", example,
                      lambda: EXAMPLE["panel"](EXAMPLE["every_council"](EVERY))),
        "counts": Case("the nine and their neighbours as counts, negative binomial",
                       sg.Hierarchical(family="negbinomial", priors=belief), nine),
        "twelve": Case("twelve councils, Poisson ([the page of the model](concepts/hierarchical.md))", page, twelve),
        "shares": Case("24 councils in 20 quarters, binomial",
                       sg.Hierarchical(family="binomial", priors=priors_of("binomial")),
                       lambda: panel_of("binomial")),
    }  # fmt: skip


def fitted(case: Case) -> Fitted:
    """Fit one case as anyone would."""
    began = time.process_time()
    with warnings.catch_warnings():
        # What PyMC and its compilers say of themselves is not ours to judge.
        warnings.simplefilter("ignore")
        found = case.model.posterior(case.panel())
    seconds = time.process_time() - began
    return Fitted(case.name, arrival(found), 1 if len(found.fixed) == case.model.draws else 2, seconds)


def arrival(found: Posterior) -> Arrival:
    """Measure everything that is reported."""
    diverging, energy = (found.statistics[name].reshape(found.chains, -1) for name in ("diverging", "energy"))
    return measured(watched(found), diverging > 0, energy)


def page(found: list[Fitted], absent: list[str]) -> str:
    """Text of docs/hierarchical-checks.md."""
    used = ", ".join(f"{name} {version(name)}" for name in ("pymc", "nutpie", "arviz"))
    rows = "\n".join(one.row() for one in found)
    missed = [one.name for one in found if not one.arrived]
    verdict = "Every fit in the table holds." if not missed else f"Something is missed by: {'; '.join(missed)}."
    unmeasured = f"\nNot measured yet: {'; '.join(absent)}.\n" if absent else ""
    return f"""# Do the Markov chains arrive?

Every model below was fitted with `engine="pymc"` at its defaults. What is asked of each fit, over every number that
it reports (the mean effect, that of each period since go-live, of each council, of another council, of each practice
model) and every hyperparameter: R-hat below {HIGHEST_RHAT:g}, more than {LEAST_ESS:.0f} effective draws in the middle
and in the tails, no divergences, and an E-BFMI above {LEAST_BFMI:g}. {verdict}

Four chains walk 1,000 steps of tuning and share 4,000 draws; where something is missed they walk once more, four times
as long and with smaller steps, before anything is reported. The column "walks" counts them.

| fit | numbers | draws | walks | largest R-hat | fewest effective draws, middle | tails | divergences | E-BFMI | CPU |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
{rows}
{unmeasured}
CPU is processor time summed over chains, compilation and the refits without each council and without the last periods
included. Written by `benchmarks/hierarchical_examples.py`; Python {platform.python_version()}, {used},
{platform.machine()}, {platform.system()}.
"""


def main(folder: Path, chosen: list[str]) -> None:
    """Fit what is chosen and not there yet, write the page, and judge."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {key: folder / f"{key}.json" for key in cases()}
    for key, case in cases().items():
        if key in (chosen or files) and not files[key].exists():
            one = fitted(case)
            files[key].write_text(json.dumps({**asdict(one), "arrival": asdict(one.arrival)}))
            print(one.row(), flush=True)
    kept = {key: json.loads(file.read_text()) for key, file in files.items() if file.exists()}
    found = [Fitted(**{**one, "arrival": Arrival(**one["arrival"])}) for one in kept.values()]
    absent = [case.name for key, case in cases().items() if key not in kept]
    PAGE.write_text(page(found, absent), encoding="utf-8")
    sys.exit(int(not all(one.arrived for one in found)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
