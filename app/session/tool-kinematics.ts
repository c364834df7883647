import { messageOf } from '../../middleware/message-of.js'
import type { Actuator, Robot } from '../../robots/robot.js'
import { LinkKinematics } from '../../sim/arm/link-kinematics.js'
import { loadMujoco } from '../../sim/embedded/mujoco.js'
import { UsageError } from '../output/output.js'

/** Whether the tool of an actuator has limits that follow from its joints. */
const isHeld = ({ joints, limits: { workspace, speed, yawRate } }: Actuator): boolean =>
  joints.length > 0 && (workspace !== undefined || speed !== undefined || yawRate !== undefined)

/**
 * Where the tools of a robot's joints are, by the names of the actuators: of those whose tool has limits. MuJoCo is loaded
 * where there is one. Rejects with a UsageError of one line where a model cannot be used, with MissingPackageError without
 * MuJoCo.
 */
export async function toolKinematics({ name, actuators }: Robot): Promise<ReadonlyMap<string, LinkKinematics>> {
  const held = actuators.filter(isHeld)
  if (held.length === 0) return new Map()
  const mj = await loadMujoco()
  return new Map(
    held.map(({ name: actuator, joints, kinematics, home, limits: { workspace } }) => {
      const fail = (why: string): never => {
        throw new UsageError(`robot ${name}: actions.${actuator}.kinematics: ${why}; nothing was moved`)
      }
      if (kinematics?.model === undefined) return fail('the model was not read')
      const { model, tip, base, file } = kinematics
      let tool: LinkKinematics
      try {
        tool = new LinkKinematics(mj, { xml: model, joints, tip, base })
      } catch (error) {
        const [why = ''] = messageOf(error).split('\n')
        return fail(`${file}: ${why.replace(/^MuJoCo Error: (Loading error: )?(Error: )?/, '')}`)
      }
      if (home && workspace) {
        tool.set(joints.map(joint => home[joint] ?? 0))
        const axes = ['x', 'y', 'z'] as const
        const out = axes.find(
          (axis, i) => tool.position[i]! < workspace[axis][0] || tool.position[i]! > workspace[axis][1],
        )
        if (out !== undefined)
          fail(
            `at home ${tip} is at ${out} = ${tool.position[axes.indexOf(out)]!.toFixed(4)} m, and the workspace goes from ` +
              `${workspace[out].join(' to ')} m`,
          )
      }
      return [actuator, tool]
    }),
  )
}
