"""Verify a certificate: draw again from what it says, and compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..design.design import Design
from ..errors import DesignError
from ..results.check import Check
from .allocate import Allocation, allocate

_BALANCED = ("covariates", "candidates_asked", "keep")


def verify_certificate(
    certificate: Mapping[str, Any], design: Design, draw: Callable[[int], Allocation] | None = None
) -> list[Check]:
    """Check a certificate against the planned design by drawing again.

    Parameters
    ----------
    certificate : mapping
        As `Allocation.certificate` gave it, or read back from its file.
    design : Design
        The planned design, before the draw.
    draw : callable, optional
        Draws from a seed as the study file says; by what the certificate itself says when absent.

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
    require_parts(certificate, ["seed"])
    again = (draw(certificate["seed"]) if draw else drawn_again(certificate, design)).certificate()
    checks = [Check("inputs", True, "The design is the one the certificate names.")]
    for part in (*again, *(part for part in certificate if part in _BALANCED and part not in again)):
        if part in {"seed", "input_sha256"}:
            continue
        same = _plain(certificate.get(part)) == _plain(again.get(part))
        message = (
            "as drawn again from the seed."
            if same
            else f"{certificate.get(part)!r} where {again.get(part)!r} was drawn."
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
    require_parts(certificate, ["seed", *balanced.get(str(method), [])])
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


def require_parts(certificate: Mapping[str, Any], parts: Sequence[str]) -> None:
    """Refuse a certificate without something that the draw needs."""
    missing = [part for part in parts if part not in certificate]
    if missing:
        raise DesignError(
            f"The certificate lacks {', '.join(missing)}.",
            "Without it the order cannot be drawn again.",
            "Use the certificate as it was written.",
        )


def _plain(value: Any) -> Any:
    """Compare as a file would hold it: keys and labels as text, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value if isinstance(value, (int, float, type(None))) else str(value)
