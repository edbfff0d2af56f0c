"""Models of risks and counts in a study of differences: effects restated on its scale, or left as they are."""

from __future__ import annotations

from dataclasses import replace

from ..estimators.trial.glmm import Glmm
from ..estimators.trial.glmm_scales import Scales
from ..estimators.trial.marginal import Marginal
from ..inference.cluster import Cluster
from ..inference.model_based import ModelBased
from ..kernel.protocols import Estimator
from ..study.study import Analysed, Study


def on_another_scale(estimator: Estimator, study: Study) -> bool:
    """Whether an analysis gives logarithms of ratios where the study states differences, or the other way round."""
    outcome = study.outcome
    return isinstance(estimator, Glmm | Marginal) and outcome is not None and estimator.link != outcome.link


def left_as_ratios(study: Study) -> bool:
    """Whether some analysis stays on a scale of its own, so that its numbers cannot be written as the study's are."""
    return any(
        on_another_scale(one.estimator, study)
        and not (isinstance(one.estimator, Glmm) and isinstance(one.inference, Cluster | ModelBased | None))
        for one in study.analyses
    )


def as_reported(found: tuple[Analysed, ...], study: Study) -> tuple[Analysed, ...]:
    """Restate effects of mixed models as differences in risk or rate, where the study states those."""
    if left_as_ratios(study):
        return found
    return tuple(
        replace(one, estimate=one.estimate.on(one.estimate.posterior.known[0]))
        if on_another_scale(one.analysis.estimator, study) and isinstance(one.estimate.posterior, Scales)
        else one
        for one in found
    )
