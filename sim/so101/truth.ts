import { extentOf, surfaceOf } from '../objects/geometry.js'
import type { Grasp } from '../objects/grasp.js'
import type { So101Episode } from './episode.js'
import { isGripped } from './judge.js'
import type { So101Judge } from './judge.js'
import type { BinName } from './layout.js'
import type { So101World } from './so101-world.js'

/** The true state of an object. */
export interface So101TrueObject {
  readonly name: string
  /** x, y, z, qx, qy, qz, qw of its frame. */
  readonly pose: Float64Array
  /** m above its place on the table. */
  readonly lift: number
  readonly gripped: boolean
  readonly radius: number
  readonly grasps: readonly Grasp[]
}

/** The true state of the cell, for the scripted expert and the benchmark. Policies do not get it. */
export interface So101Truth {
  /** Simulated time of this state, ns. */
  readonly stamp: number
  /** Name of the object to move now; undefined: none, stand still. */
  readonly target: string | undefined
  /** The bin that it belongs in; undefined: either. */
  readonly bin: BinName | undefined
  /** Angles of the output shafts, rad, in the order of JOINTS. */
  readonly joints: Float64Array
  /** Angles that the servos go to, rad. */
  readonly goals: Float64Array
  readonly objects: readonly So101TrueObject[]
}

/** The true state of a world and its judge at `stamp` (ns). The arrays belong to the caller. */
export function truthOf(
  { placed }: Pick<So101Episode, 'placed'>,
  world: So101World,
  judge: So101Judge,
  stamp = 0,
): So101Truth {
  return {
    stamp,
    target: placed[judge.target]?.object.name,
    bin: judge.bin,
    joints: Float64Array.from(world.servos, ({ angle }) => angle),
    goals: Float64Array.from(world.servos, ({ goal }) => goal),
    objects: placed.map(({ object, grasps }, i) => {
      const extent = extentOf(surfaceOf(object.parts))
      return {
        name: object.name,
        pose: world.objects.slice(7 * i, 7 * i + 7),
        lift: judge.lift(world, i),
        gripped: isGripped(world, i),
        radius: extent.radius,
        grasps,
      }
    }),
  }
}
