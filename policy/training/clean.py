"""Cleans a recording: `python policy/training/clean.py IN.mcap OUT.mcap`.

What is clean already stays as it is, byte for byte.

A message's stamp is its `header.stamp`. The clock of a topic is *steady* where stamp minus receive time lies within 1 s
for 90 % of its messages. Each topic is treated in this order:

stamps      A stamp is wrong where it is zero or, on a steady clock, more than 1 s off the topic's median delay. It is
            replaced by receive time plus median delay where that is safe. It is safe where the clock is steady and
            the receive time tells the stamp to better than half a sample (100 ms where there is no rate). A topic
            without any stamp takes the receive time where the stamps of all other topics lie within 1 s of it; a
            wrench never does. Other wrong stamps stay, and count as `unsafe`.
order       A message that came up to 1 s after a later one moves to just before that one, with its receive time. One
            that came later than that stays, and counts as `late`. On a clock that is not steady nothing moves.
duplicates  Of several messages with one stamp the first is kept. The others count as `duplicates` where their bytes are
            the same, and as `conflicts` where they are not. A message without a stamp (no header, or a wrong stamp) is
            dropped only where receive time and bytes are the same.
gaps        A gap of more than 100 ms and at most 250 ms is filled with the last message, at the topic's rate, with
            evenly spaced receive times. A narrower gap is left, because interpolation bridges it better. Each run of
            fills is listed in the report. This is done for poses and joint states with a rate of at most 100 Hz that
            are no command of the robot. A wrench is never filled, because a gap in force must stay visible. Pictures
            are never filled, because a repeated picture claims that nothing moved.

Clocks that differ between topics and jumps of time are reported and never changed. Schemas, channels, metadata (the
robot file) and attachments are kept. The report is added as the metadata record `prehend.clean`. Stamps and one second
of messages are in memory, never the whole recording. Exit code 2: the file is no recording.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import json
import math
import os
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from mcap.exceptions import McapError
from mcap.reader import McapReader, make_reader
from mcap.records import Channel, Message, Schema
from mcap.writer import CompressionType, Writer

from clean_plan import COUNTED, FAR, SECOND, Clock, Plan, Topic

RECORD = 'prehend.clean'
COMPRESSIONS = {'': CompressionType.NONE, 'lz4': CompressionType.LZ4, 'zstd': CompressionType.ZSTD}
# The first field of a message type that begins with a header, whose stamp is at a fixed place.
HEADER = re.compile(r'\A\s*(?:#.*\n\s*)*std_msgs/(?:msg/)?Header\s+\w+')


class Unusable(Exception):
    """A recording or a path that cannot be used. The text is one line."""


def has_stamp(schema: Schema | None, channel: Channel) -> bool:
    """Whether the messages of a channel begin with a header."""
    if schema is None or channel.message_encoding != 'cdr':
        return False
    return bool(HEADER.match(schema.data.decode(errors='replace')))


def stamp_of(data: bytes) -> int:
    """The stamp (ns) of the header that a CDR message begins with. 0 where the message is too short for one."""
    if len(data) < 12:
        return 0
    seconds, nanoseconds = struct.unpack_from(_stamp_format(data), data, 4)
    return seconds * SECOND + nanoseconds


def with_stamp(data: bytes, stamp: int) -> bytes:
    """The message with another stamp (ns)."""
    return data[:4] + struct.pack(_stamp_format(data), *divmod(stamp, SECOND)) + data[12:]


def _stamp_format(data: bytes) -> str:
    return '<iI' if data[1] & 1 else '>iI'


def commands_of(reader: McapReader) -> set[str]:
    """The topics on which the robot file of the recording sends commands."""
    robots = [
        record.metadata['robot']
        for record in reader.iter_metadata()
        if record.name == 'prehend' and 'robot' in record.metadata
    ]
    return {
        action['topic']
        for robot in robots
        for action in json.loads(robot).get('actions', {}).values()
        if 'topic' in action
    }


def survey(reader: McapReader) -> dict[int, Topic]:
    """Reads all stamps, and gives the topics by channel. Channels with the same name and type are one topic."""
    commands = commands_of(reader)
    by_name: dict[tuple[str, str], Topic] = {}
    topics: dict[int, Topic] = {}
    for place, (schema, channel, message) in enumerate(reader.iter_messages()):
        topic = topics.get(channel.id)
        if topic is None:
            kind = schema.name if schema else ''
            fresh = Topic(channel.topic, kind, has_stamp(schema, channel), channel.topic in commands)
            topic = topics[channel.id] = by_name.setdefault((channel.topic, kind), fresh)
        topic.receive.append(message.log_time)
        topic.stamp.append(stamp_of(message.data) if topic.stamped else 0)
        topic.place.append(place)
    return topics


class Once:
    """Tells the first of several messages with one stamp from the others. It keeps digests of repeated stamps only."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._firsts: dict[tuple[int, bytes | None], bytes] = {}

    def takes(self, i: int, data: bytes) -> bool:
        """Whether message `i` of the topic is kept. Counts it where it is not."""
        plan = self._plan
        stamp, sure = int(plan.stamp[i]), bool(plan.sure[i])
        if stamp not in plan.repeated[0 if sure else 1]:
            return True
        digest = hashlib.sha256(data).digest()
        place = (stamp, None if sure else digest)
        first = self._firsts.get(place)
        if first is None:
            self._firsts[place] = digest
            return True
        plan.counts['duplicates' if first == digest else 'conflicts'] += 1
        return False


def cleaned(reader: McapReader, plans: dict[int, Plan]) -> Iterator[tuple[Channel, Message, int, bytes]]:
    """Channel, message, receive time and bytes of each message that is kept, in the order of the receive times.

    `plans`: by channel.
    """
    heap: list[tuple[int, int, float, int, int, tuple[Channel, Message, int, bytes]]] = []
    onces = {id(plan): Once(plan) for plan in plans.values()}
    taken = dict.fromkeys(onces, 0)
    for place, (_schema, channel, message) in enumerate(reader.iter_messages()):
        while heap and heap[0][0] < message.log_time - FAR:
            yield heapq.heappop(heap)[-1]
        plan = plans[channel.id]
        i = taken[id(plan)]
        taken[id(plan)] += 1
        data = with_stamp(message.data, int(plan.stamp[i])) if plan.restamped[i] else message.data
        if not onces[id(plan)].takes(i, data):
            continue
        receive, beside = int(plan.receive[i]), int(plan.beside[i])
        # A moved message goes before the message that it was moved to. Several of them go in the order of their stamps.
        within = int(plan.stamp[i]) if plan.moved[i] else math.inf
        heapq.heappush(heap, (receive, beside, within, place, 0, (channel, message, receive, data)))
        for k, (stamp, at) in enumerate(plan.fills.get(i, ()), 1):
            heapq.heappush(heap, (at, beside, math.inf, place, k, (channel, message, at, with_stamp(data, stamp))))
    while heap:
        yield heapq.heappop(heap)[-1]


def clean(source: Path, target: Path, fill_up_to: int) -> dict[str, Any]:
    """Writes the cleaned recording and gives the report. `fill_up_to`: ns. Raises Unusable, and then leaves no file."""
    if target.is_dir() or (target.exists() and source.exists() and target.samefile(source)):
        raise Unusable(f'{target}: is {"a folder" if target.is_dir() else "the recording itself"}; name another file')
    # This is no name of a recording: the recorder calls its unfinished files NAME.part.mcap.
    part = target.with_name(f'{target.name}.clean-{os.getpid()}')
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open('rb') as file, part.open('wb') as out:
            report = write(make_reader(file, validate_crcs=True), out, source, fill_up_to)
        part.replace(target)
    except OSError as error:
        raise Unusable(f'{error.filename or target}: {error.strerror}') from error
    except (McapError, ValueError, RuntimeError, EOFError, struct.error) as error:
        raise Unusable(
            f'{source}: is no whole MCAP file; where it was cut off, `mcap recover` mends it ({error})'
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return {'in': str(source), 'out': str(target), **report}


def write(reader: McapReader, out: IO[bytes], source: Path, fill_up_to: int) -> dict[str, Any]:
    """Writes the cleaned recording to `out` and gives the report."""
    summary = reader.get_summary()
    if summary is None or not summary.chunk_indexes:
        raise Unusable(f'{source}: has no messages, or no index of them; `mcap recover` makes one')
    topics = survey(reader)
    distinct = list({id(topic): topic for topic in topics.values()}.values())
    clocks = [Clock(topic) for topic in distinct]
    is_clock = receive_is_clock(clocks)
    plans = [
        Plan(topic, clock, receive_is_clock=is_clock, fill_up_to=fill_up_to)
        for topic, clock in zip(distinct, clocks, strict=True)
    ]
    plan_of = {id(topic): plan for topic, plan in zip(distinct, plans, strict=True)}

    writer = Writer(out, compression=COMPRESSIONS[summary.chunk_indexes[0].compression])
    writer.start(profile=reader.get_header().profile, library='prehend clean')
    schemas = {0: 0} | {s.id: writer.register_schema(s.name, s.encoding, s.data) for s in summary.schemas.values()}
    channels = {
        c.id: writer.register_channel(c.topic, c.message_encoding, schemas[c.schema_id], c.metadata)
        for c in summary.channels.values()
    }
    for record in reader.iter_metadata():
        writer.add_metadata(record.name, record.metadata)
    for a in reader.iter_attachments():
        writer.add_attachment(a.create_time, a.log_time, a.name, a.media_type, a.data)
    written = 0
    for channel, message, receive, data in cleaned(
        reader, {channel: plan_of[id(topic)] for channel, topic in topics.items()}
    ):
        writer.add_message(channels[channel.id], receive, data, message.publish_time, message.sequence)
        written += 1
    every = sorted(zip(distinct, clocks, plans, strict=True), key=lambda one: (one[0].name, one[0].type))
    report = report_of(every, written)
    writer.add_metadata(RECORD, {'report': json.dumps(report)})
    writer.finish()
    return report


def receive_is_clock(clocks: list[Clock]) -> bool:
    """Whether all stamps lie within 1 s of their receive times, so that the receive time is the clock of all topics."""
    known = [clock for clock in clocks if clock.known]
    return bool(known) and all(clock.steady and abs(clock.delay) <= FAR for clock in known)


def report_of(every: list[tuple[Topic, Clock, Plan]], written: int) -> dict[str, Any]:
    def facts(topic: Topic, clock: Clock, plan: Plan) -> dict[str, Any]:
        return {
            'topic': topic.name,
            'type': topic.type,
            'messages': len(topic.receive),
            **plan.counts,
            'rateHz': SECOND / clock.period if clock.period else None,
            'stampMinusReceiveS': clock.delay / SECOND if clock.steady else None,
            'runs': plan.runs,
        }

    return {
        'messages': sum(len(topic.receive) for topic, _, _ in every),
        'written': written,
        'topics': [facts(*one) for one in every],
        'remarks': list(remarks(every)),
    }


def remarks(every: list[tuple[Topic, Clock, Plan]]) -> Iterator[str]:
    """What is not changed, or only on request."""
    delays = sorted(clock.delay for _, clock, _ in every if clock.steady)
    for topic, clock, plan in every:
        usual = delays[len(delays) // 2] if delays else 0
        if clock.steady and abs(clock.delay - usual) > FAR:
            off = (clock.delay - usual) / SECOND
            yield f'{topic.name}: stamps are {off:+.3f} s off those of other topics; not changed'
        if clock.known and not clock.steady:
            yield f'{topic.name}: stamps do not run with the receive time ({clock.jumps} jumps back); not changed'
        if plan.counts['unsafe']:
            unsafe = plan.counts['unsafe']
            yield f'{topic.name}: {unsafe} stamps are wrong, and the arrival does not tell them; left as they are'
        if plan.counts['late']:
            yield f'{topic.name}: {plan.counts["late"]} messages came more than 1 s late; left where they are'
        if plan.counts['conflicts']:
            conflicts = f'{plan.counts["conflicts"]} messages had the stamp of another one and other content'
            yield f'{topic.name}: {conflicts}; the first was kept'


def text(report: dict[str, Any]) -> str:
    """The report in words."""

    def line(topic: dict[str, Any]) -> str:
        done = [f'{topic[what]} {what}' for what in COUNTED if topic[what]]
        return f'  {topic["topic"]}: {topic["messages"]} messages, {", ".join(done) or "clean"}'

    head = f'{report["out"]}: {report["written"]} of {report["messages"]} messages'
    return '\n'.join([head, *map(line, report['topics']), *(f'  {remark}' for remark in report['remarks'])])


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('source', metavar='IN.mcap', type=Path)
    p.add_argument('target', metavar='OUT.mcap', type=Path)
    p.add_argument(
        '--fill-up-to',
        metavar='MS',
        type=float,
        default=250,
        help='the widest gap that is filled, ms; 0: none (default: 250)',
    )
    p.add_argument('--json', action='store_true', help='the report as one JSON object')
    a = p.parse_args()
    if not 0 <= a.fill_up_to <= 1000:
        p.error(f'--fill-up-to {a.fill_up_to:g}: expected 0 to 1000 ms')
    try:
        report = clean(a.source, a.target, round(a.fill_up_to * 1e6))
    except Unusable as error:
        print(f'clean.py: {error}', file=sys.stderr)
        sys.exit(2)
    print(json.dumps(report) if a.json else text(report))


if __name__ == '__main__':
    main()
