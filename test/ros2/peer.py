"""A ROS 2 process by rclpy for the tests: nodes that publish, listen and call as they are told to.

Reads one JSON request a line, {id, do, ...}, and answers each with a line {id, answer} or {id, error}; says {"ready": true} first. Requests run side by side.
"""

import hashlib
import json
import math
import random
import sys
import threading
import time

import rclpy
from messages import plain, type_of
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

context = rclpy.Context()
rclpy.init(args=sys.argv, context=context)
executor = SingleThreadedExecutor(context=context)
nodes, publishers, heard, clients = {}, {}, {}, {}
lock = threading.Lock()
printing = threading.Lock()


def compact(value):
    """Bytes by their number and sum; a single one as itself."""
    if isinstance(value, bytes):
        return value[0] if len(value) == 1 else list(value)
    if getattr(value, 'typecode', '') == 'B':
        return {'length': len(value), 'sha256': hashlib.sha256(value).hexdigest()}
    return None


def fill(message, fields):
    """Sets a message's fields; {"$now": s} is a time that far from now, {"$bytes": [n, value]} so many bytes, {"$file": path} a file's, {"$nan": 1} NaN."""
    for name, value in fields.items():
        now = getattr(message, name)
        if isinstance(value, dict) and '$now' in value:
            stamp = time.time_ns() + int(value['$now'] * 1e9)
            now.sec, now.nanosec = stamp // 10**9, stamp % 10**9
        elif isinstance(value, dict) and '$bytes' in value:
            now.frombytes(bytes([value['$bytes'][1]]) * value['$bytes'][0])
        elif isinstance(value, dict) and '$file' in value:
            with open(value['$file'], 'rb') as file:
                now.frombytes(file.read())
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


def node(name='peer'):
    with lock:
        if name not in nodes:
            namespace, _, last = name.rpartition('/')
            nodes[name] = Node(
                last, namespace=namespace or None, context=context, start_parameter_services=False, enable_rosout=False
            )
            executor.add_node(nodes[name])
            executor.wake()
        return nodes[name]


def quality(reliable=True, depth=1000, transient=False):
    return QoSProfile(
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if transient else DurabilityPolicy.VOLATILE,
    )


def publisher(topic, type, node_name='peer', **qos):
    key = (node_name, topic, type)
    owner = node(node_name)
    with lock:
        if key not in publishers:
            publishers[key] = owner.create_publisher(type_of(type), topic, quality(**qos))
        return publishers[key]


def until(what, timeout, done):
    end = time.monotonic() + timeout
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f'{what}: not within {timeout} s')
        time.sleep(0.005)


def advertise(topic, type, node='peer', match=0, timeout=20, **qos):
    """Makes a publisher, and waits for `match` subscriptions that it reaches."""
    made = publisher(topic, type, node, **qos)
    until(f'{topic}: {match} subscriptions', timeout, lambda: made.get_subscription_count() >= match)


def publish(topic, type, messages, node='peer', period=0):
    made = publisher(topic, type, node)
    start = time.monotonic()
    for i, fields in enumerate(messages):
        made.publish(fill(type_of(type)(), fields))
        time.sleep(max(0, start + (i + 1) * period - time.monotonic()))


def listen(topic, type, node_name='peer', match=1, timeout=20, **qos):
    """Keeps what is heard on a topic; waits for `match` publishers."""
    owner = node(node_name)
    box = heard.setdefault(topic, [])
    if not any(made.topic_name == topic for made in owner.subscriptions):
        owner.create_subscription(type_of(type), topic, lambda message: box.append(message), quality(**qos))
        executor.wake()
    until(f'{topic}: {match} publishers', timeout, lambda: owner.count_publishers(topic) >= match)


def take(topic, count=0, timeout=20, last=None):
    """What was heard, once there are `count` messages; with `last` only so many of the newest."""
    box = heard[topic]
    until(f'{topic}: {count} messages, heard {len(box)}', timeout, lambda: len(box) >= count)
    return [plain(message, compact) for message in (box if last is None else box[-last:])]


def clear(topic):
    heard[topic].clear()


def call(service, type, request=None, timeout=20):
    with lock:
        if service not in clients:
            clients[service] = None
    owner = node()
    with lock:
        if clients[service] is None:
            clients[service] = owner.create_client(type_of(type), service)
    client = clients[service]
    if not client.wait_for_service(timeout_sec=timeout):
        raise TimeoutError(f'{service}: no such service within {timeout} s')
    done = threading.Event()
    future = client.call_async(fill(type_of(type).Request(), request or {}))
    future.add_done_callback(lambda _future: done.set())
    if not done.wait(timeout):
        raise TimeoutError(f'{service}: no answer within {timeout} s')
    return plain(future.result(), compact)


def graph(node='peer'):
    return sorted(f'{namespace.rstrip("/")}/{name}' for name, namespace in nodes[node].get_node_names_and_namespaces())


def count(topic, node='peer'):
    """How many are on a topic."""
    return {'publishers': nodes[node].count_publishers(topic), 'subscriptions': nodes[node].count_subscribers(topic)}


def sensors(
    seconds,
    width=640,
    height=480,
    depth=True,
    wrench=True,
    drop=0.0,
    jitter=0.0,
    seed=1,
    rgb_topic='/camera/color/image_raw',
    depth_topic='/camera/depth/image_raw',
    wrench_topic='/wrist/wrench',
    picture_rate=30,
    wrench_rate=1000,
    compressed=None,
):
    """A robot's sensors: pictures and wrenches at their rates, by one clock. `drop`: share of pictures left out; `jitter`: s by which stamps vary.
    `compressed`: {kind: [format, [path, ...]]}, compressed pictures that take turns. Returns what was published."""
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
            fill(type_of(names[kind])(), {'header': {'frame_id': 'camera'}, 'format': format, 'data': {'$file': path}})
            for path in paths
        ]
        for kind, (format, paths) in compressed.items()
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
    start, begin = time.monotonic(), time.time_ns()
    beats = dict.fromkeys(kinds, 0)
    while True:
        at, kind = min((beat * kinds[kind][2], kind) for kind, beat in beats.items())
        if at > seconds - 1e-6:
            break
        beats[kind] += 1
        wait = start + at - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        stamp = begin + int((at + rng.uniform(-jitter, jitter)) * 1e9)
        message = (
            force
            if kind == 'wrench'
            else turns[kind][beats[kind] % len(turns[kind])]
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


DOES = {
    'advertise': advertise,
    'publish': publish,
    'listen': listen,
    'take': take,
    'clear': clear,
    'call': call,
    'graph': graph,
    'count': count,
    'sensors': sensors,
    'node': lambda name: node(name) and None,
    'silence': lambda topic, node_name: (
        [
            nodes[node_name].destroy_publisher(publishers.pop(key))
            for key in list(publishers)
            if key[:2] == (node_name, topic)
        ]
        and None
    ),
}


def say(line):
    with printing:
        print(json.dumps(line), flush=True)


def answer(request):
    number, name = request.pop('id'), request.pop('do')
    try:
        say({'id': number, 'answer': DOES[name](**request)})
    except Exception as error:
        say({'id': number, 'error': f'{name}: {type(error).__name__}: {error}'})


node()
threading.Thread(target=executor.spin, daemon=True).start()
say({'ready': True})
for line in sys.stdin:
    threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()
executor.shutdown(timeout_sec=0)
