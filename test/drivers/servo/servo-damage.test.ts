import { afterEach, describe, expect, test } from 'vitest'
import { DYNAMIXEL } from '../../../drivers/dynamixel/protocol.js'
import { XL330_MODEL } from '../../../drivers/dynamixel/x-series.js'
import { FEETECH } from '../../../drivers/feetech/protocol.js'
import { STS3215 } from '../../../drivers/feetech/registers.js'
import { STS3215_MODEL } from '../../../drivers/feetech/sts3215.js'
import { SerialPort } from '../../../drivers/serial-port.js'
import { calibrateMiddle } from '../../../drivers/servo/servo-calibration.js'
import { ServoClient } from '../../../drivers/servo/servo-client.js'
import type { ServoModel } from '../../../drivers/servo/servo-model.js'
import { FeetechServo } from '../../../sim/firmware/feetech-servo.js'
import { openPseudoTerminal } from '../../../sim/firmware/pseudo-terminal.js'
import type { PseudoTerminal } from '../../../sim/firmware/pseudo-terminal.js'
import { startServoHost } from '../../../sim/firmware/servo-host.js'
import type { ServoHost } from '../../../sim/firmware/servo-host.js'
import { ServoRotor } from '../../../sim/firmware/servo-rotor.js'

const BAUD = 1_000_000
const joint = { name: 'lift', id: 1 }
const { presentPosition, homingOffset } = STS3215_MODEL.registers

let port: SerialPort
let other: PseudoTerminal | ServoHost

afterEach(async () => {
  await port.close()
  await other.close()
})

async function clientOn(path: string, options: { model?: ServoModel; echo?: boolean } = {}): Promise<ServoClient> {
  const { model = STS3215_MODEL, echo = false } = options
  port = new SerialPort({ path, baud: BAUD })
  const client = new ServoClient(port, model, { baud: BAUD, patience: 100, echo })
  await port.open()
  return client
}

/** A client whose wire answers each request with what `reply` says. `attempt` counts from 0. */
function clientWith(
  reply: (request: Uint8Array, attempt: number) => readonly Uint8Array[],
  options: { model?: ServoModel; echo?: boolean } = {},
): Promise<ServoClient> {
  const terminal = openPseudoTerminal()
  other = terminal
  let attempt = 0
  terminal.onBytes(bytes => {
    for (const part of reply(bytes, attempt)) terminal.write(part)
    attempt++
  })
  return clientOn(terminal.path, options)
}

const positionOf = (counts: number): Uint8Array =>
  FEETECH.encodeStatus({ id: 1, error: 0, data: Uint8Array.of(counts & 0xff, counts >> 8) })

/** A client of one emulated servo. */
async function clientOfServo(): Promise<{ client: ServoClient; servo: FeetechServo }> {
  const rotor = new ServoRotor()
  const servo = new FeetechServo({ id: 1, plant: rotor, registers: { homingOffset: 77 } })
  const host = startServoHost({ protocol: FEETECH, servos: [servo], rotors: [rotor] })
  other = host
  return { client: await clientOn(host.path), servo }
}

describe('a damaged echo', () => {
  test('is not taken for the answer of a servo that is silent', async () => {
    const client = await clientWith(request => [Uint8Array.of(0, ...request)], { echo: true })
    await expect(client.get(joint, presentPosition)).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: /servo 1 \(lift\) come damaged/,
    })
    expect(client.wire.errors.get(1)).toMatchObject({ damaged: 3, timeouts: 0 })
  })

  test('ends its attempt, and the next one brings the answer', async () => {
    const client = await clientWith(
      (request, attempt) => [attempt === 0 ? Uint8Array.of(0, ...request) : request, positionOf(1234)],
      { echo: true },
    )
    expect(await client.get(joint, presentPosition)).toBe(1234)
    expect(client.wire.errors.get(1)).toMatchObject({ damaged: 1 })
  })
})

describe('an answer without the data that were asked for', () => {
  test('of a Feetech servo counts as damaged', async () => {
    const client = await clientWith(() => [FEETECH.encodeStatus({ id: 1, error: 0, data: new Uint8Array() })])
    await expect(client.get(joint, presentPosition)).rejects.toMatchObject({ code: 'TIMEOUT', message: /damaged/ })
    expect(client.wire.errors.get(1)).toMatchObject({ damaged: 3, timeouts: 0 })
  })

  test('of a Dynamixel servo that gives no reason is an error too', async () => {
    const client = await clientWith(() => [DYNAMIXEL.encodeStatus({ id: 1, error: 0, data: new Uint8Array() })], {
      model: XL330_MODEL,
    })
    await expect(client.get(joint, XL330_MODEL.registers.presentPosition)).rejects.toMatchObject({
      code: 'UNEXPECTED_REPLY',
      message: /servo 1 \(lift\) answered a read of 4 bytes with 0/,
    })
  })

  test('writes nothing into the EEPROM', async () => {
    const { client, servo } = await clientOfServo()
    const handle = servo.handle.bind(servo)
    servo.handle = request =>
      request.kind === 'read' && request.address === presentPosition.address
        ? { id: 1, error: 0, data: new Uint8Array() }
        : handle(request)
    await expect(calibrateMiddle(client, STS3215_MODEL, joint)).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(servo.memory.get('homingOffset')).toBe(77)
  })
})

test('the EEPROM is locked again after a write that failed, and the failure is told', async () => {
  const { client, servo } = await clientOfServo()
  const handle = servo.handle.bind(servo)
  const locks: number[] = []
  servo.handle = request => {
    if (request.kind === 'write' && request.address === STS3215.lock.address) locks.push(request.data[0])
    return request.kind === 'write' && request.address === homingOffset.address ? undefined : handle(request)
  }
  await expect(client.keep(joint, [[homingOffset, 5]])).rejects.toMatchObject({ code: 'TIMEOUT' })
  expect(locks).toEqual([0, 1])
  expect(servo.memory.get('lock')).toBe(1)
})
