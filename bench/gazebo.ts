import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { result, type BenchResult } from './result.js'
import { Running } from './running.js'

/** The messages of one stream: their number, whether none was lost or out of order, and their latency, ms. */
export interface StreamFigures {
  readonly count: number
  readonly ordered: boolean
  readonly p50: number
  readonly p99: number
}

export interface Listened {
  readonly rgb: StreamFigures
  readonly depth: StreamFigures
  readonly wrench: StreamFigures
}

export interface FullRate {
  readonly sent: { readonly frames: number; readonly samples: number; readonly seconds: number }
  readonly ours: Listened
  readonly peer: Listened
  /** s of CPU from the first message to the last. */
  readonly cpu: number
  readonly peerCpu: number
}

const programs = (root: string): string[] =>
  ['publisher', 'subscriber'].map(side => join(root, `build/world-server/gazebo-${side}`))

/** Whether the C++ programs are built; `npm test` builds them where Gazebo's libraries are. */
export const hasGazeboPrograms = (root: string): boolean => programs(root).every(program => existsSync(program))

/**
 * One publisher on ign-transport (640x480 colour and depth at 30 Hz, a wrench at 1 kHz), with two subscribing processes
 * at once: ours, and one with ign-transport's own subscriber.
 */
export async function fullRate(root: string, seconds: number): Promise<FullRate> {
  const [publisher = '', subscriber = ''] = programs(root)
  const env = { ...process.env, IGN_IP: '127.0.0.1', IGN_PARTITION: `full-rate-${process.pid}` }
  const source = spawn(publisher, [String(seconds)], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const sending = new Running(source)
  // The heap of V8 is set as in bin/prehend.
  const ours = new Running(
    spawn(process.execPath, ['--initial-old-space-size=256', join(root, 'dist/bench/gazebo-listener.js')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  const peer = new Running(spawn(subscriber, { env, stdio: ['ignore', 'pipe', 'inherit'] }))
  const both = [ours, peer] as const
  try {
    await Promise.all(both.map(listener => listener.begun()))
    const before = both.map(listener => listener.cpu())
    source.stdin.write('begin\n')
    await sending.begun()
    const [cpu = NaN, peerCpu = NaN] = both.map((listener, i) => listener.cpu() - before[i]!)
    const [oursFigures, peerFigures] = await Promise.all([ours.answer<Listened>(), peer.answer<Listened>()])
    source.stdin.end()
    return { sent: await sending.answer(), ours: oursFigures, peer: peerFigures, cpu, peerCpu }
  } finally {
    for (const running of [sending, ...both]) running.kill()
  }
}

/** `fullRate` for a minute. It is left out, with a line on standard error, where the C++ programs are not built. */
export async function benchGazebo(root: string): Promise<BenchResult[]> {
  if (!hasGazeboPrograms(root)) {
    process.stderr.write(
      "gazebo: left out: build/world-server has no programs; npm test builds them where Gazebo's libraries are\n",
    )
    return []
  }
  const { sent, ours, peer, cpu, peerCpu } = await fullRate(root, 60)
  const name = 'ign-transport in C++'
  return [
    result(`gazebo: rgb frames of ${sent.frames}`, ours.rgb.count, 'frames', name, peer.rgb.count),
    result(`gazebo: depth frames of ${sent.frames}`, ours.depth.count, 'frames', name, peer.depth.count),
    result(`gazebo: wrench samples of ${sent.samples}`, ours.wrench.count, 'samples', name, peer.wrench.count),
    ...(['rgb', 'depth', 'wrench'] as const).flatMap(stream => [
      result(`gazebo: ${stream}, publish to callback, p50`, ours[stream].p50, 'ms', name, peer[stream].p50),
      result(`gazebo: ${stream}, publish to callback, p99`, ours[stream].p99, 'ms', name, peer[stream].p99),
    ]),
    result('gazebo: CPU of receiving', cpu, 's', name, peerCpu),
  ]
}
