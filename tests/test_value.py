import subprocess
import sys
from dataclasses import dataclass, field

import numpy as np
import pytest

import staggered as sg
from staggered.value import Value, digest, read_only


@dataclass(frozen=True, slots=True, eq=False)
class Thing(Value):
    array: np.ndarray
    name: str = "x"


@dataclass(frozen=True, slots=True, eq=False)
class Other(Value):
    array: np.ndarray
    name: str = "x"


def test_equality_is_by_contents() -> None:
    assert Thing(np.array([1.0, np.nan])) == Thing(np.array([1.0, np.nan]))
    assert Thing(np.array([1.0])) != Thing(np.array([2.0]))
    assert Thing(np.array([1.0])) != Thing(np.array([1.0]), "y")
    assert Thing(np.array([1.0])) != Other(np.array([1.0]))
    assert len({Thing(np.array([1.0])), Thing(np.array([1.0]))}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, "1"),
        (1, True),
        (("a", "bc"), ("ab", "c")),
        ((("a",), "b"), ("a", ("b",))),
        (np.array(["a", "bc"]), np.array(["ab", "c"])),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.zeros(2), np.zeros(2, dtype=int)),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
        (None, "None"),
    ],
    ids=str,
)
def test_different_contents_have_different_digests(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def test_what_follows_from_the_fields_is_no_content() -> None:
    @dataclass(frozen=True, slots=True, eq=False)
    class Doubled(Value):
        array: np.ndarray
        name: str = "x"
        double: np.ndarray = field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "double", 2 * self.array)

    Doubled.__name__ = "Thing"
    assert digest(Doubled(np.ones(2))) == digest(Thing(np.ones(2)))


def test_order_of_keys_and_layout_of_arrays_do_not_matter() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    array = np.arange(6.0).reshape(2, 3)
    assert digest(array) == digest(np.asfortranarray(array)) == digest(array[:, ::-1][:, ::-1])


def test_digests_are_the_same_in_another_process() -> None:
    code = "import staggered as sg; print(sg.stepped(clusters=4, steps=2, strata=list('aabb')).digest)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert run.stdout.strip() == sg.stepped(clusters=4, steps=2, strata=list("aabb")).digest


def test_read_only_copies_what_could_be_written_to() -> None:
    array = np.ones(3)
    kept = read_only(array)
    array[0] = 5
    assert kept[0] == 1
    assert read_only(kept) is kept
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 2
