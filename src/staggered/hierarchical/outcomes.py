"""Outcomes as the families need them: counts of children out of how many, and priors on their scale."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from scipy.special import logit

from ..data.panel import Panel
from ..errors import DataError, DataWarning, listing
from ..model.prior import HalfNormal, Normal, Priors
from ..value import BoolArray, FloatArray
from .structure import Family

_WHOLE = 1e-6
_MANY = 100
_CONTRADICTION = 4.0
_NARROW = 0.1


def counted(panel: Panel, family: Family) -> tuple[FloatArray, FloatArray]:
    """Counts and the number of children they are out of, (clusters, periods) each.

    Whole numbers are taken as counts; shares or rates per child become counts again when size times outcome is whole.

    Raises
    ------
    DataError
        A size that is missing or 0, numbers that are no counts or rates per many children, more counted than there are.
    """
    used, size = panel.frame.used, panel.design.size
    _refuse(panel, used & ~(np.isfinite(size) & (size > 0)), "no population", "A rate needs a population above 0.")
    if (size[used] == 1).all() and (panel.outcome[used] > 1).any():
        raise DataError(
            "The panel has counts, but no population.",
            f"The {family} model compares rates, and needs to know of how many children.",
            "Name the column in size= when reading.",
        )
    inside = np.where(used, panel.outcome, 0.0)
    _refuse(panel, used & (inside < 0), "a negative count", "Nobody can be counted less than never.")
    whole = np.abs(inside - np.round(inside)) < _WHOLE
    if whole.all():
        count = np.round(inside)
    else:
        count = inside * np.where(used, size, 0.0)
        if (np.abs(count - np.round(count)) > _WHOLE * np.maximum(1.0, count)).any():
            raise DataError(
                f"The outcome is neither counts nor rates of them: {listing(list(inside[~whole][:3].round(4)))}.",
                f"The {family} model needs to know how many children were counted; a rate hides it.",
                "Read the counts themselves, without per=, or use family='gaussian'.",
            )
        count = np.round(count)
        _refuse_rates_of_many(inside[used], np.asarray(count[used], dtype=float), family)
    if family == "binomial":
        over = used & (count > size + _WHOLE)
        _refuse(panel, over, "more counted than there are children", "A share cannot exceed one.")
    return np.asarray(count, dtype=float), np.where(used, size, 0.0)


def _refuse_rates_of_many(rate: FloatArray, count: FloatArray, family: Family) -> None:
    """Refuse rates per 100 or 10,000 children: times the population they are whole as well, but so much too many."""
    many = rate.max() > 1
    if many or (count.any() and np.gcd.reduce(count.astype(np.int64)) % _MANY == 0):
        raise DataError(
            f"The outcome looks like a rate per many children, such as 10,000: it is up to {rate.max():.4g}, "
            + ("above one per child." if many else f"and times the population a multiple of {_MANY} everywhere."),
            f"The {family} model would take it as one per child, and so count far too many of them.",
            "Read the counts themselves, without per=, and name the population in size=.",
        )


def scaled_priors(panel: Panel, family: Family) -> Priors:
    """Wide priors around the outcome's own level, for those who give none."""
    used = panel.frame.used
    if family == "gaussian":
        inside = panel.outcome[used]
        wide = Priors.scaled(float(inside.mean()), max(float(inside.std()), 1e-8))
        people = _spread_of_people(panel)
        # Means move by councils and periods; people, whose noise it then is, by far more.
        return replace(wide, noise=HalfNormal(people)) if people > 0 else wide
    count, size = counted(panel, family)
    crude = (count.sum() + 0.5) / (size.sum() + 1)
    centre = float(logit(crude)) if family == "binomial" else float(np.log(crude))
    return replace(Priors(), level=Normal(centre, 1.5))


def _spread_of_people(panel: Panel) -> float:
    """SD between the people of a cell, where they were read one by one; 0 where they were not."""
    if panel.within is None:
        return 0.0
    spare = np.where(panel.frame.used, np.maximum(panel.design.size - 1, 0.0), 0.0)
    squares = np.where(spare > 0, np.nan_to_num(panel.within), 0.0) * spare
    return float(np.sqrt(squares.sum() / spare.sum())) if spare.sum() > 0 else 0.0


def compare_with_prior(panel: Panel, family: Family, priors: Priors) -> None:
    """Warn before fitting where the priors contradict the scale of the data.

    Warns
    -----
    DataWarning
        The level lies far outside its prior, or all spreads of the prior together are a small part of the data's.
    """
    used = panel.frame.used
    if family == "gaussian":
        level, spread = float(panel.outcome[used].mean()), float(panel.outcome[used].std())
    else:
        count, size = counted(panel, family)
        crude = (count.sum() + 0.5) / (size.sum() + 1)
        level = float(logit(crude)) if family == "binomial" else float(np.log(crude))
        spread = float(np.log((count[used] + 0.5) / (size[used] + 1)).std())
    away = abs(level - priors.level.mean) / priors.level.sd
    if away > _CONTRADICTION:
        warnings.warn(
            f"The outcome's level is {level:.3g}, but its prior is {priors.level.mean:.3g} ± {priors.level.sd:.3g}: "
            f"{away:.0f} standard deviations away. Such a prior pulls every answer towards itself. "
            "Give priors on the scale of the outcome, or leave them out for wide ones around its level.",
            DataWarning,
            stacklevel=4,
        )
    expected = float(np.hypot(priors.councils.scale, np.hypot(priors.noise.scale, priors.course.scale)))
    if family == "gaussian" and spread > 0 and expected < _NARROW * spread:
        warnings.warn(
            f"The outcome varies by {spread:.3g}, but its priors expect {expected:.3g} at most. "
            "They were probably meant for another scale, such as the log of the outcome. "
            "Give priors on the scale of the outcome, or leave them out for wide ones.",
            DataWarning,
            stacklevel=4,
        )


def all_zero(panel: Panel) -> list[str]:
    """Councils whose every count is 0."""
    used = panel.frame.used
    none = used.any(axis=1) & (np.where(used, panel.outcome, 0.0) == 0).all(axis=1)
    return [name for name, empty in zip(panel.design.clusters, none, strict=True) if empty]


def beyond_population(panel: Panel, family: Family) -> list[str]:
    """Cells in which more is counted than there are children, for families that have no upper end."""
    count, size = counted(panel, family)
    rows = np.argwhere(panel.frame.used & (count > size))
    return [f"{panel.design.clusters[i]} in {panel.design.periods[t]}" for i, t in rows]


def _refuse(panel: Panel, wrong: BoolArray, what: str, why: str) -> None:
    if wrong.any():
        named = [f"{panel.design.clusters[i]} in {panel.design.periods[t]}" for i, t in np.argwhere(wrong)]
        raise DataError(f"There is {what} for {listing(named)}.", why, "Correct the cell, or leave its row out.")
