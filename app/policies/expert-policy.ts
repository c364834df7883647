import type { Observation } from '../../fusion/observation.js'
import type { ActionChunk, Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import type { SimulatedCell, Truth } from '../../sim/simulated-cell.js'
import { expertChunk, goalInTool } from '../../sim/embedded/expert.js'

const EXPERT_CHUNK = { rows: 16, rate: 30 } as const

export interface ExpertAnswer {
  readonly chunk: ActionChunk
  /** The target's grasp in the tool frame; see `goalInTool`. */
  readonly aux: Float64Array
}

/** The scripted expert as a policy. It uses the cell's true state, not the observation's pictures. */
export class ExpertPolicy implements Policy {
  readonly name = 'expert'
  readonly #cell: Pick<SimulatedCell, 'truth'>
  readonly #tool: string | undefined

  constructor(cell: Pick<SimulatedCell, 'truth'>, robot: Pick<Robot, 'actions'>) {
    this.#cell = cell
    this.#tool = robot.actions.arm?.pose
  }

  infer(observation: Observation): Promise<ActionChunk> {
    return Promise.resolve(this.answer(observation).chunk)
  }

  /**
   * The expert's answer. The tool's pose comes from the observation if it has one, so that chunk and origin belong to
   * the observation's tick.
   */
  answer(observation: Observation): ExpertAnswer {
    const began = performance.now()
    const now = this.#cell.truth()
    const seen = this.#tool === undefined ? undefined : observation.values.get(this.#tool)
    const truth: Truth =
      seen?.kind === 'vector' && seen.data.length === 7 ? { ...now, tool: Float64Array.from(seen.data) } : now
    const { rows, rate } = EXPERT_CHUNK
    const data = expertChunk(truth, rows, rate)
    const target = truth.objects.find(({ name }) => name === truth.target)
    const inHand = target !== undefined && target.squeeze > 1
    return {
      chunk: {
        stamp: observation.stamp,
        rate,
        data,
        origin: truth.tool,
        graspSuccess: inHand ? 1 : 0,
        gate: undefined,
        latent: undefined,
        inferenceMs: performance.now() - began,
      },
      aux: goalInTool(truth),
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
