"""The planned effect in words: what it would mean for children."""

from __future__ import annotations

from ..model.effect import Constant
from ..results.power import Power
from ..study.study import Study
from .words import scale_of_plan

_PER = 1000


def effect_words(study: Study, power: Power) -> str:
    """Say how large the effect of the plan is, on the natural scale where the outcome has a baseline.

    Parameters
    ----------
    study : Study
        With an effect and an outcome.
    power : Power
        Whose effect is that of the plan as its analysis would see it.
    """
    outcome, effect = study.outcome, study.effect
    size = float(power.effects[0])
    said = scale_of_plan(study).words(size)
    if not isinstance(effect, Constant):
        said = f"{said} on average"
    if outcome is None or outcome.family != "binomial" or outcome.link != "identity" or outcome.baseline is None:
        return f"{said} after go-live"
    return (
        f"{said} after go-live: {100 * (outcome.baseline + size):.3g}% in place of {100 * outcome.baseline:.3g}%, "
        f"or {children_per_thousand(size)}"
    )


def children_per_thousand(difference: float) -> str:
    """Write a difference of risks in children.

    Examples
    --------
    >>> children_per_thousand(-0.0185)
    '18.5 fewer children in every 1,000'
    """
    return f"{abs(difference) * _PER:.3g} {'fewer' if difference < 0 else 'more'} children in every {_PER:,}"
