"""What can go wrong, said so that the reader can mend it.

    ValueError
      └ StaggeredError
          ├ DesignError            the rollout itself: schedule, sizes, strata
          ├ DataError              the file or frame handed in
          ├ StudyError             the study file
          ├ IdentificationError    the question cannot be answered from these cells
          └ ConvergenceError       an iteration did not arrive

    UserWarning
      └ StaggeredWarning
          ├ DesignWarning, DataWarning, FewClustersWarning, ConvergenceWarning, DisclosureWarning

Every error has three parts: what is wrong and where, why it matters, what to do.
"""

from __future__ import annotations

from collections.abc import Sequence


class StaggeredError(ValueError):
    """An input that cannot be worked with: what and where, why it matters, what to do.

    Parameters
    ----------
    what : str
        What is wrong and where (council, period, column, row).
    why : str
        Why it matters.
    fix : str
        What to do about it.

    Examples
    --------
    >>> print(DesignError("Leeds has size 0.", "A cell of nobody carries no information.", "Leave it blank."))
    Leeds has size 0.
      A cell of nobody carries no information.
      Leave it blank.
    """

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        self.what, self.why, self.fix = what, why, fix
        super().__init__("\n  ".join(part for part in (what, why, fix) if part))

    def __reduce__(self) -> tuple[type[StaggeredError], tuple[str, str, str]]:
        """Survive the journey to and from a worker process."""
        return type(self), (self.what, self.why, self.fix)


class DesignError(StaggeredError):
    """The rollout itself cannot be used: its schedule, sizes or strata."""


class DataError(StaggeredError):
    """The data handed in cannot be used as they stand."""


class StudyError(StaggeredError):
    """The study file cannot be used as it stands."""


class IdentificationError(StaggeredError):
    """The question cannot be answered from the cells at hand."""


class ConvergenceError(StaggeredError):
    """An iteration did not arrive at an answer."""


class StaggeredWarning(UserWarning):
    """Something the reader of a result must know."""


class DesignWarning(StaggeredWarning):
    """The rollout can be used, with a caveat."""


class DataWarning(StaggeredWarning):
    """The data can be used, with a caveat."""


class FewClustersWarning(StaggeredWarning):
    """The requested method is known to fail with this few clusters."""


class ConvergenceWarning(StaggeredWarning):
    """An iteration arrived at a boundary or needed help."""


class DisclosureWarning(StaggeredWarning):
    """An output may show small numbers of children."""


def listing(names: Sequence[object], most: int = 5) -> str:
    """Names in a sentence: all of a few, the first of many.

    Examples
    --------
    >>> listing(["Leeds", "Kent"])
    'Leeds and Kent'
    >>> listing(list("abcdefgh"), most=3)
    'a, b, c and 5 more'
    """
    shown = [str(name) for name in names[:most]]
    if len(names) > most:
        return ", ".join(shown) + f" and {len(names) - most} more"
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1] if shown else "none"
