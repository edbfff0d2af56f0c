"""Estimands over exposure time: which terms of an effect curve they average.

With δ(s) the effect at exposure time s, the first treated period being s = 1:

    TATE(s1, s2) = Σ_{s=s1}^{s2} δ(s) / (s2 − s1 + 1),    PTE(s) = δ(s),    LTE = δ(the longest s).

Kenny and others (2022), Statistics in Medicine 41:4311, section 2; Maleyeff and others (2023), Biometrics 79:2551.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import IdentificationError, listing
from ..value import FloatArray


def exposure_weights(events: Sequence[int | None], first: int, last: int | None, estimator: str) -> FloatArray:
    """Equal weights of the terms at exposure times `first` to `last`, (terms,); to the longest when `last` is None.

    Raises
    ------
    IdentificationError
        Terms that have no exposure time, or none of those that are asked for.

    Examples
    --------
    >>> exposure_weights([None, -1, 0, 1, 2], 1, 2, "a mixed model")
    array([0. , 0. , 0.5, 0.5, 0. ])
    """
    exposures = np.array([0 if event is None else event + 1 for event in events])
    known = sorted({int(s) for s in exposures if s > 0})
    if not known:
        raise IdentificationError(
            f"The estimate by {estimator} has one effect for all exposure times.",
            "An average over some of them, or the effect at one, is then only the assumption that they are equal.",
            'Let the effect change: Mixed(effect="exposure"), or by="event".',
        )
    wanted = list(range(first, (known[-1] if last is None else last) + 1))
    lacking = [str(s) for s in wanted if s not in known]
    if lacking or not wanted:
        raise IdentificationError(
            f"There is no effect at exposure time {listing(lacking)}."
            if wanted
            else f"From {first} to {last} is empty.",
            "Only exposure times at which someone was observed have an effect in the data.",
            f"Use exposure times among {listing([str(s) for s in known])}; the first treated period is 1.",
        )
    return np.where(np.isin(exposures, wanted), 1 / len(wanted), 0.0)
