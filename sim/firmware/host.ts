import { performance } from 'node:perf_hooks'
import type { FingerPlant } from './finger-plant.js'
import { openPseudoTerminal } from './pseudo-terminal.js'
import type { PseudoTerminal } from './pseudo-terminal.js'
import { RobotiqFirmware } from './robotiq-firmware.js'
import type { FirmwareOptions } from './robotiq-firmware.js'

const STEP_NS = 1e6
/** Steps caught up at once after a delay; what lies further back is left out. */
const MOST_STEPS = 100

/** Fingers with physics of their own. */
export interface SteppedPlant extends FingerPlant {
  /** Advances by `dt` seconds. */
  step(dt: number): void
}

export interface FirmwareHost {
  readonly path: string
  readonly firmware: RobotiqFirmware
  readonly terminal: PseudoTerminal
  close(): Promise<void>
}

/** Runs an emulated gripper alone, in real time: firmware, plant and pseudo-terminal, with 1 kHz steps. */
export function startFirmwareHost(options: FirmwareOptions & { readonly plant: SteppedPlant }): FirmwareHost {
  const terminal = openPseudoTerminal()
  const firmware = new RobotiqFirmware(options)
  terminal.onBytes(bytes => firmware.receive(bytes, reply => terminal.write(reply)))
  let steps = 0
  let started = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor(performance.now() - started)
    if (due - steps > MOST_STEPS) {
      started += due - steps - MOST_STEPS
    }
    for (const end = Math.min(due, steps + MOST_STEPS); steps < end; ) {
      options.plant.step(STEP_NS / 1e9)
      firmware.step(++steps * STEP_NS)
    }
  }, 1)
  return {
    path: terminal.path,
    firmware,
    terminal,
    close() {
      clearInterval(timer)
      return terminal.close()
    },
  }
}
