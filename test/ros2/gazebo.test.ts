import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BOOLEAN, WORLD_CONTROL } from '../../middleware/gazebo/gz-messages.js'
import { SERVICES } from '../../sim/gazebo/names.js'
import { prehend } from '../e2e/prehend.js'
import { endWithTests as endGazeboNodes, openNode } from '../gazebo/programs.js'
import { environment, hasWorldServer, startWorldServer } from '../gazebo/server.js'
import { describeRos, root } from './environment.js'
import {
  domain,
  endWithTests,
  startGazeboBridge,
  startNode,
  startPeer,
  until,
  type RunningNode,
  type Talk,
} from './processes.js'

interface Status {
  readonly name: string
  readonly message: string
  readonly values: readonly { key: string; value: string }[]
}
interface Pose {
  readonly header: { readonly stamp: { readonly sec: number; readonly nanosec: number } }
  readonly pose: { readonly position: { readonly x: number; readonly y: number; readonly z: number } }
}

/** ms that a simulated second may take on a busy machine with eight processes, with a margin. */
const PATIENCE = 120_000

/**
 * Starts what gazebo.launch.py starts. The test's world server is the simulator, and gazebo-bridge.ts is ros_gz_bridge.
 */
describeRos('the nodes in a Gazebo world, by ros_gz_bridge', () => {
  describe.skipIf(!hasWorldServer)('on the world server', () => {
    const gazebo = { IGN_IP: environment['IGN_IP'] ?? '', IGN_PARTITION: environment['IGN_PARTITION'] ?? '' }
    const env = { ...domain(3), ...gazebo }
    const folder = mkdtempSync(join(tmpdir(), 'prehend-gazebo-'))
    const link = join(folder, 'gripper')
    let server: Awaited<ReturnType<typeof startWorldServer>>
    let bridge: RunningNode
    let cell: RunningNode
    let nodes: RunningNode[]
    let peer: Talk

    beforeAll(async () => {
      const world = join(folder, 'cell.sdf')
      expect(prehend(['world', world]).status).toBe(0)
      server = await startWorldServer(world)
      peer = await startPeer(env)
      for (const [topic, type] of [
        ['/episode', 'std_msgs/msg/String'],
        ['/episode/result', 'std_msgs/msg/String'],
        ['/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray'],
      ])
        await peer.ask('listen', { topic, type, match: 0 })
      for (const [topic, type] of [
        ['/tool_pose', 'geometry_msgs/msg/PoseStamped'],
        ['/wrist/wrench', 'geometry_msgs/msg/WrenchStamped'],
        ['/camera/color/image_raw', 'sensor_msgs/msg/Image'],
      ])
        await peer.ask('listen', { topic, type, reliable: false, match: 0 })
      bridge = startGazeboBridge(join(root, 'launch/config/gazebo_bridge.yaml'), env)
      await bridge.said(/ready/)
      const simulated = ['-p', 'autostart:=true', '-p', 'use_sim_time:=true']
      cell = startNode(
        'cell',
        [...simulated, '-p', 'source:=gazebo', '-p', `gripper_link:=${link}`, '-p', 'seed:=3'],
        env,
      )
      await cell.said(/is active/)
      nodes = [
        startNode(
          'camera',
          [
            ...simulated,
            '-p',
            'rgb_input:=gazebo/color/image_raw',
            '-p',
            'depth_input:=gazebo/depth/image_raw',
            '-p',
            'crop:=square',
          ],
          env,
        ),
        startNode('force_torque', [...simulated, '-p', 'input:=gazebo/wrench'], env),
        startNode('fusion', simulated, env),
        startNode('control', [...simulated, '-p', `port:=${link}`], env),
      ]
      for (const node of nodes) await node.said(/is active/)
    }, 2 * PATIENCE)
    endWithTests()
    endGazeboNodes()
    afterAll(async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    const time = ({ header: { stamp } }: Pose): number => stamp.sec + stamp.nanosec / 1e9
    const poses = (last: number) => peer.ask<Pose[]>('take', { topic: '/tool_pose', last })
    const alignment = async (): Promise<Record<string, number>> => {
      const arrays = await peer.ask<{ status: Status[] }[]>('take', { topic: '/diagnostics', last: 30 })
      const status = arrays
        .flatMap(array => array.status)
        .filter(({ name }) => name === '/fusion: alignment')
        .at(-1)
      return {
        observations: 0,
        jumps: 0,
        ...Object.fromEntries((status?.values ?? []).map(({ key, value }) => [key, Number(value)])),
      }
    }
    const texts = async (topic: string) =>
      (await peer.ask<{ data: string }[]>('take', { topic, last: 100 })).map(
        ({ data }) =>
          JSON.parse(data) as { readonly index: number; readonly success: boolean; readonly reason: string },
      )

    test(
      "an episode begins, the bridge's messages give observations, and the policy moves the arm",
      async () => {
        await until(
          () => texts('/episode'),
          seen => seen.some(({ index }) => index === 0),
          PATIENCE,
        )
        await until(alignment, ({ observations }) => observations > 30, PATIENCE)
        const moved = await until(
          () => poses(1000),
          seen => seen.length > 1 && Math.abs(seen[0].pose.position.z - (seen.at(-1) as Pose).pose.position.z) > 0.02,
          PATIENCE,
        )
        // Simulated time since the start of this world.
        expect(time(moved.at(-1) as Pose)).toBeLessThan(600)
        const [picture] = await peer.ask<
          { width: number; height: number; encoding: string; header: { frame_id: string } }[]
        >('take', { topic: '/camera/color/image_raw', last: 1 })
        expect(picture).toMatchObject({
          width: 480,
          height: 480,
          encoding: 'rgb8',
          header: { frame_id: 'camera_color_optical_frame' },
        })
        const wrenches = await peer.ask<{ header: Pose['header'] }[]>('take', { topic: '/wrist/wrench', last: 500 })
        const steps = wrenches
          .slice(1)
          .map(({ header: { stamp } }, i) =>
            Math.round(
              (stamp.sec - wrenches[i].header.stamp.sec) * 1e9 + stamp.nanosec - wrenches[i].header.stamp.nanosec,
            ),
          )
        expect(steps.filter(step => step === 1_000_000).length).toBeGreaterThan(0.9 * steps.length)
      },
      4 * PATIENCE,
    )

    test(
      'a reset by another process is a jump of time: the episode ends, the aligner counts the jump, ' +
        'and the next episode runs',
      async () => {
        const before = await alignment()
        await peer.ask('clear', { topic: '/episode/result' })
        await peer.ask('clear', { topic: '/episode' })
        const { node: hand } = await openNode(gazebo)
        expect(
          await hand.request(SERVICES.control, WORLD_CONTROL, { pause: true, reset: { all: true } }, BOOLEAN, {
            timeout: PATIENCE,
          }),
        ).toMatchObject({ data: true })
        await cell.said(/time went back from .* somebody else has reset it/)
        // An episode may have ended by itself before.
        const [ended] = (
          await until(
            () => texts('/episode/result'),
            seen => seen.at(-1)?.reason === 'fault',
            PATIENCE,
          )
        ).slice(-1)
        expect(ended).toMatchObject({ success: false, reason: 'fault' })
        await until(
          () => texts('/episode'),
          seen => seen.at(-1)?.index === ended.index + 1,
          PATIENCE,
        )
        const after = await until(
          alignment,
          now => now['jumps'] > before['jumps'] && now['observations'] > before['observations'] + 30,
          PATIENCE,
        )
        expect(after['jumps']).toBe(before['jumps'] + 1)
        for (const { child } of nodes) expect(child.exitCode).toBeNull()
      },
      4 * PATIENCE,
    )

    test(
      'all end with exit code 0',
      async () => {
        for (const node of [...nodes, cell, bridge]) {
          const { status, log } = await node.signal()
          expect(status, log).toBe(0)
        }
      },
      2 * PATIENCE,
    )

    test.each<[string[], RegExp]>([
      [['-p', 'source:=mujoco'], /source: mujoco: expected sim or gazebo/],
      [['-p', 'source:=gazebo'], /source: gazebo: its time comes by \/clock: set use_sim_time to true/],
      [
        ['-p', 'source:=gazebo', '-p', 'use_sim_time:=true', '-p', 'publish_clock:=true'],
        /publish_clock: with the source gazebo \/clock comes from Gazebo, by ros_gz_bridge: leave it false/,
      ],
    ])('what cannot be is refused: %j', async (parameters, text) => {
      const { status, log } = await startNode('cell', parameters, env).end
      expect(status).toBe(2)
      expect(log).toMatch(text)
    })
  })
})
