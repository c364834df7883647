import { afterEach, describe, expect, test, vi } from 'vitest'
import { Ending } from '../../cli/ending.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

describe('a request to end', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    for (const signal of SIGNALS) process.removeAllListeners(signal)
  })

  /** An Ending, the time that it sees, and what it sends to the process. */
  function make() {
    let now = 5000
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
    return { ending: new Ending(), kill, later: (ms: number) => { now += ms } }
  }

  test.each(SIGNALS)('%s is told by its name, once, whether one asks before or after it', signal => {
    const { ending } = make()
    const told: string[] = []
    ending.whenAsked(by => told.push(`before ${by}`))
    process.emit(signal, signal)
    ending.whenAsked(by => told.push(`after ${by}`))
    expect(ending.signal.aborted).toBe(true)
    process.emit(signal, signal)
    expect(told).toEqual([`before ${signal}`, `after ${signal}`])
  })

  test('that comes again within a second, by whatever way, is the same one', () => {
    const { ending, kill, later } = make()
    process.emit('SIGINT', 'SIGINT')
    for (const signal of SIGNALS) process.emit(signal, signal)
    later(1000)
    process.emit('SIGTERM', 'SIGTERM')
    ending.ask('SIGINT')
    expect(kill).not.toHaveBeenCalled()
  })

  test('that comes later than a second after the first ends the process at once, as if nobody listened', () => {
    const { kill, later } = make()
    process.emit('SIGINT', 'SIGINT')
    later(1001)
    process.emit('SIGTERM', 'SIGTERM')
    expect(kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGTERM')
    for (const signal of SIGNALS) expect(process.listenerCount(signal)).toBe(0)
  })
})
