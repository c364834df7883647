import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { ByteStream, ByteStreamEvents } from '../../drivers/byte-stream.js'
import { crc16 } from '../../drivers/crc16.js'
import { DriverError } from '../../drivers/driver-error.js'
import { ModbusClient } from '../../drivers/modbus-client.js'
import { Robotiq2f85 } from '../../drivers/robotiq-2f85.js'
import { INPUT } from '../../drivers/robotiq-registers.js'
import { SerialPort } from '../../drivers/serial-port.js'
import { python } from '../sim/firmware/python-path.js'

interface Done {
  /** CLOCK_MONOTONIC, ns: what process.hrtime reads too. */
  readonly at: number
  readonly measured?: number
  readonly wrote?: number
  readonly lost?: number
}

const children: ChildProcess[] = []
const ports: SerialPort[] = []
afterAll(async () => {
  for (const port of ports) await port.close()
  for (const child of children) child.kill('SIGKILL')
})

/** A gripper that answers after `least` to `most` ms. `lost`: numbers of the requests that it never gets. */
async function late(least: number, most: number, lost: number[] = []) {
  const script = fileURLToPath(new URL('./late_gripper.py', import.meta.url))
  const child = spawn(python(), [script, String(least), String(most), ...(lost.length > 0 ? [lost.join(',')] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines = createInterface({ input: child.stdout })
  const [path] = (await once(lines, 'line')) as [string]
  const done: Done[] = []
  lines.on('line', line => done.push(JSON.parse(line) as Done))
  const port = new SerialPort({ path })
  ports.push(port)
  return {
    port,
    done,
    gripper: new Robotiq2f85(port, { timeout: 100, retries: 2 }),
    end: () => (child.stdin.end(), once(lines, 'close')),
  }
}

describe('a gripper that answers late', () => {
  // Each has a pseudo-terminal of its own.
  test.concurrent.each([
    [90, 250],
    [1, 300],
    [140, 160],
    [1, 10],
  ])(
    'by %d to %d ms: the stamp of a width is never later than its measurement',
    { timeout: 60_000 },
    async (least, most) => {
      const { gripper, done, end } = await late(least, most)
      await gripper.connect()
      const statuses: { number: number; stamp: number; received: number }[] = []
      let timeouts = 0
      for (const until = performance.now() + 5000; performance.now() < until; ) {
        await gripper.status().then(
          ({ stamp, width, current }) => {
            statuses.push({
              number: 256 * Math.round((1 - width / 0.085) * 255) + Math.round(current * 100),
              stamp,
              received: Number(process.hrtime.bigint()),
            })
          },
          (error: { code: string }) => {
            expect(error.code).toBe('TIMEOUT')
            timeouts++
          },
        )
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      await end()
      const measuredAt = new Map(done.map(({ measured, at }) => [measured, at]))
      expect(statuses.length).toBeGreaterThan(8)
      expect(timeouts).toBe(0)
      let last = 0
      for (const { number, stamp } of statuses) {
        const at = measuredAt.get(number)
        if (at === undefined) throw new Error(`the gripper never measured ${number}`)
        expect(at - stamp).toBeGreaterThan(0)
        // No older than the wait for the answers that were on their way before it.
        expect(at - stamp).toBeLessThan(1e9)
        expect(stamp).toBeGreaterThan(last)
        last = stamp
      }
    },
  )

  test('and loses requests: the stamp of an answer comes from its own request', { timeout: 60_000 }, async () => {
    const { gripper, done, end } = await late(1, 5, [3, 4, 8, 12, 13])
    await gripper.connect()
    const stamps = new Map<number, number>()
    for (let index = 0; index < 20; index++) {
      const { stamp, current } = await gripper.status()
      stamps.set(Math.round(current * 100), stamp)
    }
    await end()
    for (const { measured, at } of done.filter(({ measured }) => stamps.has(measured ?? NaN))) {
      const age = at - (stamps.get(measured ?? NaN) ?? NaN)
      expect(age).toBeGreaterThan(0)
      // Not the 100 ms of the attempt that was lost before.
      expect(age).toBeLessThan(60e6)
    }
  })

  test('a stop is acknowledged only by its own answer, not by the late answer to a move', {
    timeout: 20_000,
  }, async () => {
    // Request 0 is connect's status, 1 the move; its answer comes 150 ms later, when the stop (request 2, lost) waits
    // for one.
    const { gripper, done, end } = await late(150, 150, [2])
    await gripper.connect()
    const moving = gripper.move({ width: 0.02, speed: 0.1, effort: 20 }).catch((error: { code: string }) => error.code)
    await new Promise(resolve => setTimeout(resolve, 20))
    await gripper.stop()
    const acknowledged = Number(process.hrtime.bigint())
    await moving
    await end()
    const stops = done.filter(({ wrote, at }) => wrote === 0x01 && at < acknowledged)
    expect(stops.length).toBeGreaterThan(0)
  })

  test('a stop is sent as soon as the transaction before it has ended, even with unanswered requests', {
    timeout: 20_000,
  }, async () => {
    const { gripper, done, end } = await late(1, 3, [1, 2, 3, 4, 5, 6, 7, 8, 9])
    await gripper.connect()
    await expect(gripper.move({ width: 0.02, speed: 0.1, effort: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(gripper.move({ width: 0.03, speed: 0.1, effort: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    const waiting = gripper.move({ width: 0.04, speed: 0.1, effort: 20 }).catch((error: { code: string }) => error.code)
    const before = Number(process.hrtime.bigint())
    await gripper.stop().catch(() => undefined)
    await end()
    expect(await waiting).toBe('SUPERSEDED')
    const stop = done.find(({ lost, at }) => lost === 0x01 && at > before)
    // The move that waits has not been sent, so the stop need not wait for it.
    expect((stop?.at ?? NaN) - before).toBeLessThan(150e6)
  })
})

describe('a device whose requests cannot be made longer', () => {
  test('gets the next request only when the answer to the lost one can no longer come', {
    timeout: 20_000,
  }, async () => {
    const { port: wire, done, end } = await late(150, 150)
    const client = new ModbusClient(wire, { unit: 9, timeout: 100, retries: 0, slowest: 400 })
    await wire.open()
    const read = () => client.transact({ function: 3, start: INPUT.start, count: 3 })
    await read()
    const first = Number(process.hrtime.bigint())
    await expect(read()).rejects.toMatchObject({ code: 'TIMEOUT' })
    await read().catch(() => undefined)
    await end()
    expect(done).toHaveLength(3)
    // The late answer had come after 150 ms, and with it the line was free again.
    expect(done[2].at - first).toBeGreaterThan(150e6)
    expect(done[2].at - first).toBeLessThan(390e6)
  })
})

/**
 * A line in memory to a device with the driver's three registers and no more; `heard`: how many registers each request
 * named.
 */
class ShortDevice extends EventEmitter<ByteStreamEvents> implements ByteStream {
  readonly heard: number[] = []
  /** How many requests are never answered. */
  deaf = 0

  open(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  write(bytes: Uint8Array): Promise<number> {
    const count = bytes[5]
    this.heard.push(count)
    if (this.deaf > 0) this.deaf--
    else
      setImmediate(() =>
        this.emit(
          'bytes',
          withCrc(
            count > 3
              ? [9, bytes[1] | 0x80, 2]
              : bytes[1] === 3
                ? [9, 3, 6, 0x31, 0, 0, 0, 0, 0]
                : [...bytes.slice(0, 6)],
          ),
        ),
      )
    return Promise.resolve(Number(process.hrtime.bigint()))
  }
}

function withCrc(body: number[]): Uint8Array {
  const crc = crc16(Uint8Array.from(body))
  return Uint8Array.of(...body, crc & 0xff, crc >> 8)
}

describe('a device that refuses the reserved registers', () => {
  test('gets the stop again without them at once, and no request with them afterwards', async () => {
    const line = new ShortDevice()
    const gripper = new Robotiq2f85(line, { timeout: 50, retries: 2 })
    await gripper.connect()
    line.deaf = 1
    const moving = gripper.move({ width: 0.02, speed: 0.1, effort: 20 }).catch((error: { code: string }) => error.code)
    await gripper.stop()
    expect(await moving).toBe('SUPERSEDED')
    // Status, move, stop with one more, without; the answer to that may be the move's, so once more.
    expect(line.heard).toEqual([3, 3, 4, 3, 3])
    line.deaf = 1
    await gripper.status()
    expect(new Set(line.heard.slice(5))).toEqual(new Set([3]))
  })

  test('gets the stop again without them also when it does not answer', async () => {
    const line = new ShortDevice()
    const gripper = new Robotiq2f85(line, { timeout: 50, retries: 2 })
    await gripper.connect()
    line.deaf = 2
    void gripper.move({ width: 0.02, speed: 0.1, effort: 20 }).catch(() => undefined)
    await gripper.stop()
    expect(line.heard).toEqual([3, 3, 4, 3, 3])
  })

  test('is not expected to answer old requests after the port was lost', async () => {
    const line = new ShortDevice()
    const gripper = new Robotiq2f85(line, { timeout: 50, retries: 0 })
    await gripper.connect()
    line.deaf = 1
    await expect(gripper.status()).rejects.toMatchObject({ code: 'TIMEOUT' })
    line.emit('lost', new DriverError('DISCONNECTED', 'the cable is out'))
    line.emit('back')
    await gripper.status()
    expect(line.heard).toEqual([3, 3, 3])
  })
})
