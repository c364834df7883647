import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Discovery, topicAnnouncement } from '../../middleware/gazebo/discovery.js'
import {
  decodePacket,
  encodePacket,
  forRelay,
  fromRelay,
  PACKET_TYPE,
  SCOPE,
  type Announcement,
} from '../../middleware/gazebo/discovery-packet.js'
import type { Ending } from '../../middleware/gazebo/known-processes.js'
import { CAPTURED, LISTENER, packet, PUBLISHER } from './captured.js'

const WRENCH: Announcement = {
  topic: '@/capture@/wrench',
  address: 'tcp://127.0.0.1:34197',
  processUuid: PUBLISHER,
  nodeUuid: 'bedba44b-af3f-4a96-8fec-fb01714dde2f',
  scope: SCOPE.all,
  msgPub: { ctrl: 'unused', msgType: 'ignition.msgs.Wrench' },
  srvPub: undefined,
}

/** A discovery, with the packets that it sends and the events that it reports. */
function discovery({ process = 'me', statistics = false, hostOnly = true } = {}) {
  const said: Buffer[] = []
  const relayed: Buffer[] = []
  const relays: string[] = []
  const appeared: Announcement[] = []
  const vanished: [string, Ending][] = []
  const connections: string[] = []
  const warnings: string[] = []
  const subject = new Discovery({
    process,
    statistics,
    hostOnly,
    wire: {
      multicast: bytes => said.push(Buffer.from(bytes)),
      relay: bytes => relayed.push(Buffer.from(bytes)),
      learnRelay: address => relays.push(address),
    },
    events: {
      appeared: announcement => appeared.push(announcement),
      vanished: ({ topic }, how) => vanished.push([topic, how]),
      connected: ({ nodeUuid }) => connections.push(`+${nodeUuid}`),
      disconnected: ({ nodeUuid }) => connections.push(`-${nodeUuid}`),
      subscriptions: () => [
        topicAnnouncement('@/capture@/other', 'tcp://127.0.0.1:1', 'me', 'my-node', 'gz.msgs.Double'),
      ],
      warn: text => warnings.push(text),
    },
  })
  const hear = (bytes: Uint8Array, now = 0, { from = '127.0.0.1', local = true } = {}): void =>
    subject.receive(bytes, from, local, now)
  return {
    subject,
    hear,
    said,
    relayed,
    relays,
    appeared,
    vanished,
    connections,
    warnings,
    types: () => said.map(bytes => decodePacket(bytes).type),
  }
}

describe('packets of ign-transport', () => {
  test('are read', () => {
    const nothing = { pub: undefined, sub: undefined, flags: undefined }
    expect(decodePacket(packet('heartbeat'))).toEqual({
      version: 10,
      processUuid: PUBLISHER,
      type: PACKET_TYPE.heartbeat,
      ...nothing,
    })
    expect(decodePacket(packet('subscribe'))).toMatchObject({
      type: PACKET_TYPE.subscribe,
      processUuid: LISTENER,
      sub: { topic: WRENCH.topic },
    })
    expect(decodePacket(packet('advertise'))).toMatchObject({
      type: PACKET_TYPE.advertise,
      processUuid: PUBLISHER,
      pub: WRENCH,
    })
    expect(decodePacket(packet('newConnection'))).toMatchObject({
      type: PACKET_TYPE.newConnection,
      processUuid: LISTENER,
      pub: {
        ...WRENCH,
        processUuid: LISTENER,
        nodeUuid: '75347e62-8e78-4aa5-a99e-a5ce2f6ab8e2',
        msgPub: { ctrl: PUBLISHER, msgType: 'ignition.msgs.Wrench' },
      },
    })
  })

  test('are written byte for byte, except for the rate of an unthrottled publisher', () => {
    const { subject, said } = discovery({ process: LISTENER })
    subject.tick(0)
    subject.ask(WRENCH.topic)
    subject.connect(WRENCH, '75347e62-8e78-4aa5-a99e-a5ce2f6ab8e2')
    const [publisher, listener] = [PUBLISHER, LISTENER].map(uuid => Buffer.from(uuid).toString('hex'))
    expect(said[0]?.toString('hex')).toBe(CAPTURED.heartbeat.replace(publisher!, listener!))
    expect(said[1]).toEqual(packet('subscribe'))
    const rate = '20ffffffffffffffffff01'
    const withoutRate = CAPTURED.newConnection
      .replace(rate, '')
      .replace(/^ee00/, 'e300')
      .replace('3ac101', '3ab601')
      .replace('3247', '323c')
    expect(said[2]).toEqual(Buffer.from(withoutRate, 'hex'))
  })

  test('for a relay and from one differ in their flags alone', () => {
    const plain = decodePacket(packet('advertise'))
    expect(decodePacket(forRelay(packet('advertise')))).toEqual({ ...plain, flags: { relay: true, noRelay: false } })
    expect(decodePacket(fromRelay(forRelay(packet('advertise'))))).toEqual({
      ...plain,
      flags: { relay: false, noRelay: true },
    })
  })

  test('with any damage are refused or read, and never make discovery throw', () => {
    const whole = fc.constantFrom(...(Object.keys(CAPTURED) as (keyof typeof CAPTURED)[])).map(packet)
    const damaged = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
      fc.tuple(whole, fc.nat(300)).map(([bytes, length]) => bytes.subarray(0, length)),
      fc.tuple(whole, fc.nat(300), fc.nat(255)).map(([bytes, at, value]) => {
        const copy = Buffer.from(bytes)
        copy[at % copy.length] = value
        return copy
      }),
    )
    fc.assert(
      fc.property(damaged, bytes => {
        const { subject, hear, warnings } = discovery({ hostOnly: false })
        hear(bytes)
        const { packets, malformed, otherVersion } = subject.counts
        expect(packets + malformed + otherVersion).toBeLessThanOrEqual(1)
        expect(warnings.length).toBe(malformed + otherVersion)
      }),
      { numRuns: 500 },
    )
  })
})

describe('discovery', () => {
  test('reports a publisher once, keeps it while packets come, and reports it gone after three seconds without', () => {
    const { subject, hear, appeared, vanished } = discovery()
    hear(packet('advertise'), 0)
    hear(packet('advertise'), 1000)
    expect(appeared).toEqual([WRENCH])
    hear(packet('heartbeat'), 2000)
    subject.tick(5000)
    expect([vanished, subject.processes]).toEqual([[], 1])
    subject.tick(5001)
    expect([vanished, subject.processes, subject.counts.lost]).toEqual([[[WRENCH.topic, 'fell silent']], 0, 1])
    hear(packet('advertise'), 6000)
    expect(appeared).toHaveLength(2)
  })

  test('a goodbye removes all topics of a process, a withdrawal removes one topic', () => {
    const { hear, vanished } = discovery()
    hear(packet('advertise'))
    hear(encodePacket({ version: 10, processUuid: PUBLISHER, type: PACKET_TYPE.unadvertise, pub: WRENCH }))
    expect(vanished.splice(0)).toEqual([[WRENCH.topic, 'withdrew it']])
    hear(packet('advertise'))
    hear(encodePacket({ version: 10, processUuid: PUBLISHER, type: PACKET_TYPE.bye }))
    expect(vanished).toEqual([[WRENCH.topic, 'said goodbye']])
  })

  test('another address or type under the same node is reported as vanished and appeared', () => {
    const { hear, appeared, vanished } = discovery()
    hear(packet('advertise'))
    hear(
      encodePacket({
        version: 10,
        processUuid: PUBLISHER,
        type: PACKET_TYPE.advertise,
        pub: { ...WRENCH, address: 'tcp://127.0.0.1:9' },
      }),
    )
    expect([vanished, appeared.map(({ address }) => address)]).toEqual([
      [[WRENCH.topic, 'withdrew it']],
      [WRENCH.address, 'tcp://127.0.0.1:9'],
    ])
  })

  test('sends a heartbeat and its topics once a second, answers queries, and says goodbye', () => {
    const { subject, hear, said, types } = discovery()
    const own = topicAnnouncement(WRENCH.topic, 'tcp://127.0.0.1:5', 'me', 'node', 'gz.msgs.Wrench')
    subject.advertise(own)
    for (let now = 0; now <= 2000; now += 100) subject.tick(now)
    expect(types()).toEqual([
      PACKET_TYPE.advertise,
      ...Array(3).fill([PACKET_TYPE.heartbeat, PACKET_TYPE.advertise]).flat(),
    ])
    said.length = 0
    hear(packet('subscribe'))
    expect(decodePacket(said[0]!)).toMatchObject({ type: PACKET_TYPE.advertise, pub: own })
    hear(encodePacket({ version: 10, processUuid: PUBLISHER, type: PACKET_TYPE.whoSubscribes }))
    expect(decodePacket(said[1]!)).toMatchObject({
      type: PACKET_TYPE.subscribes,
      pub: { topic: '@/capture@/other', nodeUuid: 'my-node' },
    })
    subject.withdraw(own)
    subject.withdraw(own)
    subject.bye()
    expect(types().slice(2)).toEqual([PACKET_TYPE.unadvertise, PACKET_TYPE.bye])
  })

  test('connections to another process are ignored', () => {
    const { hear, connections } = discovery({ process: PUBLISHER })
    const { subject: listener, said } = discovery({ process: LISTENER })
    listener.connect(WRENCH, 'a')
    listener.connect({ ...WRENCH, processUuid: 'somebody else' }, 'b')
    listener.disconnect(WRENCH, 'a')
    for (const bytes of said) hear(bytes)
    expect(connections).toEqual(['+a', '-a'])
  })

  test('topics with the scope of a process or a machine are not reported elsewhere', () => {
    const { hear, appeared } = discovery({ hostOnly: false })
    const advertise = (scope: number, local: boolean): void => {
      hear(
        encodePacket({ version: 10, processUuid: PUBLISHER, type: PACKET_TYPE.advertise, pub: { ...WRENCH, scope } }),
        0,
        {
          from: '10.0.0.2',
          local,
        },
      )
    }
    advertise(SCOPE.process, true)
    advertise(SCOPE.host, false)
    expect(appeared).toEqual([])
    advertise(SCOPE.host, true)
    expect(appeared).toHaveLength(1)
  })

  test('packets of another version or machine and malformed ones are counted, with one warning', () => {
    const { subject, hear, warnings, appeared } = discovery()
    const other = encodePacket({ version: 9, processUuid: PUBLISHER, type: PACKET_TYPE.advertise, pub: WRENCH })
    for (let i = 0; i < 3; i++) {
      hear(other)
      hear(packet('advertise'), 0, { from: '10.0.0.2', local: false })
      hear(Buffer.from([4, 0, 1, 2]))
    }
    expect(appeared).toEqual([])
    expect(subject.counts).toMatchObject({ packets: 0, otherVersion: 3, elsewhere: 3, malformed: 3 })
    expect(warnings).toEqual([
      '127.0.0.1: speaks version 9 of discovery, not 10: ignored',
      '127.0.0.1: a discovery packet of 4 bytes whose length says 4: a version before gz-transport 8: ignored',
    ])
  })

  test('ignores its own packets, and sends a relayed packet on to this network before it uses it', () => {
    const { subject, hear, said, relayed, relays, appeared } = discovery({ hostOnly: false })
    subject.tick(0)
    hear(said[0]!)
    expect(subject.processes).toBe(0)
    said.length = relayed.length = 0
    hear(forRelay(packet('advertise')), 0, { from: '10.0.0.2', local: false })
    expect([relays, appeared, said]).toEqual([['10.0.0.2'], [], [fromRelay(forRelay(packet('advertise')))]])
    hear(said[0]!)
    expect([appeared.length, relayed]).toEqual([1, []])
    hear(packet('heartbeat'))
    expect(relayed).toEqual([forRelay(packet('heartbeat'))])
  })
})
