import { paceLine } from './paced-line.js'
import { openPseudoTerminal } from './pseudo-terminal.js'
import type { PseudoTerminal } from './pseudo-terminal.js'
import { stepInRealTime } from './real-time-steps.js'
import { ServoLine } from './servo-line.js'
import type { LineServo, ServoLineOptions } from './servo-line.js'
import type { ServoRotor } from './servo-rotor.js'

/** A servo whose time is the argument of `step`. */
export interface SteppedServo extends LineServo {
  step(timeNs: number): void
}

export interface ServoHostOptions extends ServoLineOptions {
  readonly servos: readonly SteppedServo[]
  readonly rotors: readonly ServoRotor[]
}

/** Emulated servos that run on their own. */
export interface ServoHost {
  readonly path: string
  readonly line: ServoLine
  readonly terminal: PseudoTerminal
  close(): Promise<void>
}

/** Runs emulated servos on their own in real time, with steps of 1 ms, on one pseudo-terminal at the wire's speed. */
export function startServoHost({ rotors, ...options }: ServoHostOptions): ServoHost {
  const terminal = openPseudoTerminal()
  const line = new ServoLine(options)
  paceLine(terminal, line)
  const end = stepInRealTime(timeNs => {
    for (const rotor of rotors) rotor.step(0.001)
    for (const servo of options.servos) servo.step(timeNs)
  })
  return {
    path: terminal.path,
    line,
    terminal,
    close() {
      end()
      return terminal.close()
    },
  }
}
