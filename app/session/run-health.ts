import { MANY_SKIPPED } from './overload-watch.js'

/** ms of lateness from which on it costs something: the watchdog of the wrench holds after 50. */
const LATE = 50

/** What each watchdog's hold says, in the order of who is quiet first. */
const QUIET: Readonly<Record<string, string>> = {
  wrench: 'no wrench came in time',
  camera: 'no picture came in time',
  policy: 'the policy gave no chunk in time',
  gripper: 'the gripper did not answer in time',
}

/** What of a run's result tells of its health. */
export interface RunFigures {
  readonly observations: number
  readonly policySkipped: number
  readonly guard: { readonly watchdog: Readonly<Record<string, number>>; readonly overForce: number }
  readonly serial: { readonly timeouts: number; readonly crcErrors: number }
  /** How late the machine was at worst, ms. */
  readonly lateMs?: number
}

/** What in a run was not as it should be, a sentence each, with what it means; empty where all was well. */
export function complaints(result: RunFigures): string[] {
  const { observations, policySkipped, guard, serial, lateMs = 0 } = result
  const share = observations > 0 ? policySkipped / observations : 0
  const holds = Object.entries(guard.watchdog).filter(([, times]) => times > 0)
  const times = (n: number): string => (n === 1 ? 'once' : `${n} times`)
  return [
    ...(lateMs >= LATE
      ? [`overload: this machine was up to ${lateMs.toFixed(0)} ms late: close other programs, or use --lockstep`]
      : []),
    ...(share > MANY_SKIPPED
      ? [
          `${(share * 100).toFixed(0)} % of the observations found the policy busy and got no inference: it ` +
            'is too slow for this machine',
        ]
      : []),
    ...holds.map(([source, n]) => `the motion was held ${times(n)} because ${QUIET[source] ?? `${source} was silent`}`),
    ...(serial.timeouts > 0 ? [`the gripper's wire: an answer was missed ${times(serial.timeouts)}`] : []),
    ...(serial.crcErrors > 0
      ? [`the gripper's wire: ${serial.crcErrors} broken frames: look at the cable and its earth`]
      : []),
    ...(guard.overForce > 0 ? [`too much force at the wrist: the arm was frozen ${times(guard.overForce)}`] : []),
  ]
}
