"""What Pinocchio reads from a URDF, for the comparison with our reader.

Reads one JSON object: `urdf` (text), `frame`, `configurations` (lists of joint positions, in the order of the URDF) and
`mimic` (whether joints follow those that they mimic; then the lists leave them out).
Prints the joints that move (name, motion, lower, upper, velocity, effort; infinite numbers as null), for each link the
joints that move between it and the root, and the position and the rotation (row-major) of the frame.
"""

import json
import math
import sys

import numpy as np
import pinocchio as pin


def number(value: float) -> float | None:
    return float(value) if math.isfinite(value) and abs(value) < 1e300 else None


request = json.load(sys.stdin)
model = pin.buildModelFromXML(request['urdf'], request.get('mimic', False))
joints = []
for index in range(1, model.njoints):
    joint = model.joints[index]
    endless = joint.nq == 2 and joint.nv == 1
    at, v = joint.idx_q, joint.idx_v
    joints.append(
        {
            'name': model.names[index],
            'motion': 'other' if joint.nv != 1 else 'slides' if 'JointModelP' in joint.shortname() else 'turns',
            'lower': None if endless or joint.nv != 1 else number(model.lowerPositionLimit[at]),
            'upper': None if endless or joint.nv != 1 else number(model.upperPositionLimit[at]),
            'velocity': number(model.velocityLimit[v]) if joint.nv == 1 else None,
            'effort': number(model.effortLimit[v]) if joint.nv == 1 else None,
        }
    )


def above(joint: int) -> list[str]:
    return [] if joint == 0 else [*above(model.parents[joint]), model.names[joint]]


links = {frame.name: above(frame.parentJoint) for frame in model.frames if frame.type == pin.FrameType.BODY}

poses = []
data = model.createData()
for configuration in request['configurations']:
    pin.framesForwardKinematics(model, data, np.array(configuration, dtype=float))
    pose = data.oMf[model.getFrameId(request['frame'])]
    poses.append({'position': pose.translation.tolist(), 'rotation': pose.rotation.flatten().tolist()})
print(json.dumps({'joints': joints, 'links': links, 'poses': poses}))
