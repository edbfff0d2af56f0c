import numpy as np
import pytest

import staggered as sg

DESIGN = sg.Design([[0, 1, 1], [0, np.nan, 1]], size=[10, 20], clusters=["Leeds", "Kent"], periods=[2020, 2021, 2022])
OUTCOME = np.array([[1.0, 2, 3], [4, np.nan, 6]])


def test_outcomes_of_cells_in_use_cluster_by_cluster() -> None:
    panel = sg.Panel(sg.Frame(DESIGN), OUTCOME)
    assert panel.y.tolist() == [1, 2, 3, 4, 6]
    assert panel.design == DESIGN


def test_what_the_frame_does_not_hold_is_blank() -> None:
    panel = sg.Panel(sg.Frame(DESIGN), np.nan_to_num(OUTCOME, nan=99.0))
    assert np.isnan(panel.outcome[1, 1])
    measured = sg.Panel(sg.Frame(DESIGN, present=np.ones((2, 3), dtype=bool)), np.nan_to_num(OUTCOME, nan=99.0))
    assert measured.outcome[1, 1] == 99
    assert measured.y.tolist() == [1, 2, 3, 4, 6]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_missing_and_infinite_outcomes_are_named(wrong: float) -> None:
    outcome = OUTCOME.copy()
    outcome[0, 1] = outcome[1, 2] = wrong
    with pytest.raises(sg.DataError, match="missing or infinite for Leeds in 2021 and Kent in 2022") as told:
        sg.Panel(sg.Frame(DESIGN), outcome)
    assert len(str(told.value).splitlines()) == 3


def test_the_shape_must_be_the_designs() -> None:
    with pytest.raises(sg.DataError, match=r"The outcome has shape \(3, 2\), the design \(2, 3\)"):
        sg.Panel(sg.Frame(DESIGN), OUTCOME.T)


def test_outcomes_cannot_be_written_to() -> None:
    given = OUTCOME.copy()
    panel = sg.Panel(sg.Frame(DESIGN), given)
    given[0, 0] = 77
    assert panel.outcome[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        panel.outcome[0, 0] = 5


def test_as_a_table() -> None:
    weights = np.array([[1.0, 2, 3], [4, 5, 6]])
    table = sg.Panel(sg.Frame(DESIGN, weights=weights, covariates={"poverty": weights / 10}), OUTCOME).to_frame()
    assert list(table.columns) == [
        "cluster", "period", "treated", "exposure", "size", "weight", "outcome", "poverty",
    ]  # fmt: skip
    assert table["cluster"].tolist() == ["Leeds"] * 3 + ["Kent"] * 2
    assert table["period"].tolist() == [2020, 2021, 2022, 2020, 2022]
    assert table["treated"].tolist() == [0, 1, 1, 0, 1]
    assert table["exposure"].tolist() == [0, 1, 2, 0, 1]
    assert table["size"].tolist() == [10, 10, 10, 20, 20]
    assert table["outcome"].tolist() == [1, 2, 3, 4, 6]
    assert table["poverty"].tolist() == [0.1, 0.2, 0.3, 0.4, 0.6]
