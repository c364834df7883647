import type { ArmKinematics } from '../arm/arm-kinematics.js'
import { JOINTS } from './arm.js'
import type { So101Expert } from './expert.js'
import { angleFor } from './jaw.js'
import { SetPoints } from './set-points.js'
import type { So101TrueObject, So101Truth } from './truth.js'

/** Steps of the expert for each row of a chunk. */
const STEPS = 3
/** rad by which the jaw of the model goes on after it touches, until the object counts as gripped. */
const PRESSED = 0.01

/**
 * The expert's set-points for the next `rows / rate` seconds: f32[rows * 6], rad, absolute, in the order of JOINTS. Row i
 * is for (i + 1) / rate s from `late` s before now; rows that are not later than now are where the set-points are. The
 * expert is simulated forward with a kinematic model of the cell: the joints move as their set-points do, and an object
 * between closed jaws moves along. `setPoints`: where the set-points are now.
 */
export function expertChunk(
  expert: So101Expert,
  arm: ArmKinematics,
  {
    truth,
    setPoints,
    rows,
    rate,
    late = 0,
  }: {
    readonly truth: So101Truth
    readonly setPoints: ArrayLike<number>
    readonly rows: number
    readonly rate: number
    readonly late?: number
  },
): Float32Array {
  const data = new Float32Array(rows * JOINTS.length)
  const sets = new SetPoints()
  sets.reset(setPoints)
  const dt = 1 / rate / STEPS
  let now = truth
  let time = 0
  for (let row = 0; row < rows; row++) {
    for (; time + dt / 2 < (row + 1) / rate - late; time += dt) {
      const rates = expert.rates(now)
      sets.advance(rates, now.joints, dt)
      now = moved(now, arm, rates, dt)
    }
    data.set(sets.values, row * JOINTS.length)
  }
  return data
}

/** The state after `dt` s at these rates. */
function moved(truth: So101Truth, arm: ArmKinematics, rates: ArrayLike<number>, dt: number): So101Truth {
  const target = truth.objects.find(({ name }) => name === truth.target)
  const held = truth.objects.find(({ gripped }) => gripped)
  const joints = truth.joints.map((angle, i) => angle + (rates[i] ?? 0) * dt)
  const opens = rates[5]! > 0
  let holds = held
  const touch = angleFor(Math.min(...(target?.grasps.map(({ width }) => width) ?? [0])))
  if (held !== undefined && !opens) joints[5] = truth.joints[5]!
  else if (held !== undefined) holds = undefined
  else if (target !== undefined && !opens && isBetween(truth, arm, target) && joints[5]! < touch - PRESSED)
    holds = target
  const before = placeOf(arm, truth.joints)
  const after = placeOf(arm, joints)
  const objects = truth.objects.map((object): So101TrueObject => {
    if (object !== held) return object === holds ? { ...object, gripped: true } : object
    const pose = object.pose.map((value, k) => (k < 3 ? value + after[k]! - before[k]! : value))
    return { ...object, pose, lift: object.lift + after[2] - before[2], gripped: holds === object }
  })
  return { ...truth, joints, objects }
}

/** Whether an object's middle is near the tool, as it is when the jaws close on it. */
function isBetween({ joints }: So101Truth, arm: ArmKinematics, { pose }: So101TrueObject): boolean {
  const at = placeOf(arm, joints)
  return Math.hypot(pose[0]! - at[0], pose[1]! - at[1]) < 0.04 && Math.abs(pose[2]! - at[2]) < 0.03
}

function placeOf(arm: ArmKinematics, joints: ArrayLike<number>): [number, number, number] {
  arm.set(joints)
  const [x = 0, y = 0, z = 0] = arm.position
  return [x, y, z]
}
