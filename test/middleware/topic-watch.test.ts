import { describe, expect, test } from 'vitest'
import type { RosEndpoint, RosNode } from '../../middleware/ros2/rclnodejs.js'
import { TopicWatch } from '../../middleware/ros2/topic-watch.js'

const TYPE = 'geometry_msgs/msg/WrenchStamped'
const publisher = (name: string, type = TYPE): RosEndpoint => ({
  node_name: name,
  node_namespace: '/',
  topic_type: type,
  qos_profile: { reliability: 1, durability: 2 },
})

/** Looks once at each of these lists of publishers; returns what was said. */
function said(looks: readonly (readonly RosEndpoint[])[], type = TYPE): string[] {
  const texts: string[] = []
  let now: readonly RosEndpoint[] = []
  const node = {
    name: () => 'fusion',
    namespace: () => '/',
    getPublishersInfoByTopic: () => now,
    getSubscriptionsInfoByTopic: () => [],
  } as unknown as RosNode
  const watch = new TopicWatch(
    node,
    () => [{ topic: '/wrench', type }],
    (topic, text) => texts.push(`${topic}: ${text}`),
  )
  for (now of looks) watch.check()
  watch.close()
  return texts
}

describe('publishers of one topic whose messages contradict each other', () => {
  const twice = [publisher('cell'), publisher('cell')]

  test('of two names are named at the first look, and once', () => {
    const both = [publisher('cell'), publisher('arm')]
    expect(said([both, both])).toEqual([
      '/wrench: 2 publishers (/arm, /cell): their messages are mixed; stop one of them',
    ])
  })

  test('of one node, or of two nodes of one name, are named at the third look in a row, and once', () => {
    expect(said([twice, twice])).toEqual([])
    expect(said([twice, twice, twice, twice])).toEqual([
      '/wrench: /cell is there twice: the messages of all are mixed; stop one, unless one has died and ' +
        'is still remembered',
    ])
  })

  test('of a node that was made anew and is seen twice for a moment are not', () => {
    expect(said([twice, twice, [publisher('cell')], twice, twice])).toEqual([])
  })

  test('of a type that many may publish are not', () => {
    const events = [publisher('voice', 'std_msgs/msg/String'), publisher('control', 'std_msgs/msg/String')]
    expect(said([events, events, events], 'std_msgs/msg/String')).toEqual([])
  })
})
