"""Certificates: drawn again from a file they agree; edited ones are caught."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from staggered.allocation.allocate import Method, allocate
from staggered.allocation.certificate import drawn_again, verify_certificate
from staggered.design.design import Design
from staggered.design.shapes import stepped
from staggered.errors import DesignError

DESIGN = stepped(clusters=list("abcdef"), steps=3, size=[5, 6, 7, 8, 9, 10])
COVARIATE = dict(zip("abcdef", [1.0, 2.5, 3.0, 4.0, 5.0, 9.0], strict=True))


@pytest.mark.parametrize(
    ("balance", "method"),
    [(None, "constrained"), ({"rate": COVARIATE}, "constrained"), ({"rate": COVARIATE}, "minimisation")],
)
def test_a_certificate_read_back_from_a_file_draws_the_same_order(
    balance: dict[str, object] | None, method: Method
) -> None:
    drawn = allocate(DESIGN, seed=9, balance=balance, method=method, keep=0.3)
    read = json.loads(json.dumps(drawn.certificate()))
    assert drawn_again(read, DESIGN).design == drawn.design
    assert all(check.passed for check in verify_certificate(read, DESIGN))


@pytest.mark.parametrize("part", ["order", "result_sha256", "allowed_allocations", "smallest_p", "seed"])
def test_an_edited_certificate_is_caught(part: str) -> None:
    certificate = allocate(DESIGN, seed=9).certificate()
    order = certificate["order"]
    assert isinstance(order, dict)
    edits = {
        "order": {**order, "a": order["f"], "f": order["a"]} if order["a"] != order["f"] else {**order, "a": 99},
        "result_sha256": "0" * 64,
        "allowed_allocations": 1,
        "smallest_p": 0.5,
        "seed": 10,
    }
    checks = verify_certificate({**certificate, part: edits[part]}, DESIGN)
    assert not all(check.passed for check in checks)
    assert any("edited" in check.fix for check in checks)


def test_an_edited_covariate_of_a_minimised_draw_is_caught() -> None:
    certificate = allocate(DESIGN, seed=9, balance={"rate": COVARIATE}, method="minimisation").certificate()
    edited = {**certificate, "covariates": {"rate": {**COVARIATE, "a": 50.0}}}
    assert not all(check.passed for check in verify_certificate(edited, DESIGN))


def test_a_certificate_for_another_design_is_named_as_such() -> None:
    certificate = allocate(DESIGN, seed=9).certificate()
    other: Design = replace(DESIGN, size=DESIGN.size + 1)
    checks = verify_certificate(certificate, other)
    assert [check.passed for check in checks] == [False]
    assert "another design" in checks[0].message


def test_a_certificate_without_its_seed_cannot_be_drawn_again() -> None:
    certificate = allocate(DESIGN, seed=9).certificate()
    del certificate["seed"]
    with pytest.raises(DesignError, match="lacks seed"):
        drawn_again(certificate, DESIGN)
