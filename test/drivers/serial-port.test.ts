import { chmodSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askLowLatency, latencyOf } from '../../drivers/low-latency.js'
import type { PortFlags } from '../../drivers/low-latency.js'
import { SYSTEM } from '../../drivers/port-identity.js'
import { SerialPort } from '../../drivers/serial-port.js'
import { openPseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'
import type { PseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'

let terminal: PseudoTerminal

beforeEach(() => {
  terminal = openPseudoTerminal()
})
afterEach(() => terminal.close())

/** Runs with the rights of an ordinary user who is not the file's owner. */
async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work()
  if (process.seteuid === undefined) throw new Error('this test needs a process of its own (vitest pool "forks")')
  process.seteuid(65534)
  try {
    return await work()
  } finally {
    process.seteuid(0)
  }
}

test('a port that does not exist rejects with PORT_MISSING and names it', async () => {
  const port = new SerialPort({ path: '/dev/prehend-no-such-port' })
  await expect(port.open()).rejects.toMatchObject({
    code: 'PORT_MISSING',
    exit: 2,
    message: /\/dev\/prehend-no-such-port/,
  })
  await port.close()
})

test('a port that another one holds rejects with PORT_BUSY, and opens after that one has closed it', async () => {
  const first = new SerialPort({ path: terminal.path })
  const second = new SerialPort({ path: terminal.path })
  await first.open()
  await expect(second.open()).rejects.toMatchObject({ code: 'PORT_BUSY' })
  await first.close()
  await second.open()
  await second.close()
})

test('a port without permission rejects with PORT_DENIED and names the group', async () => {
  const mode = statSync(terminal.path).mode & 0o777
  chmodSync(terminal.path, 0)
  const port = new SerialPort({ path: terminal.path })
  const error = await unprivileged(() =>
    port.open().then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  )
  chmodSync(terminal.path, mode)
  expect(error).toMatchObject({ code: 'PORT_DENIED' })
  expect(String(error)).toMatch(/group \w+: sudo usermod -aG \w+ \$USER/)
})

test('a file that is no serial port rejects with PORT_FAILED', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'prehend-port-')), 'file')
  writeFileSync(path, '')
  await expect(new SerialPort({ path }).open()).rejects.toMatchObject({ code: 'PORT_FAILED' })
})

test('all 256 byte values pass both ways, and write returns the time when they had left', async () => {
  const all = Uint8Array.from({ length: 256 }, (_, value) => value)
  const port = new SerialPort({ path: terminal.path })
  await port.open()
  const received: number[] = []
  const whole = new Promise<void>(resolve => {
    port.on('bytes', bytes => {
      received.push(...bytes)
      if (received.length === 256) resolve()
    })
  })
  terminal.onBytes(bytes => terminal.write(bytes))
  const before = Number(process.hrtime.bigint())
  const stamp = await port.write(all)
  expect(stamp).toBeGreaterThanOrEqual(before)
  expect(stamp).toBeLessThanOrEqual(Number(process.hrtime.bigint()))
  await whole
  expect(received).toEqual([...all])
  await port.close()
})

test('clients come and go; the pseudo-terminal stays', async () => {
  terminal.onBytes(bytes => terminal.write(bytes))
  for (let visit = 0; visit < 5; visit++) {
    const port = new SerialPort({ path: terminal.path })
    await port.open()
    const echo = once(port, 'bytes')
    await port.write(Uint8Array.of(visit))
    expect([...((await echo)[0] as Uint8Array)]).toEqual([visit])
    await port.close()
  }
})

test('a hang-up emits lost once; writes then reject with DISCONNECTED', async () => {
  const port = new SerialPort({ path: terminal.path })
  await port.open()
  const lost = once(port, 'lost')
  await terminal.close()
  expect((await lost)[0]).toMatchObject({ code: 'DISCONNECTED' })
  await expect(port.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'DISCONNECTED' })
  await port.close()
})

test('bytes that do not leave reject with TIMEOUT instead of hanging', async () => {
  const port = new SerialPort({ path: terminal.path, writeTimeout: 100 })
  await port.open()
  terminal.pause()
  await expect(port.write(new Uint8Array(1 << 20))).rejects.toMatchObject({ code: 'TIMEOUT' })
  await port.close()
})

test('close works before open, twice, and during open', async () => {
  const port = new SerialPort({ path: terminal.path })
  await port.close()
  await port.close()
  const opening = expect(port.open()).rejects.toMatchObject({ code: 'CLOSED' })
  await port.close()
  await opening
  await port.open()
  expect(port.isOpen).toBe(true)
  await port.close()
})

test('low latency is not applicable to a pseudo-terminal, and it works as ever', async () => {
  const port = new SerialPort({ path: terminal.path, lowLatency: true })
  await port.open()
  expect(port.latency?.mode).toBe('not applicable')
  terminal.onBytes(bytes => terminal.write(bytes))
  const echo = once(port, 'bytes')
  await port.write(Uint8Array.of(7))
  expect([...((await echo)[0] as Uint8Array)]).toEqual([7])
  await port.close()
})

test('either a path or a serial number names the port', () => {
  expect(() => new SerialPort({})).toThrow('either "path" or "serialNumber"')
  expect(() => new SerialPort({ path: '/dev/ttyUSB0', serialNumber: 'A1' })).toThrow('either "path" or "serialNumber"')
  expect(() => new SerialPort({ serialNumber: '' })).toThrow('empty string')
})

test('the lines DTR and RTS stay on while an adapter is asked for low latency', async () => {
  const asked: PortFlags[] = []
  const binding = {
    set(flags: PortFlags) {
      asked.push(flags)
      return Promise.resolve()
    },
    get: () => Promise.resolve({ lowLatency: asked.some(flags => flags.lowLatency) }),
  }
  expect(await askLowLatency(binding, '/dev/prehend-no-such-port', true, SYSTEM)).toMatchObject({ mode: 'low' })
  expect(asked).toEqual([{ brk: false, cts: false, dsr: false, dtr: true, rts: true, lowLatency: true }])
})

test('an adapter without a latency timer has a low latency when its driver took the mode', () => {
  const device = '/dev/ttyUSB0'
  const facts = { device, lowLatency: true, refused: '', timer: undefined }
  expect(latencyOf(facts)).toEqual({ mode: 'low', text: '/dev/ttyUSB0: low-latency mode' })
  expect(latencyOf({ ...facts, timer: 16 })).toMatchObject({ mode: 'normal', text: /16 ms; echo 1 \| sudo tee \/sys/ })
  expect(latencyOf({ ...facts, lowLatency: false, refused: 'no' })).toMatchObject({ mode: 'normal', text: /\(no\)/ })
})
