import { PacketAssembler } from '../../drivers/servo/packet-assembler.js'
import { BROADCAST } from '../../drivers/servo/servo-protocol.js'
import type { ServoProtocol, ServoRequest, ServoStatus } from '../../drivers/servo/servo-protocol.js'

/** An instruction to one servo. */
export type OneServoRequest = Exclude<ServoRequest, { kind: 'sync read' | 'sync write' }>

/** A servo as the line sees it. */
export interface LineServo {
  readonly id: number
  /** bit/s. A servo does not hear requests at another speed than its own. */
  readonly baud: number
  /** ns between the end of a request and the start of the answer. */
  readonly returnDelay: number
  /** Carries out a request that is for this servo or for all. Undefined: it does not answer. */
  handle(request: OneServoRequest): ServoStatus | undefined
}

/** Takes an answer. `after`: ns from the last byte of the request to the last byte of the answer. */
export type ServoReply = (bytes: Uint8Array, after: number) => void

export interface ServoLineOptions {
  readonly protocol: ServoProtocol
  readonly servos: readonly LineServo[]
  /** bit/s. Default 1 000 000. */
  readonly baud?: number
  /** True: the adapter gives every byte of a request back, as a single wire without a direction switch does. */
  readonly echo?: boolean
}

/** Counters of a line. */
export interface ServoLineStats {
  requests: number
  answers: number
  /** Answers in which the bytes of several servos came together. */
  collisions: number
}

/** Bits of one byte on the wire: start, eight of data, stop. */
const BITS = 10

interface Answer {
  readonly bytes: Uint8Array
  /** Byte times from the end of the request to the first byte of the answer. */
  readonly start: number
}

/**
 * Several servos on one half-duplex wire. Requests are carried out inside `receive`; `ServoReply` says when the answer
 * would be complete on a real wire. In a sync read every servo answers behind the one before it in the list, so the
 * answers end where one is missing. Servos with the same id answer at the same time: where their bytes overlap, a 0 bit
 * wins over a 1 bit.
 */
export class ServoLine {
  readonly stats: ServoLineStats = { requests: 0, answers: 0, collisions: 0 }
  /** ns of one byte. */
  readonly byteTime: number
  readonly #protocol: ServoProtocol
  readonly #servos: readonly LineServo[]
  readonly #baud: number
  readonly #echo: boolean
  readonly #assembler: PacketAssembler

  constructor({ protocol, servos, baud = 1_000_000, echo = false }: ServoLineOptions) {
    this.#protocol = protocol
    this.#servos = servos
    this.#baud = baud
    this.#echo = echo
    this.#assembler = new PacketAssembler(protocol.framing)
    this.byteTime = (BITS * 1e9) / baud
  }

  /** Number of complete packets with a wrong check sum. */
  get checksumErrors(): number {
    return this.#assembler.checksumErrors
  }

  /** Takes bytes from the client. `reply` is called at once, for each answer in its order. */
  receive(bytes: Uint8Array, reply: ServoReply): void {
    if (this.#echo) reply(bytes.slice(), 0)
    for (const packet of this.#assembler.push(bytes)) {
      const request = this.#protocol.decodeRequest(packet)
      if (request === undefined) continue
      this.stats.requests++
      this.#carryOut(request, reply)
    }
  }

  /** Discards an unfinished packet, as servos do after a pause within one. */
  pause(): void {
    this.#assembler.reset()
  }

  #carryOut(request: ServoRequest, reply: ServoReply): void {
    if (request.kind === 'sync write') {
      for (const { id, data } of request.entries)
        for (const servo of this.#named(id))
          servo.handle({ kind: 'write', id: BROADCAST, address: request.address, data })
    } else if (request.kind === 'sync read') {
      const { address, count } = request
      let ended = 0
      for (const id of request.ids) {
        const answers = this.#ask(this.#named(id), { kind: 'read', id, address, count }, ended)
        if (answers.length === 0) return
        ended = this.#send(answers, reply)
      }
    } else if (request.id === BROADCAST && request.kind === 'ping') {
      // Each servo waits for those with a smaller id, so that the answers do not collide.
      let ended = 0
      for (const servo of this.#listening().toSorted((a, b) => a.id - b.id)) {
        const answers = this.#ask([servo], { kind: 'ping', id: servo.id }, ended)
        if (answers.length > 0) ended = this.#send(answers, reply)
      }
    } else {
      const servos = request.id === BROADCAST ? this.#listening() : this.#named(request.id)
      const answers = this.#ask(servos, request, 0)
      if (answers.length > 0 && request.id !== BROADCAST) this.#send(answers, reply)
    }
  }

  #listening(): LineServo[] {
    return this.#servos.filter(({ baud }) => baud === this.#baud)
  }

  #named(id: number): LineServo[] {
    return this.#listening().filter(servo => servo.id === id)
  }

  /** `after`: byte times from the request to the end of the answer before. */
  #ask(servos: readonly LineServo[], request: OneServoRequest, after: number): Answer[] {
    return servos.flatMap(servo => {
      const start = after + Math.round(servo.returnDelay / this.byteTime)
      const status = servo.handle(request)
      return status === undefined ? [] : [{ start, bytes: this.#protocol.encodeStatus(status) }]
    })
  }

  /** Sends what is on the wire. Returns the byte times from the request to its end. */
  #send(answers: readonly Answer[], reply: ServoReply): number {
    this.stats.answers += answers.length
    const start = Math.min(...answers.map(answer => answer.start))
    const end = Math.max(...answers.map(answer => answer.start + answer.bytes.length))
    if (answers.length === 1) reply(answers[0]!.bytes, end * this.byteTime)
    else {
      this.stats.collisions++
      reply(overlaid(answers, start, end), end * this.byteTime)
    }
    return end
  }
}

/** The bytes that a receiver reads while several servos send. Times without a byte are left out. */
function overlaid(answers: readonly Answer[], start: number, end: number): Uint8Array {
  const bytes: number[] = []
  for (let at = start; at < end; at++) {
    const sent = answers.flatMap(answer => answer.bytes[at - answer.start] ?? [])
    if (sent.length > 0) bytes.push(sent.reduce((wire, byte) => wire & byte))
  }
  return Uint8Array.from(bytes)
}
