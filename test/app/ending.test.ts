import { afterEach, describe, expect, test, vi } from 'vitest'
import { Ending } from '../../app/output/ending.js'

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
    const done: string[] = []
    const kill = vi.spyOn(process, 'kill').mockImplementation((_pid, signal): true => {
      done.push(`kill ${signal}`)
      return true
    })
    const emit = process.emit.bind(process) as (...event: unknown[]) => boolean
    vi.spyOn(process, 'emit').mockImplementation(((...event: unknown[]) =>
      event[0] === 'exit' ? done.push('exit handlers') > 0 : emit(...event)) as never)
    return {
      ending: new Ending(),
      done,
      kill,
      later: (ms: number) => {
        now += ms
      },
    }
  }

  test.each(SIGNALS)('%s is reported by its name, once, to callers before and after it', signal => {
    const { ending } = make()
    const told: string[] = []
    ending.whenAsked(by => told.push(`before ${by}`))
    process.emit(signal, signal)
    ending.whenAsked(by => told.push(`after ${by}`))
    expect(ending.signal.aborted).toBe(true)
    process.emit(signal, signal)
    expect(told).toEqual([`before ${signal}`, `after ${signal}`])
  })

  test('that comes again within a second, from any source, is the same request', () => {
    const { ending, kill, later } = make()
    process.emit('SIGINT', 'SIGINT')
    for (const signal of SIGNALS) process.emit(signal, signal)
    later(1000)
    process.emit('SIGTERM', 'SIGTERM')
    ending.ask('SIGINT')
    expect(kill).not.toHaveBeenCalled()
  })

  test('of the command, its parent or an output never ends the process at once, however late it comes', () => {
    const { ending, kill, later } = make()
    process.emit('SIGINT', 'SIGINT')
    later(5000)
    for (const by of ['the recording', 'its results', 'stdout (ENOSPC)']) ending.ask(by)
    const others = process.listeners('disconnect')
    ending.endWithParent()
    // The test runner also listens to the disconnection of this process, so its listeners are left out.
    for (const heard of process.listeners('disconnect').filter(listener => !others.includes(listener))) heard()
    expect(kill).not.toHaveBeenCalled()
    process.emit('SIGINT', 'SIGINT')
    expect(kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGINT')
  })

  test('that is a signal more than a second after the first ends the process at once', () => {
    const { done, kill, later } = make()
    process.emit('SIGINT', 'SIGINT')
    later(1001)
    process.emit('SIGTERM', 'SIGTERM')
    expect(kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGTERM')
    expect(done).toEqual(['exit handlers', 'kill SIGTERM'])
    for (const signal of SIGNALS) expect(process.listenerCount(signal)).toBe(0)
  })
})
