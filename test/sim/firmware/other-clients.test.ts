import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import modbusSerial from 'modbus-serial'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startFirmwareHost } from '../../../sim/firmware/host.js'
import type { FirmwareHost } from '../../../sim/firmware/host.js'
import { python } from './python-path.js'
import { SpringPlant } from '../../../sim/firmware/spring-plant.js'

let plant: SpringPlant
let host: FirmwareHost

beforeEach(() => {
  plant = new SpringPlant()
  host = startFirmwareHost({ plant })
})
afterEach(() => host.close())

test('pymodbus opens the pseudo-terminal, activates the gripper, moves it, grips an object and reads it', {
  timeout: 60_000,
}, async () => {
  plant.object = 0.03
  const script = fileURLToPath(new URL('./pymodbus_gripper.py', import.meta.url))
  const { stdout } = await promisify(execFile)(python(), [script, host.path])
  const lines = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
  const steps = Object.fromEntries(lines.map(line => [line.step, line]))
  expect(steps['power-on']).toMatchObject({ gACT: 0, gSTA: 0, gFLT: 0, gPO: 0 })
  expect(steps.activating).toMatchObject({ gACT: 1, gSTA: 1 })
  expect(steps.activated).toMatchObject({ gSTA: 3, gFLT: 0 })
  expect(steps.moved).toMatchObject({ gPR: 100, gPO: 100, gOBJ: 3, gCU: 0 })
  expect(steps.gripping).toMatchObject({ gPR: 255, gOBJ: 2 })
  // 30 mm less what the spring gives way at 128 N, on 85 mm for 255 counts.
  expect(steps.gripping.gPO).toBeCloseTo(255 * (1 - (0.03 - 128 / 20_000) / 0.085), -0.5)
  expect(steps.gripping.gCU).toBeGreaterThan(40)
  expect(steps.opened).toMatchObject({ gPO: 0, gOBJ: 3 })
  expect(steps['input registers']).toMatchObject({ count: 3 })
  expect(steps['illegal address']).toMatchObject({ exception: 2 })
  expect(steps['illegal function']).toMatchObject({ exception: 1 })
  expect(host.firmware.stats).toMatchObject({ crcErrors: 0, discardedBytes: 0 })
})

test('modbus-serial drives the gripper, leaves, and comes again', { timeout: 30_000 }, async () => {
  for (const position of [64, 192]) {
    const client = new modbusSerial.default()
    await client.connectRTUBuffered(host.path, { baudRate: 115200 })
    client.setID(9)
    client.setTimeout(1000)
    await client.writeRegisters(0x03e8, [0x0100, 0, 0])
    const read = async (): Promise<number[]> => (await client.readHoldingRegisters(0x07d0, 3)).data
    while ((((await read())[0] >> 12) & 3) !== 3);
    await client.writeRegisters(0x03e8, [0x0900, position, 0xff00])
    while ((await read())[0] >> 14 !== 3);
    expect((await read())[2] >> 8).toBe(position)
    await expect(client.readHoldingRegisters(0x1234, 1)).rejects.toMatchObject({ modbusCode: 2 })
    await new Promise<void>(resolve => client.close(() => resolve()))
  }
})
