"""What is asked for, before a file is opened."""

import pytest

from staggered.data.request import Request
from staggered.errors import DataError

NAMED = {"cluster": "council", "period": "year", "outcome": "starts"}


def test_the_columns_that_are_needed_each_once() -> None:
    asked = Request(
        **NAMED, start="go_live", size="children", weights="size", strata="region", covariates=["a", "b"], keep="region"
    )
    assert asked.columns == ("council", "year", "starts", "go_live", "children", "region", "a", "b")
    assert asked.names == ("council", "region", "region")
    assert asked.keep == ("region",)


@pytest.mark.parametrize(
    ("asked", "column", "per_child"),
    [
        ({}, None, False),
        ({"size": "children"}, None, False),
        ({"size": "children", "weights": "size"}, "children", True),
        ({"size": "children", "weights": "children"}, "children", True),
        ({"size": "children", "weights": "w"}, "w", False),
        ({"weights": "size"}, "size", False),
        ({"rows": "people", "weights": "size"}, None, True),
    ],
)
def test_what_weights_mean(asked: dict[str, str], column: str | None, per_child: bool) -> None:
    request = Request(**NAMED, **asked)
    assert (request.weight_column, request.per_child) == (column, per_child)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rows": "cell"}, "Write rows='cells'"),
        ({"adopt": "most", "start": "s"}, "adopt='most' is not one of 'any', 'half' and 'full'"),
        ({"partial": "fractions", "start": "s"}, "Write partial='fraction'"),
        ({"start": "s", "treated": "t"}, "Keep one"),
        ({"adopt": "half"}, "without start="),
        ({"partial": "blank", "treated": "t"}, "without start="),
        ({"per": 10_000}, "per=10000 was given without size="),
        ({"per": 0, "size": "n"}, "not a positive number"),
        ({"per": float("nan"), "size": "n"}, "not a positive number"),
        ({"unit": "child"}, "rows='people' if a row is a person"),
        ({"rows": "people", "size": "n"}, "are then counted"),
        ({"rows": "people", "weights": "w"}, "weights='size'"),
        ({"cluster": "year"}, "'year' is named both as cluster= and as period="),
        ({"covariates": ["starts"]}, "'starts' is named both as outcome= and as covariates="),
        ({"treated": "starts"}, "'starts' is named both as outcome= and as treated="),
    ],
)
def test_what_contradicts_itself_is_refused(asked: dict[str, object], said: str) -> None:
    with pytest.raises(DataError) as caught:
        Request(**(NAMED | asked))
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 3
