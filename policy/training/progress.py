"""The progress of a run: its curve and its bar."""

from __future__ import annotations

import csv
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor


class Progress:
    """Means over the last `every` steps, as a line in a CSV file and a line on standard output.

    `names`: the columns of the file; the first two are `step` and `seconds`. There is a bar where standard error is a
    terminal. A run that continues at `step` continues the file.
    """

    def __init__(self, path: Path, names: Sequence[str], steps: int, step: int = 0, every: int = 250) -> None:
        self.names, self.every, self.step, self.since = list(names), every, step, step
        self.sums: dict[str, float] = {}
        self.shown = time.monotonic()
        # Lines of steps after the last checkpoint are dropped, because these steps will be made again.
        kept: list[dict[str, str]] = []
        if step and path.exists():
            with path.open(newline='') as old:
                kept = [row for row in csv.DictReader(old) if int(row['step']) <= step]
        self.file = path.open('w', newline='')
        self.writer = csv.DictWriter(self.file, self.names, restval='', extrasaction='ignore')
        self.writer.writeheader()
        self.writer.writerows(kept)
        self.bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=steps, initial=step)

    def add(self, **terms: Tensor) -> bool:
        """Adds the terms of one step. Gives True where a line is due. Exits where a term is not finite."""
        self.step += 1
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value.detach())
            if not math.isfinite(self.sums[name]):
                raise SystemExit(f'{name} is not finite at step {self.step}: lower --lr, or train with --float32')
        if self.bar:
            self.bar.update(1)
        return self.step % self.every == 0

    def write(self, seconds: float, **more: float) -> None:
        """Writes a line. `more`: values that are no means."""
        count = self.step - self.since
        row = {'step': self.step, 'seconds': round(seconds, 1), **{k: v / count for k, v in self.sums.items()}, **more}
        self.writer.writerow({k: f'{v:.5g}' if isinstance(v, float) else v for k, v in row.items() if k in self.names})
        self.file.flush()
        pace = (time.monotonic() - self.shown) / count
        line = f'step {self.step} {pace:.3f} s/step ' + ' '.join(
            f'{k} {row[k]:.4g}' for k in self.names[2:] if k in row
        )
        self.bar.write(line) if self.bar else print(line, flush=True)
        self.sums, self.since, self.shown = {}, self.step, time.monotonic()
