"""The sample size of a plan in words: a paragraph for a protocol, and CONSORT's item 7a."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..design.design import Design
from ..errors import listing
from ..kernel.protocols import Estimator
from ..model.covariance import (
    Covariance,
    Decay,
    Exchangeable,
    Independent,
    Nested,
    ProportionalDecay,
    RandomTreatment,
    Unstructured,
)
from ..model.effect import Constant
from ..model.outcome import Outcome
from ..model.plan import Plan
from ..results.power import Power
from ..results.sample_size import SampleSize
from .grid import grid
from .power import detectable, power

_MOST_NAMED = 24
_STRUCTURES: dict[type[Covariance], str] = {
    Independent: "none",
    Exchangeable: "exchangeable: the same for any two periods",
    Nested: "nested exchangeable: one within a period, another between any two",
    Decay: "discrete-time decay: it falls with every period that lies between",
    ProportionalDecay: "proportional decay: councils' and people's own memory fall alike",
    Unstructured: "a matrix of its own for every pair of periods",
}


def sample_size(
    plan: Plan,
    *,
    estimator: Estimator | None = None,
    target: float = 0.8,
    alpha: float = 0.05,
    df: str | float | None = None,
    icc: Sequence[float] = (),
    cac: Sequence[float] = (),
) -> SampleSize:
    """Say how the sample size was determined, so that anyone can determine it again.

    Parameters
    ----------
    plan : Plan
        With the effect that the study should find.
    estimator : Estimator, optional
        Generalised least squares with the plan's correlation when absent.
    target : float
        Power at which the detectable effect is given.
    alpha, df
        As in `power`.
    icc, cac : sequence of float, optional
        Values over which power is given as a range; generalised least squares only.

    Returns
    -------
    SampleSize
        `.text()` a paragraph for a protocol, `.consort()` item 7a of the CONSORT extension for stepped wedges,
        `.table()` its parameters.

    References
    ----------
    Hemming and others (2018), BMJ 363:k1614.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=10, steps=5, size=300),
    ...                outcome=sg.Outcome("binomial", baseline=0.07, name="becoming looked after"),
    ...                covariance=sg.Nested(icc=0.005, cac=0.8), effect=sg.Constant(-0.02))
    >>> print(sample_size(plan).text().split(". ")[1].split(", with")[0])
    10 clusters in 5 sequences of 2 are observed over 6 periods
    """
    found = power(plan, estimator, alpha=alpha, df=df)
    smallest = detectable(plan, target, estimator=estimator, alpha=alpha, df=df)
    ranges = {name: tuple(values) for name, values in (("icc", icc), ("cac", cac)) if len(values)}
    over = None
    if ranges and estimator is None:
        over = grid(plan, icc=ranges.get("icc"), cac=ranges.get("cac"), alpha=alpha, df=df)
    return SampleSize(
        paragraph=_paragraph(plan, found, smallest, over, target),
        items=_items(plan, found, smallest, over, target),
        references=found.references,
    )


def _paragraph(plan: Plan, found: Power, smallest: Power, over: Power | None, target: float) -> str:
    effect, error = float(found.effects[0]), float(found.errors[0])
    design = plan.design
    said = [
        "Sample size.",
        f"{_shape(design)}, with {_sizes(design)}.",
        f"The outcome is {plan.outcome.name}; {_spread(plan.outcome)}.",
        f"{_correlation_sentence(plan.covariance)}.",
        f"The analysis is {found.estimator}, with an effect for every period, and a two-sided test at "
        f"{100 * found.alpha:g}%. {found.conventions[-1]}",
    ]
    if effect:
        said.append(
            f"The study then has {100 * float(found.powers[0]):.1f}% power if the true effect is "
            f"{effect_words(plan, effect)} (standard error {error:.3g})."
        )
    size = abs(float(smallest.effects[0]))
    said.append(
        f"The smallest effect that it would find with {100 * target:g}% power is "
        f"{effect_words(plan, -size if effect < 0 else size)}."
    )
    if over is not None:
        said.append(
            f"These correlations are not known beforehand: over {_ranges(over)} power runs from "
            f"{100 * over.powers.min():.0f}% to {100 * over.powers.max():.0f}%."
        )
    return " ".join(said)


def _items(plan: Plan, found: Power, smallest: Power, over: Power | None, target: float) -> tuple[tuple[str, str], ...]:
    design, size = plan.design, abs(float(smallest.effects[0]))
    effect = float(found.effects[0])
    rows = [
        ("Design", f"{design.name or 'own schedule'}: {_shape(design)}"),
        ("Cells not observed", f"{int((~design.observed).sum())} of {design.observed.size}"),
        ("People per cluster and period", _sizes(design)),
        *_by_cluster(design),
        ("Outcome", f"{plan.outcome.name} ({plan.outcome.family}, analysed on the {plan.outcome.link} scale)"),
        ("Variance", _spread(plan.outcome)),
        ("Correlation structure", _structure(plan.covariance)),
        *_correlations(plan.covariance),
        ("Time effects", "one for every period"),
        ("Analysis", found.estimator),
        ("Effect to be found", effect_words(plan, effect) if effect else "none stated"),
        ("Significance level", f"{100 * found.alpha:g}%, two-sided"),
        ("Degrees of freedom", found.conventions[-1].rstrip(".")),
        ("Standard error of the effect", f"{float(found.errors[0]):.4g}"),
    ]
    if effect:
        rows.append(("Power", f"{100 * float(found.powers[0]):.1f}%"))
    rows.append(
        (f"Smallest effect found with {100 * target:g}% power", effect_words(plan, -size if effect < 0 else size))
    )
    if over is not None:
        low, high = 100 * over.powers.min(), 100 * over.powers.max()
        rows.append((f"Power over {_ranges(over)}", f"{low:.0f}% to {high:.0f}%"))
    return (*rows, ("Software", f"staggered; plan SHA-256 {plan.digest[:16]}"))


def _by_cluster(design: Design) -> list[tuple[str, str]]:
    """What each cluster contributes, where there are few enough to be named."""
    if len(design.clusters) > _MOST_NAMED:
        return []
    whole = (np.where(design.observed, design.size, 0.0)).sum(axis=1)
    starts = [f"{design.periods[int(start)]}" if np.isfinite(start) else "never" for start in design.start]
    rows = [("First treated period", _each(design.clusters, starts))]
    if np.ptp(whole) > 0:
        rows.append(("People of each cluster", _each(design.clusters, [f"{people:,.0f}" for people in whole])))
    return rows


def _each(names: Sequence[str], values: Sequence[str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))


def effect_words(plan: Plan, effect: float) -> str:
    """Write an effect on the scale of the analysis as people speak of it."""
    outcome = plan.outcome
    if outcome.link == "log":
        return f"a ratio of {np.exp(effect):.3g}"
    if outcome.link == "logit":
        return f"an odds ratio of {np.exp(effect):.3g}"
    sign = "−" if effect < 0 else "+"
    if outcome.family == "binomial":
        control = float(outcome.baseline or 0.0)
        constant = isinstance(plan.effect, Constant) and 0 < control + effect < 1
        instead = f", {100 * (control + effect):.3g}% instead of {100 * control:.3g}%" if constant else ""
        return f"a difference of {sign}{100 * abs(effect):.3g} percentage points{instead}"
    in_sds = f" ({sign}{abs(effect) / outcome.sd:.2g} SD)" if outcome.sd and outcome.sd != 1 else ""
    return f"a difference of {sign}{abs(effect):.3g}{in_sds}"


def _shape(design: Design) -> str:
    """Clusters, sequences and periods."""
    count, periods = design.treatment.shape
    times = Counter(row.tobytes() for row in np.nan_to_num(design.treatment, nan=-1.0))
    each = sorted(set(times.values()))
    per = f"of {each[0]}" if len(each) == 1 else f"of {each[0]} to {each[-1]}"
    length = ""
    if design.dates is not None:
        first, last = design.dates[0, 0], design.dates[-1, 1]
        length = f", from {first} to {last}"
    return f"{count} clusters in {len(times)} sequences {per} are observed over {periods} periods{length}"


def _sizes(design: Design) -> str:
    seen = design.size[design.observed]
    total = f"{seen.sum():,.0f} in all"
    if np.ptp(seen) <= 1e-9 * seen.max():
        return f"{seen[0]:,.6g} people in each cluster and period ({total})"
    spread = float(seen.std() / seen.mean())
    ends = f"{seen.min():,.0f} to {seen.max():,.0f} people in a cluster and period"
    return f"{ends} (coefficient of variation {spread:.2f}; {total})"


def _spread(outcome: Outcome) -> str:
    if outcome.family == "gaussian":
        return f"its total standard deviation between people is {outcome.sd:g}"
    if outcome.family == "binomial":
        places = {
            "baseline": "the control risk",
            "average": "the midpoint of both risks",
            "by-cell": "each cell's risk",
        }
        where = places[outcome.variance]
        return f"the risk without treatment is {outcome.baseline:.4g}, its variance p(1 − p) taken at {where}"
    extra = f" and a dispersion of {outcome.dispersion:g}" if outcome.dispersion else ""
    return f"counts of a rate of {outcome.baseline:.4g} per person without treatment{extra}"


def _structure(covariance: Covariance) -> str:
    if isinstance(covariance, RandomTreatment):
        return f"{_STRUCTURES[type(covariance.base)]}; the effect differs between clusters"
    return _STRUCTURES[type(covariance)]


def _correlations(covariance: Covariance) -> list[tuple[str, str]]:
    """Parameters of a correlation, by the names that trialists use."""
    base = covariance.base if isinstance(covariance, RandomTreatment) else covariance
    rows = []
    if not isinstance(base, Independent):
        rows += _levels(base)
    if isinstance(base, Independent | Exchangeable | Nested | Decay | Unstructured) and np.any(base.iac):
        kind = "closed cohort" if base.retention is None else f"open cohort, retention {base.retention}"
        rows.append(("Individual autocorrelation", f"{float(np.asarray(base.iac)):g} ({kind})"))
    elif isinstance(base, ProportionalDecay):
        rows.append(("People", "the same in every period (closed cohort)"))
    else:
        rows.append(("People", "different in every period (cross-sectional)"))
    if isinstance(covariance, RandomTreatment):
        size = f"SD {covariance.sd:g}" if covariance.sd is not None else f"{covariance.share:g} of the cluster variance"
        rows.append(("Effect between clusters", f"{size}, correlation with the level {covariance.corr:g}"))
    return rows


def _levels(base: Covariance) -> list[tuple[str, str]]:
    assert isinstance(base, Exchangeable | Nested | Decay | ProportionalDecay | Unstructured)
    cac = base.cac if isinstance(base, Nested | Decay | ProportionalDecay) else None
    variance = base.variance if isinstance(base, Exchangeable | Nested | Decay) else None
    if variance is not None:
        lasting = f"{float(np.sqrt(float(np.asarray(variance)) * (1 if cac is None else float(np.asarray(cac))))):.3g}"
        total = f"{float(np.sqrt(float(np.asarray(variance)))):.3g}"
        rows = [("SD between clusters within a period", f"{total} (on the scale of the analysis)")]
        if isinstance(base, Nested):
            rows.append(("of which lasts between periods (SD)", lasting))
    else:
        assert base.icc is not None
        scale = base.scale if isinstance(base, Exchangeable | Nested | Decay) else "outcome"
        where = "on total variance" if scale == "outcome" else "on the latent scale of a logistic model"
        rows = [("Within-period intracluster correlation", f"{float(np.asarray(base.icc)):g} ({where})")]
    if cac is not None:
        what = "Cluster autocorrelation" if isinstance(base, Nested) else "Correlation of a cluster one period apart"
        if isinstance(base, Decay) and base.per_days is not None:
            what = f"Correlation of a cluster {base.per_days:g} days apart"
        rows.append((what, f"{float(np.asarray(cac)):.3g}"))
    return rows


def _correlation_sentence(covariance: Covariance) -> str:
    rows = _correlations(covariance)
    named = [(name if name[1].isupper() else name[:1].lower() + name[1:], value) for name, value in rows]
    parts = [f"{name} {value}" for name, value in named if name != "people"]
    people = [value for name, value in rows if name == "People"]
    said = f"Correlation within clusters is {_structure(covariance)}"
    if parts:
        said += f"; {listing(parts)}"
    return said + (f"; people are {people[0]}" if people else "")


def _ranges(over: Power) -> str:
    names = {"icc": "ICCs", "cac": "CACs"}
    parts = [f"{names[name]} from {min(values):g} to {max(values):g}" for name, values in over.inputs.items()]
    return " and ".join(parts)
