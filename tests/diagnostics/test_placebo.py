import numpy as np
import pytest

import staggered as sg
from staggered.diagnostics.left_out import without_each
from staggered.diagnostics.placebo import placebo_dates
from tests.random_panels import random_panel


def ahead() -> sg.Panel:
    """The outcome moves by 2 one period before go-live, and nothing else happens."""
    design = sg.stepped(clusters=8, steps=4, baseline=4)
    early = np.arange(design.treatment.shape[1]) >= design.start[:, None] - 1
    return sg.Panel(sg.Frame(design), early * 2.0 + np.arange(8.0)[:, None])


def test_an_effect_before_go_live_is_found_where_it_is() -> None:
    found = placebo_dates(sg.Imputation(), ahead(), [1, 2], sg.Jackknife())
    one, two = found.table()["estimate"]
    assert one == pytest.approx(2.0)
    # Moved two periods, the second has the effect; the last two cohorts have nobody to be compared with in theirs.
    assert two == pytest.approx((0 + 2 + 0 + 2 + 0) / 5)
    assert "anticipation" in found.text()


def test_nothing_after_the_actual_go_live_is_used() -> None:
    panel = ahead()
    changed = sg.Panel(panel.frame, panel.outcome + 100.0 * (panel.design.treatment > 0))
    one, other = (placebo_dates(sg.Twfe(), each, [1, 2, 3]).table()["estimate"] for each in (panel, changed))
    np.testing.assert_allclose(one, other)


def test_shifts_without_data_are_named_and_none_at_all_is_refused() -> None:
    found = placebo_dates(sg.Twfe(), ahead(), [1, 9])
    assert found.skipped == (9,)
    assert "9 periods early" in found.text()
    with pytest.raises(sg.IdentificationError, match="leave nothing to estimate from"):
        placebo_dates(sg.Twfe(), ahead(), [9])
    with pytest.raises(sg.DataError, match=r"shifts is \[0\]"):
        placebo_dates(sg.Twfe(), ahead(), [0])


@pytest.mark.parametrize("seed", range(4))
def test_without_each_council_is_the_estimate_on_the_others(seed: int) -> None:
    panel = random_panel(seed)
    found = without_each(sg.GroupTime(), panel)
    for row in range(len(panel.design.clusters)):
        rest = np.delete(np.arange(len(panel.design.clusters)), row)
        other = sg.Panel(panel.frame.keep(rest), panel.outcome[rest])
        assert found.without[row] == pytest.approx(float(sg.GroupTime().point(other).values[0]), rel=1e-9)
    assert found.table()["left_out"].tolist()[0] in found.text()
