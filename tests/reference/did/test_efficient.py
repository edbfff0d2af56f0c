"""R staggered 1.2.3: Roth and Sant'Anna's estimator with the optimal beta, and with beta = 1.

`staggered_cs` is Callaway and Sant'Anna's comparison, `staggered_sa` Sun and Abraham's. The
estimate and both standard errors of every outcome of the Chicago police training, and of mpdta.

diff-diff's EfficientDiD (Chen, Sant'Anna and Xie) is another estimator: see test_all_comparisons.py.
"""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

import staggered as sg
from staggered.results.estimate import Estimate
from tests.reference.did import panels

NUMBERS = pd.read_csv(Path(__file__).with_name("efficient.csv"))
OPTIONS = {
    "staggered": {"beta": "optimal", "controls": "notyet"},
    "staggered_cs": {"beta": 1, "controls": "notyet"},
    "staggered_sa": {"beta": 1, "controls": "last"},
}


@cache
def fitted(outcome: str, call: str, by: str, refined: bool) -> Estimate:
    panel = panels.mpdta() if outcome == "lemp" else panels.police(outcome)
    return sg.Efficient(by=by, **OPTIONS[call]).fit(panel, sg.DesignBased(refined=refined))


@pytest.mark.parametrize("row", list(NUMBERS.itertuples()), ids=lambda row: "-".join(map(str, row[1:5])))
def test_estimate_and_both_standard_errors(row: tuple) -> None:
    for refined, expected in ((True, row.se), (False, row.se_neyman)):
        fit = fitted(row.outcome, row.call, row.by, refined)
        k = [term.event for term in fit.terms].index(int(row.event)) if row.by == "event" else 0
        assert fit.values[k] == pytest.approx(row.estimate, rel=1e-8)
        assert fit.uncertainty.se()[k] == pytest.approx(expected, rel=1e-6)


def test_neyman_of_group_time_effects_is_that_of_beta_one() -> None:
    """The variance belongs to the weights, whichever estimator writes them down."""
    panel = panels.mpdta()
    one = sg.GroupTime().fit(panel, sg.DesignBased())
    assert one.se == pytest.approx(fitted("lemp", "staggered_cs", "overall", False).se, rel=1e-10)
