"""The papers behind a result."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ..errors import DataError


@runtime_checkable
class Cited(Protocol):
    """A result that knows where its methods come from."""

    @property
    def references(self) -> tuple[str, ...]:
        """Papers that the methods come from."""
        ...


def cite(result: Cited) -> tuple[str, ...]:
    """Name the papers of the methods that a result was made with.

    Parameters
    ----------
    result : Estimate, Power or any other result that carries references
        What came out of the package.

    Returns
    -------
    tuple of str
        One full reference each, the estimator's first; empty where nothing beyond arithmetic was used.

    Examples
    --------
    >>> import staggered as sg
    >>> plan = sg.Plan(design=sg.stepped(clusters=12, steps=4), outcome=sg.Outcome(sd=1.0),
    ...                covariance=sg.Nested(icc=0.05, cac=0.8), effect=sg.Constant(0.3))
    >>> [paper[:14] for paper in sg.cite(sg.power(plan))]
    ['Hussey MA, Hug', 'Hooper R, Teer']
    """
    if not isinstance(result, Cited):
        raise DataError(
            f"cite was given a value of type {type(result).__name__}.",
            "Papers stand behind results and methods.",
            "Give an estimate, a power or another result of this package.",
        )
    return result.references
