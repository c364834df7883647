import { ArmKinematics } from '../../../sim/arm/arm-kinematics.js'
import type { MainModule } from '../../../sim/embedded/mujoco.js'
import { ARM_JOINTS, JOINTS } from '../../../sim/so101/arm.js'
import { kinematicsXml } from '../../../sim/so101/cell-xml.js'
import type { So101Episode } from '../../../sim/so101/episode.js'
import { expertChunk } from '../../../sim/so101/expert-chunk.js'
import { So101Expert } from '../../../sim/so101/expert.js'
import { So101Judge } from '../../../sim/so101/judge.js'
import type { Verdict } from '../../../sim/simulated-cell.js'
import { SetPoints } from '../../../sim/so101/set-points.js'
import { So101World } from '../../../sim/so101/so101-world.js'
import { truthOf } from '../../../sim/so101/truth.js'

/** ms between two set-points. */
const PERIOD = 10
/** Chunks of the expert: their rows and rate, and ms between two of them. */
const CHUNK = { rows: 16, rate: 30, every: 33 } as const

/** Share of the stall torque of the gripper's servo, as LeRobot sets it (Max_Torque_Limit 500). */
const GRIPPER_TORQUE = 0.5

export interface Outcome {
  readonly verdict: Verdict
  /** Simulated s until the verdict. */
  readonly seconds: number
}

/** Drives episodes with the scripted expert in simulated time, without a wire: set-points at 100 Hz. */
export class So101Driver {
  readonly world: So101World
  readonly arm: ArmKinematics
  readonly expert: So101Expert

  constructor(mj: MainModule) {
    this.world = new So101World(mj)
    this.arm = new ArmKinematics(mj, { xml: kinematicsXml(), joints: JOINTS.slice(0, ARM_JOINTS), site: 'tcp' })
    this.expert = new So101Expert(this.arm)
  }

  /** `chunks`: the expert answers at 30 Hz with the next half second, as a policy does, and its rows are followed. */
  run(
    episode: So101Episode,
    onStep?: (ms: number, judge: So101Judge) => void,
    { chunks = false }: { readonly chunks?: boolean } = {},
  ): Outcome {
    const { world } = this
    world.reset(episode)
    const judge = new So101Judge(episode, world, 0)
    const setPoints = new SetPoints()
    setPoints.reset(world.servos.map(({ angle }) => angle))
    let chunk: { readonly data: Float32Array; readonly at: number; readonly from: Float64Array } | undefined
    let ms = 0
    for (; !judge.verdict.done; ms++) {
      if (episode.correction !== undefined && ms === Math.ceil(episode.correction.at / 1e6))
        judge.said(episode.correction.text, ms * 1e6)
      if (chunks && ms % CHUNK.every === 0) {
        const truth = truthOf(episode, world, judge)
        const { rows, rate } = CHUNK
        const data = expertChunk(this.expert, this.arm, { truth, setPoints: setPoints.values, rows, rate })
        chunk = { data, at: ms, from: setPoints.values.slice() }
      }
      if (chunk !== undefined) {
        const row = ((ms + 1 - chunk.at) * CHUNK.rate) / 1e3
        const [before, after] = [Math.floor(row), Math.ceil(row)]
        for (let i = 0; i < JOINTS.length; i++) {
          const value = (k: number): number =>
            k === 0 ? chunk!.from[i]! : chunk!.data[JOINTS.length * (Math.min(k, CHUNK.rows) - 1) + i]!
          setPoints.values[i] = value(before) + (row - before) * (value(after) - value(before))
          world.servos[i]!.drive(setPoints.values[i]!, i === 5 ? GRIPPER_TORQUE : 1)
        }
      } else if (ms % PERIOD === 0) {
        const truth = truthOf(episode, world, judge)
        setPoints.advance(this.expert.rates(truth), truth.joints, PERIOD / 1e3)
        world.servos.forEach((servo, i) => servo.drive(setPoints.values[i]!, i === 5 ? GRIPPER_TORQUE : 1))
      }
      world.step()
      judge.step(world, (ms + 1) * 1e6)
      onStep?.(ms, judge)
    }
    return { verdict: judge.verdict, seconds: ms / 1e3 }
  }

  close(): void {
    this.world.close()
    this.arm.close()
  }
}
