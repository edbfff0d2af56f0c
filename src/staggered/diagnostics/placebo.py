"""Placebo dates: the analysis run before go-live, as if councils had started earlier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..data.frame import Frame
from ..data.panel import Panel, require_panel
from ..errors import DataError, IdentificationError, listing
from ..kernel.protocols import Estimator, Inference, require_estimator, require_inference
from ..results.estimate import Estimate
from ..results.words import number_words
from ..value import Value


@dataclass(frozen=True, slots=True, eq=False)
class Placebo(Value):
    """Estimates at dates moved earlier, from data before the actual dates alone.

    Parameters
    ----------
    shifts : tuple of int
        By how many periods go-live was moved.
    estimates : tuple of Estimate
    skipped : tuple of int
        Shifts that leave nothing to estimate from.
    """

    shifts: tuple[int, ...]
    estimates: tuple[Estimate, ...]
    skipped: tuple[int, ...] = ()

    def table(self) -> pd.DataFrame:
        """One row per shift."""
        pairs = zip(self.shifts, self.estimates, strict=True)
        rows = [one.table().iloc[[0]].assign(periods_earlier=shift) for shift, one in pairs]
        return pd.concat(rows, ignore_index=True)

    def text(self) -> str:
        """Say in a paragraph what was found where nothing should be."""
        table = self.table()
        found = zip(self.shifts, table["estimate"].tolist(), table["p_value"].tolist(), strict=True)
        parts = [f"{_periods(shift)} early {number_words(value)} (p = {p:.2g})" for shift, value, p in found]
        said = (
            f"With go-live moved earlier, and nothing after the actual go-live used: {'; '.join(parts)}. "
            "Where nothing had yet happened an effect should not appear; one that does points to anticipation, or to "
            "trends that were not parallel."
        )
        if self.skipped:
            said += f" Nothing is left to estimate from {listing([_periods(shift) for shift in self.skipped])} early."
        return said

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"rows": self.table().to_dict(orient="records"), "skipped": list(self.skipped)}


def placebo_dates(
    estimator: Estimator, panel: Panel, shifts: Sequence[int] = (1, 2, 3), inference: Inference | None = None
) -> Placebo:
    """Estimate effects at dates moved earlier, on data from before the actual dates.

    Parameters
    ----------
    estimator : estimator
    panel : Panel
    shifts : sequence of int
        Periods by which go-live is moved; 1 or more.
    inference : Inference, optional

    Raises
    ------
    DataError
        A shift below 1.
    IdentificationError
        No shift leaves anything to estimate from.

    Examples
    --------
    >>> import staggered as sg
    >>> design = sg.stepped(clusters=12, steps=3, baseline=4)
    >>> panel = sg.simulate(sg.Plan(design=design, outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> placebo_dates(sg.Twfe(), panel, [1, 2]).shifts
    (1, 2)
    """
    require_panel(panel)
    require_estimator(estimator)
    require_inference(inference)
    _require_shifts(shifts)
    done, found, skipped = [], [], []
    for shift in shifts:
        try:
            found.append(estimator.fit(_earlier(panel, shift), inference))
            done.append(shift)
        except IdentificationError:
            skipped.append(shift)
    if not found:
        raise IdentificationError(
            f"Placebo dates {listing(list(shifts))} periods early leave nothing to estimate from.",
            "They need at least two periods before go-live: one before and one after the placebo date.",
            "Bring a longer history.",
        )
    return Placebo(tuple(done), tuple(found), tuple(skipped))


def _require_shifts(shifts: object) -> None:
    """Refuse shifts that are not whole periods earlier."""
    if (
        not isinstance(shifts, Sequence)
        or not shifts
        or not all(isinstance(one, int) and not isinstance(one, bool) and one >= 1 for one in shifts)
    ):
        raise DataError(
            f"shifts is {shifts!r}.",
            "Placebo dates lie whole periods before the actual ones.",
            "Give a list of whole numbers from 1 up, such as [1, 2].",
        )


def _periods(shift: int) -> str:
    return "1 period" if shift == 1 else f"{shift} periods"


def _earlier(panel: Panel, shift: int) -> Panel:
    """Treatment as if it had begun earlier, with the cells that were in fact treated set aside."""
    design, frame = panel.design, panel.frame
    assert frame.present is not None
    columns = np.arange(design.treatment.shape[1])
    actual = design.start[:, None]
    placebo = np.where(np.isfinite(actual), (columns >= actual - shift).astype(float), 0.0)
    treatment = np.where(design.observed, placebo, np.nan)
    present = frame.present & (columns < actual)
    moved: Frame = replace(frame, design=replace(design, treatment=treatment), present=present)
    if not (moved.used & (treatment > 0)).any():
        raise IdentificationError(
            f"No council has data {shift} periods before go-live.",
            "A placebo date needs data from before the actual one.",
            "Use a smaller shift.",
        )
    return replace(panel, frame=moved)
