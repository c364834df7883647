"""What the command lines of these programs have in common."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def whole(least: int) -> Callable[[str], int]:
    """The type of an option: a whole number that is at least `least`."""

    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f'{value}: must be {least} or more')
        return value

    return number


def share(text: str) -> float:
    """The type of an option: a number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f'{text}: must be from 0 to 1')
    return value


def read_json(path: Path | str) -> Any:
    """The content of a JSON file. Exits with one line where the file is missing or is no JSON."""
    try:
        return json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise SystemExit(f'{path}: cannot be read as JSON: {error}') from None
