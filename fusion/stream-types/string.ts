import type { StreamType } from './stream-type.js'

export const string: StreamType<{ readonly data: string }> = {
  type: 'std_msgs/msg/String',
  kind: 'event',
  modalities: ['voice'],
  unstamped: true,
  event: ({ data }) => ({ text: data, confidence: 1 }),
}
