"""Long runs of the chains, to hold the analytic engine against: python -m benchmarks.hierarchical_reference [families].

Writes tests/reference/bayes/stepped_wedge.csv: mean, SD and effective number of draws of everything that is reported
of the stepped wedge in tests/hierarchical/conftest.py. About ten minutes on two cores; the families not named keep
their rows.
"""

from __future__ import annotations

import platform
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from staggered.hierarchical.chains import compiled, watched
from staggered.hierarchical.structure import Structure
from tests.hierarchical.conftest import panel_of, priors_of

FILE = Path(__file__).resolve().parents[1] / "tests" / "reference" / "bayes" / "stepped_wedge.csv"
DRAWS = {"gaussian": 80_000, "binomial": 100_000, "negbinomial": 90_000}
HEAD = """\
# 24 councils by 20 quarters in six waves, simulated by tests/hierarchical/conftest.py with seed 1, priors of
# priors_of there. Four chains after 1,000 steps of tuning, target acceptance 0.95, through staggered's own model
# (engine="pymc"): written by benchmarks/hierarchical_reference.py. The last column is the effective number of draws
# behind the mean.
"""


def rows_of(family: str) -> list[str]:
    """Lines of one family, its own comment first."""
    library = import_module("arviz")
    panel = panel_of(family)
    fitted = compiled(panel, Structure(family=family), priors_of(family), "nutpie").fit(
        panel, draws=DRAWS[family], seed=1
    )
    print("\n".join(check.message for check in fitted.checks), flush=True)
    used = ", ".join(f"{name} {version(name)}" for name in ("pymc", "nutpie", "arviz"))
    said = " ".join(check.message for check in fitted.checks[:5])
    lines = [f"# {family}: {used}, Python {platform.python_version()}. {said}"]
    for name, draws in watched(fitted).items():
        effective = float(library.ess(draws, method="mean"))
        lines.append(f"{family},{name},{draws.mean():.5f},{draws.std():.5f},{effective:.0f}")
    return lines


def main(chosen: list[str]) -> None:
    kept = FILE.read_text(encoding="utf-8").splitlines()
    found: list[str] = []
    for family in DRAWS:
        own = [line for line in kept if line.startswith((f"{family},", f"# {family}: "))]
        found += rows_of(family) if family in chosen or not chosen else own
    notes = [line for line in found if line.startswith("#")]
    rows = [line for line in found if not line.startswith("#")]
    FILE.write_text(HEAD + "\n".join([*notes, "family,quantity,mean,sd,ess", *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
