import { CameraNode, type CameraOptions } from '../../../nodes/camera-node.js'
import type { Part } from '../session.js'

/** `frameId`: without the session's prefix. */
export const cameraPart =
  (options: Omit<CameraOptions, 'bus'>): Part<CameraNode> =>
  ({ bus, framePrefix = '' }) =>
    new CameraNode({ ...options, bus, frameId: framePrefix + options.frameId })
