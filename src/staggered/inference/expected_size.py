"""How often an interval leaves out the truth with few councils, as simulation found it.

`benchmarks/did_size.py` made the table, prints it, and writes docs/did-size.md, where every number stands by estimator.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..data.frame import Frame
from .sides import ENOUGH, MANY, TIMES_AS_MANY


@dataclass(frozen=True, slots=True)
class Layout:
    """Councils of a row of the table.

    Parameters
    ----------
    councils : int
    alone : bool
        Whether some start alone.
    live : int
        How many ever go live, where more never do; 0 elsewhere.
    """

    councils: int
    alone: bool = False
    live: int = 0

    @property
    def words(self) -> str:
        """The row in words."""
        how = "some starting alone" if self.alone else "two or more starting together"
        who = f"{self.live} of {self.councils} councils going live" if self.live else f"{self.councils} councils"
        return f"{who}, {how}"


EXPECTED: dict[Layout, dict[str, tuple[int, int]]] = {
    Layout(6, alone=True): {
        "CR0": (16, 17),
        "CR1": (6, 7),
        "CR2": (4, 5),
        "CR3": (2, 2),
        "jackknife": (1, 4),
        "design-based": (0, 2),
        "multiplier bootstrap": (18, 19),
        "cluster bootstrap": (3, 8),
    },
    Layout(6): {
        "CR0": (17, 27),
        "CR1": (7, 15),
        "CR2": (4, 6),
        "CR3": (1, 2),
        "jackknife": (3, 6),
        "design-based": (2, 3),
        "multiplier bootstrap": (18, 30),
        "cluster bootstrap": (8, 11),
    },
    Layout(10, alone=True): {
        "CR0": (11, 12),
        "CR1": (6, 6),
        "CR2": (4, 4),
        "CR3": (2, 2),
        "jackknife": (2, 5),
        "design-based": (2, 6),
        "multiplier bootstrap": (12, 13),
        "cluster bootstrap": (2, 9),
    },
    Layout(10): {
        "CR0": (10, 27),
        "CR1": (6, 18),
        "CR2": (4, 5),
        "CR3": (1, 3),
        "jackknife": (3, 5),
        "design-based": (0, 3),
        "multiplier bootstrap": (12, 28),
        "cluster bootstrap": (4, 8),
    },
    Layout(17): {
        "CR0": (8, 22),
        "CR1": (6, 18),
        "CR2": (3, 5),
        "CR3": (1, 4),
        "jackknife": (3, 6),
        "design-based": (1, 6),
        "multiplier bootstrap": (8, 23),
        "cluster bootstrap": (4, 8),
    },
    Layout(43, alone=True, live=3): {
        "CR0": (21, 22),
        "CR1": (19, 20),
        "CR2": (2, 3),
        "CR3": (1, 2),
        "jackknife": (1, 2),
        "design-based": (4, 6),
        "multiplier bootstrap": (23, 24),
        "cluster bootstrap": (13, 16),
    },
    Layout(45, alone=True, live=5): {
        "CR0": (12, 13),
        "CR1": (11, 12),
        "CR2": (4, 4),
        "CR3": (3, 3),
        "jackknife": (2, 4),
        "design-based": (3, 4),
        "multiplier bootstrap": (14, 14),
        "cluster bootstrap": (9, 10),
    },
    Layout(42, live=2): {
        "CR0": (30, 34),
        "CR1": (29, 32),
        "CR2": (0, 0),
        "CR3": (0, 0),
        "jackknife": (0, 0),
        "design-based": (11, 16),
        "multiplier bootstrap": (34, 36),
        "cluster bootstrap": (32, 35),
    },
    Layout(43, live=3): {
        "CR0": (20, 22),
        "CR1": (19, 21),
        "CR2": (2, 3),
        "CR3": (1, 2),
        "jackknife": (1, 2),
        "design-based": (7, 9),
        "multiplier bootstrap": (22, 24),
        "cluster bootstrap": (16, 18),
    },
    Layout(46, live=6): {
        "CR0": (11, 23),
        "CR1": (10, 22),
        "CR2": (3, 5),
        "CR3": (0, 4),
        "jackknife": (7, 8),
        "design-based": (4, 5),
        "multiplier bootstrap": (12, 24),
        "cluster bootstrap": (7, 9),
    },
}
"""Percent of data sets in which a 95% interval leaves out the truth: least and most over the linear estimators."""


OF_ITS_OWN: dict[str, dict[Layout, dict[str, tuple[int, int]]]] = {
    "efficient rollout estimator (Roth–Sant'Anna, beta optimal)": {
        Layout(6, alone=True): {"design-based": (5, 5), "jackknife": (2, 2)},
        Layout(6): {
            "CR0": (51, 51),
            "CR1": (38, 38),
            "CR2": (20, 20),
            "CR3": (12, 12),
            "design-based": (25, 25),
            "multiplier bootstrap": (54, 54),
            "jackknife": (2, 2),
        },
        Layout(10, alone=True): {"design-based": (8, 8), "jackknife": (3, 3)},
        Layout(10): {
            "CR0": (36, 36),
            "CR1": (27, 27),
            "CR2": (11, 11),
            "CR3": (4, 4),
            "design-based": (14, 14),
            "multiplier bootstrap": (37, 37),
            "jackknife": (4, 4),
        },
        Layout(17): {
            "CR0": (28, 28),
            "CR1": (23, 23),
            "CR2": (6, 6),
            "CR3": (1, 1),
            "design-based": (16, 16),
            "multiplier bootstrap": (28, 28),
            "jackknife": (3, 3),
        },
    },
}
"""The same for an estimator that is not in the table above, by name: one number, least and most at once.

`benchmarks/efficient_size.py` made it and writes docs/efficient-size.md.
"""


def expected_size(frame: Frame, inference: str, estimator: str = "") -> tuple[Layout, int, int] | None:
    """Row of the table that is nearest to these councils, and its least and most; None where there is none.

    Parameters
    ----------
    frame : Frame
    inference : str
        Name of the inference.
    estimator : str
        Name of the estimator, for one that has a table of its own.

    Examples
    --------
    >>> import staggered as sg
    >>> layout, low, high = expected_size(sg.Frame(sg.stepped(clusters=12, steps=4)), sg.Jackknife().name)
    >>> layout.words
    '10 councils, two or more starting together'
    """
    layout = _nearest(frame)
    # By a coarser label the councils counted here are not the clusters.
    if layout is None or " by " in inference or inference.startswith("wild"):
        return None
    table = OF_ITS_OWN.get(estimator, EXPECTED)
    found = [ends for name, ends in table.get(layout, {}).items() if name in inference]
    return (layout, *found[0]) if found else None


def _nearest(frame: Frame) -> Layout | None:
    """The row with the most councils that are no more than these; the smallest where these are fewer.

    Where many more never go live than do, those that do are counted in place of all; a few more are in no row.
    """
    sizes = frame.starting()
    councils, never = int(sizes.sum()), int(sizes[-1])
    few = 2 * never > councils
    count = councils - never if few else councils
    if (few and councils < TIMES_AS_MANY * count) or (councils >= MANY and not (few and count < ENOUGH)):
        return None
    alone = bool((sizes == 1).any())
    rows = {row.live or row.councils: row for row in EXPECTED if row.alone == alone and (row.live > 0) == few}
    return rows[max((key for key in rows if key <= count), default=min(rows))]


def most_expected(frame: Frame, inference: str, estimator: str) -> tuple[str, int] | None:
    """Councils in words and the highest percent in their row of the table; None where there is no number.

    Where an estimator with a table of its own has no row for a layout, such as a few that go live among many that never
    do, the worst of its rows speaks.
    """
    found = expected_size(frame, inference, estimator)
    own = OF_ITS_OWN.get(estimator)
    if found is not None or own is None or frame.seen.sum() >= MANY:
        return None if found is None else (found[0].words, found[2])
    every = [(ends[1], row) for row, ends_of in own.items() for name, ends in ends_of.items() if name in inference]
    share, row = max(every, key=lambda pair: pair[0], default=(0, None))
    return None if row is None else (row.words, share)


def size_note(frame: Frame, inference: str, estimator: str) -> tuple[str, ...]:
    """Say how often such an interval leaves out the truth, where councils are few."""
    found = expected_size(frame, inference, estimator)
    if found is None:
        return ()
    layout, low, high = found
    share = f"{low}%" if low == high else f"{low}% to {high}%"
    whose = "with this estimator" if estimator in OF_ITS_OWN else "by estimator"
    return (
        f"In simulations with {layout.words}, such 95% intervals left out the truth in {share} of data sets, {whose}; "
        "5% is what they are meant to.",
    )
