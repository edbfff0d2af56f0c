"""The posterior: draws of everything, and the answers that are read from them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from ..data.panel import Panel
from ..errors import DataError, DesignError, IdentificationError, listing
from ..model.prior import Belief, Priors
from ..results.check import Check
from ..results.estimate import Estimate, Term
from ..results.uncertainty import Draws
from ..results.words import chance_words, number_words
from ..value import BoolArray, FloatArray, Value
from .layout import Layout, practice_models
from .structure import Family

QUESTIONS = ("overall", "event", "cluster", "new", "model")
SCALES = ("count", "rate", "ratio")
_PER = 10_000
_FEW_TREATED = 3
REFERENCES = (
    "Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013), Bayesian Data Analysis, chapters 5 and 15.",
    "Kenny, Voldal, Xia, Heagerty and Hughes (2022), Analysis of stepped wedge cluster randomized trials in the "
    "presence of a time-varying treatment effect, Statistics in Medicine 41:4311.",
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Posterior(Value):
    """Draws from a fitted hierarchical model.

    Parameters
    ----------
    layout : Layout
    panel : Panel
    priors : Priors
    engine : str
    fixed : array (draws, q)
        Coefficients of the layout's columns.
    levels, effects : array (draws, clusters)
        Each council's departure from the national level and from the mean effect.
    hyper : dict of str to array (draws,)
    fresh : array (draws,)
        Standard normal draws for a council that is not in the data.
    chains : int
    size : array (clusters, periods)
        Children at risk in each cell.
    checks : tuple of Check
    statistics : dict of str to array (draws,)
        What the sampler says of each draw, such as its energy and whether it diverged.
    """

    layout: Layout
    panel: Panel
    priors: Priors
    engine: str
    fixed: FloatArray
    levels: FloatArray
    effects: FloatArray
    hyper: dict[str, FloatArray]
    fresh: FloatArray
    chains: int
    size: FloatArray
    checks: tuple[Check, ...] = ()
    statistics: dict[str, FloatArray] = field(default_factory=dict)

    @property
    def family(self) -> Family:
        """Distribution of the outcome."""
        return self.layout.structure.family

    @property
    def passed(self) -> bool:
        """Whether every check of the fit passed."""
        return all(check.passed for check in self.checks)

    def estimate(self, by: str = "overall") -> Estimate:
        """Answer one question; `by` as in `Hierarchical`."""
        terms, draws = self._terms(by)
        return Estimate(
            terms=terms,
            values=draws.mean(axis=0),
            uncertainty=Draws(draws),
            estimator=f"hierarchical {self.family} model",
            inference=self.engine,
            estimand=self._estimand(by),
            outcome=self.panel.name,
            notes=(*self._notes(draws[:, 0]), *self.panel.notes),
            headed=len(terms) > 1,
            references=REFERENCES,
            alerts=() if self.passed else (self.verdict,),
            posterior=self,
        )

    def restate(self, estimate: Estimate, scale: str) -> Estimate:
        """Give the terms of an estimate on another scale.

        `ratio`: expected outcomes with the practice model over those without it, in the term's treated cells.
        `rate`: their difference, per 10,000 children for counts. `count`: the difference in children over those
        cells in total.
        """
        if scale not in SCALES:
            raise DesignError(
                f"The scale {scale!r} was asked for.", "An effect can be said in several ways.",
                f"Use one of {', '.join(SCALES)}.",
            )  # fmt: skip
        if scale == "count" and self.family == "gaussian":
            raise DataError(
                "An effect on a gaussian outcome cannot be restated as a count of children.",
                "The model does not know what the outcome was divided by.",
                "Fit the counts themselves with family='negbinomial' and a size, or ask for 'rate'.",
            )
        draws = np.stack([self._on(term, k, estimate, scale) for k, term in enumerate(estimate.terms)], axis=1)
        said = {
            "ratio": "ratio of expected outcomes with and without the practice model",
            "rate": "difference in the expected outcome"
            + ("" if self.family in {"gaussian", "binomial"} else f" per {_PER:,} children"),
            "count": "difference in children over all treated council-periods",
        }[scale]
        return replace(
            estimate,
            values=draws.mean(axis=0),
            uncertainty=Draws(draws, neutral=1.0 if scale == "ratio" else 0.0),
            estimand=said,
            notes=tuple(note for note in estimate.notes if not note.startswith("The probability that")),
        )

    def probability(self, *, below: float = 0.0, council: str | None = None) -> float:
        """Probability that the effect, of all or of one council, is below a threshold on the link scale."""
        if council is None:
            return float((self._mean_effect() < below).mean())
        terms, draws = self._terms("cluster")
        names = [term.cluster for term in terms]
        if council not in names:
            raise DataError(
                f"{council} has no effect of its own here.",
                "Only councils that go live in the data have one.",
                f"Use one of {listing([name for name in names if name], most=8)}, or by='new' for another council.",
            )
        return float((draws[:, names.index(council)] < below).mean())

    def predictor(self) -> tuple[FloatArray, FloatArray]:
        """Linear predictor without treatment and the effect on each cell, both (draws, clusters, periods)."""
        layout = self.layout
        at, shape = layout.first_effect, (len(self.fixed), *layout.treatment.shape)
        flat = layout.columns.reshape(-1, layout.columns.shape[2]).T
        level = (self.fixed[:, :at] @ flat[:at]).reshape(shape)
        effect = (self.fixed[:, at:] @ flat[at:]).reshape(shape)
        return level + self.levels[:, :, None], effect + self.effects[:, :, None] * layout.treatment

    def examined(self, seed: int = 1) -> Posterior:
        """The same fit, checked without each council and without the last periods as well."""
        from .left_out import examined

        return examined(self, seed)

    def to_arviz(self) -> Any:
        """Give the fit as ArviZ's own object: InferenceData before version 1, a DataTree from then on."""
        from .inference_data import inference_data

        return inference_data(self)

    def hyper_table(self, level: float = 0.95) -> pd.DataFrame:
        """Summarise each hyperparameter: mean, SD and equal-tailed interval, nothing rounded."""
        rows = []
        for name, draws in self.hyper.items():
            low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
            rows.append({"name": name, "mean": draws.mean(), "sd": draws.std(ddof=1), "low": low, "high": high})
        return pd.DataFrame(rows)

    def _terms(self, by: str) -> tuple[tuple[Term, ...], FloatArray]:
        overall = self._mean_effect()
        head = Term("overall")
        if by == "overall":
            return (head,), overall[:, None]
        if by == "event":
            terms = tuple(Term(f"event {k}", event=k) for k in range(len(self.layout.curve)))
            return (head, *terms), np.column_stack([overall, self.fixed @ self.layout.curve.T])
        if by == "new":
            spread = self.hyper["heterogeneity"]
            if "practice_model" in self.hyper:
                spread = np.hypot(spread, self.hyper["practice_model"])
            return (Term("a council like these"),), (overall + spread * self.fresh)[:, None]
        if by == "cluster":
            rows = self.layout.treated
            names = [self.layout.frame.design.clusters[row] for row in rows]
            terms = tuple(Term(name, cluster=name) for name in names)
            return (head, *terms), np.column_stack([overall, self._council_effects()])
        kinds = self._practice_models()
        shift = self.fixed[:, -len(kinds) :]
        return (head, *(Term(kind) for kind in kinds)), np.column_stack([overall, overall[:, None] + shift])

    def _practice_models(self) -> tuple[str, ...]:
        label = self.layout.structure.practice_models
        if label is None:
            raise IdentificationError(
                "by='model' was asked of a fit without practice models.",
                "There is nothing to tell them apart by.",
                "Give practice_models= the label that names each council's practice model.",
            )
        return practice_models(self.layout.frame, label)

    def _mean_effect(self) -> FloatArray:
        return np.asarray(self.fixed @ self.layout.mean_curve(self.layout.shares))

    def _council_effects(self) -> FloatArray:
        """Average effect over each treated council's own treated cells, (draws, treated councils)."""
        layout = self.layout
        columns = []
        for row in layout.treated:
            share = np.zeros_like(layout.shares)
            share[row] = layout.shares[row] / layout.shares[row].sum()
            columns.append(self.fixed @ (layout.mean_curve(share) + layout.own[row]) + self.effects[:, row])
        return np.stack(columns, axis=1)

    def _on(self, term: Term, place: int, estimate: Estimate, scale: str) -> FloatArray:
        """One term on another scale: the expected outcomes of its cells with and without treatment."""
        layout = self.layout
        cells = self._cells(term)
        level, own = self.predictor()
        without = level[:, cells]
        if term.cluster is not None:
            effect = own[:, cells]
        elif term.event is not None or term.label == "overall":
            curve = np.concatenate([np.zeros((len(self.fixed), 1)), self.fixed @ layout.curve.T], axis=1)
            effect = curve[:, layout.exposure[cells]] * layout.treatment[cells]
        else:
            shift = estimate.uncertainty.draws[:, place] - self._mean_effect()  # type: ignore[attr-defined]
            curve = np.concatenate([np.zeros((len(self.fixed), 1)), self.fixed @ layout.curve.T], axis=1)
            effect = (curve[:, layout.exposure[cells]] + shift[:, None]) * layout.treatment[cells]
        before, after = (inverse_link(self.family, eta) for eta in (without, without + effect))
        if scale == "ratio" and (before <= 0).any():
            raise DataError(
                "The outcome's expected value without treatment may be 0 or below.",
                "A ratio to nothing, or to less, says nothing.",
                "Ask for 'rate', or model the log of the outcome and read the effect as a log ratio.",
            )
        if scale == "count":
            return np.asarray((after - before) @ self.size[cells])
        share = layout.shares[cells] / layout.shares[cells].sum()
        if scale == "rate":
            return np.asarray((after - before) @ share) * (1 if self.family in {"gaussian", "binomial"} else _PER)
        weight = self.size[cells] if self.family != "gaussian" else share
        return np.asarray((after @ weight) / (before @ weight))

    def _cells(self, term: Term) -> BoolArray:
        layout = self.layout
        cells: BoolArray = layout.exposure > 0
        if term.event is not None:
            return np.asarray(cells & (layout.exposure == term.event + 1))
        if term.cluster is not None:
            inside = np.array([name == term.cluster for name in layout.frame.design.clusters])
            return np.asarray(cells & inside[:, None])
        return cells

    def _estimand(self, by: str) -> str:
        scale = {"gaussian": "", "binomial": " on the log odds", "poisson": " on the log rate"}
        link = scale.get(self.family, " on the log rate")
        if by == "new":
            return f"effect to expect in another council like these{link}"
        return f"mean effect over councils{link}, each treated {self.layout.frame.per}-period counting alike"

    def _notes(self, draws: FloatArray) -> tuple[str, ...]:
        below = float((draws < 0).mean())
        notes = [f"The probability that it is below zero is {chance_words(below)}."]
        treated = len(self.layout.treated)
        if treated < _FEW_TREATED:
            notes.append(
                f"Only {treated} council{'s go' if treated > 1 else ' goes'} live in these data: how much effects "
                "differ between councils is known from its prior alone."
            )
        if isinstance(self.priors.effect, Belief):
            notes.append(self.priors.effect.text())
        prior = self.priors.first_effect
        notes.append(
            f"Prior of the first effect: normal with mean {number_words(prior.mean).lstrip('+')} and SD {prior.sd:.3g}."
        )
        if self.passed and self.checks:
            notes.append(self.verdict)
        return tuple(notes)

    @property
    def verdict(self) -> str:
        """Whether the fit can be relied on, and what to do where it cannot."""
        failed = [check for check in self.checks if not check.passed]
        if not failed:
            return f"The fit passed its {len(self.checks)} checks." if self.checks else "The fit was not checked."
        said = " ".join(f"{check.message} {check.fix}" for check in failed)
        return f"This fit failed {len(failed)} of its {len(self.checks)} checks; do not rely on the numbers yet. {said}"

    def check_table(self) -> pd.DataFrame:
        """Every check, one in a row: what was found, and what to do."""
        return pd.concat([check.table() for check in self.checks], ignore_index=True)


def inverse_link(family: str, predictor: FloatArray) -> FloatArray:
    """Expected outcome per child at a linear predictor."""
    if family == "gaussian":
        return predictor
    return np.asarray(expit(predictor) if family == "binomial" else np.exp(predictor))
