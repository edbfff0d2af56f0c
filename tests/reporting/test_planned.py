"""The planned effect in words."""

import staggered as sg
from staggered.reporting.planned import children_per_thousand, effect_words
from tests.reporting.reading import PLAN, ROOT


def test_a_risk_is_said_with_where_it_comes_from_and_where_it_goes():
    study = sg.load(PLAN)
    assert effect_words(study, study.power()) == (
        "1.85 percentage points lower after go-live: 3.64% in place of 5.49%, or 18.5 fewer children in every 1,000"
    )


def test_a_difference_that_is_no_risk_is_said_as_it_is():
    study = sg.load(ROOT / "designs" / "hussey_hughes.toml")
    assert effect_words(study, study.power()) == "0.018 lower after go-live"


def test_children_per_thousand_have_a_direction():
    assert children_per_thousand(0.002) == "2 more children in every 1,000"
