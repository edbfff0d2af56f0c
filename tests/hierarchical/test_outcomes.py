"""What is counted, and out of how many: counts and shares are told apart, and what is neither is refused."""

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.hierarchical.outcomes import counted


def table(children: float = 60_000.0) -> pd.DataFrame:
    r = np.random.default_rng(3)
    rows = [
        {"council": f"c{k}", "year": 2018 + t, "start": 2020 + k % 3, "children": children + 997.0 * k + 101 * t,
         "starts": float(r.poisson(180))}
        for k in range(6) for t in range(6)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def read(data: pd.DataFrame, **given: object) -> sg.Panel:
    return sg.read(data, cluster="council", period="year", outcome="starts", start="start", size="children", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["poisson", "negbinomial", "binomial"])
@pytest.mark.parametrize("per", [100, 10_000])
def test_rates_per_many_children_are_not_taken_for_rates_per_child(family: str, per: int) -> None:
    data = table()
    count, size = counted(read(data), family)  # type: ignore[arg-type]
    assert count.sum() == data["starts"].sum()
    again, _ = counted(read(data, per=1), family)  # type: ignore[arg-type]
    np.testing.assert_array_equal(again, count)
    with pytest.raises(sg.DataError, match="rate per many children") as error:
        counted(read(data, per=per), family)  # type: ignore[arg-type]
    assert "without per=" in str(error.value)
    assert size.min() >= 60_000


@pytest.mark.parametrize("missing", [0.0, np.nan])
def test_a_cell_without_a_population_is_refused_by_name(missing: float) -> None:
    data = table()
    data.loc[8, "children"] = missing
    with pytest.raises(sg.StaggeredError, match="c1") as error:
        sg.Hierarchical(family="poisson", engine="analytic").fit(read(data))
    assert "2020" in str(error.value)
    assert len(str(error.value).splitlines()) == 3
