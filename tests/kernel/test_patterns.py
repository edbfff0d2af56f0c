import numpy as np
import pytest

import staggered as sg
from staggered.kernel.patterns import patterns_of, row_products, spread_sum

SCHEDULE = [[0, 1, 1], [0, 0, 1], [0, 1, 1], [0, 0, 1], [0, 1, 1]]


def test_clusters_alike_are_one_pattern() -> None:
    found = patterns_of(sg.Frame(sg.Design(SCHEDULE)))
    assert found.group.tolist() == [0, 1, 0, 1, 0]
    assert found.first.tolist() == [0, 1]
    assert found.count.tolist() == [3, 2]
    np.testing.assert_allclose(found.share, [1 / 3, 1 / 2, 1 / 3, 1 / 2, 1 / 3])
    np.testing.assert_allclose(found.mass, [[3, 3, 3], [2, 2, 2]])
    np.testing.assert_array_equal(found.treatment, [[0, 1, 1], [0, 0, 1]])


def test_proportional_weights_share_a_pattern_in_proportion() -> None:
    weights = np.array([[1, 2, 3], [1, 1, 1], [2, 4, 6], [1, 1, 1], [1, 1, 1]], dtype=float)
    found = patterns_of(sg.Frame(sg.Design(SCHEDULE), weights=weights))
    assert found.group.tolist() == [0, 1, 0, 1, 2]
    np.testing.assert_allclose(found.share, [1 / 3, 1 / 2, 2 / 3, 1 / 2, 1])
    np.testing.assert_allclose(found.mass[0], [3, 6, 9])


def test_weights_of_cells_not_in_use_play_no_part() -> None:
    weights = np.array([[1, 2, 3], [1, 1, 1], [2, 4, 6], [1, 1, 1], [1, 1, 1]], dtype=float)
    present = np.ones((5, 3), dtype=bool)
    present[0, 0] = False
    weights[0, 0] = np.nan
    found = patterns_of(sg.Frame(sg.Design(SCHEDULE), present=present, weights=weights))
    assert found.group.tolist() == [0, 1, 2, 1, 3]
    np.testing.assert_allclose(found.mass, [[0, 2, 3], [2, 2, 2], [2, 4, 6], [1, 1, 1]])


def test_gaps_and_blanks_set_clusters_apart() -> None:
    present = np.ones((5, 3), dtype=bool)
    present[2, 0] = False
    treatment = np.array(SCHEDULE, dtype=float)
    treatment[3, 1] = np.nan
    found = patterns_of(sg.Frame(sg.Design(treatment), present=present & ~np.isnan(treatment)))
    assert found.group.tolist() == [0, 1, 2, 3, 0]
    np.testing.assert_array_equal(found.used[2], [False, True, True])
    assert (found.mass[~found.used] == 0).all()


def test_sizes_matter_only_to_a_covariance_and_weights_then_do_not() -> None:
    weights = np.random.default_rng(1).uniform(1, 2, size=(5, 3))
    frame = sg.Frame(sg.Design(SCHEDULE, size=[10, 10, 20, 10, 10]), weights=weights)
    assert len(patterns_of(sg.Frame(frame.design)).first) == 2
    by_size = patterns_of(frame, sizes=True)
    assert by_size.group.tolist() == [0, 1, 2, 1, 0]
    np.testing.assert_allclose(by_size.share, [1 / 2, 1 / 2, 1, 1 / 2, 1 / 2])


def test_means_are_weighted_by_share() -> None:
    weights = np.array([1, 1, 3, 1, 1], dtype=float)[:, None] * np.ones((5, 3))
    found = patterns_of(sg.Frame(sg.Design(SCHEDULE), weights=weights))
    outcome = np.arange(15.0).reshape(5, 3)
    np.testing.assert_allclose(found.means(outcome)[0], (outcome[0] + 3 * outcome[2] + outcome[4]) / 5)


def test_a_cluster_set_aside_is_a_pattern_of_nothing() -> None:
    found = patterns_of(sg.Frame(sg.Design(SCHEDULE)).without(2))
    assert found.group.tolist() == [0, 1, 2, 1, 0]
    assert found.count.tolist() == [2, 2, 1]
    assert (found.mass[2] == 0).all()
    assert np.isfinite(found.share).all()


@pytest.mark.parametrize("shape", [(6,), (6, 4), (6, 4, 2)])
def test_sums_within_groups(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(2).normal(size=shape)
    share = np.arange(1.0, 7.0)
    group = np.array([0, 1, 0, 2, 1, 0])
    expected = np.stack([sum(share[i] * values[i] for i in range(6) if group[i] == g) for g in range(3)])
    np.testing.assert_allclose(spread_sum(group, share, 3, values), expected)
    alone = np.arange(6)
    np.testing.assert_allclose(spread_sum(alone, share, 6, values), values * share.reshape(-1, *[1] * (len(shape) - 1)))


@pytest.mark.parametrize("clusters", [6, 40, 200])
@pytest.mark.parametrize("k", [1, 9])
@pytest.mark.parametrize("shifted", [False, True])
def test_products_of_rows_with_the_weights_of_their_groups(clusters: int, k: int, shifted: bool) -> None:
    """However many clusters and weights there are, which decides how it is worked out."""
    generator = np.random.default_rng(3)
    weights, grid = generator.normal(size=(k, 5, 7)), generator.normal(size=(clusters, 7))
    group = generator.permutation(np.arange(clusters) % 5)
    offset = generator.normal(size=(k, 5)) if shifted else np.zeros((k, 5))
    expected = np.array([[row[g] @ y for g, y in zip(group, grid, strict=True)] for row in weights]) + offset[:, group]
    found = row_products(weights, group, grid, offset if shifted else None)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_row_is_told_from_every_other_and_minus_zero_is_zero() -> None:
    generator = np.random.default_rng(4)
    treatment = generator.choice([0.0, -0.0, 0.25, 0.5, 1.0], size=(9000, 4))
    found = patterns_of(sg.Frame(sg.Design(treatment)))
    named = {}
    expected = [named.setdefault(tuple(row + 0.0), len(named)) for row in treatment]
    assert found.group.tolist() == expected
