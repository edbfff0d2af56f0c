"""Methods by name: what each is called in a table, what it does, and what it takes for granted."""

from __future__ import annotations

from ..estimators.trial.glmm import Glmm
from ..estimators.trial.mixed import Mixed
from ..hierarchical.hierarchical import Hierarchical
from ..inference.cluster import Cluster
from ..inference.fixed_weights import FixedWeightsJackknife
from ..inference.jackknife import Jackknife
from ..inference.model_based import ModelBased, Profile
from ..inference.permutation import Permutation
from ..inference.placebo import Placebo
from ..study.analyses import Analysis
from ..study.study import Analysed

ESTIMATORS = {
    "gls": "Weighted regression (GLS)",
    "twfe": "Two-way fixed effects",
    "group-time": "Group-time effects",
    "imputation": "Imputation",
    "sun-abraham": "Sun and Abraham",
    "extended": "Extended two-way fixed effects",
    "stacked": "Stacked comparisons",
    "within-period": "Within-period comparison",
    "efficient": "Efficient rollout estimator",
    "synthetic-did": "Synthetic difference-in-differences",
    "augmented-synthetic": "Augmented synthetic control",
    "panel-regression": "Panel regression",
    "planned-date": "Planned date as instrument",
    "interrupted-series": "Interrupted time series",
    "mixed": "Linear mixed model",
    "glmm": "Mixed model for risks or counts",
    "hierarchical": "Hierarchical model",
}
"""Names for tables; an estimator that is not here is called as it calls itself."""
DOES = {
    "gls": (
        "compares treated with untreated cells within and between councils, weighing them by the assumed "
        "correlation. It takes the effect to be the same everywhere, from the first day on."
    ),
    "twfe": (
        "one regression with a level for each council and for each period. It takes the effect to be the same "
        "everywhere and always; where it grows or differs, some councils count the wrong way round."
    ),
    "group-time": (
        "compares each group of councils that went live together with councils still, or always, without the "
        "model, from the last period before go-live; then averages the comparisons."
    ),
    "imputation": (
        "fits a level for each council and period where the model was not yet in place, predicts what would have "
        "happened afterwards, and averages the differences from it."
    ),
    "sun-abraham": (
        "one regression that gives each group of councils that went live together its own effect at each time "
        "since go-live, against those that went live last or never; then averages these effects."
    ),
    "extended": (
        "one regression that gives each group of councils that went live together its own effect in each period; "
        "then averages these effects."
    ),
    "stacked": (
        "sets each group of councils that went live together beside its own comparison over the same stretch of "
        "time, and weighs these small studies so that together they answer one question."
    ),
    "within-period": (
        "compares treated with untreated councils within each period and never across periods. It needs an order "
        "that was drawn at random."
    ),
    "efficient": (
        "compares councils as a random order allows, and takes off as much of their difference before go-live as "
        "makes the comparison most precise. It needs an order that was drawn at random."
    ),
    "synthetic-did": (
        "puts together, for each group of councils that went live together, a comparison from councils in control "
        "throughout, weighted so that it moved as the group did before go-live."
    ),
    "augmented-synthetic": (
        "puts together one comparison from councils in control throughout, weighted so that it resembled the council "
        "before go-live, and corrects by regression what no such average can match."
    ),
    "panel-regression": (
        "one regression from a formula, with a level for each council and for each period. It takes the effect to be "
        "the same everywhere and always, as two-way fixed effects do."
    ),
    "planned-date": (
        "compares councils by when they were planned to start, and scales the difference up to those for whom the plan "
        "decided. It takes the plan to matter only through the actual start."
    ),
    "interrupted-series": (
        "carries the line of one council before go-live on and compares it with what came after. Whatever else "
        "changed at the same time counts as effect."
    ),
    "mixed": (
        "one regression with a level for each period, in which councils differ at random; how much they differ, and "
        "how they move from period to period, is estimated from the same data."
    ),
    "glmm": (
        "one logistic (or count) regression with a level for each period, in which councils differ at random; how much "
        "they differ is estimated from the same data. Its effect is a ratio of odds or rates."
    ),
    "hierarchical": (
        "a Bayesian model of all councils at once: each has its own level, its own course and its own effect, and "
        "what all of them show is used to judge each one. It rests on what was believed before the data."
    ),
}
"""What each estimator does, after its name and a colon."""
JACKKNIFE = "leaves out one council at a time and estimates again; errs on the cautious side"
CLUSTER = "adds up how far each council strays from what is fitted, with a correction for few councils"
MODEL = "takes the fitted model's own variance, with a correction for few councils"
POSTERIOR = "what the model leaves possible after the data, given what was believed before them"
PLACEBO = "gives the dates to councils that never started and estimates again each time"
PERMUTATION = "swaps dates between councils as the strata allow and estimates again each time"


def estimator_words(analysis: Analysis) -> str:
    """Name an estimator for a table."""
    return ESTIMATORS.get(analysis.estimator_name) or analysis.estimator.name


def _by_council(one: Analysed) -> bool:
    """Whether a model gives each council a coefficient, so that its own variance is not what it is judged by."""
    return isinstance(one.analysis.estimator, Glmm) and one.analysis.estimator.working is None


def inference_words(one: Analysed) -> str:
    """Name a way of knowing how sure an estimate is, for a table."""
    match one.analysis.inference:
        case Jackknife():
            return "jackknife"
        case FixedWeightsJackknife():
            return "jackknife, weights kept"
        case Placebo():
            return "placebos"
        case Cluster(kind=kind):
            return f"cluster-robust, {kind}"
        case Permutation():
            return "permutation"
        case ModelBased():
            return "the model itself"
        case Profile():
            return "profile of the likelihood"
        case None if _by_council(one):
            return "cluster-robust, CR2"
        case None if isinstance(one.analysis.estimator, Mixed | Glmm):
            return "the model itself"
        case None if isinstance(one.analysis.estimator, Hierarchical):
            return "posterior"
    return one.estimate.inference


def inference_does(one: Analysed) -> str:
    """Say what a way of knowing does, after its name and a colon; "" where nothing is written of it."""
    match one.analysis.inference:
        case Jackknife():
            return JACKKNIFE
        case Placebo():
            return PLACEBO
        case Cluster():
            return CLUSTER
        case Permutation():
            return PERMUTATION
        case ModelBased():
            return MODEL
        case None if _by_council(one):
            return CLUSTER
        case None if isinstance(one.analysis.estimator, Mixed | Glmm):
            return MODEL
        case None if isinstance(one.analysis.estimator, Hierarchical):
            return POSTERIOR
    return ""
