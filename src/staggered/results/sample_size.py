"""How a sample size was determined, as a protocol and a trial report must say it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..value import Value


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SampleSize(Value):
    """A paragraph for a protocol, and every parameter that replicates it (CONSORT for stepped wedges, item 7a).

    Parameters
    ----------
    paragraph : str
    items : tuple of (str, str)
        Parameter and value, in the order in which a reader asks for them.
    references : tuple of str
        Papers that the method comes from.
    """

    paragraph: str
    items: tuple[tuple[str, str], ...]
    references: tuple[str, ...] = ()

    def text(self) -> str:
        """Give the paragraph for a protocol."""
        return self.paragraph

    def consort(self) -> str:
        """Item 7a in full: every parameter in one sentence each, then the papers.

        References
        ----------
        Hemming and others (2018), BMJ 363:k1614, item 7a.
        """
        said = " ".join(f"{name}: {value}." for name, value in self.items)
        papers = f" Method: {' '.join(self.references)}" if self.references else ""
        return f"7a. Sample size. {said}{papers}"

    def table(self) -> pd.DataFrame:
        """One row per parameter."""
        return pd.DataFrame(list(self.items), columns=["parameter", "value"])

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        return {"paragraph": self.paragraph, "items": dict(self.items), "references": list(self.references)}
