import { createHash } from 'node:crypto'
import { openBag, type Bag } from '../../middleware/bag/bag.js'

/** Topic, type, absolute receive time, sha256 of the CDR. */
export type Row = readonly [topic: string, type: string, time: string, sha256: string]

export async function rowsOf(bag: Bag): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of bag.batches()) {
    for (const { topic, type, receive, written, data } of batch) {
      const time = written ?? BigInt(bag.epochSec) * 1_000_000_000n + BigInt(receive)
      rows.push([topic, type, String(time), createHash('sha256').update(data).digest('hex')])
    }
  }
  return rows
}

export async function readRows(path: string): Promise<{ rows: Row[]; damage: string | undefined }> {
  const bag = await openBag(path)
  try {
    return { rows: await rowsOf(bag), damage: bag.damage }
  } finally {
    await bag.close()
  }
}

/** By receive time; equal times keep their order. */
export function byTime(rows: readonly Row[]): Row[] {
  const apart = (a: Row, b: Row): number => Number(BigInt(a[2]) - BigInt(b[2]))
  return [...rows].sort(apart)
}
