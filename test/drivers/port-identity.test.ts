import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pty from '@lydell/node-pty'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findPort } from '../../drivers/port-identity.js'
import { Robotiq2f85 } from '../../drivers/robotiq-2f85.js'
import { SerialPort } from '../../drivers/serial-port.js'
import { openPseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'
import type { PseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'
import { RobotiqFirmware } from '../../sim/firmware/robotiq-firmware.js'
import { python } from '../sim/firmware/python-path.js'
import { SpringPlant } from '../../sim/firmware/spring-plant.js'

let folder: string
let link: string
let opened: PseudoTerminal[]
let children: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prehend-identity-'))
  link = join(folder, 'gripper')
  opened = []
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(opened.map(terminal => terminal.close()))
  rmSync(folder, { recursive: true })
})

function open(): PseudoTerminal {
  const terminal = openPseudoTerminal()
  opened.push(terminal)
  return terminal
}

/**
 * Another process with a pseudo-terminal, with the number of `wanted` where that is given; `arrived`: all that was
 * written to it.
 */
async function program(
  wanted: string[] = [],
  onBytes?: (bytes: Uint8Array, reply: (bytes: Uint8Array) => void) => void,
) {
  const child = spawn(python(), [fileURLToPath(new URL('./pseudo_terminal.py', import.meta.url)), ...wanted], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const arrived: number[] = []
  const path = await new Promise<string>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`pseudo_terminal.py ended with ${code}`)))
    child.stdout.once('data', (line: Buffer) => {
      child.stdout.on('data', (bytes: Buffer) => {
        arrived.push(...bytes)
        onBytes?.(bytes, reply => child.stdin.write(reply))
      })
      resolve(line.toString().trim())
    })
  })
  return { path, arrived, kill: () => child.kill('SIGKILL') }
}

function relink(to: string): void {
  rmSync(link, { force: true })
  symlinkSync(to, link)
}

/** The gripper's emulation behind a pseudo-terminal of another process. */
const emulate = (firmware: RobotiqFirmware): ReturnType<typeof program> =>
  program([], (bytes, reply) => firmware.receive(bytes, reply))

const nothing = (): undefined => undefined

describe.each(['by its number', 'by a link that stays'])(
  'a pseudo-terminal, named %s, that goes away while the fingers move',
  how => {
    test('gets no byte after another program has its number; the error says so, and the driver ' +
      'goes on when the gripper is back', {
      timeout: 20_000,
    }, async () => {
      const firmware = new RobotiqFirmware({ plant: new SpringPlant(), initial: 'activated' })
      const first = await emulate(firmware)
      relink(first.path)
      const port = new SerialPort({
        path: how === 'by its number' ? first.path : link,
        backoff: { first: 5, most: 20 },
      })
      const gripper = new Robotiq2f85(port, { timeout: 100, retries: 0 })
      await gripper.connect()
      await gripper.move({ width: 0.02, speed: 0.02, effort: 20 })
      const lost = once(port, 'lost')
      first.kill()
      await lost
      const { arrived } = await program([first.path])
      const said = new Map<string, string>()
      for (const end = performance.now() + 600; performance.now() < end; ) {
        await gripper.status().catch((error: { code: string; message: string }) => said.set(error.code, error.message))
        await gripper.move({ width: 0, speed: 0.1, effort: 20 }).catch(nothing)
        await gripper.stop().catch(nothing)
        await new Promise(resolve => setTimeout(resolve, 10))
      }
      expect(arrived).toEqual([])
      expect(said.get('PORT_FOREIGN')).toMatch(/another program .*; nothing is written to it/)
      expect(gripper.stats.reconnects).toBe(0)
      if (how === 'by a link that stays') {
        const back = once(port, 'back')
        relink((await emulate(firmware)).path)
        await back
        expect(await gripper.status()).toMatchObject({ activated: true })
        expect(arrived).toEqual([])
      }
      await gripper.close()
    })
  },
)

describe('opened for the first time', () => {
  test('an old link does not open the terminal of the program that has the number now', async () => {
    const gone = await program()
    relink(gone.path)
    await new Promise(resolve => setTimeout(resolve, 150))
    gone.kill()
    const { arrived } = await program([gone.path])
    const before = settings(gone.path)
    await expect(new SerialPort({ path: link }).open()).rejects.toMatchObject({
      code: 'PORT_FOREIGN',
      message: /which another program was given after the link was made/,
    })
    expect(arrived).toEqual([])
    expect(settings(gone.path)).toEqual(before)
  })

  test('the controlling terminal of a program is refused, and the error names the program', async () => {
    const shell = pty.spawn('sh', ['-c', 'tty; cat'], {})
    const heard: string[] = []
    const path = await new Promise<string>(resolve =>
      shell.onData(text => {
        heard.push(text)
        const [name] = /\/dev\/\S+/.exec(heard.join('')) ?? []
        if (name !== undefined) resolve(name)
      }),
    )
    await expect(new SerialPort({ path }).open()).rejects.toMatchObject({
      code: 'PORT_FOREIGN',
      message: /is the terminal in which (sh|cat) \(process \d+\) runs/,
    })
    shell.kill()
  })

  test('the error for a broken link names its target', async () => {
    symlinkSync('/dev/pts/987654', link)
    await expect(new SerialPort({ path: link }).open()).rejects.toMatchObject({
      code: 'PORT_MISSING',
      message: /leads to \/dev\/pts\/987654, which does not exist/,
    })
  })
})

/** Pseudo-terminals stand for adapters. A /sys and a /dev of the test say which adapter each one is. */
describe('a USB adapter', () => {
  let folders: { dev: string; proc: string; sys: string }
  beforeEach(() => {
    folders = { dev: join(folder, 'dev'), proc: '/proc', sys: join(folder, 'sys') }
    for (const part of ['dev', 'sys/class/tty', 'sys/dev/char']) mkdirSync(join(folder, part), { recursive: true })
  })

  function plug(name: string, serial: string, socket: string): PseudoTerminal {
    const terminal = open()
    terminal.onBytes(bytes => terminal.write(bytes))
    const device = join(folders.sys, 'devices/usb1', socket)
    const tty = join(device, `${socket}:1.0`, name)
    mkdirSync(tty, { recursive: true })
    for (const [file, text] of [
      ['idVendor', '0403'],
      ['idProduct', '6001'],
      ...(serial === '' ? [] : [['serial', serial]]),
    ])
      writeFileSync(join(device, file), `${text}\n`)
    writeFileSync(join(device, `${socket}:1.0`, 'bInterfaceNumber'), '00\n')
    const { rdev } = statSync(terminal.path, { bigint: true })
    symlinkSync(tty, join(folders.sys, 'dev/char', `${rdev >> 8n}:${rdev & 0xffn}`))
    symlinkSync(tty, join(folders.sys, 'class/tty', name))
    symlinkSync(terminal.path, join(folders.dev, name))
    return terminal
  }

  async function unplug(terminal: PseudoTerminal, name: string, socket: string): Promise<void> {
    const { rdev } = statSync(terminal.path, { bigint: true })
    for (const path of [
      join(folders.dev, name),
      join(folders.sys, 'class/tty', name),
      join(folders.sys, 'dev/char', `${rdev >> 8n}:${rdev & 0xffn}`),
    ])
      rmSync(path)
    rmSync(join(folders.sys, 'devices/usb1', socket), { recursive: true })
    await terminal.close()
  }

  async function lose(serial: string): Promise<SerialPort> {
    const first = plug('ttyUSB0', serial, '1-1')
    const port = new SerialPort({ path: join(folders.dev, 'ttyUSB0'), folders, backoff: { first: 5, most: 20 } })
    await port.open()
    const lost = once(port, 'lost')
    await unplug(first, 'ttyUSB0', '1-1')
    await lost
    return port
  }

  async function refused(port: SerialPort): Promise<unknown> {
    for (;;) {
      const reason: unknown = await port.write(Uint8Array.of(1)).catch((error: unknown) => error)
      if ((reason as { code: string }).code !== 'DISCONNECTED') return reason
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  test('is found again under another name and in another socket, by its serial number', async () => {
    const port = await lose('A1')
    plug('ttyUSB0', 'B2', '1-1')
    await refused(port)
    const back = once(port, 'back')
    plug('ttyUSB3', 'A1', '2-4')
    await back
    const echo = once(port, 'bytes')
    await port.write(Uint8Array.of(42))
    expect([...((await echo)[0] as Uint8Array)]).toEqual([42])
    await port.close()
  })

  test('is opened by its serial number, and again where it is plugged in later', async () => {
    const first = plug('ttyUSB0', 'A1', '1-1')
    plug('ttyUSB1', 'B2', '1-2')
    const port = new SerialPort({ serialNumber: 'A1', folders, backoff: { first: 5, most: 20 } })
    await port.open()
    const lost = once(port, 'lost')
    await unplug(first, 'ttyUSB0', '1-1')
    await lost
    const back = once(port, 'back')
    plug('ttyUSB7', 'A1', '2-1')
    await back
    const echo = once(port, 'bytes')
    await port.write(Uint8Array.of(42))
    expect([...((await echo)[0] as Uint8Array)]).toEqual([42])
    await port.close()
  })

  test('that is not there by its serial number, or twice, is an error that says what is there', async () => {
    const port = new SerialPort({ serialNumber: 'A1', folders })
    await expect(port.open()).rejects.toMatchObject({ code: 'PORT_MISSING', message: /no USB adapter is plugged in/ })
    plug('ttyUSB1', 'B2', '1-2')
    plug('ttyUSB2', '', '1-3')
    await expect(port.open()).rejects.toMatchObject({
      code: 'PORT_MISSING',
      message: /number A1: is not there; plugged in are B2 at .*ttyUSB1, without a number at .*ttyUSB2/,
    })
    plug('ttyUSB3', 'A1', '1-4')
    plug('ttyUSB4', 'A1', '1-5')
    await expect(port.open()).rejects.toMatchObject({
      code: 'PORT_FAILED',
      message: /number A1: 2 adapters have it \(.*ttyUSB3, .*ttyUSB4\); name one by its path/,
    })
    await port.close()
  })

  test('is refused when it is another adapter under the same name, and gets no byte', async () => {
    const port = await lose('A1')
    const other = plug('ttyUSB0', 'B2', '1-1')
    const arrived: number[] = []
    other.onBytes(bytes => arrived.push(...bytes))
    expect(await refused(port)).toMatchObject({
      code: 'PORT_FOREIGN',
      message: /another device \(usb 0403:6001 serial B2.*than the gripper's \(usb 0403:6001 serial A1/,
    })
    expect(arrived).toEqual([])
    await port.close()
  })

  test('without a serial number is the same one only in the same socket', async () => {
    const port = await lose('')
    plug('ttyUSB0', '', '1-2')
    expect(await refused(port)).toMatchObject({ code: 'PORT_FOREIGN' })
    const back = once(port, 'back')
    plug('ttyUSB1', '', '1-1')
    await back
    await port.close()
  })

  test('says what its latency is: its timer, where the low-latency mode is refused', async () => {
    plug('ttyUSB0', 'A1', '1-1')
    // The folder has the name of the device file, which here is the pseudo-terminal.
    const { path } = opened[0]
    const timer = join(folders.sys, 'bus/usb-serial/devices', basename(path))
    mkdirSync(timer, { recursive: true })
    const port = new SerialPort({ path: join(folders.dev, 'ttyUSB0'), folders, lowLatency: true })
    for (const [ms, mode] of [
      ['16', 'normal'],
      ['1', 'low'],
    ]) {
      writeFileSync(join(timer, 'latency_timer'), `${ms}\n`)
      await port.open()
      expect(port.latency).toMatchObject({ mode, text: expect.stringContaining(`latency timer ${ms} ms`) as string })
      await port.close()
    }
    rmSync(timer, { recursive: true })
    await port.open()
    expect(port.latency).toMatchObject({
      mode: 'normal',
      text: expect.stringContaining('no low-latency mode') as string,
    })
    await port.close()
  })

  /** Many adapters of one model have the same serial number. */
  describe('with a twin that has the same serial number', () => {
    const path = (): string => join(folders.dev, 'ttyUSB0')

    test('is not confused with its twin under any name, and is found again in its own socket', async () => {
      const first = plug('ttyUSB0', '0001', '1-1')
      const twin = plug('ttyUSB1', '0001', '1-2')
      const known = findPort(path(), undefined, folders)
      expect(known.identity).toBe('usb 0403:6001 serial 0001 interface 00 at 1-1')
      await unplug(first, 'ttyUSB0', '1-1')
      expect(() => findPort(path(), known, folders)).toThrow(expect.objectContaining({ code: 'PORT_MISSING' }))
      await unplug(twin, 'ttyUSB1', '1-2')
      // They have changed names.
      plug('ttyUSB0', '0001', '1-2')
      expect(() => findPort(path(), known, folders)).toThrow(expect.objectContaining({ code: 'PORT_FOREIGN' }))
      const again = plug('ttyUSB1', '0001', '1-1')
      expect(findPort(path(), known, folders)).toMatchObject({ device: again.path, identity: known.identity })
    })

    test('that came later is refused in another socket, since either may be it, and accepted in its own', async () => {
      const first = plug('ttyUSB0', '0001', '1-1')
      const known = findPort(path(), undefined, folders)
      expect(known.identity).toBe('usb 0403:6001 serial 0001 interface 00')
      await unplug(first, 'ttyUSB0', '1-1')
      const moved = plug('ttyUSB0', '0001', '1-3')
      expect(findPort(path(), known, folders)).toMatchObject({ device: moved.path })
      plug('ttyUSB1', '0001', '1-2')
      expect(() => findPort(path(), known, folders)).toThrow(expect.objectContaining({ code: 'PORT_FOREIGN' }))
      const own = plug('ttyUSB2', '0001', '1-1')
      expect(findPort(path(), known, folders)).toMatchObject({ device: own.path, identity: `${known.identity} at 1-1` })
    })
  })
})

/** What stty shows of a terminal. */
function settings(path: string): string {
  return execFileSync('stty', ['-F', path, '-a'], { encoding: 'utf8' })
}
