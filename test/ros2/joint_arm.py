"""A jointed arm as ros2_control's mock hardware is, and a policy that commands it, with rclpy.

The joints are where the last point of /arm/joint_trajectory says. Prints what happened as JSON: where the joints came
to, how far they moved after "stop" was said, where they came to after "resume", and the names in the trajectories.
"""

import json
import math
import time
from collections.abc import Callable

import rclpy
from prehend_interfaces.msg import ActionChunk, ActionGroup, VoiceEvent
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

JOINTS = ['lift', 'pan']
GOAL = {'pan': 0.6, 'lift': -0.4}

rclpy.init()
node = rclpy.create_node('joint_arm')
states = node.create_publisher(JointState, '/joint_states', qos_profile_sensor_data)
chunks = node.create_publisher(ActionChunk, '/policy/action_chunk', 10)
voice = node.create_publisher(VoiceEvent, '/voice/events', 10)
at = {'pan': 0.0, 'lift': 0.0}
names: set[tuple[str, ...]] = set()


def take(message: JointTrajectory) -> None:
    names.add(tuple(message.joint_names))
    at.update(zip(message.joint_names, message.points[-1].positions, strict=True))


def measure() -> None:
    message = JointState(name=JOINTS, position=[at[joint] for joint in JOINTS])
    message.header.stamp = node.get_clock().now().to_msg()
    states.publish(message)


def plan() -> None:
    groups = [
        ActionGroup(name='arm', kind='joint_position', joints=['pan', 'lift']),
        ActionGroup(name='gripper', kind='gripper', channels=['opening']),
    ]
    row = [GOAL['pan'], GOAL['lift'], 0.5]
    message = ActionChunk(rate=30.0, data=row * 10, grasp_success=math.nan, version=3, groups=groups)
    message.header.stamp = node.get_clock().now().to_msg()
    chunks.publish(message)


def spin(until: Callable[[], object], what: str, timeout: float = 30) -> None:
    """Spins until a condition holds."""
    end = time.monotonic() + timeout
    while not until():
        assert time.monotonic() < end, f'{what}: not within {timeout} s; the joints are at {at}'
        rclpy.spin_once(node, timeout_sec=0.02)


def arrived() -> bool:
    return all(abs(at[joint] - goal) < 1e-6 for joint, goal in GOAL.items())


node.create_subscription(JointTrajectory, '/arm/joint_trajectory', take, 10)
spin(
    lambda: states.get_subscription_count() and chunks.get_subscription_count() and voice.get_subscription_count(),
    'connections',
)
node.create_timer(0.01, measure)
node.create_timer(1 / 30, plan)
spin(arrived, 'the first goal')
first = dict(at)
voice.publish(VoiceEvent(text='stop', confidence=1.0))
# The word needs a moment to be heard. From then on another goal must move nothing.
end = time.monotonic() + 1
spin(lambda: time.monotonic() > end, 'a second')
stopped = dict(at)
GOAL.update(pan=-0.6, lift=0.3)
end = time.monotonic() + 1
spin(lambda: time.monotonic() > end, 'another second')
moved = max(abs(at[joint] - stopped[joint]) for joint in JOINTS)
voice.publish(VoiceEvent(text='resume', confidence=1.0))
spin(arrived, 'the goal after "resume"')
print(json.dumps({'first': first, 'stopped': stopped, 'moved': moved, 'last': at, 'names': sorted(names)}))
