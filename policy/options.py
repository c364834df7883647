"""What the command lines here have in common."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path


def whole(least: int) -> Callable[[str], int]:
    """An option's type: a whole number, `least` or more."""

    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f'{value}: must be {least} or more')
        return value

    return number


def share(text: str) -> float:
    """An option's type: a number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f'{text}: must be from 0 to 1')
    return value


def read_json(path: Path | str) -> object:
    """What a file holds. Ends with a line where it is not there or is no JSON."""
    try:
        return json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise SystemExit(f'{path}: cannot be read as JSON: {error}') from None
