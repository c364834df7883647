import { product } from './rigid-pose.js'
import type { CellCamera } from './cell-model.js'
import { TOPICS } from './names.js'
import { number, pose } from './text.js'

const IMAGE = { width: 640, height: 480, rate: 30 } as const

/** Rotation from MuJoCo's camera frame (looks along -z, y up) to SDF's (looks along x, z up). */
const LOOK = [0.5, -0.5, 0.5, 0.5] as const

/** Range of the depth camera in m, as in the embedded cell. */
const CLIP = [0.06, 3] as const

/** Standard deviations of the wrist sensor's white noise and of its bias, as in the embedded cell: N, N·m. */
const FORCE_NOISE = { white: 0.05, bias: 3 / Math.sqrt(3) } as const
const TORQUE_NOISE = { white: 0.002, bias: 0.05 / Math.sqrt(3) } as const

/** The wrist camera. `camera.fovy` is the vertical angle of view in rad. */
export function cameraSdf({ pose: { position, rotation }, fovy }: CellCamera): string {
  const across = 2 * Math.atan((Math.tan(fovy / 2) * IMAGE.width) / IMAGE.height)
  return `
<sensor name="camera" type="rgbd_camera">
  ${pose({ position, rotation: product(rotation, LOOK) })}
  <topic>${TOPICS.camera.slice(1)}</topic>
  <update_rate>${IMAGE.rate}</update_rate>
  <always_on>true</always_on>
  <camera>
    <horizontal_fov>${number(across)}</horizontal_fov>
    <image><width>${IMAGE.width}</width><height>${IMAGE.height}</height><format>R8G8B8</format></image>
    <clip><near>${CLIP[0]}</near><far>${CLIP[1]}</far></clip>
    <optical_frame_id>camera_color_optical_frame</optical_frame_id>
  </camera>
</sensor>`
}

/** The wrist sensor. It measures the load of the joint's child, in the joint's frame. */
export function forceTorqueSdf(): string {
  const noise = (axis: string, { white, bias }: { readonly white: number; readonly bias: number }): string =>
    `<${axis}><noise type="gaussian"><mean>0</mean><stddev>${number(white)}</stddev>` +
    `<bias_mean>0</bias_mean><bias_stddev>${number(bias)}</bias_stddev></noise></${axis}>`
  const axes = (noises: typeof FORCE_NOISE | typeof TORQUE_NOISE): string =>
    ['x', 'y', 'z']
      .map(
        axis => `
      ${noise(axis, noises)}`,
      )
      .join('')
  return `
<sensor name="force_torque" type="force_torque">
  <topic>${TOPICS.wrench.slice(1)}</topic>
  <update_rate>1000</update_rate>
  <always_on>true</always_on>
  <force_torque>
    <frame>sensor</frame>
    <measure_direction>child_to_parent</measure_direction>
    <force>${axes(FORCE_NOISE)}
    </force>
    <torque>${axes(TORQUE_NOISE)}
    </torque>
  </force_torque>
</sensor>`
}

/** A contact sensor for collisions of its link. */
export const contactSdf = (topic: string, collisions: readonly string[]): string => `
<sensor name="contact" type="contact">
  <update_rate>1000</update_rate>
  <always_on>true</always_on>
  <contact>${collisions.map(name => `<collision>${name}</collision>`).join('')}<topic>${topic}</topic></contact>
</sensor>`
