import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { SCOPE, type Announcement } from '../../middleware/gazebo/discovery-packet.js'
import { ServiceSockets } from '../../middleware/gazebo/service-sockets.js'
import { settingsOf } from '../../middleware/gazebo/settings.js'
import { zeroMq } from '../../middleware/gazebo/zeromq.js'

const settings = settingsOf({ GZ_IP: '127.0.0.1', GZ_PARTITION: 'silent' })
const TYPES = { requestType: 'gz.msgs.Empty', responseType: 'gz.msgs.Boolean' }

function announcement(address: string, socketId: string): Announcement {
  return {
    topic: '@/silent@/service',
    address,
    processUuid: 'p',
    nodeUuid: 'n',
    scope: SCOPE.all,
    msgPub: undefined,
    srvPub: { socketId, ...TYPES },
  }
}

test(
  'a provider that takes the connection and says nothing holds up neither its call, nor later calls ' +
    'to others, nor the end',
  async () => {
    const silent = createServer().listen(0, '127.0.0.9')
    await new Promise(resolve => silent.once('listening', resolve))
    onTestFinished(() => void silent.close())
    const zmq = await zeroMq()
    const [ours, other] = [await ServiceSockets.open(zmq, settings), await ServiceSockets.open(zmq, settings)]
    for (const sockets of [ours, other]) sockets.listen(() => Promise.resolve({ ok: true, data: Uint8Array.of(7) }))
    const { signal } = new AbortController()
    const began = performance.now()
    // The only peer, at first: a socket with another one is woken by that.
    const unanswered = await ours.call(
      announcement(`tcp://127.0.0.9:${(silent.address() as AddressInfo).port}`, 'nobody'),
      new Uint8Array(0),
      { timeout: 1500, oneWay: false, signal },
    )
    expect(unanswered).toBeUndefined()
    const answered = await ours.call(announcement(other.address, other.id), new Uint8Array(0), {
      timeout: 1500,
      oneWay: false,
      signal,
    })
    expect(answered).toMatchObject({ ok: true, data: Buffer.of(7) })
    await Promise.all([ours.close(), other.close()])
    expect(performance.now() - began).toBeLessThan(20_000)
  },
)
