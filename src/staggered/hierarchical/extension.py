"""One more wave: what the data so far expect of a longer study, and how probably it would come to a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..data.frame import Frame
from ..data.panel import Panel
from ..design.design import Design
from ..errors import DesignError, listing
from ..value import BoolArray, FloatArray, IntArray, Value
from .analytic import fit, prepared
from .gaussian import Gaussian, course
from .outcomes import counted
from .posterior import Posterior, inverse_link
from .shared_grid import fit_all

_POINTS, _COUNT_POINTS, _COUNT_DRAWS = 4096, 64, 400
_TINY = 1e-9


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Extension(Value):
    """What a longer study would conclude, over everything that the data so far leave possible.

    Parameters
    ----------
    below : array (futures,)
        Posterior probability, in each future, that the mean effect is below 0.
    sd : array (futures,)
        Posterior SD of the mean effect.
    below_now, sd_now : float
        The same today.
    periods : int
        How many are added.
    joining : tuple of str
        Councils that go live in the first of them.
    sure : float
        Probability of one direction at which a study decides.
    """

    below: FloatArray
    sd: FloatArray
    below_now: float
    sd_now: float
    periods: int
    joining: tuple[str, ...]
    sure: float

    @property
    def fall(self) -> float:
        """Probability that the longer study decides for an effect below 0."""
        return float((self.below > self.sure).mean())

    @property
    def rise(self) -> float:
        """Probability that it decides for one above 0."""
        return float((self.below < 1 - self.sure).mean())

    @property
    def decides(self) -> float:
        """Predictive probability of a decision."""
        return self.fall + self.rise

    @property
    def mcse(self) -> float:
        """Monte Carlo standard error of that probability."""
        return float(np.sqrt(self.decides * (1 - self.decides) / len(self.below)))

    def table(self) -> pd.DataFrame:
        """One row: the probability of a decision, and the width of the 95% interval now and then."""
        return pd.DataFrame(
            [
                {
                    "periods": self.periods,
                    "joining": len(self.joining),
                    "decides": self.decides,
                    "mcse": self.mcse,
                    "fall": self.fall,
                    "rise": self.rise,
                    "width_now": 3.92 * self.sd_now,
                    "width_then": 3.92 * float(self.sd.mean()),
                    "futures": len(self.below),
                }
            ]
        )

    def text(self) -> str:
        """Say what waiting would bring."""
        more = "one more period" if self.periods == 1 else f"{self.periods} more periods"
        joining = f" in which {listing(list(self.joining))} go{'es' if len(self.joining) == 1 else ''} live"
        now = "has decided" if max(self.below_now, 1 - self.below_now) > self.sure else "has not decided"
        return (
            f"Today the probability that the effect is below zero is {100 * self.below_now:.0f}%: the study {now} "
            f"(it does at {100 * self.sure:g}% for either direction). After {more}{joining if self.joining else ''}, "
            f"it would decide with probability {100 * self.decides:.0f}% ({100 * self.fall:.0f}% for a fall, "
            f"{100 * self.rise:.0f}% for a rise; Monte Carlo standard error {100 * self.mcse:.1f} points). The 95% "
            f"interval is {3.92 * self.sd_now:.3g} wide now and would be {3.92 * float(self.sd.mean()):.3g} on average."
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"rows": self.table().to_dict(orient="records"), "joining": list(self.joining)}


def extend(
    posterior: Posterior,
    *,
    periods: int = 1,
    joining: Sequence[str] = (),
    sure: float = 0.975,
    futures: int | None = None,
    seed: int = 1,
) -> Extension:
    """Predictive probability that a longer study decides.

    Every future is drawn from the posterior: national time walks on, the effect's course and each council's own go on
    from where they are, and councils that join bring an effect of their own. Each is then analysed as a whole.

    Parameters
    ----------
    posterior : Posterior
    periods : int
        Periods to add, with the sizes of the last one.
    joining : sequence of str
        Councils that go live in the first of them; the others stay as they are.
    sure : float
    futures : int, optional
        500 for gaussian outcomes, 100 for counts, each of which is fitted by itself.
    seed : int

    Raises
    ------
    DesignError
        A council that cannot join, covariates (whose future values nobody knows), an effect that never turns back.

    References
    ----------
    Spiegelhalter, Freedman and Blackburn (1986), Controlled Clinical Trials 7:8.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=50), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(-0.2))
    >>> fit = sg.Hierarchical(engine="analytic", points=128).posterior(sg.simulate(plan, seed=1))
    >>> longer = extend(fit, futures=64)
    >>> 0 <= longer.fall <= longer.decides <= 1
    True
    """
    rows = _joining(posterior, joining)
    _require_foreseeable(posterior, periods)
    gaussian = posterior.family == "gaussian"
    count = futures or (500 if gaussian else 100)
    generator = np.random.default_rng(np.random.SeedSequence([seed, 7]))
    chosen = generator.permutation(len(posterior.fixed))[np.arange(count) % len(posterior.fixed)]
    frame = _longer(posterior, periods, rows)
    outcomes = _outcomes(taken(posterior, chosen), frame, periods, generator)
    below, sd = _analysed(posterior, frame, outcomes, seed)
    now = posterior.estimate().draws[:, 0]
    return Extension(
        below=below, sd=sd, below_now=float((now < 0).mean()), sd_now=float(now.std(ddof=1)), periods=periods,
        joining=tuple(joining), sure=sure,
    )  # fmt: skip


def _joining(posterior: Posterior, joining: Sequence[str]) -> IntArray:
    clusters = list(posterior.layout.frame.design.clusters)
    treated = {clusters[row] for row in posterior.layout.treated}
    for name in joining:
        if name not in clusters or name in treated:
            raise DesignError(
                f"{name} was to go live next, but {'is live already' if name in treated else 'is not in the data'}.",
                "Only a council that has been a comparison so far can join.",
                f"Use one of {listing([one for one in clusters if one not in treated], most=8)}.",
            )
    return np.array([clusters.index(name) for name in joining], dtype=np.int64)


def _require_foreseeable(posterior: Posterior, periods: int) -> None:
    layout = posterior.layout
    if periods < 1:
        raise DesignError(f"{periods} periods were to be added.", "A longer study has more of them.", "Give 1 or more.")
    if layout.frame.covariates:
        raise DesignError(
            f"The model adjusts for {listing(list(layout.frame.covariates))}.",
            "Their values in periods to come are not known.",
            "Fit without covariates for this question.",
        )
    if layout.structure.exposure == "monotone":
        raise DesignError(
            "An effect that never turns back was fitted.",
            "Hundreds of futures are analysed by the analytic engine, which does not have that part.",
            "Fit with exposure='walk' for this question.",
        )


def taken(posterior: Posterior, rows: IntArray) -> Posterior:
    """Some of the draws."""
    return replace(
        posterior, fixed=posterior.fixed[rows], levels=posterior.levels[rows], effects=posterior.effects[rows],
        hyper={name: values[rows] for name, values in posterior.hyper.items()}, fresh=posterior.fresh[rows], chains=1,
    )  # fmt: skip


def _longer(posterior: Posterior, periods: int, joining: IntArray) -> Frame:
    """The same councils over more periods: sizes of the last one, treatment as it was, and those that join."""
    old = posterior.layout.frame
    design, width = old.design, old.design.treatment.shape[1]
    assert old.present is not None and old.weights is not None
    stays: BoolArray = np.asarray((np.nan_to_num(design.treatment) > 0).any(axis=1))
    stays[joining] = True
    treatment = np.repeat(stays[:, None].astype(float), periods, axis=1)
    size = np.repeat(_last(design.size, old.used)[:, None], periods, axis=1)
    labels = (*(str(one) for one in design.periods), *(f"next {k + 1}" for k in range(periods)))
    longer = Design(
        np.concatenate([design.treatment, treatment], axis=1),
        np.concatenate([design.size, size], axis=1),
        clusters=design.clusters,
        periods=labels,
        strata=design.strata,
    )
    seen: BoolArray = np.asarray(old.used.any(axis=1))
    return Frame(
        design=longer,
        present=np.concatenate([old.present, np.repeat(seen[:, None], periods, axis=1)], axis=1),
        weights=np.concatenate([old.weights, np.repeat(old.weights[:, width - 1 :], periods, axis=1)], axis=1),
        labels=old.labels,
        per=old.per,
    )


def _last(values: FloatArray, used: BoolArray) -> FloatArray:
    """Value of each council in the last period it was seen in."""
    column = used.shape[1] - 1 - used[:, ::-1].argmax(axis=1)
    return np.asarray(np.nan_to_num(values[np.arange(len(values)), column], nan=1.0))


def _outcomes(some: Posterior, frame: Frame, periods: int, generator: np.random.Generator) -> FloatArray:
    """Outcomes of the added periods in each future, (futures, clusters, periods); counts as counts."""
    layout = some.layout
    level = _national(some, periods, generator)[:, None, :] + some.levels[:, :, None]
    effect = _effect(some, frame, periods, generator)
    predictor = level + effect
    if some.family == "gaussian":
        return predictor + _deviations(some, periods, generator)
    size = np.round(_last(some.size, layout.used))[None, :, None]
    mean = inverse_link(some.family, predictor)
    if some.family == "binomial":
        return np.asarray(generator.binomial(np.broadcast_to(size, mean.shape).astype(np.int64), mean), dtype=float)
    mean = size * mean
    if some.family == "negbinomial":
        shape = 1 / (some.hyper["dispersion"][:, None, None] ** 2 + _TINY)
        mean = mean * generator.gamma(np.broadcast_to(shape, mean.shape)) / shape
    return np.asarray(generator.poisson(np.minimum(mean, 1e15)), dtype=float)


def _national(some: Posterior, periods: int, generator: np.random.Generator) -> FloatArray:
    """Level of the average council in the added periods, (futures, periods)."""
    layout = some.layout
    at, width = layout.first_effect, layout.used.shape[1]
    # Without covariates all councils share the columns of level, trend and season where they are seen.
    shared = np.stack([layout.columns[layout.used[:, t].argmax(), t, :at] for t in range(width)])
    past = some.fixed[:, :at] @ shared.T
    futures = len(past)
    if layout.structure.trend == "walk":
        steps = some.hyper["trend"][:, None] * generator.standard_normal((futures, periods))
        level = past[:, -1:] + np.cumsum(steps, axis=1)
    else:
        level = some.fixed[:, :1] + some.priors.level.sd * generator.standard_normal((futures, periods))
    season = layout.structure.season
    if season is not None:
        first = layout.names.index("season 1")
        turn = some.fixed[:, first : first + season]
        then, last = (width + np.arange(periods)) % season, (width - 1) % season
        centre = turn[:, [last]] if layout.structure.trend == "walk" else turn.mean(axis=1, keepdims=True)
        level = level + turn[:, then] - centre
    return np.asarray(level)


def _effect(some: Posterior, frame: Frame, periods: int, generator: np.random.Generator) -> FloatArray:
    """Effect of treatment in the added cells, (futures, clusters, periods)."""
    layout, futures = some.layout, len(some.fixed)
    curve = some.fixed @ layout.curve.T
    if layout.structure.exposure != "constant":
        # The walk goes on; a curve of a single period has no steps to learn its spread from, and takes the prior's.
        spread = some.hyper.get("exposure")
        if spread is None:
            spread = some.priors.exposure.rvs(futures, generator)
        steps = spread[:, None] * generator.standard_normal((futures, periods))
        curve = np.concatenate([curve, curve[:, -1:] + np.cumsum(steps, axis=1)], axis=1)
    else:
        curve = np.concatenate([curve, np.repeat(curve[:, -1:], periods, axis=1)], axis=1)
    exposure = frame.design.exposure[:, -periods:]
    padded = np.concatenate([np.zeros((futures, 1)), curve], axis=1)
    own = some.fixed @ layout.own.T + some.effects
    fresh = np.setdiff1d(np.arange(len(exposure)), layout.treated)
    own[:, fresh] = some.hyper["heterogeneity"][:, None] * generator.standard_normal((futures, len(fresh)))
    return np.asarray(padded[:, exposure] + own[:, :, None] * (exposure > 0))


def _deviations(some: Posterior, periods: int, generator: np.random.Generator) -> FloatArray:
    """Councils' own courses and the noise in the added periods, given what the past left over."""
    layout = some.layout
    used, width = layout.used, layout.used.shape[1]
    level, effect = some.predictor()
    left = np.where(used, np.where(used, some.panel.outcome, 0.0) - level - effect, 0.0)
    unit = np.ones(used.shape)
    if some.panel.within is not None:
        unit = np.where(used, 1 / np.where(used, some.panel.design.size, 1.0), 1.0)
    found = np.empty((len(left), len(used), periods))
    whole = course(some.hyper, width + periods)
    noise = some.hyper["noise"][:, None] ** 2
    patterns, member = np.unique(np.concatenate([used, unit], axis=1), axis=0, return_inverse=True)
    for k, pattern in enumerate(patterns):
        rows = np.flatnonzero(member.ravel() == k)
        seen, share = np.flatnonzero(pattern[:width] > 0), pattern[width:]
        past = whole[:, seen][:, :, seen] + noise[:, :, None] * np.diag(share[seen])
        ahead = whole[:, width:][:, :, seen]
        last = share[seen[-1]] if len(seen) else 1.0
        future = whole[:, width:, width:] + noise[:, :, None] * last * np.eye(periods)
        gain = np.swapaxes(np.linalg.solve(past, np.swapaxes(ahead, 1, 2)), 1, 2)
        spread = future - gain @ np.swapaxes(ahead, 1, 2)
        root = np.linalg.cholesky(spread + _TINY * np.trace(spread, axis1=1, axis2=2)[:, None, None] * np.eye(periods))
        shock = generator.standard_normal((len(left), periods, len(rows)))
        residual = np.swapaxes(left[:, rows][:, :, seen], 1, 2)
        found[:, rows] = np.swapaxes(gain @ residual + root @ shock, 1, 2)
    return found


def _analysed(posterior: Posterior, frame: Frame, outcomes: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    """Probability of an effect below 0 and posterior SD in every future, (futures,) each."""
    structure, priors, used = posterior.layout.structure, posterior.priors, frame.used
    if posterior.family == "gaussian":
        past = np.repeat(posterior.panel.outcome[None], len(outcomes), axis=0)
        whole = np.where(used, np.concatenate([past, outcomes], axis=2), np.nan)
        within = None
        if posterior.panel.within is not None:
            last = _last(posterior.panel.within, posterior.layout.used)
            within = np.concatenate(
                [posterior.panel.within, np.repeat(last[:, None], outcomes.shape[2], axis=1)], axis=1
            )
        model = prepared(Panel(frame, whole[0], within=within), structure, priors)
        assert isinstance(model, Gaussian)
        layout = model.layout
        residual = np.where(layout.used, whole - layout.columns @ layout.mean, 0.0)
        fits = fit_all(model, residual, layout.mean_curve(layout.shares), points=_POINTS, seed=seed)
        return fits.below, fits.sd
    count, _ = counted(posterior.panel, structure.family)
    found = []
    for future in outcomes:
        panel = Panel(frame, np.where(used, np.concatenate([count, future], axis=1), np.nan))
        one = fit(panel, structure, priors, points=_COUNT_POINTS, draws=_COUNT_DRAWS, seed=seed)
        draws = one.estimate().draws[:, 0]
        found.append(((draws < 0).mean(), draws.std(ddof=1)))
    below, sd = np.array(found).T
    return below, sd
