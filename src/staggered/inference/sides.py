"""How many councils stand on either side of a comparison, and how many are enough."""

from __future__ import annotations

import numpy as np

from ..data.frame import Frame

MANY = 40
"""Clusters from which plain sandwiches, bootstraps and the normal distribution are trusted."""
FEW_ON_A_SIDE, TIMES_AS_MANY = 6, 4
"""Below so many councils on a side, with so many times more in all, the spread of these few is what counts."""
ENOUGH = 10
"""Councils on the smaller side of a comparison from which large-sample variances are trusted."""


def fewest_on_a_side(frame: Frame) -> int:
    """Councils on the smaller side of the most even split into those that start by a date and those after it.

    Examples
    --------
    >>> import staggered as sg
    >>> fewest_on_a_side(sg.Frame(sg.Design([[0, 1]] * 3 + [[0, 0]] * 20)))
    3
    """
    sizes = frame.starting()
    early = np.cumsum(sizes)[:-1]
    return int(np.minimum(early, sizes.sum() - early).max(initial=0))


def lopsided(frame: Frame) -> bool:
    """Whether so few councils stand on one side, beside so many on the other, that these say nothing of those."""
    side, councils = fewest_on_a_side(frame), int(frame.starting().sum())
    return side < FEW_ON_A_SIDE and councils >= max(TIMES_AS_MANY * side, 3)
