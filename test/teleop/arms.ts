import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FEETECH } from '../../drivers/feetech/protocol.js'
import { FeetechServo } from '../../sim/firmware/feetech-servo.js'
import { startServoHost, type ServoHost } from '../../sim/firmware/servo-host.js'
import type { ServoPlant } from '../../sim/firmware/servo-plant.js'
import { ServoRotor } from '../../sim/firmware/servo-rotor.js'

export const JOINTS = ['pan', 'lift', 'jaw'] as const

/** A joint that a hand turns: it is where it is put, whatever its motor does. */
export class HeldJoint implements ServoPlant {
  at = 0
  /** Whether the motor was told to do something. */
  driven = false

  position(): number {
    return this.at
  }

  velocity(): number {
    return 0
  }

  load(): number {
    return 0
  }

  drive(): void {
    this.driven = true
  }

  release(): void {
    this.driven = false
  }
}

/** Emulated servos of one arm on a pseudo-terminal of their own, in real time. */
export class Arm {
  readonly servos: readonly FeetechServo[]
  readonly host: ServoHost

  constructor(plants: readonly ServoPlant[]) {
    this.servos = plants.map((plant, i) => new FeetechServo({ id: i + 1, plant, supply: 7.4 }))
    const rotors = plants.filter(plant => plant instanceof ServoRotor)
    this.host = startServoHost({ protocol: FEETECH, servos: this.servos, rotors })
  }
}

export const heldArm = (): { readonly joints: readonly HeldJoint[]; readonly arm: Arm } => {
  const joints = JOINTS.map(() => new HeldJoint())
  return { joints, arm: new Arm(joints) }
}

export const motorArm = (at: readonly number[]): { readonly joints: readonly ServoRotor[]; readonly arm: Arm } => {
  const joints = at.map(position => new ServoRotor(position))
  return { joints, arm: new Arm(joints) }
}

/** One arm in a robot file, on the port `path`. */
export const actuator = (name: string, { path, state }: { readonly path: string; readonly state: string }): string => `
  ${name}:
    driver: sts3215
    port: { path: ${path} }
    state: ${state}
    joints: { pan: { id: 1 }, lift: { id: 2 }, jaw: { id: 3 } }
    gripper: { joint: jaw, closed: 0 rad, open: 1 rad }`

export const stream = (name: string, topic: string): string =>
  `  ${name}: { topic: ${topic}, type: sensor_msgs/msg/JointState, select: [position.pan, position.lift, position.jaw] }`

export const LIMITS = `
limits:
  joints:
    pan: { position: [-1.5 rad, 1.5 rad], velocity: 1 rad/s }
    lift: { position: [-1 rad, 1 rad], velocity: 1 rad/s }
    jaw: { position: [0 rad, 1 rad], velocity: 2 rad/s }
  # A busy machine is not tested here.
  watchdog: { person: 400 ms }
`

/** Robot files in a folder that `remove` deletes. */
export class Files {
  readonly folder = mkdtempSync(join(tmpdir(), 'prehend-teleop-'))

  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  follower(path: string): string {
    return this.write(
      'follower.yaml',
      `robot: follower
tick: { rate: 30 Hz }
streams:
${stream('joints', '/joint_states')}
  voice: { topic: /voice/events, type: prehend_interfaces/msg/VoiceEvent }
reset: { topic: /episode }
actions:${actuator('arm', { path, state: 'joints' })}
${LIMITS}`,
    )
  }

  leader(path: string, { closed = '0 rad', open = '0.5 rad', topic = '/leader/joint_states' } = {}): string {
    return this.write(
      'leader.yaml',
      `robot: leader
tick: { rate: 30 Hz }
streams:
${stream('joints', topic)}
actions:${actuator('arm', { path, state: 'joints' }).replace('closed: 0 rad, open: 1 rad', `closed: ${closed}, open: ${open}`)}
${LIMITS}`,
    )
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Resolves once `done` is true. Rejects with what `what` says after `ms`. */
export async function until(done: () => boolean, what: () => unknown, ms = 15_000): Promise<void> {
  const end = performance.now() + ms
  while (!done()) {
    if (performance.now() > end) throw new Error(`not within ${ms / 1000} s: ${JSON.stringify(what())}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

export const near = (values: readonly number[], wanted: readonly number[], within = 0.02): boolean =>
  values.every((value, i) => Math.abs(value - wanted[i]) < within)
