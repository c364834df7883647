import { VERSION_1_GROUPS } from '../../policy/action/action-kinds.js'
import { actuatorFaults, type CommandedActuator } from '../../policy/action/actuator-faults.js'
import { Assignment } from './assignment.js'
import { ChunkExecutor, type Executable } from './chunk-executor.js'

/** The chunks of one who commands, and what they say for each actuator. Allocates nothing per sample. */
export class SetPointSource {
  readonly #actuators: readonly CommandedActuator[]
  readonly #executor: ChunkExecutor
  /** For the layout of the chunks that came last. */
  #assignment: Assignment

  /** `execution`: one of EXECUTION_MODES. Throws PolicyError for any other. */
  constructor(execution: string, actuators: readonly CommandedActuator[]) {
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
    return this.#executor.refused
  }

  /** Takes a copy of a chunk. False, without effect, where it cannot be carried out; see `ChunkExecutor.push`. */
  push(chunk: Executable): boolean {
    if (!this.#executor.push(chunk)) return false
    if (this.#executor.setPoint !== this.#assignment.setPoint) this.#assignment = this.#assigned()
    return true
  }

  /** Forgets all chunks. */
  clear(): void {
    this.#executor.clear()
  }

  /** Brings `assignment` to the moment `now` (ns). False, with it unchanged, while there is no chunk. */
  sample(now: number): boolean {
    const planned = this.#executor.sample(now)
    if (planned) this.#assignment.update()
    return planned
  }

  #assigned(): Assignment {
    const { layout, setPoint } = this.#executor
    return new Assignment(layout, setPoint, this.#actuators)
  }
}
