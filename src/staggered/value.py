"""Values: frozen things that are equal when their contents are, whatever made them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
DateArray = NDArray[np.datetime64]


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Give the same numbers in an array that nobody can write to."""
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array


def settled(array: NDArray[Any]) -> NDArray[Any]:
    """Close a fresh array, which nobody else holds, against writing."""
    array.flags.writeable = False
    return array


def digest(value: object) -> str:
    """SHA-256 of the contents of a value, stable between runs and machines.

    Examples
    --------
    >>> digest(1.0) == digest(1.0), digest(1.0) == digest(2.0)
    (True, False)
    """
    running = hashlib.sha256()
    _feed(running, value)
    return running.hexdigest()


def _feed(running: Any, value: object) -> None:
    """Add one value to a running hash, with its kind, so that 1, 1.0 and "1" differ."""
    if is_dataclass(value) and not isinstance(value, type):
        running.update(type(value).__name__.encode())
        # What is worked out from the other fields is no content of its own.
        for part in (one for one in fields(value) if one.init):
            running.update(part.name.encode())
            _feed(running, getattr(value, part.name))
    elif isinstance(value, np.ndarray):
        running.update(f"{value.dtype.kind}{value.shape}".encode())
        text = value.dtype.kind in "OUS"
        running.update("\x1f".join(map(str, value.ravel())).encode() if text else np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            _feed(running, key)
            _feed(running, value[key])
    elif isinstance(value, (tuple, list)):
        running.update(f"({len(value)}".encode())
        for part in value:
            _feed(running, part)
    else:
        running.update(f"{type(value).__name__}:{value!r}".encode())


class Value:
    """Equality and hash by contents: an interface without fields for the frozen values of the house."""

    __slots__ = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the contents."""
        return digest(self)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return digest(self) == digest(other)

    def __hash__(self) -> int:
        return hash(digest(self))
