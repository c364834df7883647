import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeRos, onWheels, root } from './environment.js'
import { domain, endWithTests, startNode, startPeer, until, type Talk } from './processes.js'

interface Late {
  readonly fixed: Readonly<Record<string, string>>
  readonly words: readonly number[]
  readonly base: string
  readonly moving: readonly string[]
  readonly stamps: readonly number[]
  readonly median: number
  readonly share: number
  readonly points: number
}
interface Transform {
  readonly child_frame_id: string
  readonly header: { frame_id: string }
}

const TF = 'tf2_msgs/msg/TFMessage'
const WRENCH = 'geometry_msgs/msg/WrenchStamped'
const ROBOT = `
robot: mine
tick: { from: rgb }
streams:
  rgb: { topic: /rgb, type: sensor_msgs/msg/Image }
  wrench: { topic: /wrench, type: geometry_msgs/msg/WrenchStamped }
frames:
  optical: { parent: camera_link, rpy: [-90 deg, 0 deg, -90 deg] }
  camera_link: { parent: flange, xyz: [0 m, 5 cm, 0 m] }
  wrist: { parent: flange }
  other: { parent: flange }
`

describeRos('frames on /tf_static and /tf, as rclpy sees them', () => {
  const env = domain(9)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-frames-'))
  endWithTests()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test(
    'late subscribers get those of the cell, with which the points of a depth picture lie on the ' + 'table',
    async () => {
      const cell = startNode('cell', ['-p', 'autostart:=true', '-p', 'wait:=0.0', '-p', 'seed:=2'], env)
      await cell.said(/cell is active/)
      const { stdout } = await promisify(execFile)('python3', [join(root, 'test/ros2/frames.py')], { env })
      const late = JSON.parse(stdout) as Late
      expect(late.fixed).toEqual({ wrist: 'tool0', camera_color_optical_frame: 'tool0' })
      expect(late.words).toEqual([2])
      expect(late.moving).toEqual(['tool0'])
      expect(late.base).toBe('base_link')
      const rate = (late.stamps.length - 1) / (late.stamps.at(-1)! - late.stamps[0])
      expect(rate).toBeGreaterThan(50)
      expect(rate).toBeLessThan(100)
      expect(late.points).toBeGreaterThan(1000)
      expect(Math.abs(late.median)).toBeLessThan(0.003)
      expect(late.share).toBeGreaterThan(0.6)
      expect((await cell.signal()).status).toBe(0)
    },
  )

  describe('of a robot whose camera and wrist sensor have drivers', () => {
    let peer: Talk
    const robot = join(folder, 'mine.yaml')
    beforeAll(async () => {
      writeFileSync(robot, ROBOT)
      peer = await startPeer(env)
    })
    const heard = async (): Promise<string[]> =>
      (await peer.ask<{ transforms: Transform[] }[]>('take', { topic: '/tf_static' }))
        .flatMap(({ transforms }) =>
          transforms.map(({ child_frame_id: name, header }) => `${name} in ${header.frame_id}`),
        )
        .sort()
    const listen = (match: number) =>
      peer.ask('listen', { topic: '/tf_static', type: TF, depth: 1, transient: true, match })

    test(
      "are those that its messages name, with their parents: the sensor's at once, the camera's with " +
        'its first picture',
      async () => {
        const wrist = startNode('force_torque', ['-p', 'autostart:=true', '-p', `robot:=${robot}`], env)
        await wrist.said(/force_torque is active/)
        await listen(1)
        await until(heard, frames => frames.length === 1)
        expect(await heard()).toEqual(['wrist in flange'])
        const camera = startNode('camera', ['-p', 'autostart:=true', '-p', `robot:=${robot}`], env)
        await camera.said(/camera is active/)
        expect(await heard()).toHaveLength(1)
        await peer.ask('advertise', { topic: '/rgb', type: 'sensor_msgs/msg/Image', match: 1 })
        const image = {
          header: { stamp: { $now: 0 }, frame_id: 'optical' },
          width: 2,
          height: 2,
          encoding: 'mono8',
          step: 2,
          data: { $bytes: [4, 7] },
        }
        // With the best effort the first pictures may be published before the camera node is matched.
        const published = async (): Promise<string[]> => {
          await peer.ask('publish', { topic: '/rgb', type: 'sensor_msgs/msg/Image', messages: [image] })
          return heard()
        }
        expect(await until(published, frames => frames.length >= 3)).toEqual([
          'camera_link in flange',
          'optical in camera_link',
          'wrist in flange',
        ])
        for (const node of [wrist, camera]) expect((await node.signal()).status).toBe(0)
      },
    )

    test('have the prefix, in messages too, where one is given', async () => {
      await peer.ask('clear', { topic: '/tf_static' })
      const wrist = startNode(
        'force_torque',
        ['-p', 'autostart:=true', '-p', `robot:=${robot}`, '-p', 'frame_prefix:=left/'],
        env,
      )
      await until(heard, frames => frames.length > 0)
      expect(await heard()).toEqual(['left/wrist in left/flange'])
      await peer.ask('listen', { topic: '/wrench', type: WRENCH, match: 1 })
      await peer.ask('advertise', { topic: '/ft_sensor/wrench', type: WRENCH, match: 1 })
      const passedOn = async (): Promise<{ header: { frame_id: string } }[]> => {
        await peer.ask('publish', {
          topic: '/ft_sensor/wrench',
          type: WRENCH,
          messages: [{ header: { stamp: { $now: 0 } }, wrench: { force: { z: 1 } } }],
        })
        return peer.ask('take', { topic: '/wrench' })
      }
      expect((await until(passedOn, wrenches => wrenches.length > 0))[0].header.frame_id).toBe('left/wrist')
      expect((await wrist.signal()).status).toBe(0)
      await peer.ask('clear', { topic: '/wrench' })
    })

    test.skipIf(!onWheels())(
      'are not published without tf2_msgs, which one line says; everything else is',
      async () => {
        const lacking = {
          ...env,
          AMENT_PREFIX_PATH: (env['AMENT_PREFIX_PATH'] ?? '')
            .split(':')
            .filter(prefix => prefix !== join(root, '.ros/messages'))
            .join(':'),
        }
        await peer.ask('clear', { topic: '/tf_static' })
        const wrist = startNode('force_torque', ['-p', 'autostart:=true', '-p', `robot:=${robot}`], lacking)
        await wrist.said(/tf2_msgs is not installed: nothing on \/tf and \/tf_static/)
        await wrist.said(/force_torque is active/)
        await peer.ask('listen', { topic: '/wrench', type: WRENCH, match: 1 })
        await peer.ask('advertise', { topic: '/ft_sensor/wrench', type: WRENCH, match: 1 })
        const passedOn = async (): Promise<unknown[]> => {
          await peer.ask('publish', {
            topic: '/ft_sensor/wrench',
            type: WRENCH,
            messages: [{ header: { stamp: { $now: 0 } }, wrench: { force: { z: 1 } } }],
          })
          return peer.ask<unknown[]>('take', { topic: '/wrench' })
        }
        await until(passedOn, wrenches => wrenches.length > 0)
        expect(await heard()).toEqual([])
        expect((await wrist.signal()).status).toBe(0)
        expect(wrist.output().match(/tf2_msgs/g)).toHaveLength(1)
      },
    )
  })
})
