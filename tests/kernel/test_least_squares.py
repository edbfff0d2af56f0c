import numpy as np
import pytest

import staggered as sg
from staggered.kernel.least_squares import (
    averaging,
    centred,
    generalised_operator,
    masked_inverse,
    require_identified,
    weighted_operator,
)

RANDOM = np.random.default_rng(3)
COLUMNS = RANDOM.normal(size=(4, 5, 3))
MASS = RANDOM.uniform(0.5, 2, size=(4, 5))


def test_weighted_operator_gives_weighted_least_squares() -> None:
    outcome = RANDOM.normal(size=(4, 5))
    operator = weighted_operator(COLUMNS, MASS)
    root = np.sqrt(MASS).ravel()
    expected, *_ = np.linalg.lstsq(COLUMNS.reshape(-1, 3) * root[:, None], outcome.ravel() * root, rcond=None)
    np.testing.assert_allclose(np.tensordot(operator, outcome, axes=2), expected, atol=1e-12)


def test_collinear_columns_share_their_coefficient() -> None:
    doubled = np.concatenate([COLUMNS, COLUMNS[:, :, :1]], axis=2)
    operator = weighted_operator(doubled, MASS)
    np.testing.assert_allclose(operator[0], operator[3], atol=1e-12)
    np.testing.assert_allclose(operator[0] + operator[3], weighted_operator(COLUMNS, MASS)[0], atol=1e-10)


def test_generalised_operator_gives_generalised_least_squares() -> None:
    root = RANDOM.normal(size=(4, 5, 5))
    blocks = root @ np.swapaxes(root, 1, 2) + np.eye(5)
    count = np.array([1.0, 2, 1, 3])
    operator = generalised_operator(COLUMNS, np.linalg.inv(blocks), count)
    tall = np.concatenate([np.tile(COLUMNS[g], (int(n), 1)) for g, n in enumerate(count)])
    total = np.zeros((len(tall), len(tall)))
    at = 0
    for g, n in enumerate(count):
        for _ in range(int(n)):
            total[at : at + 5, at : at + 5] = blocks[g]
            at += 5
    precision = np.linalg.inv(total)
    dense = np.linalg.solve(tall.T @ precision @ tall, tall.T @ precision)
    outcome = RANDOM.normal(size=(4, 5))
    spread = np.concatenate([np.tile(outcome[g], int(n)) for g, n in enumerate(count)])
    np.testing.assert_allclose(np.tensordot(operator, outcome, axes=2), dense @ spread, atol=1e-12)


def test_a_column_of_zeros_gets_no_coefficient() -> None:
    empty = np.concatenate([COLUMNS, np.zeros((4, 5, 1))], axis=2)
    precision = np.broadcast_to(np.eye(5), (4, 5, 5))
    operator = generalised_operator(empty, precision, np.ones(4))
    assert (operator[3] == 0).all()
    np.testing.assert_allclose(operator[:3], generalised_operator(COLUMNS, precision, np.ones(4)), atol=1e-12)


def test_collinear_columns_are_refused_where_one_answer_is_needed() -> None:
    doubled = np.concatenate([np.ones((4, 5, 1)), np.ones((4, 5, 1))], axis=2)
    with pytest.raises(sg.IdentificationError, match="columns are collinear"):
        generalised_operator(doubled, np.broadcast_to(np.eye(5), (4, 5, 5)), np.ones(4))


def test_masked_inverse_is_the_inverse_of_what_is_used() -> None:
    root = RANDOM.normal(size=(5, 5))
    block = root @ root.T + np.eye(5)
    used = np.array([1.0, 0, 1, 1, 0])
    kept = np.flatnonzero(used)
    inverse = masked_inverse(block[None], used[None])[0]
    np.testing.assert_allclose(inverse[np.ix_(kept, kept)], np.linalg.inv(block[np.ix_(kept, kept)]), atol=1e-12)
    assert (inverse[used == 0] == 0).all()
    assert (inverse[:, used == 0] == 0).all()


def test_averaging_sums_to_one_or_to_nothing() -> None:
    np.testing.assert_allclose(averaging(np.array([[1.0, 3, 0], [0, 0, 0]])), [[0.25, 0.75, 0], [0, 0, 0]])


def test_centred_columns_have_no_level() -> None:
    weights = averaging(MASS)
    used = np.ones((4, 5))
    used[1, 2] = 0
    found = centred(COLUMNS, weights, used)
    assert (found[1, 2] == 0).all()
    np.testing.assert_allclose(np.einsum("gt,gtp->gp", weights[[0, 2, 3]], found[[0, 2, 3]]), 0, atol=1e-12)


def test_what_the_other_columns_explain_is_not_identified() -> None:
    others = RANDOM.normal(size=(20, 2))
    weight = np.ones(20)
    require_identified(RANDOM.normal(size=20), others, weight, "the rest")
    for explained in (others @ [1.0, -2.0], np.zeros(20)):
        with pytest.raises(sg.IdentificationError, match="cannot be told apart from the rest"):
            require_identified(explained, others, weight, "the rest")
    weight[5:] = 0
    hidden = others @ [1.0, 1.0] + np.where(np.arange(20) < 5, 0.0, 3.0)
    with pytest.raises(sg.IdentificationError):
        require_identified(hidden, others, weight, "the rest")
