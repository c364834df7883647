"""A gripper behind an action server, as ros2_control's gripper controllers are, and a policy that commands it.

Its argument is the type of the action: ParallelGripperCommand or GripperCommand. The fingers move at 0.1 m/s. A goal
ends the one before. Prints what happened as JSON.
"""

import json
import math
import sys
import threading
import time
from typing import Any

import rclpy
from control_msgs.action import GripperCommand, ParallelGripperCommand
from prehend_interfaces.msg import ActionChunk, ActionGroup, VoiceEvent
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState

IS_PARALLEL = sys.argv[1] == 'ParallelGripperCommand'
TYPE: Any = ParallelGripperCommand if IS_PARALLEL else GripperCommand
# Joint positions, rad: closed at 0 m, open at 0.08 m.
CLOSED, OPEN = 0.8, 0.0
SPEED = 0.1 * 0.8 / 0.08

rclpy.init()
node = rclpy.create_node('gripper_server')
group = ReentrantCallbackGroup()
states = node.create_publisher(JointState, '/gripper_states', qos_profile_sensor_data)
chunks = node.create_publisher(ActionChunk, '/policy/action_chunk', 10)
voice = node.create_publisher(VoiceEvent, '/voice/events', 10)


class Fingers:
    """Where the joint is (rad), and the number of the goal that moves it."""

    position = OPEN
    goal = 0


fingers = Fingers()
goals: list[tuple[float, float]] = []
ends: list[str] = []
opening = 1.0
refuses = False


def command_of(request: Any) -> tuple[float, float]:
    if IS_PARALLEL:
        assert list(request.command.name) == ['finger_joint']
        return request.command.position[0], request.command.effort[0]
    return request.command.position, request.command.max_effort


def execute(handle: Any) -> Any:
    fingers.goal += 1
    own = fingers.goal
    goal, effort = command_of(handle.request)
    goals.append((goal, effort))
    while abs(fingers.position - goal) > 1e-9:
        if handle.is_cancel_requested:
            handle.canceled()
            ends.append('canceled')
            return TYPE.Result()
        if own != fingers.goal:
            handle.abort()
            ends.append('preempted')
            return TYPE.Result()
        step = SPEED * 0.005
        fingers.position += max(-step, min(step, goal - fingers.position))
        time.sleep(0.005)
    handle.succeed()
    ends.append('succeeded')
    return TYPE.Result(reached_goal=True)


def measure() -> None:
    message = JointState(name=['finger_joint'], position=[fingers.position])
    message.header.stamp = node.get_clock().now().to_msg()
    states.publish(message)


def plan() -> None:
    groups = [ActionGroup(name='hand', kind='gripper', channels=['opening', 'effort'])]
    message = ActionChunk(rate=30.0, data=[opening, 3.0] * 10, grasp_success=math.nan, version=2, groups=groups)
    message.header.stamp = node.get_clock().now().to_msg()
    chunks.publish(message)


def wait(until: Any, what: str, timeout: float = 30) -> None:
    end = time.monotonic() + timeout
    while not until():
        assert time.monotonic() < end, (
            f'{what}: not within {timeout} s; goals {goals}, ends {ends}, at {fingers.position}'
        )
        time.sleep(0.005)


server = ActionServer(
    node,
    TYPE,
    '/hand/gripper_cmd',
    execute,
    goal_callback=lambda _goal: GoalResponse.REJECT if refuses else GoalResponse.ACCEPT,
    cancel_callback=lambda _handle: CancelResponse.ACCEPT,
    callback_group=group,
)
executor = MultiThreadedExecutor(8)
executor.add_node(node)
threading.Thread(target=executor.spin, daemon=True).start()
wait(
    lambda: states.get_subscription_count() and chunks.get_subscription_count() and voice.get_subscription_count(),
    'connections',
)
node.create_timer(0.01, measure, callback_group=group)
node.create_timer(1 / 30, plan, callback_group=group)
wait(lambda: goals, 'the first goal')
time.sleep(0.5)
standing = len(goals)
opening = 0.25
wait(lambda: abs(fingers.position - 0.6) < 1e-6, 'a quarter open')
quarter = len(goals)
# In the middle of a motion another goal comes, and then a stop.
opening = 1.0
wait(lambda: fingers.position < 0.5, 'on its way')
opening = 0.0
wait(lambda: 'preempted' in ends, 'a goal that ends the one before')
wait(lambda: fingers.position > 0.3, 'on its way back')
voice.publish(VoiceEvent(text='stop', confidence=1.0))
wait(lambda: 'canceled' in ends, 'a cancelled goal')
stopped = fingers.position
time.sleep(0.7)
moved = abs(fingers.position - stopped)
hold = goals[-1][0]
count = len(goals)
voice.publish(VoiceEvent(text='resume', confidence=1.0))
wait(lambda: abs(fingers.position - CLOSED) < 1e-6, 'closed after "resume"')
refuses = True
opening = 1.0
time.sleep(1)
refused = fingers.position
refuses = False
voice.publish(VoiceEvent(text='resume', confidence=1.0))
wait(lambda: abs(fingers.position - OPEN) < 1e-6, 'open after the refusal')
print(
    json.dumps(
        {
            'first': goals[0],
            'standing': standing,
            'quarter': quarter,
            'efforts': sorted({effort for _goal, effort in goals}),
            'moved': moved,
            'hold': abs(hold - stopped),
            'stopped': stopped,
            'after_stop': count,
            'refused': refused,
            'goals': len(goals),
        }
    )
)
sys.stdout.flush()
# The threads of the executor need not end.
__import__('os')._exit(0)
