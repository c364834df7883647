import { VERSION_1_GROUPS } from '../../policy/action/action-kinds.js'
import { actuatorFaults, type CommandedActuator } from '../../policy/action/actuator-faults.js'
import { Assignment } from './assignment.js'
import { ChunkExecutor, type Executable } from './chunk-executor.js'
import type { PoseFrames } from './pose-frames.js'

/** The chunks of one who commands, and what they say for each actuator. Allocates nothing per sample. */
export class SetPointSource {
  readonly #actuators: readonly CommandedActuator[]
  readonly #executor: ChunkExecutor
  readonly #frames: PoseFrames | undefined
  #frameFault: string | undefined
  /** For the layout of the chunks that came last. */
  #assignment: Assignment

  /**
   * `execution`: one of EXECUTION_MODES. Throws PolicyError for any other. `frames`: of the measured poses; left out, poses
   * are carried out in every frame.
   */
  constructor(execution: string, actuators: readonly CommandedActuator[], frames?: PoseFrames) {
    this.#frames = frames
    this.#actuators = actuators
    this.#executor = new ChunkExecutor(execution, {
      fault: ({ groups }) => actuatorFaults(groups === VERSION_1_GROUPS ? undefined : groups, actuators).at(0),
    })
    this.#assignment = this.#assigned()
  }

  /** What the actuators should do, as of the last `sample`. */
  get assignment(): Assignment {
    return this.#assignment
  }

  /** Why the groups of the chunk that came last cannot be carried out, in words. */
  get refused(): string | undefined {
    return this.#executor.refused ?? this.#frameFault
  }

  /**
   * Takes a copy of a chunk. False, without effect, where it cannot be carried out; see `ChunkExecutor.push`. False, with
   * all chunks forgotten, where it is in another frame than the measured poses.
   */
  push(chunk: Executable): boolean {
    if (!this.#executor.push(chunk)) return false
    if (this.#isStray) {
      this.#executor.clear()
      return false
    }
    if (this.#executor.setPoint !== this.#assignment.setPoint) this.#assignment = this.#assigned()
    return true
  }

  /** Forgets all chunks. */
  clear(): void {
    this.#executor.clear()
  }

  /** Brings `assignment` to the moment `now` (ns). False, with it unchanged, while there is no chunk. */
  sample(now: number): boolean {
    // The frame of the measured poses may have changed since the chunk came.
    const planned = this.#executor.sample(now) && !this.#isStray
    if (planned) this.#assignment.update()
    return planned
  }

  /** Whether the chunk that came last is in another frame than the measured poses. */
  get #isStray(): boolean {
    const { groups } = this.#executor.layout
    const stray = this.#frames?.stray(groups)
    this.#frameFault = stray && this.#frames?.fault(stray)
    return stray !== undefined
  }

  #assigned(): Assignment {
    const { layout, setPoint } = this.#executor
    return new Assignment(layout, setPoint, this.#actuators)
  }
}
