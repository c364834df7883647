import { extentOf, surfaceOf } from '../objects/geometry.js'
import { FAILURE_REASONS } from '../simulated-cell.js'
import type { Verdict } from '../simulated-cell.js'
import { JOINTS } from './arm.js'
import type { So101Episode } from './episode.js'
import { BINS } from './layout.js'
import type { So101Simulation } from './so101-simulation.js'
import { truthOf } from './truth.js'
import type { So101Truth } from './truth.js'

/** Number of objects that the state has room for. */
const MOST_OBJECTS = 16

/**
 * Layout of the cell's state in one flat array, which threads share without copies. `target`: index, -1 none. `bin`:
 * index in BINS, -1 either. `verdict`: done, success, index of the reason, peak force, peak strike. `stats`: overruns,
 * skipped ns, real-time factor. `joints`: true angles. `goals`: angles that the servos go to. Then `perObject` numbers for each object: pose, lift, gripped.
 */
export const STATE = {
  stamp: 0,
  target: 1,
  bin: 2,
  verdict: 3,
  stats: 8,
  joints: 11,
  goals: 11 + JOINTS.length,
  objects: 11 + 2 * JOINTS.length,
  perObject: 9,
  size: 11 + 2 * JOINTS.length + 9 * MOST_OBJECTS,
} as const

/** Writes time, verdict and true state into the flat array; before the first episode the time alone. */
export function writeState(state: Float64Array, { time, world, episode, judge }: So101Simulation): void {
  state[STATE.stamp] = time
  if (episode === undefined || judge === undefined) return
  state[STATE.target] = judge.target
  state[STATE.bin] = judge.bin === undefined ? -1 : BINS.indexOf(judge.bin)
  const { done, success, reason, peakForce, peakStrike } = judge.verdict
  state[STATE.verdict] = done ? 1 : 0
  state[STATE.verdict + 1] = success ? 1 : 0
  state[STATE.verdict + 2] = reason === undefined ? -1 : FAILURE_REASONS.indexOf(reason)
  state[STATE.verdict + 3] = peakForce
  state[STATE.verdict + 4] = peakStrike
  const { joints, goals, objects } = truthOf(episode, world, judge)
  state.set(joints, STATE.joints)
  state.set(goals, STATE.goals)
  for (const [i, { pose, lift, gripped }] of objects.entries()) {
    const from = STATE.objects + STATE.perObject * i
    state.set(pose, from)
    state[from + 7] = lift
    state[from + 8] = gripped ? 1 : 0
  }
}

/** The verdict in the flat array. */
export function verdictIn(state: Float64Array): Verdict {
  const [done = 0, success = 0, reason = -1, peakForce = NaN, peakStrike = NaN] = state.subarray(
    STATE.verdict,
    STATE.verdict + 5,
  )
  return { done: done !== 0, success: success !== 0, reason: FAILURE_REASONS[reason], peakForce, peakStrike }
}

/** The true state of an episode in the flat array. */
export function truthIn(state: Float64Array, { placed }: Pick<So101Episode, 'placed'>): So101Truth {
  return {
    stamp: state[STATE.stamp]!,
    target: placed[state[STATE.target]!]?.object.name,
    bin: BINS[state[STATE.bin]!],
    joints: state.slice(STATE.joints, STATE.joints + JOINTS.length),
    goals: state.slice(STATE.goals, STATE.goals + JOINTS.length),
    objects: placed.map(({ object, grasps }, i) => {
      const from = STATE.objects + STATE.perObject * i
      const { radius } = extentOf(surfaceOf(object.parts))
      return {
        name: object.name,
        pose: state.slice(from, from + 7),
        lift: state[from + 7]!,
        gripped: state[from + 8] !== 0,
        radius,
        grasps,
      }
    }),
  }
}
