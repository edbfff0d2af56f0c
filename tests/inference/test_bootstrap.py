from itertools import product

import numpy as np
import pytest

import staggered as sg
from staggered.inference.bootstrap import signed_sums
from tests.random_panels import stepped_panel


def many(seed: int = 1) -> sg.Panel:
    return stepped_panel(seed, 60, 4, baseline=3)


def test_signs_give_the_covariance_of_the_scores() -> None:
    scores = np.random.default_rng(1).normal(size=(3, 50))
    sums = signed_sums(scores, 40_000, np.random.default_rng(2))
    np.testing.assert_allclose(np.cov(sums, rowvar=False), scores @ scores.T, atol=1.2)


def test_every_pattern_of_signs_is_as_likely() -> None:
    scores = np.array([[1.0, 2.0, 4.0]])
    sums = signed_sums(scores, 8000, np.random.default_rng(2)).ravel()
    expected = [float(np.dot(signs, scores[0])) for signs in product((-1, 1), repeat=3)]
    found, counts = np.unique(sums, return_counts=True)
    np.testing.assert_allclose(found, sorted(expected))
    assert abs(counts - 1000).max() < 5 * np.sqrt(1000 * 7 / 8)


def test_chunks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = np.random.default_rng(1).normal(size=(2, 30))
    whole = signed_sums(scores, 101, np.random.default_rng(5))
    monkeypatch.setattr("staggered.inference.bootstrap._CHUNK_BYTES", 4 * 30 * 7)
    np.testing.assert_array_equal(signed_sums(scores, 101, np.random.default_rng(5)), whole)


def test_the_multiplier_bootstrap_agrees_with_the_variance_it_resamples() -> None:
    """R did's standard error is the quartile range of the draws over the normal's."""
    estimator = sg.GroupTime(by="event")
    fit = estimator.fit(many(), sg.Bootstrap(draws=20_000))
    analytic = np.sqrt((estimator.rule(many().frame).scores(many().outcome) ** 2).sum(axis=1))
    np.testing.assert_allclose(fit.uncertainty.se(), analytic, rtol=0.05)


def test_the_band_holds_for_all_terms_at_once() -> None:
    """A quantile of the largest |t|: between the pointwise one and Bonferroni's."""
    fit = sg.GroupTime(by="event").fit(many(), sg.Bootstrap(draws=4000))
    known = np.isfinite(fit.value)
    assert known.sum() > 3
    errors = fit.uncertainty.errors[:, 1:][:, known]
    low, high = (end[known] for end in fit.band())
    within = (np.abs(errors) <= (high - low) / 2 + 1e-12).all(axis=1)
    assert within.mean() == pytest.approx(0.95, abs=0.002)
    pointwise, bonferroni = ([end[known] for end in fit.interval(level)] for level in (0.95, 1 - 0.05 / len(low)))
    assert ((high - low) > (pointwise[1] - pointwise[0])).all()
    assert (high - low).mean() < 1.02 * (bonferroni[1] - bonferroni[0]).mean()


def test_the_cluster_bootstrap_is_a_loop_over_clusters_drawn_again() -> None:
    panel, inference = many(), sg.Bootstrap(draws=25, kind="cluster", seed=9)
    fit = sg.Twfe().fit(panel, inference)
    generator, found = np.random.default_rng(9), []
    for _ in range(25):
        rows = np.sort(generator.choice(60, 60))
        again = sg.Panel(sg.Frame(sg.Design(panel.design.treatment[rows])), panel.outcome[rows])
        found.append(float(sg.Twfe().point(again).values[0]))
    np.testing.assert_allclose(fit.uncertainty.errors[:, 0], np.array(found) - fit.value, atol=1e-12)


def test_few_clusters_bring_the_named_warning() -> None:
    for kind in ("multiplier", "cluster"):
        with pytest.warns(sg.FewClustersWarning, match="The bootstrap with 12 clusters rejects too often"):
            sg.Twfe().fit(stepped_panel(1, 12, 3), sg.Bootstrap(draws=19, kind=kind))


def test_a_coarser_cluster_shares_its_sign() -> None:
    panel = many()
    frame = sg.Frame(panel.design, labels={"region": tuple(f"R{k % 45}" for k in range(60))})
    fit = sg.Twfe().fit(sg.Panel(frame, panel.outcome), sg.Bootstrap(draws=20_000, by="region"))
    robust = sg.Twfe().fit(sg.Panel(frame, panel.outcome), sg.Cluster("CR0", by="region"))
    assert fit.se == pytest.approx(robust.se, rel=0.05)


def test_without_a_band_only_the_covariance_is_kept() -> None:
    one, other = (sg.Twfe().fit(many(), sg.Bootstrap(draws=999, band=band)) for band in (True, False))
    assert other.se == pytest.approx(one.uncertainty.errors.std(ddof=1), rel=1e-12)


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_a_council_alone_in_its_cohort_leaves_no_p_value() -> None:
    with pytest.warns(sg.FewClustersWarning, match="alone in its cohort"):
        fit = sg.SunAbraham().fit(stepped_panel(1, 6, 6), sg.Bootstrap(draws=49))
    assert np.isnan([fit.se, fit.p_value, *fit.interval()]).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [({"draws": 1}, "draws is 1"), ({"kind": "pairs"}, "kind='pairs'"), ({"kind": "cluster", "by": "region"}, "by=")],
)
def test_what_makes_no_sense_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(sg.DataError, match=said):
        sg.Bootstrap(**options)
