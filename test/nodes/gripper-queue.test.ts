import { beforeEach, describe, expect, it } from 'vitest'
import { DriverError } from '../../drivers/driver-error.js'
import type { Gripper } from '../../drivers/gripper.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { GripperQueue } from '../../nodes/gripper-queue.js'

describe("a gripper's wire", () => {
  let wire: GripperQueue
  let sent: string[]
  let errors: unknown[]
  let away: DriverError | undefined
  const act = (name: string) => (): Promise<void> => {
    sent.push(name)
    return away ? Promise.reject(away) : Promise.resolve()
  }
  beforeEach(() => {
    ;[sent, errors, away] = [[], [], undefined]
    const bus = new LocalBus(new SteppedClock(1), { onError: error => errors.push(error) })
    wire = new GripperQueue({
      bus,
      gripper: { stop: act('stop') } as unknown as Gripper,
      onError: error => errors.push(error),
    })
  })

  it('sends in order, does not send dropped transactions, and sends a stop before everything else', async () => {
    void wire.send(act('a'))
    void wire.send(act('b'))
    wire.drop()
    expect(wire.pending).toBe(2)
    const [stopped] = await Promise.all([wire.stop(), wire.send(act('c')), wire.send(act('d'))])
    expect(stopped).toBeUndefined()
    expect(sent).toEqual(['stop', 'c', 'd'])
    expect(wire.pending).toBe(0)
  })

  it('sends a stop again until the gripper acknowledges it or the stop is forgiven', async () => {
    away = new DriverError('DISCONNECTED', 'gone')
    expect(await wire.stop()).toBe(away)
    away = undefined
    await wire.settle()
    await wire.settle()
    expect(sent).toEqual(['stop', 'stop'])
    away = new DriverError('DISCONNECTED', 'gone')
    await wire.stop()
    wire.forgive()
    await wire.settle()
    expect(sent).toEqual(['stop', 'stop', 'stop'])
  })

  it('reports a fault when it begins, and again when it comes back', async () => {
    away = new DriverError('DISCONNECTED', 'gone')
    await wire.send(act('a'))
    await wire.send(act('b'))
    expect(errors).toEqual([away])
    const again = away
    away = undefined
    await wire.send(act('c'))
    away = again
    await wire.send(act('d'))
    expect(errors).toEqual([again, again])
  })
})
