import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { prehendJson, python, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const RUN = ['run', '--lockstep', '--policy', 'expert', '--episodes', '1', '--seed', '11']

describe('a lockstep run', () => {
  const recording = join(folder, 'run.mcap')
  let run: Record<string, unknown>

  beforeAll(() => {
    run = prehendJson([...RUN, '--record', recording])
  })

  test('with the same seed gives the same object, recorded or not', () => {
    expect(prehendJson(RUN)).toEqual(run)
  })

  test('is replayed to the very observations that it had', () => {
    const replay = prehendJson(['replay', recording, '--rate', 'max', '--no-policy'])
    expect(replay.observations).toBe(run.observations)
    expect(replay.sha256).toBe(run.observationsSha256)
    expect(replay.incomplete).toBe(run.incomplete)
    expect(replay.held).toBe(run.held)
  })

  test('is recorded so that rosbags opens it and finds every topic with its count', () => {
    const counts = JSON.parse(
      python(
        `
import json, sys
from pathlib import Path
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore
with AnyReader([Path(sys.argv[1])], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
    counts = {}
    for connection, _, data in reader.messages():
        reader.deserialize(data, connection.msgtype)
        counts[connection.topic] = counts.get(connection.topic, 0) + 1
    print(json.dumps(counts))
`,
        recording,
      ),
    ) as Record<string, number>
    expect(counts).toMatchObject({
      '/camera/color/image_raw': run.rgbFrames,
      '/camera/depth/image_raw': run.depthFrames,
      '/wrist/wrench': run.forceSamples,
      '/voice/events': run.voiceEvents,
      '/policy/action_chunk': run.chunks,
      '/episode': 1,
      '/episode/result': 1,
    })
    for (const topic of ['/tool_pose', '/tool_target', '/gripper/joint_states'])
      expect(counts[topic], topic).toBeGreaterThan(100)
  })
})
