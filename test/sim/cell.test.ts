import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { createGripper } from '../../drivers/gripper-drivers.js'
import { EmbeddedCell } from '../../sim/embedded/embedded-cell.js'
import { SampleRing } from '../../sim/embedded/sample-ring.js'

let cell: EmbeddedCell | undefined
afterEach(async () => {
  await cell?.close()
  cell = undefined
})

describe('the cell in lockstep', () => {
  test('delivers everything in receive order, and the same for the same seed', async () => {
    const run = async (): Promise<{ digest: string; receives: number[]; counts: Record<string, number> }> => {
      const started = await EmbeddedCell.start({ mode: 'lockstep', seed: 3, objects: 'seen' })
      cell = started
      const hash = createHash('sha256')
      const receives: number[] = []
      const counts = { wrench: 0, pose: 0, width: 0, frame: 0 }
      started.onReceive = receive => receives.push(receive)
      started.wrist.start((stamp, wrench) => {
        counts.wrench++
        hash.update(Float64Array.of(stamp, ...wrench))
      })
      started.onToolPose = (stamp, _receive, pose) => {
        counts.pose++
        hash.update(Float64Array.of(stamp, ...pose))
      }
      started.onGripperWidth = (stamp, _receive, width) => {
        counts.width++
        hash.update(Float64Array.of(stamp, width))
      }
      started.cameras.color.start(({ stamp, rgb, depth }) => {
        counts.frame++
        hash.update(Float64Array.of(stamp)).update(rgb).update(depth)
      })
      await started.reset(0)
      const target = Float64Array.of(0.05, 0.02, 0.2, 1, 0, 0, 0)
      for (let until = 4e6; until <= 400e6; until += 4e6) {
        if (until === 100e6) started.setToolTarget(target)
        await started.advance(until)
        expect(receives.at(-1) ?? 0).toBeLessThanOrEqual(until)
      }
      expect(started.truth().tool[0]).toBeCloseTo(0.05, 2)
      await started.close()
      return { digest: hash.digest('hex'), receives, counts }
    }
    const first = await run()
    expect(first.receives).toEqual([...first.receives].sort((a, b) => a - b))
    expect(first.counts.wrench).toBeGreaterThan(395)
    expect(first.counts.frame).toBeGreaterThanOrEqual(11)
    expect(await run()).toEqual(first)
  }, 60_000)

  test('refuses what is under way when it is closed', async () => {
    const started = await EmbeddedCell.start({ mode: 'lockstep', seed: 3, objects: 'seen' })
    cell = started
    let errors = 0
    started.onError = () => void errors++
    const refused = expect(started.reset(0).then(() => started.advance(5e9))).rejects.toMatchObject({
      code: 'CELL_CLOSED',
    })
    // A picture is waited for when this has come.
    await new Promise<void>(resolve => started.wrist.start(() => resolve()))
    await started.close()
    await refused
    expect(errors).toBe(0)
  })

  test('keeps time and the serial port over a reset, and takes a stop', async () => {
    cell = await EmbeddedCell.start({ mode: 'lockstep', seed: 3, objects: 'seen', camera: false })
    const port = cell.ports.gripper
    await cell.reset(0)
    await cell.advance(50e6)
    const setup = await cell.reset(1)
    expect(cell.ports.gripper).toBe(port)
    expect(cell.truth().stamp).toBe(50e6)
    expect(cell.truth().target).toBeDefined()
    expect(setup.objects).toEqual(cell.truth().objects.map(({ name }) => name))
    cell.said('stop')
    await cell.advance(1.2e9)
    expect(cell.verdict()).toMatchObject({ done: true, success: true })
  }, 60_000)

  test('judges by the given command instead of the drawn one', async () => {
    cell = await EmbeddedCell.start({ mode: 'lockstep', seed: 3, objects: 'seen', camera: false })
    const { objects } = await cell.reset(0)
    const other = objects.at(-1)
    await cell.reset(0, { say: `pick the ${other}` })
    expect(cell.truth().target).toBe(other)
  }, 60_000)
})

describe('the cell in real time', () => {
  test('moves its fingers by the serial driver, and no stamp lies in the future', async () => {
    const started = process.hrtime.bigint()
    cell = await EmbeddedCell.start({ mode: 'realtime', seed: 3, objects: 'seen', started, camera: false })
    let future = 0
    let samples = 0
    cell.wrist.start((stamp, _wrench, receive) => {
      samples++
      if (stamp > receive) future++
    })
    await cell.reset(0)
    const gripper = createGripper({ driver: 'robotiq-2f85', port: { path: cell.ports.gripper } })
    try {
      await gripper.connect()
      await gripper.move({ width: 0.02, speed: 0.15, effort: 40 })
      const until = Date.now() + 10_000
      while (cell.truth().width > 0.022 && Date.now() < until) await new Promise(resolve => setTimeout(resolve, 10))
      expect(cell.truth().width).toBeLessThan(0.022)
      expect((await gripper.status()).width).toBeLessThan(0.03)
    } finally {
      await gripper.close()
    }
    expect(samples).toBeGreaterThan(100)
    expect(future).toBe(0)
  }, 60_000)
})

describe('a cell that cannot start', () => {
  test('says why', async () => {
    await expect(EmbeddedCell.start({ mode: 'lockstep', seed: 1, objects: 'no/such.yaml' })).rejects.toMatchObject({
      code: 'OBJECTS_MISSING',
      exit: 2,
    })
    await expect(
      EmbeddedCell.start({ mode: 'lockstep', seed: 1, objects: 'seen', camera: { width: 64, height: 64, rate: 30 } }),
    ).rejects.toMatchObject({ code: 'CAMERA_INVALID' })
  })
})

test('a full ring refuses samples and counts them, and gives the others in order', () => {
  const ring = new SampleRing(1, 4)
  const reader = new SampleRing(1, 4, ring.buffer)
  for (let i = 0; i < 6; i++) ring.push(i, 10 * i, [i / 2])
  expect(ring.lost).toBe(2)
  const read: number[][] = []
  while (reader.peek()) {
    read.push([reader.stamp, reader.receive, reader.value[0]])
    reader.take()
  }
  expect(read).toEqual([
    [0, 0, 0],
    [1, 10, 0.5],
    [2, 20, 1],
    [3, 30, 1.5],
  ])
})
