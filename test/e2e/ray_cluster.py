"""A Ray cluster on this machine: a head without CPUs, and two nodes with one CPU each. The end of its input ends it.

It prints `{"address": ...}`. The line "kill" waits until a node runs `prehend`, kills that node and its workers by
their process ids, and prints `{"killed": [...], "left": [...]}`. `left` are the prehend processes that have not ended
by themselves two minutes later. The line "running" prints `{"running": [...]}`, all prehend processes of the nodes that
are left.
"""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ray.cluster_utils import Cluster

Found = TypeVar('Found')


def processes() -> dict[int, tuple[int, str]]:
    """Parent and command line of every process that has not ended."""
    found = {}
    for path in Path('/proc').iterdir():
        if path.name.isdecimal():
            try:
                state, parent = (path / 'stat').read_text().rpartition(')')[2].split()[:2]
                if state != 'Z':
                    found[int(path.name)] = (int(parent), (path / 'cmdline').read_text().replace('\0', ' '))
            except OSError:
                pass
    return found


def descendants(of: int) -> list[tuple[int, str]]:
    """Process id and command line of the children of a process, of their children, and so on."""
    table = processes()
    found: list[tuple[int, str]] = []
    front = [of]
    while front:
        front = [pid for pid, (parent, _) in table.items() if parent in front]
        found += [(pid, table[pid][1]) for pid in front]
    return found


def is_ours(line: str) -> bool:
    """Whether a command line is that of the command, or of the worker that runs an evaluation's episodes."""
    return 'bin/prehend' in line or 'share-worker' in line


def prehends(node: Any) -> list[int]:
    """The processes of a node that run prehend."""
    return [pid for pid, line in descendants(raylet(node)) if is_ours(line)]


def raylet(node: Any) -> int:
    return node.all_processes['raylet'][0].process.pid


def until(condition: Callable[[], Found], seconds: float) -> Found:
    """What a condition gives, once it gives something or the time is over."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def kill(nodes: list[Any]) -> dict[str, list[int]]:
    node = until(lambda: next((n for n in nodes if prehends(n)), None), 300)
    running = prehends(node)
    pids = [raylet(node), *(pid for pid, line in descendants(raylet(node)) if not is_ours(line))]
    nodes.remove(node)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not set(running) & processes().keys(), 120)
    return {'killed': pids, 'left': sorted(set(running) & processes().keys())}


cluster = Cluster(initialize_head=True, head_node_args={'num_cpus': 0, 'include_dashboard': False})
try:
    workers = [cluster.add_node(num_cpus=1) for _ in range(2)]
    print(json.dumps({'address': cluster.address}), flush=True)
    for line in sys.stdin:
        asked = line.strip()
        print(
            json.dumps(
                kill(workers) if asked == 'kill' else {'running': [pid for node in workers for pid in prehends(node)]}
            ),
            flush=True,
        )
finally:
    cluster.shutdown()
