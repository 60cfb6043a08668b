"""Frozen values of which there are many classes and few instances: the compiler's trees.

``dataclass`` writes and compiles six methods for each class, at every start of Tandem; these classes share theirs.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, fields
from typing import Any, Final, TypeVar, dataclass_transform

Class = TypeVar("Class")

_FIELDS: Final[dict[type, tuple[Field[Any], ...]]] = {}


@dataclass_transform(frozen_default=True)
def node(cls: type[Class]) -> type[Class]:
    """The class as ``@dataclass(frozen=True, slots=True)`` would make it."""
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    for name, method in _METHODS.items():
        setattr(made, name, method)
    found: type[Class] = made
    _FIELDS[found] = fields(made)
    return found


def _init(self: Any, /, *given: object, **named: object) -> None:
    known = _FIELDS[type(self)]
    if len(given) > len(known):
        raise TypeError(f"{type(self).__name__} has {len(known)} fields, not {len(given)}")
    for field, value in zip(known, given, strict=False):
        object.__setattr__(self, field.name, value)
    for field in known[len(given) :]:
        value = named.pop(field.name, field.default)
        if value is MISSING:
            if field.default_factory is MISSING:
                raise TypeError(f"{type(self).__name__} needs {field.name}")
            value = field.default_factory()
        object.__setattr__(self, field.name, value)
    if named:
        raise TypeError(f"{type(self).__name__} has no field {', '.join(named)} to be named")


def _values(self: Any) -> tuple[object, ...]:
    return tuple([getattr(self, field.name) for field in _FIELDS[type(self)]])


def _eq(self: Any, other: object) -> Any:
    if type(self) is not type(other):
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash((type(self), _values(self)))


def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in _FIELDS[type(self)])
    return f"{type(self).__name__}({', '.join(shown)})"


def _setattr(self: Any, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


_METHODS: Final = {
    "__init__": _init, "__eq__": _eq, "__hash__": _hash, "__repr__": _repr, "__setattr__": _setattr,
    "__delattr__": _delattr,
}  # fmt: skip
