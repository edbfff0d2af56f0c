"""Degrees of freedom of a mixed model at planning values, against full matrices over every single person."""

import numpy as np
import pytest

import staggered as sg
from tests.oracles.people import Everyone, expected_degrees, rows_of

TOTAL = 1.7
STRUCTURES = {
    "exchangeable": sg.Exchangeable(icc=0.2),
    "exchangeable cohort": sg.Exchangeable(icc=0.2, iac=0.5),
    "nested": sg.Nested(icc=0.2, cac=0.6),
    "nested cohort": sg.Nested(icc=0.2, cac=0.6, iac=0.3),
    "decay": sg.Decay(icc=0.2, cac=0.6),
    "decay cohort": sg.Decay(icc=0.2, cac=0.6, iac=0.3),
    "random treatment": sg.RandomTreatment(sg.Nested(icc=0.2, cac=0.6), sd=0.3),
    "correlated treatment": sg.RandomTreatment(sg.Exchangeable(icc=0.2), sd=0.3, corr=-0.4),
}
DESIGNS = {
    "complete": sg.stepped(clusters=6, steps=3, size=3),
    "gaps": sg.Design([[0, 1, 1, np.nan], [0, 0, 1, 1], [0, 0, 0, 1], [np.nan, 0, 1, 1]], size=4),
    "unequal": sg.stepped(clusters=6, steps=3, size=[2, 3, 4, 5, 3, 2]),
}


def everyone(design: sg.Design, covariance: object, columns: np.ndarray) -> Everyone:
    """The plan's people one by one, with derivatives by each variance."""
    base = covariance.base if isinstance(covariance, sg.RandomTreatment) else covariance
    cluster, period, person, treated = rows_of(design.treatment, design.size)
    same = (cluster[:, None] == cluster).astype(float)
    lag = np.abs(period[:, None] - period)
    now = same * (lag == 0)
    icc, cac, iac = base.icc, getattr(base, "cac", 1.0), base.iac
    rest = (1 - icc) * TOTAL
    parts, values, bends = [np.eye(len(cluster))], [(1 - iac) * rest], {}
    if isinstance(base, sg.Decay):
        variance = icc * TOTAL
        parts += [same * cac**lag, variance * same * lag * cac ** np.maximum(lag - 1, 0)]
        bends[1, 2] = same * lag * cac ** np.maximum(lag - 1, 0)
        bends[2, 2] = variance * same * lag * (lag - 1) * cac ** np.maximum(lag - 2, 0)
        total = variance * same * cac**lag
    else:
        parts.append(same)
        values.append(icc * TOTAL * cac)
        if isinstance(base, sg.Nested):
            parts.append(now)
            values.append(icc * TOTAL * (1 - cac))
        total = np.zeros_like(same)
    if isinstance(covariance, sg.RandomTreatment):
        if covariance.corr:
            parts.append(same * (treated[:, None] + treated))
            values.append(covariance.corr * np.sqrt(icc * TOTAL * cac) * covariance.sd)
        parts.append(same * treated[:, None] * treated)
        values.append(covariance.sd**2)
    if iac:
        parts.append(same * (person[:, None] == person))
        values.append(iac * rest)
    if isinstance(base, sg.Decay):
        total = total + values[0] * parts[0] + (values[1] * parts[3] if iac else 0.0)
    else:
        total = sum(value * part for value, part in zip(values, parts, strict=True))
    return Everyone(columns[cluster, period], parts, bends, total)


def columns_of(design: sg.Design, by: str) -> tuple[np.ndarray, np.ndarray]:
    """Treatment and period columns (clusters, periods, p), and the contrast of the first term."""
    clusters, periods = design.treatment.shape
    treated = np.nan_to_num(design.treatment)
    dummies = np.broadcast_to(np.eye(periods), (clusters, periods, periods))
    if by == "overall":
        return np.concatenate([treated[:, :, None], dummies], axis=2), np.eye(periods + 1)[0]
    times = np.unique(design.exposure[treated > 0])
    exposed = treated[:, :, None] * (design.exposure[:, :, None] == times)
    contrast = np.concatenate([np.full(len(times), 1 / len(times)), np.zeros(periods)])
    return np.concatenate([exposed, dummies], axis=2), contrast


@pytest.mark.parametrize("shape", DESIGNS)
@pytest.mark.parametrize("name", STRUCTURES)
def test_they_are_those_of_every_single_person(name: str, shape: str) -> None:
    covariance, design = STRUCTURES[name], DESIGNS[shape]
    plan = sg.Plan(design=design, outcome=sg.Outcome(sd=np.sqrt(TOTAL)), covariance=covariance, effect=sg.Constant(0.5))
    columns, contrast = columns_of(design, "overall")
    variance, degrees, cost = expected_degrees(everyone(design, covariance, columns), contrast)
    plain, adjusted = sg.power(plan, df="satterthwaite"), sg.power(plan, df="kenward-roger")
    assert plain.se == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert plain.df == pytest.approx(degrees, rel=1e-7)
    assert adjusted.df == pytest.approx(degrees, rel=1e-7)
    assert adjusted.se == pytest.approx(np.sqrt(variance + cost), rel=1e-7)
    assert cost > 0


def test_terms_by_exposure_have_their_own() -> None:
    covariance, design = STRUCTURES["nested"], DESIGNS["complete"]
    plan = sg.Plan(design=design, outcome=sg.Outcome(sd=np.sqrt(TOTAL)), covariance=covariance, effect=sg.Constant(0.5))
    columns, contrast = columns_of(design, "event")
    variance, degrees, cost = expected_degrees(everyone(design, covariance, columns), contrast)
    found = sg.power(plan, sg.Gls(covariance, by="event"), df="kenward-roger")
    assert found.df[0] == pytest.approx(degrees, rel=1e-7)
    assert found.se[0] == pytest.approx(np.sqrt(variance + cost), rel=1e-7)
    assert len(set(found.df.round(6))) > 1
    alone = sg.power(plan, sg.Gls(covariance, by="event"), df="kenward-roger", contrast=[1 / 3] * 3)
    assert alone.df == pytest.approx(found.df[0], rel=1e-12)


def test_the_detectable_effect_takes_them_too() -> None:
    plan = sg.Plan(design=DESIGNS["complete"], outcome=sg.Outcome(sd=1.0), covariance=sg.Nested(icc=0.1, cac=0.5))
    smallest = sg.detectable(plan, df="kenward-roger")
    again = sg.power(sg.Plan(design=plan.design, outcome=plan.outcome, covariance=plan.covariance,
                             effect=sg.Constant(smallest.effect)), df="kenward-roger")  # fmt: skip
    assert again.power == pytest.approx(0.8, abs=1e-9)


def test_a_decay_by_dates_is_that_of_its_periods_when_they_are_alike() -> None:
    dates = [["2021-01-01", "2021-03-31"], ["2021-04-01", "2021-06-29"], ["2021-06-30", "2021-09-27"]]
    design = sg.Design(sg.stepped(clusters=6, steps=2).treatment, size=10, dates=dates)
    by_date = sg.Decay(icc=0.1, cac=0.7, time="date", per_days=90)
    one, other = (
        sg.power(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0), covariance=covariance, effect=sg.Constant(0.5)),
                 df="kenward-roger")
        for covariance in (by_date, sg.Decay(icc=0.1, cac=0.7))
    )  # fmt: skip
    assert one.df == pytest.approx(other.df, rel=1e-9)
    assert one.se == pytest.approx(other.se, rel=1e-9)


@pytest.mark.parametrize(
    ("outcome", "effect", "estimator", "says"),
    [
        (sg.Outcome("binomial", baseline=0.2), sg.Constant(0.1), None, "asked for a binomial outcome"),
        (sg.Outcome(sd=1.0), sg.Constant(0.1), sg.Twfe(), "belongs to a mixed model"),
    ],
)
def test_where_there_is_no_mixed_model_it_is_refused(
    outcome: sg.Outcome, effect: sg.Constant, estimator: sg.Twfe | None, says: str
) -> None:
    plan = sg.Plan(design=DESIGNS["complete"], outcome=outcome, covariance=sg.Nested(icc=0.1, cac=0.5), effect=effect)
    with pytest.raises(sg.DesignError, match=says):
        sg.power(plan, estimator, df="satterthwaite")


def test_an_open_cohort_has_none() -> None:
    covariance = sg.Nested(icc=0.1, cac=0.5, iac=0.3, retention=0.5)
    plan = sg.Plan(design=DESIGNS["complete"], outcome=sg.Outcome(sd=1.0), covariance=covariance)
    with pytest.raises(sg.DesignError, match="an open cohort"):
        sg.power(plan, df="kenward-roger")
