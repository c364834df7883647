import type { PacketFraming } from './packet-assembler.js'

/** An instruction on a servo bus. Addresses and counts are in bytes. */
export type ServoRequest =
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'read'; readonly id: number; readonly address: number; readonly count: number }
  | { readonly kind: 'write'; readonly id: number; readonly address: number; readonly data: Uint8Array }
  /** A write that waits for `action`. */
  | { readonly kind: 'registered write'; readonly id: number; readonly address: number; readonly data: Uint8Array }
  | { readonly kind: 'action'; readonly id: number }
  | { readonly kind: 'reboot'; readonly id: number }
  /** Every servo of the list answers, in the order of the list. */
  | { readonly kind: 'sync read'; readonly ids: readonly number[]; readonly address: number; readonly count: number }
  /** No servo answers. Every entry has the same number of bytes. */
  | { readonly kind: 'sync write'; readonly address: number; readonly entries: readonly ServoData[] }

/** What one servo of a sync write is given. */
export interface ServoData {
  readonly id: number
  readonly data: Uint8Array
}

/** The answer of one servo. `error` is the protocol's own error byte; 0: none. */
export interface ServoStatus extends ServoData {
  readonly error: number
}

/** The id that all servos take as their own. None answers to it, except to a ping in some protocols. */
export const BROADCAST = 0xfe

/** The wire format of a family of servos: pure, bytes in and packets out. */
export interface ServoProtocol {
  readonly name: string
  /** How packets are found in a stream of bytes. */
  readonly framing: PacketFraming
  /** Throws a RangeError for a request that the protocol lacks or that is too long. */
  encodeRequest(request: ServoRequest): Uint8Array
  /** Undefined for a packet that is no request of this protocol. */
  decodeRequest(packet: Uint8Array): ServoRequest | undefined
  encodeStatus(status: ServoStatus): Uint8Array
  /** Undefined for a packet that is no status. */
  decodeStatus(packet: Uint8Array): ServoStatus | undefined
  /** Number of bytes of a status packet with `count` bytes of data, at the most. */
  statusLength(count: number): number
  /** Number of data bytes in the answer to a ping. */
  readonly pingData: number
  /** What the error byte says of the servo's condition, in words; '' when nothing is wrong. */
  condition(error: number): string
  /** True: a servo may refuse a request. Then it answers without data, and `refusal` says why. */
  readonly refuses: boolean
  /** Why the servo did not carry the request out, in words; '' when it did. */
  refusal(error: number): string
}
