"""Power from the exact likelihood of yes/no outcomes, without linearising the model.

People of a cluster answer yes with a risk that a normal cluster effect moves on the scale of the link:

    g(risk of cell (c, t) | b) = η_t + β X_ct + b,   b ~ N(0, τ²).

The information that one cluster holds about (η, β, τ²) is the expectation, over everything its people could
answer, of the outer product of the score. On the identity and log scales b is cut off where a risk
would leave 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize, special

from ..errors import DesignError
from ..model.covariance import Exchangeable, absolute_variance
from ..model.plan import Plan
from ..results.power import Power
from ..value import FloatArray
from .conventions import conventions, papers
from .precision import Kinds, kinds_of
from .tests_of_zero import power_of_test

_NODES = 60
_REACH = 8.5
_MOST_OUTCOMES = 3_000_000


def likelihood_power(plan: Plan, *, time: Literal["period", "none"] = "period", alpha: float = 0.05) -> Power:
    """Power of the likelihood-ratio or Wald test in a binomial model with a normal cluster effect.

    An icc on the outcome's own scale refers to the control risk in the first period, and the plan's risks
    are then averages over clusters. With `Exchangeable.from_sd` or an icc on the latent scale they are the
    risks of a typical cluster (b = 0).

    Parameters
    ----------
    plan : Plan
        A binomial outcome, an `Exchangeable` correlation without `iac`, a constant effect on the scale of
        the link, and few enough people: every possible outcome of a cluster is looked at.
    time : {"period", "none"}
        Period effects, or none.
    alpha : float

    Raises
    ------
    DesignError
        Another kind of plan, or one with too many possible outcomes.

    References
    ----------
    Zhou and others (2020), Biostatistics 21:102.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=2, size=30), outcome=sg.Outcome("binomial", baseline=0.2),
    ...                covariance=sg.Exchangeable(icc=0.05), effect=sg.Constant(0.1))
    >>> round(likelihood_power(plan, time="none").power, 4)
    0.9692
    """
    model = _Model.of(plan, _require_fitting(plan), time)
    information = likelihood_information(plan, time=time)
    error = float(np.sqrt(np.linalg.inv(information)[model.effect_at, model.effect_at]))
    how = f"Exact likelihood, normal cluster effect of SD {np.sqrt(model.spread):.3g} on the {plan.outcome.link} scale"
    return Power(
        powers=power_of_test(model.effect / error, np.inf, alpha, noncentral=True),
        errors=np.array([error]),
        degrees=np.array([np.inf]),
        effects=np.array([model.effect]),
        alpha=alpha,
        estimator="maximum likelihood of a mixed model",
        conventions=conventions(plan, f"{how}; normal distribution."),
        references=papers(plan),
    )


def likelihood_information(plan: Plan, *, time: Literal["period", "none"] = "period") -> FloatArray:
    """Expected information (p, p) of a plan about its control levels (one per period, or one), effect and τ².

    Taken without its last row and column it is that of a likelihood to which τ² is known.
    """
    model, kinds = _Model.of(plan, _require_fitting(plan), time), kinds_of(plan)
    information = np.zeros((model.width, model.width))
    for k, count in enumerate(kinds.count):
        information += count * _information(model, *_groups(kinds, k, model, time))
    return information


@dataclass(frozen=True, slots=True)
class _Model:
    """Parameters of the conditional model; coefficients are those of the periods, then the effect, then τ².

    Parameters
    ----------
    link : str
    control : array (periods,) or (1,)
        η of each period, or the one level.
    effect, spread : float
        β and τ².
    """

    link: str
    control: FloatArray
    effect: float
    spread: float

    @classmethod
    def of(cls, plan: Plan, covariance: Exchangeable, time: str) -> _Model:
        """Conditional parameters of a plan, found from its averages where these are what it states."""
        link = str(plan.outcome.link)
        control = plan.outcome.control(plan.design)[0]
        control = control if time == "period" else control[:1]
        effects, treated = plan.effects(), np.nan_to_num(plan.design.treatment)
        effect = float((effects[treated > 0] / treated[treated > 0])[0])
        given = absolute_variance(covariance)
        if given is not None:
            return cls(link, _linear(control, link), effect, float(given))
        risk = _mean(_linear(control[:1], link) + effect, link)
        spread = _spread(float(control[0]), float(np.asarray(covariance.icc)), link)
        conditional = np.array([_conditional(float(mean), spread, link) for mean in control])
        return cls(link, conditional, _conditional(float(risk[0]), spread, link) - conditional[0], spread)

    @property
    def effect_at(self) -> int:
        """Place of the effect among the parameters."""
        return len(self.control)

    @property
    def width(self) -> int:
        """Number of parameters."""
        return len(self.control) + 2

    def nodes(self, linear: FloatArray) -> tuple[FloatArray, FloatArray, float, float]:
        """Values of b with weights that sum to 1, and the ends between which b may lie."""
        root = np.sqrt(self.spread)
        low = max(-_REACH * root, -linear.min()) if self.link == "identity" else -_REACH * root
        high = {"identity": 1 - linear.max(), "log": -linear.max(), "logit": np.inf}[self.link]
        high = min(_REACH * root, high)
        points, weights = np.polynomial.legendre.leggauss(_NODES)
        b = (high - low) / 2 * points + (high + low) / 2
        kernel = weights * np.exp(-(b**2) / (2 * self.spread)) * (high - low) / 2
        return b, kernel, low, high


def _groups(kinds: Kinds, k: int, model: _Model, time: str) -> tuple[FloatArray, FloatArray]:
    """People and design rows (groups, parameters less τ²) of cells whose answers can be counted together."""
    used = np.flatnonzero(kinds.used[k] > 0)
    people, treated = kinds.cells.size[k, used], kinds.treatment[k, used]
    if time == "period":
        rows = np.zeros((len(used), model.width - 1))
        rows[np.arange(len(used)), used] = 1
        rows[:, -1] = treated
        return people, rows
    values, group = np.unique(treated, return_inverse=True)
    together = np.bincount(group, weights=people).astype(float)
    return together, np.column_stack([np.ones(len(values)), values])


def _information(model: _Model, people: FloatArray, rows: FloatArray) -> FloatArray:
    """Information of one cluster, (parameters, parameters)."""
    outcomes = float(np.prod(people + 1))
    if outcomes > _MOST_OUTCOMES:
        raise DesignError(
            f"A cluster of {people.sum():g} people in {len(people)} cells can answer in {outcomes:,.0f} ways.",
            f"The exact likelihood looks at each of them, at most {_MOST_OUTCOMES:,}.",
            "Use sg.power, which linearises the model at its planning values, or fewer people.",
        )
    linear = rows @ np.append(model.control, model.effect)
    b, kernel, low, high = model.nodes(linear)
    total = kernel.sum()
    likelihood = 0.0
    slopes: list[FloatArray | float] = [0.0] * len(people)
    bend: FloatArray | float = 0.0
    for node, weight in zip(b, kernel / total, strict=True):
        risk = _mean(linear + node, model.link)
        each = list(_answers(people, risk))
        joint = weight * _product(each)
        likelihood = likelihood + joint
        bend = bend + joint * node**2
        for g, (count, p, slope) in enumerate(zip(people, risk, _slope(risk, model.link), strict=True)):
            yes = np.arange(count + 1)
            score = (yes / p - (count - yes) / (1 - p)) * slope
            slopes[g] = slopes[g] + joint * score.reshape([-1 if h == g else 1 for h in range(len(people))])
    scores = [sum(rows[g, j] * slopes[g] for g in range(len(people))) / likelihood for j in range(rows.shape[1])]
    for edge, row, sign in _edges(model, linear, rows, low, high):
        density = float(np.exp(-(edge**2) / (2 * model.spread))) / total
        there = _product(list(_answers(people, np.clip(_mean(linear + edge, model.link), 0.0, 1.0))))
        scores = [score + sign * density * x * (there / likelihood - 1) for score, x in zip(scores, row, strict=True)]
    second = float((kernel * b**2).sum() / total)
    scores.append((bend / likelihood - second) / (2 * model.spread**2))
    stacked = np.stack([np.broadcast_to(score, np.shape(likelihood)).ravel() for score in scores])
    return np.asarray((stacked * np.ravel(likelihood)) @ stacked.T)


def _answers(people: FloatArray, risk: FloatArray) -> Iterator[FloatArray]:
    """Probability of each number of yes answers in each group."""
    for count, p in zip(people, risk, strict=True):
        yes = np.arange(count + 1)
        ways = special.gammaln(count + 1) - special.gammaln(yes + 1) - special.gammaln(count - yes + 1)
        yield np.asarray(np.exp(ways + special.xlogy(yes, p) + special.xlog1py(count - yes, -p)))


def _product(each: list[FloatArray]) -> FloatArray:
    """Outer product of probabilities, one axis per group."""
    joint = each[0]
    for one in each[1:]:
        joint = joint[..., None] * one
    return joint


def _edges(
    model: _Model, linear: FloatArray, rows: FloatArray, low: float, high: float
) -> Iterator[tuple[float, FloatArray, float]]:
    """Ends of b that move with the parameters: where a risk reaches 0 or 1."""
    if model.link == "identity" and low == -linear.min():
        yield low, rows[int(linear.argmin())], 1.0
    if (model.link == "identity" and high == 1 - linear.max()) or (model.link == "log" and high == -linear.max()):
        yield high, rows[int(linear.argmax())], -1.0


def _linear(risk: FloatArray, link: str) -> FloatArray:
    if link == "identity":
        return risk
    return np.asarray(np.log(risk) if link == "log" else special.logit(risk))


def _mean(linear: FloatArray, link: str) -> FloatArray:
    if link == "identity":
        return linear
    return np.asarray(np.exp(linear) if link == "log" else special.expit(linear))


def _slope(risk: FloatArray, link: str) -> FloatArray:
    return np.asarray({"identity": np.ones_like(risk), "log": risk, "logit": risk * (1 - risk)}[link])


def _spread(risk: float, icc: float, link: str) -> float:
    """τ² that gives people of one cluster an icc on the outcome's own scale, at an average risk."""
    if link == "identity":
        return icc * risk * (1 - risk)
    if link == "log":
        return float(np.log1p(icc * (1 - risk) / risk))

    def excess(log_spread: float) -> float:
        spread = float(np.exp(log_spread))
        linear = _conditional(risk, spread, link)
        return _average(linear, spread, 2) - risk**2 - icc * risk * (1 - risk)

    return float(np.exp(optimize.brentq(excess, -16.0, 5.0, xtol=1e-12)))


def _conditional(risk: float, spread: float, link: str) -> float:
    """η of a typical cluster whose average risk over clusters is given."""
    if link == "identity":
        return risk
    if link == "log":
        return float(np.log(risk) - spread / 2)
    return float(optimize.brentq(lambda linear: _average(linear, spread, 1) - risk, -60.0, 60.0, xtol=1e-13))


def _average(linear: float, spread: float, power: int) -> float:
    """Mean of a power of the risk over a normal cluster effect, on the logit scale."""
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    return float(weights @ special.expit(linear + np.sqrt(spread) * points) ** power / np.sqrt(2 * np.pi))


def _require_fitting(plan: Plan) -> Exchangeable:
    """Refuse a plan that this likelihood does not describe."""
    covariance, outcome = plan.covariance, plan.outcome
    fits = isinstance(covariance, Exchangeable) and np.ndim(covariance.iac) == 0 and covariance.iac == 0
    if outcome.family != "binomial" or not fits:
        raise DesignError(
            f"The exact likelihood was asked for a {outcome.family} outcome with "
            f"{type(covariance).__name__.lower()} correlation.",
            "It is that of yes/no outcomes of different people, whose clusters differ alike in every period.",
            "Use sg.power, or a binomial outcome with Exchangeable and no iac.",
        )
    effects, treated = plan.effects(), np.nan_to_num(plan.design.treatment)
    ratio = effects[treated > 0] / treated[treated > 0]
    if not len(ratio) or not ratio.any() or np.ptp(ratio) > 1e-9 * np.abs(ratio).max():
        raise DesignError(
            f"The effect is not one number on the {outcome.link} scale, or it is 0.",
            "The exact likelihood has a single coefficient for treatment.",
            "Give Constant(d), or with a log link a ratio and with a logit link an odds ratio.",
        )
    sizes = plan.design.size[plan.design.observed]
    if (sizes != np.round(sizes)).any():
        raise DesignError(
            f"A size of {sizes[sizes != np.round(sizes)][0]:g} is not a whole number.",
            "The exact likelihood counts people.",
            "Give whole numbers of people.",
        )
    assert isinstance(covariance, Exchangeable)
    return covariance
