import json

import numpy as np
import pytest

import staggered as sg


def power(count: int = 1, **options: object) -> sg.Power:
    rows = np.linspace(0.4, 0.9, count)
    return sg.Power(
        powers=rows, errors=rows / 5, degrees=np.full(count, np.inf), effects=np.full(count, -0.3), **options
    )  # type: ignore[arg-type]


def test_one_plan_gives_floats_and_several_give_arrays() -> None:
    one = power()
    assert all(isinstance(number, float) for number in (one.power, one.se, one.df, one.effect))
    assert power(3).power.shape == (3,)


def test_the_table_shows_what_differs() -> None:
    table = power(2, inputs={"icc": (0.01, 0.05)}).table()
    assert list(table.columns) == ["icc", "effect", "std_error", "df", "alpha", "power"]
    assert table["icc"].tolist() == [0.01, 0.05]


def test_text_gives_power_effect_and_conventions() -> None:
    said = power(conventions=("SD 1 is the total SD.",)).text()
    assert said == (
        "If the true effect is −0.3, this plan has 40.0% power (standard error 0.08). Two-sided test at 5%. "
        "SD 1 is the total SD."
    )
    assert power(2).text().startswith("Over the 2 settings, power runs from 40% to 90%.")
    solved = power(what="effect", target=0.8, needed=0.3).text()
    assert solved.startswith("The smallest effect this plan would detect with 80% power is 0.3 in either direction")


def test_power_is_not_said_to_be_certain() -> None:
    almost = sg.Power(powers=np.array([0.999994]), errors=np.ones(1), degrees=np.ones(1), effects=np.ones(1))
    assert "this plan has >99.9% power" in almost.text()


def test_as_a_dictionary() -> None:
    given = power(2, inputs={"icc": (0.01, 0.05)}).to_dict()
    assert [row["icc"] for row in given["rows"]] == [0.01, 0.05]
    json.dumps(given)


def test_numbers_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        power().powers[0] = 1
