"""What a study believed before its data: [hierarchical] as a model with its priors, and what they were learnt from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from ..errors import StaggeredError, StudyError, listing
from ..hierarchical.earlier import PUBLISHED, Evaluation, Learnt, learn
from ..hierarchical.hierarchical import Hierarchical
from ..hierarchical.structure import Family
from ..model.prior import Belief, HalfNormal, Normal, Prior
from .problems import nearest
from .schema import DataSection, EarlierEvaluation, EffectBelief, HierarchicalSection, OutcomeSection

_SCALES = (
    "councils", "heterogeneity", "trend", "exposure", "course", "noise", "dispersion", "season", "practice_model",
)  # fmt: skip
_FIGURES = {"ratio", "low", "high", "before", "after", "comparison", "outcome", "name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """The hierarchical model of a study, and what it was told beforehand.

    Parameters
    ----------
    model : Hierarchical
        With the priors that the file gives.
    words : Belief or None
        The effect's prior in words, as it was before any earlier evaluation.
    learnt : Learnt or None
        What earlier evaluations made of it.
    threshold : float or None
        Effect that would matter, on the model's own scale, in the direction that is better.
    matters : float or None
        The same as the file says it.
    proportional : bool
        Whether effects are relative changes: of counts, of shares, or of a logarithm.
    """

    model: Hierarchical
    words: Belief | None = None
    learnt: Learnt | None = None
    threshold: float | None = None
    matters: float | None = None
    proportional: bool = False


def build_beliefs(
    section: HierarchicalSection | None, outcome: OutcomeSection | None, data: DataSection | None
) -> Beliefs:
    """Model and priors of a [hierarchical] section; the usual ones where there is none.

    Raises
    ------
    StudyError
        Words of relative changes for an outcome that is neither counted nor a logarithm; a prior that there is none
        of; an evaluation that is not known, or whose size was not published.
    """
    told = section or HierarchicalSection()
    family = told.family or _family(outcome, data)
    proportional = family != "gaussian" or (data is not None and data.log)
    risk = outcome.baseline if outcome is not None and family == "binomial" else None
    words = _in_words(told.effect, proportional, risk)
    effect: Belief | Normal | None = words
    if told.effect is not None and words is None:
        effect = _normal(told.effect)
    priors: dict[str, Prior | Belief] = {name: HalfNormal(scale) for name, scale in _known(told.priors).items()}
    learnt = _learnt(told.earlier, effect, priors.get("heterogeneity"), proportional)
    if learnt is not None:
        effect = learnt.after
    if effect is not None:
        priors["effect"] = effect
    model = Hierarchical(
        family=cast(Family, family), engine=told.engine, trend=told.trend, exposure=told.exposure,
        deviations=told.deviations, season=told.season, moderators=tuple(told.moderators),
        practice_models=told.practice_models, priors=priors or None, draws=told.draws, points=told.points,
        seed=told.seed,
    )  # fmt: skip
    threshold = None
    if told.matters is not None:
        threshold = _threshold(told.matters, outcome, risk, proportional)
    return Beliefs(
        model=model, words=words, learnt=learnt, threshold=threshold, matters=told.matters, proportional=proportional
    )


def _family(outcome: OutcomeSection | None, data: DataSection | None) -> str:
    """What is counted is modelled as counts, unless the data are read as a rate or a logarithm."""
    if outcome is None or (data is not None and (data.log or data.per is not None)):
        return "gaussian"
    return outcome.family


def _in_words(effect: EffectBelief | None, proportional: bool, risk: float | None) -> Belief | None:
    if effect is None or (effect.large is None and effect.not_credible is None):
        return None
    if effect.mean is not None or effect.sd is not None:
        raise StudyError(
            "effect in [hierarchical] is given both in words (large, not_credible) and as a normal (mean, sd).",
            "They are two ways to say one thing, and would contradict each other.",
            "Keep one of them.",
        )
    if not proportional:
        raise StudyError(
            "effect in [hierarchical] speaks of relative changes, but the outcome is neither counted nor a logarithm.",
            "A fall of 10% is not the same number for every council on the outcome's own scale.",
            "Give effect = { mean = 0.0, sd = ... } in the outcome's units, or log = true in [data].",
        )
    return Belief(large=effect.large, not_credible=effect.not_credible, expected=effect.expected or 0.0, risk=risk)


def _normal(effect: EffectBelief) -> Normal:
    if effect.sd is None or effect.expected is not None:
        raise StudyError(
            "effect in [hierarchical] says neither large or not_credible, nor mean with sd.",
            "A prior needs to say how large effects may be.",
            "Give effect = { large = 0.10, not_credible = 0.30 }, or effect = { mean = 0.0, sd = ... }.",
        )
    return Normal(effect.mean or 0.0, effect.sd)


def _known(scales: dict[str, float]) -> dict[str, float]:
    for name in scales:
        if name not in _SCALES:
            raise StudyError(
                f"priors in [hierarchical] names {name}.",
                "Each is the scale of a half-normal: two chances in three that the spread is smaller.",
                nearest(name, _SCALES),
            )
    return scales


def _learnt(
    earlier: Sequence[EarlierEvaluation], before: Belief | Normal | None, heterogeneity: object, proportional: bool
) -> Learnt | None:
    if not earlier:
        return None
    if before is None or not proportional:
        raise StudyError(
            "earlier in [hierarchical] needs effect in words beside it, and an outcome that is counted or a logarithm.",
            "Evaluations move what was believed before them, by ratios.",
            "Add effect = { large = 0.10, not_credible = 0.30 }, or leave the evaluations out.",
        )
    prior = before.prior() if isinstance(before, Belief) else before
    spread = heterogeneity if isinstance(heterogeneity, HalfNormal) else None
    try:
        return learn([_evaluation(one) for one in earlier], before=prior, heterogeneity=spread)
    except StaggeredError as error:
        raise StudyError(f"earlier in [hierarchical]: {error.what}", error.why, error.fix) from None


def _evaluation(section: EarlierEvaluation) -> Evaluation:
    given = section.model_dump(exclude_none=True, exclude={"published"})
    if section.published is None:
        if missing := [key for key in ("name", "outcome", "source") if key not in given]:
            raise StudyError(
                f"an evaluation has no {listing(missing)}.",
                "Whoever reads the result must be able to look the figure up.",
                f"Add {listing([f'{key} = ...' for key in missing])}, or published = one of {', '.join(PUBLISHED)}.",
            )
        return Evaluation(**given)
    if section.published not in PUBLISHED:
        raise StudyError(
            f"{section.published!r} is not among the published evaluations.",
            "Their figures and sources come with staggered.",
            nearest(section.published, PUBLISHED),
        )
    if foreign := sorted(_FIGURES & set(given)):
        raise StudyError(
            f"{section.published} is given its own {listing(foreign)}.",
            "A published figure is used as it was published.",
            "Leave them out, or give the evaluation a name of your own with its source.",
        )
    known = PUBLISHED[section.published]
    return replace(known, **{key: value for key, value in given.items() if key in {"counts_for", "bias_sd"}})


def _threshold(matters: float, outcome: OutcomeSection | None, risk: float | None, proportional: bool) -> float:
    """An effect that matters on the scale of the linear predictor, falls negative."""
    better = outcome.better if outcome is not None else None
    if better is None:
        raise StudyError(
            "matters in [hierarchical] is given, but [outcome] does not say which direction is better.",
            "A change that matters is one for the better.",
            'Add better = "lower" or better = "higher" to [outcome].',
        )
    signed = -matters if better == "lower" else matters
    if not proportional:
        return signed
    if signed <= -1:
        raise StudyError(
            f"matters in [hierarchical] is {matters:g}.",
            "It is a relative change, and nothing falls by all of it or more.",
            "Give, for example, matters = 0.05 for a change of 5%.",
        )
    if risk is None:
        return math.log1p(signed)
    return Belief(large=0.5, risk=risk).linked(signed)
