import { isUsable } from '../../../control/chunk/chunk-executor.js'
import { setPointFor, type Executable, type SetPoint } from '../../../control/chunk/set-point.js'
import { Trajectory } from '../../../control/chunk/trajectory.js'
import type { ActionGroup } from '../../../policy/action/action-kind.js'
import { VERSION_1_GROUPS } from '../../../policy/action/action-kinds.js'
import { ChunkLayout } from '../../../policy/action/chunk-layout.js'
import type { Finger } from '../../../robots/actuators/servo-mounting.js'
import type { Robot } from '../../../robots/robot.js'
import { fingerOf } from './finger.js'
import { channelsOf, valuesOf, type Action, type ActionChannel } from './action.js'

interface Prepared {
  readonly key: string
  readonly groups: readonly ActionGroup[]
  /** The joint that moves the fingers of each group. */
  readonly fingers: readonly (Finger | undefined)[]
  readonly layout: ChunkLayout
  readonly motion: Trajectory
  readonly point: SetPoint
  readonly channels: readonly ActionChannel[]
}

/** Actions from action chunks: the set-points that they are carried out as. */
export class ChunkActions {
  readonly #robot: Robot
  readonly #period: number
  #prepared: Prepared | undefined

  /** @param period ns from an observation to the moment of its action. */
  constructor(robot: Robot, period: number) {
    this.#robot = robot
    this.#period = period
  }

  /** Undefined: the chunk cannot be carried out. Throws RangeError where its groups are none. */
  of(chunk: Executable): Action | undefined {
    const { groups, fingers, layout, motion, point, channels } = this.#prepare(chunk.groups ?? VERSION_1_GROUPS)
    if (!isUsable(layout, chunk)) return undefined
    motion.load(chunk)
    motion.at(chunk.stamp + this.#period, point)
    return {
      channels,
      values: point.groups.flatMap((values, i) => valuesOf(groups[i]!, values, fingers[i])),
    }
  }

  #prepare(groups: NonNullable<Executable['groups']>): Prepared {
    const key = JSON.stringify(groups)
    if (this.#prepared?.key === key) return this.#prepared
    const layout = new ChunkLayout(groups)
    const fingers = groups.map(({ name }) => fingerOf(this.#robot, name))
    const channels = groups.flatMap((group, i) => channelsOf(group, fingers[i]))
    const motion = new Trajectory(layout)
    return (this.#prepared = { key, groups, fingers, layout, motion, point: setPointFor(layout), channels })
  }
}
