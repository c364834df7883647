"""A jointed arm as ros2_control's mock hardware is, and a gamepad as joy_node publishes it, with rclpy.

The joints are where the last point of /arm/joint_trajectory says. Pushes the first stick until a joint has turned, lets
it go, falls silent, and speaks again. Prints what happened as JSON.
"""

import json
import time
from collections.abc import Callable

import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

rclpy.init()
node = rclpy.create_node('gamepad_arm')
states = node.create_publisher(JointState, '/joint_states', qos_profile_sensor_data)
joys = node.create_publisher(Joy, '/joy', 10)
at = {'pan': 0.2, 'lift': -0.3}
steps: list[float] = []
followed: list[str] = []
pad = {'axis': 0.0, 'silent': False, 'button': -1}


def take(message: JointTrajectory) -> None:
    wanted = dict(zip(message.joint_names, message.points[-1].positions, strict=True))
    steps.extend(abs(wanted[joint] - at[joint]) for joint in at)
    at.update(wanted)


def measure() -> None:
    message = JointState(name=list(at), position=list(at.values()))
    message.header.stamp = node.get_clock().now().to_msg()
    states.publish(message)


def push() -> None:
    if pad['silent']:
        return
    buttons = [int(i == pad['button']) for i in range(11)]
    joys.publish(Joy(axes=[pad['axis'], 0.0, 0.0, 0.0, 0.0], buttons=buttons))


def spin(until: Callable[[], object], what: str, timeout: float = 30) -> None:
    """Spins until a condition holds."""
    end = time.monotonic() + timeout
    while not until():
        assert time.monotonic() < end, f'{what}: not within {timeout} s; {at} {followed}'
        rclpy.spin_once(node, timeout_sec=0.02)


def wait(seconds: float) -> None:
    end = time.monotonic() + seconds
    spin(lambda: time.monotonic() > end, 'some time')


node.create_subscription(JointTrajectory, '/arm/joint_trajectory', take, 10)
node.create_subscription(String, '/control/commander', lambda message: followed.append(message.data), 10)
spin(lambda: states.get_subscription_count() and joys.get_subscription_count(), 'connections')
node.create_timer(0.01, measure)
node.create_timer(0.02, push)
spin(lambda: followed and followed[-1] == 'person', 'the person is followed')
pad['axis'] = 1.0
spin(lambda: at['pan'] > 0.6, 'the joint turns')
pad['axis'] = 0.0
wait(0.5)
pushed = dict(at)
wait(0.3)
still = dict(at)
pad['silent'] = True
spin(lambda: followed[-1] == 'nobody', 'the silence holds')
pad.update(silent=False, button=2)
spin(lambda: followed[-1] == 'person', 'it goes on')
pad['button'] = -1
wait(0.2)
pad['button'] = 0
wait(0.3)
print(json.dumps({'pushed': pushed, 'still': still, 'fastest': max(steps), 'said': sorted(set(followed))}))
