import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { DYNAMIXEL } from '../../../drivers/dynamixel/protocol.js'
import { XL330_MODEL } from '../../../drivers/dynamixel/x-series.js'
import { FEETECH } from '../../../drivers/feetech/protocol.js'
import { STS3215 } from '../../../drivers/feetech/registers.js'
import { STS3215_MODEL } from '../../../drivers/feetech/sts3215.js'
import { SerialPort } from '../../../drivers/serial-port.js'
import { ServoBus } from '../../../drivers/servo/servo-bus.js'
import { BROADCAST } from '../../../drivers/servo/servo-protocol.js'
import type { ServoRequest } from '../../../drivers/servo/servo-protocol.js'
import { readCounts } from '../../../drivers/servo/servo-register.js'
import { ServoWire } from '../../../drivers/servo/servo-wire.js'
import { openPseudoTerminal } from '../../../sim/firmware/pseudo-terminal.js'
import { ServoLine } from '../../../sim/firmware/servo-line.js'
import { python } from '../../sim/firmware/python-path.js'
import { startVendorClient } from './vendor-client.js'

const FAMILIES = { feetech: FEETECH, dynamixel: DYNAMIXEL } as const
type Family = keyof typeof FAMILIES

/** Requests to which nobody answers at once, so that no servo is needed. */
const written = (bytes: Uint8Array): ServoRequest[] => [
  { kind: 'action', id: BROADCAST },
  { kind: 'sync write', address: 42, entries: [1, 2, 9].map(id => ({ id, data: bytes })) },
  { kind: 'write', id: 7, address: 48, data: bytes },
  { kind: 'registered write', id: 252, address: 41, data: bytes },
  { kind: 'read', id: 3, address: 56, count: 8 },
  { kind: 'sync read', ids: [6, 1, 4], address: 56, count: 8 },
  { kind: 'ping', id: 11 },
]

describe.each(['feetech', 'dynamixel'] as const)('the package of %s', (family: Family) => {
  test('writes the same bytes as our codec for the same requests', { timeout: 60_000 }, async () => {
    const terminal = openPseudoTerminal()
    const protocol = FAMILIES[family]
    const line = new ServoLine({ protocol, servos: [] })
    const sent: number[] = []
    terminal.onBytes(bytes => {
      sent.push(...bytes)
      line.receive(bytes, () => undefined)
    })
    const client = await startVendorClient(family, terminal.path, { patience: 50 })
    const cases = [...written(Uint8Array.of(0, 8, 0xe8, 3)), ...written(Uint8Array.of(0xff, 0xff, 0xfd, 0xfd, 0xff))]
    for (const request of cases) {
      sent.length = 0
      await client.ask(request)
      const ours = [...protocol.encodeRequest(request)]
      while (sent.length < ours.length) await new Promise(resolve => setImmediate(resolve))
      expect(sent).toEqual(ours)
    }
    expect(line.stats.requests).toBe(cases.length)
    await client.close()
    await terminal.close()
  })

  test('writes statuses that our bus reads', { timeout: 60_000 }, async () => {
    const script = fileURLToPath(new URL('./vendor_servos.py', import.meta.url))
    const child = spawn(python(), [script, family, '1', '2', '5'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [path] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const port = new SerialPort({ path, baud: 1_000_000 })
    const model = family === 'feetech' ? STS3215_MODEL : XL330_MODEL
    const joints = [5, 1, 2].map(id => ({ name: `j${id}`, id }))
    const bus = new ServoBus(port, { model, joints, baud: 1_000_000, patience: 1000 })
    await bus.connect()
    const state = await bus.read()
    // What the script's registers mean by our table. The Dynamixel's position has the bytes of a header in it.
    const bytes = (id: number): Uint8Array => Uint8Array.from({ length: 256 }, (_, n) => (n + id) % 256)
    const { presentVelocity, presentVoltage, presentTemperature } = model.registers
    const value = (register: typeof presentVelocity, id: number): number =>
      readCounts(register, bytes(id), register.address) * register.scale
    expect([...state.voltage]).toEqual([5, 1, 2].map(id => value(presentVoltage, id)))
    expect([...state.temperature]).toEqual([5, 1, 2].map(id => value(presentTemperature, id)))
    if (family === 'feetech') {
      expect([...state.position]).toEqual([0, 0, 0])
      expect([...state.velocity]).toEqual([5, 1, 2].map(id => value(presentVelocity, id)))
    } else {
      const counts = 0x00fdffff
      expect([...state.position]).toEqual([5, 1, 2].map(() => ((counts - 2048) * 2 * Math.PI) / 4096))
    }
    const wire = new ServoWire(port, { protocol: model.protocol, baud: 1_000_000, patience: 1000 })
    await bus.write([0.1, 0.2, 0.3])
    const { address, size } = model.registers.goalPosition
    const { statuses } = await wire.ask({ kind: 'sync read', ids: [1, 2, 5], address, count: size })
    const goals = statuses.map(({ data }) => readCounts(model.registers.goalPosition, data, 0))
    expect(goals).toEqual([0.2, 0.3, 0.1].map(angle => Math.round(2048 + (angle * 4096) / (2 * Math.PI))))
    expect(bus.stats).toMatchObject({ crcErrors: 0, timeouts: 0 })
    await bus.close()
    child.stdin.end()
    await once(child, 'exit')
  })
})

test("the control table of the STS3215 has the addresses of the vendor's package", () => {
  const script = [
    'import json, scservo_sdk',
    "names = [name for name in vars(scservo_sdk) if name.startswith('SMS_STS_')]",
    'print(json.dumps({name[8:]: getattr(scservo_sdk, name) for name in names}))',
  ].join('\n')
  const theirs = JSON.parse(execFileSync(python(), ['-c', script], { encoding: 'utf8' })) as Record<string, number>
  const NAMES: Readonly<Record<string, keyof typeof STS3215>> = {
    MODEL_L: 'modelNumber',
    ID: 'id',
    BAUD_RATE: 'baudRate',
    MIN_ANGLE_LIMIT_L: 'minPosition',
    MAX_ANGLE_LIMIT_L: 'maxPosition',
    CW_DEAD: 'clockwiseDeadZone',
    CCW_DEAD: 'counterclockwiseDeadZone',
    OFS_L: 'homingOffset',
    MODE: 'operatingMode',
    TORQUE_ENABLE: 'torqueEnable',
    ACC: 'acceleration',
    GOAL_POSITION_L: 'goalPosition',
    GOAL_TIME_L: 'goalTime',
    GOAL_SPEED_L: 'goalVelocity',
    LOCK: 'lock',
    PRESENT_POSITION_L: 'presentPosition',
    PRESENT_SPEED_L: 'presentVelocity',
    PRESENT_LOAD_L: 'presentLoad',
    PRESENT_VOLTAGE: 'presentVoltage',
    PRESENT_TEMPERATURE: 'presentTemperature',
    MOVING: 'moving',
    PRESENT_CURRENT_L: 'presentCurrent',
  }
  for (const [name, register] of Object.entries(NAMES))
    expect({ name, address: STS3215[register].address }).toEqual({ name, address: theirs[name] })
})
