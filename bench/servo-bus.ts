import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { spread } from '../app/measure/percentiles.js'
import { STS3215_MODEL } from '../drivers/feetech/sts3215.js'
import { SerialPort } from '../drivers/serial-port.js'
import { ServoBus } from '../drivers/servo/servo-bus.js'
import { requirePeers } from '../peers/peers.js'
import { startHostProcess } from './host-process.js'
import { pythonWith } from './python-with.js'
import { result, type BenchResult } from './result.js'

const BAUD = 1_000_000
const SERVOS = 6
/** Each side has its turn this many times, with this many rounds. */
const TURNS = 4
const ROUNDS = 500
/** ms that either side waits for an answer: the emulated servos may be late where the machine is busy. */
const PATIENCE = 1000
/** Hz and s of the joint commands. */
const RATE = 100
const SECONDS = 10
/**
 * ms of a round on the wire: requests of 26 and 14 bytes (sync write of two bytes and sync read to six servos) and six
 * answers of 14 bytes, each byte with ten bits.
 */
const WIRE = ((26 + 14 + SERVOS * 14) * 10_000) / BAUD

/**
 * Six emulated servos on one pseudo-terminal, which answers no sooner than a wire of 1 Mbaud would. A round is a sync
 * write of all goals and a sync read of all states. Ours and the vendor's Python package take turns.
 */
export async function benchServoBus(root: string): Promise<BenchResult[]> {
  requirePeers('bench servo-bus', 'serialport', '@lydell/node-pty')
  const python = pythonWith(root, 'scservo_sdk')
  const host = await startHostProcess(join(root, 'dist/bench/servo-bus-host.js'))
  try {
    const path = host.line
    const ours: number[] = []
    const theirs: number[] = []
    for (let turn = 0; turn < TURNS; turn++) {
      ours.push(...(await withBus(path, rounds)))
      if (python !== undefined) theirs.push(...(await peer(python, root, path)))
    }
    const held = await withBus(path, atRate)
    const [p, v] = [spread(ours), python === undefined ? undefined : spread(theirs)]
    const package_ = "the vendor's Python package"
    return [
      result('servo bus: write and read six servos, p50', p.p50, 'ms', package_, v?.p50 ?? null),
      result('servo bus: write and read six servos, p99', p.p99, 'ms', package_, v?.p99 ?? null),
      result(
        'servo bus: the same without its time on the wire, p50',
        p.p50 - WIRE,
        'ms',
        package_,
        v === undefined ? null : v.p50 - WIRE,
      ),
      result('servo bus: joint commands at 1 Mbaud', held.rate, 'Hz', 'asked for', RATE),
      result('servo bus: lateness of a joint command, p99', held.late, 'ms', 'one period', 1000 / RATE),
    ]
  } finally {
    await host.end()
  }
}

async function withBus<T>(path: string, work: (bus: ServoBus) => Promise<T>): Promise<T> {
  const joints = Array.from({ length: SERVOS }, (_, index) => ({ name: `j${index + 1}`, id: index + 1 }))
  const port = new SerialPort({ path, baud: BAUD, lowLatency: true })
  const bus = new ServoBus(port, { model: STS3215_MODEL, joints, baud: BAUD, patience: PATIENCE })
  try {
    await bus.connect()
    await bus.torque(true)
    return await work(bus)
  } finally {
    await bus.close()
  }
}

/** ms of each round. */
async function rounds(bus: ServoBus): Promise<number[]> {
  const took: number[] = []
  for (let index = 0; index < ROUNDS; index++) {
    const began = performance.now()
    await round(bus, index)
    took.push(performance.now() - began)
  }
  return took
}

/** One round every period: the rate that came out, and the ms by which the 99th percentile of rounds ended late. */
async function atRate(bus: ServoBus): Promise<{ rate: number; late: number }> {
  const began = performance.now()
  const late: number[] = []
  for (let index = 0; index < RATE * SECONDS; index++) {
    const due = began + (index * 1000) / RATE
    while (performance.now() < due) await new Promise(resolve => setTimeout(resolve, due - performance.now()))
    await round(bus, index)
    late.push(performance.now() - due)
  }
  // The first round begins at 0, so the last one ends a period before its time is full.
  const seconds = (performance.now() - began) / 1000 + 1 / RATE
  return { rate: (RATE * SECONDS) / seconds, late: spread(late).p99 }
}

async function round(bus: ServoBus, index: number): Promise<void> {
  await bus.write(new Float64Array(SERVOS).fill(0.3 * Math.sin(index / 50)))
  await bus.read()
}

async function peer(python: string, root: string, path: string): Promise<number[]> {
  const script = join(root, 'bench/peer_servo_bus.py')
  const { stdout } = await promisify(execFile)(python, [script, path, String(ROUNDS)], { maxBuffer: 1 << 24 })
  return JSON.parse(stdout) as number[]
}
