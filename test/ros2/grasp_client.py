"""An action client by rclpy: sends the goals of a JSON list on stdin to /control/grasp, one after the other; `cancelAfter` (s of feedback) cancels, `stop`
calls /control/stop meanwhile, `episode` announces one, `say` publishes a voice event first, with `begun` up to the episode that follows. Prints what came of each."""
import json
import sys
import time

import rclpy
from action_msgs.msg import GoalStatus
from prehend_interfaces.action import Grasp
from prehend_interfaces.msg import VoiceEvent
from prehend_interfaces.srv import Stop
from rclpy.action import ActionClient
from std_msgs.msg import String

rclpy.init()
node = rclpy.create_node('grasp_client')
client = ActionClient(node, Grasp, '/control/grasp')
stop = node.create_client(Stop, '/control/stop')
voice = node.create_publisher(VoiceEvent, '/voice/events', 10)
episodes = node.create_publisher(String, '/episode', 10)
begun = []
node.create_subscription(String, '/episode', begun.append, 10)
assert client.wait_for_server(30), 'no /control/grasp'
assert stop.wait_for_service(30), 'no /control/stop'


def done(future):
    rclpy.spin_until_future_complete(node, future, timeout_sec=40)
    return future.result()


outcomes = []
for goal in json.load(sys.stdin):
    if 'say' in goal:
        while voice.get_subscription_count() < 2:
            rclpy.spin_once(node, timeout_sec=0.05)
        before = len(begun)
        voice.publish(VoiceEvent(text=goal['say'], confidence=1.0))
        end = time.monotonic() + (20 if goal.get('begun') else 0.5)
        while time.monotonic() < end and not (goal.get('begun') and len(begun) > before):
            rclpy.spin_once(node, timeout_sec=0.05)
    feedback = []
    message = Grasp.Goal(text=goal['text'])
    message.timeout.sec = goal.get('timeout', 20)
    handle = done(client.send_goal_async(message, feedback_callback=lambda m: feedback.append((m.feedback.phase, m.feedback.force, len(m.feedback.gate)))))
    if not handle.accepted:
        outcomes.append({'accepted': False})
        continue
    result = handle.get_result_async()
    if goal.get('after'):
        while not result.done() and sum(phase != 'standing' for phase, *_ in feedback) < goal['after']:
            rclpy.spin_once(node, timeout_sec=0.05)
        if goal.get('cancel'):
            done(handle.cancel_goal_async())
        elif goal.get('episode'):
            episodes.publish(String(data='{}'))
        else:
            done(stop.call_async(Stop.Request(reason='test')))
    ended = done(result)
    names = {GoalStatus.STATUS_SUCCEEDED: 'succeeded', GoalStatus.STATUS_CANCELED: 'canceled', GoalStatus.STATUS_ABORTED: 'aborted'}
    outcomes.append({
        'accepted': True, 'status': names[ended.status], 'success': ended.result.success, 'reason': ended.result.reason, 'peakForce': ended.result.peak_force,
        'feedback': feedback,
    })
print(json.dumps(outcomes))
