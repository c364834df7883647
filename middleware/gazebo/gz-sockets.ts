import { DiscoverySocket } from './discovery-socket.js'
import { GzError } from './gz-error.js'
import { messageOf } from '../message-of.js'
import { ServiceSockets } from './service-sockets.js'
import type { GzSettings } from './settings.js'
import { TopicSockets } from './topic-sockets.js'
import { zeroMq } from './zeromq.js'

/** The sockets of a node: discovery (UDP) and data (ZeroMQ), of topics and of services. */
export class GzSockets {
  readonly topicDiscovery: DiscoverySocket
  readonly serviceDiscovery: DiscoverySocket
  readonly topics: TopicSockets
  readonly services: ServiceSockets

  /** Opens all of them or none. Throws GzError GZ_SOCKET, GZ_ZEROMQ. */
  static async open(settings: GzSettings): Promise<GzSockets> {
    const zmq = await zeroMq()
    const opened: { close(): Promise<void> }[] = []
    const keep = <T extends { close(): Promise<void> }>(part: T): T => {
      opened.push(part)
      return part
    }
    try {
      return new GzSockets({
        topicDiscovery: keep(await DiscoverySocket.open(settings, settings.topicPort)),
        serviceDiscovery: keep(await DiscoverySocket.open(settings, settings.servicePort)),
        topics: keep(await TopicSockets.open(zmq, settings)),
        services: keep(await ServiceSockets.open(zmq, settings)),
      })
    } catch (error) {
      await Promise.allSettled(opened.map(part => part.close()))
      if (error instanceof GzError) throw error
      throw new GzError(
        'GZ_SOCKET',
        `Gazebo's sockets on ${settings.address} (${settings.sources.address}): ${messageOf(error)}`,
      )
    }
  }

  private constructor({
    topicDiscovery,
    serviceDiscovery,
    topics,
    services,
  }: Pick<GzSockets, 'topicDiscovery' | 'serviceDiscovery' | 'topics' | 'services'>) {
    this.topicDiscovery = topicDiscovery
    this.serviceDiscovery = serviceDiscovery
    this.topics = topics
    this.services = services
  }

  /** Sends what waits, then closes all. */
  async close(): Promise<void> {
    await Promise.all([
      this.topicDiscovery.close(),
      this.serviceDiscovery.close(),
      this.topics.close(),
      this.services.close(),
    ])
  }
}
