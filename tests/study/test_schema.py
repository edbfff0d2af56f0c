"""The schema: strict about kinds of values, and every kind of design and section is reachable."""

from typing import get_args

import pytest
from pydantic import ValidationError

from staggered.study.schema import DESIGNS, SECTIONS, DataVariant, Expectation, OutcomeSection, StudyFile


def test_every_section_is_part_of_the_whole():
    assert set(StudyFile.model_fields) == {"design", *SECTIONS}


def test_every_kind_of_design_says_its_own_kind():
    for name, model in DESIGNS.items():
        assert get_args(model.model_fields["kind"].annotation) == (name,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sd": True},
        {"sd": "1"},
        {"sd": float("nan")},
        {"sd": 0},
        {"sd": float("inf")},
        {"baseline": float("nan")},
        {"baseline": [1]},
    ],
)
def test_nothing_is_taken_for_what_it_is_not(wrong):
    with pytest.raises(ValidationError):
        OutcomeSection.model_validate(wrong)


def test_a_whole_number_is_a_number():
    assert OutcomeSection.model_validate({"sd": 2}).sd == 2.0


@pytest.mark.parametrize(
    ("model", "given"),
    [(DataVariant, {"name": "x", "weights": "size"}), (Expectation, {"value": 1.0, "digits": 2, "page": 3})],
)
def test_unknown_keys_are_refused_at_every_depth(model, given):
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate(given)


def test_what_was_read_does_not_change():
    section = OutcomeSection(sd=1.0)
    with pytest.raises(ValidationError, match="frozen"):
        section.sd = 2.0
