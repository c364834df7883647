import { hostname, userInfo } from 'node:os'
import { describe, expect, test } from 'vitest'
import { ownAddresses, settingsOf } from '../../middleware/gazebo/settings.js'
import { qualify, split } from '../../middleware/gazebo/gz-topic-name.js'

describe('settings of the environment', () => {
  test(
    'none: this machine only, on all its interfaces, with the ports, the group and the partition that ' +
      'gz-transport has',
    () => {
      expect(settingsOf({})).toMatchObject({
        address: '127.0.0.1',
        interfaces: ownAddresses(),
        hostOnly: true,
        multicast: '239.255.0.7',
        topicPort: 10317,
        servicePort: 10318,
        partition: `${hostname()}:${userInfo().username}`,
        relays: [],
        statistics: false,
        receiveQueue: 1000,
        sendQueue: 1000,
        guess: 'gz',
      })
    },
  )

  test.each(['GZ', 'IGN'])('%s_ variables are read, each of them', prefix => {
    const variables = {
      IP: '127.0.0.1',
      PARTITION: 'mine',
      DISCOVERY_MULTICAST_IP: '239.1.2.3',
      DISCOVERY_MSG_PORT: '4000',
      DISCOVERY_SRV_PORT: '4001',
      RELAY: '10.0.0.1:10.0.0.2',
      TRANSPORT_TOPIC_STATISTICS: '1',
      TRANSPORT_RCVHWM: '5',
      TRANSPORT_SNDHWM: '0',
    }
    const environment = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [`${prefix}_${name}`, value]),
    )
    expect(settingsOf(environment)).toMatchObject({
      address: '127.0.0.1',
      interfaces: ['127.0.0.1'],
      hostOnly: true,
      partition: 'mine',
      multicast: '239.1.2.3',
      topicPort: 4000,
      servicePort: 4001,
      relays: ['10.0.0.1', '10.0.0.2'],
      statistics: true,
      receiveQueue: 5,
      sendQueue: 0,
      guess: prefix === 'IGN' ? 'ignition' : 'gz',
    })
  })

  test('two ports that are alike become two', () => {
    expect(settingsOf({ GZ_DISCOVERY_MSG_PORT: '4000', GZ_DISCOVERY_SRV_PORT: '4000' })).toMatchObject({
      topicPort: 4000,
      servicePort: 4001,
    })
  })

  test.each([
    [
      { GZ_IP: '203.0.113.9' },
      /^GZ_IP=203\.0\.113\.9: no interface of this machine has this address; it has 127\.0\.0\.1/,
    ],
    [{ IGN_PARTITION: 'a b' }, /^IGN_PARTITION=a b: expected a name/],
    [{ GZ_DISCOVERY_MSG_PORT: 'x' }, /^GZ_DISCOVERY_MSG_PORT=x: expected a UDP port/],
    [
      { IGN_DISCOVERY_MULTICAST_IP: '10.0.0.1' },
      /^IGN_DISCOVERY_MULTICAST_IP=10\.0\.0\.1: expected an IPv4 multicast address/,
    ],
    [{ IGN_RELAY: 'host' }, /^IGN_RELAY=host: expected IPv4 addresses/],
    [{ GZ_TRANSPORT_RCVHWM: '-1' }, /^GZ_TRANSPORT_RCVHWM=-1: expected a number of messages/],
    [
      { GZ_PARTITION: 'a', IGN_PARTITION: 'b' },
      /^GZ_PARTITION=a and IGN_PARTITION=b: expected one of them, or both alike/,
    ],
  ])('%j is refused by name', (environment, message) => {
    expect(() => settingsOf(environment)).toThrow(
      expect.objectContaining({ code: 'GZ_SETTING', message: expect.stringMatching(message) }),
    )
  })
})

describe('names', () => {
  test.each([
    ['mine', '/wrench', '@/mine@/wrench'],
    ['/mine/', 'wrench/', '@/mine@/wrench'],
    ['', '/wrench', '@@/wrench'],
    ['host:user', '/world/cell/control', '@/host:user@/world/cell/control'],
  ])('of partition %j and topic %j: %s, and back', (partition, topic, name) => {
    expect(qualify(partition, topic)).toBe(name)
    expect(split(name)).toEqual({
      partition: partition.replaceAll('/', ''),
      topic: `/${topic.replaceAll(/^\/|\/$/g, '')}`,
    })
  })

  test.each(['', '/', '/a b', '/a@b', '~/a', '//a', '/a:=b'])('%j is no topic', topic => {
    expect(() => qualify('mine', topic)).toThrow(expect.objectContaining({ code: 'GZ_NAME' }))
  })
})
