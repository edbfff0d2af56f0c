import numpy as np
import pytest
from matplotlib.figure import Figure

import staggered as sg
from tests.random_panels import random_panel, stepped_panel

ALL = [sg.Twfe(), sg.GroupTime(), sg.Imputation(), sg.Extended(), sg.SunAbraham(), sg.Stacked(), sg.WithinPeriod()]


def test_each_row_is_the_estimators_own_fit() -> None:
    panel = stepped_panel(1, 12, 4)
    found = sg.compare(panel, ALL, [None, sg.Jackknife()])
    table = found.table()
    assert len(table) == 2 * len(ALL)
    for k, one in enumerate(ALL):
        fit = one.fit(panel, sg.Jackknife()).select([0])
        row = table.iloc[2 * k + 1]
        assert row["estimate"] == float(fit.values[0])
        assert row["conf_low"] == fit.interval()[0]


def test_the_coverage_column_counts_treated_council_periods_with_weight() -> None:
    panel = stepped_panel(1, 12, 4)
    found = sg.compare(panel, [sg.Twfe(), sg.GroupTime()])
    treated = int((panel.design.treatment > 0).sum())
    # In the last period everyone is treated, so nobody is left to compare with.
    with_comparison = int((panel.design.treatment[:, :-1] > 0).sum())
    assert found.rests_on == (treated, with_comparison)
    assert found.table()["treated_cells"].tolist() == [f"{treated} of {treated}", f"{with_comparison} of {treated}"]
    assert "different treated council-periods" in found.text()


@pytest.mark.parametrize("seed", range(4))
def test_common_cells_are_those_that_all_can_use(seed: int) -> None:
    panel = random_panel(seed)
    some = [sg.Twfe(), sg.GroupTime(), sg.Imputation()]
    found = sg.compare(panel, some, cells="common")
    assert len(set(found.rests_on)) == 1
    assert found.rests_on[0] <= min(sg.compare(panel, some).rests_on)
    assert "All rest on the same treated council-periods." in found.text()


def test_common_cells_give_the_estimates_of_the_panel_without_the_others() -> None:
    panel = stepped_panel(2, 12, 4)
    present = panel.frame.present.copy()
    present[:, -1] = panel.design.treatment[:, -1] == 0
    found = sg.compare(panel, [sg.Twfe(), sg.GroupTime()], cells="common")
    frame = sg.Frame(panel.design, present=present)
    assert found.estimates[0].value == pytest.approx(
        sg.Twfe().fit(sg.Panel(frame, panel.outcome), sg.Jackknife()).value
    )


@pytest.mark.filterwarnings("ignore::staggered.errors.FewClustersWarning")
def test_what_fails_is_named_and_the_rest_stands() -> None:
    design = sg.Design([[1, 1, 1], [1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 0]])
    panel = sg.Panel(sg.Frame(design), np.random.default_rng(1).normal(size=(5, 3)))
    with pytest.warns(sg.FewClustersWarning, match="alone in its cohort"):
        found = sg.compare(panel, [sg.Twfe(), sg.Efficient(by="calendar")], sg.Cluster("CR3"))
    assert len(found.estimates) + len(found.failed) == 2
    with pytest.raises(sg.DataError, match="No estimator was given"):
        sg.compare(panel, [])


def test_a_comparison_cites_each_paper_once_and_is_drawn_as_its_estimates() -> None:
    found = sg.compare(random_panel(3), [sg.Twfe(), sg.Imputation()], inference=sg.Jackknife())
    papers = sg.cite(found)
    assert len(set(papers)) == len(papers)
    assert set(papers) == {paper for one in found.estimates for paper in sg.cite(one)}
    assert len(sg.plot(found, ax=Figure()).get_yticklabels()) == 2


def test_weights_are_drawn_as_those_of_their_rule() -> None:
    design = sg.stepped(clusters=4, steps=3)
    axes = sg.plot(sg.weights(sg.Twfe(), design), ax=Figure())
    assert axes.get_ylabel() == sg.plot(sg.Twfe().rule(sg.Frame(design)), ax=Figure()).get_ylabel()
