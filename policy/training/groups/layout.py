"""What a policy of contract version 2 takes and gives, as the contract of its data set says it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

#: Kinds of inputs whose values enter as they are.
PLAIN = ('vector', 'window')
#: Kinds of inputs that this trainer reads; `padding` and `state` it does not.
KINDS = ('image', 'rgbd', 'pyramid', 'tokens', 'ages', 'mask', *PLAIN)


@dataclass(frozen=True)
class Picture:
    """A picture: `depth` says whether a fourth plane is there."""

    name: str
    height: int
    width: int
    depth: bool


@dataclass(frozen=True)
class Layout:
    """The inputs by kind and the size of the chunk.

    `vectors`: the number of values by name; `pyramids`: values and statistics by name. `words`: tokens of one event;
    `events` 0: no voice. `mask`: its name, `streams`: what it tells of; both empty without one. `order`: all inputs as
    the graph takes them.
    """

    pictures: tuple[Picture, ...]
    vectors: dict[str, int]
    pyramids: dict[str, tuple[int, int]]
    tokens: str
    ages: str
    events: int
    words: int
    mask: str
    streams: tuple[str, ...]
    order: tuple[str, ...]
    rows: int
    columns: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def of_dict(given: dict[str, Any]) -> Layout:
        pictures = tuple(Picture(**p) for p in given['pictures'])
        pyramids = {n: (size[0], size[1]) for n, size in given['pyramids'].items()}
        lists = {k: tuple(given[k]) for k in ('streams', 'order')}
        return Layout(**{**given, 'pictures': pictures, 'pyramids': pyramids, **lists})


def layout_of(contract: dict[str, Any]) -> Layout:
    """Reads a contract. Exits where this trainer cannot make a policy for it."""
    inputs: dict[str, dict[str, Any]] = contract['inputs']
    chunk = contract['outputs']['action_chunk']
    if contract.get('version') != 2 or not chunk.get('groups'):
        raise SystemExit('the contract of the data has no groups of channels: train.py trains for version 1')
    strange = [f'{n} ({i["as"]})' for n, i in inputs.items() if i['as'] not in KINDS or 'history' in i]
    if strange:
        raise SystemExit(f'the contract has inputs that this trainer cannot make: {", ".join(strange)}')

    def of(*kinds: str) -> dict[str, dict[str, Any]]:
        return {n: i for n, i in inputs.items() if i['as'] in kinds}

    faults = [
        f'{n} is {i["dtype"]}, and the graph of this trainer has {wanted}'
        for n, i in inputs.items()
        if i['dtype'] != (wanted := 'int64' if i['as'] == 'tokens' else 'float32')
    ]
    faults += [
        f'{n} has the shape {i["shape"]}, not [1, values]' for n, i in of(*PLAIN).items() if len(i['shape']) != 2
    ]
    if not of(*PLAIN):
        faults.append('it has no vector, such as the positions of the joints')
    if len(chunk['shape']) != 3 or 'tensor' in chunk or chunk.get('dtype') != 'float32':
        faults.append('its action_chunk must be float32 of [1, rows, columns], without "tensor"')
    others = [n for n in contract['outputs'] if n != 'action_chunk']
    if others:
        faults.append(f'the graph of this trainer has no {", ".join(others)}')
    if faults:
        raise SystemExit(f'the contract of the data cannot be trained for: {"; ".join(faults)}')
    several = [kind for kind in ('tokens', 'ages', 'mask') if len(of(kind)) > 1]
    if several or (of('tokens') and not of('ages')) or (of('ages') and not of('tokens')):
        raise SystemExit('the contract needs tokens and ages together, and one input at most of tokens, ages and mask')
    tokens, ages, mask = (next(iter(of(kind)), '') for kind in ('tokens', 'ages', 'mask'))
    words = int(inputs[tokens]['per_event']) if tokens else 0
    return Layout(
        pictures=tuple(
            Picture(n, i['shape'][-2], i['shape'][-1], i['as'] == 'rgbd') for n, i in of('image', 'rgbd').items()
        ),
        vectors={n: i['shape'][-1] for n, i in of(*PLAIN).items()},
        pyramids={n: (i['shape'][-2], i['shape'][-1]) for n, i in of('pyramid').items()},
        tokens=tokens,
        ages=ages,
        events=inputs[tokens]['shape'][-1] // words if tokens else 0,
        words=words,
        mask=mask,
        streams=tuple(inputs[mask]['from']) if mask else (),
        order=tuple(inputs),
        rows=chunk['shape'][-2],
        columns=chunk['shape'][-1],
    )
