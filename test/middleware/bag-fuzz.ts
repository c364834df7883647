/** Numbers from a seed (mulberry32). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** Whole, from 0 to below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end)
  }

  of<T>(things: readonly T[]): T {
    return things[this.below(things.length)]
  }
}

/** Numbers that programs trip over. */
const ODD = [
  0n,
  1n,
  7n,
  8n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  0x7fffffffffffffffn,
  0xffffffffffffffffn,
]

type Mutation = (bytes: Buffer, chance: Chance) => Buffer

const bits: Mutation = (bytes, chance) => {
  for (let i = chance.below(8); i >= 0; i--) bytes[chance.below(bytes.length)] ^= 1 << chance.below(8)
  return bytes
}

const noise: Mutation = (bytes, chance) => {
  const from = chance.below(bytes.length)
  for (let i = from; i < Math.min(bytes.length, from + 1 + chance.below(64)); i++) bytes[i] = chance.below(256)
  return bytes
}

const cut: Mutation = (bytes, chance) => bytes.subarray(0, 16 + chance.below(bytes.length - 16))

const odd: Mutation = (bytes, chance) => {
  bytes.writeBigUInt64LE(chance.of(ODD), chance.below(bytes.length - 8))
  return bytes
}

const moved: Mutation = (bytes, chance) => {
  const length = 1 + chance.below(Math.min(5000, bytes.length - 1))
  bytes.copy(bytes, chance.below(bytes.length - length), chance.below(bytes.length - length), bytes.length)
  return bytes
}

const removed: Mutation = (bytes, chance) => {
  const from = 8 + chance.below(bytes.length - 8)
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + chance.below(300))])
}

const ANYWHERE = [bits, noise, cut, odd, moved, removed]

/** Start and end of each record of an MCAP. */
function recordsOf(bytes: Buffer): [number, number][] {
  const found: [number, number][] = []
  for (let at = 8; at + 17 <= bytes.length; ) {
    const end = at + 9 + Number(bytes.readBigUInt64LE(at + 1))
    if (end > bytes.length) break
    found.push([at, end])
    at = end
  }
  return found
}

const FOOTER = 2
const CHUNK = 6

/** Checksums, with which most damage would be found at once, are left out, and the footer says where the summary is. */
function unchecked(bytes: Buffer): Buffer {
  for (const [start, end] of recordsOf(bytes)) {
    if (bytes[start] === FOOTER) bytes.writeUInt32LE(0, end - 4)
    if (bytes[start] === CHUNK) bytes.writeUInt32LE(0, start + 33)
  }
  return bytes
}

/** Changes one record, or where it lies, and leaves the others whole. */
const record: Mutation = (bytes, chance) => {
  const records = recordsOf(bytes)
  const pick = (): Buffer<ArrayBuffer> => {
    const [start, end] = chance.of(records)
    return Buffer.from(bytes.subarray(start, end))
  }
  if (records.length === 0) return bytes
  const whole = records.map(([start, end]) => Buffer.from(bytes.subarray(start, end)))
  // Half of the time one of the summary, which other records depend on.
  const index =
    chance.below(2) === 0 ? chance.below(whole.length) : whole.length - 1 - chance.below(Math.min(whole.length, 12))
  const one = whole[index]
  switch (chance.below(6)) {
    case 0:
      whole.splice(index, 1)
      break
    case 1:
      whole.splice(chance.below(whole.length), 0, ...Array<Buffer<ArrayBuffer>>(1 + chance.below(20)).fill(pick()))
      break
    case 2:
      whole.splice(index, 1, pick())
      break
    case 3:
      one.writeBigUInt64LE(chance.of(ODD), 1)
      break
    case 4:
      if (one.length > 17) one.writeBigUInt64LE(chance.of(ODD), 9 + chance.below(one.length - 16))
      break
    default:
      if (one.length > 9) one.writeUInt8(chance.below(256), 9 + chance.below(one.length - 9))
  }
  return withFooter(Buffer.concat([bytes.subarray(0, 8), ...whole, bytes.subarray(-8)]))
}

/** An MCAP without checksums, each time with another eight bytes of its summary or metadata changed. */
export function* summaryMutants(whole: Buffer): Generator<Buffer> {
  const bytes = unchecked(Buffer.from(whole))
  const records = recordsOf(bytes)
  const dataEnd = records.findIndex(([start]) => bytes[start] === 15)
  for (const [index, [start, end]] of records.entries()) {
    if (index < dataEnd && bytes[start] !== 12) continue
    for (let at = start; at + 8 <= end && at < start + 120; at += 2) {
      for (const odd of [1n, 0xffffn, 0xffffffffn, 0x7fffffffffffffffn]) {
        const mutant = Buffer.from(bytes)
        mutant.writeBigUInt64LE(odd, at)
        yield mutant
      }
    }
  }
}

/** The summary begins behind the end of the data, wherever that has moved to. */
function withFooter(bytes: Buffer): Buffer {
  const records = recordsOf(bytes)
  const dataEnd = records.find(([start]) => bytes[start] === 15)
  const footer = records.find(([start, end]) => bytes[start] === FOOTER && end - start === 29)
  if (dataEnd && footer) bytes.writeBigUInt64LE(BigInt(dataEnd[1]), footer[0] + 9)
  return bytes
}

/** Changes a page of a database: its head, a pointer in it, or all of it for another's. */
const page: Mutation = (bytes, chance) => {
  const size = 4096
  const at = chance.below(Math.floor(bytes.length / size)) * size
  switch (chance.below(4)) {
    case 0:
      bytes.writeUInt8(chance.of([0, 2, 5, 10, 13, 255]), at + (at === 0 ? 100 : 0))
      break
    case 1:
      bytes.writeUInt16BE(chance.below(65_536), at + (at === 0 ? 100 : 0) + chance.below(40))
      break
    case 2:
      bytes.copy(bytes, at, chance.below(Math.floor(bytes.length / size)) * size, bytes.length)
      break
    default:
      bytes.writeUInt32BE(1 + chance.below(40), at + 8 + chance.below(200))
  }
  return bytes
}

/** Some mutations of a bag, one after the other. */
export function mutated(whole: Buffer, storage: 'mcap' | 'sqlite3', chance: Chance): Buffer {
  let bytes: Buffer = Buffer.from(whole)
  if (storage === 'mcap' && chance.below(4) > 0) bytes = unchecked(bytes)
  const mutations = [...ANYWHERE, ...Array<Mutation>(8).fill(storage === 'mcap' ? record : page)]
  for (let i = chance.below(3); i >= 0 && bytes.length > 64; i--) bytes = chance.of(mutations)(bytes, chance)
  return bytes
}

const WORDS = [
  '[',
  '{',
  '*a',
  '&a ',
  '- ',
  ': ',
  '\n',
  '!!binary ',
  '"',
  "'",
  '0x',
  '1e400',
  '.nan',
  '~',
  '\0',
  '..',
  '/',
  '%',
  '|',
  '>',
  '<<: ',
  '__proto__: ',
  'null',
  '9999999999999999999999',
]

/** A text with words put in, lines moved, and parts left out. */
export function mutatedText(whole: string, chance: Chance): string {
  let text = whole
  for (let i = 1 + chance.below(4); i > 0; i--) {
    const at = chance.below(text.length)
    const lines = text.split('\n')
    switch (chance.below(4)) {
      case 0:
        text = text.slice(0, at) + chance.of(WORDS).repeat(1 + chance.below(3)) + text.slice(at)
        break
      case 1:
        text = text.slice(0, at) + text.slice(at + 1 + chance.below(20))
        break
      case 2:
        lines.splice(chance.below(lines.length), 0, chance.of(lines))
        text = lines.join('\n')
        break
      default:
        text = text.slice(0, at) + String.fromCodePoint(chance.below(0xd7ff)) + text.slice(at + 1)
    }
  }
  return text
}
