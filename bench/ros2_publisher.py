"""The source of `prehend bench ros2`: rgb8 and 16UC1 of 640x480 at 30 Hz, and a wrench at 1 kHz, for some seconds.

It publishes them as the drivers of a camera and of a wrist sensor would. It prints `begin` and begins once the
subscribers are there, and prints at the end what it sent.
"""

import json
import sys
import time

import rclpy
from geometry_msgs.msg import WrenchStamped
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

seconds, subscribers = float(sys.argv[1]), int(sys.argv[2])
rclpy.init()
node = rclpy.create_node('bench_source')
sensor = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
rgb = node.create_publisher(Image, '/camera/color/image_raw', sensor)
depth = node.create_publisher(Image, '/camera/depth/image_raw', sensor)
wrench = node.create_publisher(
    WrenchStamped, '/wrist/wrench', QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE)
)
while min(p.get_subscription_count() for p in (rgb, depth, wrench)) < subscribers:
    time.sleep(0.05)
colour = Image(height=480, width=640, encoding='rgb8', step=1920, data=bytes(640 * 480 * 3))
ranges = Image(height=480, width=640, encoding='16UC1', step=1280, data=bytes(640 * 480 * 2))
colour.header.frame_id = ranges.header.frame_id = 'camera_color_optical_frame'
force = WrenchStamped()
force.header.frame_id = 'wrist'
print('begin', flush=True)
started = time.monotonic()
samples = frames = 0
while samples < seconds * 1000:
    force.header.stamp = node.get_clock().now().to_msg()
    force.wrench.force.z = float(samples % 100)
    wrench.publish(force)
    samples += 1
    if samples * 30 >= (frames + 1) * 1000:
        colour.header.stamp = ranges.header.stamp = node.get_clock().now().to_msg()
        depth.publish(ranges)
        rgb.publish(colour)
        frames += 1
    wait = started + samples / 1000 - time.monotonic()
    if wait > 0:
        time.sleep(wait)
print(json.dumps({'frames': frames, 'samples': samples, 'seconds': time.monotonic() - started}))
