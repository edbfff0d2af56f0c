"""Log densities of cells against scipy's, with gaps and people."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

import staggered as sg
from staggered.hierarchical.gaussian import course
from staggered.hierarchical.likelihood import log_likelihood
from staggered.hierarchical.posterior import Posterior
from tests.hierarchical.conftest import panel_of, priors_of


def few(family: str, panel: sg.Panel) -> Posterior:
    return sg.Hierarchical(
        family=family, engine="analytic", priors=priors_of("gaussian"), points=32, draws=200
    ).posterior(panel)


@pytest.mark.parametrize("people", [False, True], ids=["cells", "people"])
def test_gaussian_cells_given_the_others_of_their_council(people: bool) -> None:
    panel = panel_of("gaussian")
    treatment, outcome = panel.design.treatment.copy(), panel.outcome.copy()
    treatment[3, 7] = outcome[3, 7] = np.nan
    size = np.broadcast_to(np.arange(20.0, 40.0), outcome.shape)
    within = np.where(np.isnan(outcome), np.nan, 1.0) if people else None
    fitted = few("gaussian", sg.Panel(sg.Frame(sg.Design(treatment, size=size)), outcome, within=within))
    found = log_likelihood(fitted)
    assert np.isnan(found[:, 3, 7]).all()
    assert np.isfinite(found).sum() == 200 * (24 * 20 - 1)
    level, effect = fitted.predictor()
    for draw, council in ((0, 3), (7, 11)):
        hyper = {name: values[draw : draw + 1] for name, values in fitted.hyper.items()}
        used = fitted.layout.used[council]
        noise = hyper["noise"] ** 2 * (1 / size[council] if people else np.ones(20))
        covariance = (course(hyper, 20)[0] + np.diag(noise))[np.ix_(used, used)]
        apart = (outcome - level[draw] - effect[draw])[council, used]
        whole = stats.multivariate_normal(cov=covariance).logpdf(apart)
        for k in (0, 8):
            rest = np.delete(np.arange(used.sum()), k)
            others = stats.multivariate_normal(cov=covariance[np.ix_(rest, rest)]).logpdf(apart[rest])
            assert found[draw, council, used][k] == pytest.approx(whole - others, abs=1e-6)


@pytest.mark.parametrize("family", ["binomial", "poisson", "negbinomial"])
def test_counts_against_scipy(family: str) -> None:
    panel = panel_of("binomial")
    fitted = sg.Hierarchical(family=family, engine="analytic", points=32, draws=200).posterior(panel)
    level, effect = fitted.predictor()
    count, size, eta = panel.outcome, panel.design.size, level + effect
    if family == "binomial":
        expected = stats.binom(size.astype(int), expit(eta)).logpmf(count)
    elif family == "poisson":
        expected = stats.poisson(size * np.exp(eta)).logpmf(count)
    else:
        # scipy loses digits where the dispersion is all but 0.
        fitted = replace(fitted, hyper=fitted.hyper | {"dispersion": np.maximum(fitted.hyper["dispersion"], 0.05)})
        shape = 1 / fitted.hyper["dispersion"][:, None, None] ** 2
        expected = stats.nbinom(shape, shape / (shape + size * np.exp(eta))).logpmf(count)
    np.testing.assert_allclose(log_likelihood(fitted), expected, rtol=1e-6, atol=1e-6)
