/** How packets are found in a stream of bytes. */
export interface PacketFraming {
  /** Bytes of the longest packet. */
  readonly longest: number
  /**
   * Length of the packet that starts at `at`: 0 when none can start there, -1 when too few bytes have come. The bytes
   * from `at` up to `end` are known.
   */
  lengthAt(bytes: Uint8Array, at: number, end: number): number
  /** Whether the check sum of the packet `bytes[at, at + length)` is right. */
  checks(bytes: Uint8Array, at: number, length: number): boolean
}

/**
 * Finds packets in a stream of bytes, from left to right. So the chunks in which the bytes come do not matter. Where no
 * packet with a right check sum starts, one byte is skipped. Bytes that look like the start of a long packet hold up
 * what follows until the packet is complete or `reset` is called.
 */
export class PacketAssembler {
  /** Number of complete packets with a wrong check sum. */
  checksumErrors = 0
  /** Number of bytes that belonged to no packet. */
  discarded = 0
  readonly #framing: PacketFraming
  #buffer: Uint8Array
  #start = 0
  #end = 0

  constructor(framing: PacketFraming) {
    this.#framing = framing
    this.#buffer = new Uint8Array(4 * framing.longest)
  }

  /** Number of bytes that wait for the rest of their packet. */
  get pending(): number {
    return this.#end - this.#start
  }

  /** The packets that these bytes complete, in order. Each is a copy with header and check sum. */
  push(bytes: Uint8Array): Uint8Array[] {
    const packets: Uint8Array[] = []
    const { longest } = this.#framing
    for (let at = 0; at < bytes.length; at += longest) {
      this.#append(bytes.subarray(at, at + longest))
      for (let packet = this.#next(); packet !== undefined; packet = this.#next()) packets.push(packet)
    }
    return packets
  }

  /** Discards the bytes of an unfinished packet. */
  reset(): void {
    this.discarded += this.pending
    this.#start = this.#end = 0
  }

  /** Between two calls fewer than `longest` bytes wait, so the buffer always has room for `longest` more. */
  #append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    this.#buffer.set(bytes, this.#end)
    this.#end += bytes.length
  }

  #next(): Uint8Array | undefined {
    while (this.#start < this.#end) {
      const length = this.#framing.lengthAt(this.#buffer, this.#start, this.#end)
      if (length < 0 || this.#start + length > this.#end) return undefined
      if (length > 0) {
        if (this.#framing.checks(this.#buffer, this.#start, length)) {
          const packet = this.#buffer.slice(this.#start, this.#start + length)
          this.#start += length
          return packet
        }
        this.checksumErrors++
      }
      this.#start++
      this.discarded++
    }
    return undefined
  }
}
