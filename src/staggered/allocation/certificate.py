"""Verify a certificate: draw again from what it says, and compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..design.design import Design
from ..errors import DesignError
from ..results.check import Check
from .allocate import Allocation, allocate

_DRAWN = ("order", "result_sha256", "allowed_allocations", "smallest_p", "strata", "method")


def verify_certificate(certificate: Mapping[str, Any], design: Design) -> list[Check]:
    """Check a certificate against the planned design by drawing again.

    Parameters
    ----------
    certificate : mapping
        As `Allocation.certificate` gave it, or read back from its file.
    design : Design
        The planned design, before the draw.

    Returns
    -------
    list of Check
        One for the inputs, one for each part of the draw.

    Raises
    ------
    DesignError
        A certificate without its seed, or for a balanced draw without its covariates.

    Examples
    --------
    >>> from staggered.design.shapes import stepped
    >>> design = stepped(clusters=4, steps=4)
    >>> all(check.passed for check in verify_certificate(allocate(design, seed=3).certificate(), design))
    True
    """
    if certificate.get("input_sha256") != design.digest:
        return [
            Check(
                "inputs",
                False,
                "The certificate belongs to another design: its hash of the inputs differs.",
                "Use the design the order was drawn from; a changed size, name or stratum makes it another.",
            )
        ]
    again = drawn_again(certificate, design).certificate()
    checks = [Check("inputs", True, "The design is the one the certificate names.")]
    for part in _DRAWN:
        same = _plain(certificate.get(part)) == _plain(again[part])
        message = (
            "as drawn again from the seed." if same else f"{certificate.get(part)!r} where {again[part]!r} was drawn."
        )
        checks.append(
            Check(part, same, f"{part}: {message}", "" if same else "The certificate was edited after the draw.")
        )
    return checks


def drawn_again(certificate: Mapping[str, Any], design: Design) -> Allocation:
    """Draw the allocation again from the seed and covariates of a certificate."""
    method = certificate.get("method")
    balanced = {
        "constrained": ["covariates", "candidates_asked", "keep"],
        "minimisation": ["covariates", "candidates_asked"],
    }
    missing = [part for part in ["seed", *balanced.get(str(method), [])] if part not in certificate]
    if missing:
        raise DesignError(
            f"The certificate lacks {', '.join(missing)}.",
            "Without it the order cannot be drawn again.",
            "Use the certificate as it was written.",
        )
    if method not in balanced:
        return allocate(design, seed=certificate["seed"])
    return allocate(
        design,
        seed=certificate["seed"],
        balance=certificate["covariates"],
        method="minimisation" if method == "minimisation" else "constrained",
        candidates=certificate["candidates_asked"],
        keep=certificate.get("keep", 1.0),
    )


def _plain(value: Any) -> Any:
    """Compare as a file would hold it: keys and labels as text, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value if isinstance(value, (int, float, type(None))) else str(value)
