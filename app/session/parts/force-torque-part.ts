import { ForceTorqueNode, type ForceTorqueOptions } from '../../../nodes/force-torque-node.js'
import type { Part } from '../session.js'

/** `frameId`: without the session's prefix. */
export const forceTorquePart =
  (options: Omit<ForceTorqueOptions, 'bus'>): Part<ForceTorqueNode> =>
  ({ bus, framePrefix = '' }) =>
    new ForceTorqueNode({ ...options, bus, frameId: framePrefix + options.frameId })
