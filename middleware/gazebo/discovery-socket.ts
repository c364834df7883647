import { createSocket, type Socket } from 'node:dgram'
import type { DiscoveryWire } from './discovery.js'
import { GzError, messageOf } from './gz-error.js'
import { ownAddresses, type GzSettings } from './settings.js'

export interface DiscoveryListener {
  /** `local`: it came from this machine. */
  onPacket(packet: Buffer, from: string, local: boolean): void
  /** Sending failed; said once until it works again. */
  onFailure(text: string): void
}

/**
 * One discovery port: a socket that hears the multicast group on every interface, and one for each interface that
 * speaks to it.
 */
export class DiscoverySocket implements DiscoveryWire {
  readonly #multicast: string
  readonly #port: number
  readonly #hearing: Socket
  readonly #speaking: readonly Socket[]
  readonly #relays: Set<string>
  readonly #own: ReadonlySet<string>
  readonly #pending = new Set<Promise<void>>()
  #listener: DiscoveryListener | undefined
  #failing = false
  #closed = false

  private constructor(
    { multicast, relays }: GzSettings,
    port: number,
    { hearing, speaking }: { hearing: Socket; speaking: readonly Socket[] },
  ) {
    this.#multicast = multicast
    this.#port = port
    this.#hearing = hearing
    this.#speaking = speaking
    this.#relays = new Set(relays)
    this.#own = new Set(ownAddresses())
    hearing.on('message', (packet, { address }) =>
      this.#listener?.onPacket(packet, address, this.#own.has(address) || address.startsWith('127.')),
    )
    for (const socket of [hearing, ...speaking]) socket.on('error', error => this.#fail(error))
  }

  /** Throws GzError GZ_SOCKET: the port is taken, or no interface takes part in multicast. */
  static async open(settings: GzSettings, port: number): Promise<DiscoverySocket> {
    const { interfaces, multicast, hostOnly, sources } = settings
    const hearing = createSocket({ type: 'udp4', reuseAddr: true })
    const speaking: Socket[] = []
    try {
      await bound(hearing, port)
      const refusals: string[] = []
      for (const address of interfaces) {
        const socket = createSocket('udp4')
        try {
          hearing.addMembership(multicast, address)
          await bound(socket, 0)
          socket.setMulticastInterface(address)
          if (hostOnly) socket.setMulticastTTL(0)
          speaking.push(socket)
        } catch (error) {
          socket.close()
          refusals.push(`${address}: ${messageOf(error)}`)
        }
      }
      if (speaking.length === 0) throw new Error(`no interface takes part in multicast: ${refusals.join('; ')}`)
    } catch (error) {
      for (const socket of [hearing, ...speaking]) socket.close()
      throw new GzError(
        'GZ_SOCKET',
        `Gazebo's discovery on ${multicast}:${port} (${sources.address}): ${messageOf(error)}`,
      )
    }
    return new DiscoverySocket(settings, port, { hearing, speaking })
  }

  listen(listener: DiscoveryListener): void {
    this.#listener = listener
  }

  multicast(packet: Uint8Array): void {
    for (const socket of this.#speaking) this.#send(socket, packet, this.#multicast)
  }

  relay(packet: Uint8Array): void {
    for (const address of this.#relays) this.#send(this.#speaking[0]!, packet, address)
  }

  learnRelay(address: string): void {
    this.#relays.add(address)
  }

  /** What was said before is sent. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.all(this.#pending)
    await Promise.all(
      [this.#hearing, ...this.#speaking].map(socket => new Promise<void>(resolve => socket.close(() => resolve()))),
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
