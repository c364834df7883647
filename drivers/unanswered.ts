import type { ModbusRequest, ModbusResponse } from './modbus-rtu.js'

/**
 * A request on the wire. `asked` and `written` are the host's monotonic clock in ns: before its first byte left and
 * after its last byte had left. `written` is NaN until then.
 */
export interface SentRequest<Owner> {
  readonly owner: Owner
  readonly request: ModbusRequest
  readonly asked: number
  /** True when the request was made longer, so that its answer has a length of its own. */
  readonly padded?: boolean
  written: number
  /** A later request was answered. Devices answer in order, so this one is most likely never answered. */
  passed?: boolean
}

/**
 * The requests whose answer has not come. Modbus RTU has no transaction number: an answer fits every request of the
 * same function and length, so a late answer could be taken for the answer to a later request. Therefore each answer is
 * matched to the oldest request that it fits, as long as the slowest answer may still come. Before a request is sent,
 * `wait` tells how long the answer of another one could be taken for its answer.
 */
export class Unanswered<Owner> {
  readonly #slowest: number
  readonly #sent: SentRequest<Owner>[] = []

  /** `slowest`: ns after which an answer can no longer come. */
  constructor(slowest: number) {
    this.#slowest = slowest
  }

  add(sent: SentRequest<Owner>): void {
    this.#sent.push(sent)
  }

  /** Forgets all requests: the connection was lost, so no answer comes. */
  clear(): void {
    this.#sent.length = 0
  }

  get none(): boolean {
    return this.#sent.length === 0
  }

  /** Marks a request that could not be sent as a whole. `left`: a part of it may have left. */
  failed(sent: SentRequest<Owner>, now: number, { left }: { readonly left: boolean }): void {
    sent.written = now
    sent.passed = true
    const at = this.#sent.indexOf(sent)
    if (!left && at >= 0) this.#sent.splice(at, 1)
  }

  /**
   * Removes and returns the request that this response answers; undefined when there is none. An exception is matched
   * to a padded request first.
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
   * ns from `now` until fewer than `most` requests in a row are unanswered. Without this limit a slow device would fall
   * behind further and further.
   */
  backlog(most: number, now: number): number {
    this.#forget(now)
    const row = this.#sent.filter(({ passed }) => passed !== true)
    return row.length < most ? 0 : this.#end(row[row.length - most]!) - now
  }

  /** ns from `now` until no unanswered request of another owner could take the answer to this request. */
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

/** Whether the two requests can have the same answer. */
function looksAlike(a: ModbusRequest, b: ModbusRequest): boolean {
  if (a.function === 6) return b.function === 6 && a.register === b.register && a.value === b.value
  if (a.function === 16) return b.function === 16 && a.start === b.start && a.values.length === b.values.length
  return a.function === b.function && a.count === b.count
}

/** Whether this response can answer the request. */
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
