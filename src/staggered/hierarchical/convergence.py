"""Whether Markov chains arrived: R-hat, effective sizes, divergences and energy, for everything that is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from ..results.check import Check
from ..value import BoolArray, FloatArray, Value

HIGHEST_RHAT, LEAST_ESS, LEAST_BFMI = 1.01, 400.0, 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Arrival(Value):
    """What was measured of chains.

    Parameters
    ----------
    rhat, bulk, tail : dict of str to float
        R-hat, and the effective number of draws in the middle and in the tails, of every reported number.
    divergences, draws : int
    bfmi : float
        The smallest E-BFMI of any chain.
    """

    rhat: dict[str, float]
    bulk: dict[str, float]
    tail: dict[str, float]
    divergences: int
    draws: int
    bfmi: float


def measured(named: Mapping[str, FloatArray], diverging: BoolArray, energy: FloatArray) -> Arrival:
    """Measure every reported number, (chains, draws) each.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), Bayesian Analysis 16:667;
    Betancourt (2016), arXiv:1604.00695, for the energy.
    """
    library = import_module("arviz")
    return Arrival(
        rhat={name: float(library.rhat(draws)) for name, draws in named.items()},
        bulk={name: float(library.ess(draws, method="bulk")) for name, draws in named.items()},
        tail={name: float(library.ess(draws, method="tail", prob=(0.05, 0.95))) for name, draws in named.items()},
        divergences=int(diverging.sum()),
        draws=diverging.size,
        bfmi=float((np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1)).min()),
    )


def convergence(
    named: Mapping[str, FloatArray],
    diverging: BoolArray,
    energy: FloatArray,
    highest_rhat: float = HIGHEST_RHAT,
    least_ess: float = LEAST_ESS,
) -> tuple[Check, ...]:
    """Check every reported number, (chains, draws) each."""
    found = measured(named, diverging, energy)
    longer = "Draw more (draws=), or fit with engine='analytic' and compare."
    simpler = "Give tighter priors, or leave out a part of the model that the data do not speak of."
    worst = max(found.rhat, key=lambda name: found.rhat[name])
    return (
        _check("chains agree", found.rhat[worst] < highest_rhat,
               f"The largest R-hat is {found.rhat[worst]:.3f} ({worst}); below {highest_rhat:g} is wanted.", longer),
        *(
            _check(f"effective draws, {part}", min(ess.values()) > least_ess,
                   f"The smallest effective number of draws in the {part} is {min(ess.values()):.0f} "
                   f"({min(ess, key=lambda name: ess[name])}); above {least_ess:.0f} is wanted.", longer)
            for part, ess in (("middle", found.bulk), ("tails", found.tail))
        ),
        _check("no divergences", found.divergences == 0,
               f"{found.divergences} of {found.draws} draws diverged.", simpler),
        _check("energy", found.bfmi > LEAST_BFMI,
               f"The smallest E-BFMI is {found.bfmi:.2f}; above {LEAST_BFMI} is wanted.", simpler),
    )  # fmt: skip


def _check(name: str, passed: bool, message: str, fix: str) -> Check:
    return Check(name, passed, message, "" if passed else fix)
