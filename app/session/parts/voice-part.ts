import { VoiceNode, type VoiceOptions } from '../../../nodes/voice-node.js'
import type { Part } from '../session.js'

export const voicePart =
  (options: Omit<VoiceOptions, 'bus'>): Part<VoiceNode> =>
  ({ bus }) =>
    new VoiceNode({ ...options, bus })
