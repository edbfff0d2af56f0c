"""Checks: one finding each, with what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    name : str
        What was checked.
    passed : bool
        Whether it is as it should be.
    message : str
        What was found, where.
    fix : str
        What to do about it; empty when it passed.
    """

    name: str
    passed: bool
    message: str
    fix: str = ""

    def text(self) -> str:
        """Say the finding in one line."""
        return f"{'ok' if self.passed else 'look'}: {self.name}. {self.message}" + (f" {self.fix}" if self.fix else "")

    def table(self) -> pd.DataFrame:
        """Show the finding as a table of one row."""
        return pd.DataFrame([asdict(self)])

    def to_dict(self) -> dict[str, object]:
        """Give the finding as a dictionary."""
        return asdict(self)
