"""Narrows the type of a value, and fails the test if the value has another one."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def not_none(value: T | None) -> T:
    """`value`, which must be there."""
    assert value is not None
    return value


def as_a(kind: type[T], value: object) -> T:
    """`value`, which must be an instance of `kind`."""
    assert isinstance(value, kind), f"expected {kind.__name__}, got {value!r}"
    return value
