import type { StreamType } from './stream-type.js'

export const voiceEvent: StreamType<{ readonly text: string; readonly confidence: number }> = {
  type: 'prehend_interfaces/msg/VoiceEvent',
  kind: 'event',
  modalities: ['voice'],
  event: message => message,
}
