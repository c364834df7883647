/**
 * Resizes pictures into planes (channel, row, column). The whole source fills the whole result; the aspect ratio is not
 * kept.
 *
 * Colour is averaged over area: a result pixel is the mean of the source pixels that it covers, weighted by the covered
 * share. Depth is the source pixel at the centre of the covered area, so nothing is blended across an edge or with an
 * invalid 0. A picture that already has the right size is copied exactly.
 */
export class Resizer {
  readonly #width: number
  readonly #height: number
  #columns: Axis = axis(1, 1)
  #rows: Axis = axis(1, 1)
  readonly #shrunk: Float64Array
  readonly #sums: Float64Array

  /** @param width of the result, @param height of the result, in pixels. */
  constructor(width: number, height: number) {
    this.#width = width
    this.#height = height
    this.#shrunk = new Float64Array(width * 3)
    this.#sums = new Float64Array(width * 3)
  }

  /**
   * @param source u8[height * width * channels], interleaved; a single channel fills all three planes. @param out 3
   * planes from `offset` on, each value times `scale`; whole numbers are rounded (halves up).
   */
  colour(
    source: Uint8Array,
    width: number,
    height: number,
    channels: 1 | 3,
    out: Float32Array | Uint8Array,
    offset: number,
    scale: number,
  ): void {
    this.#prepare(width, height)
    const { first, last, head, tail } = this.#rows
    const reduce = channels === 3 ? reduceRow3 : reduceRow1
    const shrunk = this.#shrunk
    const sums = this.#sums
    let held = -1
    for (let y = 0; y < this.#height; y++) {
      for (let from = first[y]!; from <= last[y]!; from++) {
        if (from !== held) reduce(source, from * width * channels, this.#columns, shrunk)
        held = from
        if (from === first[y]) setWeighted(sums, shrunk, head[y]!)
        else addWeighted(sums, shrunk, from === last[y] ? tail[y]! : 1)
      }
      this.#writeRow(out, offset + y * this.#width, scale / (this.#rows.area * this.#columns.area))
    }
  }

  /**
   * @param source u16[height * width] in mm, 0 invalid. @param out one plane from `offset` on, each value times
   * `scale`.
   */
  depth(source: Uint16Array, width: number, height: number, out: Float32Array, offset: number, scale: number): void {
    this.#prepare(width, height)
    const columns = this.#columns.centre
    const rows = this.#rows.centre
    let to = offset
    for (let y = 0; y < rows.length; y++) {
      const row = rows[y]! * width
      for (let x = 0; x < columns.length; x++) out[to++] = source[row + columns[x]!]! * scale
    }
  }

  #prepare(width: number, height: number): void {
    if (this.#columns.from !== width || this.#columns.to !== this.#width) this.#columns = axis(width, this.#width)
    if (this.#rows.from !== height || this.#rows.to !== this.#height) this.#rows = axis(height, this.#height)
  }

  #writeRow(out: Float32Array | Uint8Array, offset: number, scale: number): void {
    const plane = this.#width * this.#height
    const half = out instanceof Uint8Array ? 0.5 : 0
    const sums = this.#sums
    for (let i = 0, to = offset; i < sums.length; i += 3, to++) {
      out[to] = sums[i]! * scale + half
      out[to + plane] = sums[i + 1]! * scale + half
      out[to + 2 * plane] = sums[i + 2]! * scale + half
    }
  }
}

/**
 * One side of a picture. Result pixel i covers the source pixels first[i]…last[i]. `area` is the length that a result
 * pixel covers, in source pixels.
 */
interface Axis {
  readonly from: number
  readonly to: number
  readonly first: Int32Array
  readonly last: Int32Array
  /** The covered share of the first source pixel. */
  readonly head: Float64Array
  /** The covered share of the last source pixel; 0 where it is the first one. */
  readonly tail: Float64Array
  /** The source pixel at the centre of the covered length. */
  readonly centre: Int32Array
  readonly area: number
}

function axis(from: number, to: number): Axis {
  const result: Axis = {
    from,
    to,
    first: new Int32Array(to),
    last: new Int32Array(to),
    head: new Float64Array(to),
    tail: new Float64Array(to),
    centre: new Int32Array(to),
    area: from / to,
  }
  for (let i = 0; i < to; i++) {
    // In units of 1 / to of a source pixel, all numbers here are whole.
    const begin = i * from
    const end = begin + from
    const first = Math.floor(begin / to)
    const last = Math.ceil(end / to) - 1
    result.first[i] = first
    result.last[i] = last
    result.head[i] = (Math.min(end, (first + 1) * to) - begin) / to
    result.tail[i] = first === last ? 0 : (end - last * to) / to
    result.centre[i] = Math.floor(((2 * i + 1) * from) / (2 * to))
  }
  return result
}

/** Reduces one source row to the width of the result: sums over the covered lengths, in source pixels. */
function reduceRow3(source: Uint8Array, offset: number, columns: Axis, out: Float64Array): void {
  const { first, last, head, tail } = columns
  for (let x = 0, to = 0; x < first.length; x++, to += 3) {
    const start = offset + first[x]! * 3
    const end = offset + last[x]! * 3
    const h = head[x]!
    const t = tail[x]!
    let r = source[start]! * h + source[end]! * t
    let g = source[start + 1]! * h + source[end + 1]! * t
    let b = source[start + 2]! * h + source[end + 2]! * t
    for (let i = start + 3; i < end; i += 3) {
      r += source[i]!
      g += source[i + 1]!
      b += source[i + 2]!
    }
    out[to] = r
    out[to + 1] = g
    out[to + 2] = b
  }
}

function reduceRow1(source: Uint8Array, offset: number, columns: Axis, out: Float64Array): void {
  const { first, last, head, tail } = columns
  for (let x = 0, to = 0; x < first.length; x++, to += 3) {
    const end = offset + last[x]!
    let sum = source[offset + first[x]!]! * head[x]! + source[end]! * tail[x]!
    for (let i = offset + first[x]! + 1; i < end; i++) sum += source[i]!
    out[to] = out[to + 1] = out[to + 2] = sum
  }
}

function setWeighted(sums: Float64Array, row: Float64Array, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] = row[i]! * weight
}

function addWeighted(sums: Float64Array, row: Float64Array, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i]! += row[i]! * weight
}
