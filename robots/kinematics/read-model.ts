import { readMjcf } from './mjcf.js'
import { ModelError, type RobotModel } from './robot-model.js'
import { readUrdf } from './urdf.js'
import { parseXml } from './xml-element.js'

/**
 * Reads the links and joints of a robot's model from its URDF or MJCF text. MuJoCo is not needed. Throws a ModelError
 * for text that is neither, or that contradicts itself.
 */
export function readModel(text: string): RobotModel {
  const root = parseXml(text)
  if (root.name === 'robot') return readUrdf(root)
  if (root.name === 'mujoco') return readMjcf(root)
  throw new ModelError(`is neither URDF nor MJCF: its root is <${root.name}>, not <robot> or <mujoco>`)
}
