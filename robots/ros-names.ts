import { z } from 'zod'
import { short } from './validation.js'

const NAME = /^\/?[A-Za-z_][A-Za-z0-9_]*(\/[A-Za-z_][A-Za-z0-9_]*)*$/

/** The schema of the name of something in the ROS graph: absolute, or relative to the namespace. */
const graphName = (what: string, example: string) =>
  z.string({ error: `expected ${what} such as ${example}` }).regex(NAME, {
    error: issue => `'${short(String(issue.input))}' is not ${what} such as ${example}`,
  })

export const topic = graphName('a topic', '/camera/color/image_raw').meta({
  description: 'A ROS topic name: absolute, or relative to the namespace.',
})

export const actionName = graphName('an action', '/gripper/gripper_cmd').meta({
  description: 'The name of a ROS action: absolute, or relative to the namespace.',
})

export const frameName = z.string({ error: 'expected the name of a frame' }).regex(/^[A-Za-z_][A-Za-z0-9_/-]*$/, {
  error: issue =>
    `'${short(String(issue.input))}' is not a frame such as camera_color_optical_frame (no slash before it)`,
})

/** The name of a joint, of a link or of a body. Streams select values as `position.NAME`. */
export const partName = (what: string) =>
  z.string({ error: `expected the name of a ${what}` }).regex(/^[^\s.][^\s]*$/, {
    error: issue => `'${short(String(issue.input))}' is not the name of a ${what}: no spaces, no dot before it`,
  })
