"""Imputation: untreated outcomes predicted from untreated cells, effects as what is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from ...data.frame import Frame
from ...errors import DesignError, IdentificationError, listing
from ...kernel.least_squares import averaging, centred, weighted_operator
from ...kernel.patterns import Patterns, patterns_of
from ...kernel.rule import Rule
from ...results.estimate import Term
from ...value import BoolArray, FloatArray, IntArray
from ..linear import Linear, counting, require_by
from .aggregate import BY, summarise
from .imputed import UNSEEN_LINE, ImputedScores, Leads, Residuals, leads_of, leave_out_inflation
from .saturated import lone_members

_NEGLIGIBLE = 1e-8


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Imputation(Linear):
    """Borusyak, Jaravel and Spiess: fit cluster and period effects on untreated cells, then subtract.

        Y_ct(0) = α_c + λ_t  fitted where untreated;   τ = Σ v_ct (Y_ct − α̂_c − λ̂_t) over treated cells

    Parameters
    ----------
    by : {"overall", "event", "cohort", "calendar", "cell"}
        Event times before the last period in control are coefficients of a fit on untreated cells alone: the
        paper's test of parallel trends.
    residuals : {"cell", "leave-out", "term"}
        From what the residuals of treated cells are taken in the scores: their cohort-by-period average effect,
        that average without the cluster itself, or the average of the term (Gardner's two-stage variance).

    Raises
    ------
    IdentificationError
        No treated cell can be predicted from untreated ones.

    References
    ----------
    Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91:3253; Gardner (2022), arXiv 2207.05943.

    Examples
    --------
    >>> import staggered as sg
    >>> sg.Imputation().rule(sg.Frame(sg.Design([[0, 1], [0, 0]]))).W.round(12).tolist()
    [[-1.0, 1.0, 1.0, -1.0]]
    """

    by: Literal["overall", "event", "cohort", "calendar", "cell"] = "overall"
    residuals: Residuals = "cell"

    def __post_init__(self) -> None:
        require_by(self.by, BY, "Imputation")
        if self.residuals not in get_args(Residuals):
            raise DesignError(
                f"Imputation was given residuals={self.residuals!r}.",
                "It says from what the residuals of treated cells are taken.",
                f"Use one of {', '.join(get_args(Residuals))}.",
            )

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "imputation (Borusyak–Jaravel–Spiess)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Borusyak K, Jaravel X, Spiess J (2024). Revisiting event-study designs: robust and efficient estimation. "
            "Review of Economic Studies 91:3253-3285.",
        )

    def rule(self, frame: Frame) -> Rule:
        """Weights of the summary asked for."""
        frame.require_absorbing("Imputation")
        frame, fit, missing = _without_unpredictable(frame)
        patterns = fit.patterns
        cells, members = treated_cells(frame.design.start[patterns.first], fit.treated)
        if not len(cells):
            raise IdentificationError(
                "No treated cell can be predicted from untreated ones.",
                "A cluster needs a period before treatment, and a period needs clusters still in control.",
                "Add a baseline period, or clusters that start later or never.",
            )
        mass = members * patterns.mass
        summary = summarise(
            frame.design, cells, mass.sum(axis=(1, 2)), self.by, _lost_cells(frame.design.start, missing, cells)
        )
        each = fit.less_predicted(np.asarray(mass / mass.sum(axis=(1, 2), keepdims=True)))
        weights = np.tensordot(summary.weights, each, axes=1)
        fitted = np.concatenate([fit.columns, np.moveaxis(members, 0, -1).astype(float)], axis=2)
        solve = np.concatenate([fit.solve, each])
        lone = lone_members(patterns, members, summary.weights)
        if self.residuals == "term":
            lone &= lone.any(axis=1, keepdims=True) & _single(patterns, weights * fit.treated)[:, None]
        start = frame.design.start[patterns.first]
        leads = leads_of(patterns, start, fit.control) if self.by == "event" else None
        terms, ahead = summary.terms, 0
        if leads is not None:
            ahead = len(leads.events)
            terms = (terms[0], *(Term(f"event {e:+d}", event=int(e)) for e in leads.events), *terms[1:])
            weights = np.concatenate([weights[:1], leads.weights, weights[1:]])
            lone = np.concatenate([lone[:1], np.zeros((ahead, lone.shape[1]), dtype=bool), lone[1:]])
        row = np.arange(len(terms))
        return Rule(
            terms=terms,
            weights=weights,
            frame=frame,
            patterns=patterns,
            fitted=fitted,
            solve=solve,
            family=np.zeros(len(patterns.first), dtype=np.int64),
            centre=fit.centre,
            influence=ImputedScores(
                weights=weights,
                columns=fitted,
                solve=solve,
                centre=fit.centre,
                treated=fit.treated,
                inflation=leave_out_inflation(patterns, members) if self.residuals == "leave-out" else None,
                residuals=self.residuals,
                leads=leads,
                lead_rows=(row > 0) & (row <= ahead),
            ),
            lone=lone,
            estimand=counting(summary.estimand, frame),
            notes=(*_missing_note(frame, missing), *_lead_note(leads)),
            headed=summary.headed,
        )


@dataclass(frozen=True, slots=True)
class UntreatedFit:
    """Cluster and period effects as fitted on untreated cells.

    Parameters
    ----------
    patterns : Patterns
    treated : array (patterns, periods) of bool
    control : array (patterns, periods)
        Weights of the untreated cells, 0 elsewhere.
    centre : array (patterns, periods)
        Weights of each cluster's own untreated level.
    columns : array (patterns, periods, periods)
        Period dummies less their level.
    solve : array (periods, patterns, periods)
        Coefficients of the columns from the patterns' means.
    """

    patterns: Patterns
    treated: BoolArray
    control: FloatArray
    centre: FloatArray
    columns: FloatArray
    solve: FloatArray

    @property
    def unpredictable(self) -> BoolArray:
        """Treated cells whose untreated outcomes the untreated cells do not determine, (patterns, periods).

        A cell is determined when its row of the model lies in the space spanned by the untreated cells'
        rows, so that projecting on them leaves it as it is, and its cluster has an untreated period.
        """
        untreated = self.columns * (self.control > 0)[:, :, None]
        projection = np.tensordot(self.solve, untreated, axes=([1, 2], [0, 1]))
        off = np.abs(self.columns @ projection - self.columns).max(axis=2)
        result: BoolArray = self.treated & ((off >= _NEGLIGIBLE) | (self.control.sum(axis=1) == 0)[:, None])
        return result

    def less_predicted(self, direct: FloatArray) -> FloatArray:
        """Take the predicted untreated outcomes off what `direct` (k, patterns, periods) averages."""
        level = direct.sum(axis=2)[:, :, None] * self.centre
        period = np.tensordot(np.tensordot(direct, self.columns, axes=([1, 2], [0, 1])), self.solve, axes=1)
        return np.asarray(direct - level - period)


def _without_unpredictable(frame: Frame) -> tuple[Frame, UntreatedFit, BoolArray]:
    """Frame and fit without the treated cells that cannot be predicted, and which they are."""
    fit = _untreated_fit(frame)
    missing = fit.unpredictable[fit.patterns.group]
    if missing.any():
        assert frame.present is not None
        frame = replace(frame, present=frame.present & ~missing)
        fit = _untreated_fit(frame)
    return frame, fit, missing


def _untreated_fit(frame: Frame) -> UntreatedFit:
    patterns = patterns_of(frame)
    treated = patterns.treatment > 0
    control = np.where(treated, 0.0, patterns.mass)
    centre = averaging(control)
    count, periods = patterns.used.shape
    dummies = np.broadcast_to(np.eye(periods), (count, periods, periods))
    columns = centred(dummies, centre, patterns.used.astype(float))
    return UntreatedFit(patterns, treated, control, centre, columns, weighted_operator(columns, control))


def treated_cells(start: FloatArray, treated: BoolArray) -> tuple[IntArray, BoolArray]:
    """Cohort-by-period cells that hold somebody, (cells, 2), and who, (cells, patterns, periods)."""
    cells = sorted({(int(start[g]), int(t)) for g, t in np.argwhere(treated)})
    members = np.zeros((len(cells), *treated.shape), dtype=bool)
    for k, (cohort, period) in enumerate(cells):
        members[k, :, period] = (start == cohort) & treated[:, period]
    return np.array(cells, dtype=np.int64).reshape(-1, 2), members


def _lost_cells(start: FloatArray, missing: BoolArray, known: IntArray) -> IntArray:
    """Cohort-by-period cells of which nobody is left, (cells, 2)."""
    cells, _ = treated_cells(start, missing)
    lost = sorted({*map(tuple, cells.tolist())} - {*map(tuple, known.tolist())})
    return np.array(lost, dtype=np.int64).reshape(-1, 2)


def _single(patterns: Patterns, direct: FloatArray) -> BoolArray:
    """Which terms rest on the treated cells of one cluster alone, (k,)."""
    rests = np.asarray((np.nan_to_num(direct) != 0).any(axis=2))
    return np.asarray(rests @ patterns.count == 1)


def _missing_note(frame: Frame, missing: BoolArray) -> tuple[str, ...]:
    """Name the treated cells that cannot be predicted."""
    if not missing.any():
        return ()
    design = frame.design
    named = [f"{design.clusters[k]} in {design.periods[t]}" for k, t in np.argwhere(missing)]
    return (f"Left out, because no untreated cell says what would have happened: {listing(named)}.",)


def _lead_note(leads: Leads | None) -> tuple[str, ...]:
    """Say that a second reference was needed before go-live."""
    if leads is None or not leads.dropped:
        return ()
    named = listing([f"{e:+d}" for e in leads.dropped])
    return (
        f"Everybody is treated in the end, so {UNSEEN_LINE}: "
        f"event {named} was taken as a second reference, next to −1.",
    )
