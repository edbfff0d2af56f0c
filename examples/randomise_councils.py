"""Randomise real, unequal councils: stratified, then balanced, with a certificate that anyone can check.

    python examples/randomise_councils.py

Twelve councils of very different size take up a practice model in four steps. The script shows how much
power depends on who draws which step, draws the order among the allocations that balance the councils,
and draws it again from its certificate.
"""

from __future__ import annotations

import json

import staggered as sg
from staggered.allocation.certificate import verify_certificate

# Invented councils; the sizes span the tenfold range that real ones do.
COUNCILS = {
    "Ashford": (420, 61.0), "Birchwood": (95, 88.0), "Calder": (610, 74.5), "Dunmore": (150, 102.0),
    "Elmbridge": (240, 55.2), "Farley": (380, 93.1), "Garside": (70, 120.4), "Holme": (510, 66.8),
    "Irwell": (130, 79.9), "Jarrow": (290, 84.0), "Kelham": (880, 58.7), "Lowther": (200, 97.3),
}  # fmt: skip


def main() -> None:
    """Plan, draw, and check."""
    names = list(COUNCILS)
    design = sg.stepped(clusters=names, steps=4, size=[size for size, _ in COUNCILS.values()])
    plan = sg.Plan(
        design=design,
        outcome=sg.Outcome("binomial", baseline=0.2, name="re-referral within a year"),
        covariance=sg.Nested(icc=0.02, cac=0.8),
        effect=sg.Constant(-0.051),
    )
    print("How much depends on the draw?\n" + sg.attained(plan, seed=1).text() + "\n")

    balance = {
        "children": {n: float(c[0]) for n, c in COUNCILS.items()},
        "rate": {n: c[1] for n, c in COUNCILS.items()},
    }
    drawn = sg.allocate(design, seed=20260901, balance=balance, candidates=20_000, keep=0.1)
    print("The order\n" + drawn.table().to_string(index=False) + "\n\n" + drawn.text() + "\n")
    print("Within the balanced allocations\n" + sg.attained(plan, allowed=drawn, seed=1).text() + "\n")

    certificate = json.loads(json.dumps(drawn.certificate()))
    for pair in certificate["pairs_never_together"]:
        print(f"Note: {pair[0]} and {pair[1]} can never share a step under this balance.")
    checks = verify_certificate(certificate, design)
    print(f"Drawn again from the certificate: {sum(c.passed for c in checks)} of {len(checks)} checks agree.")


if __name__ == "__main__":
    main()
