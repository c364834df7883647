"""A Ray cluster on this machine: a head without CPUs and two nodes with one each, for as long as its input lasts.

Prints `{"address": ...}`. A line "kill" waits until a node runs `prehend`, kills that node and its workers by their process ids and
prints `{"killed": [...], "left": [...]}`, the prehend processes that had not ended by themselves two minutes later; a line "running" prints
`{"running": [...]}`, all prehend processes of the nodes that are left. The end of the input ends the cluster.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from ray.cluster_utils import Cluster


def processes() -> dict[int, tuple[int, str]]:
    """Parent and command line of every process that is not over."""
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
    table = processes()
    found, front = [], [of]
    while front:
        front = [pid for pid, (parent, _) in table.items() if parent in front]
        found += [(pid, table[pid][1]) for pid in front]
    return found


def prehends(node) -> list[int]:
    return [pid for pid, line in descendants(raylet(node)) if 'bin/prehend' in line]


def raylet(node) -> int:
    return node.all_processes['raylet'][0].process.pid


def until(condition, seconds: float):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def kill(nodes: list) -> dict:
    node = until(lambda: next((n for n in nodes if prehends(n)), None), 300)
    running = prehends(node)
    pids = [raylet(node), *(pid for pid, line in descendants(raylet(node)) if 'prehend' not in line)]
    nodes.remove(node)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
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
