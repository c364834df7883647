"""Writes calibration/follower.json as LeRobot keeps it, and what LeRobot's own bus makes of its numbers.

pip install 'lerobot[feetech]==0.4.4', then: python test/policy/lerobot/make_calibration.py test/policy/lerobot
No servo is needed: the numbers of registers go through FeetechMotorsBus._normalize and _unnormalize.
"""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
from lerobot.motors import Motor, MotorCalibration, MotorNormMode
from lerobot.motors.feetech import FeetechMotorsBus

# An arm whose ranges do not lie in the middle of the register. One motor is mounted the other way round.
CALIBRATION = {
    'shoulder_pan': MotorCalibration(1, 0, -1470, 734, 3457),
    'shoulder_lift': MotorCalibration(2, 0, 1018, 861, 3193),
    'elbow_flex': MotorCalibration(3, 1, 1404, 888, 3110),
    'wrist_flex': MotorCalibration(4, 0, -1308, 851, 3167),
    'wrist_roll': MotorCalibration(5, 0, 71, 0, 4095),
    'gripper': MotorCalibration(6, 0, 1407, 2031, 3492),
}
MODES = {
    'lerobot': (MotorNormMode.RANGE_M100_100, MotorNormMode.RANGE_0_100),
    'deg': (MotorNormMode.DEGREES, MotorNormMode.RANGE_0_100),
    'percent': (MotorNormMode.RANGE_0_100, MotorNormMode.RANGE_0_100),
}


def reference(body: MotorNormMode, hand: MotorNormMode) -> dict[str, object]:
    motors = {
        name: Motor(each.id, 'sts3215', hand if name == 'gripper' else body) for name, each in CALIBRATION.items()
    }
    bus = FeetechMotorsBus('/dev/null', motors, CALIBRATION)
    generator = np.random.default_rng(11)
    rows = [
        {each.id: int(generator.integers(each.range_min, each.range_max + 1)) for each in CALIBRATION.values()}
        for _ in range(5)
    ]
    numbers = [bus._normalize(row) for row in rows]
    # A joint may stand beyond its calibrated range, and a model may say any number.
    out = [
        {each.id: int(generator.integers(each.range_min - 300, each.range_max + 301)) for each in CALIBRATION.values()}
        for _ in range(5)
    ]
    said = [{each.id: float(generator.uniform(-160, 160)) for each in CALIBRATION.values()} for _ in range(5)]
    return {
        'counts': [list(row.values()) for row in rows],
        'numbers': [list(row.values()) for row in numbers],
        # LeRobot cuts off to whole counts.
        'back': [list(bus._unnormalize(dict(row)).values()) for row in numbers],
        'beyond': {
            'counts': [list(row.values()) for row in out],
            'numbers': [list(bus._normalize(row).values()) for row in out],
            'said': [list(row.values()) for row in said],
            'back': [list(bus._unnormalize(dict(row)).values()) for row in said],
        },
    }


if __name__ == '__main__':
    folder = Path(sys.argv[1]) / 'calibration'
    folder.mkdir(exist_ok=True)
    values = {name: dataclasses.asdict(each) for name, each in CALIBRATION.items()}
    (folder / 'follower.json').write_text(json.dumps(values, indent=4) + '\n')
    modes = {name: reference(*mode) for name, mode in MODES.items()}
    (folder / 'reference.json').write_text(json.dumps(modes, indent=1) + '\n')
