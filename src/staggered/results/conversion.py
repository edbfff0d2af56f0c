"""A plan in another tool's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..value import Value


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Conversion(Value):
    """What to give another tool so that it answers the same question.

    Parameters
    ----------
    tool : str
        The tool and the release this was checked against.
    inputs : mapping of str to value
        Its arguments by their own names.
    call : str
        Text that can be pasted into the tool.
    notes : tuple of str
        How its words differ from ours, and what it will do differently all the same.
    """

    tool: str
    inputs: Mapping[str, Any]
    call: str
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """One row per input that is a single number or word."""
        single = {name: value for name, value in self.inputs.items() if isinstance(value, (int, float, str))}
        return pd.DataFrame({"input": list(single), "value": list(single.values())})

    def text(self) -> str:
        """The call, and what to know about it."""
        return "\n".join([f"For {self.tool}:", "", self.call, "", *self.notes])

    def to_dict(self) -> dict[str, object]:
        """Everything printed, as plain values."""
        inputs = {
            name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in self.inputs.items()
        }
        return {"tool": self.tool, "inputs": inputs, "call": self.call, "notes": list(self.notes)}
