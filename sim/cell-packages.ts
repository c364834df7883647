import type { PeerName } from '../peers/peers.js'

/** The optional packages of a cell, by its simulator. Whoever drives its gripper opens the port with serialport. */
export const CELL_PACKAGES = {
  sim: ['@mujoco/mujoco', '@lydell/node-pty', 'serialport'],
  gazebo: ['@mujoco/mujoco', '@lydell/node-pty', 'serialport', 'zeromq', 'protobufjs'],
} as const satisfies Readonly<Record<string, readonly PeerName[]>>
