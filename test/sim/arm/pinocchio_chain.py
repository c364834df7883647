"""Forward kinematics and Jacobian of an arm by Pinocchio, for the comparison with MuJoCo's.

Reads one JSON object: `joints` (list of {placement: [x, y, z, qw, qx, qy, qz] in the joint before, axis, and of its
link `mass` and `centre` in the joint's frame; default none}), `tool` (a placement in the last joint) and
`configurations` (lists of joint positions). Prints for each configuration the tool's position, its rotation
(row-major), the 6 x n Jacobian in the world frame (linear above angular, row-major), and the torques that hold the
links against gravity.
"""

import json
import sys

import numpy as np
import pinocchio as pin


def placement(numbers: list[float]) -> pin.SE3:
    w, x, y, z = numbers[3:]
    return pin.SE3(pin.Quaternion(w, x, y, z).normalized().matrix(), np.array(numbers[:3]))


request = json.load(sys.stdin)
model = pin.Model()
parent = 0
for index, joint in enumerate(request['joints']):
    revolute = pin.JointModelRevoluteUnaligned(*map(float, joint['axis']))
    parent = model.addJoint(parent, revolute, placement(joint['placement']), f'joint{index}')
    # Gravity does not ask for the moments of inertia.
    link = pin.Inertia(joint.get('mass', 0.0), np.array(joint.get('centre', [0.0, 0.0, 0.0])), np.zeros((3, 3)))
    model.appendBodyToJoint(parent, link, pin.SE3.Identity())
tool = model.addFrame(pin.Frame('tool', parent, 0, placement(request['tool']), pin.FrameType.OP_FRAME))
data = model.createData()
answers = []
for configuration in request['configurations']:
    q = np.array(configuration, dtype=float)
    pin.computeJointJacobians(model, data, q)
    pin.updateFramePlacements(model, data)
    pose = data.oMf[tool]
    jacobian = pin.getFrameJacobian(model, data, tool, pin.ReferenceFrame.LOCAL_WORLD_ALIGNED)
    answers.append(
        {
            'position': pose.translation.tolist(),
            'rotation': pose.rotation.flatten().tolist(),
            'jacobian': jacobian.flatten().tolist(),
            'gravity': pin.computeGeneralizedGravity(model, model.createData(), q).tolist(),
        }
    )
print(json.dumps(answers))
