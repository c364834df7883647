import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { rosProblem } from '../middleware/ros2/rclnodejs.js'
import { threeStreams } from './alignment-rate.js'
import { result, type BenchResult } from './result.js'
import { Running } from './running.js'

const SECONDS = 60
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
 * One publisher on ROS 2 topics (640x480 rgb and depth at 30 Hz, a wrench at 1 kHz) for a minute, with two subscribing
 * processes at once: the fusion node, which aligns the streams, and a node in rclpy, which picks nearest stamps. It is
 * left out, with a line on standard error, where no ROS 2 is sourced.
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
    `robot:=${threeStreams(root)}`,
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
  }
}
