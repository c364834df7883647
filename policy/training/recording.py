"""A recording to be made: its commands, and the data set that comes of it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray_tasks

ROOT = Path(__file__).resolve().parents[2]
#: Options whose name differs from that in `scene.json`.
FLAGS = {'episodes': 'per-job', 'model': 'policy', 'at_most': 'at-most'}


@dataclass(frozen=True)
class Recording:
    """A recording to be made.

    `objects` and `policy` are words or files. `kind`: where the objects come from. `count`: the number of objects; 0
    draws it. `at_most`: a time with its unit after which each episode ends. `contract` and `vocabulary`: files of the
    set; None: those of the grasp policy.
    """

    name: str
    seed: int
    perturb: float
    episodes: int
    policy: str
    kind: str
    objects: str
    count: int
    robot: str
    at_most: str | None = None
    contract: str | None = None
    vocabulary: str | None = None

    def commands(self, bag: Path | str, out: Path | str) -> list[list[str]]:
        """The commands that make the recording, and from it the data set in `out`."""
        given = [key for key in ('count', 'at_most') if getattr(self, key)]
        keys = ('policy', 'perturb', 'episodes', 'seed', 'objects', 'robot', *given)
        options = {key.replace('_', '-'): getattr(self, key) for key in keys} | {'record': bag}
        under = [
            text
            for key in ('contract', 'vocabulary')
            if (value := getattr(self, key)) is not None
            for text in (f'--{key}', str(value))
        ]
        flags = [text for key, value in options.items() for text in (f'--{key}', str(value))]
        return [
            ['run', '--lockstep', '--demonstrate', '--overwrite', *flags],
            ['export', str(bag), '--format', 'numpy', '--out', str(out), *under],
        ]

    @property
    def scene(self) -> str:
        """The content of `scene.json` in the data set.

        Of a model it has the sha256 too, because the file may be trained anew or lie elsewhere.
        """
        keys = ('count', 'policy', 'perturb', 'episodes', 'robot', 'at_most')
        model = (
            {'model': hashlib.sha256(Path(self.policy).read_bytes()).hexdigest()} if Path(self.policy).is_file() else {}
        )
        return json.dumps({'objects': self.kind, **{key: getattr(self, key) for key in keys}, **model}) + '\n'

    def check(self, folder: Path) -> None:
        """Raises Refused where the existing data set belongs to another recording than this one."""
        try:
            scene = json.loads((folder / 'scene.json').read_text())
        except (OSError, ValueError):
            raise ray_tasks.Refused(
                f'{folder}: has no scene.json (it was cut off, or is not of this program): '
                'take the folder away to make it again'
            ) from None
        asked = json.loads(self.scene)
        scene.setdefault('at_most', None)
        if 'model' in asked and 'model' in scene:
            del asked['policy']
        differ = [key for key, value in asked.items() if scene.get(key, value) != value]
        if differ:
            flag, was = FLAGS.get(differ[0], differ[0]), scene[differ[0]]
            raise ray_tasks.Refused(
                f'{folder}: was made with another --{flag} ({"none" if was is None else was}): '
                'ask for the same, or give another --seed or --out'
            )

    def part(self, out: Path | str) -> Path:
        """The folder in which the data set, a folder of its name, lies until it is complete."""
        return Path(out) / f'{self.name}.part'

    def land(self, out: Path | str) -> None:
        """Moves the complete data set to its place in `out`, with the `scene.json` that says how it was made."""
        part, folder = self.part(out), Path(out) / self.name
        (part / self.name / 'scene.json').write_text(self.scene)
        shutil.rmtree(folder, ignore_errors=True)
        (part / self.name).rename(folder)
        part.rmdir()

    def complete(self, ran: dict[str, Any]) -> None:
        """Raises RuntimeError where the recording was cut off."""
        if ran['episodes'] < self.episodes:
            raise RuntimeError(f'{self.name}: cut off after {ran["episodes"]} of {self.episodes} episodes')

    def report(self, answers: Sequence[dict[str, Any]], **more: object) -> dict[str, Any]:
        """What is printed of a finished recording. `answers`: those of its two commands."""
        ran, exported = answers
        return {
            'name': self.name,
            'episodes': ran['episodes'],
            'successes': ran['successes'],
            'observations': exported['observations'],
            **more,
        }
