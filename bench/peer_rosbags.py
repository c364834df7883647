"""The peer of the replay in `prehend bench`, written by hand with rosbags and NumPy.

It reads a bag. At each colour frame it takes the nearest depth and the mean of the last 33 ms of the wrench, without
interpolation, pyramid or hash. It prints its seconds and frames.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

started = time.perf_counter()
frames = 0
wrench_t: list[int] = []
wrench: list[tuple[float, ...]] = []
depths: list[tuple[int, NDArray[np.uint16]]] = []
with AnyReader([Path(sys.argv[1])], default_typestore=get_typestore(Stores.ROS2_HUMBLE)) as reader:
    wanted = ['/wrist/wrench', '/camera/color/image_raw', '/camera/depth/image_raw']
    for connection, _, raw in reader.messages([c for c in reader.connections if c.topic in wanted]):
        message: Any = reader.deserialize(raw, connection.msgtype)
        t = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        if connection.topic == wanted[0]:
            f, q = message.wrench.force, message.wrench.torque
            wrench_t.append(t)
            wrench.append((f.x, f.y, f.z, q.x, q.y, q.z))
        elif connection.topic == wanted[2]:
            depths.append((t, message.data.view(np.uint16).reshape(message.height, message.width)))
            depths = depths[-4:]
        else:
            rgb = message.data.reshape(message.height, message.width, 3)
            nearest = min(depths, key=lambda d: abs(d[0] - t))[1] if depths else None
            stamps = np.array(wrench_t[-300:])
            inside = (stamps > t - 33333333) & (stamps <= t)
            mean = np.array(wrench[-300:])[inside].mean(axis=0) if inside.any() else np.zeros(6)
            frames += 1
print(json.dumps({'seconds': time.perf_counter() - started, 'frames': frames}))
