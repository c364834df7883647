import type { NodeKind } from './node-kind.js'

/**
 * The kinds of node that `prehend node NAME` runs. The code of a kind is loaded when a node of it is made, so a camera
 * node does not load the cell's physics and the policy's runtime.
 */
export const KINDS: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<NodeKind> }>> = {
  camera: {
    summary: "publishes the images of a camera's driver on the robot file's topics, and drops unusable ones",
    load: async () => (await import('./managed-camera.js')).camera,
  },
  force_torque: {
    summary:
      "publishes a wrist sensor's wrenches on the robot file's topic, without NaN, and less their offset if asked for",
    load: async () => (await import('./managed-force-torque.js')).forceTorque,
  },
  voice: {
    summary: 'turns recognised utterances (std_msgs/String) into voice events with a stamp',
    load: async () => (await import('./managed-voice.js')).voice,
  },
  fusion: {
    summary: 'aligns the streams of the robot file at every tick, runs the policy, publishes action chunks',
    load: async () => (await import('./managed-fusion.js')).fusion,
  },
  control: {
    summary:
      'carries out action chunks within the limits of the robot file: arm set-points on a topic, ' +
      'gripper frames on the serial wire; guards, watchdog, stop',
    load: async () => (await import('./managed-control.js')).control,
  },
  cell: {
    summary:
      'the embedded MuJoCo cell as a robot: publishes all its sensors, takes set-points, has its ' +
      'gripper on a pseudo-terminal',
    load: async () => (await import('./managed-cell.js')).cell,
  },
  player: {
    summary: 'plays a recording (rosbag2 folder, .mcap, .db3) onto its topics, with its time on /clock',
    load: async () => (await import('./managed-player.js')).player,
  },
}
