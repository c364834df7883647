import type { FingerPlant } from './finger-plant.js'
import { openPseudoTerminal } from './pseudo-terminal.js'
import type { PseudoTerminal } from './pseudo-terminal.js'
import { stepInRealTime } from './real-time-steps.js'
import { RobotiqFirmware } from './robotiq-firmware.js'
import type { FirmwareOptions } from './robotiq-firmware.js'

/** Fingers that have physics of their own. */
export interface SteppedPlant extends FingerPlant {
  /** Advances by `dt` s. */
  step(dt: number): void
}

/** An emulated gripper that runs on its own. */
export interface FirmwareHost {
  readonly path: string
  readonly firmware: RobotiqFirmware
  readonly terminal: PseudoTerminal
  close(): Promise<void>
}

/** Runs an emulated gripper on its own in real time: firmware, fingers and pseudo-terminal, with steps of 1 ms. */
export function startFirmwareHost(options: FirmwareOptions & { readonly plant: SteppedPlant }): FirmwareHost {
  const terminal = openPseudoTerminal()
  const firmware = new RobotiqFirmware(options)
  terminal.onBytes(bytes => firmware.receive(bytes, reply => terminal.write(reply)))
  const end = stepInRealTime(timeNs => {
    options.plant.step(0.001)
    firmware.step(timeNs)
  })
  return {
    path: terminal.path,
    firmware,
    terminal,
    close() {
      end()
      return terminal.close()
    },
  }
}
