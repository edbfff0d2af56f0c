"""What was asked of a file: which column is what, checked before the file is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ..errors import DataError, listing

_CHOICES = {
    "rows": ("cells", "people"),
    "adopt": ("any", "half", "full"),
    "partial": ("treated", "blank", "fraction"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The arguments of `read`, consistent with each other.

    Raises
    ------
    DataError
        Arguments that contradict each other or have no meaning together.
    """

    cluster: str
    period: str
    outcome: str
    start: str | None = None
    treated: str | None = None
    rows: str = "cells"
    unit: str | None = None
    size: str | None = None
    per: float | None = None
    weights: str | None = None
    strata: str | None = None
    covariates: Sequence[str] = ()
    keep: Sequence[str] = ()
    adopt: str = "any"
    partial: str = "treated"
    year_ends: str | None = None

    def __post_init__(self) -> None:
        for argument, choices in _CHOICES.items():
            _require_choice(argument, getattr(self, argument), choices)
        # A single name is a sequence of letters to Python and one column to everybody else.
        for argument in ("covariates", "keep"):
            given = getattr(self, argument)
            object.__setattr__(self, argument, (given,) if isinstance(given, str) else tuple(given))
        _require_separate_roles(self)
        _require_one_schedule(self)
        _require_people(self) if self.people else _require_cells(self)

    @property
    def people(self) -> bool:
        """Whether a row of the file is a person."""
        return self.rows == "people"

    @property
    def weight_column(self) -> str | None:
        """Column that holds the weights; None when every cell counts alike or people are counted."""
        if self.weights == "size" and (self.size or self.people):
            return self.size
        return self.weights

    @property
    def per_child(self) -> bool:
        """Whether the weights are the numbers of people, so that an effect is one per child."""
        return self.weights is not None and self.weight_column == self.size

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the request names, each once."""
        single = (
            self.cluster,
            self.period,
            self.outcome,
            self.start,
            self.treated,
            self.unit,
            self.size,
            self.weight_column,
            self.strata,
        )
        return tuple(dict.fromkeys([name for name in (*single, *self.covariates, *self.keep) if name is not None]))

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that hold names, in which 007 is not 7."""
        return tuple(name for name in (self.cluster, self.unit, self.strata, *self.keep) if name is not None)


def _require_choice(argument: str, given: object, choices: Sequence[str]) -> None:
    if given not in choices:
        near = get_close_matches(str(given), choices, n=1, cutoff=0.0)
        raise DataError(
            f"{argument}={given!r} is not one of {listing([repr(choice) for choice in choices])}.",
            "It decides how the file is understood, so it is never guessed.",
            f"Write {argument}={near[0]!r}, if that is what you mean.",
        )


def _require_separate_roles(asked: Request) -> None:
    roles = [("cluster", asked.cluster), ("period", asked.period), ("outcome", asked.outcome)]
    roles += [(role, name) for role, name in (("start", asked.start), ("treated", asked.treated)) if name is not None]
    roles += [("covariates", name) for name in asked.covariates]
    for k, (role, name) in enumerate(roles):
        for other, same in roles[:k]:
            if name == same and role != other:
                raise DataError(
                    f"The column {name!r} is named both as {other}= and as {role}=.",
                    "One column cannot play both parts.",
                    f"Name the column that holds the {role}.",
                )


def _require_one_schedule(asked: Request) -> None:
    if asked.start is not None and asked.treated is not None:
        raise DataError(
            f"Both start={asked.start!r} and treated={asked.treated!r} were given.",
            "Each alone says which periods are treated, and the two may differ.",
            "Keep one.",
        )
    if asked.start is None and (asked.adopt, asked.partial) != ("any", "treated"):
        raise DataError(
            f"adopt={asked.adopt!r} and partial={asked.partial!r} were given without start=.",
            "They say what a go-live inside a period means, and there is no go-live column.",
            "Name the go-live column as start=, or leave adopt and partial out.",
        )
    if asked.per is not None and not asked.per > 0:
        raise DataError(
            f"per={asked.per!r} is not a positive number.",
            "The outcome is divided by the size and multiplied by it.",
            "Write per=10_000 for a rate per 10,000.",
        )


def _require_cells(asked: Request) -> None:
    if asked.unit is not None:
        raise DataError(
            f"unit={asked.unit!r} was given with rows='cells'.",
            "A row is then a whole council-period, in which nobody is told apart.",
            "Say rows='people' if a row is a person, or leave unit out.",
        )
    if asked.per is not None and asked.size is None:
        raise DataError(
            f"per={asked.per:g} was given without size=.",
            "A rate is the outcome divided by the number of people.",
            "Name the column with the number of people as size=.",
        )


def _require_people(asked: Request) -> None:
    if asked.size is not None:
        raise DataError(
            f"size={asked.size!r} was given with rows='people'.",
            "The people of a council-period are then counted, so a size has no place.",
            "Leave size out, or say rows='cells' if a row is a council-period.",
        )
    if asked.weights not in (None, "size"):
        raise DataError(
            f"weights={asked.weights!r} was given with rows='people'.",
            "People make up the mean of their council-period, each once; only whole council-periods are weighted.",
            "Say weights='size' to let every child count alike, or leave weights out to let every council-period.",
        )
