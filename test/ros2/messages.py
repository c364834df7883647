"""ROS messages of rclpy for the other side of the tests: types by their names, messages as JSON."""

import importlib
import math
from collections.abc import Callable
from typing import Any


def type_of(name: str) -> Any:
    """The class of `package/kind/Name`."""
    package, kind, type_name = name.split('/')
    return getattr(importlib.import_module(f'{package}.{kind}'), type_name)


def plain(value: Any, special: Callable[[Any], Any] | None = None) -> Any:
    """A message as JSON. A number that JSON cannot express becomes a text.

    `special`: gives another JSON for a value, or None for the usual one.
    """
    if hasattr(value, 'get_fields_and_field_types'):
        return {name: plain(getattr(value, name), special) for name in value.get_fields_and_field_types()}
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    other = special(value) if special else None
    if other is not None:
        return other
    return [plain(element, special) for element in (value.tolist() if hasattr(value, 'tolist') else value)]
