"""Seeds and draws: what a random thing is drawn from, so that it can be drawn again, and how often."""

from __future__ import annotations

import numpy as np

from ..errors import DataError, DesignError

Seed = int | np.random.SeedSequence | np.random.Generator
"""Everything that random functions take."""


def whole_seed(seed: object) -> int:
    """One whole number from which everything else is drawn.

    Parameters
    ----------
    seed : int, SeedSequence or Generator
        An int is itself; a SeedSequence gives the same number each time; a Generator moves on by one draw.

    Raises
    ------
    DesignError
        Anything else, or a number below 0.

    Examples
    --------
    >>> whole_seed(7), whole_seed(np.random.SeedSequence(7)) == whole_seed(np.random.SeedSequence(7))
    (7, True)
    """
    if isinstance(seed, np.random.SeedSequence):
        return int(seed.generate_state(1, np.uint64)[0])
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**63))
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool) and seed >= 0:
        return int(seed)
    raise DesignError(
        f"seed is {seed!r}.",
        "It fixes what is drawn, so that anybody can draw the same again.",
        "Give a whole number from 0 up, such as 20261001.",
    )


def require_draws(draws: object, fewest: int, why: str, example: int) -> None:
    """Refuse a number of draws that is not a whole number, or too small.

    Raises
    ------
    DataError
    """
    whole = isinstance(draws, (int, np.integer)) and not isinstance(draws, bool)
    if not whole or draws < fewest:  # type: ignore[operator]
        raise DataError(f"draws is {draws!r}.", why, f"Give a whole number, for example draws={example}.")
