"""The checklist of Bayesian reporting, filled from the fit."""

from __future__ import annotations

from ...hierarchical.checklist import REFERENCE
from ..document import Column, Section, Table
from ..material import Material


def bayes_checklist(material: Material) -> Section | None:
    """List every item of the guidelines with what the fit says of it, and what is missing."""
    if material.kind != "trial" or material.fitted is None:
        return None
    rows = tuple(
        (check.name, "yes" if check.passed else "missing", f"{check.message} {check.fix}".strip().replace(" -", " −"))
        for check in material.fitted.checklist
    )
    columns = (Column("Item"), Column("Reported"), Column("What"))
    return Section(
        "bayes-checklist", "Checklist for the Bayesian model", (Table("Items to report", columns, rows, REFERENCE),)
    )
