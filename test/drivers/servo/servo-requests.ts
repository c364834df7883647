import fc from 'fast-check'
import type { ServoRequest, ServoStatus } from '../../../drivers/servo/servo-protocol.js'

/** Bytes that hold headers of packets more often than chance would. */
const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xff, 0xfd, 0xfe, 0x00, 0x04))
export const id = fc.integer({ min: 0, max: 0xfc })
export const data = (most: number): fc.Arbitrary<Uint8Array> =>
  fc.array(byte, { minLength: 1, maxLength: most }).map(bytes => Uint8Array.from(bytes))
const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 12 })

/** Any request of both protocols. `widest`: the largest address and count. */
export const request = (widest: number): fc.Arbitrary<ServoRequest> => {
  const address = fc.integer({ min: 0, max: widest })
  const count = fc.integer({ min: 1, max: widest })
  return fc.oneof(
    fc.record({ kind: fc.constant('ping' as const), id }),
    fc.record({ kind: fc.constant('action' as const), id }),
    fc.record({ kind: fc.constant('read' as const), id, address, count }),
    fc.record({ kind: fc.constantFrom('write' as const, 'registered write' as const), id, address, data: data(60) }),
    fc.record({ kind: fc.constant('sync read' as const), ids, address, count }),
    fc.tuple(ids, fc.integer({ min: 1, max: 12 })).chain(([list, size]) =>
      fc.record({
        kind: fc.constant('sync write' as const),
        address,
        entries: fc.tuple(
          ...list.map(one =>
            fc.record({
              id: fc.constant(one),
              data: fc.array(byte, { minLength: size, maxLength: size }).map(bytes => Uint8Array.from(bytes)),
            }),
          ),
        ),
      }),
    ),
  )
}

export const status = (errors: fc.Arbitrary<number>): fc.Arbitrary<ServoStatus> =>
  fc.record({ id, error: errors, data: fc.oneof(fc.constant(new Uint8Array()), data(80)) })

/** Cuts bytes into chunks whose sizes repeat the list. */
export function chunks(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const result: Uint8Array[] = []
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length]
    result.push(bytes.subarray(at, at + size))
    at += size
  }
  return result
}
