"""The peer of `prehend bench ros2`, written by hand with rclpy.

It subscribes to the same topics. At each colour frame it takes the depth and the wrench with the nearest stamps,
without interpolation and without a window. SIGINT ends it; it then prints what it received.
"""

import json
import signal
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import WrenchStamped
from numpy.typing import NDArray
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

rclpy.init()
node = rclpy.create_node('bench_peer')
wrenches: list[tuple[int, tuple[float, ...]]] = []
depths: list[tuple[int, NDArray[np.uint16]]] = []
seen = {'rgb': 0, 'depth': 0, 'wrench': 0, 'observations': 0}


def stamp(message: Any) -> int:
    """ns."""
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def on_wrench(message: WrenchStamped) -> None:
    seen['wrench'] += 1
    f, t = message.wrench.force, message.wrench.torque
    wrenches.append((stamp(message), (f.x, f.y, f.z, t.x, t.y, t.z)))
    del wrenches[:-300]


def on_depth(message: Image) -> None:
    seen['depth'] += 1
    depths.append((stamp(message), np.asarray(message.data).view(np.uint16).reshape(message.height, message.width)))
    del depths[:-4]


def on_rgb(message: Image) -> None:
    seen['rgb'] += 1
    at = stamp(message)
    np.asarray(message.data).reshape(message.height, message.width, 3)
    if depths and wrenches:
        min(depths, key=lambda d: abs(d[0] - at))
        min(wrenches, key=lambda w: abs(w[0] - at))
        seen['observations'] += 1


def sensor(depth: int) -> QoSProfile:
    return QoSProfile(depth=depth, reliability=ReliabilityPolicy.BEST_EFFORT)


node.create_subscription(WrenchStamped, '/wrist/wrench', on_wrench, sensor(200))
node.create_subscription(Image, '/camera/depth/image_raw', on_depth, sensor(5))
node.create_subscription(Image, '/camera/color/image_raw', on_rgb, sensor(5))
done: list[bool] = []
signal.signal(signal.SIGINT, lambda *_: done.append(True))
while not done:
    rclpy.spin_once(node, timeout_sec=0.1)
print(json.dumps(seen))
