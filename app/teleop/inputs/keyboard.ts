import { UsageError } from '../../output/output.js'
import type { Channel } from '../follower.js'
import type { InputKind, PersonInput } from '../person-input.js'

/** Of a channel's change in a second: how far one key press moves it. A held key comes about 30 times a second. */
const STEP = 1 / 30
/** Keys that move a tool or fingers, by the channel's name. Each pair: less, more. */
const PAIRS: Readonly<Record<string, readonly [string, string]>> = {
  x: ['down', 'up'],
  y: ['right', 'left'],
  z: ['page down', 'page up'],
  yaw: [',', '.'],
  opening: ['[', ']'],
}

/**
 * Keys of a terminal. Each press moves a value by one step: the place and the yaw of a tool by keys of their own, one
 * joint at a time by `up` and `down` after its number was typed.
 */
class Keyboard implements PersonInput {
  readonly #channels: readonly Channel[]
  /** The channels that a number chooses. */
  readonly #joints: readonly number[]
  #chosen: number
  readonly #waiting: { readonly channel: number; readonly sign: 1 | -1 }[] = []
  readonly #onNotice: (text: string) => void

  constructor(channels: readonly Channel[], onNotice: (text: string) => void) {
    this.#channels = channels
    this.#joints = channels.flatMap(({ name }, i) => (Object.hasOwn(PAIRS, name) ? [] : [i]))
    this.#chosen = this.#joints[0] ?? -1
    this.#onNotice = onNotice
  }

  async open(): Promise<void> {
    const names = this.#joints.map((channel, i) => `${i + 1} ${this.#nameOf(channel)}`)
    if (names.length > 0) this.#onNotice(`keys: ${names.join(', ')}; up and down move the chosen one`)
  }

  key(key: string): boolean {
    const number = /^[1-9]$/.test(key) ? this.#joints[Number(key) - 1] : undefined
    if (number !== undefined) {
      this.#chosen = number
      this.#onNotice(`up and down move ${this.#nameOf(number)}`)
      return true
    }
    if (this.#chosen >= 0 && (key === 'up' || key === 'down')) return this.#press(this.#chosen, key === 'up' ? 1 : -1)
    const channel = this.#channels.findIndex(({ name }) => PAIRS[name]?.includes(key))
    return channel >= 0 && this.#press(channel, PAIRS[this.#channels[channel]!.name]![1] === key ? 1 : -1)
  }

  update(wanted: Float64Array): boolean {
    for (const { channel, sign } of this.#waiting.splice(0)) {
      const { least, most, rate } = this.#channels[channel]!
      wanted[channel] = Math.min(most, Math.max(least, wanted[channel]! + sign * rate * STEP))
    }
    return true
  }

  forget(): void {
    this.#waiting.length = 0
  }

  async close(): Promise<void> {
    this.forget()
  }

  #press(channel: number, sign: 1 | -1): boolean {
    this.#waiting.push({ channel, sign })
    return true
  }

  #nameOf(channel: number): string {
    const { actuator, name } = this.#channels[channel]!
    return this.#channels.some(other => other.name === name && other.actuator !== actuator)
      ? `${actuator}.${name}`
      : name
  }
}

export const keyboard: InputKind = {
  meaning: 'keys of this terminal, a step a press',
  help: 'arrows and page keys move the tool (x, y, z), comma and dot turn it, [ and ] close and open the fingers; of joints a number chooses one',
  make({ channels, onNotice }) {
    if (!process.stdin.isTTY)
      throw new UsageError('--by keyboard: standard input is no terminal; start it in one, or use another input')
    return new Keyboard(channels, onNotice)
  },
}
