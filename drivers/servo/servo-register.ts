/** A register of a servo's control table. Values of several bytes have the low byte first. */
export interface ServoRegister {
  readonly address: number
  /** Bytes. */
  readonly size: 1 | 2 | 4
  /**
   * How a negative number is written. `none`: there is none. `complement`: two's complement. A number: the bit that
   * holds the sign; the bits below it hold the magnitude.
   */
  readonly sign: 'none' | 'complement' | number
  /** The value of one count in `unit`. */
  readonly scale: number
  /** A unit of the SI, `degC` for Celsius, `share` for a part of the largest value, or '' for a code. */
  readonly unit: string
  /** `eeprom` survives a power cycle. */
  readonly area: 'eeprom' | 'ram'
  readonly access: 'read' | 'write'
  /** Counts after the factory's reset (`eeprom`) or after power-on (`ram`). */
  readonly initial: number
}

/** The smallest number of counts that a register holds. */
function leastCounts({ size, sign }: ServoRegister): number {
  if (sign === 'none') return 0
  return sign === 'complement' ? -(2 ** (8 * size - 1)) : 1 - 2 ** sign
}

/** The largest number of counts that a register holds. */
function mostCounts({ size, sign }: ServoRegister): number {
  if (sign === 'none') return 2 ** (8 * size) - 1
  return sign === 'complement' ? 2 ** (8 * size - 1) - 1 : 2 ** sign - 1
}

/** The counts in `bytes` at `at`. */
export function readCounts({ size, sign }: ServoRegister, bytes: Uint8Array, at: number): number {
  let raw = 0
  for (let index = size; index-- > 0; ) raw = raw * 256 + bytes[at + index]!
  if (sign === 'none') return raw
  if (sign === 'complement') return raw >= 2 ** (8 * size - 1) ? raw - 2 ** (8 * size) : raw
  const magnitude = raw % 2 ** sign
  return Math.floor(raw / 2 ** sign) % 2 === 1 && magnitude > 0 ? -magnitude : magnitude
}

/** Writes counts into `bytes` at `at`. Counts outside the register's range become the nearest end. */
export function writeCounts(register: ServoRegister, counts: number, bytes: Uint8Array, at: number): void {
  const { size, sign } = register
  const whole = Math.min(mostCounts(register), Math.max(leastCounts(register), Math.round(counts)))
  let raw = whole
  if (whole < 0) raw = typeof sign === 'number' ? 2 ** sign - whole : whole + 2 ** (8 * size)
  for (let index = 0; index < size; index++) {
    bytes[at + index] = raw % 256
    raw = Math.floor(raw / 256)
  }
}

/** The bytes of a register that holds `counts`. */
export function registerBytes(register: ServoRegister, counts: number): Uint8Array {
  const bytes = new Uint8Array(register.size)
  writeCounts(register, counts, bytes, 0)
  return bytes
}
