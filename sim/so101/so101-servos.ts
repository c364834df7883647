import { FEETECH } from '../../drivers/feetech/protocol.js'
import { STS3215 } from '../../drivers/feetech/registers.js'
import { BROADCAST } from '../../drivers/servo/servo-protocol.js'
import { FeetechServo } from '../firmware/feetech-servo.js'
import { ServoLine } from '../firmware/servo-line.js'
import type { LineServo, OneServoRequest } from '../firmware/servo-line.js'
import type { ServoPlant } from '../firmware/servo-plant.js'
import { JOINTS } from './arm.js'

/** Speed of the arm's bus, bit/s. */
export const BAUD = 1_000_000

/** V of the supply, and the limit of a servo for it (register in 0.1 V). */
const SUPPLY = 12
const MOST_VOLTS = 140
/** degC around the arm. */
const ROOM = 25
/** ns of one cycle of the servo's control loop: the data sheet of its sister STS3250 gives at most 1 ms. */
const LATENCY = 1e6
/** Largest torque of the gripper, in thousandths of the stall torque, as LeRobot sets it. */
const GRIPPER_TORQUE = 500

/**
 * The servos of the arm on one half-duplex bus: id 1 is shoulder_pan, id 6 the gripper. 2048 counts are the angle 0 of a
 * joint, and the counts grow with it. Its time is the argument of `step`.
 */
export class So101Servos {
  readonly firmware: readonly FeetechServo[]
  readonly line: ServoLine
  /**
   * Time (ns) from which the servos take the goals that come to all of them at once. In real time an episode is placed
   * while a client may still send goals of the one before.
   */
  hearsFrom = 0
  #time = 0

  /** `plants`: the motors of the joints in the order of JOINTS. */
  constructor(plants: readonly ServoPlant[]) {
    this.firmware = plants.map(
      (plant, i) =>
        new FeetechServo({
          id: i + 1,
          plant,
          latency: LATENCY,
          supply: SUPPLY,
          registers: {
            maxVoltage: MOST_VOLTS,
            ...(JOINTS[i] === 'gripper' ? { maxTorque: GRIPPER_TORQUE } : {}),
          },
        }),
    )
    const servos = this.firmware.map(
      (servo): LineServo => ({
        get id() {
          return servo.id
        },
        get baud() {
          return servo.baud
        },
        get returnDelay() {
          return servo.returnDelay
        },
        handle: request => (this.#time < this.hearsFrom && isSyncGoal(request) ? undefined : servo.handle(request)),
      }),
    )
    this.line = new ServoLine({ protocol: FEETECH, servos, baud: BAUD })
  }

  /** Moves the firmware on to `timeNs`, after a step of the physics. Allocates nothing. */
  step(timeNs: number): void {
    this.#time = timeNs
    for (const servo of this.firmware) servo.step(timeNs)
  }

  /**
   * At `timeNs` all servos are cold, have torque and hold the angles that they have. What clients wrote into the registers
   * stays, so a bus that has set the servos up need not do so again.
   */
  restart(timeNs: number): void {
    for (const servo of this.firmware) {
      servo.temperature = ROOM
      switchTorque(servo, 0)
      servo.step(timeNs)
      servo.memory.set('goalPosition', servo.memory.get('presentPosition'))
      switchTorque(servo, 1)
    }
  }
}

const isSyncGoal = (request: OneServoRequest): boolean =>
  request.kind === 'write' && request.id === BROADCAST && request.address === STS3215.goalPosition.address

const switchTorque = (servo: FeetechServo, on: 0 | 1): unknown =>
  servo.handle({ kind: 'write', id: BROADCAST, address: STS3215.torqueEnable.address, data: Uint8Array.of(on) })
