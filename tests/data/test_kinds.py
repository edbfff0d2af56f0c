"""How periods are written."""

import pytest

from staggered.data.kinds import MONTH, QUARTER, SPLIT_QUARTER, SPLIT_YEAR, YEAR, Kind, kind_of


@pytest.mark.parametrize(
    ("kind", "texts", "written"),
    [
        (YEAR, ["2021", "2021.0"], "2021"),
        (SPLIT_YEAR, ["2020-21", "2020/21", "2020/2021", "202021", "2020–21"], "2020-21"),
        (QUARTER, ["2021-Q3", "2021 Q3", "2021Q3", "2021q3", "Q3 2021", "Q3-2021"], "2021-Q3"),
        (SPLIT_QUARTER, ["2020-21 Q3", "2020/21 Q3", "Q3 2020-21"], "2020-21 Q3"),
        (
            MONTH,
            [
                "2021-07",
                "2021/07",
                "2021-7",
                "202107",
                "2021M07",
                "Jul 2021",
                "July 2021",
                "Jul-21",
                "07/2021",
                "2021 Jul",
            ],
            "2021-07",
        ),
    ],
)
def test_ways_to_write_one_period(kind: Kind, texts: list[str], written: str) -> None:
    positions = {kind.read(text) for text in texts}
    assert len(positions) == 1
    (position,) = positions
    assert position is not None
    assert kind.write(position) == written
    assert kind.read(written) == position


@pytest.mark.parametrize("kind", [YEAR, SPLIT_YEAR, QUARTER, SPLIT_QUARTER, MONTH])
@pytest.mark.parametrize("text", ["", "soon", "2021-13", "2020-22", "2021-Q5", "Wave 1", "1850", "2021-07-01", "12"])
def test_what_is_no_such_period(kind: Kind, text: str) -> None:
    assert kind.read(text) is None


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (["2010-11", "2011-12"], "split year"),
        (["2010-11", "2010-12"], "month"),
        (["201011", "201112"], "split year"),
        (["201011", "201012"], "month"),
        (["2010", "2011"], "year"),
        (["1", "2"], "number"),
        (["0", "-1"], "number"),
        (["T1", "T10"], "number"),
        (["wave 1", "Wave 2"], "number"),
        (["Year ending 31 March 2020", "Year ending 31 March 2021"], "year"),
        (["2021-01-01", "2021-02-01"], None),
        (["before", "after"], None),
        (["T1", "S2"], None),
        (["2021", "2021-Q1"], None),
        (["20210101", "20210201"], None),
    ],
)
def test_a_column_is_of_the_kind_that_all_of_it_is(texts: list[str], name: str | None) -> None:
    kind = kind_of(texts)
    assert (None if kind is None else kind.name) == name


def test_words_before_a_number_may_be_left_out_elsewhere() -> None:
    kind = kind_of(["Wave 1", "Wave 2"])
    assert kind is not None
    assert kind.read("Wave 3") == kind.read("3") == kind.read("wave 3") == 3
    assert kind.write(3) == "Wave 3"
    assert kind.read("Step 3") is None
