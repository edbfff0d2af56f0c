"""What a draw is balanced on: people from the design, covariates from the councils, all or none."""

import pytest

import staggered as sg
from staggered.errors import StudyError
from staggered.study.balance import balance_columns

TEXT = """
schema = 1
[study]
title = "Balance"
[design]
kind = "stepped"
steps = 3
[[design.council]]
name = "Leeds"
size = 100
covariates = {{ rate = 61.0 }}
[[design.council]]
name = "Kent"
size = 40
covariates = {{ rate = 88.0 }}
[[design.council]]
name = "Bath"
size = 10
covariates = {{ {third} = 74.5 }}
[randomisation]
method = "constrained"
balance = {balance}
seed = 1
"""


@pytest.fixture
def loaded(tmp_path):
    """A study of three councils."""

    def load(balance, third="rate"):
        path = tmp_path / "study.toml"
        path.write_text(TEXT.format(balance=balance, third=third), encoding="utf-8")
        return sg.load(path)

    return load


def test_size_is_people_in_all_periods_and_covariates_are_the_councils_own(loaded):
    study = loaded('["size", "rate"]')
    assert balance_columns(study.spec, study.design) == {
        "size": {"Leeds": 400.0, "Kent": 160.0, "Bath": 40.0},
        "rate": {"Leeds": 61.0, "Kent": 88.0, "Bath": 74.5},
    }


def test_a_council_without_the_covariate_is_named(loaded):
    study = loaded('["rate"]', third="other")
    with pytest.raises(StudyError, match="Bath has no covariate rate"):
        balance_columns(study.spec, study.design)


def test_nothing_to_balance_and_an_unknown_name_are_refused(loaded):
    for balance, said in (("[]", "has no balance"), ('["rates"]', "names 'rates'")):
        study = loaded(balance)
        with pytest.raises(StudyError, match=said):
            balance_columns(study.spec, study.design)
