import { meaningOf } from '../../control/speech/stop-word.js'
import type { FailureReason, Verdict } from '../simulated-cell.js'
import type { So101Episode } from './episode.js'
import { BIN, binOf } from './layout.js'
import type { BinName } from './layout.js'
import type { So101World } from './so101-world.js'
import { taskOf } from './task.js'

/** The rules by which an episode is judged. */
const RULES = {
  /** Force on each jaw from which an object counts as gripped, N. */
  grip: 0.5,
  /** ns for which the target must lie in the bin, let go of and at rest (m/s), and how high its middle may be (m). */
  rest: 0.5e9,
  still: 0.02,
  height: BIN.height + 0.015,
  /** m by which no other object may be lifted. */
  lift: 0.03,
  /** Force on the table above which the hand has struck it, N. */
  strike: 40,
  /** ns after `stop` from which all joints must stand still (rad/s), and for how long. */
  stopGrace: 300e6,
  stopStill: 1e9,
  stillJoint: 0.05,
  /** ns after a correction in which the object that was named before may still be in the air. */
  correctionGrace: 4e9,
} as const

/** Judges one episode by `RULES` after every physics step. All times are simulated time in ns. */
export class So101Judge {
  readonly #episode: So101Episode
  readonly #languages: readonly string[] | undefined
  readonly #rest: readonly number[]
  #start: number
  #target: number
  #bin: BinName | undefined
  #stoppedAt = Infinity
  #saidAt = -Infinity
  #restingSince = NaN
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
  constructor(episode: So101Episode, world: So101World, start: number, languages?: readonly string[]) {
    this.#episode = episode
    this.#languages = languages
    this.#start = start
    this.#target = episode.placed.findIndex(({ object }) => object.name === episode.first)
    this.#bin = episode.bin
    this.#rest = episode.placed.map((_, i) => world.objects[7 * i + 2]!)
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

  /** Index of the object to move now; -1: none. */
  get target(): number {
    return this.#stoppedAt < Infinity ? -1 : this.#target
  }

  /** The bin that was named last; undefined: either. */
  get bin(): BinName | undefined {
    return this.#bin
  }

  /** Takes what was said. The object and the bin that were named last count. After `stop` standing still is the goal. */
  said(text: string, time: number): void {
    if (this.#start === Infinity && meaningOf(text, this.#languages) === 'command') this.#start = time
    const objects = this.#episode.placed.map(({ object }) => object)
    const task = taskOf(text, objects, this.#languages)
    if (task === undefined) return
    if (task.kind === 'stop') {
      this.#stoppedAt = Math.min(this.#stoppedAt, time)
      return
    }
    this.#saidAt = time
    this.#restingSince = NaN
    this.#bin = task.bin ?? this.#bin
    const index = objects.findIndex(({ name }) => name === task.name)
    if (index < 0 || index === this.#target) return
    this.#target = index
    this.#peakForce = 0
    this.#wasGripped = this.#wasLifted = false
  }

  /** m by which object `i` is above its place on the table. */
  lift(world: So101World, i: number): number {
    return world.objects[7 * i + 2]! - this.#rest[i]!
  }

  /** Judges the state of the world at `time`. */
  step(world: So101World, time: number): void {
    if (this.#done) return
    this.#forces(world)
    if (this.#done) return
    if (time >= this.#stoppedAt) this.#standing(world, time)
    else this.#put(world, time)
    const last = Math.max(
      this.#start + this.#episode.timeout,
      this.#stoppedAt < Infinity ? this.#stoppedAt + RULES.stopGrace + RULES.stopStill : -Infinity,
    )
    if (!this.#done && time >= last) {
      const held = isGripped(world, this.#target)
      this.#end(this.#wasLifted && !held ? 'dropped' : this.#wasGripped ? 'timeout' : 'not_grasped')
    }
  }

  #end(reason?: FailureReason): void {
    this.#done = true
    this.#reason = reason
  }

  #forces(world: So101World): void {
    this.#peakStrike = Math.max(this.#peakStrike, world.handTable)
    if (!Number.isFinite(world.handTable)) this.#end('fault')
    else if (world.handTable > RULES.strike) this.#end('table_struck')
    const contact = world.contacts[this.#target]
    const crush = this.#episode.placed[this.#target]?.object.crush ?? Infinity
    if (contact === undefined) return
    const force = Math.max(contact.fixed, contact.moving)
    this.#peakForce = Math.max(this.#peakForce, force)
    if (force > crush) this.#end('crushed')
  }

  #standing(world: So101World, time: number): void {
    const since = time - this.#stoppedAt
    if (since < RULES.stopGrace) return
    if (world.servos.some(({ rate }) => Math.abs(rate) > RULES.stillJoint)) this.#end('moved_after_stop')
    else if (since >= RULES.stopGrace + RULES.stopStill) this.#end()
  }

  #put(world: So101World, time: number): void {
    const settled = time - this.#saidAt >= RULES.correctionGrace
    for (let i = 0; i < world.contacts.length; i++) {
      if (i !== this.#target) {
        if (settled && this.lift(world, i) > RULES.lift && isGripped(world, i)) this.#end('wrong_object')
        continue
      }
      if (isGripped(world, i)) {
        this.#wasGripped = true
        if (this.lift(world, i) > RULES.lift) this.#wasLifted = true
      }
      const bin = this.#restingIn(world, i)
      if (bin === undefined) this.#restingSince = NaN
      else if (Number.isNaN(this.#restingSince)) this.#restingSince = time
      else if (!this.#done && time - this.#restingSince >= RULES.rest)
        this.#end(this.#bin === undefined || bin === this.#bin ? undefined : 'wrong_bin')
    }
  }

  /** The bin in which object `i` lies at rest, let go of. */
  #restingIn(world: So101World, i: number): BinName | undefined {
    const contact = world.contacts[i]!
    if (contact.fixed > 0 || contact.moving > 0) return undefined
    if (world.speeds[i]! > RULES.still || world.objects[7 * i + 2]! > RULES.height) return undefined
    return binOf(world.objects[7 * i]!, world.objects[7 * i + 1]!)
  }
}

/** Whether both jaws press on object `i`. */
export function isGripped(world: Pick<So101World, 'contacts'>, i: number): boolean {
  const contact = world.contacts[i]
  return contact !== undefined && contact.fixed > RULES.grip && contact.moving > RULES.grip
}
