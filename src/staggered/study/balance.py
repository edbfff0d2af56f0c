"""Covariates that a draw is balanced on, as the study file gives them."""

from __future__ import annotations

import numpy as np

from ..design.design import Design
from ..errors import StudyError, listing
from .problems import nearest
from .schema import Shape, StudyFile

SIZE = "size"


def balance_columns(spec: StudyFile, design: Design) -> dict[str, dict[str, float]]:
    """Covariates named in [randomisation] balance, by council.

    "size" is the number of people of a council in all its periods, unless a covariate has that name.

    Raises
    ------
    StudyError
        No covariate named, or one that the councils do not have.
    """
    told = spec.randomisation
    assert told is not None
    if not told.balance:
        raise StudyError(
            f'[randomisation] with method = "{told.method}" has no balance.',
            "It names what the councils are to be balanced on.",
            'Add balance = ["size"], or the names of covariates in [[design.council]].',
        )
    councils = spec.design.council if isinstance(spec.design, Shape) else []
    known = list(dict.fromkeys(name for council in councils for name in council.covariates))
    people = np.where(design.observed, design.size, 0.0).sum(axis=1)
    columns: dict[str, dict[str, float]] = {}
    for name in told.balance:
        if name in known:
            columns[name] = _of_all(name, {one.name: one.covariates for one in councils}, design)
        elif name == SIZE:
            columns[name] = dict(zip(design.clusters, people.tolist(), strict=True))
        else:
            raise StudyError(
                f"balance in [randomisation] names {name!r}, which no council has.",
                "An allocation cannot be balanced on what is not known.",
                nearest(name, [*known, SIZE]),
            )
    return columns


def _of_all(name: str, councils: dict[str, dict[str, float]], design: Design) -> dict[str, float]:
    """One covariate of every council, all of which must have it."""
    missing = [one for one in design.clusters if name not in councils.get(one, {})]
    if missing:
        raise StudyError(
            f"{listing(missing)} has no covariate {name}, on which the draw is to be balanced.",
            "An allocation cannot be balanced on what is not known.",
            f"Add covariates = {{ {name} = ... }} to the council, or leave {name} out of balance.",
        )
    return {one: councils[one][name] for one in design.clusters}
