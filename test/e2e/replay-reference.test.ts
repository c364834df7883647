import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectSameLines, linesOf, readLines } from './observation-lines.js'
import { commandJson } from './command.js'
import { python, temporaryFolder } from './prehend.js'
import { withRealRecording } from '../real-recording.js'

const folder = temporaryFolder()

async function replayed(bag: string, ...flags: string[]): Promise<ReturnType<typeof linesOf>> {
  const out = join(folder, 'lines.jsonl')
  const result = await commandJson([
    'replay',
    bag,
    '--rate',
    'max',
    '--no-policy',
    '--observations',
    out,
    '--overwrite',
    ...flags,
  ])
  const lines = linesOf(out)
  expect(lines.length).toBe(result.observations)
  return lines
}

const reference = (bag: string, ...flags: string[]): ReturnType<typeof readLines> =>
  readLines(python('reference_observations.py', bag, ...flags))

describe('replay gives the observations of an independent implementation, number by number', () => {
  withRealRecording(bag => {
    test('for a real depth camera and a real flange sensor', async () => {
      const lines = await replayed(bag)
      expect(lines.length).toBe(18)
      expectSameLines(lines, reference(bag))
    })

    test('for the same with its tare', async () => {
      expectSameLines(await replayed(bag, '--tare', '100 ms'), reference(bag, '--tare-ms', '100'))
      expectSameLines(await replayed(bag, '--robot', 'real_camera'), reference(bag, '--tare-ms', '100'))
    })
  })

  describe('for a made recording', () => {
    const bag = join(folder, 'made')
    let lines: ReturnType<typeof linesOf>

    beforeAll(async () => {
      python('make_bag.py', bag)
      lines = await replayed(bag)
    })

    test('with drops, jitter, NaN, duplicates, late samples, depth in metres between two frames and silences', () => {
      expectSameLines(lines, reference(bag))
      const masks = (modality: 'depth' | 'force' | 'voice' | 'proprioception'): Set<number> =>
        new Set(lines.map(line => line.mask[modality]))
      for (const modality of ['depth', 'force', 'voice', 'proprioception'] as const)
        expect(masks(modality), modality).toEqual(new Set([0, 1]))
    })

    test('with the wrench tared by its first samples', async () => {
      expectSameLines(await replayed(bag, '--tare', '200 ms'), reference(bag, '--tare-ms', '200'))
    })

    test('with a robot file that says what is recognised without one', async () => {
      const file = join(folder, 'same.yaml')
      writeFileSync(
        file,
        `robot: same
tick: { from: rgb }
streams:
  rgb: { topic: /camera/color/image_raw, type: sensor_msgs/msg/Image, align: nearest }
  depth: { topic: /camera/depth/image_raw, type: sensor_msgs/msg/Image, align: interpolate, max_gap: 100 ms }
  wrench: { topic: /wrist/wrench, type: geometry_msgs/msg/WrenchStamped, align: window }
  voice: { topic: /voice/text, type: std_msgs/msg/String, align: { events: 4 } }
  tool: { topic: /tool_pose, type: geometry_msgs/msg/PoseStamped, align: interpolate }
`,
      )
      expect(await replayed(bag, '--robot', file)).toEqual(lines)
    })
  })
})
