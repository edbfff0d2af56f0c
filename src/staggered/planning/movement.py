"""How much councils differ for good, and how much each moves from year to year: moments of a history.

With y_ct the outcome less the mean of its period, N clusters and T periods,

    within²  = Σ (y_ct − ȳ_c)² / ((N − 1)(T − 1)),     between² = Var(ȳ_c) − within² / T,

the two mean squares of a two-way analysis of variance, solved for the components. They need no model of how
correlation decays, so they show what `estimate_correlation` should be told to assume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data.panel import Panel
from ..errors import DataError
from ..value import BoolArray, FloatArray, Value
from .correlation import Family, on_scale

_LAGS = (1, 3, 5)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Movement(Value):
    """Moments of a history, period effects taken off.

    Parameters
    ----------
    clusters, periods : int
        Those that were used: clusters without a gap.
    between, within : float
        SDs between clusters, and within them from period to period, sampling noise included.
    noise : float
        SD of the sampling noise within, nan where the data do not hold it.
    lags : mapping of int to float
        Correlation of a cluster with itself so many periods later.
    residual : float
        Correlation at lag 1 once each cluster's own mean is taken off; near 1: a random walk.
    change : float
        SD of the change from one period to the next.
    scale : str
    notes : tuple of str
    """

    clusters: int
    periods: int
    between: float
    within: float
    noise: float
    lags: dict[int, float]
    residual: float
    change: float
    scale: str
    notes: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Share of the variance that lies between clusters."""
        return self.between**2 / (self.between**2 + self.within**2)

    @property
    def beyond(self) -> float:
        """SD within clusters beyond sampling noise; 0 where the noise explains it all, nan where it is unknown."""
        return float(np.sqrt(max(self.within**2 - self.noise**2, 0.0))) if np.isfinite(self.noise) else float("nan")

    def table(self) -> pd.DataFrame:
        """One row per moment."""
        rows = {
            "sd_between": self.between,
            "sd_within": self.within,
            "share_between": self.share,
            **{f"correlation_lag_{lag}": value for lag, value in self.lags.items()},
            "correlation_lag_1_within": self.residual,
            "sd_of_change": self.change,
            "sd_within_beyond_noise": self.beyond,
        }
        return pd.DataFrame({"term": list(rows), "estimate": list(rows.values())})

    def text(self) -> str:
        """Say in a paragraph how steady the clusters are."""
        lags = ", ".join(f"{value:.2f} at {lag}" for lag, value in self.lags.items())
        beyond = f", {self.beyond:.2g} of it beyond sampling noise" if np.isfinite(self.noise) else ""
        return " ".join(
            [
                f"Over {self.clusters} clusters and {self.periods} periods, on the scale of the {self.scale} and with "
                f"period effects taken off, clusters differ by an SD of {self.between:.2g} and move by an SD of "
                f"{self.within:.2g} within{beyond}. {100 * self.share:.0f}% of the variance lies between them.",
                f"A cluster's correlation with itself, by periods apart, is {lags}.",
                f"From one period to the next a cluster changes by an SD of {self.change:.2g}.",
                *self.notes,
            ]
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"clusters": self.clusters, "periods": self.periods, "rows": self.table().to_dict(orient="records")}


def variance_components(panel: Panel, *, family: Family = "gaussian", log: bool = False) -> Movement:
    """How much clusters differ and how much each moves, from their own history.

    Parameters
    ----------
    panel : Panel
        As for `estimate_correlation`. Clusters with a gap are left out, and counted in the notes.
    family : {"gaussian", "binomial", "poisson"}
        What the outcome is; for "poisson" a count, whose log rate is used.
    log : bool
        Take the logarithm of a "gaussian" outcome, such as a published rate; a rate of 0 is a gap then.

    Raises
    ------
    DataError
        Fewer than 3 clusters without a gap, or fewer than 3 periods.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, section 4.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.Design([[0] * 8] * 60, size=20_000), outcome=sg.Outcome("poisson", baseline=0.005),
    ...                covariance=sg.Nested.from_sd(between=0.3, within=0.16))
    >>> rates = sg.simulate(plan, seed=1)
    >>> counts = sg.Panel(rates.frame, rates.outcome * 20_000)
    >>> found = variance_components(counts, family="poisson")
    >>> round(found.within, 2), round(found.beyond, 2)
    (0.18, 0.15)
    """
    if log and family != "gaussian":
        raise DataError(
            f'log=True was given with family="{family}".',
            "Counts are taken as log rates anyway, and proportions as they are.",
            'Leave log out, or give rates with family="gaussian".',
        )
    notes: tuple[str, ...] = ()
    if log:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log(np.where(panel.frame.used, panel.outcome, np.nan))
        noise, scale = np.full(values.shape, np.nan), "log outcome"
    else:
        values, noise, _, scale, notes = on_scale(panel, family, "nested")
        if family == "gaussian" and panel.within is None:
            noise, notes = np.full(values.shape, np.nan), ()
    whole = np.asarray((np.isfinite(values) & panel.frame.used).all(axis=1))
    _require_enough(whole, values.shape[1])
    return _moments(values[whole], noise[whole], scale, (*notes, *_left_out(whole)))


def _moments(values: FloatArray, noise: FloatArray, scale: str, notes: tuple[str, ...]) -> Movement:
    clusters, periods = values.shape
    deviation = values - values.mean(axis=0)
    means = deviation.mean(axis=1)
    rest = deviation - means[:, None]
    within = float((rest**2).sum() / ((clusters - 1) * (periods - 1)))
    between = max(float(means.var(ddof=1)) - within / periods, 0.0)
    return Movement(
        clusters=clusters,
        periods=periods,
        between=float(np.sqrt(between)),
        within=float(np.sqrt(within)),
        noise=float(np.sqrt(noise.mean())),
        lags={lag: _at_lag(deviation, lag) for lag in _LAGS if lag < periods},
        residual=_at_lag(rest, 1),
        change=float(np.diff(deviation, axis=1).std()),
        scale=scale,
        notes=notes,
    )


def _at_lag(values: FloatArray, lag: int) -> float:
    """Correlation of all pairs so many periods apart."""
    return float(np.corrcoef(values[:, :-lag].ravel(), values[:, lag:].ravel())[0, 1])


def _require_enough(whole: BoolArray, periods: int) -> None:
    if whole.sum() < 3 or periods < 3:
        raise DataError(
            f"{int(whole.sum())} clusters have a history without a gap, over {periods} periods.",
            "How much they differ and move cannot be told from fewer than 3 clusters and 3 periods.",
            "Give more, or leave out the periods that many lack.",
        )


def _left_out(whole: BoolArray) -> tuple[str, ...]:
    missing = int((~whole).sum())
    return (f"{missing} with a gap in the history left out.",) if missing else ()
