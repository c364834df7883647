import { createLogUpdate } from 'log-update'
import { color } from './colour.js'
import { printable } from './printable.js'
import { standardStreams } from './standard-streams.js'

export interface ViewState {
  readonly title: string
  readonly rgbHz: number
  readonly wrenchHz: number
  readonly chunkHz: number
  readonly latencyMs: number
  /** Tared |force| at the wrist, N, and its two limits. */
  readonly force: number
  readonly contact: number
  readonly overForce: number
  readonly contactState: string
  readonly gate: Float32Array
  readonly widthMm: number
  readonly gripper: string
  readonly hold: string
  readonly tool: { readonly x: number; readonly y: number; readonly z: number; readonly yaw: number }
  readonly said: string
  readonly results: readonly boolean[]
  readonly typing: string
}

const WIDTH = 24
const PERIOD_MS = 100

function bar(share: number, width = WIDTH): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width)
  return '█'.repeat(filled) + color.dim('░'.repeat(width - filled))
}

const mm = (metres: number): string => `${(metres * 1000).toFixed(0)} mm`

/** The picture of the loop as lines, in colours. */
export function draw(state: ViewState): string[] {
  const paint = state.contactState === 'over_force' ? color.red : state.contactState === 'contact' ? color.yellow : color.green
  const shares = ['rgb', 'depth', 'force', 'voice'].map((name, i) => `${name} ${bar(state.gate[i] ?? 0, 8)} ${(state.gate[i] ?? 0).toFixed(2)}`)
  const gate = state.gate.length === 0 ? color.dim('(this policy has none)') : shares.join('  ')
  const { x, y, z, yaw } = state.tool
  return [
    color.bold(state.title),
    `rates    rgb-d ${state.rgbHz.toFixed(1)} Hz   wrench ${state.wrenchHz.toFixed(0)} Hz   chunks ${state.chunkHz.toFixed(1)} Hz   latency ${state.latencyMs.toFixed(1)} ms`,
    `force    ${paint(bar(state.force / state.overForce))} ${state.force.toFixed(1)} N  ${paint(state.contactState)}`,
    `gate     ${gate}`,
    `gripper  ${bar(state.widthMm / 85)} ${state.widthMm.toFixed(0)} mm  ${state.gripper}`,
    `tool     x ${mm(x)}  y ${mm(y)}  z ${mm(z)}  yaw ${((yaw * 180) / Math.PI).toFixed(0)}°   ${state.hold === 'none' ? color.green('moving') : color.yellow(`hold: ${state.hold}`)}`,
    `said     ${color.cyan(state.said === '' ? '(nothing yet)' : `"${state.said}"`)}`,
    `episodes ${state.results.map(won => (won ? color.green('✔') : color.red('✘'))).join(' ')}`,
    color.dim(`say> `) + state.typing + color.dim('▏  (type and Enter: "stop", "no, the green one"; Ctrl-C ends)'),
  ]
}

/** Redraws the loop's state on a terminal, ten times a second. */
export class LiveView {
  readonly #state: () => ViewState
  readonly #timer: NodeJS.Timeout
  readonly #update = createLogUpdate(process.stdout, { showCursor: true })

  constructor(state: () => ViewState) {
    this.#state = state
    standardStreams.hideCursor()
    this.#timer = setInterval(() => {
      if (!standardStreams.isStalled) this.#draw()
    }, PERIOD_MS)
  }

  /** A line that stays, above the picture. */
  note(line: string): void {
    this.#update.clear()
    standardStreams.say('stdout', [line])
    this.#draw()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#draw()
    this.#update.done()
    standardStreams.showCursor()
  }

  #draw(): void {
    this.#update(draw(this.#state()).map(printable).join('\n'))
  }
}
