"""Effects in groups of people, and their differences, against leaving out councils by hand."""

import numpy as np
import pandas as pd
import pytest

import staggered as sg
from staggered.diagnostics.subgroups import subgroups

READING = {"cluster": "council", "period": "wave", "outcome": "y", "treated": "treated"}
MARGINAL = sg.Marginal("gaussian")


def people(seed: int, apart: float = 0.0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    council, wave = (index.ravel().repeat(40) for index in np.indices((8, 5)))
    data = pd.DataFrame({"council": council, "wave": wave, "treated": (wave > council // 2).astype(int)})
    data["sex"] = generator.choice(["girl", "boy"], len(data), p=[0.6, 0.4])
    shock = generator.normal(size=8)[council]
    data["y"] = shock + apart * data["treated"] * (data["sex"] == "boy") + generator.normal(size=len(data))
    return data


def test_effects_and_their_difference_by_hand() -> None:
    data = people(1)
    found = subgroups(data, "sex", MARGINAL, reading=READING, prespecified=True)
    panels = [sg.read(data[data["sex"] == sex], rows="people", **READING) for sex in ("girl", "boy")]
    assert [one.value for one in found.effects] == pytest.approx([MARGINAL.fit(panel).value for panel in panels])
    others = [np.subtract(*(MARGINAL.point(panel.without(k)).values[0] for panel in panels[::-1])) for k in range(8)]
    value = found.effects[1].value - found.effects[0].value
    assert found.differences.value == pytest.approx(value)
    assert found.differences.se == pytest.approx(np.sqrt(7 / 8 * ((np.array(others) - value) ** 2).sum()))
    assert found.differences.df == 7
    # What councils share cancels: the difference is surer than two independent effects would make it.
    assert found.differences.se < np.hypot(found.effects[0].se, found.effects[1].se)


def test_the_flag_stands_beside_every_number() -> None:
    data = people(2, apart=1.0)
    planned = subgroups(data, "sex", MARGINAL, reading=READING, prespecified=True)
    found = subgroups(data, "sex", MARGINAL, reading=READING, prespecified=False)
    assert found.table()["term"].tolist() == ["sex: girl", "sex: boy", "boy less girl"]
    assert set(found.table()["status"]) == {"exploratory"}
    assert set(planned.table()["status"]) == {"pre-specified"}
    assert "a question for another study" in found.text()
    assert "boy less girl does not include zero" in found.text()
    assert (
        "cannot tell whether effects differ"
        in subgroups(people(3), "sex", MARGINAL, reading=READING, prespecified=True).text()
    )
    assert found.to_dict()["status"] == "exploratory"


def test_people_of_unknown_group_are_counted() -> None:
    data = people(4)
    data.loc[:9, "sex"] = None
    found = subgroups(data, "sex", MARGINAL, reading=READING, prespecified=False)
    assert "10 people of whom sex is not known are left out." in found.differences.notes
    assert sum(found.people) == len(data) - 10


def test_a_single_group_and_absent_columns_are_refused() -> None:
    with pytest.raises(sg.DataError, match="'sex' has 1 group"):
        subgroups(people(1).assign(sex="girl"), "sex", MARGINAL, reading=READING, prespecified=True)
    with pytest.raises(sg.DataError, match="no column 'gender'"):
        subgroups(people(1), "gender", MARGINAL, reading=READING, prespecified=True)
