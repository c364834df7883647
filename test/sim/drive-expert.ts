import { expertChunk } from '../../sim/embedded/expert.js'
import type { Verdict } from '../../sim/simulated-cell.js'
import type { Simulation } from '../../sim/embedded/simulation.js'
import { STATE, TruthReader } from '../../sim/embedded/truth.js'
import { toolYaw } from '../../sim/embedded/arm-servos.js'

export interface Drive {
  /** Replaces the expert's effort, N. */
  readonly effort?: number
  /** Sees the simulation after every step; ms since the episode's start. */
  readonly onStep?: (ms: number) => void
  /** Goes for this object, whatever is said. */
  readonly instead?: string | undefined
  /** Height of the tool that it never passes with something in the hand, m. */
  readonly ceiling?: number
  /** Goes on moving after `stop`. */
  readonly deaf?: boolean
}

/**
 * Drives one episode as the control node does, without wires: a chunk every 33 ms, set-points every 4 ms, what is said
 * when it is due.
 */
export function driveEpisode(
  simulation: Simulation,
  index: number,
  { effort, onStep, instead, ceiling = Infinity, deaf = false }: Drive = {},
): Verdict {
  const { setup, placed } = simulation.reset(index)
  const reader = new TruthReader({ setup, placed, first: '', gentle: false })
  const state = new Float64Array(STATE.size)
  let chunk: { data: Float32Array; origin: Float64Array; at: number } | undefined
  let stopped = false
  let last = { width: NaN, force: NaN }
  for (let ms = 0; !simulation.judge.verdict.done; ms++) {
    if (setup.correction !== undefined && ms === Math.ceil(setup.correction.at / 1e6)) {
      simulation.said(setup.correction.text)
      stopped = setup.correction.text === 'stop' && !deaf
      if (stopped) simulation.world.fingers.command('hold')
    }
    if (!stopped && ms % 33 === 0) {
      simulation.writeState(state)
      const truth = reader.read(state)
      const meant =
        deaf && truth.target === undefined
          ? { ...truth, target: setup.objects[0] }
          : { ...truth, target: instead ?? truth.target }
      chunk = { data: expertChunk(meant, 16, 30), origin: truth.tool, at: ms }
    }
    if (!stopped && chunk !== undefined && ms % 4 === 0) {
      const row = Math.min(Math.floor((ms + 4 - chunk.at) * 0.03), 15)
      const part = Math.min((ms + 4 - chunk.at) * 0.03 - row, 1)
      const channel = (c: number): number => {
        const before = row === 0 ? 0 : (chunk?.data[6 * (row - 1) + c] ?? 0)
        return before + part * ((chunk?.data[6 * row + c] ?? 0) - before)
      }
      const yaw = toolYaw(chunk.origin)
      const [dx, dy, turn] = [channel(0), channel(1), yaw + channel(3)]
      const held = simulation.world.contacts.some(({ left, right }) => left > 1 && right > 1)
      simulation.target([
        chunk.origin[0] + dx * Math.cos(yaw) - dy * Math.sin(yaw),
        chunk.origin[1] - dx * Math.sin(yaw) - dy * Math.cos(yaw),
        Math.min(chunk.origin[2] - channel(2), held ? ceiling : Infinity),
        Math.cos(turn / 2),
        -Math.sin(turn / 2),
        0,
        0,
      ])
      const command = { width: chunk.data[6 * row + 4], force: effort ?? chunk.data[6 * row + 5] }
      if (command.width !== last.width || command.force !== last.force)
        simulation.world.fingers.command({ ...command, speed: 0.1 })
      last = command
    }
    simulation.step()
    onStep?.(ms)
  }
  return simulation.judge.verdict
}
