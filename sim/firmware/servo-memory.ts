import { readCounts, writeCounts } from '../../drivers/servo/servo-register.js'
import type { ServoRegister } from '../../drivers/servo/servo-register.js'

const EEPROM = 1
const RAM = 2

/** The control table of one servo: working memory, and beside it what an EEPROM keeps without power. */
export class ServoMemory<Table extends Readonly<Record<string, ServoRegister>>> {
  readonly table: Table
  readonly size: number
  readonly #working: Uint8Array
  readonly #kept: Uint8Array
  /** Of each byte: 0 read-only, or the area that it belongs to. */
  readonly #writable: Uint8Array

  constructor(table: Table) {
    this.table = table
    const registers = Object.values(table)
    this.size = Math.max(...registers.map(({ address, size }) => address + size))
    this.#working = new Uint8Array(this.size)
    this.#kept = new Uint8Array(this.size)
    this.#writable = new Uint8Array(this.size)
    for (const register of registers) {
      const { address, size, area, access, initial } = register
      writeCounts(register, initial, this.#kept, address)
      if (access === 'write') this.#writable.fill(area === 'eeprom' ? EEPROM : RAM, address, address + size)
    }
    this.powerOn()
  }

  /** What the working memory is after power-on. */
  powerOn(): void {
    this.#working.set(this.#kept)
  }

  /** The counts of a register. */
  get(name: keyof Table): number {
    const register = this.table[name]!
    return readCounts(register, this.#working, register.address)
  }

  /** The value of a register in its unit. */
  value(name: keyof Table): number {
    return this.get(name) * this.table[name]!.scale
  }

  /** Sets a register in the working memory, from inside the servo. */
  set(name: keyof Table, counts: number): void {
    const register = this.table[name]!
    writeCounts(register, counts, this.#working, register.address)
  }

  /** Sets a register in the working memory and in the EEPROM. */
  keep(name: keyof Table, counts: number): void {
    this.set(name, counts)
    const register = this.table[name]!
    writeCounts(register, counts, this.#kept, register.address)
  }

  /** A copy of `count` bytes. Bytes that belong to no register are 0. */
  read(address: number, count: number): Uint8Array {
    const bytes = new Uint8Array(count)
    bytes.set(this.#working.subarray(Math.min(address, this.size), Math.min(address + count, this.size)))
    return bytes
  }

  /** Writes the bytes that a client may write. `kept`: those of the EEPROM stay there without power. */
  write(address: number, data: Uint8Array, { kept }: { readonly kept: boolean }): void {
    for (let index = 0; index < data.length; index++) {
      const area = this.#writable[address + index]
      if (area === undefined || area === 0) continue
      this.#working[address + index] = data[index]!
      if (kept && area === EEPROM) this.#kept[address + index] = data[index]!
    }
  }

  /** Whether a write of `count` bytes at `address` touches this register. */
  touches(name: keyof Table, address: number, count: number): boolean {
    const register = this.table[name]!
    return address < register.address + register.size && register.address < address + count
  }
}
