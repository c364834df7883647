import type { Observation } from '../../fusion/observation.js'
import type { ActionChunk, Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import type { Bus } from '../../middleware/bus.js'
import { CHUNK_FRAME, chunkMessage } from '../../nodes/fusion-node.js'
import type { SimulatedCell } from '../../sim/embedded/cell-handle.js'
import { ExpertPolicy, type ExpertAnswer } from '../../sim/embedded/expert-policy.js'
import { Random } from '../../sim/embedded/random.js'

export const EXPERT_CHUNK_TOPIC = '/expert/action_chunk'
export const EXPERT_AUX_TOPIC = '/expert/aux'
/** A command that was not given, and what the expert would have answered to it. */
export const INSTEAD_TOPICS = {
  command: '/expert/instead/command',
  chunk: '/expert/instead/action_chunk',
  aux: '/expert/instead/aux',
} as const
/** All that a demonstration says beside the loop's own topics. */
export const ANSWERS = [
  { topic: INSTEAD_TOPICS.command, type: 'prehend_interfaces/msg/VoiceEvent' },
  { topic: INSTEAD_TOPICS.chunk, type: 'prehend_interfaces/msg/ActionChunk' },
  { topic: INSTEAD_TOPICS.aux, type: 'sensor_msgs/msg/JointState' },
  { topic: EXPERT_CHUNK_TOPIC, type: 'prehend_interfaces/msg/ActionChunk' },
  { topic: EXPERT_AUX_TOPIC, type: 'sensor_msgs/msg/JointState' },
] as const
/**
 * What training may know of the scene at an observation: the target in the tool frame (m, rad), whether there is one,
 * whether it is in the hand.
 */
export const AUX = ['x', 'y', 'z', 'yaw', 'has_target', 'in_hand'] as const

const NONE = new Float64Array(0)
/** Seconds over which the disturbance forgets itself. */
const MEMORY = 0.4

/**
 * Makes demonstrations that are worth learning from: whatever drives the tool, the expert's answer to every observation
 * is published beside it, and a smooth disturbance leads the tool off the expert's path so that the way back is shown
 * too (DART, Laskey et al., CoRL 2017; with a learned policy driving it is DAgger, Ross et al., AISTATS 2011). While
 * the hand is empty each observation has a second answer: to a command for another thing on the table, drawn anew each
 * time, so that of the same picture only the words tell where to go (hindsight, Andrychowicz et al., NeurIPS 2017).
 * Half of the time that is one whose name has a word of the target's, where there is one: it takes the other word to
 * tell them apart.
 */
export class Demonstration {
  readonly #robot: Robot
  readonly #sigma: number
  readonly #seed: number
  #random: Random
  #expert: ExpertPolicy | undefined
  /** The expert, told to take `#other` instead. */
  #instead: ExpertPolicy | undefined
  #cell: SimulatedCell | undefined
  #other = ''
  #choice: Random
  readonly #disturbance = new Float64Array(4)
  #last = -Infinity

  constructor(robot: Robot, options: { sigma: number; seed: number }) {
    this.#robot = robot
    this.#sigma = options.sigma
    this.#seed = options.seed
    this.#random = new Random(options.seed, 'disturbance')
    this.#choice = new Random(options.seed, 'instead')
  }

  /** Before episode `index`, which has a disturbance of its own. */
  begin(index: number): void {
    this.#random = new Random(this.#seed, `disturbance, episode ${index}`)
    this.#choice = new Random(this.#seed, `instead, episode ${index}`)
    this.#disturbance.fill(0)
    this.#last = -Infinity
  }

  /** The driving policy, disturbed. */
  wrap(policy: Policy, cell: SimulatedCell): Policy {
    this.#cell = cell
    this.#expert = new ExpertPolicy(cell, this.#robot)
    this.#instead = new ExpertPolicy({ truth: () => ({ ...cell.truth(), target: this.#other }) }, this.#robot)
    if (this.#sigma === 0) return policy
    return {
      name: policy.name,
      get ended() {
        return policy.ended
      },
      infer: async observation => this.#disturb(await policy.infer(observation)),
      close: () => policy.close(),
    }
  }

  /** Publishes the expert's chunk and the scene's truth for an observation. */
  label(observation: Observation, bus: Bus): void {
    if (!this.#expert) return
    // First: a row is whole with the answer to what was said.
    this.#labelInstead(observation, bus)
    publish(bus, this.#expert.answer(observation), { chunk: EXPERT_CHUNK_TOPIC, aux: EXPERT_AUX_TOPIC })
  }

  #labelInstead(observation: Observation, bus: Bus): void {
    const truth = this.#cell?.truth()
    if (!this.#instead || truth?.target === undefined || truth.objects.some(({ squeeze }) => squeeze > 1)) return
    const others = truth.objects.filter(({ name, grasps }) => name !== truth.target && grasps.length > 0)
    if (others.length === 0) return
    const words = truth.target.split(' ')
    const confusable = others.filter(({ name }) => name.split(' ').some(word => words.includes(word)))
    this.#other = this.#choice.pick(confusable.length > 0 && this.#choice.unit() < 0.5 ? confusable : others).name
    const answer = this.#instead.answer(observation)
    const commands = bus.advertise(INSTEAD_TOPICS.command, 'prehend_interfaces/msg/VoiceEvent')
    commands.publish({ stamp: answer.chunk.stamp, frameId: '', text: `take the ${this.#other}`, confidence: 1 })
    commands.dispose()
    publish(bus, answer, INSTEAD_TOPICS)
  }

  /** Adds an Ornstein-Uhlenbeck disturbance to the offsets, smaller near the table where it would only break things. */
  #disturb(chunk: ActionChunk): ActionChunk {
    const seconds = Math.min(0.2, Math.max(0, (chunk.stamp - this.#last) / 1e9))
    this.#last = chunk.stamp
    const keep = Math.exp(-seconds / MEMORY)
    const kick = Math.sqrt(1 - keep * keep)
    for (let i = 0; i < 4; i++) this.#disturbance[i] = keep * this.#disturbance[i]! + kick * this.#random.normal()
    const height = chunk.origin[2]!
    const scale = this.#sigma * Math.min(1, Math.max(0.1, (height - 0.05) / 0.1))
    const data = Float32Array.from(chunk.data)
    for (let row = 0; row < data.length; row += 6) {
      data[row]! += scale * this.#disturbance[0]!
      data[row + 1]! += scale * this.#disturbance[1]!
      data[row + 2]! += 0.5 * scale * this.#disturbance[2]!
      data[row + 3]! += 10 * scale * this.#disturbance[3]!
    }
    return { ...chunk, data }
  }
}

function publish(
  bus: Bus,
  { chunk, aux }: ExpertAnswer,
  topics: { readonly chunk: string; readonly aux: string },
): void {
  const chunks = bus.advertise(topics.chunk, 'prehend_interfaces/msg/ActionChunk')
  // An example for training does not say how sure it is: the grasp's success is a label of its own, in `aux`.
  chunks.publish(chunkMessage({ ...chunk, graspSuccess: undefined }, CHUNK_FRAME))
  chunks.dispose()
  const truths = bus.advertise(topics.aux, 'sensor_msgs/msg/JointState')
  truths.publish({ stamp: chunk.stamp, frameId: CHUNK_FRAME, name: AUX, position: aux, velocity: NONE, effort: NONE })
  truths.dispose()
}
