/** Numbers from 0 up to 1 by mulberry32 (Ettinger 2017). One seed gives one sequence. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Fills an array with numbers of the standard normal distribution (Box and Muller 1958). */
export function fillNormal(out: Float32Array | Float64Array, random: () => number): void {
  for (let i = 0; i < out.length; i += 2) {
    // 1 - random() is never 0, so that its logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    const angle = 2 * Math.PI * random()
    out[i] = radius * Math.cos(angle)
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle)
  }
}

/** The seed (32 bits) of a name at a time (whole ns). */
export function seedOf(name: string, stamp: number): number {
  let seed = 0x811c9dc5
  for (let i = 0; i < name.length; i++) seed = Math.imul(seed ^ name.charCodeAt(i), 0x01000193)
  for (const part of [stamp % 2 ** 32, Math.floor(stamp / 2 ** 32)])
    seed = Math.imul(seed ^ (part >>> 0), 0x9e3779b1) ^ (seed >>> 15)
  return seed | 0
}
