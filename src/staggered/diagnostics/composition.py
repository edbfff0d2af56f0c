"""Who stands behind each time from go-live: a curve may bend because councils leave it, not because effects change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data.panel import Panel
from ..errors import IdentificationError, listing
from ..value import BoolArray, IntArray, Value


@dataclass(frozen=True, slots=True, eq=False)
class Composition(Value):
    """Councils and cohorts that are observed at each time from go-live.

    Parameters
    ----------
    events : array (times,)
        Periods since go-live; 0 is the first treated period.
    seen : array (times, councils) of bool
        Which council that goes live is observed when.
    comparison : array (times,)
        Fewest councils still in control in the calendar periods that a time stands for.
    clusters, cohorts : tuple (councils,)
        Names, and the period in which each goes live.
    """

    events: IntArray
    seen: BoolArray
    comparison: IntArray
    clusters: tuple[str, ...]
    cohorts: tuple[object, ...]

    def table(self) -> pd.DataFrame:
        """One row per time from go-live: councils, cohorts, who is no longer there, and the comparison."""
        rows = []
        for k, event in enumerate(self.events.tolist()):
            here = np.flatnonzero(self.seen[k])
            gone = np.flatnonzero(self.seen[k - 1] & ~self.seen[k] if k else np.zeros_like(self.seen[0]))
            rows.append(
                {
                    "event": event,
                    "councils": len(here),
                    "cohorts": len({self.cohorts[i] for i in here}),
                    "comparison": int(self.comparison[k]),
                    "no_longer": ", ".join(self.clusters[i] for i in gone),
                }
            )
        return pd.DataFrame(rows)

    def text(self) -> str:
        """Say in a paragraph how far the curve is about the same councils."""
        after = self.events >= 0
        events, seen = self.events[after], self.seen[after]
        differs = np.flatnonzero((seen != seen[0]).any(axis=1))
        count = int(seen[0].sum())
        if not len(differs):
            last = int(events[-1])
            return f"All {count} councils that go live are seen at every time from 0 to {last}: one curve of one group."
        until, few = int(events[differs[0] - 1]), [self.clusters[i] for i in np.flatnonzero(seen[-1])]
        together = "in that period alone" if until == 0 else f"all of them up to {until} periods later"
        said = (
            f"{count} councils are seen as they go live, {together}; {events[-1]} periods later it is {len(few)} "
            f"({listing(few)}). Once they are not all there, a bend of the curve may be a change of councils and not "
            "of the effect: compare cohorts, or stop where the group is still whole."
        )
        alone = [str(event) for event, row in zip(events, seen, strict=True) if row.sum() == 1]
        if alone:
            said += f" At {listing(alone)} the whole estimate rests on one council."
        bare = [str(event) for event, left in zip(events, self.comparison[after], strict=True) if left == 0]
        if bare:
            said += f" At {listing(bare)} some calendar period has nobody left in control to compare with."
        return said

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"rows": self.table().to_dict(orient="records")}


def composition(panel: Panel) -> Composition:
    """See which councils each time from go-live rests on.

    Parameters
    ----------
    panel : Panel

    Raises
    ------
    IdentificationError
        Nobody goes live within the data.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225:200, section 3.1.1, on balancing event times.

    Examples
    --------
    >>> import staggered as sg
    >>> panel = sg.simulate(sg.Plan(design=sg.stepped(clusters=4, steps=4), outcome=sg.Outcome(sd=1.0)), seed=1)
    >>> composition(panel).table()[["event", "councils", "comparison"]].tail(2).values.tolist()
    [[2, 2, 0], [3, 1, 0]]
    """
    design, used = panel.design, panel.frame.used
    start = design.start
    live = np.flatnonzero(np.isfinite(start) & (start > 0) & used.any(axis=1))
    if not len(live):
        raise IdentificationError(
            "No council goes live within these periods.",
            "A time from go-live needs a go-live.",
            "Check the go-live column, and that start= or treated= names it.",
        )
    event = np.arange(used.shape[1]) - start[live][:, None].astype(np.int64)
    observed = used[live]
    events = np.unique(event[observed])
    control = (used & ~(design.treatment > 0)).sum(axis=0)
    here = (event[None] == events[:, None, None]) & observed
    fewest = np.where(here.any(axis=1), control, len(used)).min(axis=1)
    return Composition(
        events=events,
        seen=here.any(axis=2),
        comparison=fewest.astype(np.int64),
        clusters=tuple(design.clusters[i] for i in live),
        cohorts=tuple(design.periods[int(start[i])] for i in live),
    )
