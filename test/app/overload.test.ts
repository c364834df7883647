import { afterEach, describe, expect, test } from 'vitest'
import { ErrorTally } from '../../app/session/error-tally.js'
import { MachineLateness } from '../../app/session/machine-lateness.js'
import { Output } from '../../app/output/output.js'
import { OverloadWatch } from '../../app/session/overload-watch.js'
import { DriverError } from '../../drivers/driver-error.js'

const TIMEOUT = new DriverError(
  'TIMEOUT',
  'gripper on /dev/x: no answer within 100 ms; is it powered, and are address and baud rate right?',
)

let lateness: MachineLateness | undefined
afterEach(() => lateness?.close())

/** Blocks the event loop for so many ms. */
function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Lets the event loop turn until `done` is true. */
async function turnsUntil(done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => setImmediate(resolve))
}

describe('an overloaded machine', () => {
  test('is late by the time that its event loop was blocked', async () => {
    const measured = (lateness = new MachineLateness())
    await turnsUntil(() => measured.ms > 0)
    block(200)
    await turnsUntil(() => measured.ms >= 150)
    expect(measured.overloaded).toBe(true)
    expect(measured.worst).toBeGreaterThanOrEqual(measured.ms)
  })

  test('is late by the time that another thread has lost since the last window', () => {
    let lost = 500
    const measured = (lateness = new MachineLateness(() => lost))
    lost += 140
    expect(measured.ms).toBeGreaterThanOrEqual(140)
    expect(measured.ms).toBeLessThan(500)
  })

  test('is given as the reason for a missed answer; a machine that is in time blames the wire', () => {
    let lost = 0
    const measured = (lateness = new MachineLateness(() => lost))
    const lines: string[] = []
    const tally = new ErrorTally(new Output({}))
    tally.tell = line => lines.push(line)
    tally.lateness = { lineOf: error => measured.lineOf(error) }
    tally.add(TIMEOUT)
    lost = 140
    tally.add(TIMEOUT)
    tally.add(new DriverError('DISCONNECTED', 'gripper on /dev/x: unplugged'))
    expect(lines).toEqual([
      `fault: ${TIMEOUT.message}`,
      expect.stringMatching(
        /^fault: overload: this machine is \d{3} ms late \(load [\d.]+ on \d+ cores\), .*no answer within 100 ms\); give it less to do$/,
      ),
      'fault: gripper on /dev/x: unplugged',
    ])
  })

  test('is reported once, with its cost, and again after it has lasted half a minute', () => {
    let counts = { observations: 0, skipped: 0 }
    const lines: string[] = []
    const idle = { ms: 0, overloaded: false }
    const watch = new OverloadWatch({ lateness: idle, counts: () => counts, tell: line => lines.push(line) })
    watch.close()
    const second = (observations: number, skipped: number): void => {
      counts = { observations: counts.observations + observations, skipped: counts.skipped + skipped }
      watch.check()
    }
    second(30, 2)
    expect(lines).toEqual([])
    for (let i = 0; i < 30; i++) second(25, 7)
    expect(lines).toEqual([
      expect.stringMatching(
        /^overload: .*; 28 % of the last second's observations got no inference: close other programs, or use --lockstep$/,
      ),
    ])
    second(25, 7)
    expect(lines).toHaveLength(2)
  })
})
