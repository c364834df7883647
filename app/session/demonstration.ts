import type { Observation } from '../../fusion/observation.js'
import type { ActionChunk, Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import type { Bus } from '../../middleware/bus.js'
import { chunkMessage } from '../../nodes/chunk-message.js'
import { CHUNK_FRAME } from '../../nodes/fusion-node.js'
import type { RobotCell } from '../../sim/robot-cell.js'
import type { SimulatedCell } from '../../sim/simulated-cell.js'
import { ExpertPolicy, type ExpertAnswer } from '../policies/expert-policy.js'
import { Random } from '../../sim/embedded/random.js'

export const EXPERT_CHUNK_TOPIC = '/expert/action_chunk'
export const EXPERT_AUX_TOPIC = '/expert/aux'
/** A command that was not given, and what the expert would have answered to it. */
export const INSTEAD_TOPICS = {
  command: '/expert/instead/command',
  chunk: '/expert/instead/action_chunk',
  aux: '/expert/instead/aux',
} as const
/** The topics of a demonstration, beside the loop's own. */
export const ANSWERS = [
  { topic: INSTEAD_TOPICS.command, type: 'prehend_interfaces/msg/VoiceEvent' },
  { topic: INSTEAD_TOPICS.chunk, type: 'prehend_interfaces/msg/ActionChunk' },
  { topic: INSTEAD_TOPICS.aux, type: 'sensor_msgs/msg/JointState' },
  { topic: EXPERT_CHUNK_TOPIC, type: 'prehend_interfaces/msg/ActionChunk' },
  { topic: EXPERT_AUX_TOPIC, type: 'sensor_msgs/msg/JointState' },
] as const
/**
 * Labels of the scene for training: the target in the tool frame (m, rad), whether there is a target, whether it is in
 * the hand.
 */
export const AUX = ['x', 'y', 'z', 'yaw', 'has_target', 'in_hand'] as const

/** `sigma`: size of the disturbance of the tool (m) or of joints (rad). `seed`: of what is drawn. */
export interface DemonstrationOptions {
  readonly sigma: number
  readonly seed: number
}

/** Makes demonstrations for training in one cell. */
export interface Demonstrator {
  /** Called before episode `index`. Each episode has a disturbance of its own, drawn from its index. */
  begin(index: number): void
  /** The policy that moves the arm, with the disturbance added to its chunks. */
  wrap(policy: Policy, cell: RobotCell): Promise<Policy>
  /** Publishes the expert's answer to an observation. */
  label(observation: Observation, bus: Bus): void
}

const NONE = new Float64Array(0)
/** Time constant of the disturbance, s. */
const MEMORY = 0.4

/**
 * Makes demonstrations for training. The expert's answer to every observation is published, whichever policy moves the
 * tool. A smooth disturbance moves the tool off the expert's path, so that the demonstrations also show the way back
 * (DART, Laskey et al., CoRL 2017; with a learned policy that moves the tool it is DAgger, Ross et al., AISTATS 2011).
 * While the hand is empty, each observation has a second answer, to a command for another object on the table. That
 * object is drawn for each observation, so that the same picture has two answers which only the words tell apart
 * (hindsight, Andrychowicz et al., NeurIPS 2017). In half of the draws it is an object whose name shares a word with
 * the target's, if there is one, since such a pair takes the other word to tell apart.
 */
export class Demonstration implements Demonstrator {
  readonly #robot: Robot
  readonly #sigma: number
  readonly #seed: number
  #random: Random
  #expert: ExpertPolicy | undefined
  /** The expert with `#other` as its target. */
  #instead: ExpertPolicy | undefined
  #cell: SimulatedCell | undefined
  #other = ''
  #choice: Random
  readonly #disturbance = new Float64Array(4)
  #last = -Infinity

  constructor(robot: Robot, options: DemonstrationOptions) {
    this.#robot = robot
    this.#sigma = options.sigma
    this.#seed = options.seed
    this.#random = new Random(options.seed, 'disturbance')
    this.#choice = new Random(options.seed, 'instead')
  }

  begin(index: number): void {
    this.#random = new Random(this.#seed, `disturbance, episode ${index}`)
    this.#choice = new Random(this.#seed, `instead, episode ${index}`)
    this.#disturbance.fill(0)
    this.#last = -Infinity
  }

  async wrap(policy: Policy, truthful: RobotCell): Promise<Policy> {
    const cell = truthful as SimulatedCell
    this.#cell = cell
    this.#expert = new ExpertPolicy(cell, this.#robot)
    this.#instead = new ExpertPolicy({ truth: () => ({ ...cell.truth(), target: this.#other }) }, this.#robot)
    if (this.#sigma === 0) return policy
    return {
      name: policy.name,
      execution: policy.execution,
      get ended() {
        return policy.ended
      },
      infer: async observation => this.#disturb(await policy.infer(observation)),
      observe: async observation => policy.observe?.(observation),
      close: () => policy.close(),
    }
  }

  /** Publishes the expert's chunk and the scene's truth for an observation. */
  label(observation: Observation, bus: Bus): void {
    if (!this.#expert) return
    // This comes first: the export completes a row when the answer to the real command arrives.
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

  /**
   * Adds an Ornstein-Uhlenbeck disturbance to the offsets. It is smaller near the table, so that it breaks nothing
   * there.
   */
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
  // The expert's chunk has no success of the grasp, since that is a label of its own in `aux`.
  chunks.publish(chunkMessage({ ...chunk, graspSuccess: undefined }, CHUNK_FRAME))
  chunks.dispose()
  const truths = bus.advertise(topics.aux, 'sensor_msgs/msg/JointState')
  truths.publish({ stamp: chunk.stamp, frameId: CHUNK_FRAME, name: AUX, position: aux, velocity: NONE, effort: NONE })
  truths.dispose()
}
