import { FAILURE_REASONS } from '../simulated-cell.js'
import type { Truth, Verdict } from '../simulated-cell.js'
import type { Episode } from './episode.js'
import { RULES } from './judge.js'
import type { Judge } from './judge.js'
import type { WorldState } from './world-state.js'
import { extentOf, surfaceOf } from '../objects/geometry.js'

/**
 * Layout of the cell's state in one flat array, which threads share without copies. `target`: index, -1 none.
 * `verdict`: done, success, index of the reason, peak force, peak strike. `stats`: overruns, skipped ns, real-time
 * factor. Then `perObject` numbers for each object: pose, lift, squeeze, press.
 */
export const STATE = {
  stamp: 0,
  target: 1,
  gentle: 2,
  tool: 3,
  width: 10,
  widthRate: 11,
  verdict: 12,
  stats: 17,
  objects: 20,
  perObject: 10,
  size: 20 + 10 * 16,
} as const

/**
 * Writes the true state at `time` (ns) and the verdict into the flat array. Without a judge (before the first episode)
 * it writes only the time.
 */
export function writeTruth(
  state: Float64Array,
  { time, world, judge }: { readonly time: number; readonly world: WorldState; readonly judge: Judge | undefined },
): void {
  state[STATE.stamp] = time
  if (judge === undefined) return
  state[STATE.target] = judge.target
  state[STATE.gentle] = judge.gentle ? 1 : 0
  state.set(world.tool, STATE.tool)
  state[STATE.width] = world.fingers.opening
  state[STATE.widthRate] = world.fingers.rate
  const { done, success, reason, peakForce, peakStrike } = judge.verdict
  state[STATE.verdict] = done ? 1 : 0
  state[STATE.verdict + 1] = success ? 1 : 0
  state[STATE.verdict + 2] = reason === undefined ? -1 : FAILURE_REASONS.indexOf(reason)
  state[STATE.verdict + 3] = peakForce
  state[STATE.verdict + 4] = peakStrike
  for (let i = 0; i < world.contacts.length; i++) {
    const from = STATE.objects + STATE.perObject * i
    for (let k = 0; k < 7; k++) state[from + k] = world.objects[7 * i + k] ?? 0
    state[from + 7] = judge.lift(world, i)
    const contact = world.contacts[i]
    const squeeze = contact === undefined ? 0 : Math.min(contact.left, contact.right)
    state[from + 8] = squeeze >= RULES.grip ? squeeze : 0
    state[from + 9] = contact === undefined ? 0 : Math.max(contact.left, contact.right, contact.palm)
  }
}

/** Reads the true state from the flat array. */
export class TruthReader {
  readonly #episode: Episode
  readonly #radii: readonly number[]

  constructor(episode: Episode) {
    this.#episode = episode
    this.#radii = episode.placed.map(({ object }) => extentOf(surfaceOf(object.parts)).radius)
  }

  read(state: Float64Array): Truth {
    const { placed } = this.#episode
    return {
      stamp: state[STATE.stamp]!,
      target: placed[state[STATE.target]!]?.object.name,
      gentle: state[STATE.gentle] !== 0,
      tool: state.slice(STATE.tool, STATE.tool + 7),
      width: state[STATE.width]!,
      widthRate: state[STATE.widthRate]!,
      objects: placed.map(({ object, grasps }, i) => {
        const from = STATE.objects + STATE.perObject * i
        const { name, mass, friction, crush } = object
        return {
          name,
          mass,
          friction,
          crush,
          grasps,
          pose: state.slice(from, from + 7),
          lift: state[from + 7]!,
          squeeze: state[from + 8]!,
          press: state[from + 9]!,
          radius: this.#radii[i]!,
        }
      }),
    }
  }
}

/** Reads the verdict from the flat array. */
export function verdictOf(state: Float64Array): Verdict {
  const [done = 0, success = 0, reason = 0, peakForce = NaN, peakStrike = NaN] = state.subarray(
    STATE.verdict,
    STATE.verdict + 5,
  )
  return { done: done !== 0, success: success !== 0, reason: FAILURE_REASONS[reason], peakForce, peakStrike }
}
