import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { poseOf } from '../../control/arm/tool-pose.js'
import { drawEpisode } from '../../sim/embedded/episode.js'
import { loadObjects } from '../../sim/objects/object-file.js'
import { describeRos, onWheels, root } from './environment.js'
import { domain, endWithTests, startNode, type RunningNode } from './processes.js'

interface Outcome {
  readonly accepted: boolean
  readonly status: string
  readonly position: number
  readonly effortKnown: boolean
  readonly stalled: boolean
  readonly reached: boolean
  readonly feedback: readonly (readonly [number, boolean, boolean])[]
}

const SEED = 4
const SAY = 'wait for it, red cylinder'

/** For each episode: a pose above the red cylinder, a pose around it, and the width of the cylinder there, m. */
const CYLINDERS = Array.from({ length: 40 }, (_, index) => {
  const placed = drawEpisode(loadObjects('seen'), SEED, index, { say: SAY }).placed.find(
    ({ object }) => object.name === 'red cylinder',
  )!
  const [{ z, width }] = placed.grasps
  const at = (height: number): number[] => [
    ...poseOf({ x: placed.pose[0], y: placed.pose[1], z: height, yaw: 0 }, new Float64Array(7)),
  ]
  return { poses: [at(0.2), at(z)], width }
})

describeRos(
  'the action /control/gripper_cmd, with an action client by rclpy and the emulated gripper on its pseudo-terminal',
  () => {
    const env = domain(10)
    const folder = mkdtempSync(join(tmpdir(), 'prehend-gripper-'))
    const port = join(folder, 'gripper')
    let control: RunningNode
    let nodes: RunningNode[] = []

    beforeAll(async () => {
      const cell = startNode(
        'cell',
        [
          '-p',
          'autostart:=true',
          '-p',
          'wait:=0.0',
          '-p',
          `gripper_link:=${port}`,
          '-p',
          `seed:=${SEED}`,
          '-p',
          `say:=${SAY}`,
        ],
        env,
      )
      await cell.said(/serial port/)
      // Without the reset topic, because the tare of an episode would hold the fingers. With long limits, because a
      // busy machine is not tested here.
      const robot = join(folder, 'robot.yaml')
      writeFileSync(
        robot,
        readFileSync(join(root, 'robots/cell.yaml'), 'utf8')
          .replace(/^reset: .*$/m, '')
          .replace(/watchdog: .*/, 'watchdog: { wrench: 2 s, camera: 2 s, policy: 300 ms, gripper: 2 s }'),
      )
      control = startNode('control', ['-p', 'autostart:=true', '-p', `port:=${port}`, '-p', `robot:=${robot}`], env)
      await control.said(/control is active/)
      nodes = [cell, control]
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))
    endWithTests()

    const steps = (list: readonly object[]): Promise<Outcome[]> =>
      new Promise((resolve, reject) => {
        const client = execFile(
          'python3',
          [join(root, 'test/ros2/gripper_client.py')],
          { env, maxBuffer: 1 << 26 },
          (error, stdout) => {
            if (error) reject(new Error(`${error.message}\n${nodes.map(node => node.output()).join('\n')}`))
            else resolve(JSON.parse(stdout) as Outcome[])
          },
        )
        client.stdin?.end(JSON.stringify(list))
      })
    /**
     * The cell's episodes end by themselves and move the fingers. So this test begins a new episode, which gives it a
     * whole episode's time.
     */
    const begun = { begun: true }
    const reach = { reach: Object.fromEntries(CYLINDERS.map(({ poses }, index) => [index, poses])) }

    test('moves the fingers to a gap, gives feedback ten times a second, and stalls on an object', async () => {
      const [half, open, held, beyond] = await steps([
        begun,
        { position: 0.04, again: true },
        { position: 0.085, effort: 60 },
        reach,
        { position: 0, effort: 40 },
        { position: 0.2 },
      ])
      expect(half).toMatchObject({
        accepted: true,
        status: 'succeeded',
        stalled: false,
        reached: true,
        effortKnown: false,
      })
      expect(half.position).toBeCloseTo(0.04, 2)
      expect(half.feedback.length).toBeGreaterThan(2)
      expect(half.feedback.length).toBeLessThan(12)
      const gaps = half.feedback.map(([gap]) => gap)
      expect([...gaps].sort((a, b) => b - a)).toEqual(gaps)
      expect(open).toMatchObject({ status: 'succeeded', reached: true })
      expect(held).toMatchObject({ status: 'succeeded', stalled: true, reached: false })
      expect(held.position).toBeGreaterThan(Math.min(...CYLINDERS.map(({ width }) => width)) - 0.004)
      expect(held.position).toBeLessThan(Math.max(...CYLINDERS.map(({ width }) => width)) + 0.004)
      // At the limit, which is not the gap that was asked for.
      expect(beyond).toMatchObject({ status: 'aborted', stalled: false, reached: false })
      expect(beyond.position).toBeCloseTo(0.085, 2)
    })

    test(
      'stops the fingers at a cancel; ends at a stop, when a policy drives, and at a deactivation; is ' +
        'rejected during each of them',
      async () => {
        const [
          cancelled,
          stopped,
          whileStopped,
          after,
          driven,
          whileDriven,
          weak,
          nowhere,
          whileGrasping,
          deactivated,
          inactive,
        ] = await steps([
          begun,
          { position: 0, after: 5, then: 'cancel', again: true },
          { position: 0.085, after: 1, then: 'stop' },
          { position: 0 },
          { say: 'resume', episode: true },
          { position: 0.08, again: true },
          { position: 0, after: 3, then: 'drive' },
          { position: 0 },
          { drive: false },
          { position: 0, effort: 5 },
          { position: '-inf' },
          { grasp: 'pick the red cylinder' },
          { position: 0 },
          { grasp: null },
          { say: 'resume' },
          { position: 0, after: 3, then: 'deactivate', again: true },
          { position: 0 },
        ])
        expect(cancelled).toMatchObject({ accepted: true, status: 'canceled', reached: false })
        expect(cancelled.position).toBeGreaterThan(0.005)
        expect(cancelled.position).toBeLessThan(0.08)
        expect(stopped).toMatchObject({ status: 'aborted', reached: false })
        expect(stopped.position).toBeLessThan(0.08)
        expect(whileStopped.accepted).toBe(false)
        expect(after).toMatchObject({ status: 'succeeded', reached: true })
        expect(driven).toMatchObject({ status: 'aborted', reached: false })
        expect([whileDriven, weak, nowhere, whileGrasping].map(({ accepted }) => accepted)).toEqual([
          false,
          false,
          false,
          false,
        ])
        expect(deactivated).toMatchObject({ status: 'aborted', reached: false })
        expect(inactive.accepted).toBe(false)
        for (const reason of [
          /goal aborted: somebody said stop/,
          /goal refused: somebody said stop/,
          /goal aborted: the policy drives the gripper/,
          /goal refused: the policy drives the gripper/,
          /goal refused: max_effort 5 N: this gripper cannot grip with less than 20 N/,
          /goal refused: position -Infinity: expected a gap in m/,
          /goal refused: a goal of ~\/grasp is running/,
          /goal refused: the node is inactive/,
        ])
          expect(control.output()).toMatch(reason)
        for (const node of nodes) expect((await node.signal()).status).toBe(0)
      },
    )

    test.skipIf(!onWheels())('is not served where control_msgs is not installed, and one line says so', async () => {
      const prefixes = (env['AMENT_PREFIX_PATH'] ?? '')
        .split(':')
        .filter(prefix => prefix !== join(root, '.ros/messages'))
      const node = startNode('control', ['-p', `port:=${port}`], { ...env, AMENT_PREFIX_PATH: prefixes.join(':') })
      await node.said(/control_msgs is not installed: no action ~\/gripper_cmd/)
      await node.said(/control: unconfigured/)
      expect((await node.signal()).status).toBe(0)
    })
  },
)
