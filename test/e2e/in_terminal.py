"""Runs a command in a terminal of its own, 150 characters wide and 30 high.

Each line of standard input is an order: `close` closes the terminal, `hold` stops reading from it, `interrupt` sends
SIGINT to the command, `type "TEXT"` (JSON) types. The end of the input kills the command.

What the command shows goes to standard error. When the command has ended, its exit code or signal goes to standard
output, as JSON.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios

pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 150, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
orders, reading, listening = b'', True, True
while True:
    ready = select.select(([0] if listening else []) + ([terminal] if reading else []), [], [], 0.02)[0]
    if terminal in ready:
        try:
            os.write(2, os.read(terminal, 65536))
        except OSError:
            reading = False
    if 0 in ready:
        given = os.read(0, 4096)
        orders += given
        if not given:
            listening = False
            os.kill(pid, signal.SIGKILL)
    while b'\n' in orders:
        order, orders = orders.split(b'\n', 1)
        if order == b'close':
            os.close(terminal)
            reading = False
        elif order == b'hold':
            reading = False
        elif order == b'interrupt':
            os.kill(pid, signal.SIGINT)
        elif order.startswith(b'type '):
            os.write(terminal, json.loads(order[5:]).encode())
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        signalled = os.WIFSIGNALED(status)
        print(
            json.dumps(
                {
                    'exit': None if signalled else os.WEXITSTATUS(status),
                    'signal': os.WTERMSIG(status) if signalled else None,
                }
            )
        )
        break
