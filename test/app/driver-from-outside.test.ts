import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readRobot, withPort } from '../../app/robot/load-robot.js'
import { gripperOf } from '../../app/session/robot-gripper.js'
import { describeRobot } from '../../app/robot/describe-robot.js'
import { monotonicNs } from '../../drivers/byte-stream.js'
import { DriverError } from '../../drivers/driver-error.js'
import { driver, type Transport } from '../../drivers/driver-declaration.js'
import type { Gripper, GripperStatus } from '../../drivers/gripper.js'
import { DRIVERS } from '../../drivers/gripper-drivers.js'
import { parseRecordedRobot } from '../../robots/recorded-robot.js'
import { parseRobot } from '../../robots/robot-file.js'
import { robotJsonSchema } from '../../robots/schema.js'

// The driver's file: a transport that is no serial port, the declaration, and the device.

const tcp = {
  path: 'a host and a port such as 10.0.0.7:4000',
  options: {
    keep_alive: { kind: 'count', least: 1, most: 3600, default: 30, note: 's between two signs of life. Default 30.' },
  },
  describe: (path, { keep_alive }) => `${path} over TCP, a sign of life every ${keep_alive} s`,
  inspect(path) {
    if (!/^[^:]+:\d+$/.test(path)) throw new DriverError('PORT_MISSING', `${path}: expected HOST:PORT`)
    return `${path} is a TCP address`
  },
  remedy: 'write HOST:PORT',
} as const satisfies Transport

const lines = driver({
  name: 'line-gripper',
  transport: tcp,
  options: {
    finger: { kind: 'text', what: 'a kind of fingers', default: 'flat', note: 'Which fingers it has. Default flat.' },
    tool: { kind: 'count', least: 0, most: 7, default: 0, note: 'Tool number. Default 0.' },
  },
  describe: ({ finger, tool }) => `tool ${tool} with ${finger} fingers`,
  create: ({ path, keep_alive = 30 }, { tool = 0 }) => new LineGripper(path, { keepAlive: keep_alive * 1000, tool }),
})

class LineGripper implements Gripper {
  readonly stats = { framesSent: 0, framesReceived: 0, crcErrors: 0, timeouts: 0, reconnects: 0 }
  readonly #path: string
  readonly #options: { keepAlive: number; tool: number }
  readonly #answers: ((line: string) => void)[] = []
  #socket: Socket | undefined

  constructor(path: string, options: { keepAlive: number; tool: number }) {
    this.#path = path
    this.#options = options
  }

  async connect(): Promise<void> {
    const [host = '', port] = this.#path.split(':')
    const socket = (this.#socket = connect(Number(port), host).setKeepAlive(true, this.#options.keepAlive))
    createInterface(socket).on('line', line => {
      this.stats.framesReceived++
      this.#answers.shift()?.(line)
    })
    await once(socket, 'connect')
  }

  async move({ width, speed, effort }: { width: number; speed: number; effort: number }) {
    await this.#ask(`move ${width} ${speed} ${effort}`)
    return { written: monotonicNs() }
  }

  async stop(): Promise<void> {
    await this.#ask('stop')
  }

  async status(): Promise<GripperStatus> {
    const stamp = monotonicNs()
    const width = Number(await this.#ask('status'))
    const state = { activated: true, object: 'none', fault: 0, faultText: '', current: 0 } as const
    return { stamp, width, requestedWidth: width, ...state }
  }

  async close(): Promise<void> {
    this.#socket?.destroy()
  }

  #ask(line: string): Promise<string> {
    this.stats.framesSent++
    this.#socket?.write(`${this.#options.tool} ${line}\n`)
    return new Promise(resolve => this.#answers.push(resolve))
  }
}

const text = (gripper: string): string => `robot: one
tick: { from: rgb }
streams: { rgb: { topic: /rgb, type: sensor_msgs/msg/Image } }
actions: { gripper: { driver: line-gripper, ${gripper} } }
limits: { width: [0 mm, 85 mm], effort: [20 N, 120 N] }
`

describe('a driver in one file, on a transport of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'driver-'))
  const heard: string[] = []
  let server: Server
  let path: string

  beforeAll(async () => {
    // The line that registers it.
    DRIVERS.set(lines.name, lines)
    let width = '0.085'
    server = createServer(socket => {
      createInterface(socket).on('line', line => {
        heard.push(line)
        const [, command, wanted = ''] = line.split(' ')
        if (command === 'move') width = wanted
        socket.write(`${command === 'status' ? width : 'ok'}\n`)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    path = `127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    DRIVERS.delete(lines.name)
    server.close()
    rmSync(folder, { recursive: true })
  })

  test('is read from a robot file, with its defaults, and in its canonical text, which gives the same robot', () => {
    const robot = parseRobot(text('port: { path: 10.0.0.7:4000 }, finger: curved'), 'one.yaml')
    expect(robot.actions.gripper).toEqual({
      driver: 'line-gripper',
      port: { path: '10.0.0.7:4000', keep_alive: 30 },
      finger: 'curved',
      tool: 0,
    })
    expect(parseRobot(robot.canonical, 'canonical')).toEqual(robot)
    expect(parseRecordedRobot(robot.canonical, 'bag')).toEqual(robot)
    expect(describeRobot(robot).join('\n')).toContain(
      '  gripper: line-gripper, tool 0 with curved fingers, 10.0.0.7:4000 over TCP, a sign of life every 30 s',
    )
  })

  test.each([
    ['tool: 8', 'actions.gripper.tool: must be from 0 to 7'],
    ['slave: 9', "actions.gripper.slave: 'slave': no such key here"],
    ['port: { baud: 9600 }', "actions.gripper.port.baud: 'baud': no such key here"],
    ['port: { path: 7 }', 'actions.gripper.port.path: expected a host and a port such as 10.0.0.7:4000'],
    ['finger: 3', 'actions.gripper.finger: expected a kind of fingers'],
  ])('its mistakes are said as those of any other: %s', (gripper, message) => {
    expect(() => parseRobot(text(gripper), 'one.yaml')).toThrow(message)
  })

  test('changes nothing for other drivers', () => {
    expect(() => parseRobot(text('tool: 1').replace('line-gripper', 'robotiq-2f85'), 'one.yaml')).toThrow(
      "actions.gripper.tool: 'tool': no such key here",
    )
    expect(robotJsonSchema()).toContain('keep_alive')
    DRIVERS.delete(lines.name)
    expect(robotJsonSchema()).not.toContain('keep_alive')
    DRIVERS.set(lines.name, lines)
  })

  test('moves, from a robot file to the wire', async () => {
    const file = join(folder, 'one.yaml')
    writeFileSync(file, text('port: { path: 10.0.0.7:4000 }, tool: 3'))
    const { gripper } = withPort(readRobot(file), path).actions
    if (!gripper?.port.path) throw new Error('the robot file has no port')
    const device = gripperOf(gripper, gripper.port.path)
    await device.connect()
    await device.move({ width: 0.02, speed: 0.1, effort: 40 })
    expect((await device.status()).width).toBe(0.02)
    await device.stop()
    await device.close()
    expect(heard).toEqual(['3 move 0.02 0.1 40', '3 status', '3 stop'])
  })
})
