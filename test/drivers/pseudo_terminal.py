"""A program with a pseudo-terminal of its own.

It writes the path of the terminal in a line, then connects stdin and stdout to it.

Without an argument it opens many terminals and uses the last one, whose high number no other program gets by chance.
With a path it opens terminals until it gets that one. It ends with stdin; its terminals are then gone.
"""

import os
import pty
import sys
import threading
import tty

MANY = 40
wanted = sys.argv[1] if len(sys.argv) > 1 else None
kept: list[tuple[int, int]] = []


def opened() -> tuple[int, str]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    kept.append((master, slave))
    return master, os.ttyname(slave)


if wanted is None:
    for _ in range(MANY):
        master, path = opened()
else:
    while True:
        master, path = opened()
        if path == wanted:
            break
        if len(kept) > 4 * MANY:
            sys.exit(f'{wanted}: somebody else was given this number')

sys.stdout.write(path + '\n')
sys.stdout.flush()


def relay() -> None:
    while True:
        data = os.read(master, 4096)
        os.write(1, data)


threading.Thread(target=relay, daemon=True).start()
while True:
    data = os.read(0, 4096)
    if not data:
        os._exit(0)
    os.write(master, data)
