import type { ModbusRequest, ModbusResponse } from './modbus-rtu.js'

/**
 * A request on the wire. `asked`: the host's monotonic ns before its first byte left; `written`: once its last one had,
 * NaN until then.
 */
export interface SentRequest<Owner> {
  readonly owner: Owner
  readonly request: ModbusRequest
  readonly asked: number
  /** Longer than what was asked for, to be told apart. */
  readonly padded?: boolean
  written: number
  /** Most likely never answered: a later request was, and devices answer in order. */
  passed?: boolean
}

/**
 * The requests whose answer has not come. Modbus RTU numbers nothing: an answer fits every request of its shape
 * (function and length), and one that comes late would serve a later request. So each answer belongs to the oldest
 * request that it fits, for as long as the slowest answer may take; and a request can be asked whether another one that
 * is unanswered would take its answer.
 */
export class Unanswered<Owner> {
  readonly #slowest: number
  readonly #sent: SentRequest<Owner>[] = []

  /** `slowest`: ns after which no answer comes any more. */
  constructor(slowest: number) {
    this.#slowest = slowest
  }

  add(sent: SentRequest<Owner>): void {
    this.#sent.push(sent)
  }

  /** Nothing is on its way any more: the line was cut. */
  clear(): void {
    this.#sent.length = 0
  }

  get none(): boolean {
    return this.#sent.length === 0
  }

  /** A request that did not leave as a whole; `left`: a part of it may have. */
  failed(sent: SentRequest<Owner>, now: number, { left }: { readonly left: boolean }): void {
    sent.written = now
    sent.passed = true
    const at = this.#sent.indexOf(sent)
    if (!left && at >= 0) this.#sent.splice(at, 1)
  }

  /**
   * Takes out the request that this response answers; undefined: none can have it. A refusal is that of a padded
   * request, where there is one.
   */
  take(response: ModbusResponse): SentRequest<Owner> | undefined {
    const refused =
      'exception' in response
        ? this.#sent.findIndex(({ request, padded }) => padded === true && fits(request, response))
        : -1
    const at = refused >= 0 ? refused : this.#sent.findIndex(({ request }) => fits(request, response))
    if (at < 0) return undefined
    for (const earlier of this.#sent.slice(0, at)) earlier.passed = true
    return this.#sent.splice(at, 1)[0]
  }

  /**
   * ns from `now` until fewer than `most` requests in a row are unanswered: a device that is slower than it is asked
   * would fall behind without end.
   */
  backlog(most: number, now: number): number {
    this.#forget(now)
    const row = this.#sent.filter(({ passed }) => passed !== true)
    return row.length < most ? 0 : this.#end(row[row.length - most]!) - now
  }

  /** ns from `now` until no unanswered request of anybody but `owner` would take the answer to this one. */
  wait(request: ModbusRequest, owner: Owner | undefined, now: number): number {
    this.#forget(now)
    const rivals = this.#sent.filter(sent => sent.owner !== owner && looksAlike(sent.request, request))
    return Math.max(0, ...rivals.map(sent => this.#end(sent) - now))
  }

  #forget(now: number): void {
    for (let at = this.#sent.length; at-- > 0; ) if (this.#end(this.#sent[at]!) <= now) this.#sent.splice(at, 1)
  }

  #end({ written }: SentRequest<Owner>): number {
    return Number.isNaN(written) ? Infinity : written + this.#slowest
  }
}

/** Whether the two can have the same answer. */
function looksAlike(a: ModbusRequest, b: ModbusRequest): boolean {
  if (a.function === 6) return b.function === 6 && a.register === b.register && a.value === b.value
  if (a.function === 16) return b.function === 16 && a.start === b.start && a.values.length === b.values.length
  return a.function === b.function && a.count === b.count
}

/** Whether a request can have this response. */
function fits(request: ModbusRequest, response: ModbusResponse): boolean {
  if (response.function !== request.function) return false
  if ('exception' in response) return true
  switch (request.function) {
    case 3:
    case 4:
    case 23:
      return 'values' in response && response.values.length === request.count
    case 6:
      return 'register' in response && response.register === request.register && response.value === request.value
    case 16:
      return 'start' in response && response.start === request.start && response.count === request.values.length
  }
}
