import type { Observation } from '../../fusion/observation.js'
import type { ActionGroup } from '../../policy/action/action-kind.js'
import type { ActionChunk, Policy } from '../../policy/policy.js'
import { PolicyError } from '../../policy/policy-error.js'
import type { Robot } from '../../robots/robot.js'
import { ArmKinematics } from '../../sim/arm/arm-kinematics.js'
import { loadMujoco } from '../../sim/embedded/mujoco.js'
import type { RobotCell } from '../../sim/robot-cell.js'
import { ARM_JOINTS, JOINTS } from '../../sim/so101/arm.js'
import { kinematicsXml } from '../../sim/so101/cell-xml.js'
import { expertChunk } from '../../sim/so101/expert-chunk.js'
import { So101Expert } from '../../sim/so101/expert.js'
import type { So101Truth } from '../../sim/so101/truth.js'

const CHUNK = { rows: 16, rate: 30 } as const
const NO_ORIGIN = new Float64Array(0)

/**
 * The scripted expert of the SO-101 cell as a policy: positions of the joints for the next half second. It uses the
 * cell's true state, not the observation's pictures.
 */
export class So101ExpertPolicy implements Policy {
  readonly name = 'expert'
  /** It sees the true state at each tick, so its newest answer is the best one. */
  readonly execution = 'receding_horizon'
  readonly #cell: Pick<RobotCell<So101Truth>, 'truth'>
  readonly #groups: readonly ActionGroup[]
  readonly #arm: ArmKinematics
  readonly #expert: So101Expert
  #isClosed = false

  /** `robot`: has the one arm of that cell. */
  static async start(
    cell: Pick<RobotCell<So101Truth>, 'truth'>,
    robot: Pick<Robot, 'actuators'>,
  ): Promise<So101ExpertPolicy> {
    const mj = await loadMujoco()
    const arm = new ArmKinematics(mj, { xml: kinematicsXml(), joints: JOINTS.slice(0, ARM_JOINTS), site: 'tcp' })
    const groups = robot.actuators.map(({ name }) => ({ name, kind: 'joint_position', joints: JOINTS }))
    return new So101ExpertPolicy(cell, groups, arm)
  }

  private constructor(cell: Pick<RobotCell<So101Truth>, 'truth'>, groups: readonly ActionGroup[], arm: ArmKinematics) {
    this.#cell = cell
    this.#groups = groups
    this.#arm = arm
    this.#expert = new So101Expert(arm)
  }

  /** Rejects with PolicyError `POLICY_CLOSED` after `close`. */
  infer(observation: Observation): Promise<ActionChunk> {
    if (this.#isClosed) return Promise.reject(new PolicyError('POLICY_CLOSED', 'the expert: the policy is closed'))
    return Promise.resolve(this.answer(observation))
  }

  /** The expert's answer, which is for the tick of the observation. */
  answer({ stamp }: Pick<Observation, 'stamp'>): ActionChunk {
    const began = performance.now()
    const truth = this.#cell.truth()
    const { rows, rate } = CHUNK
    const late = Math.max(0, truth.stamp - stamp) / 1e9
    const data = expertChunk(this.#expert, this.#arm, { truth, setPoints: truth.goals, rows, rate, late })
    return {
      stamp,
      rate,
      data,
      origin: NO_ORIGIN,
      groups: this.#groups,
      graspSuccess: undefined,
      gate: undefined,
      latent: undefined,
      inferenceMs: performance.now() - began,
    }
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#arm.close()
    return Promise.resolve()
  }
}
