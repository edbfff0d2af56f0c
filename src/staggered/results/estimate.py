"""The estimate: terms, values and how sure they are. Nothing derived is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from ..errors import DataError, listing
from ..value import FloatArray, Value, read_only
from .exposure import exposure_weights
from .likelihood import Satterthwaite
from .uncertainty import Draws, Reference, Sampling, Uncertainty, combined
from .words import interval_words, number_words


@dataclass(frozen=True, slots=True)
class Term:
    """What one number is about; None where a part does not apply.

    Parameters
    ----------
    label : str
        As printed.
    event : int
        Periods since go-live: 0 is the first treated period (exposure 1).
    cohort : object
        Label of the first treated period of those it is about.
    period : object
        Label of the period.
    cluster : str
        Name of the cluster.
    """

    label: str
    event: int | None = None
    cohort: object | None = None
    period: object | None = None
    cluster: str | None = None


@runtime_checkable
class Restating(Protocol):
    """A fit that can say its estimates on another scale."""

    def restate(self, estimate: Estimate, scale: str) -> Estimate:
        """The same terms on the scale asked for."""
        ...


@runtime_checkable
class Sampled(Protocol):
    """A fit that can give its draws as ArviZ's own object."""

    def to_arviz(self) -> Any:
        """InferenceData before ArviZ 1, a DataTree from then on."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Estimate(Value):
    """Estimates of one or several terms with their uncertainty.

    Parameters
    ----------
    terms : tuple of Term
        What each number is about; of a headed estimate the first is its own overall term.
    values : array (k,)
        The numbers.
    uncertainty : Uncertainty
        How sure they are, jointly.
    estimator, inference : str
        How they were found and how their uncertainty was.
    estimand : str
        What is estimated, in plain English.
    outcome : str
        Name of the outcome.
    notes : tuple of str
        Caveats, in sentences.
    headed : bool
        Whether the first term is the overall one of a `by=` table.
    references : tuple of str
        Papers the method comes from.
    alerts : tuple of str
        What must be said before any number, such as a fit that failed its checks.
    posterior : object or None
        The fit that the numbers were read from, where it can say more.
    """

    terms: tuple[Term, ...]
    values: FloatArray
    uncertainty: Uncertainty
    estimator: str
    inference: str
    estimand: str = "average effect on treated cells"
    outcome: str = "the outcome"
    notes: tuple[str, ...] = ()
    headed: bool = False
    references: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    posterior: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", read_only(np.asarray(self.values, dtype=float)))

    @property
    def _own(self) -> slice:
        return slice(1, None) if self.headed and len(self.terms) > 1 else slice(None)

    @property
    def _single(self) -> bool:
        return len(self.terms) == 1

    def _shape(self, numbers: FloatArray) -> Any:
        """Floats when there is one term, else the array without the overall row."""
        return float(numbers[0]) if self._single else numbers[self._own]

    @property
    def value(self) -> Any:
        """The estimate: a float when there is one term, else an array without the overall row."""
        return self._shape(self.values)

    @property
    def se(self) -> Any:
        """Standard error; nan where none can be had (a note says why)."""
        return self._shape(self.uncertainty.se())

    @property
    def df(self) -> Any:
        """Degrees of freedom; inf for the normal."""
        return self._shape(self.uncertainty.df())

    @property
    def p_value(self) -> Any:
        """Two-sided p-value of no effect."""
        return self._shape(self.uncertainty.p_value(self.values))

    @property
    def overall(self) -> Estimate:
        """The overall row as an estimate of one term."""
        if not self.headed and not self._single:
            raise AttributeError("This estimate has no overall row.")
        return self.select([0])

    @property
    def draws(self) -> FloatArray:
        """Draws of the terms, (draws, k), when the uncertainty is made of draws."""
        if isinstance(self.uncertainty, Draws):
            return self.uncertainty.draws[:, self._own]
        if isinstance(self.uncertainty, Reference):
            return self.uncertainty.null[:, self._own]
        raise AttributeError(f"An estimate with {self.inference} has no draws.")

    def interval(self, level: float = 0.95) -> Any:
        """Interval of each term: (low, high), floats when there is one term."""
        low, high = self.uncertainty.interval(self.values, checked_level(level))
        return self._shape(low), self._shape(high)

    def band(self, level: float = 0.95) -> Any:
        """Simultaneous band over the terms (the overall row not among them): (low, high)."""
        own = self._without_overall()
        low, high = own.uncertainty.band(own.values, checked_level(level))
        return (float(low[0]), float(high[0])) if self._single else (low, high)

    def _without_overall(self) -> Estimate:
        return self.select(range(1, len(self.terms))) if self.headed and not self._single else self

    def on(self, scale: str) -> Estimate:
        """Restate the terms on another scale.

        A hierarchical fit knows "count" (of children), "rate" and "ratio"; `Glmm` knows "risk difference", "risk
        ratio" and "odds ratio", or "rate difference" and "rate ratio".

        Raises
        ------
        DataError
            An estimate that was not read from a fit which knows those scales.
        """
        if not isinstance(self.posterior, Restating):
            raise DataError(
                f"An estimate by {self.estimator} cannot be restated as {scale}.",
                "That takes the level of every council, which only fits of Hierarchical and Glmm hold.",
                "Fit one of them, or give the outcome itself on the scale that is wanted.",
            )
        return self.posterior.restate(self, scale)

    def to_arviz(self) -> Any:
        """Give the whole fit behind it as ArviZ's object: InferenceData before version 1, a DataTree from then on.

        Raises
        ------
        DataError
            An estimate that was not read from draws of a posterior.
        """
        if not isinstance(self.posterior, Sampled):
            raise DataError(
                f"An estimate by {self.estimator} has no ArviZ object.",
                "That holds the draws of a whole posterior, which only a Bayesian fit has.",
                "Fit Hierarchical, or use .table() and .to_dict().",
            )
        return self.posterior.to_arviz()

    def select(self, rows: Sequence[int]) -> Estimate:
        """Keep some of the rows of `terms`, the overall row counted."""
        weights = np.eye(len(self.terms))[list(rows)]
        return replace(
            self,
            terms=tuple(self.terms[k] for k in rows),
            values=self.values[list(rows)],
            uncertainty=self.uncertainty.contrast(weights),
            headed=False,
        )

    def __matmul__(self, contrast: object) -> Estimate:
        """Combine the terms (overall row left out): `estimate @ weights`, weights (k,) or (k, m)."""
        own = self._without_overall()
        given = np.asarray(contrast, dtype=float)
        weights = np.atleast_2d(given.T)
        if weights.ndim != 2 or weights.shape[1] != len(own.terms):
            raise DataError(
                f"A contrast of shape {given.shape} was given for {len(own.terms)} terms.",
                "It weighs each term (the overall row is not among them).",
                f"Give {len(own.terms)} weights: {listing([term.label for term in own.terms])}.",
            )
        labels = [" ".join(f"{w:+g}·{t.label}" for w, t in zip(row, own.terms, strict=True) if w) for row in weights]
        return replace(
            own,
            terms=tuple(Term(label) for label in labels),
            values=combined(own.values[None], weights)[0],
            uncertainty=own.uncertainty.contrast(weights),
            estimand="combination of terms",
        )

    def tate(self, first: int = 1, last: int | None = None) -> Estimate:
        """Average effect over exposure times `first` to `last`, each counting alike: TATE(s1, s2).

        Parameters
        ----------
        first, last : int
            Exposure times, the first treated period being 1; to the longest observed when `last` is absent.

        Raises
        ------
        IdentificationError
            An estimate without an effect at each of them.

        Examples
        --------
        >>> import staggered as sg
        >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4, size=50), outcome=sg.Outcome(sd=1.0),
        ...                covariance=sg.Exchangeable(icc=0.1))
        >>> e = sg.Mixed(effect="exposure").fit(sg.simulate(plan, seed=1))
        >>> bool(np.isclose(e.tate().value, e.overall.value)), bool(np.isclose(e.lte().value, e.value[-1]))
        (True, True)
        """
        own = self._without_overall()
        weights = exposure_weights([term.event for term in own.terms], first, last, self.estimator)
        reached = [term.event + 1 for term, w in zip(own.terms, weights, strict=True) if w and term.event is not None]
        low, high = min(reached), max(reached)
        one = low == high
        label = f"PTE({low})" if one else f"TATE({low}, {high})"
        said = f"effect at exposure time {low}" if one else f"average effect over exposure times {low} to {high}"
        combination = replace(own @ weights, estimand=said if one else f"{said}, each counting alike")
        return replace(combination, terms=(Term(label),))

    def pte(self, exposure: int) -> Estimate:
        """Effect at one exposure time, PTE(s)."""
        return self.tate(exposure, exposure)

    def lte(self) -> Estimate:
        """Effect at the longest exposure time observed, LTE."""
        longest = max((term.event + 1 for term in self.terms if term.event is not None), default=1)
        return replace(self.pte(longest), estimand=f"effect at the longest exposure time observed ({longest})")

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row per term, the overall one first, with broom's columns."""
        low, high = self.uncertainty.interval(self.values, checked_level(level))
        se = self.uncertainty.se()
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = self.values / se if self.uncertainty.neutral == 0 else np.full(len(se), np.nan)
        return pd.DataFrame(
            {
                "term": [term.label for term in self.terms],
                "estimate": self.values,
                "std_error": se,
                "statistic": statistic,
                "df": self.uncertainty.df(),
                "p_value": self.uncertainty.p_value(self.values),
                "conf_low": low,
                "conf_high": high,
            }
        )

    def text(self, level: float = 0.95) -> str:
        """One plain paragraph: the estimand, the interval, what may be concluded, and the caveats."""
        first = self.select([0])
        low, high = first.uncertainty.interval(first.values, checked_level(level))
        value = float(first.values[0])
        neutral = first.uncertainty.neutral
        said = number_words(value) if neutral == 0 else f"{value:.3g}"
        sentences = [*self.alerts, f"{self.estimand[:1].upper()}{self.estimand[1:]}, for {self.outcome}: {said}."]
        kind = self.uncertainty.kind
        sentences.append(interval_words(float(low[0]), float(high[0]), level, kind, neutral))
        sentences.append(f"Estimated by {self.estimator}, uncertainty by {self.inference}{self._degrees()}.")
        return " ".join([*sentences, *self.notes])

    def _degrees(self) -> str:
        df = float(self.uncertainty.df()[0])
        shown = f"{df:.3g}" if df < 1000 else f"{df:,.0f}"
        return (
            f" (t with {shown} degrees of freedom)"
            if isinstance(self.uncertainty, (Sampling, Satterthwaite)) and np.isfinite(df)
            else ""
        )

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {
            "estimator": self.estimator,
            "inference": self.inference,
            "estimand": self.estimand,
            "outcome": self.outcome,
            "interval_kind": self.uncertainty.kind,
            "level": 0.95,
            "rows": self.table().to_dict(orient="records"),
            "alerts": list(self.alerts),
            "notes": list(self.notes),
            "references": list(self.references),
        }

    def __repr__(self) -> str:
        return f"<Estimate by {self.estimator}, {self.inference}>\n{self.table().to_string(index=False)}"


def checked_level(level: object) -> float:
    """Refuse a level that is no probability, such as 95."""
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        raise DataError(
            f"The level is {level!r}.",
            "It is the share of studies whose interval should hold.",
            "Give, for example, 0.95.",
        )
    return level
