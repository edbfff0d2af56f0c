"""An inference asked for by name where it is known to fail: said as a warning, before a number is used."""

from __future__ import annotations

import warnings

from ..data.frame import Frame
from ..errors import FewClustersWarning
from ..kernel.protocols import Inference
from ..results.estimate import Estimate
from .cluster import BLIND
from .expected_size import OF_ITS_OWN, most_expected
from .sides import MANY

_TOO_OFTEN = 8
_TRUSTED = ("CR2", "CR3", "jackknife", "design-based")
"""Inferences that hold with few councils for most estimators, so that they say nothing of councils by themselves."""


def warn_where_it_fails(inference: Inference, default: Inference, frame: Frame, fit: Estimate) -> None:
    """Warn of an inference that cannot see some council's noise, or that finds effects where there are none.

    Defaults are chosen so that neither befalls them, and never come here.

    Parameters
    ----------
    inference, default : Inference
        Asked for, and used when none is.
    frame : Frame
    fit : Estimate
        With the inference asked for.

    Warns
    -----
    FewClustersWarning
    """
    asked = f"{inference.name[:1].upper()}{inference.name[1:]}"
    instead = f"Leave inference out (by default here: {default.name}), or use Jackknife() or Permutation()."
    blind = [note.partition(" Use ")[0] for note in fit.notes if note.startswith(BLIND)]
    said = [f"{asked} was asked for. {note} {instead}" for note in blind]
    often = _too_often(inference, frame, fit.estimator)
    if often and not blind:
        said.append(f"{asked} with the {fit.estimator} {often} {instead}")
    for one in said:
        warnings.warn(one, FewClustersWarning, stacklevel=3)


def _too_often(inference: Inference, frame: Frame, estimator: str) -> str:
    """How often the test finds an effect that is not there; empty where that is about as often as it should."""
    found = most_expected(frame, inference.name, estimator)
    # With few councils in all, plain sandwiches and bootstraps say so by themselves.
    silent = frame.seen.sum() < MANY and not any(name in inference.name for name in _TRUSTED)
    if found is None or found[1] <= _TOO_OFTEN or silent:
        return ""
    councils, share = found
    page = "efficient-size" if estimator in OF_ITS_OWN else "did-size"
    return (
        f"finds effects that are not there: in simulations with {councils} in {share}% of data sets, where 5% is "
        f"meant (docs/{page}.md). Its interval is too narrow with so few councils to compare, and chance looks like an "
        "effect."
    )
