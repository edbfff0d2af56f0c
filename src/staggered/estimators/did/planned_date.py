"""The planned go-live as an instrument for the actual one, where councils started late, early or not at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...data.panel import Panel
from ...errors import DataError, IdentificationError
from ...inference.model_based import ModelBased
from ...kernel.point import Point
from ...kernel.protocols import Inference
from ...results.estimate import Estimate, Term
from ...results.uncertainty import Sampling
from ...value import FloatArray
from ..fitting import Fitting
from .formula import Matrices, matrices_of
from .panel_regression import within_effects

_WEAK = 10.0
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDate(Fitting):
    """Two-stage least squares: being treated, as far as the plan explains it, with council and period effects.

        X_ct = a_c + b_t + π Z_ct + v_ct,    Y_ct = α_c + λ_t + θ X̂_ct + e_ct

    with Z_ct whether the council was planned to have started. When the plan was drawn at random, or at least not
    made because of how the council was doing, θ is the effect where the plan decided (the compliers), even if
    councils put their start off because things went badly. The plan must matter only through the actual start.

    Parameters
    ----------
    planned : str
        Covariate of the panel that is 1 from the planned start on, else 0.

    Raises
    ------
    DataError
        No such covariate, or one that is not 0 and 1.
    IdentificationError
        A plan that explains nothing of who is treated.

    References
    ----------
    Angrist and Imbens (1995), Journal of the American Statistical Association 90:431.

    Examples
    --------
    >>> import staggered as sg
    >>> from staggered.estimators.did.planned_date import PlannedDate
    >>> planned = np.array([[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]])
    >>> actual = np.array([[0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]])
    >>> frame = sg.Frame(sg.Design(actual), covariates={"planned": planned})
    >>> panel = sg.Panel(frame, np.add.outer([1.0, 3.0, 2.0, 5.0], [0.0, 1.0, 1.0, 2.0]) - 2 * actual)
    >>> float(PlannedDate("planned").point(panel).values[0].round(9))
    -2.0
    """

    planned: str

    @property
    def name(self) -> str:
        """What it is called in outputs."""
        return "planned date as instrument (two-stage least squares)"

    @property
    def references(self) -> tuple[str, ...]:
        """Papers it comes from."""
        return (
            "Angrist JD, Imbens GW (1995). Two-stage least squares estimation of average causal effects in models with "
            "variable treatment intensity. Journal of the American Statistical Association 90:431-442.",
        )

    @property
    def large_sample(self) -> Inference:
        """Clustered variance of two-stage least squares."""
        return ModelBased()

    def point(self, panel: Panel) -> Point:
        """Value on this panel, with the scores of each cluster."""
        data, outcome, actual, planned = self._within(panel)
        strength = float(data.weight @ (planned * actual))
        value = float(data.weight @ (planned * outcome)) / strength
        scores = np.zeros((1, len(panel.design.clusters)))
        left = outcome - actual * value
        np.add.at(scores[0], data.cluster, data.weight * planned * left / strength)
        return Point(
            terms=(Term("treatment effect"),),
            values=np.array([value]),
            scores=scores,
            estimand=f"effect of being live where the plan decided it, each {panel.frame.per} counting alike",
            notes=(*data.notes, _strength_note(data, actual, planned)),
        )

    def by_model(self, panel: Panel) -> Estimate:
        """Estimate with linearmodels' two-stage least squares, clustered by council, t with councils − 1 df."""
        from linearmodels.iv import IV2SLS

        point = self.point(panel)
        data, outcome, actual, planned = self._within(panel)
        model = IV2SLS(outcome, None, actual, planned, weights=data.weight)
        fit = model.fit(cov_type="clustered", debiased=True, clusters=data.cluster)
        clusters = len(np.unique(data.cluster))
        covariance = np.asarray(fit.cov.to_numpy(), dtype=float)
        return Estimate(
            terms=point.terms,
            values=np.asarray(fit.params.to_numpy(), dtype=float),
            uncertainty=Sampling(covariance, np.array([clusters - 1.0])),
            estimator=self.name,
            inference="variance clustered by council (linearmodels)",
            estimand=point.estimand,
            outcome=panel.name,
            notes=(*point.notes, *panel.notes),
            references=self.references,
        )

    def _within(self, panel: Panel) -> tuple[Matrices, FloatArray, FloatArray, FloatArray]:
        """Outcome, actual and planned treatment, less council and period effects, on the cells in use."""
        covariates = panel.frame.covariates
        if self.planned not in covariates:
            raise DataError(
                f"The panel has no covariate {self.planned!r}.",
                "It says from when on the council was planned to be live.",
                f'Add a column of 0 and 1 to the data and read it with covariates=["{self.planned}"].',
            )
        inside = np.asarray(covariates[self.planned], dtype=float)[panel.frame.used]
        if not np.isin(inside[~np.isnan(inside)], (0.0, 1.0)).all():
            raise DataError(
                f"The covariate {self.planned!r} holds other numbers than 0 and 1.",
                "It is 1 from the planned start on, and 0 before.",
                "Correct the column.",
            )
        data = matrices_of(panel, f"y ~ treated + `{self.planned}`", self.name)
        columns = within_effects(data, np.column_stack([data.response, data.columns]))
        outcome, actual, planned = columns.T
        root = np.sqrt(data.weight)
        if float(np.abs((root * planned) @ (root * actual))) <= _NEGLIGIBLE * float((root * actual) @ (root * actual)):
            raise IdentificationError(
                "The planned start explains nothing of the actual one.",
                "Two-stage least squares compares councils by what the plan alone decided.",
                "Check the column, or compare by the actual start, for example with Imputation().",
            )
        return data, outcome, actual, planned


def _strength_note(data: Matrices, actual: FloatArray, planned: FloatArray) -> str:
    """Say how far the plan was followed, and how sure that is."""
    own = float(data.weight @ planned**2)
    share = float(data.weight @ (planned * actual)) / own
    scores = np.zeros(data.cluster.max() + 1)
    np.add.at(scores, data.cluster, data.weight * planned * (actual - share * planned) / own)
    count = len(np.unique(data.cluster))
    variance = count / (count - 1) * float(scores @ scores)
    strength = share**2 / variance if variance > _NEGLIGIBLE**2 else np.inf
    said = (
        f"Where the plan said live, being live was {share:.0%} more common (first-stage F {strength:.3g})."
        if np.isfinite(strength)
        else "The plan was followed throughout, so this is the ordinary regression."
    )
    if strength < _WEAK:
        said += f" Below {_WEAK:.0f} the plan is a weak instrument, and estimate and interval cannot be trusted."
    return said
