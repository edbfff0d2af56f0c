"""The two engines: analytic against a stored long run of the chains, and short runs of the chains themselves."""

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.chains import compiled, watched
from staggered.hierarchical.structure import Structure
from tests.hierarchical.conftest import panel_of, priors_of

CLOSE = {"gaussian": (0.05, 0.05), "binomial": (0.1, 0.1), "negbinomial": (0.1, 0.1)}
LINES = Path(__file__).parents[1] / "reference" / "bayes" / "stepped_wedge.csv"


def stored(family: str) -> dict[str, tuple[float, float]]:
    lines = [line for line in LINES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = [row for row in csv.DictReader(lines) if row["family"] == family]
    return {row["quantity"]: (float(row["mean"]), float(row["sd"])) for row in rows}


@pytest.mark.slow
def test_the_analytic_engine_agrees_with_a_long_run(family: str) -> None:
    points = 8192 if family == "gaussian" else 1024
    fit = sg.Hierarchical(family=family, engine="analytic", priors=priors_of(family), points=points, draws=20_000)
    found = watched(fit.posterior(panel_of(family)))
    near, wide = CLOSE[family]
    reference = stored(family)
    # A new council is the mean effect with a spread that is among them.
    assert set(reference) == set(found) - {"a council like these"}
    for name, (mean, sd) in reference.items():
        assert found[name].mean() == pytest.approx(mean, abs=near * sd), name
        assert found[name].std() == pytest.approx(sd, rel=wide), name


@pytest.mark.slow
@pytest.mark.parametrize("chosen", ["binomial"])
def test_chains_agree_with_the_analytic_engine_and_refit_without_compiling(chosen: str) -> None:
    panel, priors = panel_of(chosen), priors_of(chosen)
    with warnings.catch_warnings():
        # What PyMC and its compilers say of themselves is not ours to judge.
        warnings.simplefilter("ignore")
        ready = compiled(panel, Structure(family=chosen), priors)
        first = ready.fit(panel, draws=2000, seed=1)
        again = ready.refit(panel_of(chosen, seed=2), seed=1)
    exact = sg.Hierarchical(family=chosen, engine="analytic", priors=priors, points=512)
    for posterior, seed in ((first, 1), (again, 2)):
        other = exact.fit(panel_of(chosen, seed=seed))
        assert posterior.estimate().value == pytest.approx(other.value, abs=0.2 * other.se)
        assert posterior.estimate().se == pytest.approx(other.se, rel=0.15)
    assert (again.chains, len(again.fixed)) == (2, 1200)
    assert again.passed, [check.message for check in again.checks]
    assert {check.name for check in first.checks} >= {"chains agree", "no divergences", "energy"}
    assert "PyMC" in first.estimate().text()
    with pytest.raises(sg.DesignError, match="other gaps"):
        ready.fit(panel.without(0), draws=400, seed=1)
    assert np.isfinite(first.estimate("new").se)
