"""A vendor's own package as a client of a servo bus.

    vendor_client.py feetech|dynamixel PATH PATIENCE

PATIENCE: ms that the package waits for an answer beyond its time on the wire. Its own 50 ms or less fail on a busy
machine.

It reads one JSON request a line and prints one JSON answer a line. A request is {"kind": ..., "id": n, ...}; an answer
is {"result": the package's result code, "error": the status packet's error, "data": [...]}.
"""

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

Answer = tuple[int, int, object]


def patient(package: str) -> None:
    importlib.import_module(f'{package}.port_handler').LATENCY_TIMER = int(sys.argv[3])  # type: ignore[attr-defined]


class Feetech:
    """ftservo-python-sdk."""

    def __init__(self, path: str) -> None:
        self.sdk = importlib.import_module('scservo_sdk')
        patient('scservo_sdk')
        self.port = self.sdk.PortHandler(path)
        assert self.port.openPort()
        self.packets = self.sdk.sms_sts(self.port)

    def ping(self, servo: int) -> Answer:
        model, result, error = self.packets.ping(servo)
        return result, error, [model]

    def read(self, servo: int, address: int, count: int) -> Answer:
        data, result, error = self.packets.readTxRx(servo, address, count)
        return result, error, data

    def write(self, servo: int, address: int, data: list[int]) -> Answer:
        return *self.packets.writeTxRx(servo, address, len(data), data), []

    def registered_write(self, servo: int, address: int, data: list[int]) -> Answer:
        return *self.packets.regWriteTxRx(servo, address, len(data), data), []

    def action(self, servo: int) -> Answer:
        return self.packets.action(servo), 0, []

    def sync_read(self, ids: list[int], address: int, count: int) -> Answer:
        group = self.sdk.GroupSyncRead(self.packets, address, count)
        for servo in ids:
            group.addParam(servo)
        result = group.txRxPacket()
        # The first item is the error byte.
        return result, 0, [list(group.data_dict[servo] or []) for servo in ids]

    def sync_write(self, address: int, entries: list[Any]) -> Answer:
        group = self.sdk.GroupSyncWrite(self.packets, address, len(entries[0]['data']))
        for entry in entries:
            group.addParam(entry['id'], entry['data'])
        return group.txPacket(), 0, []

    def write_pos_ex(self, servo: int, position: int, speed: int, acceleration: int) -> Answer:
        return *self.packets.WritePosEx(servo, position, speed, acceleration), []

    def read_pos_speed(self, servo: int) -> Answer:
        position, speed, result, error = self.packets.ReadPosSpeed(servo)
        return result, error, [position, speed]

    def error_text(self, error: int) -> Answer:
        return 0, error, self.packets.getRxPacketError(error)


class Dynamixel:
    """dynamixel-sdk, Protocol 2.0."""

    def __init__(self, path: str) -> None:
        self.sdk = importlib.import_module('dynamixel_sdk')
        patient('dynamixel_sdk')
        self.port = self.sdk.PortHandler(path)
        assert self.port.openPort()
        self.packets = self.sdk.PacketHandler(2.0)
        stuff = self.packets.addStuffing

        # Version 4.1.0 makes the longer packet and then sends the one without stuffing.
        def stuff_in_place(packet: list[int]) -> None:
            packet[:] = stuff(packet)

        self.packets.addStuffing = stuff_in_place

    def ping(self, servo: int) -> Answer:
        model, result, error = self.packets.ping(self.port, servo)
        return result, error, [model]

    def read(self, servo: int, address: int, count: int) -> Answer:
        data, result, error = self.packets.readTxRx(self.port, servo, address, count)
        return result, error, data

    def write(self, servo: int, address: int, data: list[int]) -> Answer:
        return *self.packets.writeTxRx(self.port, servo, address, len(data), data), []

    def registered_write(self, servo: int, address: int, data: list[int]) -> Answer:
        return *self.packets.regWriteTxRx(self.port, servo, address, len(data), data), []

    def action(self, servo: int) -> Answer:
        return self.packets.action(self.port, servo), 0, []

    def reboot(self, servo: int) -> Answer:
        return *self.packets.reboot(self.port, servo), []

    def sync_read(self, ids: list[int], address: int, count: int) -> Answer:
        group = self.sdk.GroupSyncRead(self.port, self.packets, address, count)
        for servo in ids:
            group.addParam(servo)
        result = group.txRxPacket()
        return result, 0, [list(group.data_dict[servo] or []) for servo in ids]

    def sync_write(self, address: int, entries: list[Any]) -> Answer:
        group = self.sdk.GroupSyncWrite(self.port, self.packets, address, len(entries[0]['data']))
        for entry in entries:
            group.addParam(entry['id'], entry['data'])
        return group.txPacket(), 0, []

    def broadcast_ping(self) -> Answer:
        found, result = self.packets.broadcastPing(self.port)
        return result, 0, {str(servo): list(values) for servo, values in found.items()}

    def error_text(self, error: int) -> Answer:
        return 0, error, self.packets.getRxPacketError(error)


def main() -> None:
    client: Any = {'feetech': Feetech, 'dynamixel': Dynamixel}[sys.argv[1]](sys.argv[2])
    print('ready', flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if 'id' in request:
            request['servo'] = request.pop('id')
        call: Callable[..., Answer] = getattr(client, request.pop('kind').replace(' ', '_'))
        result, error, data = call(**request)
        print(json.dumps({'result': result, 'error': error, 'data': data}), flush=True)


main()
