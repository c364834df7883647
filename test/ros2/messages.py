"""ROS messages by rclpy for the tests' other side: types by their names, messages as JSON."""

import importlib
import math


def type_of(name):
    """The class of `package/kind/Name`."""
    package, kind, type_name = name.split('/')
    return getattr(importlib.import_module(f'{package}.{kind}'), type_name)


def plain(value, special=None):
    """A message as JSON; a number that JSON has no word for as text. `special`: says another way for a value, or gives None."""
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
