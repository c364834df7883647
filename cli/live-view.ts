import { createLogUpdate } from 'log-update'
import { color } from '../app/output/terminal-colour.js'
import { printable } from '../app/output/printable.js'
import { standardStreams } from '../app/output/standard-streams.js'
import type { LoopView } from '../app/session/loop-view.js'

const WIDTH = 24
const PERIOD_MS = 100
/** Moves the cursor home and erases the screen. Lines that have scrolled away stay. */
const ERASE_SCREEN = '\u001b[H\u001b[J'

function bar(share: number, width = WIDTH): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width)
  return '█'.repeat(filled) + color.dim('░'.repeat(width - filled))
}

const mm = (metres: number): string => `${(metres * 1000).toFixed(0)} mm`

function gateText({ chunks, gate }: LoopView): string {
  if (chunks === 0) return color.dim('(no answer of the policy yet)')
  if (gate.length === 0) return color.dim('(this policy gives none)')
  return ['rgb', 'depth', 'force', 'voice']
    .map((name, i) => `${name} ${bar(gate[i] ?? 0, 8)} ${(gate[i] ?? 0).toFixed(2)}`)
    .join('  ')
}

const gripperText = ({ widthMm, widestMm, gripper }: LoopView): string =>
  widthMm === undefined
    ? color.dim('(no answer of it yet)')
    : `${bar(widthMm / widestMm)} ${widthMm.toFixed(0)} mm  ${gripper}`

/** The picture of the loop as lines, in colours. */
export function draw(state: LoopView): string[] {
  const paint =
    state.contactState === 'over_force' ? color.red : state.contactState === 'contact' ? color.yellow : color.green
  const motion = { ok: color.green, warn: color.yellow, error: color.red, stale: color.dim }[state.motion.level]
  const { tool } = state
  return [
    color.bold(state.title),
    `rates    rgb-d ${state.rgbHz.toFixed(1)} Hz   wrench ${state.wrenchHz.toFixed(0)} Hz   chunks ` +
      `${state.chunkHz.toFixed(1)} Hz   latency ${state.latencyMs.toFixed(1)} ms`,
    `force    ${paint(bar(state.force / state.overForce))} ${state.force.toFixed(1)} N  ${paint(state.contactState)}`,
    `gate     ${gateText(state)}`,
    `gripper  ${gripperText(state)}`,
    'tool     ' +
      `${tool === undefined ? color.dim('(no arm)') : `x ${mm(tool.x)}  y ${mm(tool.y)}  z ${mm(tool.z)}  yaw ${((tool.yaw * 180) / Math.PI).toFixed(0)}°`}`,
    `motion   ${motion(state.motion.message)}`,
    `said     ${color.cyan(state.said === '' ? '(nothing yet)' : `"${state.said}"`)}`,
    `episodes ${state.results.map(won => (won ? color.green('✔') : color.red('✘'))).join(' ')}`,
    color.dim(
      'gate: how much weight the policy gives each sense; chunk: its next moves; latency: from picture to wire',
    ),
    color.dim(`say> `) + state.typing + color.dim('▏  (type and Enter: "stop", "no, the green one"; Ctrl-C ends)'),
  ]
}

/** Redraws the loop's state on a terminal, ten times a second. */
export class LiveView {
  readonly #state: () => LoopView
  readonly #timer: NodeJS.Timeout
  readonly #update = createLogUpdate(process.stdout, { showCursor: true })
  #columns = process.stdout.columns

  constructor(state: () => LoopView) {
    this.#state = state
    standardStreams.hideCursor()
    process.stdout.on('resize', this.#resize)
    this.#timer = setInterval(() => {
      if (!standardStreams.isStalled) this.#draw()
    }, PERIOD_MS)
  }

  /** Writes a line above the picture, which stays. */
  note(line: string): void {
    this.#update.clear()
    standardStreams.say('stdout', [line])
    this.#draw()
  }

  close(): void {
    clearInterval(this.#timer)
    process.stdout.off('resize', this.#resize)
    this.#draw()
    this.#update.done()
    standardStreams.showCursor()
  }

  /**
   * A terminal that becomes narrower may wrap the lines of the picture, or not. The number of its rows is then unknown,
   * so the whole screen is erased.
   */
  readonly #resize = (): void => {
    const narrower = process.stdout.columns < this.#columns
    this.#columns = process.stdout.columns
    if (!narrower) return
    this.#update.done()
    standardStreams.steer(ERASE_SCREEN)
    this.#draw()
  }

  #draw(): void {
    this.#update(draw(this.#state()).map(printable).join('\n'))
  }
}
