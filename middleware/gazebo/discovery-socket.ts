import { createSocket, type Socket } from 'node:dgram'
import type { DiscoveryWire } from './discovery.js'
import { GzError } from './gz-error.js'
import { messageOf } from '../message-of.js'
import { ownAddresses, type GzSettings } from './settings.js'

export interface DiscoveryListener {
  /** A packet came from the address `from`. `local`: from this machine. */
  onPacket(packet: Buffer, from: string, local: boolean): void
  /** Sending failed. Called once until sending works again. */
  onFailure(text: string): void
}

/**
 * The sockets of one discovery port: one that receives the multicast group on every interface, and one that sends to
 * it for each interface.
 */
export class DiscoverySocket implements DiscoveryWire {
  readonly #multicast: string
  readonly #port: number
  readonly #receiver: Socket
  readonly #senders: readonly Socket[]
  readonly #relays: Set<string>
  readonly #own: ReadonlySet<string>
  readonly #pending = new Set<Promise<void>>()
  #listener: DiscoveryListener | undefined
  #failing = false
  #closed = false

  private constructor(
    { multicast, relays }: GzSettings,
    port: number,
    { receiver, senders }: { receiver: Socket; senders: readonly Socket[] },
  ) {
    this.#multicast = multicast
    this.#port = port
    this.#receiver = receiver
    this.#senders = senders
    this.#relays = new Set(relays)
    this.#own = new Set(ownAddresses())
    receiver.on('message', (packet, { address }) =>
      this.#listener?.onPacket(packet, address, this.#own.has(address) || address.startsWith('127.')),
    )
    for (const socket of [receiver, ...senders]) socket.on('error', error => this.#fail(error))
  }

  /** Throws GzError GZ_SOCKET: the port is taken, or no interface takes part in multicast. */
  static async open(settings: GzSettings, port: number): Promise<DiscoverySocket> {
    const { interfaces, multicast, hostOnly, sources } = settings
    const receiver = createSocket({ type: 'udp4', reuseAddr: true })
    const senders: Socket[] = []
    try {
      await bound(receiver, port)
      const refusals: string[] = []
      for (const address of interfaces) {
        const socket = createSocket('udp4')
        try {
          receiver.addMembership(multicast, address)
          await bound(socket, 0)
          socket.setMulticastInterface(address)
          if (hostOnly) socket.setMulticastTTL(0)
          senders.push(socket)
        } catch (error) {
          socket.close()
          refusals.push(`${address}: ${messageOf(error)}`)
        }
      }
      if (senders.length === 0) throw new Error(`no interface takes part in multicast: ${refusals.join('; ')}`)
    } catch (error) {
      for (const socket of [receiver, ...senders]) socket.close()
      throw new GzError(
        'GZ_SOCKET',
        `Gazebo's discovery on ${multicast}:${port} (${sources.address}): ${messageOf(error)}`,
      )
    }
    return new DiscoverySocket(settings, port, { receiver, senders })
  }

  listen(listener: DiscoveryListener): void {
    this.#listener = listener
  }

  multicast(packet: Uint8Array): void {
    for (const socket of this.#senders) this.#send(socket, packet, this.#multicast)
  }

  relay(packet: Uint8Array): void {
    for (const address of this.#relays) this.#send(this.#senders[0]!, packet, address)
  }

  learnRelay(address: string): void {
    this.#relays.add(address)
  }

  /** Sends the packets that wait, then closes. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.all(this.#pending)
    await Promise.all(
      [this.#receiver, ...this.#senders].map(socket => new Promise<void>(resolve => socket.close(() => resolve()))),
    )
  }

  #send(socket: Socket, packet: Uint8Array, address: string): void {
    if (this.#closed) return
    const sent = new Promise<void>(resolve =>
      socket.send(packet, this.#port, address, error => {
        if (error) this.#fail(error)
        else this.#failing = false
        this.#pending.delete(sent)
        resolve()
      }),
    )
    this.#pending.add(sent)
  }

  #fail(error: Error): void {
    if (this.#failing || this.#closed) return
    this.#failing = true
    this.#listener?.onFailure(`discovery on port ${this.#port}: ${error.message}`)
  }
}

function bound(socket: Socket, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}
