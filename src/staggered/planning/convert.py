"""A plan in the words of other tools, so that anyone can check a number elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np

from ..errors import DesignError
from ..model.covariance import Exchangeable, Nested, ProportionalDecay, absolute_variance
from ..model.plan import Plan
from ..results.conversion import Conversion
from .r_code import csv_lines, people, r_call, r_value
from .random_parts import Parts, cannot, one_effect, one_variance, parts_of, scalar

Tool = Literal["swCRTdesign", "SteppedPower", "swdpwr", "shiny"]
_RESIDUAL = "Its sigma is the residual SD; ours is the total SD."
_NORMAL = 'It uses the normal distribution: compare with sg.power(plan, df="normal").'
_APART = 2e-5
"""How far apart swdpwr must find two control means to leave period effects in."""


def convert(plan: Plan, tool: Tool) -> Conversion:
    """Inputs, and a ready call, that make another tool answer the same question.

    Tools disagree on what an icc or an SD is. Here both are on total variance; swCRTdesign and
    SteppedPower take σ for the residual SD, swdpwr takes correlations of pairs of people beside a marginal
    variance, and the Shiny CRT calculator means what we mean.

    Parameters
    ----------
    plan : Plan
        With a constant effect.
    tool : {"swCRTdesign", "SteppedPower", "swdpwr", "shiny"}

    Returns
    -------
    Conversion
        `.inputs`, `.call`, `.notes`.

    Raises
    ------
    DesignError
        What the tool cannot do: a decay in swCRTdesign or swdpwr, gaps or unequal sizes in swdpwr, unequal
        sizes in the calculator, an analysis on the log or logit scale anywhere but in swdpwr.

    References
    ----------
    swCRTdesign 4.0 (Voldal and others 2020), SteppedPower 0.3.5, swdpwr 1.11 (Chen and others 2022), Shiny
    CRT calculator (Hemming and others 2020).

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=20), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(0.3))
    >>> print(sg.convert(plan, "swCRTdesign").call)
    library(swCRTdesign)
    swPwr(swDsn(c(3, 3, 3, 3)), distn = "gaussian", n = 20, mu0 = 0, mu1 = 0.3, sigma = 0.974679434480896,
          tau = 0.2, gamma = 0.1, eta = 0, rho = 0, zeta = 0, alpha = 0.05)
    """
    if tool not in get_args(Tool):
        raise DesignError(
            f"There is no conversion for {tool!r}.",
            "Each tool has its own words.",
            f"Use one of {', '.join(get_args(Tool))}.",
        )
    return _TOOLS[tool](plan)


def _swcrtdesign(plan: Plan) -> Conversion:
    parts, effect = parts_of(plan, "swCRTdesign"), one_effect(plan, "swCRTdesign")
    if parts.decay is not None:
        raise cannot("swCRTdesign", "a correlation that decays", "Nested")
    mean = float(plan.outcome.baseline or 0.0)
    waves = _waves(plan)
    model: dict[str, Any] = {
        "distn": "gaussian",
        "n": people(plan.design),
        "mu0": mean,
        "mu1": mean + effect,
        "sigma": float(np.sqrt(parts.residual)),
        "tau": float(np.sqrt(parts.cluster)),
        "gamma": float(np.sqrt(parts.passing)),
        "eta": parts.treatment,
        "rho": parts.corr,
        "zeta": float(np.sqrt(parts.person)),
        "alpha": 0.05,
    }
    shape = [r_value(waves["clusters"]), *(f"{name} = {more}" for name, more in waves.items() if name != "clusters")]
    notes = [_RESIDUAL, "It takes clusters in the order of their steps.", _NORMAL]
    if plan.outcome.family == "binomial":
        notes.insert(0, 'Gaussian on purpose: with distn = "binomial" it takes p(1 − p) for the residual variance.')
    return Conversion(
        tool="swCRTdesign 4.0 (R)",
        inputs=waves | model,
        call="library(swCRTdesign)\n" + r_call("swPwr", [f"swDsn({', '.join(shape)})", *_named(model)]),
        notes=tuple(notes),
    )


def _waves(plan: Plan) -> dict[str, Any]:
    """The stepped wedge as swDsn builds it: how many clusters start in each period, and periods around them."""
    design = plan.design
    # A cluster that is last seen in control may step in any of the blank periods that follow.
    last_seen = len(design.periods) - 1 - design.observed[:, ::-1].argmax(axis=1)
    start = np.where(np.isinf(design.start) & (last_seen < len(design.periods) - 1), last_seen + 1, design.start)
    steps = np.isfinite(start).all() and design.absorbing.all() and (np.diff(start) >= 0).all() and start.min() > 0
    if not steps or not np.isin(design.treatment[design.observed], (0.0, 1.0)).all():
        raise cannot(
            "swCRTdesign",
            "another shape than whole steps from control to treatment",
            "a stepped wedge, clusters in the order of their steps",
        )
    first, last = int(start.min()), int(start.max())
    waves = [int((start == period).sum()) for period in range(first, last + 1)]
    around = {"extra.ctl.time": first - 1, "extra.trt.time": len(design.periods) - 1 - last}
    return {"clusters": waves} | {name: extra for name, extra in around.items() if extra}


def _steppedpower(plan: Plan) -> Conversion:
    parts, memory = _memory(plan)
    effect, design, mean = one_effect(plan, "SteppedPower"), plan.design, float(plan.outcome.baseline or 0.0)
    inputs: dict[str, Any] = {
        "DesMat": np.nan_to_num(design.treatment),
        "mu0": mean,
        "mu1": mean + effect,
        "sigma": float(np.sqrt(parts.residual)),
        "tau": float(np.sqrt(parts.cluster)),
        "N": people(design, by_cluster=parts.person > 0),
    }
    optional = {
        "gamma": float(np.sqrt(parts.passing)),
        "eta": parts.treatment,
        "rho": parts.corr,
        "psi": float(np.sqrt(parts.person)),
    }
    inputs |= {name: value for name, value in optional.items() if value or (name == "psi" and memory)}
    if memory:
        inputs["AR"] = memory
    if not design.observed.all():
        inputs["incomplete"] = design.observed.astype(float)
        inputs["N"] = np.where(design.observed, design.size, 1.0) if parts.person == 0 else inputs["N"]
    notes = [_RESIDUAL, _NORMAL]
    if plan.outcome.family == "binomial":
        notes.insert(0, 'Gaussian on purpose: family = "binomial" takes p(1 − p) for the residual variance of a cell.')
    return Conversion(
        tool="SteppedPower 0.3.5 (R)",
        inputs=inputs,
        call="library(SteppedPower)\n" + r_call("glsPower", _named(inputs)),
        notes=tuple(notes),
    )


def _memory(plan: Plan) -> tuple[Parts, list[float]]:
    """Random parts, and how cluster, treatment effect and person decay (SteppedPower's AR); empty where they do not."""
    covariance = plan.covariance
    if isinstance(covariance, ProportionalDecay):
        total, icc, decay = one_variance(plan, "SteppedPower"), scalar(covariance.icc), scalar(covariance.cac)
        return Parts(icc * total, 0.0, (1 - icc) * total, 0.0), [decay, decay, decay]
    parts = parts_of(plan, "SteppedPower")
    if parts.decay is not None and parts.corr:
        raise cannot("SteppedPower", "a decay together with a correlated treatment effect", "corr=0")
    return parts, [] if parts.decay is None else [parts.decay, 1.0, 1.0]


def _swdpwr(plan: Plan) -> Conversion:
    design, outcome = plan.design, plan.outcome
    between, icc, iac = _pairs(plan)
    if not design.observed.all() or np.ptp(design.size) > 0 or not np.isin(design.treatment, (0.0, 1.0)).all():
        raise cannot("swdpwr", "gaps, fractions or unequal sizes", "a complete design of equal sizes")
    marginal = outcome.family == "binomial" and outcome.variance == "by-cell"
    if outcome.family != "gaussian" and not marginal:
        raise cannot(
            "swdpwr", f"a {outcome.family} outcome", 'a binomial outcome with variance="by-cell", or a gaussian'
        )
    start, end, changed = _means(plan)
    inputs: dict[str, Any] = {
        "K": float(design.size[0, 0]),
        "design": design.treatment,
        "family": outcome.family,
        "model": "marginal",
        "link": outcome.link,
        "type": "cohort" if iac else "cross-sectional",
        "meanresponse_start": start,
        "meanresponse_end0": end,
        "meanresponse_end1": changed,
    }
    if outcome.family == "gaussian":
        inputs["sigma2"] = scalar(outcome.sd) ** 2
    inputs |= {"typeIerror": 0.05, "alpha0": icc, "alpha1": between}
    if iac:
        inputs["alpha2"] = between + iac * (1 - icc)
    return Conversion(
        tool="swdpwr 1.11 (R)",
        inputs=inputs,
        call="library(swdpwr)\n" + r_call("swdpower", _named(inputs)),
        notes=(
            "alpha0, alpha1 and alpha2 are correlations of two people in one period, of two people in two periods, and "
            "of one person in two periods; the variance is the marginal one.",
            "meanresponse_start and meanresponse_end0 differ on purpose: were they equal, it would leave out period "
            "effects.",
            _NORMAL,
        ),
    )


def _pairs(plan: Plan) -> tuple[float, float, float]:
    """Icc · cac, icc and iac of a correlation that swdpwr has."""
    covariance = plan.covariance
    if not isinstance(covariance, Exchangeable | Nested) or covariance.retention is not None:
        raise cannot(
            "swdpwr", f"{type(covariance).__name__.lower()} correlation", "Exchangeable or Nested, closed cohort"
        )
    if absolute_variance(covariance) is not None:
        raise cannot("swdpwr", "an absolute variance between clusters", "an icc on the outcome's own scale")
    icc = scalar(covariance.icc)
    return icc * (scalar(covariance.cac) if isinstance(covariance, Nested) else 1.0), icc, scalar(covariance.iac)


def _means(plan: Plan) -> tuple[float, float, float]:
    """Control mean at the start, at the end (which must differ), and treated mean at the end."""
    outcome = plan.outcome
    trend = np.asarray(outcome.trend or (0.0,), dtype=float)
    if np.abs(np.diff(trend, 2)).max(initial=0.0) > 1e-9 * max(float(np.abs(trend).max()), 1e-300):
        raise cannot("swdpwr", "a trend that is not straight on the scale of the link", "a straight one")
    effect, control = one_effect(plan, "swdpwr"), outcome.control(plan.design)[0]
    start, end = float(control[0]), float(control[-1])
    if start == end:
        end += _APART if outcome.link == "identity" else _APART * end
    if outcome.link == "identity":
        return start, end, end + effect
    if outcome.link == "log":
        return start, end, float(end * np.exp(effect))
    odds = end / (1 - end) * np.exp(effect)
    return start, end, float(odds / (1 + odds))


def _shiny(plan: Plan) -> Conversion:
    parts, effect, design = parts_of(plan, "shiny"), one_effect(plan, "shiny"), plan.design
    if np.ptp(design.size[design.observed]) > 0:
        raise cannot("shiny", "unequal sizes", "one size")
    rows = [row.tobytes() for row in design.treatment]
    counts = {rows.count(row) for row in rows}
    if len(counts) > 1:
        raise cannot("shiny", "sequences with different numbers of clusters", "the same number on each")
    if parts.treatment and parts.corr:
        raise cannot("shiny", "an effect that is correlated with the level", "corr=0")
    lasting = parts.cluster / parts.between if parts.between else 1.0
    own = parts.person + parts.residual
    settings: dict[str, Any] = {
        "clusters per sequence": counts.pop(),
        "cluster-period size": float(design.size[design.observed][0]),
        "correlation": "two-period decay" if parts.decay is None else "discrete-time decay",
        "standard deviation": float(np.sqrt(parts.total)),
        "ICC": parts.between / parts.total,
        "CAC": lasting if parts.decay is None else parts.decay,
        "IAC": parts.person / own,
        "treatment effect SD": parts.treatment,
        "mean difference": effect,
        "significance level": 0.05,
    }
    lines = [f"{name}: {value if isinstance(value, str) else r_value(value)}" for name, value in settings.items()]
    shape = csv_lines(design.treatment)
    first = "Continuous outcome. Upload own design: a CSV file of these lines (blank: not observed)."
    return Conversion(
        tool="the Shiny CRT calculator (October 2023)",
        inputs={"design": shape, **settings},
        call="\n".join([first, "", shape, "", *lines]),
        notes=(
            "Its SD and its ICC are on total variance, as ours are.",
            "It counts the upper tail only, which matters little above 20% power, and the normal distribution for "
            'uploaded designs: compare with sg.power(plan, df="normal").',
        ),
    )


_TOOLS: dict[str, Callable[[Plan], Conversion]] = {
    "swCRTdesign": _swcrtdesign,
    "SteppedPower": _steppedpower,
    "swdpwr": _swdpwr,
    "shiny": _shiny,
}


def _named(inputs: dict[str, Any]) -> list[str]:
    return [f"{name} = {r_value(value)}" for name, value in inputs.items()]
