"""Activates, moves and reads the gripper at a port, with pymodbus alone, by the register table of the manual.

It prints one JSON object a step.
"""

import json
import sys
import time
from collections.abc import Callable

from pymodbus.client import ModbusSerialClient

UNIT = 9
OUTPUT, INPUT = 0x03E8, 0x07D0
Status = dict[str, int]


def status(client: ModbusSerialClient) -> Status:
    reply = client.read_holding_registers(INPUT, count=3, device_id=UNIT)
    assert not reply.isError(), reply
    state, request, position = reply.registers
    return {
        'gACT': state >> 8 & 1,
        'gGTO': state >> 11 & 1,
        'gSTA': state >> 12 & 3,
        'gOBJ': state >> 14,
        'gFLT': request >> 8 & 15,
        'gPR': request & 255,
        'gPO': position >> 8,
        'gCU': position & 255,
    }


def until(client: ModbusSerialClient, condition: Callable[[Status], bool], limit: float = 15.0) -> Status:
    end = time.monotonic() + limit
    while time.monotonic() < end:
        now = status(client)
        if condition(now):
            return now
    raise TimeoutError(f'last status {now}')


def write(client: ModbusSerialClient, action: int, position: int = 0, speed: int = 255, force: int = 0) -> None:
    reply = client.write_registers(OUTPUT, [action << 8, position, speed << 8 | force], device_id=UNIT)
    assert not reply.isError(), reply


def step(name: str, value: Status) -> None:
    print(json.dumps({'step': name, **value}), flush=True)


def main() -> None:
    client = ModbusSerialClient(sys.argv[1], baudrate=115200, bytesize=8, parity='N', stopbits=1, timeout=2)
    assert client.connect(), 'cannot open the port'
    step('power-on', status(client))
    write(client, 0)
    write(client, 1)
    step('activating', status(client))
    step('activated', until(client, lambda s: s['gSTA'] == 3))
    write(client, 9, 100)
    step('moved', until(client, lambda s: s['gOBJ'] == 3))
    write(client, 9, 255, 255, 128)
    step('gripping', until(client, lambda s: s['gOBJ'] != 0))
    reply = client.readwrite_registers(
        read_address=INPUT, read_count=3, write_address=OUTPUT, values=[0x0900, 0, 0xFF00], device_id=UNIT
    )
    assert not reply.isError(), reply
    step('opened', until(client, lambda s: s['gOBJ'] == 3))
    reply = client.read_input_registers(INPUT, count=3, device_id=UNIT)
    step('input registers', {'count': len(reply.registers)})
    reply = client.read_holding_registers(0, count=1, device_id=UNIT)
    step('illegal address', {'exception': reply.exception_code})
    reply = client.read_coils(0, count=1, device_id=UNIT)
    step('illegal function', {'exception': reply.exception_code})
    client.close()


main()
