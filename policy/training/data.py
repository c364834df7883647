"""Data sets of `prehend export --format numpy`: reading, split by episode, statistics, batches, augmentation."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from geometry import Geometry
from options import read_json
from practice import VAGUE
from sight import empty, lookout, out_of_sight, relabel

ARRAYS = (
    'rgb',
    'depth',
    'force_pyramid',
    'voice_tokens',
    'voice_age',
    'proprioception',
    'modality_mask',
    'action_chunk',
    'aux',
    'episode',
    'success',
)
#: A command that was not given, and the answer to it; 0 where there is none. `instead` puts them into a row. Older sets
#: have none.
OTHERS = ('instead_tokens', 'instead_chunk', 'instead_aux')
#: Where a smaller share of the targets lies in the pictures, the camera is not the right one.
LEAST_INSIDE = 0.7
#: N. Below the first value the expert takes hold; up to the second it uses the usual grip; above it the grip was
#: tightened for weight or slip.
HOLDS = (25, 35)
#: More facts of a row. `alone`: one object lies alone on the table. `answered`: the label is the answer of the expert
#: (sight.py). `twins`: several things may have the colour that is meant, so the noun decides. `nouns`: the nouns of the
#: named thing and of the other thing, where nouns say what a thing is; else 0. `judged`: `success` has a meaning, which
#: it has not for a glimpse (collect.py --at-most), because a glimpse is cut short.
MADE = ('alone', 'answered', 'twins', 'nouns', 'judged')
#: The object sets, by their names in `scene.json`, in which things share colours.
SHARED = ('seen', 'twins')
INPUTS = ('rgbd', 'force_pyramid', 'voice_tokens', 'voice_age', 'proprioception', 'modality_mask')


def translation(meta: dict[str, Any]) -> str | None:
    """The sha256 of the robot file that a data set was made under."""
    return (meta.get('contract', {}).get('robot') or meta.get('robot') or {}).get('sha256')


def camera_file(path: str | None) -> dict[str, Any] | None:
    """The camera in the file of `--camera`: `fovy_deg` and `tool_T_camera`."""
    if not path:
        return None
    try:
        camera = json.loads(Path(path).read_text())
        float(camera['fovy_deg'])
        np.reshape(camera['tool_T_camera'], (4, 4)).astype(float)
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise SystemExit(f'--camera {path}: no camera with fovy_deg and tool_T_camera, a 4x4 matrix ({e})') from None
    return camera


def whole(part: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The set without the rows after the last result (episode -1).

    Those rows belong to an episode that was cut off, or to none. A recording without any result is one episode.
    """
    ended = np.flatnonzero(part['episode'] >= 0)
    return (
        {a: v[: ended[-1] + 1] for a, v in part.items()}
        if len(ended)
        else {**part, 'episode': np.zeros_like(part['episode'])}
    )


def array(path: Path) -> NDArray[Any]:
    """An array of a data set, left on disk. Exits with one line where the file holds none."""
    try:
        return np.load(path, mmap_mode='r')
    except (OSError, ValueError, EOFError) as e:
        raise SystemExit(f'{path}: no array of a data set ({e}): export this bag again') from None


def held_out(episode: NDArray[Any], folders: list[str], hold: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The rows that are held out, and the others.

    `episode`: of each row, its number in its folder plus the folder's place << 20. About one of `hold` episodes is held
    out. The choice depends on the folder's name and the episode's number alone.
    """
    names = sorted(set(episode.tolist()))
    draw = {
        n: int.from_bytes(hashlib.sha256(f'{folders[n >> 20]}/{n & 0xFFFFF}'.encode()).digest()[:8], 'big') / 2**64
        for n in names
    }
    # With few episodes the draw may choose none. Then the episode with the smallest draw is held out.
    held = {n for n in names if draw[n] < 1 / hold} or {min(names, key=draw.__getitem__)}
    is_held = np.array([e in held for e in episode.tolist()])
    return np.flatnonzero(is_held), np.flatnonzero(~is_held)


class Dataset:
    """Folders of one translation, read as one set.

    `train` and `held_out` are indices. About one of `hold` episodes is held out. The choice depends only on the
    folder's name and the episode's number, so a later round with more data holds out the same episodes. One of `stride`
    observations is read.
    """

    def __init__(
        self,
        folders: list[str],
        hold: int = 20,
        in_memory: bool = True,
        camera: dict[str, Any] | None = None,
        stride: int = 1,
    ) -> None:
        if stride < 1:
            raise SystemExit(f'--stride {stride}: must be 1 or more')
        roots = sorted({p.parent for f in folders for p in Path(f).rglob('dataset.json')})
        if not roots:
            raise SystemExit(
                f'no dataset.json under {", ".join(folders)}: '
                'write one with `prehend export BAG --format numpy --out DIR`'
            )
        self.roots = roots
        self.meta = self.described(roots[0])
        if camera:
            self.meta['camera'] = camera
        self.parts: list[dict[str, NDArray[Any]]] = []
        self.folders: list[str] = []
        for root in roots:
            meta = self.described(root)
            mine, theirs = (translation(m) for m in (self.meta, meta))
            if mine != theirs:
                raise SystemExit(
                    f'{root}: made under another translation ({theirs}) than {roots[0]} ({mine}): train on one of them'
                )
            part = {a: array(root / f'{a}.npy') for a in ARRAYS}
            part |= self.others(root, part)
            lengths = {a: len(v) for a, v in part.items()}
            if len(set(lengths.values())) != 1:
                raise SystemExit(f'{root}: arrays differ in length {lengths}: export this bag again')
            part = whole(part)
            if len(part['episode']):
                # Each folder begins at another row, so that no phase of an episode is left out.
                part = {a: v[len(self.parts) % stride :: stride] for a, v in part.items()}
                scene = read_json(root / 'scene.json') if (root / 'scene.json').exists() else {}
                part['alone'] = np.full(len(part['episode']), scene.get('count') == 1, np.float32)
                part['twins'] = np.full(len(part['episode']), scene.get('objects') in SHARED, np.float32)
                the, length = self.vocabulary.index('the'), part['instead_tokens'].shape[1]
                nouns = np.stack(
                    [named(part[name][:, :length], the)[:, 1] for name in ('voice_tokens', 'instead_tokens')], 1
                )
                telling = (nouns > 1) & ~np.isin(
                    nouns, [self.vocabulary.index(word) for word in VAGUE if word in self.vocabulary]
                )
                part['nouns'] = np.where(telling & (part['twins'][:, None] > 0), nouns, 0)
                part['judged'] = np.full(len(part['episode']), not scene.get('at_most'), np.float32)
                # 1: the label is the answer of the expert.
                part['answered'] = np.ones(len(part['episode']), np.float32)
                self.folders.append(root.name)
                self.parts.append(
                    {a: np.array(v) if in_memory or a not in ('rgb', 'depth') else v for a, v in part.items()}
                )
        if not self.parts:
            raise SystemExit(f'{", ".join(folders)}: the data sets hold no observation')
        self.offsets = np.cumsum([0] + [len(p['episode']) for p in self.parts])
        self.episode = np.concatenate([p['episode'].astype(np.int64) + (i << 20) for i, p in enumerate(self.parts)])
        self.lookout = lookout(self.episode, self.column('proprioception'))
        self.check = camera_check(self)
        if self.check.get('targets_inside', 1) < LEAST_INSIDE:
            raise SystemExit(
                f'of the targets {100 * self.check["targets_inside"]:.0f} % lie in the pictures: '
                'is tool_T_camera the pose of an optical frame in the tool frame (x right, y down, z forward), '
                'and fovy_deg the vertical opening?'
            )
        if self.camera:
            geometry = Geometry(*self.size, self.camera)
            for part in self.parts:
                relabel(
                    part,
                    np.flatnonzero(out_of_sight(part['aux'], geometry) & empty(part['action_chunk'])),
                    self.lookout,
                )
                # Where the other thing is not in sight, the picture does not tell the answer.
                part['instead_aux'][out_of_sight(part['instead_aux'], geometry)] = 0
        self.held_out, self.train = held_out(self.episode, self.folders, hold)
        self.episodes = len(np.unique(self.episode))
        if not len(self.train):
            raise SystemExit(
                f'{", ".join(folders)}: {self.episodes} episode, and one is held out: '
                'nothing is left to train on. Collect more'
            )

    @staticmethod
    def described(root: Path) -> dict[str, Any]:
        try:
            return dict(json.loads((root / 'dataset.json').read_text()))
        except (OSError, ValueError, TypeError) as e:
            raise SystemExit(
                f'{root / "dataset.json"}: does not describe a data set ({e}): export this bag again'
            ) from None

    @staticmethod
    def others(root: Path, part: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The arrays OTHERS of a set whose other arrays are `part`."""
        if (root / f'{OTHERS[0]}.npy').exists():
            return {a: array(root / f'{a}.npy') for a in OTHERS}
        rows = len(part['episode'])
        return {
            'instead_tokens': np.zeros((rows, part['voice_tokens'].shape[1] // 4), part['voice_tokens'].dtype),
            'instead_chunk': np.zeros(part['action_chunk'].shape, np.float32),
            'instead_aux': np.zeros(part['aux'].shape, np.float32),
        }

    def __len__(self) -> int:
        return int(self.offsets[-1])

    @property
    def camera(self) -> dict[str, Any] | None:
        return self.meta.get('camera')

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.parts[0]['rgb'].shape[1:3]
        return height, width

    @property
    def vocabulary(self) -> list[str]:
        """The words of the contract under which the data were made."""
        return self.meta.get('contract', {}).get('vocabulary') or json.loads(
            (Path(__file__).parents[1] / 'vocabulary.json').read_text()
        )

    def column(self, name: str) -> NDArray[Any]:
        return np.concatenate([p[name] for p in self.parts])

    def words(self, instead: bool = False) -> list[int]:
        """The tokens in the training episodes. With `instead` also those of the commands that were not given."""
        return np.unique(
            np.concatenate(
                [self.column(name)[self.train] for name in ('voice_tokens', 'instead_tokens')[: 1 + instead]], 1
            )
        ).tolist()

    def sha256(self) -> str:
        """The sha256 of the descriptions and the labels. It identifies the data in the model's metadata."""
        h = hashlib.sha256()
        for root in self.roots:
            h.update((root / 'dataset.json').read_bytes())
        for part in self.parts:
            h.update(np.ascontiguousarray(part['action_chunk']).tobytes())
        return h.hexdigest()

    def statistics(self) -> dict[str, Any]:
        """The normalisation constants of the training episodes, in the units of the contract."""
        t = self.train
        force, body, action = (
            self.column(n)[t].astype(np.float64) for n in ('force_pyramid', 'proprioception', 'action_chunk')
        )
        some = np.concatenate([p['depth'][:: max(1, len(p['depth']) // 50)].ravel() for p in self.parts]) / 1000.0
        some = some[some > 0]
        spread = action.std(0)
        floor = np.array([1e-3, 1e-3, 1e-3, 1e-2, 1e-3, 0.5])
        # dx, dy and dz of a row have one scale, because a metre is a metre in every direction.
        spread[:, :3] = np.sqrt((spread[:, :3] ** 2).mean(1, keepdims=True))
        return {
            'force_scale': (np.abs(force).mean(0) + 0.05).tolist(),
            'proprioception_mean': body.mean(0).tolist(),
            'proprioception_std': np.maximum(body.std(0), [0.02] * 3 + [0.1] * 4 + [0.005]).tolist(),
            'action_mean': action.mean(0).tolist(),
            'action_std': np.maximum(spread, floor).tolist(),
            'depth_mean': float(some.mean()) if some.size else 0.4,
            'depth_std': float(max(some.std(), 0.02)) if some.size else 0.2,
        }

    def batch(self, index: NDArray[Any]) -> dict[str, Tensor]:
        """The rows `index` in the given order. `rgbd` [B,4,H,W]: colour 0 to 1 and depth in m, below 32 m."""
        part = np.searchsorted(self.offsets, index, side='right') - 1
        out: dict[str, NDArray[Any]] = {}
        for name in (*ARRAYS, *OTHERS, *MADE):
            first = self.parts[0][name]
            out[name] = np.empty((len(index), *first.shape[1:]), first.dtype)
        for i in np.unique(part):
            rows = np.flatnonzero(part == i)
            local = index[rows] - self.offsets[i]
            for name in (*ARRAYS, *OTHERS, *MADE):
                out[name][rows] = self.parts[i][name][local]
        rgb, depth = out.pop('rgb'), out.pop('depth')
        rgbd = torch.empty((len(index), 4, *rgb.shape[1:3]))
        torch.mul(torch.from_numpy(rgb).permute(0, 3, 1, 2), 1 / 255, out=rgbd[:, :3])
        torch.mul(torch.from_numpy(depth.view(np.int16)).unsqueeze(1), 1 / 1000, out=rgbd[:, 3:])
        tensors = {n: torch.from_numpy(v) for n, v in out.items()}
        tensors['voice_tokens'] = tensors['voice_tokens'].long()
        tensors['success'] = tensors['success'].float()
        return {'rgbd': rgbd, **tensors}

    def sampling_weights(self, vocabulary: list[str], balance: float, glimpses: float | None = None) -> NDArray[Any]:
        """The probability of each row of `train`.

        It is the inverse frequency of the row's phase times that of its object, each to the power of `balance`. The
        phases: nothing meant; the target at several distances; in hand, at several efforts of the expert. The object is
        known by the words that name it. Rows of failed episodes count half.

        `glimpses`: the share of the rows that come from glimpses, which show a table for few rows. None: they come as
        often as other rows.
        """
        aux, success, judged, tokens = (
            self.column(n)[self.train] for n in ('aux', 'success', 'judged', 'voice_tokens')
        )
        effort = np.concatenate([p['action_chunk'][:, 0, 5] for p in self.parts])[self.train]
        distance = np.linalg.norm(aux[:, :3], axis=1)
        near, held = 1 + np.digitize(distance, (0.03, 0.06, 0.12)), 5 + np.digitize(effort, HOLDS)
        phase = np.where(aux[:, 4] < 0.5, 0, np.where(aux[:, 5] > 0.5, held, near))
        colour, noun = named(tokens[:, : tokens.shape[1] // 4], vocabulary.index('the')).T
        of_name = colour * 100_000 + noun
        w = np.where((success > 0) | (judged == 0), 1.0, 0.5)
        for classes in (phase, of_name):
            _, inverse, counts = np.unique(classes, return_inverse=True, return_counts=True)
            w = w / counts[inverse] ** balance
        glimpsed = judged == 0
        if glimpses is not None and 0 < glimpsed.sum() < len(w):
            w[glimpsed] *= glimpses / w[glimpsed].sum()
            w[~glimpsed] *= (1 - glimpses) / w[~glimpsed].sum()
        return w / w.sum()


def named(events: NDArray[Any], the: int) -> NDArray[Any]:
    """The two words after `the` in each event [N,words], as a rule a colour and a noun. 0 where there is none. [N,2]"""
    words = np.zeros((len(events), 2), np.int64)
    for row, event in zip(words, events, strict=True):
        at = np.flatnonzero(event == the)
        if len(at) and at[0] + 2 < len(event):
            row[:] = event[at[0] + 1 : at[0] + 3]
    return words


def camera_check(data: Dataset, count: int = 400) -> dict[str, float]:
    """Projects the targets into the pictures. Gives the share inside and the median |depth - z| (m).

    A wrong convention of frames shows here at once.
    """
    if not data.camera:
        return {}
    h, w = data.size
    geometry = Geometry(h, w, data.camera)
    rows = np.flatnonzero((data.column('aux')[:, 4] > 0.5) & (data.column('aux')[:, 5] < 0.5))
    if not len(rows):
        return {}
    batch = data.batch(np.random.default_rng(0).choice(rows, min(count, len(rows)), replace=False))
    uv, z = geometry.project(batch['aux'][:, :3])
    t = np.tan(np.radians(float(geometry.fovy_deg)) / 2)
    col, row = (uv[:, 0] / (2 * t) * h + w / 2).long(), (uv[:, 1] / (2 * t) * h + h / 2).long()
    inside = (z > 0) & (col >= 0) & (col < w) & (row >= 0) & (row < h)
    seen = batch['rgbd'][inside.nonzero()[:, 0], 3, row[inside], col[inside]]
    gap = (seen - z[inside]).abs()[seen > 0]
    return {
        'targets_inside': float(inside.float().mean()),
        'median_depth_gap_m': float(gap.median()) if len(gap) else float('nan'),
    }
