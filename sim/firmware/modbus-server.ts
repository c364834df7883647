import { FrameAssembler } from '../../drivers/frame-assembler.js'
import { decodeRequest, encodeResponse, EXCEPTION } from '../../drivers/modbus-rtu.js'
import type { ExceptionCode, ModbusRequest, ModbusResponse } from '../../drivers/modbus-rtu.js'

/** The registers of a device. */
export interface RegisterBank {
  /** Whether all `count` registers from `start` on can be read. */
  isReadable(start: number, count: number): boolean
  /** The value of a register that can be read. */
  read(address: number): number
  /** Writes registers; false: illegal address. */
  write(start: number, values: readonly number[]): boolean
}

/** Counters of a device's serial line. */
export interface ServerStats {
  readonly requests: number
  readonly replies: number
  readonly exceptions: number
  readonly crcErrors: number
  readonly discardedBytes: number
}

/** Server of one Modbus RTU unit: answers the functions 3, 4, 6, 16 and 23 from a bank of registers. */
export class ModbusServer {
  readonly #unit: number
  readonly #registers: RegisterBank
  readonly #assembler: FrameAssembler
  #requests = 0
  #replies = 0
  #exceptions = 0

  constructor(unit: number, registers: RegisterBank) {
    this.#unit = unit
    this.#registers = registers
    this.#assembler = new FrameAssembler({ direction: 'requests', unit })
  }

  get stats(): ServerStats {
    return {
      requests: this.#requests,
      replies: this.#replies,
      exceptions: this.#exceptions,
      crcErrors: this.#assembler.crcErrors,
      discardedBytes: this.#assembler.discarded,
    }
  }

  /** Takes bytes from the wire. `reply` is called at once with the answer to each request. */
  receive(bytes: Uint8Array, reply: (bytes: Uint8Array) => void): void {
    for (const frame of this.#assembler.push(bytes)) {
      this.#requests++
      const request = decodeRequest(frame)
      const response = 'refuse' in request ? refusal(request.function, request.refuse) : this.#answer(request)
      if ('exception' in response) this.#exceptions++
      this.#replies++
      reply(encodeResponse(this.#unit, response))
    }
  }

  #answer(request: ModbusRequest): ModbusResponse {
    const registers = this.#registers
    switch (request.function) {
      case 3:
      case 4:
        return this.#read(request.function, request.start, request.count)
      case 6: {
        if (!registers.write(request.register, [request.value])) return refusal(6, EXCEPTION.illegalAddress)
        return { function: 6, register: request.register, value: request.value }
      }
      case 16: {
        if (!registers.write(request.start, request.values)) return refusal(16, EXCEPTION.illegalAddress)
        return { function: 16, start: request.start, count: request.values.length }
      }
      case 23: {
        const { start, count, writeStart, values } = request
        if (!registers.isReadable(start, count) || !registers.write(writeStart, values))
          return refusal(23, EXCEPTION.illegalAddress)
        return this.#read(23, start, count)
      }
    }
  }

  #read(code: 3 | 4 | 23, start: number, count: number): ModbusResponse {
    if (!this.#registers.isReadable(start, count)) return refusal(code, EXCEPTION.illegalAddress)
    return { function: code, values: Array.from({ length: count }, (_, index) => this.#registers.read(start + index)) }
  }
}

function refusal(code: number, exception: ExceptionCode): ModbusResponse {
  return { function: code, exception }
}
