"""Servos on a pseudo-terminal whose packets the vendor's own package writes.

    vendor_servos.py feetech|dynamixel ID...

It prints the path of its terminal. Each servo has 256 bytes of registers; byte n of servo i is (n + i) % 256 at first,
but for what `known` sets. The vendor's package computes every check sum and adds the stuffing of every answer; requests
are checked with its check sum too. A request with a wrong one is answered by nobody.
"""

import importlib
import os
import pty
import sys
import threading
import tty
from collections.abc import Iterator
from typing import Any, ClassVar

BROADCAST = 0xFE
PING, READ, WRITE, SYNC_READ, SYNC_WRITE = 1, 2, 3, 0x82, 0x83


class Port:
    """What the package needs of a port."""

    is_using = False

    def __init__(self, master: int) -> None:
        self.master = master

    def clearPort(self) -> None:
        pass

    def writePort(self, packet: list[int]) -> int:
        return os.write(self.master, bytes(packet))


class Feetech:
    """Status: FF FF id length error data checksum."""

    known: ClassVar = {3: [0x09, 0x03], 7: [0], 33: [0], 40: [0], 56: [0x00, 0x08]}

    def __init__(self, port: Port) -> None:
        self.sdk = importlib.import_module('scservo_sdk')
        self.handler = self.sdk.protocol_packet_handler(port, 0)

    def requests(self, bytes_in: Iterator[int]) -> Iterator[tuple[int, int, list[int]]]:
        while True:
            if next(bytes_in) != 0xFF or next(bytes_in) != 0xFF:
                continue
            servo, length = next(bytes_in), next(bytes_in)
            body = [next(bytes_in) for _ in range(length)]
            if ~(servo + length + sum(body[:-1])) & 0xFF == body[-1]:
                yield servo, body[0], body[1:-1]

    def split(self, parameters: list[int]) -> tuple[int, list[int]]:
        return parameters[0], parameters[1:]

    def count(self, rest: list[int]) -> tuple[int, list[int]]:
        return rest[0], rest[1:]

    def ping_data(self, _: list[int]) -> list[int]:
        return []

    def answer(self, servo: int, error: int, data: list[int]) -> None:
        packet = [0, 0, servo, len(data) + 2, error, *data, 0]
        assert self.handler.txPacket(packet) == 0
        self.handler.portHandler.is_using = False


class Dynamixel:
    """Status: FF FF FD 00 id length 55 error data crc."""

    known: ClassVar = {0: [0xB0, 0x04], 9: [0], 11: [3], 64: [0], 132: [0xFF, 0xFF, 0xFD, 0x00]}

    def __init__(self, port: Port) -> None:
        self.sdk = importlib.import_module('dynamixel_sdk')
        self.handler = self.sdk.PacketHandler(2.0)
        stuff = self.handler.addStuffing

        # Version 4.1.0 makes the longer packet and then sends the one without stuffing.
        def stuff_in_place(packet: list[int]) -> None:
            packet[:] = stuff(packet)

        self.handler.addStuffing = stuff_in_place
        self.port = port

    def requests(self, bytes_in: Iterator[int]) -> Iterator[tuple[int, int, list[int]]]:
        window: list[int] = []
        for byte in bytes_in:
            window = [*window, byte][-4:]
            if window != [0xFF, 0xFF, 0xFD, 0x00]:
                continue
            head = [next(bytes_in) for _ in range(3)]
            length = head[1] | head[2] << 8
            packet = [*window, *head, *(next(bytes_in) for _ in range(length))]
            crc = packet[-2] | packet[-1] << 8
            if self.handler.updateCRC(0, packet, len(packet) - 2) != crc:
                continue
            whole = self.handler.removeStuffing(packet)
            size = whole[5] | whole[6] << 8
            yield whole[4], whole[7], whole[8 : 7 + size - 2]

    def split(self, parameters: list[int]) -> tuple[int, list[int]]:
        return parameters[0] | parameters[1] << 8, parameters[2:]

    def count(self, rest: list[int]) -> tuple[int, list[int]]:
        return rest[0] | rest[1] << 8, rest[2:]

    def ping_data(self, registers: list[int]) -> list[int]:
        return [*registers[0:2], registers[6]]

    def answer(self, servo: int, error: int, data: list[int]) -> None:
        length = len(data) + 4
        packet = [0, 0, 0, 0, servo, length & 0xFF, length >> 8, 0x55, error, *data, 0, 0]
        assert self.handler.txPacket(self.port, packet) == 0
        self.port.is_using = False


def received(master: int) -> Iterator[int]:
    while True:
        yield from os.read(master, 1024)


def main() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    family: Any = {'feetech': Feetech, 'dynamixel': Dynamixel}[sys.argv[1]](Port(master))
    servos = {int(text): [(n + int(text)) % 256 for n in range(256)] for text in sys.argv[2:]}
    for registers in servos.values():
        for address, values in family.known.items():
            registers[address : address + len(values)] = values
    print(os.ttyname(slave), flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    for servo, instruction, parameters in family.requests(received(master)):
        if instruction == PING:
            for one in sorted(servos) if servo == BROADCAST else [servo] if servo in servos else []:
                family.answer(one, 0, family.ping_data(servos[one]))
            continue
        address, rest = family.split(parameters)
        if instruction in (READ, SYNC_READ):
            count, ids = family.count(rest)
            for one in ids if instruction == SYNC_READ else [servo]:
                if one in servos:
                    family.answer(one, 0, servos[one][address : address + count])
        elif instruction == WRITE and servo in servos:
            servos[servo][address : address + len(rest)] = rest
            family.answer(servo, 0, [])
        elif instruction == SYNC_WRITE:
            size, entries = family.count(rest)
            for at in range(0, len(entries), size + 1):
                if entries[at] in servos:
                    servos[entries[at]][address : address + size] = entries[at + 1 : at + 1 + size]


main()
