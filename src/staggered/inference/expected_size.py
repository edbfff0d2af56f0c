"""How often an interval leaves out the truth with few councils, as simulation found it.

`benchmarks/did_size.py` made the table, prints it, and writes docs/did-size.md, where every number stands by estimator.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..data.frame import Frame

_MANY = 40


@dataclass(frozen=True, slots=True)
class Layout:
    """Councils of a row of the table.

    Parameters
    ----------
    councils : int
    alone : bool
        Whether some start alone.
    """

    councils: int
    alone: bool = False

    @property
    def words(self) -> str:
        """The row in words."""
        how = "some starting alone" if self.alone else "two or more starting together"
        return f"{self.councils} councils, {how}"


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
}
"""Percent of data sets in which a 95% interval leaves out the truth: least and most over the linear estimators."""


def expected_size(frame: Frame, inference: str) -> tuple[Layout, int, int] | None:
    """Row of the table that is nearest to these councils, and its least and most; None where there is none.

    Parameters
    ----------
    frame : Frame
    inference : str
        Name of the inference.

    Examples
    --------
    >>> import staggered as sg
    >>> layout, low, high = expected_size(sg.Frame(sg.stepped(clusters=12, steps=4)), sg.Jackknife().name)
    >>> layout.words
    '10 councils, two or more starting together'
    """
    layout = _nearest(frame)
    # By a coarser label the councils counted here are not the clusters.
    if layout is None or " by " in inference:
        return None
    found = [ends for name, ends in EXPECTED[layout].items() if name in inference]
    return (layout, *found[0]) if found else None


def _nearest(frame: Frame) -> Layout | None:
    """The row with the most councils that are no more than these; the smallest where these are fewer."""
    sizes = frame.starting()
    councils, never = int(sizes.sum()), int(sizes[-1])
    # A few that go live among many that never do are not in the table.
    if councils >= _MANY or never > councils - never:
        return None
    alone = bool((sizes == 1).any())
    rows = sorted((row for row in EXPECTED if row.alone == alone), key=lambda row: row.councils)
    fitting = [row for row in rows if row.councils <= councils]
    return fitting[-1] if fitting else rows[0]


def size_note(frame: Frame, inference: str) -> tuple[str, ...]:
    """Say how often such an interval leaves out the truth, where councils are few."""
    found = expected_size(frame, inference)
    if found is None:
        return ()
    layout, low, high = found
    share = f"{low}%" if low == high else f"{low}% to {high}%"
    return (
        f"In simulations with {layout.words}, such 95% intervals left out the truth in {share} of data sets, by "
        "estimator; 5% is what they are meant to.",
    )
