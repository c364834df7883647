"""An action client with rclpy: sends the goals of a JSON list on stdin to /control/grasp, one after the other.

It prints the outcome of each goal. The keys of a goal:

{"text": words, "timeout": s}: the goal itself.
{"say": text}: a voice event before the goal. With "begun" it waits for the episode that follows.
{"after": n}: what follows is done after n feedback messages that report a motion:
{"signal": [pid, name]} sends a signal to a process, and waits after SIGSTOP until all its threads are stopped,
{"stop": "service" | "word"} stops, {"cancel": true} cancels, {"episode": true} announces an episode. A stop and a
cancel are sent together.
{"continue": pid}: SIGCONT once the goal has ended.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from prehend_interfaces.action import Grasp
from prehend_interfaces.msg import VoiceEvent
from prehend_interfaces.srv import Stop
from rclpy.action import ActionClient
from rclpy.duration import Duration
from std_msgs.msg import String

# Subscriptions to the voice events: those of cell, fusion and control, and this client's own.
SUBSCRIPTIONS = 4

rclpy.init()
node = rclpy.create_node('grasp_client')
client = ActionClient(node, Grasp, '/control/grasp')
stop = node.create_client(Stop, '/control/stop')
voice = node.create_publisher(VoiceEvent, '/voice/events', 10)
episodes = node.create_publisher(String, '/episode', 10)
begun: list[String] = []
words: list[str] = []
node.create_subscription(String, '/episode', begun.append, 10)
node.create_subscription(VoiceEvent, '/voice/events', lambda m: words.append(m.text), 10)
assert client.wait_for_server(30), 'no /control/grasp'
assert stop.wait_for_service(30), 'no /control/stop'


def done(future: Any) -> Any:
    """The result of a future, once it is there."""
    rclpy.spin_until_future_complete(node, future, timeout_sec=40)
    return future.result()


def stands(pid: int) -> bool:
    """Whether all threads of a process are stopped. A signal is sent at once, but takes effect when a thread runs."""
    tasks = Path(f'/proc/{pid}/task').iterdir()
    return all((task / 'stat').read_text().rpartition(')')[2].split()[0] == 'T' for task in tasks)


outcomes: list[dict[str, Any]] = []
for goal in json.load(sys.stdin):
    if 'say' in goal:
        while voice.get_subscription_count() < SUBSCRIPTIONS:
            rclpy.spin_once(node, timeout_sec=0.05)
        before = len(begun)
        voice.publish(VoiceEvent(text=goal['say'], confidence=1.0))
        end = time.monotonic() + (20 if goal.get('begun') else 0.5)
        while time.monotonic() < end and not (goal.get('begun') and len(begun) > before):
            rclpy.spin_once(node, timeout_sec=0.05)
    feedback: list[tuple[str, float, int]] = []
    stopping = None
    words.clear()
    message = Grasp.Goal(text=goal['text'])
    message.timeout.sec = goal.get('timeout', 20)

    def on_feedback(m: Any, kept: list[tuple[str, float, int]] = feedback) -> None:
        kept.append((m.feedback.phase, m.feedback.force, len(m.feedback.gate)))

    handle = done(client.send_goal_async(message, feedback_callback=on_feedback))
    if not handle.accepted:
        outcomes.append({'accepted': False})
        continue
    result = handle.get_result_async()
    if 'after' in goal:
        while not result.done() and sum(phase != 'standing' for phase, *_ in feedback) < goal['after']:
            rclpy.spin_once(node, timeout_sec=0.05)
        if 'signal' in goal:
            pid, name = goal['signal']
            os.kill(pid, getattr(signal, name))
            while name == 'SIGSTOP' and not stands(pid):
                time.sleep(0.001)
        if goal.get('stop') == 'service':
            stopping = stop.call_async(Stop.Request(reason='test'))
        elif goal.get('stop') == 'word':
            voice.publish(VoiceEvent(text='stop', confidence=1.0))
        if goal.get('cancel'):
            done(handle.cancel_goal_async())
        elif goal.get('episode'):
            episodes.publish(String(data='{}'))
        if stopping:
            done(stopping)
        elif goal.get('stop') == 'word':
            assert voice.wait_for_all_acked(Duration(seconds=10)), 'the word was not heard'
    ended = done(result)
    if 'continue' in goal:
        os.kill(goal['continue'], signal.SIGCONT)
    names = {
        GoalStatus.STATUS_SUCCEEDED: 'succeeded',
        GoalStatus.STATUS_CANCELED: 'canceled',
        GoalStatus.STATUS_ABORTED: 'aborted',
    }
    outcomes.append(
        {
            'accepted': True,
            'status': names[ended.status],
            'success': ended.result.success,
            'reason': ended.result.reason,
            'peakForce': ended.result.peak_force,
            'feedback': feedback,
            'words': list(words),
        }
    )
print(json.dumps(outcomes))
