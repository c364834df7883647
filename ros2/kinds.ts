import type { NodeKind } from './node-kind.js'

/**
 * One entry a kind of node. Its code is loaded when a node of it is made: the cell's physics and the policy's runtime
 * are no part of a camera node.
 */
export const KINDS: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<NodeKind> }>> = {
  camera: {
    summary: "passes the images of a camera's driver on under the robot file's topics, and drops what nobody could use",
    load: async () => (await import('./camera.js')).camera,
  },
  force_torque: {
    summary:
      "passes a wrist sensor's wrenches on under the robot file's topic, less their offset if asked for, without NaN",
    load: async () => (await import('./force-torque.js')).forceTorque,
  },
  voice: {
    summary: 'turns recognised utterances (std_msgs/String) into voice events with a stamp',
    load: async () => (await import('./voice.js')).voice,
  },
  fusion: {
    summary: 'aligns the streams of the robot file at every tick, runs the policy, publishes action chunks',
    load: async () => (await import('./fusion.js')).fusion,
  },
  control: {
    summary:
      'carries out action chunks within the limits of the robot file: arm set-points on a topic, ' +
      'gripper frames on the serial wire; guards, watchdog, stop',
    load: async () => (await import('./control.js')).control,
  },
  cell: {
    summary:
      'the embedded MuJoCo cell as a robot: publishes all its sensors, takes set-points, has its ' +
      'gripper on a pseudo-terminal',
    load: async () => (await import('./cell.js')).cell,
  },
  player: {
    summary: 'plays a recording (rosbag2 folder, .mcap, .db3) onto its topics, with its time on /clock',
    load: async () => (await import('./player.js')).player,
  },
}
