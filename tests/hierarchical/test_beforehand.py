"""What priors expect, before any outcome is looked at."""

from dataclasses import replace

import numpy as np
import pytest

import staggered as sg
from staggered.hierarchical.beforehand import beforehand
from tests.hierarchical.conftest import panel_of, priors_of

PRIORS = priors_of("gaussian")


def test_the_spread_is_that_of_all_parts_together() -> None:
    wide = replace(
        PRIORS, trend=sg.prior.HalfNormal(1e-6), exposure=sg.prior.HalfNormal(1e-6), effect=sg.prior.Normal(0.0, 1e-6),
        heterogeneity=sg.prior.HalfNormal(1e-6), level=sg.prior.Normal(3.0, 2.0), councils=sg.prior.HalfNormal(1e-6),
        noise=sg.prior.HalfNormal(1e-6), course=sg.prior.HalfNormal(1e-6),
    )  # fmt: skip
    found = beforehand(sg.Hierarchical(priors=wide), panel_of("gaussian"))
    np.testing.assert_allclose(found.quantiles[2], 3.0, atol=0.25)
    np.testing.assert_allclose(found.quantiles[4] - found.quantiles[0], 2 * 1.96 * 2.0, rtol=0.1)


def test_priors_on_another_scale_leave_the_outcomes_outside() -> None:
    panel = panel_of("gaussian")
    assert beforehand(sg.Hierarchical(priors=PRIORS), panel).share_inside > 0.9
    far = replace(panel, outcome=panel.outcome + 50)
    found = beforehand(sg.Hierarchical(priors=PRIORS), far)
    assert found.share_inside == 0
    assert "0% of the outcomes lie within" in found.text()
    unseen = beforehand(sg.Hierarchical(priors=PRIORS), far, show=False)
    assert unseen.observed is None
    assert np.isnan(unseen.share_inside)


@pytest.mark.parametrize("family", ["binomial", "negbinomial"])
def test_counts_are_shown_per_child(family: str) -> None:
    found = beforehand(sg.Hierarchical(family=family), panel_of(family))
    assert "(per child)" in found.outcome
    assert found.share_inside > 0.9
    assert np.nanmax(found.observed) < 1
