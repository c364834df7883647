"""Cleans random recordings with policy/training/clean.py and compares the result with a slow reference.

The reference follows the rules of clean.py message by message.

`check_clean.py FOLDER FIRST COUNT`: recordings by seed. It prints how often each thing was done. A difference ends it
with an AssertionError. `check_clean.py --dirty GOOD.mcap DIRTY.mcap`: writes a recording with repeated messages, and
with late tool poses. `check_clean.py --break FOLDER GOOD.mcap`: cleans files that are cut off or overwritten. None may
end in a traceback or leave a file.
"""

import json
import random
import struct
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from pathlib import Path
from typing import Any

from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

# Topic, receive time (ns), data.
Message = tuple[str, int, bytes]
PROGRAM = Path(__file__).parents[2] / 'policy' / 'training' / 'clean.py'
S, MS = 10**9, 10**6
POSE, JOINTS, WRENCH = 'geometry_msgs/msg/PoseStamped', 'sensor_msgs/msg/JointState', 'geometry_msgs/msg/WrenchStamped'
# Topic, type, whether it has a header, period (None: events), whether it is a command of the robot.
TOPICS: list[tuple[str, str, bool, int | None, bool]] = [
    ('/pose', POSE, True, 20 * MS, False),
    ('/fast_pose', POSE, True, 4 * MS, False),
    ('/target', POSE, True, 20 * MS, True),
    ('/joints', JOINTS, True, 30 * MS, False),
    ('/wrench', WRENCH, True, 5 * MS, False),
    ('/rgb', 'sensor_msgs/msg/Image', True, 33_333_333, False),
    ('/voice', 'prehend_interfaces/msg/VoiceEvent', True, None, False),
    ('/say', 'std_msgs/msg/String', False, None, False),
]
ROBOT = json.dumps({'actions': {'arm': {'topic': '/target'}, 'gripper': {'driver': 'robotiq-2f85'}}})
HEADER = {
    '/pose': 'std_msgs/Header header\ngeometry_msgs/Pose pose\n',
    '/rgb': '# A picture.\n\nstd_msgs/msg/Header  header # of the exposure\n',
}
DONE = ('duplicates', 'conflicts', 'restamped', 'unsafe', 'moved', 'late', 'filled')


def cdr(stamp: int, body: bytes, big: bool) -> bytes:
    """A message in CDR that begins with a stamp."""
    return b'\0' + (b'\0\0\0' if big else b'\1\0\0') + struct.pack('>iI' if big else '<iI', *divmod(stamp, S)) + body


def recording(rng: random.Random) -> list[Message]:
    """Messages in the order of their receive times, which are different within a topic."""
    epoch = rng.choice([1_700_000_000, 5]) * S
    found: list[Message] = []
    for topic, _kind, header, period, _command in TOPICS:
        if rng.random() < 0.15:
            continue
        big = rng.random() < 0.2
        delay = rng.choice([2, 8, 30]) * MS
        jitter = rng.choice([0, 0, 1, 4, 6, 400]) * MS
        shift = rng.choice([0] * 8 + [-3600 * S, 5 * S]) if epoch > 10 * S else 0
        unstamped = rng.random() < 0.1
        restart = rng.choice([None] * 6 + [1.2])
        fault = rng.choice([0, 0.05, 0.15])
        at = rng.randrange(100 * MS)
        while at < rng.choice([0.4, 3]) * S:
            stamp = epoch + shift + at
            if restart is not None and at > restart * S:
                stamp -= 30 * S if epoch > 100 * S else 1 * S + 100 * MS
            receive = epoch + at + delay + rng.randrange(jitter + 1)
            body = rng.randbytes(rng.randrange(24))
            copies = [body]
            if rng.random() < fault:
                what = rng.choice(
                    [
                        'twice',
                        'other',
                        'zero',
                        'past',
                        'future',
                        'behind',
                        'behind',
                        'ahead',
                        'gap',
                        'gap',
                        'gap',
                        'short gap',
                    ]
                )
                copies += {'twice': [body], 'other': [b'?' + body]}.get(what, [])
                stamp = {'zero': 0, 'past': max(1, stamp - 20 * S), 'future': stamp + 20 * S}.get(what, stamp)
                receive += {'behind': rng.choice([50, 400, 900, 1500]), 'ahead': -900}.get(what, 0) * MS
                at += {'gap': rng.randrange(60 * MS, 280 * MS), 'short gap': (period or 0)}.get(what, 0)
            for copy in copies:
                data = cdr(0 if unstamped else max(stamp, 0), copy, big) if header else b'\0\1\0\0' + copy
                found.append(
                    (
                        topic,
                        receive + rng.randrange(3 * MS) * (rng.random() < (0.5 if copy is not copies[0] else 0.01)),
                        data,
                    )
                )
            at += period + rng.randrange(-(period // 50), period // 50) if period else rng.randrange(1, 900 * MS)
    rng.shuffle(found)
    found.sort(key=lambda message: message[1])
    return found


def write(path: Path, messages: list[Message], rng: random.Random) -> list[Message]:
    """Writes a recording. Gives the messages in the order of writing."""
    writer = Writer(
        str(path),
        compression=rng.choice([CompressionType.NONE, CompressionType.ZSTD, CompressionType.LZ4]),
        chunk_size=rng.choice([500, 1 << 20]),
    )
    writer.start(profile='ros2', library='test')
    channels = {}
    for topic, kind, header, *_ in TOPICS:
        schema = writer.register_schema(
            kind, 'ros2msg', (HEADER.get(topic, 'std_msgs/Header header\n') if header else 'string data\n').encode()
        )
        channels[topic] = writer.register_channel(topic, 'cdr', schema, {'offered_qos_profiles': topic})
    writer.add_metadata('prehend', {'robot': ROBOT, 'sha256': 'x'})
    writer.add_attachment(1, 2, 'notes', 'text/plain', b'kept')
    order = list(enumerate(messages))
    # Within 50 ms the order of writing is not that of the receive times either.
    order.sort(key=lambda one: one[1][1] + rng.randrange(50 * MS) * (rng.random() < 0.1))
    for number, (topic, receive, data) in order:
        writer.add_message(channels[topic], receive, data, receive + 1, number)
    writer.finish()
    return [message for _, message in order]


def read(
    path: Path,
) -> tuple[list[Message], dict[str, dict[str, str]], list[tuple[str, bytes]], set[tuple[str, str, str]]]:
    """Messages, metadata, attachments, and topic, type and metadata of the channels."""
    with path.open('rb') as file:
        reader = make_reader(file, validate_crcs=True)
        messages = [(channel.topic, message.log_time, message.data) for _, channel, message in reader.iter_messages()]
        metadata = {record.name: record.metadata for record in reader.iter_metadata()}
        attachments = [(a.name, a.data) for a in reader.iter_attachments()]
        summary = reader.get_summary()
        assert summary is not None
        kinds = {
            (c.topic, summary.schemas[c.schema_id].name, c.metadata['offered_qos_profiles'])
            for c in summary.channels.values()
        }
    return messages, metadata, attachments, kinds


# The reference.


def quantile(values: Sequence[int], share: str) -> int:
    """The smallest value that a share of the values does not exceed."""
    return sorted(values)[max(0, ceil(Fraction(share) * len(values)) - 1)]


def stamp_of(data: bytes) -> int:
    seconds, nanoseconds = struct.unpack_from('<iI' if data[1] & 1 else '>iI', data, 4)
    return seconds * S + nanoseconds


def clock_of(messages: list[tuple[int, bytes]]) -> tuple[bool, bool, int, int, int]:
    """(known, steady, delay, spread, period) of a topic with headers. `messages`: (receive time, data)."""
    delays = [stamp_of(data) - receive for receive, data in messages if stamp_of(data) != 0]
    if not delays:
        return False, False, 0, 0, 0
    delay, spread = quantile(delays, '1/2'), quantile(delays, '19/20') - quantile(delays, '1/20')
    if spread > S:
        return True, False, 0, 0, 0
    good = sorted(
        {
            stamp_of(data)
            for receive, data in messages
            if stamp_of(data) != 0 and abs(stamp_of(data) - receive - delay) <= S
        }
    )
    steps = [b - a for a, b in pairwise(good)]
    period = quantile(steps, '1/2') if len(steps) >= 2 else 0
    alike = sum(abs(step - period) * 4 <= period for step in steps)
    return True, True, delay, spread, period if 2 * alike >= len(steps) > 0 else 0


def restamped(data: bytes, stamp: int) -> bytes:
    return data[:4] + struct.pack('<iI' if data[1] & 1 else '>iI', *divmod(stamp, S)) + data[12:]


def reference(
    messages: list[Message], fill_up_to: int
) -> tuple[dict[str, list[tuple[int, bytes]]], dict[str, dict[str, int]]]:
    """What must be written of each topic, as (receive time, data), and what must be done."""
    by_topic: dict[str, list[tuple[int, bytes]]] = {}
    for topic, receive, data in sorted(messages, key=lambda message: message[1]):
        by_topic.setdefault(topic, []).append((receive, data))
    clocks = {topic: clock_of(by_topic[topic]) for topic, _, header, *_ in TOPICS if header and topic in by_topic}
    known = [clock for clock in clocks.values() if clock[0]]
    receive_is_clock = bool(known) and all(steady and abs(delay) <= S for _, steady, delay, *_ in known)
    out: dict[str, list[tuple[int, bytes]]] = {}
    did: dict[str, dict[str, int]] = {}
    for topic, kind, header, _, command in TOPICS:
        if topic not in by_topic:
            continue
        count = did[topic] = dict.fromkeys(DONE, 0)
        any_stamp, steady, delay, spread, period = clocks.get(topic, (False, False, 0, 0, 0))
        safe = header and (
            steady and spread <= (Fraction(period, 2) if period else 100 * MS)
            if any_stamp
            else receive_is_clock and kind != WRENCH
        )
        # What was kept so far: stamp (None: unknown), receive time, data.
        kept: list[tuple[int | None, int, bytes]] = []
        seen: dict[Any, bytes] = {}
        for receive, original in by_topic[topic]:
            data = original
            stamp = stamp_of(data) if header else None
            if stamp is not None and (stamp == 0 or (steady and abs(stamp - receive - delay) > S)):
                count['restamped' if safe else 'unsafe'] += 1
                stamp = receive + delay if safe else None
                data = data if stamp is None else restamped(data, stamp)
            identity: Any = (receive, data) if stamp is None else stamp
            if identity in seen:
                count['duplicates' if seen[identity] == data else 'conflicts'] += 1
                continue
            seen[identity] = data
            kept.append((stamp, receive, data))
        placed: list[tuple[tuple[int, int, int, int], int | None, bytes]] = []
        for i, (stamp, receive, data) in enumerate(kept):
            later = [
                other
                for other in kept[:i]
                if steady and stamp is not None and other[0] is not None and other[0] > stamp
            ]
            key = (receive, i, 1, 0)
            if later and receive - later[0][1] > S:
                count['late'] += 1
            elif later and stamp is not None:
                count['moved'] += 1
                key = (later[0][1], kept.index(later[0]), 0, stamp)
            placed.append((key, stamp, data))
        filled: list[tuple[tuple[int, int, int, int], int | None, bytes]] = []
        if steady and period >= 10 * MS and kind in (POSE, JOINTS) and not command:
            stamped = [(key, stamp, data) for key, stamp, data in placed if stamp is not None]
            row = sorted(stamped, key=lambda entry: entry[1])
            for (left, stamp, data), (right, next_stamp, _) in pairwise(row):
                if not 100 * MS < next_stamp - stamp <= fill_up_to:
                    continue
                stamps: list[int] = []
                while next_stamp - (stamp + (len(stamps) + 1) * period) > Fraction(period, 2):
                    stamps.append(stamp + (len(stamps) + 1) * period)
                for k, new in enumerate(stamps, 1):
                    at = left[0] + floor(Fraction(max(0, right[0] - left[0]) * k, len(stamps) + 1))
                    filled.append(((at, left[1], 2, k), new, restamped(data, new)))
                count['filled'] += len(stamps)
        out[topic] = [(key[0], data) for key, _, data in sorted([*placed, *filled], key=lambda entry: entry[0])]
    return out, did


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs clean.py. It may end with any exit code, but not in a traceback."""
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 'Traceback' not in done.stderr, done.stderr
    return done


def compare(folder: Path, first: int, count: int) -> None:
    totals = dict.fromkeys(DONE, 0)
    for seed in range(first, first + count):
        rng = random.Random(seed)
        source, target = folder / f'{seed}.mcap', folder / f'{seed}-clean.mcap'
        messages = write(source, recording(rng), rng)
        if not messages:
            continue
        up_to = rng.choice([0, 150, 250, 250])
        done = run(source, target, '--fill-up-to', up_to, '--json')
        assert done.returncode == 0, (seed, done.stderr)
        report = json.loads(done.stdout)
        expected, did = reference(messages, up_to * MS)
        got, metadata, attachments, kinds = read(target)
        receives = [receive for _, receive, _ in got]
        assert receives == sorted(receives), seed
        by_topic = {topic: [(r, d) for t, r, d in got if t == topic] for topic in expected}
        for topic in expected:
            assert by_topic[topic] == expected[topic], (
                seed,
                topic,
                did[topic],
                [t for t in report['topics'] if t['topic'] == topic],
            )
        assert {t['topic']: {what: t[what] for what in DONE} for t in report['topics']} == did, seed
        assert report['messages'] == len(messages) and report['written'] == len(got) == sum(
            map(len, expected.values())
        ), seed
        assert sum(run['filled'] for t in report['topics'] for run in t['runs']) == sum(
            t['filled'] for t in did.values()
        ), seed
        assert metadata['prehend'] == {'robot': ROBOT, 'sha256': 'x'} and attachments == [('notes', b'kept')], seed
        assert json.loads(metadata['prehend.clean']['report'])['topics'] == report['topics'], seed
        assert kinds == {(topic, kind, topic) for topic, kind, *_ in TOPICS}, seed
        assert not list(folder.glob('*.part')), seed
        for what in DONE:
            totals[what] += sum(t[what] for t in did.values())
        source.unlink()
        target.unlink()
    print(json.dumps(totals))


def dirty(good: Path, target: Path) -> None:
    rng = random.Random(3)
    with good.open('rb') as file:
        reader = make_reader(file)
        writer = Writer(str(target))
        writer.start(profile='ros2', library='test')
        for record in reader.iter_metadata():
            writer.add_metadata(record.name, record.metadata)
        channels: dict[int, int] = {}
        twice, late = 0, 0
        for schema, channel, message in reader.iter_messages():
            assert schema is not None
            if channel.id not in channels:
                channels[channel.id] = writer.register_channel(
                    channel.topic, 'cdr', writer.register_schema(schema.name, schema.encoding, schema.data)
                )
            is_late = channel.topic == '/tool_pose' and rng.random() < 0.1
            late += is_late
            at = message.log_time + 6 * MS * is_late
            writer.add_message(channels[channel.id], at, message.data, at)
            if rng.random() < 0.05:
                twice += 1
                again = at + rng.randrange(20 * MS) * (schema.name != 'std_msgs/msg/String')
                writer.add_message(channels[channel.id], again, message.data, again)
        writer.finish()
    print(json.dumps({'twice': twice, 'late': late}))


def break_it(folder: Path, good: Path) -> None:
    content = good.read_bytes()
    rng = random.Random(1)
    codes = []
    for n in range(8):
        damaged = bytearray(content[: rng.randrange(len(content))] if n < 4 else content)
        for _ in range(0 if n < 4 else 20):
            damaged[rng.randrange(len(damaged))] ^= 1 + rng.randrange(255)
        source, target = folder / f'broken-{n}.mcap', folder / f'mended-{n}.mcap'
        source.write_bytes(damaged)
        done = run(source, target)
        codes.append(done.returncode)
        assert done.returncode in (0, 2), done.stderr
        assert target.exists() == (done.returncode == 0) and not list(folder.glob(f'{target.name}?*'))
        assert done.returncode == 0 or len(done.stderr.splitlines()) == 1, done.stderr
    print(json.dumps(codes))


if sys.argv[1] == '--dirty':
    dirty(*map(Path, sys.argv[2:]))
elif sys.argv[1] == '--break':
    break_it(Path(sys.argv[2]), Path(sys.argv[3]))
else:
    compare(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
