"""An action client by rclpy: does the steps of a JSON list on stdin, one after the other, and prints what came of each goal sent to /control/gripper_cmd.

{"begun": true}: waits for the next episode; {"reach": {index: [pose, ...]}}: does so too, then brings the tool through its poses; {"say": text}: a voice event, with "episode" up to the episode
that follows, which puts the fingers elsewhere; {"drive": bool}: begins or ends
fresh chunks of a policy; {"grasp": text}: a goal of /control/grasp, with null its cancel; {"position": m, "effort": N, "after": n, "then": "cancel" | "stop" | "deactivate" | "drive"}: a goal, and what is done after n words of feedback."""

import json
import math
import sys
import time

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
episodes, poses = [], []
node.create_subscription(String, '/episode', lambda m: episodes.append(json.loads(m.data)['index']), 10)
node.create_subscription(PoseStamped, '/tool_pose', lambda m: poses.append(m), qos_profile_sensor_data)
driving, grasping = False, None


def spin(until, what, timeout=40):
    end = time.monotonic() + timeout
    while not until():
        assert time.monotonic() < end, f'{what}: not within {timeout} s'
        rclpy.spin_once(node, timeout_sec=0.02)


def done(future):
    spin(future.done, 'an answer')
    return future.result()


def chunk():
    if driving and poses:
        message = ActionChunk(rate=30.0, data=[0.0, 0.0, 0.0, 0.0, 0.085, 40.0] * 10, grasp_success=math.nan)
        message.header.stamp, message.header.frame_id, message.origin = (
            node.get_clock().now().to_msg(),
            'tool',
            poses[-1].pose,
        )
        chunks.publish(message)


def next_episode():
    before = len(episodes)
    spin(lambda: len(episodes) > before and poses, 'an episode')


def reach(table):
    next_episode()
    for x, y, z, *turn in table[str(episodes[-1])]:

        def away():
            p = poses[-1].pose.position
            return math.dist((p.x, p.y, p.z), (x, y, z))

        p = poses[-1].pose.position
        start, begun = (p.x, p.y, p.z), time.monotonic()
        seconds = max(away() / 0.2, 0.1)

        def arrived():
            share = min(1.0, (time.monotonic() - begun) / seconds)
            message = PoseStamped()
            message.header.frame_id = 'base'
            q, t = message.pose.orientation, message.pose.position
            t.x, t.y, t.z = (a + (b - a) * share for a, b in zip(start, (x, y, z)))
            q.x, q.y, q.z, q.w = turn
            target.publish(message)
            return share == 1.0 and away() < 0.004

        spin(arrived, 'the tool', 10)


def goal(step):
    global driving
    feedback = []
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
            driving = True
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


node.create_timer(1 / 30, chunk)
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
        next_episode()
    elif 'reach' in step:
        reach(step['reach'])
    elif 'say' in step:
        before = len(episodes)
        voice.publish(VoiceEvent(text=step['say'], confidence=1.0))
        if step.get('episode'):
            spin(lambda: len(episodes) > before, 'an episode')
    elif step.get('grasp'):
        grasping = done(grasp.send_goal_async(Grasp.Goal(text=step['grasp'])))
        assert grasping.accepted, 'grasp refused'
    elif 'grasp' in step:
        result = grasping.get_result_async()
        done(grasping.cancel_goal_async())
        done(result)
    elif 'drive' in step:
        driving = step['drive']
    else:
        # What was said or begun just before may not have arrived yet: with "again" a refusal is not the last word.
        outcome, end = goal(step), time.monotonic() + 5
        while step.get('again') and not outcome['accepted'] and time.monotonic() < end:
            outcome = goal(step)
        outcomes.append(outcome)
print(json.dumps(outcomes))
