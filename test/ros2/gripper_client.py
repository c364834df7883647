"""An action client with rclpy: does the steps of a JSON list on stdin, one after the other.

It prints the outcome of each goal that it sent to /control/gripper_cmd. The steps:

{"begun": true}: begins an episode.
{"reach": {index: [pose, ...]}}: begins an episode, then moves the tool through the poses of that episode.
{"say": text}: a voice event. With "episode" it waits for the episode that follows, which moves the fingers.
{"drive": bool}: begins or ends to send fresh chunks, as a policy does.
{"grasp": text}: a goal of /control/grasp; with null its cancel.
{"position": m, "effort": N, "after": n, "then": "cancel" | "stop" | "deactivate" | "drive"}: a goal, and what is done
after n feedback messages. With "again" the goal is sent again for 5 s while it is refused.
"""

import json
import math
import sys
import time
from collections.abc import Callable
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from control_msgs.action import GripperCommand
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.srv import ChangeState
from prehend_interfaces.action import Grasp
from prehend_interfaces.msg import ActionChunk, VoiceEvent
from prehend_interfaces.srv import Stop
from rclpy.action import ActionClient
from rclpy.qos import qos_profile_sensor_data
from std_msgs.msg import String

rclpy.init()
node = rclpy.create_node('gripper_client')
client = ActionClient(node, GripperCommand, '/control/gripper_cmd')
grasp = ActionClient(node, Grasp, '/control/grasp')
stop = node.create_client(Stop, '/control/stop')
change = node.create_client(ChangeState, '/control/change_state')
voice = node.create_publisher(VoiceEvent, '/voice/events', 10)
target = node.create_publisher(PoseStamped, '/tool_target', 10)
chunks = node.create_publisher(ActionChunk, '/policy/action_chunk', 10)
episodes: list[int] = []
results: list[String] = []
poses: list[PoseStamped] = []
node.create_subscription(String, '/episode', lambda m: episodes.append(json.loads(m.data)['index']), 10)
node.create_subscription(String, '/episode/result', results.append, 10)
node.create_subscription(PoseStamped, '/tool_pose', poses.append, qos_profile_sensor_data)
grasping: Any = None


class Driver:
    """Sends fresh chunks while it is on, as a policy does."""

    on = False

    def send(self) -> None:
        if not (self.on and poses):
            return
        message = ActionChunk(rate=30.0, data=[0.0, 0.0, 0.0, 0.0, 0.085, 40.0] * 10, grasp_success=math.nan)
        message.header.stamp, message.header.frame_id = node.get_clock().now().to_msg(), 'tool'
        message.origin = poses[-1].pose
        chunks.publish(message)


driver = Driver()


def spin(until: Callable[[], object], what: str, timeout: float = 40) -> None:
    """Spins until a condition holds."""
    end = time.monotonic() + timeout
    while not until():
        assert time.monotonic() < end, f'{what}: not within {timeout} s'
        rclpy.spin_once(node, timeout_sec=0.02)


def done(future: Any) -> Any:
    """The result of a future, once it is there."""
    spin(future.done, 'an answer')
    return future.result()


def say(text: str) -> None:
    voice.publish(VoiceEvent(text=text, confidence=1.0))


def next_episode(before: int) -> None:
    """Waits for an episode after the first `before`."""
    spin(lambda: len(episodes) > before and poses, 'an episode')


def begin() -> None:
    """Begins an episode: a stop ends the one that runs, and "resume" begins the next."""
    before, end = len(results), time.monotonic() + 3
    say('stop')
    # Between two episodes none ends.
    spin(lambda: len(results) > before or time.monotonic() > end, 'the end of an episode')
    before = len(episodes)
    say('resume')
    next_episode(before)


def reach(table: dict[str, list[list[float]]]) -> None:
    begin()
    for pose in table[str(episodes[-1])]:
        move(pose)


def move(pose: list[float]) -> None:
    """Moves the tool to a pose (x, y, z, m, and a quaternion) at 0.2 m/s, and returns when it is there."""
    place, turn = pose[:3], pose[3:]

    def at() -> tuple[float, float, float]:
        p = poses[-1].pose.position
        return p.x, p.y, p.z

    start, begun = at(), time.monotonic()
    seconds = max(math.dist(start, place) / 0.2, 0.1)

    def arrived() -> bool:
        share = min(1.0, (time.monotonic() - begun) / seconds)
        message = PoseStamped()
        message.header.frame_id = 'base'
        q, t = message.pose.orientation, message.pose.position
        t.x, t.y, t.z = (a + (b - a) * share for a, b in zip(start, place, strict=True))
        q.x, q.y, q.z, q.w = turn
        target.publish(message)
        return share == 1.0 and math.dist(at(), place) < 0.004

    spin(arrived, 'the tool', 10)


def goal(step: dict[str, Any]) -> dict[str, Any]:
    """Sends a goal, does what the step says after so many feedback messages, and gives the outcome."""
    feedback: list[list[Any]] = []
    message = GripperCommand.Goal()
    message.command.position, message.command.max_effort = float(step['position']), float(step.get('effort', 0))
    handle = done(
        client.send_goal_async(
            message,
            feedback_callback=lambda m: feedback.append(
                [m.feedback.position, m.feedback.stalled, m.feedback.reached_goal]
            ),
        )
    )
    if not handle.accepted:
        return {'accepted': False}
    result = handle.get_result_async()
    if 'then' in step:
        spin(lambda: result.done() or len(feedback) >= step['after'], 'feedback')
        if step['then'] == 'cancel':
            done(handle.cancel_goal_async())
        elif step['then'] == 'stop':
            done(stop.call_async(Stop.Request(reason='test')))
        elif step['then'] == 'deactivate':
            request = ChangeState.Request()
            request.transition.label = 'deactivate'
            done(change.call_async(request))
        else:
            driver.on = True
    ended = done(result)
    names = {
        GoalStatus.STATUS_SUCCEEDED: 'succeeded',
        GoalStatus.STATUS_CANCELED: 'canceled',
        GoalStatus.STATUS_ABORTED: 'aborted',
    }
    return {
        'accepted': True,
        'status': names[ended.status],
        'position': ended.result.position,
        'effortKnown': not math.isnan(ended.result.effort),
        'stalled': ended.result.stalled,
        'reached': ended.result.reached_goal,
        'feedback': feedback,
    }


node.create_timer(1 / 30, driver.send)
assert client.wait_for_server(30) and grasp.wait_for_server(30), 'no actions'
assert stop.wait_for_service(30) and change.wait_for_service(30), 'no services'
spin(
    lambda: (
        chunks.get_subscription_count()
        and target.get_subscription_count()
        and voice.get_subscription_count() > 1
        and poses
    ),
    'connections',
)
outcomes = []
for step in json.load(sys.stdin):
    if 'begun' in step:
        begin()
    elif 'reach' in step:
        reach(step['reach'])
    elif 'say' in step:
        before = len(episodes)
        say(step['say'])
        if step.get('episode'):
            next_episode(before)
    elif step.get('grasp'):
        grasping = done(grasp.send_goal_async(Grasp.Goal(text=step['grasp'])))
        assert grasping.accepted, 'grasp refused'
    elif 'grasp' in step:
        result = grasping.get_result_async()
        done(grasping.cancel_goal_async())
        done(result)
    elif 'drive' in step:
        driver.on = step['drive']
    else:
        # The node may not have received yet what was sent just before, and refuse the goal: with "again" it is sent
        # again.
        outcome, end = goal(step), time.monotonic() + 5
        while step.get('again') and not outcome['accepted'] and time.monotonic() < end:
            outcome = goal(step)
        outcomes.append(outcome)
print(json.dumps(outcomes))
