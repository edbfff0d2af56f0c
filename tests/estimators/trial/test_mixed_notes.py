"""A model whose correlation does not fade is warned of over many periods, with the number of the page."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import staggered as sg
from staggered.estimators.trial.mixed_notes import FADING

PAGE = Path(__file__).resolve().parents[3] / "docs" / "did-size.md"


def panel(periods: int) -> sg.Panel:
    start = np.repeat([2, 3, 4], 3)
    design = sg.Design((np.arange(periods) >= start[:, None]).astype(float))
    return sg.Panel(sg.Frame(design), np.random.default_rng(1).normal(size=design.treatment.shape))


def warned(fit: sg.Mixed, periods: int, inference: sg.ModelBased | None) -> list[str]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        fit.fit(panel(periods), inference)
    return [str(one.message) for one in found if issubclass(one.category, sg.FewClustersWarning)]


def test_the_numbers_are_those_of_the_page() -> None:
    rows = re.findall(
        r"^\| linear mixed model \(REML\) with exchangeable .*?([\d.]+) \|$",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    found = sorted({round(float(row)) for row in rows})
    assert f"{found[0]}% to {found[-1]}" == FADING


@pytest.mark.filterwarnings("ignore::staggered.errors.ConvergenceWarning")
@pytest.mark.parametrize("covariance", ["exchangeable", "nested"])
def test_asked_for_over_many_periods_it_is_warned_of(covariance: str) -> None:
    said = warned(sg.Mixed(covariance), 20, sg.ModelBased())
    assert len(said) == 1
    assert "10% to 11% of simulated data sets" in said[0]
    assert not warned(sg.Mixed(covariance), 20, None)
    assert "stay as alike as they begin" in " ".join(sg.Mixed(covariance).fit(panel(20)).notes)
    assert "stay as alike as they begin" not in " ".join(sg.Mixed(covariance).fit(panel(8)).notes)
    assert not warned(sg.Mixed(covariance), 8, sg.ModelBased())


@pytest.mark.parametrize("model", [sg.Mixed(), sg.Glmm("binomial")], ids=repr)
def test_a_model_refuses_what_is_no_inference_and_no_panel(model: sg.Mixed | sg.Glmm) -> None:
    with pytest.raises(sg.DesignError, match="the class ModelBased"):
        model.fit(panel(8), sg.ModelBased)  # type: ignore[arg-type]
    with pytest.raises(sg.DataError, match="A panel was expected"):
        model.fit(5)  # type: ignore[arg-type]
