"""A gripper on a pseudo-terminal that answers late, by the register table of the 2F-85. pymodbus computes the CRC.

    late_gripper.py LEAST MOST [LOST,LOST,...]

It answers after LEAST to MOST ms. LOST are the numbers of the requests that it neither carries out nor answers; number
0 is the first request, which is answered at once.

It writes its path in a line, then one JSON object for each thing that it did: {"at": ns of CLOCK_MONOTONIC, "measured":
n}, {"at", "wrote": action byte, "position": byte} or {"at", "lost": action byte}. It answers the number n of a
measurement as POSITION and CURRENT (n // 256, n % 256), so the reader of an answer can tell when it was measured.
"""

import json
import os
import pty
import random
import sys
import threading
import time
import tty
from collections.abc import Iterator

from pymodbus.framer import FramerRTU

UNIT = 9
least, most = (float(text) / 1000 for text in sys.argv[1:3])
lost = {int(text) for text in sys.argv[3].split(',')} if len(sys.argv) > 3 else set()
rng = random.Random(1)
master, slave = pty.openpty()
tty.setraw(slave)


def say(**what: int) -> None:
    sys.stdout.write(json.dumps({'at': time.monotonic_ns(), **what}) + '\n')
    sys.stdout.flush()


def frames() -> Iterator[bytes]:
    """Whole requests of function 3 and 16."""
    buffer = b''
    while True:
        buffer += os.read(master, 256)
        while len(buffer) >= 8:
            length = 8 if buffer[1] == 3 else 9 + buffer[6]
            if len(buffer) < length:
                break
            yield buffer[:length]
            buffer = buffer[length:]


def answer(body: bytes) -> None:
    crc = FramerRTU.compute_CRC(body)
    os.write(master, body + crc.to_bytes(2, 'big'))


sys.stdout.write(os.ttyname(slave) + '\n')
sys.stdout.flush()
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
measured = 0
for index, frame in enumerate(frames()):
    if index in lost:
        say(lost=frame[7])
        continue
    start, count = int.from_bytes(frame[2:4], 'big'), int.from_bytes(frame[4:6], 'big')
    if frame[1] == 3:
        measured += 1
        say(measured=measured)
        block = bytes([0x31, 0, 0, 0, measured // 256 % 256, measured % 256]) + bytes(10)
        body = bytes([UNIT, 3, 2 * count]) + block[2 * (start - 0x07D0) :][: 2 * count]
    else:
        say(wrote=frame[7], position=frame[10])
        body = frame[:6]
    time.sleep(rng.uniform(least, most) if index > 0 else 0)
    answer(body)
