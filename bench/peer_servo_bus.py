"""The peer of `prehend bench servo-bus`: the vendor's package (ftservo-python-sdk) does the same on the same terminal.

    peer_servo_bus.py PATH ROUNDS

A round is a sync write of six goals and a sync read of position, velocity, load, voltage and temperature of six servos.
It prints the ms of each round as one JSON array.
"""

import json
import math
import sys
import time

from scservo_sdk import COMM_SUCCESS, GroupSyncRead, GroupSyncWrite, PortHandler, port_handler, sms_sts

# ms to wait for an answer. The package's own 50 ms fail where the machine is busy.
port_handler.LATENCY_TIMER = 1000

GOAL, PRESENT, STATE = 42, 56, 8
IDS = range(1, 7)
path, rounds = sys.argv[1], int(sys.argv[2])
port = PortHandler(path)
assert port.openPort()
packets = sms_sts(port)
reader = GroupSyncRead(packets, PRESENT, STATE)
for servo in IDS:
    reader.addParam(servo)
writer = GroupSyncWrite(packets, GOAL, 2)
took = []
for index in range(rounds):
    began = time.perf_counter()
    goal = round(2048 + 200 * math.sin(index / 50))
    writer.clearParam()
    for servo in IDS:
        writer.addParam(servo, [goal & 0xFF, goal >> 8])
    assert writer.txPacket() == COMM_SUCCESS
    assert reader.txRxPacket() == COMM_SUCCESS
    state = [
        (
            packets.scs_tohost(reader.getData(servo, 56, 2), 15) * math.tau / 4096,
            packets.scs_tohost(reader.getData(servo, 58, 2), 15) * math.tau / 4096,
            packets.scs_tohost(reader.getData(servo, 60, 2), 10) / 1000,
            reader.getData(servo, 62, 1) / 10,
            reader.getData(servo, 63, 1),
        )
        for servo in IDS
    ]
    took.append((time.perf_counter() - began) * 1000)
port.closePort()
print(json.dumps(took))
