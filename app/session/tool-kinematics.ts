import { messageOf } from '../../middleware/message-of.js'
import { MissingPackageError } from '../../peers/peers.js'
import type { Actuator, Robot } from '../../robots/robot.js'
import { LinkKinematics } from '../../sim/arm/link-kinematics.js'
import { loadMujoco, type MainModule } from '../../sim/embedded/mujoco.js'
import { UsageError } from '../output/output.js'

/** Whether the tool of an actuator has limits that follow from its joints. */
const isHeld = ({ joints, limits: { workspace, speed, yawRate } }: Actuator): boolean =>
  joints.length > 0 && (workspace !== undefined || speed !== undefined || yawRate !== undefined)

/**
 * Where the tools of a robot's joints are, by the names of the actuators: of those whose tool has limits. MuJoCo is loaded
 * where there is one. Rejects with a UsageError of one line where a model cannot be used or a home pose puts its tool
 * outside of the workspace, with MissingPackageError without MuJoCo.
 */
export async function toolKinematics(robot: Robot): Promise<ReadonlyMap<string, LinkKinematics>> {
  const held = robot.actuators.filter(isHeld)
  if (held.length === 0) return new Map()
  const mj = await loadMujoco()
  return new Map(
    held.map(actuator => {
      const fail = (key: string, why: string): never => {
        throw new UsageError(`robot ${robot.name}: actions.${actuator.name}.${key}: ${why}`)
      }
      const tool = kinematicsOf(mj, actuator, why => fail('kinematics', why))
      const why = outAtHome(tool, actuator)
      if (why !== undefined) {
        tool.close()
        fail('home', why)
      }
      return [actuator.name, tool]
    }),
  )
}

/** Checks what `toolKinematics` checks, and rejects as it does. Without MuJoCo it only tells what was not checked. */
export async function checkTools(robot: Robot, tell: (line: string) => void): Promise<void> {
  try {
    for (const tool of (await toolKinematics(robot)).values()) tool.close()
  } catch (error) {
    if (!(error instanceof MissingPackageError)) throw error
    tell(`where the tools of joints are was not checked: ${error.message}`)
  }
}

function kinematicsOf(mj: MainModule, { joints, kinematics }: Actuator, fail: (why: string) => never): LinkKinematics {
  if (kinematics?.model === undefined) return fail('the model was not read')
  const { model, tip, base, file, followers } = kinematics
  try {
    return new LinkKinematics(mj, { xml: model, joints, followers, tip, base })
  } catch (error) {
    const [why = ''] = messageOf(error).split('\n')
    return fail(`${file}: ${why.replace(/^MuJoCo Error: (Loading error: )?(Error: )?/, '')}`)
  }
}

/** Why the home pose puts the tool outside of its workspace. Undefined: it does not, or there is no home pose. */
function outAtHome(tool: LinkKinematics, { joints, kinematics, home, limits }: Actuator): string | undefined {
  const { workspace } = limits
  if (!home || !workspace) return undefined
  tool.set(joints.map(joint => home[joint] ?? 0))
  for (const [i, axis] of (['x', 'y', 'z'] as const).entries()) {
    const [from, to] = workspace[axis]
    const at = tool.position[i]!
    if (at < from || at > to)
      return (
        `it puts ${kinematics?.tip ?? 'the tool'} at ${axis} = ${at.toFixed(4)} m, and the workspace goes from ${from} to ` +
        `${to} m; change one of the two`
      )
  }
  return undefined
}
