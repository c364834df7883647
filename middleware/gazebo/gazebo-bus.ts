import type { Bus, Disposable, Listener, Publisher, TopicInfo } from '../bus.js'
import { BusError } from '../bus-error.js'
import { SimulatedClock } from '../local/simulated-clock.js'
import type { MessageTypes, TypeName } from '../messages.js'
import { GzNode, type GzNodeOptions } from './gz-node.js'
import { CLOCK } from './gz-messages.js'
import { pairOf, rosType } from './ros-messages.js'

/**
 * Gazebo's topics as a Bus. Message types have their ROS names, in the pairs of ros_gz_bridge. The time is the
 * simulator's /clock. Messages that come before the first /clock message are dropped, because they cannot have a
 * receive time. A topic of an unknown type is not subscribed to; `onWarning` tells of it once.
 */
export class GazeboBus implements Bus {
  readonly clock = new SimulatedClock()
  readonly #node: GzNode
  readonly #time: Disposable

  /** Throws GzError GZ_SETTING, GZ_SOCKET, GZ_ZEROMQ. */
  static async open(options: GzNodeOptions = {}): Promise<GazeboBus> {
    return new GazeboBus(await GzNode.open(options))
  }

  private constructor(node: GzNode) {
    this.#node = node
    this.#time = node.subscribe('/clock', CLOCK, ({ sim }) => {
      if (sim) this.clock.update(sim.sec, sim.nsec)
    })
  }

  /** Throws BusError TOPIC_TYPE for a type without a counterpart in Gazebo, and GzError GZ_NAME. */
  advertise<T extends TypeName>(topic: string, type: T): Publisher<MessageTypes[T]> {
    const { schema, toGz } = pairOf(topic, type)
    const publisher = this.#node.advertise(topic, schema)
    let ended = false
    return {
      publish: message => {
        if (ended) throw new BusError('PUBLISHER_DISPOSED', `${topic}: published after its publisher was disposed of`)
        publisher.publish(toGz(message, this.clock.epochSec))
      },
      dispose: () => {
        if (ended) return
        ended = true
        publisher.dispose()
      },
    }
  }

  /** Throws BusError TOPIC_TYPE for a type without a counterpart in Gazebo, and GzError GZ_NAME. */
  subscribe<T extends TypeName>(topic: string, type: T, listener: Listener<MessageTypes[T]>): Disposable {
    return this.#node.subscribe(
      topic,
      pairOf(topic, type).decoder(() => this.clock.epochSec),
      message => {
        if (this.clock.known) listener(message, this.clock.now())
      },
    )
  }

  /** The topics of other processes. A type that has no ROS counterpart keeps Gazebo's name. */
  topics(): TopicInfo[] {
    const counts = new Map<string, TopicInfo>()
    for (const { name, types } of this.#node.topics()) {
      const info = counts.get(`${name} ${types}`) ?? {
        topic: name,
        type: rosType(types) ?? `gz.msgs.${types}`,
        publishers: 0,
        subscribers: 0,
      }
      counts.set(`${name} ${types}`, { ...info, publishers: info.publishers + 1 })
    }
    return [...counts.values()]
  }

  /** Ignored: a simulator does not wait for the results of other processes. */
  work(promise: Promise<unknown>): void {
    promise.catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#time.dispose()
    await this.#node.close()
  }
}
