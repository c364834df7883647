"""The figures that judge the policy: what each is called, the arguments of `prehend eval`, and the bounds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure.

    `arguments`: those of `prehend eval`. `bound`: the rate that must be reached, if any. `policy`: the model, under
    this folder.
    """

    name: str
    what: str
    arguments: tuple[str, ...]
    bound: float | None
    aim: float | None
    policy: str


#: The model that runs without an option (app/policies/model-path.ts).
SHIPPED = 'model/grasp.int8.onnx'
FLOAT = 'model/grasp.onnx'


def figure(
    name: str, what: str, arguments: str, bound: float | None = None, aim: float | None = None, policy: str = SHIPPED
) -> Figure:
    return Figure(name, what, tuple(arguments.split()), bound, aim, policy)


def of_run(run: str, name: str, what: str, arguments: str = '--objects unseen --seed 4') -> Figure:
    """A figure of a trained run that does not ship."""
    file = f'runs/{run}/grasp.onnx'
    return figure(name, what, f'{arguments} --policy policy/{file}', policy=file)


def of_expert(name: str, what: str, arguments: str, aim: float | None = None) -> Figure:
    """A figure of the scripted expert."""
    return figure(name, what, f'{arguments} --policy expert', aim=aim, policy='expert')


#: Episodes in which force matters most.
HEAVY = '--objects sim/objects/heavy.yaml --seed 4'
ALIKE = '--objects policy/alike.yaml'
HOUSEHOLD = '--objects policy/household.yaml --seed 77'
#: The modalities that are taken away, as `--without` names them.
SENSES = ('depth', 'rgb', 'force')
PARTS = {
    'no-gate': 'the gate',
    'no-colours': 'what colour words look like',
    'no-queries': 'the learned queries (all image tokens instead)',
    'no-pyramid': 'the force pyramid (one window instead)',
    'no-ages': "the words' ages",
    'no-pointers': 'the pointers',
    'no-alignment': 'the shared latent space (InfoNCE)',
    'no-goal': 'chunks made for the true goal',
    'slow': 'a learning rate of 5e-4 (5e-5 instead, which is for long runs)',
}
FIGURES = (
    figure('unseen', 'unseen objects, all modalities', '--objects unseen --seed 2', 0.92, 0.98),
    figure('unseen-fp32', 'the same, FP32', '--objects unseen --seed 2 --precision fp32', policy=FLOAT),
    of_run('t', 'teacher', 'the same, the teacher', '--objects unseen --seed 2'),
    of_run('d', 'student', 'the same, what learned from the teacher', '--objects unseen --seed 2'),
    figure('fresh', 'unseen objects, episodes that no round of training was chosen by', '--objects unseen --seed 11'),
    figure('seen', 'seen objects, all modalities', '--objects seen --seed 1'),
    figure('alike', 'three colours and three shapes: neither alone says which is meant', f'{ALIKE} --seed 6'),
    figure('alike-fresh', 'the same, episodes that no round of training was chosen by', f'{ALIKE} --seed 12'),
    figure('household', 'things of a household: two of one colour, two of a colour of two words', HOUSEHOLD),
    of_expert('expert-household', 'the same, the expert', HOUSEHOLD),
    of_expert('expert-unseen', 'the expert, unseen objects', '--objects unseen --seed 2', 0.99),
    of_expert('expert-seen', 'the expert, seen objects', '--objects seen --seed 1', 0.99),
    figure('single', 'one unseen object on the table', '--objects unseen --seed 3 --count 1'),
    figure('single-voice', 'the same without voice', '--objects unseen --seed 3 --count 1 --without voice'),
    figure('senses', 'unseen objects, with all senses', '--objects unseen --seed 4'),
    *(figure(f'no-{s}', f'the same, without {s}', f'--objects unseen --seed 4 --without {s}') for s in SENSES),
    figure('force-at-2s', 'the same, force gone after 2 s', '--objects unseen --seed 4 --without force@2s'),
    figure('heavy', 'heavy, slippery and fragile unseen objects', HEAVY),
    figure('heavy-no-force', 'the same, without force', f'{HEAVY} --without force'),
    of_expert('expert-heavy', 'the same, the expert', HEAVY),
    figure('phrases', 'commands in other words', '--objects unseen --seed 5 --phrases policy/phrases.yaml'),
    figure('plainly', 'no command asks for care', '--objects unseen --seed 7 --phrases policy/plainly.yaml'),
    figure('gently', 'the same, every command says "gently"', '--objects unseen --seed 7 --phrases policy/gently.yaml'),
    *(
        of_run(f'ablate/{run}', f'{name}{gone}', f'{what}{said}', f'--objects unseen --seed 4{option}')
        for run, name, what in (
            ('whole', 'whole', 'shallow (`ablate.py`), nothing left out'),
            ('zero-filled', 'zero', 'shallow, zero-filled without masks'),
            ('unprepared', 'unprepared', 'shallow, zero-filled without masks, no sensor missing in training'),
        )
        for gone, said, option in (('', '', ''), *((f'-no-{s}', f', without {s}', f' --without {s}') for s in SENSES))
    ),
    *(of_run(f'ablate/{name}', name, f'shallow, without {part}') for name, part in PARTS.items()),
    of_run('ablate/whole', 'whole-heavy', 'shallow, nothing left out, with heavy, slippery and fragile objects', HEAVY),
    of_run('ablate/no-pyramid', 'no-pyramid-heavy', 'the same, without the force pyramid', HEAVY),
    of_run('ablate/scratch', 'scratch', 'shallow, from nothing'),
    of_run('ablate/pretrained', 'pretrained', 'the same, from encoders trained without labels'),
)  # fmt: skip
