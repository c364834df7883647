import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ObservationLine } from '../../fusion/observation-line.js'
import { prehendJson } from '../e2e/prehend.js'
import { describeRos } from './environment.js'
import { domain, endWithTests, startNode, startPeer, until, type Talk } from './processes.js'

interface Picture {
  readonly width: number
  readonly height: number
  readonly step: number
  readonly encoding: string
  readonly data: { readonly sha256: string }
}
interface Aligned {
  readonly header: { readonly stamp: { readonly sec: number; readonly nanosec: number } }
  readonly index: number
  readonly mask_rgb: boolean
  readonly mask_depth: boolean
  readonly mask_force: boolean
  readonly mask_voice: boolean
  readonly mask_proprioception: boolean
  readonly wrench_mean: readonly number[]
  readonly wrench_count: number
  readonly pyramid_windows: readonly number[]
  readonly force_pyramid: readonly number[]
  readonly voice_texts: readonly string[]
  readonly voice_ages: readonly number[]
  readonly voice_confidences: readonly number[]
  readonly vectors: readonly { readonly name: string; readonly data: readonly number[] }[]
  readonly rgb: Picture
  readonly depth: Picture
}
interface PolicyStatus {
  readonly model: string
  readonly inference_time: number
  readonly chunks: number
  readonly skipped: number
  readonly gate: readonly number[]
}

const OBSERVATION = '/fusion/observation'
const STATUS = '/fusion/policy_status'

describeRos('what the fusion node publishes about its work', () => {
  const env = domain(7)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-observation-'))
  let peer: Talk
  beforeAll(async () => {
    peer = await startPeer(env)
  })
  endWithTests()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('~/observation has the numbers of a replay of its recording; ~/policy_status counts the chunks', async () => {
    const path = join(folder, 'live.mcap')
    const lines = join(folder, 'lines.jsonl')
    const fusion = startNode('fusion', ['-p', `record:=${path}`], env)
    await peer.ask('listen', { topic: OBSERVATION, type: 'prehend_interfaces/msg/AlignedObservation' })
    await peer.ask('listen', { topic: STATUS, type: 'prehend_interfaces/msg/PolicyStatus' })
    const change = (transition: string) =>
      peer.ask('call', {
        service: '/fusion/change_state',
        type: 'lifecycle_msgs/srv/ChangeState',
        request: { transition: { label: transition } },
      })
    await change('configure')
    await change('activate')
    const voice = '/voice/events'
    for (const [topic, type] of [
      ['/camera/color/image_raw', 'sensor_msgs/msg/Image'],
      ['/camera/depth/image_raw', 'sensor_msgs/msg/Image'],
      ['/wrist/wrench', 'geometry_msgs/msg/WrenchStamped'],
      [voice, 'prehend_interfaces/msg/VoiceEvent'],
    ]) {
      await peer.ask('advertise', { topic, type, match: 1 })
    }
    await peer.ask('publish', {
      topic: voice,
      type: 'prehend_interfaces/msg/VoiceEvent',
      messages: [
        {
          header: { stamp: { $now: 0 } },
          text: 'heb de rode cilinder op, s\u2019il te pla\u00eet',
          confidence: 0.75,
        },
      ],
    })
    await peer.ask('sensors', { seconds: 1, width: 64, height: 48, seed: 5 })
    const few = (await peer.ask<Aligned[]>('take', { topic: OBSERVATION, count: 20 })).length
    await peer.ask('call', {
      service: '/fusion/set_parameters',
      type: 'rcl_interfaces/srv/SetParameters',
      request: { parameters: [{ name: 'publish_pictures', value: { type: 1, bool_value: true } }] },
    })
    await peer.ask('sensors', { seconds: 1, width: 64, height: 48, seed: 6 })
    const heard = await peer.ask<Aligned[]>('take', { topic: OBSERVATION, count: few + 20 })
    const statuses = await until(
      () => peer.ask<PolicyStatus[]>('take', { topic: STATUS }),
      all => all.length > 20,
    )
    expect((await fusion.signal()).status).toBe(0)

    prehendJson(['replay', path, '--no-policy', '--observations', lines])
    const replayed = new Map(
      readFileSync(lines, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as ObservationLine)
        .map(line => [line.stamp, line]),
    )
    for (const aligned of heard) {
      const { sec, nanosec } = aligned.header.stamp
      const line = replayed.get(`${sec}.${String(nanosec).padStart(9, '0')}`)
      expect(line, `observation at ${sec}.${nanosec}`).toBeDefined()
      if (!line) continue
      const { mask } = line
      expect(
        [aligned.mask_rgb, aligned.mask_depth, aligned.mask_force, aligned.mask_voice, aligned.mask_proprioception].map(
          Number,
        ),
      ).toEqual([mask.rgb, mask.depth, mask.force, mask.voice, mask.proprioception])
      expect(aligned.wrench_mean).toEqual(line.wrenchMean)
      expect(aligned.wrench_count).toBe(line.wrenchCount)
      expect(aligned.force_pyramid.map(Math.fround)).toEqual(line.forcePyramid.flat().map(Math.fround))
      expect(aligned.pyramid_windows).toEqual([0.008, 0.016, 0.032, 0.064, 0.128, 0.256])
      expect(aligned.voice_texts).toEqual(line.voice.map(({ text }) => text))
      expect(aligned.voice_ages).toEqual(line.voice.map(({ ageS }) => ageS))
      // Nothing publishes the tool's pose and the gripper's joint here, so their streams are missing.
      expect(aligned.vectors).toEqual([])
      const late = aligned.index >= heard[0].index + few
      if (!late) expect([aligned.rgb.width, aligned.depth.width]).toEqual([0, 0])
    }
    expect(heard.some(({ voice_texts: texts }) => texts[0]?.includes('s\u2019il te pla\u00eet'))).toBe(true)
    expect(heard.at(-1)?.voice_confidences).toEqual([0.75])
    const shown = heard.filter(({ rgb }) => rgb.width > 0)
    expect(shown.length).toBeGreaterThan(15)
    for (const {
      header: {
        stamp: { sec, nanosec },
      },
      rgb,
      depth,
    } of shown) {
      expect(rgb).toMatchObject({ width: 64, height: 48, step: 192, encoding: 'rgb8' })
      expect(depth).toMatchObject({ width: 64, height: 48, step: 128, encoding: '16UC1' })
      const line = replayed.get(`${sec}.${String(nanosec).padStart(9, '0')}`)
      expect([rgb.data.sha256, depth.data.sha256]).toEqual([line?.rgbSha256, line?.depthSha256])
    }

    const last = statuses.at(-1)
    expect(last?.model).toMatch(/grasp/)
    expect(statuses.map(({ chunks }) => chunks)).toEqual(statuses.map((_status, i) => statuses[0].chunks + i))
    for (const { inference_time: seconds, gate } of statuses) {
      expect(seconds).toBeGreaterThan(0)
      // An inference takes some milliseconds, and the field is in seconds.
      expect(seconds).toBeLessThan(1)
      expect(gate.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4)
    }
  })

  test(
    'two namespaces with one robot file: each receives its own sensors, and its recording can be ' + 'replayed',
    async () => {
      const paths = ['/left', '/right'].map(namespace => ({
        namespace,
        path: join(folder, `${namespace.slice(1)}.mcap`),
      }))
      const nodes = paths.map(({ namespace, path }) =>
        startNode(
          'fusion',
          ['-r', `__ns:=${namespace}`, '-p', 'policy:=none', '-p', 'autostart:=true', '-p', `record:=${path}`],
          env,
          ['--json'],
        ),
      )
      for (const { namespace } of paths) {
        await peer.ask('listen', {
          topic: `${namespace}/fusion/observation`,
          type: 'prehend_interfaces/msg/AlignedObservation',
        })
        for (const [topic, type] of [
          ['camera/color/image_raw', 'sensor_msgs/msg/Image'],
          ['camera/depth/image_raw', 'sensor_msgs/msg/Image'],
          ['wrist/wrench', 'geometry_msgs/msg/WrenchStamped'],
        ]) {
          await peer.ask('advertise', { topic: `${namespace}/${topic}`, type, match: 1 })
        }
      }
      const sensors = (namespace: string, seconds: number) =>
        peer.ask<Record<string, number>>('sensors', {
          seconds,
          width: 32,
          height: 24,
          rgb_topic: `${namespace}/camera/color/image_raw`,
          depth_topic: `${namespace}/camera/depth/image_raw`,
          wrench_topic: `${namespace}/wrist/wrench`,
        })
      // With the best effort, messages before the match may be lost.
      await sensors('/left', 1.5)
      await sensors('/right', 0.5)
      await peer.ask('take', { topic: '/right/fusion/observation', count: 10 })
      const ends = await Promise.all(nodes.map(node => node.signal()))
      const live = ends.map(
        ({ stdout }) =>
          JSON.parse(
            stdout
              .split('\n')
              .filter(line => line.startsWith('{'))
              .at(-1) ?? '',
          ) as { observations: number; observationsSha256: string },
      )
      expect(live[0].observations).toBeGreaterThan(25)
      expect(live[1].observations).toBeLessThan(16)
      for (const [i, { namespace, path }] of paths.entries()) {
        const again = prehendJson(['replay', path, '--no-policy', '--rate', 'max']) as {
          observations: number
          sha256: string
          topics: Record<string, unknown>
        }
        expect(Object.keys(again.topics).every(topic => topic.startsWith(namespace))).toBe(true)
        expect([again.observations, again.sha256]).toEqual([live[i].observations, live[i].observationsSha256])
        // The same with the robot file and --namespace.
        expect(
          (
            prehendJson([
              'replay',
              path,
              '--robot',
              'cell',
              '--namespace',
              namespace,
              '--no-policy',
              '--rate',
              'max',
            ]) as { sha256: string }
          ).sha256,
        ).toBe(again.sha256)
      }
    },
  )

  test(
    'a killed policy process ends the node with exit code 1, reported once, so that a launch file ' + 'starts it again',
    async () => {
      const fusion = startNode('fusion', ['-p', 'autostart:=true', '-r', '__node:=killed'], env)
      await fusion.said(/fusion is active/)
      const { pid = 0 } = fusion.child
      const models = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(child => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('inference-program'))
      expect(models).toHaveLength(1)
      process.kill(Number(models[0]), 'SIGKILL')
      await peer.ask('sensors', { seconds: 2, width: 64, height: 48, seed: 5 })
      const { status, log } = await fusion.end
      expect(status).toBe(1)
      expect(log.match(/the process of the model ended by itself \(SIGKILL\)/g)).toHaveLength(1)
      expect(log).toMatch(/its work has failed: ending/)
    },
  )
})
