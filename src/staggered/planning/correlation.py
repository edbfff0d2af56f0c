"""Correlation from a council's own history, with intervals, and as a distribution to plan with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from ..allocation.seeds import Seed, whole_seed
from ..data.panel import Panel
from ..errors import DataError, listing
from ..model.covariance import Covariance, Decay, Exchangeable, Nested
from ..value import FloatArray, Value
from .history import History, fitted, plausible, profile_cac, profile_interval, profile_variance

Structure = Literal["exchangeable", "nested", "decay"]
Family = Literal["gaussian", "binomial", "poisson"]
_DRAWS = 4_000
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_SHORTEST = {"exchangeable": 2, "nested": 2, "decay": 3}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Correlation(Value):
    """What a history says of the correlation within clusters.

    Parameters
    ----------
    structure : {"exchangeable", "nested", "decay"}
    sd : float
        Total SD of a person, nan when the data do not hold it; the icc then cannot be given.
    variance : float
        s², the variance between clusters within a period, sampling noise taken off.
    cac : float
    intervals : mapping of str to (low, high)
        Profile likelihood intervals of "sd" (s), "cac" and, where people's own spread is known, "icc".
    draws : array (draws, 2)
        Plausible pairs (s², cac).
    scale : str
        On which the SDs are: "log rate", "risk" or "outcome".
    level : float
    notes : tuple of str
    """

    structure: Structure
    sd: float
    variance: float
    cac: float
    intervals: dict[str, tuple[float, float]]
    draws: FloatArray
    scale: str
    level: float
    notes: tuple[str, ...]

    @property
    def icc(self) -> float:
        """Within-period intracluster correlation on total variance; nan when people's own spread is unknown."""
        return self.variance / self.sd**2

    @property
    def between(self) -> float:
        """SD between clusters that lasts over time, √(s² · cac); nan for decay, under which nothing lasts."""
        return float("nan") if self.structure == "decay" else float(np.sqrt(self.variance * self.cac))

    @property
    def within(self) -> float:
        """SD within clusters from period to period, beyond sampling noise, √(s² · (1 − cac)); nan for decay."""
        return float("nan") if self.structure == "decay" else float(np.sqrt(self.variance * (1 - self.cac)))

    def covariance(self) -> Covariance:
        """Structure to plan with, at the estimates."""
        return structure_at(self.structure, self.variance, self.cac, self.sd)

    def quantiles(self, probabilities: Sequence[float] = _QUANTILES) -> dict[str, list[float]]:
        """Quantiles of the planning distribution, to plan over: of the icc and cac.

        Of the variance between clusters in place of the icc, where people's own spread is unknown.
        """
        variance, cac = np.quantile(self.draws, probabilities, axis=0).T
        level = {"icc": np.clip(variance / self.sd**2, 0.0, 1.0)} if np.isfinite(self.sd) else {"variance": variance}
        both = level if self.structure == "exchangeable" else {**level, "cac": cac}
        return {name: values.tolist() for name, values in both.items()}

    def table(self) -> pd.DataFrame:
        """One row per quantity, with its interval where there is one."""
        rows: dict[str, float] = {
            "icc": self.icc,
            "cac": self.cac,
            "sd": float(np.sqrt(self.variance)),
            "sd_between": self.between,
            "sd_within": self.within,
        }
        nothing = (np.nan, np.nan)
        return pd.DataFrame(
            [
                {
                    "term": name,
                    "estimate": value,
                    "conf_low": self.intervals.get(name, nothing)[0],
                    "conf_high": self.intervals.get(name, nothing)[1],
                }
                for name, value in rows.items()
            ]
        )

    def text(self) -> str:
        """Say in a paragraph what the history shows and how sure it is."""
        parts = [f"The icc is {self.icc:.3g} ({self._interval('icc', '.3g')})."] if np.isfinite(self.sd) else []
        whole = f"an SD of {np.sqrt(self.variance):.3g} beyond sampling noise ({self._interval('sd', '.3g')})"
        where = f"On the scale of the {self.scale}, clusters differ within a period by {whole}"
        cac = f"{self.cac:.2f} ({self._interval('cac', '.2f')})"
        if self.structure == "exchangeable":
            parts.append(f"{where}, taken to be the same in every period.")
        elif self.structure == "nested":
            parts.append(
                f"{where}: {self.between:.3g} that lasts, and {self.within:.3g} by which each moves from period to "
                f"period. The cac is {cac}."
            )
        else:
            parts.append(f"{where}. One period later {cac} of that is left (the cac), two later {self.cac**2:.2f}.")
        return " ".join([*parts, *self.notes])

    def _interval(self, name: str, digits: str) -> str:
        low, high = self.intervals[name]
        return f"{100 * self.level:g}% profile-likelihood interval {low:{digits}} to {high:{digits}}"

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"structure": self.structure, "rows": self.table().to_dict(orient="records"), "notes": list(self.notes)}


def estimate_correlation(
    panel: Panel,
    structure: Structure = "nested",
    *,
    family: Family = "gaussian",
    level: float = 0.95,
    seed: Seed = 1,
) -> Correlation:
    """Correlation within clusters from their own history, by restricted maximum likelihood.

    Period effects take off trend and season that all share; the noise of counting people is separated.

    Parameters
    ----------
    panel : Panel
        Before anyone was treated, or with treated periods left out. For "poisson" the outcome is a count
        and the size the population; for "binomial" a proportion of the size; for "gaussian" a mean.
    structure : {"exchangeable", "nested", "decay"}
    family : {"gaussian", "binomial", "poisson"}
    level : float
    seed : int, SeedSequence or Generator
        For the planning distribution.

    Raises
    ------
    DataError
        A history too short, constant, or with treated cells.

    References
    ----------
    Ouyang and others (2023), International Journal of Epidemiology 52:1634.

    Examples
    --------
    >>> import staggered as sg
    >>> design = sg.Design([[0] * 8] * 30, size=200)
    >>> plan = sg.Plan(design=design, outcome=sg.Outcome("binomial", baseline=0.2),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8))
    >>> found = sg.estimate_correlation(sg.simulate(plan, seed=1), family="binomial")
    >>> low, high = found.intervals["icc"]
    >>> bool(low < 0.05 < high)
    True
    """
    _require_history(panel, structure)
    means, noise, sd, scale, notes = on_scale(panel, family, structure)
    history = History(means, noise, panel.frame.used, structure)
    fit = fitted(history)
    centre = float(np.log(max(fit.variance, 1e-12) / history.scale))
    log_low, log_high = profile_interval(fit, lambda v: profile_variance(history, v), centre, (-9.0, 6.0), level)
    low = 0.0 if log_low <= -9.0 else float(np.exp(log_low) * history.scale)
    high = float(np.exp(log_high) * history.scale)
    intervals = {"sd": (float(np.sqrt(low)), float(np.sqrt(high))), "cac": (1.0, 1.0)}
    if np.isfinite(sd):
        intervals["icc"] = (low / sd**2, high / sd**2)
    if structure != "exchangeable":
        turn = float(np.clip(special.logit(fit.cac), -7.9, 8.9))
        ends = profile_interval(fit, lambda v: profile_cac(history, v), turn, (-8.0, 9.0), level)
        intervals["cac"] = (
            0.0 if ends[0] <= -8.0 else float(special.expit(ends[0])),
            1.0 if ends[1] >= 9.0 else float(special.expit(ends[1])),
        )
    variance, cac = plausible(history, fit, _DRAWS, np.random.default_rng(whole_seed(seed)))
    return Correlation(
        structure=structure,
        sd=sd,
        variance=fit.variance,
        cac=fit.cac,
        intervals=intervals,
        draws=np.column_stack([variance, cac]),
        scale=scale,
        level=level,
        notes=notes,
    )


def structure_at(structure: Structure, variance: float, cac: float, sd: float) -> Covariance:
    """Covariance structure for an s² and cac: by icc where the total SD is known, else by SDs of the log rate."""
    icc = variance / sd**2 if np.isfinite(sd) else None
    absolute = None if icc is not None else variance
    if structure == "exchangeable":
        return Exchangeable(icc=icc, variance=absolute)
    return (Nested if structure == "nested" else Decay)(icc=icc, cac=cac, variance=absolute)


def on_scale(panel: Panel, family: str, structure: str) -> tuple[FloatArray, FloatArray, float, str, tuple[str, ...]]:
    """Means, their noise, the total SD of a person, the name of the scale, and notes."""
    used, size = panel.frame.used, panel.design.size
    outcome = np.where(used, panel.outcome, np.nan)
    if family == "poisson":
        if (outcome[used] < 0).any() or (outcome[used] == 0).all():
            raise DataError(
                "The counts are negative or all zero.",
                "A log rate needs counts.",
                "Give the number of events per cell.",
            )
        zeros = used & (outcome == 0)
        counts = np.where(zeros, 0.5, outcome)
        half = (f"{int(zeros.sum())} cells without any event were counted as half an event.",) if zeros.any() else ()
        return np.log(counts / size), 1 / counts, float("nan"), "log rate", half
    if family == "binomial":
        if (outcome[used] < 0).any() or (outcome[used] > 1).any():
            raise DataError(
                "A proportion lies outside 0 to 1.",
                "The binomial noise follows from it.",
                "Give events divided by people.",
            )
        pooled = np.nansum(outcome * size, axis=0) / np.nansum(np.where(used, size, np.nan), axis=0)
        risk = float(np.nansum(outcome * size) / size[used].sum())
        noise = np.broadcast_to(pooled * (1 - pooled), size.shape) / np.where(size > 0, size, 1.0)
        return outcome, noise, float(np.sqrt(risk * (1 - risk))), "risk", ()
    if panel.within is not None:
        people = float(np.nansum(panel.within * size) / size[used].sum())
        between = float(np.nanvar(outcome - np.nanmean(outcome, axis=0)))
        return outcome, people / np.where(size > 0, size, 1.0), float(np.sqrt(people + between)), "outcome", ()
    if structure == "exchangeable":
        raise DataError(
            "The panel holds means without the spread between people.",
            "Then noise within a period cannot be told from differences between clusters.",
            'Read it person by person (rows="people"), give counts with family="poisson", or use structure="nested".',
        )
    note = (
        "People's own spread is not in the data, so its noise counts as movement within clusters and no icc is given."
    )
    return outcome, np.zeros(outcome.shape), float("nan"), "outcome", (note,)


def _require_history(panel: Panel, structure: str) -> None:
    """Refuse a history that cannot say anything."""
    used = panel.frame.used
    if structure not in _SHORTEST:
        raise DataError(
            f"structure is {structure!r}.", "It names a correlation.", f"Use one of {', '.join(_SHORTEST)}."
        )
    treated = used & (np.nan_to_num(panel.design.treatment) > 0)
    if treated.any():
        names = [panel.design.clusters[k] for k in np.flatnonzero(treated.any(axis=1))]
        raise DataError(
            f"The history holds treated periods of {listing(names)}.",
            "An effect would pass for correlation.",
            "Give only the periods before go-live.",
        )
    clusters, periods = used.shape
    if clusters < 3 or periods < _SHORTEST[structure]:
        raise DataError(
            f"The history has {clusters} clusters and {periods} periods.",
            f"The {structure} correlation needs at least 3 clusters and {_SHORTEST[structure]} periods.",
            "Add periods or clusters; teams or localities within one council serve as well.",
        )
    spread = np.nanvar(np.where(used, panel.outcome, np.nan), axis=0)
    if not (spread > 0).any():
        raise DataError(
            "The outcome is the same for every cluster in every period.",
            "Nothing varies, so nothing can be correlated.",
            "Check that the right column was read.",
        )
