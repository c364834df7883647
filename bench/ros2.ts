import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rosProblem } from '../middleware/ros2/rclnodejs.js'
import { result, type BenchResult } from './result.js'
import { Running } from './running.js'

const SECONDS = 60
/** What both listen to, and nothing that stays silent. */
const ROBOT = `robot: three-streams
tick: { from: rgb }
streams:
  rgb: { topic: /camera/color/image_raw, type: sensor_msgs/msg/Image, align: nearest }
  depth: { topic: /camera/depth/image_raw, type: sensor_msgs/msg/Image, align: interpolate }
  wrench: { topic: /wrist/wrench, type: geometry_msgs/msg/WrenchStamped, align: { window: 33.333333 ms, pyramid: [8 ms, 16 ms, 32 ms, 64 ms, 128 ms, 256 ms] } }
`

interface Node {
  readonly observations: number
  readonly streams: Readonly<Record<string, number>>
  readonly lagMs: { readonly p99: number }
  readonly startS: number
}

interface Peer {
  readonly rgb: number
  readonly wrench: number
}

/**
 * One source on ROS 2 topics (640x480 rgb and depth at 30 Hz, a wrench at 1 kHz), for a minute, heard by two processes
 * at once: the fusion node, which aligns it, and rclpy, which picks nearest stamps. Left out, with a word, where no ROS
 * 2 is sourced.
 */
export async function benchRos2(root: string): Promise<BenchResult[]> {
  const problem = rosProblem()
  if (problem !== undefined) {
    process.stderr.write(`ros2: left out: ${problem}\n`)
    return []
  }
  const env = {
    ...process.env,
    ROS_DOMAIN_ID: String(100 + (process.pid % 100)),
    ROS_AUTOMATIC_DISCOVERY_RANGE: 'LOCALHOST',
  }
  const start = (command: string, args: readonly string[]): Running =>
    new Running(spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] }))
  const folder = mkdtempSync(join(tmpdir(), 'prehend-bench-'))
  const robot = join(folder, 'three-streams.yaml')
  writeFileSync(robot, ROBOT)
  const node = start(join(root, 'bin/prehend'), [
    'node',
    'fusion',
    '--json',
    '--ros-args',
    '--log-level',
    'warn',
    '-p',
    'autostart:=true',
    '-p',
    'policy:=none',
    '-p',
    `robot:=${robot}`,
  ])
  const peer = start('python3', [join(root, 'bench/peer_rclpy.py')])
  const source = start('python3', [join(root, 'bench/ros2_publisher.py'), String(SECONDS), '2'])
  try {
    await source.begun()
    const before = [node, peer].map(running => running.cpu())
    const sent = await source.answer<{ frames: number; samples: number }>()
    const [cpu = NaN, peerCpu = NaN] = [node, peer].map((running, i) => running.cpu() - before[i]!)
    const ours = await node.interrupted<Node>()
    const theirs = await peer.interrupted<Peer>()
    return [
      result(`ros2: rgb frames of ${sent.frames}`, ours.streams.rgb!, 'frames', 'rclpy', theirs.rgb),
      result(`ros2: depth frames of ${sent.frames}`, ours.streams.depth!, 'frames', 'rclpy', theirs.rgb),
      result(`ros2: wrench samples of ${sent.samples}`, ours.streams.wrench!, 'samples', 'rclpy', theirs.wrench),
      result('ros2: CPU of receiving and aligning', cpu, 's', 'rclpy, receiving and nearest stamps', peerCpu),
      result('ros2: from publish to aligned observation, p99', ours.lagMs.p99, 'ms', 'the bound', 12),
      result('ros2: start of the node to active', ours.startS, 's', 'the bound', 1.5),
    ]
  } finally {
    for (const running of [node, peer, source]) running.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
