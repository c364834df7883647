"""Runs the command line on the machines of a Ray cluster.

`prehend eval --ray` uses it as a program, `collect.py --ray` as a module.

A task is a few runs of prehend, one after the other, in a scratch folder on any machine with a free CPU. The
files that they read are sent there, and the files that they write come back. prehend itself must be installed there,
built, under the same path (or where `PREHEND_CHECKOUT` of that machine's Ray says). It must be the same build: a task
refuses another build, because the results would not belong together. A task that is lost with its worker or machine
runs again, at most three times. A task that fails by itself does not.

The program reads one line of JSON from standard input, `{address, root, files: {NAME: PATH}, tasks: [{name, commands,
keep}]}`. A command is a list of arguments, or an object: the options of an evaluation. The program writes a line for
each event: `{"done": INDEX, "answers": [...]}`, `{"note": TEXT}`, and at the end perhaps `{"failed": TEXT}` or
`{"refused": TEXT}`. The end of its input ends it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# How often a lost task runs again.
RETRIES = 3
# s between two checks whether to end.
LOOK = 0.5
# After so many s in which nothing can run, a note says so.
PATIENCE = 10


class Refused(Exception):
    """Nothing was run. The text says what, where, and what to do."""


class TaskFailed(Exception):
    """A task failed by itself, or was lost too often. The text is one line."""


# Arguments of `bin/prehend`, or the options of an evaluation, for the program of its workers.
Command = Sequence[str] | Mapping[str, Any]
# What Node starts a worker of an evaluation with: as the first line of bin/prehend has it, and the program.
WORKER = ('node', '--initial-old-space-size=256', 'dist/app/evaluation/share-worker.js')


@dataclass(frozen=True)
class Lost:
    """A task was lost with its worker or machine."""

    reason: str


@dataclass(frozen=True)
class Task:
    """A task.

    `commands`: arguments of `bin/prehend`, without `--json`, or options of an evaluation. Paths in them are names of
    sent files, or relative to the scratch folder. `keep`: files and folders of the scratch folder that come back.
    """

    name: str
    commands: Sequence[Command]
    keep: Sequence[str] = ()


@dataclass(frozen=True)
class Answer:
    """The answer of each command, and the files that came back: content by path in the scratch folder."""

    answers: Sequence[dict[str, Any]]
    files: Mapping[str, bytes] = field(default_factory=dict)


def build_of(root: Path) -> str:
    """sha256 over the files of a checkout that decide about a result: the program, and what it always reads."""
    digest = hashlib.sha256()
    for pattern in (
        'package.json',
        'dist/**/*.js',
        'robots/*.yaml',
        'sim/objects/*.yaml',
        'policy/*.json',
        'policy/model/*',
    ):
        for path in sorted(root.glob(pattern)):
            content = path.read_bytes()
            digest.update(f'{path.relative_to(root).as_posix()}\0{len(content)}\0'.encode())
            digest.update(content)
    return digest.hexdigest()


def _call(root: Path, command: Command, scratch: Path) -> dict[str, Any]:
    """Runs a command as Node runs a child process.

    Options of an evaluation go to it on a channel (lines of JSON, NODE_CHANNEL_FD). It answers there, or on the last
    line of its standard output. It ends when the other end of the channel is closed. Exit code 1 (some episodes were
    lost) is no failure here.
    """
    ours, its = socket.socketpair()
    environment = {**os.environ, 'NODE_CHANNEL_FD': str(its.fileno()), 'NODE_CHANNEL_SERIALIZATION_MODE': 'json'}
    if isinstance(command, Mapping):
        *node, program = WORKER
        line = [*node, str(root / program)]
    else:
        line = [str(root / 'bin' / 'prehend'), *command, '--json']
    with ours, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints:
        with its:
            child = subprocess.Popen(
                line,
                cwd=scratch,
                env=environment,
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=complaints,
            )
        try:
            if isinstance(command, Mapping):
                # A program that has ended already says itself why.
                with contextlib.suppress(OSError):
                    ours.sendall(json.dumps(command).encode() + b'\n')
            said = ours.makefile('rb').read().splitlines()
            child.wait()
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        out.seek(0)
        complaints.seek(0)
        lines = said or out.read().splitlines()
        if child.returncode not in (0, 1) or not lines:
            last = (
                complaints.read().decode(errors='replace').strip().splitlines()
                or [f'ended with {child.returncode} and no answer']
            )[-1]
            raise TaskFailed(f'{socket.gethostname()}: {last}')
        return json.loads(lines[-1])


def _run(root: str, build: str, task: Task, names: Sequence[str], *contents: bytes) -> Answer:
    """Runs a task on the machine that it was sent to."""
    here = Path(os.environ.get('PREHEND_CHECKOUT', root))
    if not (here / 'dist' / 'cli' / 'main.js').exists():
        raise TaskFailed(
            f'{socket.gethostname()}: {here}: no prehend that is built: '
            'install the same one there, or name its folder in PREHEND_CHECKOUT before `ray start`'
        )
    if build_of(here) != build:
        raise TaskFailed(
            f'{socket.gethostname()}: {here}: another build of prehend than the one that asked: '
            'bring both to the same state'
        )
    with tempfile.TemporaryDirectory(prefix='prehend-') as folder:
        scratch = Path(folder)
        for name, content in zip(names, contents, strict=True):
            path = scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        answers = [_call(here, command, scratch) for command in task.commands]
        kept = [
            path
            for name in task.keep
            for path in [scratch / name, *sorted((scratch / name).rglob('*'))]
            if path.is_file()
        ]
        return Answer(answers, {path.relative_to(scratch).as_posix(): path.read_bytes() for path in kept})


def _ray() -> Any:
    os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
    try:
        import ray
    except ImportError:
        raise Refused(
            f'{sys.executable} has no package ray: '
            '`pip install ray` for it, or name a Python that has it in PREHEND_PYTHON'
        ) from None
    return ray


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Ray, connected to the cluster at `address`.

    `local`: a cluster of its own on this machine, which no other machine can reach and which ends with it. What Ray
    prints goes to standard error.
    """
    if address == 'local':
        # Only the loopback interface, as Ray does on a desktop system.
        os.environ['RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER'] = '0'
        os.environ.setdefault('RAY_AUTH_TOKEN', secrets.token_hex(32))
    ray = _ray()
    _probe(address)
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level='ERROR',
            **({'include_dashboard': False} if address == 'local' else {}),
        )
    except Exception as error:  # Ray has no common class for these
        raise Refused(f'--ray {address}: cannot join: {str(error).strip().splitlines()[0]}') from error
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield ray
    finally:
        ray.shutdown()


def _probe(address: str) -> None:
    """Raises Refused where nothing listens at `HOST:PORT`. Ray itself would try for 15 minutes and more."""
    host, _, port = address.removeprefix('ray://').rpartition(':')
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host.strip('[]'), int(port)), timeout=PATIENCE).close()
    except (OSError, OverflowError) as error:
        hint = 'start the cluster with `ray start --head`, or give local'
        raise Refused(f'--ray {address}: nothing answers there ({error}); {hint}') from error


def fan_out(
    address: str,
    root: Path,
    tasks: Sequence[Task],
    files: Mapping[str, Path],
    *,
    note: Callable[[str], None],
    ended: Callable[[], bool] = lambda: False,
) -> Generator[tuple[int, Answer | TaskFailed], None, None]:
    """Runs all tasks, each on one CPU, and gives them with their index as they end.

    `files`: files that all tasks may read. Closing the generator, or `ended`, ends the tasks that run. Raises Refused.
    """
    with _connected(address) as ray:
        ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
        names = list(files)
        contents = [ray.put(path.read_bytes()) for path in files.values()]
        # Ray would repeat a task silently. It is repeated here instead, with a note.
        remote = ray.remote(num_cpus=1, max_retries=0)(_run)
        build = build_of(root)

        def start(index: int) -> Any:
            return remote.remote(str(root), build, tasks[index], names, *contents)

        pending = {start(index): index for index in range(len(tasks))}
        losses = [0] * len(tasks)
        idle = 0.0
        try:
            while pending and not ended():
                done, _ = ray.wait(list(pending), timeout=LOOK)
                for reference in done:
                    index = pending.pop(reference)
                    outcome = _outcome(ray, reference, tasks[index])
                    if not isinstance(outcome, Lost):
                        yield index, outcome
                        continue
                    losses[index] += 1
                    if losses[index] > RETRIES:
                        yield (
                            index,
                            TaskFailed(
                                f'{tasks[index].name}: was lost {losses[index]} times, at last so: {outcome.reason}'
                            ),
                        )
                        continue
                    note(f'ray: {tasks[index].name} was lost and runs again: {outcome.reason}')
                    pending[start(index)] = index
                idle = 0.0 if ray.cluster_resources().get('CPU', 0) >= 1 else idle + LOOK
                if idle >= PATIENCE:
                    note('ray: no node has a CPU; waiting for one')
                    idle = -float('inf')
        finally:
            for reference in pending:
                ray.cancel(reference)
            if pending:
                ray.wait(list(pending), num_returns=len(pending), timeout=PATIENCE)


def _outcome(ray: Any, reference: Any, task: Task) -> Answer | TaskFailed | Lost:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        return TaskFailed(f'{task.name}: {str(error.cause or error).strip().splitlines()[-1]}')
    except ray.exceptions.RayError as error:
        return Lost(str(error).strip().splitlines()[0].split('. ')[0])


def main() -> None:
    out = sys.stdout

    def say(**line: object) -> None:
        print(json.dumps(line), file=out, flush=True)

    asked = json.loads(sys.stdin.readline())
    end = threading.Event()

    def end_with_input() -> None:
        sys.stdin.read()
        end.set()
        time.sleep(3 * PATIENCE)
        os._exit(1)  # a cluster that does not answer must not delay the end

    threading.Thread(target=end_with_input, daemon=True).start()
    tasks = [Task(**task) for task in asked['tasks']]
    files = {name: Path(path) for name, path in asked['files'].items()}
    outcomes = fan_out(
        asked['address'], Path(asked['root']), tasks, files, note=lambda text: say(note=text), ended=end.is_set
    )
    try:
        with contextlib.closing(outcomes):
            for index, outcome in outcomes:
                if isinstance(outcome, TaskFailed):
                    say(failed=str(outcome))
                    return
                say(done=index, answers=outcome.answers)
    except Refused as refusal:
        say(refused=str(refusal))


if __name__ == '__main__':
    main()
