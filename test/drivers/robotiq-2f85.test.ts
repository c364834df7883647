import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Robotiq2f85 } from '../../drivers/robotiq-2f85.js'
import { createGripper } from '../../drivers/gripper-drivers.js'
import { SerialPort } from '../../drivers/serial-port.js'
import type { Gripper, GripperStatus } from '../../drivers/gripper.js'
import { openPseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'
import type { PseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'
import { startFirmwareHost } from '../../sim/firmware/host.js'
import type { FirmwareHost } from '../../sim/firmware/host.js'
import { RobotiqFirmware } from '../../sim/firmware/robotiq-firmware.js'
import { SpringPlant } from '../../sim/firmware/spring-plant.js'

async function until(gripper: Gripper, condition: (status: GripperStatus) => boolean): Promise<GripperStatus> {
  for (;;) {
    const status = await gripper.status()
    if (condition(status)) return status
  }
}

describe('the driver and the emulated firmware, over a pseudo-terminal', () => {
  let plant: SpringPlant
  let host: FirmwareHost
  let gripper: Gripper

  beforeEach(() => {
    plant = new SpringPlant()
    host = startFirmwareHost({ plant })
    gripper = createGripper(
      { driver: 'robotiq-2f85', port: { path: host.path, baud: 115200 }, slave: 9 },
      { patience: 1000 },
    )
  })
  afterEach(async () => {
    await gripper.close()
    await host.close()
  })

  test('connect activates; move, status and stop use metres, newtons and amperes', {
    timeout: 20_000,
  }, async () => {
    await expect(gripper.move({ width: 0.05, speed: 0.1, effort: 40 })).rejects.toMatchObject({ code: 'NOT_ACTIVATED' })
    await gripper.connect()
    expect(await gripper.status()).toMatchObject({ activated: true, fault: 0, faultText: '' })
    const before = Number(process.hrtime.bigint())
    const { written } = await gripper.move({ width: 0.05, speed: 0.15, effort: 40 })
    expect(written).toBeGreaterThan(before)
    expect(written).toBeLessThan(Number(process.hrtime.bigint()))
    const there = await until(gripper, status => status.object !== 'moving')
    expect(there.object).toBe('none')
    expect(there.width).toBeCloseTo(0.05, 3)
    expect(plant.width()).toBeCloseTo(0.05, 3)
    expect(there.requestedWidth).toBeCloseTo(0.05, 3)
    expect(there.stamp).toBeGreaterThan(written)
    const command = plant.commands.at(-1)
    if (command === undefined || command === 'hold') throw new Error('no move reached the fingers')
    expect(command.speed).toBeCloseTo(0.15, 9)
    expect(Math.abs(command.force - 40)).toBeLessThan(215 / 255)
    plant.object = 0.03
    await gripper.move({ width: 0, speed: 0.15, effort: 100 })
    const held = await until(gripper, status => status.object !== 'moving')
    expect(held).toMatchObject({ object: 'closing', fault: 0 })
    expect(Math.abs(held.current - 100 / 235)).toBeLessThan(0.02)
    await gripper.move({ width: 0.085, speed: 0.02, effort: 20 })
    await gripper.stop()
    const width = plant.width()
    expect(await gripper.status()).toMatchObject({ object: 'none' })
    expect(plant.commands.at(-1)).toBe('hold')
    await gripper.status()
    expect(plant.width()).toBe(width)
    expect(gripper.stats).toMatchObject({
      crcErrors: 0,
      timeouts: 0,
      reconnects: 0,
      framesReceived: gripper.stats.framesSent,
    })
  })

  test('connect leaves an activated gripper as it is', { timeout: 20_000 }, async () => {
    await gripper.connect()
    await gripper.move({ width: 0.06, speed: 0.15, effort: 20 })
    await until(gripper, status => status.object !== 'moving')
    await gripper.close()
    gripper = createGripper({ driver: 'robotiq-2f85', port: { path: host.path } })
    await gripper.connect()
    expect(plant.width()).toBeCloseTo(0.06, 3)
  })

  test('commands beyond the range are clamped; a value that is not a number is refused', {
    timeout: 20_000,
  }, async () => {
    await gripper.connect()
    await gripper.move({ width: 1, speed: 9, effort: 9999 })
    await until(gripper, status => status.object !== 'moving')
    await gripper.move({ width: -1, speed: 9, effort: 9999 })
    expect(plant.commands.at(-1)).toEqual({ width: 0, speed: 0.15, force: 235 })
    await expect(gripper.move({ width: Number.NaN, speed: 0.1, effort: 1 })).rejects.toMatchObject({
      code: 'BAD_COMMAND',
    })
  })

  test('a major fault is in the status, and the next connect resets it', { timeout: 20_000 }, async () => {
    await gripper.connect()
    host.firmware.fail(0x0e)
    expect(await gripper.status()).toMatchObject({ activated: false, fault: 14, faultText: 'overcurrent' })
    await expect(gripper.move({ width: 0, speed: 1, effort: 1 })).rejects.toMatchObject({ code: 'NOT_ACTIVATED' })
    await gripper.connect()
    expect(await gripper.status()).toMatchObject({ activated: true, fault: 0 })
  })

  test('a stop ends an activation', { timeout: 20_000 }, async () => {
    const connecting = expect(gripper.connect()).rejects.toMatchObject({ code: 'SUPERSEDED' })
    while (host.firmware.stats.requests < 5) await new Promise(resolve => setImmediate(resolve))
    await gripper.stop()
    await connecting
    expect(plant.commands.at(-1)).toBe('hold')
  })
})

/** Firmware on a wire that the test damages: `line` gets each reply and gives what is sent in its place. */
describe('on a bad wire', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prehend-port-'))
  const path = join(folder, 'gripper')
  let terminal: PseudoTerminal
  let firmware: RobotiqFirmware
  let port: SerialPort
  let gripper: Robotiq2f85
  let line: (reply: Uint8Array) => Uint8Array[]

  function plug(): void {
    terminal = openPseudoTerminal()
    rmSync(path, { force: true })
    symlinkSync(terminal.path, path)
    terminal.onBytes(bytes => firmware.receive(bytes, reply => line(reply).forEach(part => terminal.write(part))))
  }

  beforeEach(() => {
    firmware = new RobotiqFirmware({ plant: new SpringPlant(), initial: 'activated' })
    line = reply => [reply]
    plug()
    port = new SerialPort({ path, backoff: { first: 5, most: 20 } })
    gripper = new Robotiq2f85(port, { timeout: 300, retries: 2 })
  })
  afterEach(async () => {
    await gripper.close()
    await terminal.close()
    rmSync(path, { force: true })
  })

  test('garbage around the answers does not matter', async () => {
    const noise = Uint8Array.from([9, 3, 255, 0, 9, 16, 9])
    line = reply => [noise, reply.subarray(0, 3), reply.subarray(3), noise]
    await gripper.connect()
    for (let index = 0; index < 20; index++) await gripper.status()
    expect(gripper.stats.timeouts).toBe(0)
  })

  test('garbage before a request does not matter either', async () => {
    await gripper.connect()
    firmware.receive(Uint8Array.from([9, 16, 0, 0, 0, 99, 198, 1, 2, 3]), () => undefined)
    await gripper.status()
    expect(gripper.stats.timeouts).toBe(0)
  })

  test('a damaged answer is counted and asked for again; damaged every time, the call rejects with CRC', async () => {
    await gripper.connect()
    const damage = (reply: Uint8Array): Uint8Array[] => {
      const bytes = reply.slice()
      bytes[4] ^= 0x10
      return [bytes]
    }
    line = reply => {
      line = whole => [whole]
      return damage(reply)
    }
    await gripper.status()
    expect(gripper.stats.crcErrors).toBe(1)
    line = damage
    await expect(gripper.status()).rejects.toMatchObject({ code: 'CRC', exit: 2 })
    expect(gripper.stats.crcErrors).toBe(4)
  })

  test('an answer that never comes rejects with TIMEOUT after the retries', async () => {
    await gripper.connect()
    line = () => []
    const sent = gripper.stats.framesSent
    await expect(gripper.status()).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(gripper.stats.framesSent).toBe(sent + 3)
    expect(gripper.stats.timeouts).toBe(3)
  })

  test('a stop goes ahead of what waits and drops the moves that have not left', async () => {
    await gripper.connect()
    const order: string[] = []
    const held: Uint8Array[] = []
    line = reply => (held.push(reply), [])
    const note = (name: string) => (): void => void order.push(name)
    const first = gripper.status().then(note('status'))
    while (held.length === 0) await new Promise(resolve => setImmediate(resolve))
    const dropped = expect(gripper.move({ width: 0, speed: 0.1, effort: 20 })).rejects.toMatchObject({
      code: 'SUPERSEDED',
    })
    const later = gripper.status().then(note('later status'))
    const stop = gripper.stop().then(note('stop'))
    line = reply => [reply]
    terminal.write(held[0])
    await Promise.all([first, dropped, later, stop])
    expect(order).toEqual(['status', 'stop', 'later status'])
  })

  test(
    'unplugged in the middle of a transaction: DISCONNECTED, then the port comes back and the driver ' + 'goes on',
    async () => {
      await gripper.connect()
      const unplugged = new Promise<void>(resolve => {
        line = reply => {
          terminal.write(reply.subarray(0, 4))
          void terminal.close().then(resolve)
          return []
        }
      })
      const waiting = gripper.status()
      const queued = gripper.move({ width: 0.02, speed: 0.1, effort: 20 })
      await Promise.all([
        expect(waiting).rejects.toMatchObject({ code: 'DISCONNECTED' }),
        expect(queued).rejects.toMatchObject({ code: 'DISCONNECTED' }),
        unplugged,
      ])
      await expect(gripper.status()).rejects.toMatchObject({ code: 'DISCONNECTED' })
      line = reply => [reply]
      const back = once(port, 'back')
      plug()
      await back
      expect(await gripper.status()).toMatchObject({ activated: true })
      expect(gripper.stats.reconnects).toBe(1)
      await gripper.move({ width: 0.02, speed: 0.1, effort: 20 })
    },
  )

  test('close works while the port is away and while a call waits', async () => {
    await gripper.connect()
    line = () => []
    const waiting = expect(gripper.status()).rejects.toMatchObject({ code: 'CLOSED' })
    await gripper.close()
    await waiting
    line = reply => [reply]
    await gripper.connect()
    const lost = once(port, 'lost')
    await terminal.close()
    await lost
    await gripper.close()
    expect(port.isOpen).toBe(false)
  })
})

test('an unknown driver name is refused with the known ones', () => {
  expect(() => createGripper({ driver: 'robotic', port: { path: '/dev/null' } })).toThrow(/known are robotiq-2f85/)
})
