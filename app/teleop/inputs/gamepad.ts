import type { Bus, Disposable } from '../../../middleware/bus.js'
import { UsageError } from '../../output/output.js'
import type { Channel } from '../follower.js'
import type { Operation } from '../operations.js'
import type { InputContext, InputKind, PersonInput } from '../person-input.js'

/** ns without a message after which the gamepad counts as gone. `joy_node` repeats itself 20 times a second. */
const FRESH = 200_000_000
/** Of a stick's way: what counts as its middle. */
const MIDDLE = 0.1
/** The axis of each channel of a tool, as `joy_node` counts them: left stick 0 and 1, right stick 3 and 4. */
const AXES: Readonly<Record<string, number>> = { x: 1, y: 0, z: 4, yaw: 3 }
/** Buttons (left and right shoulder) that close and open the fingers, or move the last joint. */
const LESS = 4
const MORE = 5
/** The operations of the other buttons, by their numbers: A, B, X, Y, back, start. */
const BUTTONS: Readonly<Record<number, Operation>> = {
  0: 'won',
  1: 'lost',
  2: 'begin',
  3: 'take',
  6: 'stop',
  7: 'resume',
}

/** A gamepad on a topic of sensor_msgs/msg/Joy. A stick moves a value as fast as its limit, at its full way. */
class Gamepad implements PersonInput {
  readonly #bus: Bus
  readonly #topic: string
  readonly #channels: readonly Channel[]
  readonly #operate: (word: Operation) => void
  #axes = new Float32Array(0)
  #buttons = new Int32Array(0)
  #heard = -Infinity
  #updated = -Infinity
  #subscription: Disposable | undefined

  constructor({ bus, channels, operate }: InputContext, topic: string) {
    this.#bus = bus
    this.#topic = topic
    this.#channels = channels
    this.#operate = operate
  }

  async open(): Promise<void> {
    this.#subscription = this.#bus.subscribe(this.#topic, 'sensor_msgs/msg/Joy', ({ axes, buttons }, receive) => {
      // What is held down when the first message comes was not pressed for this.
      if (this.#heard > -Infinity)
        for (const [button, word] of Object.entries(BUTTONS))
          if (buttons[Number(button)] === 1 && this.#buttons[Number(button)] !== 1) this.#operate(word)
      this.#axes = axes.slice()
      this.#buttons = buttons.slice()
      this.#heard = receive
    })
  }

  update(wanted: Float64Array, now: number): boolean {
    const seconds = Math.min(0.1, Math.max(0, (now - this.#updated) / 1e9))
    this.#updated = now
    if (now - this.#heard > FRESH) return false
    this.#channels.forEach(({ least, most, rate }, i) => {
      wanted[i] = Math.min(most, Math.max(least, wanted[i]! + this.#push(i) * rate * seconds))
    })
    return true
  }

  async close(): Promise<void> {
    this.#subscription?.dispose()
  }

  /** -1 to 1: how far the control of a channel is pushed. */
  #push(channel: number): number {
    const isLast = channel === this.#channels.length - 1
    if (isLast) return (this.#buttons[MORE] ?? 0) - (this.#buttons[LESS] ?? 0)
    const value = this.#axes[AXES[this.#channels[channel]!.name] ?? channel] ?? 0
    return Math.abs(value) > MIDDLE && Number.isFinite(value) ? Math.min(1, Math.max(-1, value)) : 0
  }
}

export const gamepad: InputKind = {
  meaning: 'a gamepad on a topic of sensor_msgs/msg/Joy (`--joy`, default /joy)',
  help: 'sticks move the tool or the joints; the shoulder buttons close and open; A won, B lost, X begin, Y take or give, back stop, start resume',
  make(context) {
    if (context.channels.length < 2) throw new UsageError('--by gamepad: the robot has a single joint')
    return new Gamepad(context, context.options.joy ?? '/joy')
  },
}
