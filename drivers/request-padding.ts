import type { ModbusException, ModbusRequest, ModbusResponse } from './modbus-rtu.js'
import type { Unanswered } from './unanswered.js'

/** A normal request is sent only while fewer requests than this in a row are unanswered. */
const MOST_UNANSWERED = 3

/** What the padding needs to know of a request that waits. */
export interface PaddableRequest {
  readonly request: ModbusRequest
  readonly urgent: boolean
  /** Number of registers behind the last one that may also be read, or written as 0, without effect. */
  readonly spare: number
  /** Attempts so far. */
  readonly attempts: number
}

/**
 * Makes a request longer by spare registers, so that its answer has another length than the late answer of an earlier
 * request. Without that the two answers could be confused, since Modbus RTU has no transaction number.
 */
export class RequestPadding<Owner extends PaddableRequest> {
  readonly #unanswered: Unanswered<Owner>
  #isRefused = false

  constructor(unanswered: Unanswered<Owner>) {
    this.#unanswered = unanswered
  }

  /** The device has refused a longer request: from now on no request is made longer. */
  refuse(): void {
    this.#isRefused = true
  }

  /**
   * The request to send at `now` (ns) and the ns to wait before it may be sent. The request is as short as possible,
   * but so long that its answer differs from the answer of every unanswered request.
   */
  choose(owner: Owner, now: number): { request: ModbusRequest; wait: number } {
    const spare = this.#isRefused || (owner.urgent && owner.attempts > 0) ? 0 : owner.spare
    const lengths = Array.from({ length: spare + 1 }, (_, more) => lengthened(owner.request, more))
    const waits = (except: Owner | undefined): number[] =>
      lengths.map(request => this.#unanswered.wait(request, except, now))
    const distinct = waits(undefined).indexOf(0)
    if (owner.urgent) return { request: lengths[Math.max(0, distinct)]!, wait: 0 }
    const backlog = this.#unanswered.backlog(MOST_UNANSWERED, now)
    if (distinct >= 0) return { request: lengths[distinct]!, wait: backlog }
    const own = waits(owner)
    const soonest = Math.min(...own)
    return { request: lengths[own.indexOf(soonest)]!, wait: Math.max(soonest, backlog) }
  }
}

/** The request with `more` further registers behind its own. */
function lengthened(request: ModbusRequest, more: number): ModbusRequest {
  if (more === 0 || request.function === 6) return request
  if (request.function === 16) return { ...request, values: [...request.values, ...new Array<number>(more).fill(0)] }
  return { ...request, count: request.count + more }
}

type Answer = Exclude<ModbusResponse, ModbusException>

/** The response without the spare registers, as if `request` had been sent at its own length. */
export function withoutPadding(response: Answer, request: ModbusRequest): Answer {
  if ('values' in response && 'count' in request)
    return { ...response, values: response.values.slice(0, request.count) }
  if ('start' in response && request.function === 16) return { ...response, count: request.values.length }
  return response
}
