import { meaningOf } from '../../control/speech/stop-word.js'
import type { FailureReason, Verdict } from '../simulated-cell.js'
import type { Episode } from './episode.js'
import { understand } from './instruction.js'
import type { WorldState } from './world-state.js'

/** The rules by which an episode is judged. */
export const RULES = {
  /**
   * m by which the target must be lifted, and ns for which it must be held. No other object may be lifted by `lift`.
   */
  lift: 0.1,
  hold: 1e9,
  /** Force on the table above which the gripper or an object has struck it, N. */
  strike: 40,
  /** ns after `stop` within which everything must stand still, and ns for which it must stay still. */
  stopGrace: 50e6,
  stopStill: 1e9,
  /** Speeds below which the tool (m/s), its yaw (rad/s) and the fingers (m/s) stand still. */
  stillSpeed: 0.01,
  stillYaw: 0.1,
  stillFingers: 0.01,
  /** ns after a correction in which the object that was named before may still be in the air. */
  correctionGrace: 2e9,
  /** Force on each pad from which an object counts as gripped, N. */
  grip: 1,
} as const

/** Judges one episode by `RULES` after every physics step. All times are simulated time in ns. */
export class Judge {
  readonly #episode: Episode
  readonly #languages: readonly string[] | undefined
  #start: number
  #target: number
  readonly #rest: readonly number[]
  #stoppedAt = Infinity
  #saidAt = -Infinity
  #renamed = false
  #gentle: boolean
  #heldSince = NaN
  #isGripped = false
  #wasGripped = false
  #wasLifted = false
  #done = false
  #reason: FailureReason | undefined
  #peakForce = 0
  #peakStrike = 0

  /**
   * `start`: when the episode's clock starts; Infinity: at the first command. `languages`: the languages whose stop
   * words count; default: all.
   */
  constructor(episode: Episode, world: WorldState, start: number, languages?: readonly string[]) {
    this.#languages = languages
    this.#episode = episode
    this.#start = start
    this.#target = episode.placed.findIndex(({ object }) => object.name === episode.first)
    this.#gentle = episode.gentle
    this.#rest = episode.placed.map((_, i) => heightOf(episode, world, i))
  }

  get verdict(): Verdict {
    return {
      done: this.#done,
      success: this.#done && this.#reason === undefined,
      reason: this.#reason,
      peakForce: this.#peakForce,
      peakStrike: this.#peakStrike,
    }
  }

  /** Time of the first `stop`; Infinity: none was said. */
  get stoppedAt(): number {
    return this.#stoppedAt
  }

  /** Index of the object to grasp now; -1: none. */
  get target(): number {
    return this.#stoppedAt < Infinity ? -1 : this.#target
  }

  /** Whether a command asked for care. */
  get gentle(): boolean {
    return this.#gentle
  }

  /** Takes what was said. The object that was named last is the target. After `stop` standing still is the goal. */
  said(text: string, time: number): void {
    if (this.#start === Infinity && meaningOf(text, this.#languages) === 'command') this.#start = time
    const instruction = understand(
      text,
      this.#episode.placed.map(({ object }) => object),
      this.#languages,
    )
    if (instruction === undefined) return
    if (instruction.kind === 'stop') this.#stoppedAt = Math.min(this.#stoppedAt, time)
    else if (instruction.kind === 'manner') this.#gentle = true
    else {
      const index = this.#episode.placed.findIndex(({ object }) => object.name === instruction.name)
      if (index !== this.#target) {
        this.#renamed = true
        this.#peakForce = 0
        this.#heldSince = NaN
        this.#isGripped = this.#wasGripped = this.#wasLifted = false
      }
      this.#target = index
      this.#saidAt = time
      this.#gentle ||= instruction.gentle
    }
  }

  /** m by which object `i` is above its place on the table, measured at its centre of mass. */
  lift(world: WorldState, i: number): number {
    return heightOf(this.#episode, world, i) - (this.#rest[i] ?? 0)
  }

  /** Judges the state of the world at `time`. */
  step(world: WorldState, time: number): void {
    if (this.#done) return
    this.#forces(world)
    if (this.#done) return
    if (time >= this.#stoppedAt) this.#still(world, time)
    else this.#lifted(world, time)
    if (!this.#done && time >= Math.max(this.#start + this.#episode.setup.timeout, stillUntil(this.#stoppedAt))) {
      this.#end(this.#wasLifted && !this.#isGripped ? 'dropped' : this.#wasGripped ? 'timeout' : 'not_grasped')
    }
  }

  #end(reason?: FailureReason): void {
    this.#done = true
    this.#reason = reason
  }

  #forces(world: WorldState): void {
    let strike = world.gripperTable
    for (let i = 0; i < world.contacts.length; i++) {
      const contact = world.contacts[i]
      const placed = this.#episode.placed[i]
      if (contact === undefined || placed === undefined) continue
      const touched = contact.left > RULES.grip && contact.right > RULES.grip
      if (touched) strike = Math.max(strike, contact.table - placed.object.mass * 9.81)
      if (i !== this.#target) continue
      const force = Math.max(contact.left, contact.right, contact.palm)
      this.#peakForce = Math.max(this.#peakForce, force)
      if (force > placed.object.crush) this.#end('crushed')
      else if (contact.table > placed.object.crush) {
        this.#peakForce = Math.max(this.#peakForce, contact.table)
        this.#end(this.#wasLifted && !touched ? 'dropped' : 'crushed')
      }
    }
    this.#peakStrike = Math.max(this.#peakStrike, strike)
    if (strike > RULES.strike) this.#end('table_struck')
    if (!Number.isFinite(strike)) this.#end('fault')
  }

  #still(world: WorldState, time: number): void {
    const since = time - this.#stoppedAt
    if (since < RULES.stopGrace) return
    if (
      world.toolSpeed > RULES.stillSpeed ||
      Math.abs(world.yawRate) > RULES.stillYaw ||
      Math.abs(world.fingers.rate) > RULES.stillFingers
    )
      this.#end('moved_after_stop')
    else if (since >= RULES.stopGrace + RULES.stopStill) this.#end()
  }

  #lifted(world: WorldState, time: number): void {
    const settled = !this.#renamed || time - this.#saidAt >= RULES.correctionGrace
    for (let i = 0; i < world.contacts.length; i++) {
      const contact = world.contacts[i]
      if (contact === undefined) continue
      const gripped = contact.left > RULES.grip && contact.right > RULES.grip
      const lift = this.lift(world, i)
      if (i !== this.#target) {
        if (lift >= RULES.lift && settled) this.#end('wrong_object')
        continue
      }
      this.#isGripped = gripped
      if (gripped) this.#wasGripped = true
      if (gripped && lift > 0.03) this.#wasLifted = true
      if (!gripped || lift < RULES.lift) this.#heldSince = NaN
      else if (Number.isNaN(this.#heldSince)) this.#heldSince = time
      else if (!this.#done && time - this.#heldSince >= RULES.hold) this.#end()
    }
  }
}

const stillUntil = (stoppedAt: number): number =>
  stoppedAt < Infinity ? stoppedAt + RULES.stopGrace + RULES.stopStill : -Infinity

function heightOf({ placed }: Episode, { objects }: WorldState, i: number): number {
  const [cx, cy, cz] = placed[i]?.centre ?? [0, 0, 0]
  const at = (k: number): number => objects[7 * i + k] ?? 0
  const [x, y, z, w] = [at(3), at(4), at(5), at(6)]
  return at(2) + 2 * (x * z - w * y) * cx + 2 * (y * z + w * x) * cy + (1 - 2 * (x * x + y * y)) * cz
}
