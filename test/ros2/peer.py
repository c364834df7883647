"""A ROS 2 process with rclpy for the tests: its nodes publish, subscribe and call services on request.

It first prints {"ready": true}. It then reads one JSON request a line, {id, do, ...}, and answers each with a line
{id, answer} or {id, error}. Requests run side by side.
"""

import hashlib
import json
import math
import random
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from messages import plain, type_of

context = rclpy.Context()
rclpy.init(args=sys.argv, context=context)
executor = SingleThreadedExecutor(context=context)
nodes: dict[str, Node] = {}
publishers: dict[tuple[str, str, str], Any] = {}
heard: dict[str, list[Any]] = {}
clients: dict[str, Any] = {}
lock = threading.Lock()
printing = threading.Lock()


class Ends:
    """Counts how often whoever publishes was told that it is enough."""

    told = 0


def compact(value: Any) -> Any:
    """Bytes as their number and their sha256. A single byte stays as it is. None for anything else."""
    if isinstance(value, bytes):
        return value[0] if len(value) == 1 else list(value)
    if getattr(value, 'typecode', '') == 'B':
        return {'length': len(value), 'sha256': hashlib.sha256(value).hexdigest()}
    return None


def fill(message: Any, fields: dict[str, Any]) -> Any:
    """Sets the fields of a message.

    {"$now": s} is a time that far from now, {"$bytes": [n, value]} is n equal bytes, {"$file": path} is the content of
    a file, {"$nan": 1} is NaN.
    """
    for name, value in fields.items():
        now = getattr(message, name)
        if isinstance(value, dict) and '$now' in value:
            stamp = time.time_ns() + int(value['$now'] * 1e9)
            now.sec, now.nanosec = stamp // 10**9, stamp % 10**9
        elif isinstance(value, dict) and '$bytes' in value:
            now.frombytes(bytes([value['$bytes'][1]]) * value['$bytes'][0])
        elif isinstance(value, dict) and '$file' in value:
            now.frombytes(Path(value['$file']).read_bytes())
        elif isinstance(value, dict) and '$nan' in value:
            setattr(message, name, math.nan)
        elif isinstance(value, dict):
            fill(now, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            kind = message.get_fields_and_field_types()[name]
            package, type_name = kind.removeprefix('sequence<').removesuffix('>').split('/')
            setattr(message, name, [fill(type_of(f'{package}/msg/{type_name}')(), element) for element in value])
        elif isinstance(now, float):
            setattr(message, name, float(value))
        else:
            setattr(message, name, value)
    return message


def node(name: str = 'peer') -> Node:
    with lock:
        if name not in nodes:
            namespace, _, last = name.rpartition('/')
            nodes[name] = Node(
                last, namespace=namespace or None, context=context, start_parameter_services=False, enable_rosout=False
            )
            executor.add_node(nodes[name])
            executor.wake()
        return nodes[name]


def quality(reliable: bool = True, depth: int = 1000, transient: bool = False) -> QoSProfile:
    return QoSProfile(
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if transient else DurabilityPolicy.VOLATILE,
    )


def publisher(topic: str, kind: str, node_name: str = 'peer', **qos: Any) -> Any:
    key = (node_name, topic, kind)
    owner = node(node_name)
    with lock:
        if key not in publishers:
            publishers[key] = owner.create_publisher(type_of(kind), topic, quality(**qos))
        return publishers[key]


def until(what: str, timeout: float, done: Callable[[], bool]) -> None:
    end = time.monotonic() + timeout
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f'{what}: not within {timeout} s')
        time.sleep(0.005)


def advertise(topic: str, kind: str, node: str = 'peer', match: int = 0, timeout: float = 20, **qos: Any) -> None:
    """Makes a publisher, and waits until it is matched with `match` subscriptions."""
    made = publisher(topic, kind, node, **qos)
    until(f'{topic}: {match} subscriptions', timeout, lambda: made.get_subscription_count() >= match)


def publish(topic: str, kind: str, messages: Iterable[dict[str, Any]], node: str = 'peer', period: float = 0) -> None:
    """Publishes messages, one a `period` (s), until it is told that it is enough."""
    made = publisher(topic, kind, node)
    start, told = time.monotonic(), Ends.told
    for i, fields in enumerate(messages):
        if Ends.told > told:
            break
        made.publish(fill(type_of(kind)(), fields))
        time.sleep(max(0, start + (i + 1) * period - time.monotonic()))


def listen(topic: str, kind: str, node_name: str = 'peer', match: int = 1, timeout: float = 20, **qos: Any) -> None:
    """Subscribes to a topic, keeps the messages, and waits for `match` publishers."""
    owner = node(node_name)
    box = heard.setdefault(topic, [])
    if not any(made.topic_name == topic for made in owner.subscriptions):
        owner.create_subscription(type_of(kind), topic, box.append, quality(**qos))
        executor.wake()
    until(f'{topic}: {match} publishers', timeout, lambda: owner.count_publishers(topic) >= match)


def take(topic: str, count: int = 0, timeout: float = 20, last: int | None = None) -> list[Any]:
    """The messages of a topic, once there are `count`. With `last` only that many, the newest."""
    box = heard[topic]
    until(f'{topic}: {count} messages, heard {len(box)}', timeout, lambda: len(box) >= count)
    return [plain(message, compact) for message in (box if last is None else box[-last:])]


def clear(topic: str) -> None:
    heard[topic].clear()


def call(service: str, kind: str, request: dict[str, Any] | None = None, timeout: float = 20) -> Any:
    with lock:
        if service not in clients:
            clients[service] = None
    owner = node()
    with lock:
        if clients[service] is None:
            clients[service] = owner.create_client(type_of(kind), service)
    client = clients[service]
    if not client.wait_for_service(timeout_sec=timeout):
        raise TimeoutError(f'{service}: no such service within {timeout} s')
    done = threading.Event()
    future = client.call_async(fill(type_of(kind).Request(), request or {}))
    future.add_done_callback(lambda _future: done.set())
    if not done.wait(timeout):
        raise TimeoutError(f'{service}: no answer within {timeout} s')
    return plain(future.result(), compact)


def graph(node: str = 'peer') -> list[str]:
    return sorted(f'{namespace.rstrip("/")}/{name}' for name, namespace in nodes[node].get_node_names_and_namespaces())


def count(topic: str, node: str = 'peer') -> dict[str, int]:
    """How many publishers and subscriptions a topic has."""
    return {'publishers': nodes[node].count_publishers(topic), 'subscriptions': nodes[node].count_subscribers(topic)}


def sensors(
    seconds: float,
    width: int = 640,
    height: int = 480,
    depth: bool = True,
    wrench: bool = True,
    drop: float = 0.0,
    jitter: float = 0.0,
    seed: int = 1,
    rgb_topic: str = '/camera/color/image_raw',
    depth_topic: str = '/camera/depth/image_raw',
    wrench_topic: str = '/wrist/wrench',
    picture_rate: float = 30,
    wrench_rate: float = 1000,
    compressed: dict[str, tuple[str, list[str]]] | None = None,
) -> dict[str, int]:
    """The sensors of a robot: pictures and wrenches at their rates, stamped by one clock. Gives how many were
    published. It ends after `seconds`, or when it is told that it is enough.

    `drop`: the share of pictures left out. `jitter`: the stamps vary by up to so many s. `compressed`:
    {kind: [format, [path, ...]]}, compressed pictures that are published in turn.
    """
    rng = random.Random(seed)
    image, stamped = type_of('sensor_msgs/msg/Image'), type_of('geometry_msgs/msg/WrenchStamped')
    topics = {
        'rgb': (rgb_topic, image, 1 / picture_rate),
        'depth': (depth_topic, image, 1 / picture_rate),
        'wrench': (wrench_topic, stamped, 1 / wrench_rate),
    }
    kinds = {
        kind: topic
        for kind, topic in topics.items()
        if kind == 'rgb' or (kind == 'depth' and depth) or (kind == 'wrench' and wrench)
    }
    compressed = compressed or {}
    names = {
        'rgb': 'sensor_msgs/msg/Image',
        'depth': 'sensor_msgs/msg/Image',
        'wrench': 'geometry_msgs/msg/WrenchStamped',
        **dict.fromkeys(compressed, 'sensor_msgs/msg/CompressedImage'),
    }
    made = {kind: publisher(topic, names[kind]) for kind, (topic, _, _) in kinds.items()}
    turns = {
        kind: [
            fill(type_of(names[kind])(), {'header': {'frame_id': 'camera'}, 'format': text, 'data': {'$file': path}})
            for path in paths
        ]
        for kind, (text, paths) in compressed.items()
    }
    pictures = {}
    for kind, encoding, size in (('rgb', 'rgb8', 3), ('depth', '16UC1', 2)):
        message = pictures[kind] = image()
        message.header.frame_id, message.encoding, message.width, message.height, message.step = (
            'camera',
            encoding,
            width,
            height,
            width * size,
        )
        message.data.frombytes(rng.randbytes(width * height * size))
    force = stamped()
    force.header.frame_id = 'wrist'
    counts = dict.fromkeys(kinds, 0)
    start, begin, told = time.monotonic(), time.time_ns(), Ends.told
    sent = dict.fromkeys(kinds, 0)
    while True:
        at, kind = min((number * kinds[kind][2], kind) for kind, number in sent.items())
        if at > seconds - 1e-6 or Ends.told > told:
            break
        sent[kind] += 1
        wait = start + at - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        stamp = begin + int((at + rng.uniform(-jitter, jitter)) * 1e9)
        message = (
            force
            if kind == 'wrench'
            else turns[kind][sent[kind] % len(turns[kind])]
            if kind in turns
            else pictures[kind]
        )
        message.header.stamp.sec, message.header.stamp.nanosec = stamp // 10**9, stamp % 10**9
        if kind == 'wrench':
            message.wrench.force.z, message.wrench.torque.x = 3 + rng.gauss(0, 0.1), rng.gauss(0, 0.01)
        elif kind not in turns:
            message.data[rng.randrange(len(message.data))] = rng.randrange(256)
        if kind == 'wrench' or rng.random() >= drop:
            made[kind].publish(message)
            counts[kind] += 1
    return counts


def enough() -> None:
    """Ends what publishes."""
    Ends.told += 1


def make_node(name: str) -> None:
    node(name)


def silence(topic: str, node_name: str) -> None:
    """Takes the publishers of a node on a topic away."""
    for key in [key for key in publishers if key[:2] == (node_name, topic)]:
        nodes[node_name].destroy_publisher(publishers.pop(key))


DOES: dict[str, Callable[..., Any]] = {
    'advertise': advertise,
    'publish': publish,
    'listen': listen,
    'take': take,
    'clear': clear,
    'call': call,
    'graph': graph,
    'count': count,
    'sensors': sensors,
    'enough': enough,
    'node': make_node,
    'silence': silence,
}


def say(line: dict[str, Any]) -> None:
    with printing:
        print(json.dumps(line), flush=True)


def answer(request: dict[str, Any]) -> None:
    number, name = request.pop('id'), request.pop('do')
    if 'type' in request:
        request['kind'] = request.pop('type')
    try:
        say({'id': number, 'answer': DOES[name](**request)})
    except Exception as error:  # noqa: BLE001 - whoever asked gets every error as an answer
        say({'id': number, 'error': f'{name}: {type(error).__name__}: {error}'})


node()
threading.Thread(target=executor.spin, daemon=True).start()
say({'ready': True})
for line in sys.stdin:
    threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()
executor.shutdown(timeout_sec=0)
