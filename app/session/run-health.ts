import { MANY_SKIPPED } from './overload-watch.js'

/** ms of lateness above which the motion suffers: the watchdog of the wrench holds after 50. */
const LATE = 50

/** The reason for each watchdog's hold. */
const WATCHDOG_REASONS: Readonly<Record<string, string>> = {
  wrench: 'no wrench came in time',
  camera: 'no picture came in time',
  policy: 'the policy gave no chunk in time',
  gripper: 'the gripper did not answer in time',
}

/** The parts of a run's result that `complaints` reads. */
export interface RunFigures {
  readonly observations: number
  /** Where the policy is a head: its ticks. */
  readonly fast?: { readonly observations: number }
  readonly policySkipped: number
  readonly guard: { readonly watchdog: Readonly<Record<string, number>>; readonly overForce: number }
  readonly serial: { readonly timeouts: number; readonly crcErrors: number }
  /** How late the machine was at worst, ms. */
  readonly lateMs?: number
}

/** What went wrong in a run and what that means, a sentence each. Empty where nothing did. */
export function complaints(result: RunFigures): string[] {
  const { policySkipped, guard, serial, lateMs = 0 } = result
  const asked = (result.fast ?? result).observations
  const share = asked > 0 ? policySkipped / asked : 0
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
    ...holds.map(
      ([source, n]) => `the motion was held ${times(n)} because ${WATCHDOG_REASONS[source] ?? `${source} was silent`}`,
    ),
    ...(serial.timeouts > 0 ? [`the gripper's wire: an answer was missed ${times(serial.timeouts)}`] : []),
    ...(serial.crcErrors > 0
      ? [`the gripper's wire: ${serial.crcErrors} broken frames: look at the cable and its earth`]
      : []),
    ...(guard.overForce > 0 ? [`too much force at the wrist: the arm was frozen ${times(guard.overForce)}`] : []),
  ]
}
