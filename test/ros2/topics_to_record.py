"""Publishes what a recorder is tried with, until the end of standard input. Then prints how much it published as JSON.

/joints: JointState at 100 Hz, its first position counts up. /twist: a type without a codec of ours, at 20 Hz.
/description: a text that was said once, before the recorder came, and is kept for late subscribers.
"""

import json
import sys
import threading

import rclpy
from geometry_msgs.msg import Twist, Vector3
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import String

rclpy.init()
node = rclpy.create_node('published')
joints = node.create_publisher(JointState, '/joints', 10)
twists = node.create_publisher(Twist, '/twist', 10)
latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
description = node.create_publisher(String, '/description', latched)
description.publish(String(data='an arm'))
counts = {'joints': 0, 'twist': 0}


def publish_joints() -> None:
    message = JointState(name=['a'], position=[float(counts['joints'])])
    message.header.stamp = node.get_clock().now().to_msg()
    joints.publish(message)
    counts['joints'] += 1


def publish_twist() -> None:
    twists.publish(Twist(linear=Vector3(x=0.5)))
    counts['twist'] += 1


node.create_timer(0.01, publish_joints)
node.create_timer(0.05, publish_twist)
ended = threading.Event()


def wait() -> None:
    sys.stdin.read()
    ended.set()


threading.Thread(target=wait, daemon=True).start()
print('ready', flush=True)
while not ended.is_set():
    rclpy.spin_once(node, timeout_sec=0.05)
print(json.dumps(counts))
