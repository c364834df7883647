import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LifecycleNode } from '../../middleware/lifecycle.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import { Parameters, parameter } from '../../middleware/parameters.js'
import { BACKENDS, openBus } from '../../middleware/registry.js'

describe('LocalBus', () => {
  it('hands the very object to every subscriber, in the order of subscription, before publish returns', () => {
    const bus = new LocalBus(new SteppedClock(7))
    const seen: unknown[] = []
    bus.subscribe('/s', 'std_msgs/msg/String', (message, receive) => seen.push(['a', message, receive]))
    bus.subscribe('/s', 'std_msgs/msg/String', message => seen.push(['b', message]))
    const message = { data: 'x' }
    bus.advertise('/s', 'std_msgs/msg/String').publish(message)
    expect(seen).toEqual([
      ['a', message, 7],
      ['b', message],
    ])
    expect((seen[0] as unknown[])[1]).toBe(message)
  })

  it('serves the others when a subscriber throws, and reports it', () => {
    const errors: unknown[] = []
    const bus = new LocalBus(new SteppedClock(), { onError: error => errors.push(error) })
    let served = 0
    const failure = new Error('mine')
    bus.subscribe('/s', 'std_msgs/msg/String', () => {
      throw failure
    })
    bus.subscribe('/s', 'std_msgs/msg/String', () => served++)
    bus.advertise('/s', 'std_msgs/msg/String').publish({ data: '' })
    expect([served, errors]).toEqual([1, [failure]])
  })

  it('ends only the subscription that is disposed of, and refuses two types on one topic', () => {
    const bus = new LocalBus(new SteppedClock())
    let heard = 0
    const listener = (): void => {
      heard++
    }
    const first = bus.subscribe('/s', 'std_msgs/msg/String', listener)
    bus.subscribe('/s', 'std_msgs/msg/String', listener)
    first.dispose()
    first.dispose()
    bus.advertise('/s', 'std_msgs/msg/String').publish({ data: '' })
    expect(heard).toBe(1)
    expect(() => bus.advertise('/s', 'sensor_msgs/msg/Image')).toThrow(expect.objectContaining({ code: 'TOPIC_TYPE' }))
  })

  it('settles when all work due by then is finished, failed work too, and knows the earliest', async () => {
    const bus = new LocalBus(new SteppedClock(10))
    let finish = (): void => undefined
    bus.work(
      new Promise<void>(resolve => {
        finish = resolve
      }),
      50,
    )
    bus.work(Promise.reject(new Error('failed work')), 20)
    expect(bus.earliestDue()).toBe(20)
    await bus.settle(20)
    expect(bus.earliestDue()).toBe(50)
    let settled = false
    const waiting = bus.settle(50).then(() => {
      settled = true
    })
    await new Promise(setImmediate)
    expect(settled).toBe(false)
    finish()
    await waiting
    expect(bus.earliestDue()).toBe(Infinity)
  })
})

describe('SteppedClock', () => {
  it('runs due timers in stamp order, ties in the order of registration, each at its own time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 30 }),
        fc.integer({ min: 0, max: 60 }),
        (stamps, until) => {
          const clock = new SteppedClock()
          const ran: [number, number, number][] = []
          stamps.forEach((stamp, order) => clock.at(stamp, () => ran.push([stamp, order, clock.now()])))
          clock.advanceTo(until)
          const expected = stamps
            .map((stamp, order) => [stamp, order, stamp])
            .filter(([stamp]) => stamp <= until)
            .sort((a, b) => a[0] - b[0] || a[1] - b[1])
          expect(ran).toEqual(expected)
          expect(clock.now()).toBe(until)
        },
      ),
    )
  })

  it('calls a periodic timer once a period, and not after it was disposed of', () => {
    const clock = new SteppedClock()
    const beats: number[] = []
    const timer = clock.every(10, () => beats.push(clock.now()))
    clock.advanceTo(35)
    timer.dispose()
    clock.advanceTo(100)
    expect(beats).toEqual([10, 20, 30])
  })
})

describe('SystemClock', () => {
  it('gives whole ns that never go back, and never calls back early', async () => {
    const clock = new SystemClock()
    const due = clock.now() + 5_000_000
    const at = await new Promise<number>(resolve => clock.at(due, () => resolve(clock.now())))
    expect(Number.isSafeInteger(at)).toBe(true)
    expect(at).toBeGreaterThanOrEqual(due)
    clock.close()
  })
})

class Probe extends LifecycleNode {
  fail = false
  protected override onActivate(): void {
    if (this.fail) throw new Error('no device')
  }
}

describe('LifecycleNode', () => {
  it('goes through its states and tells every transition', async () => {
    const node = new Probe('camera')
    const told: string[] = []
    node.onTransition = (transition, from, to) => told.push(`${transition}: ${from} to ${to}`)
    for (const step of ['configure', 'activate', 'deactivate', 'cleanup', 'shutdown'] as const) await node[step]()
    expect(told).toEqual([
      'configure: unconfigured to inactive',
      'activate: inactive to active',
      'deactivate: active to inactive',
      'cleanup: inactive to unconfigured',
      'shutdown: unconfigured to finalized',
    ])
  })

  it('names node, state and transition where it refuses, and is unconfigured after a hook failed', async () => {
    const node = new Probe('camera')
    await expect(node.activate()).rejects.toThrow(/camera: cannot activate while unconfigured/)
    await node.configure()
    node.fail = true
    await expect(node.activate()).rejects.toThrow('no device')
    expect(node.state).toBe('unconfigured')
  })
})

describe('Parameters', () => {
  const declarations = {
    rate: parameter({
      type: 'double',
      default: 30,
      range: { min: 1, max: 120 },
      unit: 'Hz',
      description: 'pictures a second',
    }),
    depth: parameter({ type: 'integer', default: 5, description: 'queue' }),
    names: parameter({ type: 'string_array', default: [], description: 'joints' }),
  }

  it('takes overrides and values of the declared type and range, BigInt for integers', () => {
    const parameters = new Parameters('camera', declarations, { depth: 9n })
    parameters.set('rate', 60)
    parameters.set('names', ['a'])
    expect([parameters.get('rate'), parameters.get('depth'), parameters.get('names')]).toEqual([60, 9, ['a']])
  })

  it('refuses with the range, the type or the nearest name, and keeps what it had', () => {
    const parameters = new Parameters('camera', declarations)
    expect(() => parameters.set('rate', 0)).toThrow('camera: parameter rate: expected 1 to 120 Hz, got 0 Hz')
    expect(() => parameters.set('depth', 1.5)).toThrow(expect.objectContaining({ code: 'PARAMETER_TYPE' }))
    for (const rate of [NaN, Infinity, -Infinity])
      expect(() => parameters.set('rate', rate)).toThrow(
        `camera: parameter rate: expected double, got ${rate} (number)`,
      )
    expect(() => new Parameters('camera', declarations, { rat: 1 })).toThrow(/did you mean rate/)
    expect(parameters.get('rate')).toBe(30)
  })
})

describe('backends', () => {
  it('are opened by name; an unknown name is answered with the known ones', async () => {
    expect([...BACKENDS.keys()]).toEqual(['local', 'ros2', 'gazebo', 'bag'])
    await (await openBus('local')).close()
    await expect(openBus('pigeon')).rejects.toThrow('backend pigeon: expected one of local, ros2, gazebo, bag')
  })

  it('one from outside is added with one line, and opened like any other', async () => {
    const opened: unknown[] = []
    BACKENDS.set('pigeon', async options => {
      opened.push(options)
      return new LocalBus(new SteppedClock(7), options)
    })
    try {
      const onError = (): void => undefined
      const bus = await openBus('pigeon', { onError })
      expect(bus.clock.now()).toBe(7)
      expect(opened).toEqual([{ onError }])
      await expect(openBus('dove')).rejects.toThrow('backend dove: expected one of local, ros2, gazebo, bag, pigeon')
    } finally {
      BACKENDS.delete('pigeon')
    }
  })
})
