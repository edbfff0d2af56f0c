import json

import numpy as np
import pytest

import staggered as sg
from staggered.results.estimate import Term
from staggered.results.uncertainty import Draws, Reference, Sampling

TERMS = (Term("overall"), Term("event 0", event=0), Term("event +1", event=1))
COVARIANCE = np.array([[1.0, 0.2, 0.1], [0.2, 4.0, 0.5], [0.1, 0.5, 9.0]])


def estimate(values: object = (1.0, 2.0, -3.0), **options: object) -> sg.Estimate:
    uncertainty = Sampling(COVARIANCE, np.array([10.0, 8.0, np.inf]))
    given = {"terms": TERMS, "uncertainty": uncertainty, "estimator": "E", "inference": "I", "headed": True, **options}
    return sg.Estimate(values=np.array(values), **given)  # type: ignore[arg-type]


def single(value: float, se: float, df: float = np.inf, **options: object) -> sg.Estimate:
    return estimate(
        (value,),
        terms=(Term("treatment effect"),),
        uncertainty=Sampling(np.array([[se**2]]), np.array([df])),
        headed=False,
        **options,
    )


def test_one_term_gives_floats() -> None:
    one = single(1.0, 0.5, 4.0)
    for number in (one.value, one.se, one.df, one.p_value, *one.interval(), *one.band()):
        assert isinstance(number, float)
    assert one.overall.value == 1.0


def test_several_terms_give_arrays_without_the_overall_row() -> None:
    many = estimate()
    np.testing.assert_array_equal(many.value, [2, -3])
    np.testing.assert_array_equal(many.se, [2, 3])
    np.testing.assert_array_equal(many.df, [8, np.inf])
    assert many.overall.value == 1.0
    assert many.overall.se == 1.0
    assert many.overall.df == 10
    assert len(many.interval()[0]) == len(many.band()[0]) == 2


def test_a_headed_estimate_with_one_row_still_gives_arrays() -> None:
    one = estimate((1.0, 2.0), terms=TERMS[:2], uncertainty=Sampling(COVARIANCE[:2, :2], np.full(2, np.inf)))
    assert one.value.shape == one.se.shape == one.band()[0].shape == (1,)


def test_without_an_overall_row_there_is_none_to_give() -> None:
    with pytest.raises(AttributeError, match="no overall row"):
        _ = estimate(headed=False).overall


def test_contrasts() -> None:
    difference = estimate() @ [1, -1]
    assert difference.value == 5
    assert difference.se == pytest.approx(np.sqrt(4 + 9 - 2 * 0.5))
    assert difference.df == 8
    assert difference.terms[0].label == "+1·event 0 -1·event +1"
    both = estimate() @ np.array([[1, 0.5], [0, 0.5]])
    np.testing.assert_allclose(both.value, [2, -0.5])
    with pytest.raises(
        sg.DataError, match=r"shape \(3,\) was given for 2 terms(?s:.)*Give 2 weights: event 0 and event \+1"
    ):
        estimate() @ [1, 0, 0]


def test_contrasts_leave_out_what_has_weight_zero() -> None:
    missing = estimate((1.0, np.nan, 3.0))
    assert (missing @ [0, 1]).value == 3
    assert np.isnan((missing @ [1, 1]).value)


def test_selecting_the_overall_row_is_not_spoilt_by_another_rows_nan() -> None:
    null = np.array([[0.5, np.nan, 1.0], [0.1, np.nan, 2.0], [-2.0, np.nan, 0.0]])
    slope = np.zeros((3, 3))
    by = estimate((1.0, np.nan, 1.5), uncertainty=Reference(null, slope, np.ones(3), exact=True))
    assert by.overall.p_value == pytest.approx(2 / 4)
    assert np.isnan(by.p_value[0])


def test_the_table_has_brooms_columns() -> None:
    table = estimate().table(0.9)
    assert list(table.columns) == [
        "term", "estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high",
    ]  # fmt: skip
    assert table["term"].tolist() == ["overall", "event 0", "event +1"]
    np.testing.assert_allclose(table["statistic"], [1, 1, -1])
    assert (table["conf_low"] < table["estimate"]).all()


@pytest.mark.parametrize("level", [95, 0, 1, -0.5])
def test_a_level_is_a_probability(level: float) -> None:
    one = single(1.0, 0.5)
    for ask in (one.interval, one.band, one.table, one.text):
        with pytest.raises(sg.DataError, match=f"The level is {level:g}"):
            ask(level)


def test_text_says_what_was_found_how_sure_it_is_and_what_may_be_concluded() -> None:
    said = single(0.02, 0.09, 7.0, estimand="average effect", outcome="log rate", notes=("Caveat.",)).text()
    assert said.startswith(
        "Average effect, for log rate: +0.02. The 95% confidence interval runs from −0.193 to +0.233"
    )
    assert (
        "includes no effect: from these data we cannot tell whether there was a change, or in which direction" in said
    )
    assert "Estimated by E, uncertainty by I (t with 7 degrees of freedom)." in said
    assert said.endswith("Caveat.")
    for verb in ("reduced", "improved", "worsened", "increased", "caused"):
        assert verb not in said


def test_text_of_a_clear_difference_states_the_condition() -> None:
    said = single(-2.0, 0.5).text()
    assert "leaves out no effect: the difference is below zero" in said
    assert "if the assumptions hold" in said
    assert said.index("interval runs from") < said.index("below zero")


def test_text_without_a_standard_error() -> None:
    said = single(1.0, np.nan, np.nan).text()
    assert "No 95% confidence interval can be given." in said
    assert "nan" not in said


def test_as_a_dictionary() -> None:
    given = estimate(notes=("Caveat.",)).to_dict()
    assert [row["term"] for row in given["rows"]] == ["overall", "event 0", "event +1"]
    assert given["notes"] == ["Caveat."]
    assert given["interval_kind"] == "confidence interval"
    json.dumps(given)


def test_draws_come_from_those_who_have_them() -> None:
    draws = np.random.default_rng(1).normal(size=(50, 3))
    assert estimate(uncertainty=Draws(draws)).draws.shape == (50, 2)
    with pytest.raises(AttributeError, match="has no draws"):
        _ = estimate().draws


def test_equal_contents_are_equal() -> None:
    assert estimate() == estimate()
    assert estimate() != estimate((1.0, 2.0, -3.5))
    assert hash(estimate()) == hash(estimate())
    with pytest.raises(ValueError, match="read-only"):
        estimate().values[0] = 3
