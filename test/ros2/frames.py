"""What a tool that starts late makes of the cell's frames, with rclpy.

It joins /tf_static and /tf, takes one depth picture with its camera_info, and transforms the points of the picture into
the base frame. It prints JSON: the fixed frames {name: parent}, the stamps of /tf (s), and of the points' heights in
the base frame the median (m) and the share within 5 mm of the table.
"""

import json
import sys
import time
from typing import Any

import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage

rclpy.init()
node = rclpy.create_node('late')
fixed: dict[str, Any] = {}
moving: list[Any] = []
infos: list[CameraInfo] = []
pictures: list[Image] = []
words: list[int] = []
late = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def on_static(message: TFMessage) -> None:
    words.append(len(message.transforms))
    fixed.update({t.child_frame_id: t for t in message.transforms})


node.create_subscription(TFMessage, '/tf_static', on_static, late)
node.create_subscription(TFMessage, '/tf', lambda m: moving.extend(m.transforms), 100)
node.create_subscription(CameraInfo, '/camera/color/camera_info', infos.append, qos_profile_sensor_data)
node.create_subscription(Image, '/camera/depth/image_raw', pictures.append, qos_profile_sensor_data)


def seconds(message: Any) -> float:
    """The stamp of a message, s."""
    return message.header.stamp.sec + message.header.stamp.nanosec * 1e-9


end = time.monotonic() + 30
while time.monotonic() < end and not (
    fixed and infos and pictures and len(moving) > 100 and seconds(moving[-1]) > seconds(pictures[0])
):
    rclpy.spin_once(node, timeout_sec=0.1)


def matrix(transform: Any) -> NDArray[np.float64]:
    """[4, 4]: from the child frame into its parent."""
    p, q = transform.transform.translation, transform.transform.rotation
    x, y, z, w = q.x, q.y, q.z, q.w
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), p.x],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), p.y],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), p.z],
            [0, 0, 0, 1],
        ]
    )


depth = pictures[0]
frame, to_base = depth.header.frame_id, np.eye(4)
while frame in fixed:
    to_base = matrix(fixed[frame]) @ to_base
    frame = fixed[frame].header.frame_id
nearest = min((t for t in moving if t.child_frame_id == frame), key=lambda t: abs(seconds(t) - seconds(depth)))
to_base = matrix(nearest) @ to_base

metres = np.frombuffer(depth.data, dtype=np.uint16).reshape(depth.height, depth.width) / 1000
k = np.array(infos[0].k).reshape(3, 3)
v, u = np.nonzero(metres)
rays = np.linalg.inv(k) @ np.stack([u, v, np.ones_like(u)])
points = to_base @ np.vstack([rays * metres[v, u], np.ones((1, len(u)))])
heights = points[2]
json.dump(
    {
        'fixed': {name: t.header.frame_id for name, t in fixed.items()},
        'words': words,
        'base': nearest.header.frame_id,
        'moving': sorted({t.child_frame_id for t in moving}),
        'stamps': [seconds(t) for t in moving],
        'median': float(np.median(heights)),
        'share': float(np.mean(np.abs(heights) < 0.005)),
        'points': len(u),
    },
    sys.stdout,
)
