"""Raw beside pooled, rankings, and the section of a report."""

from pathlib import Path

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.councils import ranking, raw_effects, shrinkage
from staggered.hierarchical.posterior import Posterior
from staggered.reporting.document import Table
from staggered.reporting.material import gather
from staggered.reporting.sections.councils import councils
from tests.hierarchical.conftest import TREATED, panel_of, priors_of


@pytest.fixture(scope="module")
def fitted() -> Posterior:
    return sg.Hierarchical(engine="analytic", priors=priors_of("gaussian")).posterior(panel_of("gaussian"))


def test_raw_effects_without_noise_are_the_truth() -> None:
    truth = np.linspace(-1, 1, 24)
    outcome = np.add.outer(np.arange(24.0), np.sin(np.arange(20.0))) + truth[:, None] * TREATED
    never = np.sin(np.arange(20.0))[None]
    frame = sg.Frame(sg.Design(np.vstack([TREATED, np.zeros((1, 20))]), size=1))
    fit = sg.Hierarchical(engine="analytic", points=64, draws=200).posterior(
        sg.Panel(frame, np.vstack([outcome, never]))
    )
    np.testing.assert_allclose(raw_effects(fit), truth, atol=1e-9)


def test_without_a_comparison_there_is_no_raw_effect(fitted: Posterior) -> None:
    # From period 15 on everybody is treated: whoever starts before has cells that cannot be compared.
    assert np.isnan(raw_effects(fitted)).all()


def test_pooled_effects_lie_closer_together_than_raw_ones() -> None:
    panel = panel_of("gaussian")
    never = np.random.default_rng(3).normal(size=(4, 20))
    frame = sg.Frame(sg.Design(np.vstack([TREATED, np.zeros((4, 20))]), size=1))
    fit = sg.Hierarchical(engine="analytic", priors=priors_of("gaussian"))
    table = shrinkage(fit.posterior(sg.Panel(frame, np.vstack([panel.outcome, never]))))
    assert table["pooled"].std() < 0.5 * table["raw"].std()
    assert np.corrcoef(table["pooled"], table["raw"])[0, 1] > 0.3
    assert (table["low"] < table["pooled"]).all()


def test_a_ranking_carries_its_uncertainty(fitted: Posterior) -> None:
    table = ranking(fitted)
    assert table["probability_lowest"].sum() == pytest.approx(1.0)
    assert (table["low"] <= table["median_place"]).all()
    assert (table["high"] - table["low"]).min() > 10
    assert sorted(table["council"], key=int) == [str(k + 1) for k in range(24)]


def test_the_section_of_the_nine_councils() -> None:
    study = sg.load(Path(__file__).parents[2] / "examples" / "nine_councils.toml")
    section = councils(gather(study, None, "trial"))
    assert section is not None
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert [row[0] for row in table.rows][:2] == ["Walsall", "Lancashire"]
    assert len(table.rows) == 9
    text = " ".join(getattr(block, "text", "") for block in section.blocks)
    assert "no council can be told from one where nothing happened" in text
    assert "in another council like these" in text
