import type { Observation } from '../../fusion/observation.js'
import type { Bus } from '../../middleware/bus.js'
import { chunkMessage } from '../../nodes/chunk-message.js'
import type { ActionChunk, Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import { Random } from '../../sim/embedded/random.js'
import { So101Cell } from '../../sim/so101/so101-cell.js'
import { ARM_JOINTS, JOINTS } from '../../sim/so101/arm.js'
import type { So101Truth } from '../../sim/so101/truth.js'
import { So101ExpertPolicy } from '../policies/so101-expert-policy.js'
import { UsageError } from '../output/output.js'
import { EXPERT_AUX_TOPIC, EXPERT_CHUNK_TOPIC, type Demonstrator, type DemonstrationOptions } from './demonstration.js'

/**
 * Labels of the scene for training: the place of the target in the base frame (m), whether there is a target, whether it
 * is in the hand, and whether it belongs in the left bin (0.5: in either).
 */
const SO101_AUX = ['x', 'y', 'z', 'has_target', 'in_hand', 'left_bin'] as const

const NONE = new Float64Array(0)
/** Time constant of the disturbance, s. */
const MEMORY = 0.4

/**
 * Makes demonstrations in the SO-101 cell: the expert's chunk for every observation is published, whichever policy moves
 * the arm. A smooth disturbance of the arm's joints (rad) shows the way back (DART, Laskey et al., CoRL 2017). The
 * gripper is not disturbed.
 */
export class So101Demonstration implements Demonstrator {
  readonly #robot: Robot
  readonly #options: DemonstrationOptions
  readonly #disturbance = new Float64Array(ARM_JOINTS)
  #random: Random
  #last = -Infinity
  #expert: So101ExpertPolicy | undefined
  #cell: So101Cell | undefined

  constructor(robot: Robot, options: DemonstrationOptions) {
    this.#robot = robot
    this.#options = options
    this.#random = new Random(options.seed, 'disturbance')
  }

  begin(index: number): void {
    this.#random = new Random(this.#options.seed, `disturbance, episode ${index}`)
    this.#disturbance.fill(0)
    this.#last = -Infinity
  }

  async wrap(policy: Policy, cell: unknown): Promise<Policy> {
    if (!(cell instanceof So101Cell)) throw new UsageError('demonstrations with servos need the SO-101 cell')
    this.#cell = cell
    const expert = (this.#expert = await So101ExpertPolicy.start(cell, this.#robot))
    return {
      name: policy.name,
      execution: policy.execution,
      get ended() {
        return policy.ended
      },
      infer: async observation => this.#disturb(await policy.infer(observation)),
      observe: async observation => policy.observe?.(observation),
      close: async () => {
        await policy.close()
        await expert.close()
      },
    }
  }

  label(observation: Observation, bus: Bus): void {
    if (!this.#expert || !this.#cell) return
    const { stamp } = observation
    const chunks = bus.advertise(EXPERT_CHUNK_TOPIC, 'prehend_interfaces/msg/ActionChunk')
    chunks.publish(chunkMessage(this.#expert.answer(observation), ''))
    chunks.dispose()
    const labels = bus.advertise(EXPERT_AUX_TOPIC, 'sensor_msgs/msg/JointState')
    const position = labelsOf(this.#cell.truth())
    labels.publish({ stamp, frameId: 'base', name: SO101_AUX, position, velocity: NONE, effort: NONE })
    labels.dispose()
  }

  /** Adds an Ornstein-Uhlenbeck disturbance to the joints that place the hand. */
  #disturb(chunk: ActionChunk): ActionChunk {
    const { sigma } = this.#options
    if (sigma === 0) return chunk
    const seconds = Math.min(0.2, Math.max(0, (chunk.stamp - this.#last) / 1e9))
    this.#last = chunk.stamp
    const keep = Math.exp(-seconds / MEMORY)
    const kick = Math.sqrt(1 - keep * keep)
    const data = Float32Array.from(chunk.data)
    for (let i = 0; i < ARM_JOINTS; i++) {
      this.#disturbance[i] = keep * this.#disturbance[i]! + kick * this.#random.normal()
      for (let at = i; at < data.length; at += JOINTS.length) data[at]! += sigma * this.#disturbance[i]!
    }
    return { ...chunk, data }
  }
}

/** The values of SO101_AUX. */
function labelsOf({ target: named, bin, objects }: So101Truth): Float64Array {
  const target = objects.find(({ name }) => name === named)
  const left = bin === undefined ? 0.5 : Number(bin === 'left')
  if (!target) return Float64Array.of(0, 0, 0, 0, 0, left)
  const [x = 0, y = 0, z = 0] = target.pose
  return Float64Array.of(x, y, z, 1, Number(target.gripped), left)
}
