import { BROADCAST } from './servo-protocol.js'
import type { ServoRequest, ServoStatus } from './servo-protocol.js'

/** The answers to a request. Times are the host's monotonic clock in ns. */
export interface ServoAnswers {
  /** In the order in which they came. */
  readonly statuses: readonly ServoStatus[]
  /** The first servo that was asked and did not answer; undefined when all did. */
  readonly missing: MissingServo | undefined
  /** Before the first byte of the request left. No value in an answer is older. */
  readonly asked: number
  /** When the last byte had left, as far as it is known; else when the answers were complete. */
  readonly written: number
}

/** `damaged`: bytes came, but no whole answer of the right size, or the echo was not what was sent. `twice`: the same servo answered twice. */
export interface MissingServo {
  readonly id: number
  readonly why: 'silent' | 'damaged' | 'twice'
}

/** The ids from which an answer to a request comes. `any`: whoever there is. */
export function answering(request: ServoRequest): readonly number[] | 'any' {
  if (request.kind === 'sync read') return request.ids
  if (request.kind === 'sync write' || request.kind === 'action') return []
  if (request.id !== BROADCAST) return [request.id]
  return request.kind === 'ping' ? 'any' : []
}
