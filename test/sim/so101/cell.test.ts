import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile, loadMujoco } from '../../../sim/embedded/mujoco.js'
import type { MainModule } from '../../../sim/embedded/mujoco.js'
import { loadFamily } from '../../../sim/objects/object-file.js'
import { HAND } from '../../../sim/so101/arm.js'
import { kinematicsXml } from '../../../sim/so101/cell-xml.js'
import { drawEpisode } from '../../../sim/so101/episode.js'
import type { So101Episode } from '../../../sim/so101/episode.js'
import { So101Judge } from '../../../sim/so101/judge.js'
import { angleFor, gapAt } from '../../../sim/so101/jaw.js'
import { AREA, BIN, BINS, binAt, binOf, binYaw, CENTRE } from '../../../sim/so101/layout.js'
import { taskOf } from '../../../sim/so101/task.js'
import { truthOf } from '../../../sim/so101/truth.js'
import { So101Driver } from './drive-so101.js'

const seen = loadFamily('small', 'seen')
const unseen = loadFamily('small', 'unseen')
let mj: MainModule
let driver: So101Driver
beforeAll(async () => {
  mj = await loadMujoco()
  driver = new So101Driver(mj)
})
afterAll(() => driver.close())

/** The first episode of a seed that is as asked. */
function episodeWith(wanted: (episode: So101Episode) => boolean, seed = 1): So101Episode {
  for (let index = 0; index < 500; index++) {
    const episode = drawEpisode(seen, seed, index)
    if (wanted(episode)) return episode
  }
  throw new Error('no such episode')
}

describe('an episode', () => {
  test('is the same for the same seed and index, and another for another', () => {
    expect(drawEpisode(seen, 3, 5)).toEqual(drawEpisode(seen, 3, 5))
    expect(drawEpisode(seen, 3, 5)).not.toEqual(drawEpisode(seen, 3, 6))
    expect(drawEpisode(seen, 3, 5)).not.toEqual(drawEpisode(seen, 4, 5))
  })

  test('has objects in the arm’s reach, out of the bins and apart, each with a grasp', () => {
    for (const models of [seen, unseen]) {
      for (let index = 0; index < 200; index++) {
        const { placed } = drawEpisode(models, 7, index)
        expect(placed.length).toBeGreaterThanOrEqual(1)
        expect(placed.length).toBeLessThanOrEqual(4)
        placed.forEach(({ pose: [x, y], grasps }, i) => {
          expect(grasps.length).toBeGreaterThan(0)
          expect(binOf(x, y)).toBeUndefined()
          const distance = Math.hypot(x - CENTRE[0], y - CENTRE[1])
          expect(distance).toBeGreaterThanOrEqual(AREA.near - 1e-9)
          expect(distance).toBeLessThanOrEqual(AREA.far + 1e-9)
          for (const other of placed.slice(i + 1))
            expect(Math.hypot(x - other.pose[0], y - other.pose[1])).toBeGreaterThan(0.06)
        })
      }
    }
  })

  test('names its object and its bin in the command, and follows a command that is given', () => {
    for (let index = 0; index < 100; index++) {
      const { command, first, bin } = drawEpisode(seen, 2, index)
      expect(taskOf(command, seen)).toEqual({ kind: 'put', name: first, bin })
    }
    const asked = drawEpisode(seen, 2, 0, { say: 'put the orange ball in the left bin', count: 2 })
    expect(asked).toMatchObject({ first: 'orange ball', bin: 'left', correction: undefined })
    expect(asked.placed.map(({ object }) => object.name)).toContain('orange ball')
    expect(drawEpisode(seen, 2, 0, { say: 'pick the orange ball' }).bin).toBeUndefined()
  })
})

describe('what is said', () => {
  test('is read as an object, a bin, both or a stop', () => {
    expect(taskOf('no, the left bin', seen)).toEqual({ kind: 'put', name: undefined, bin: 'left' })
    expect(taskOf('no, the blue cube', seen)).toEqual({ kind: 'put', name: 'blue cube', bin: undefined })
    expect(taskOf('stop', seen)).toEqual({ kind: 'stop' })
    expect(taskOf('left or right', seen)).toBeUndefined()
    expect(taskOf('good morning', seen)).toBeUndefined()
  })
})

describe('the places', () => {
  test('of a bin are inside its walls and nowhere else', () => {
    for (const bin of BINS) {
      const [x, y] = binAt(bin)
      for (let turn = 0; turn < 4; turn++) {
        const angle = binYaw(bin) + (turn * Math.PI) / 2
        const at = (share: number): [number, number] => [
          x + share * BIN.half * Math.cos(angle),
          y + share * BIN.half * Math.sin(angle),
        ]
        expect(binOf(...at(0.95))).toBe(bin)
        expect(binOf(...at(1.05))).toBeUndefined()
      }
    }
    expect(binOf(CENTRE[0] + AREA.far, 0)).toBeUndefined()
  })
})

describe('the jaw', () => {
  test('has the gap that the model has between its tip and the fixed jaw’s face', () => {
    const { model, data } = compile(mj, kinematicsXml())
    const id = (type: { value: number }, name: string): number => mj.mj_name2id(model, type.value, name)
    const pad = id(mj.mjtObj.mjOBJ_GEOM, 'pad_moving')
    const tcp = id(mj.mjtObj.mjOBJ_SITE, 'tcp')
    for (const gap of [0, 0.005, 0.02, 0.04, 0.07]) {
      expect(gapAt(angleFor(gap))).toBeCloseTo(gap, 12)
      ;(data.qpos as Float64Array)[5] = angleFor(gap)
      mj.mj_forward(model, data)
      const [at, turned] = [data.geom_xpos, data.geom_xmat].map(array => array as Float64Array)
      // The inner edge of the tip: half a pad out along x, half its thickness down along z.
      const tip = [0, 1, 2].map(
        k =>
          at![3 * pad + k]! +
          (HAND.pad.length / 2) * turned![9 * pad + 3 * k]! -
          (HAND.pad.thickness / 2) * turned![9 * pad + 3 * k + 2]!,
      )
      const face = (data.site_xpos as Float64Array).slice(3 * tcp, 3 * tcp + 3)
      const axes = (data.site_xmat as Float64Array).slice(9 * tcp, 9 * tcp + 9)
      const across = tip.reduce((sum, value, k) => sum + (value - face[k]!) * axes[3 * k + 1]!, 0)
      expect(across).toBeCloseTo(gap, 5)
    }
    data.delete()
    model.delete()
  })
})

describe('the cell', () => {
  test('gives one result for one seed, bit for bit', () => {
    const run = (): string => {
      const hash = createHash('sha256')
      const { verdict } = driver.run(drawEpisode(seen, 9, 0), () => {
        hash.update(Float64Array.from(driver.world.qpos)).update(driver.world.wrench)
      })
      return hash.update(JSON.stringify(verdict)).digest('hex')
    }
    expect(run()).toBe(run())
  })

  test('shows the weight of the hand at the wrist: 0.099 kg, whatever the pose', () => {
    driver.world.reset({ placed: [] })
    for (let i = 0; i < 1000; i++) driver.world.step()
    const [fx = 0, fy = 0, fz = 0] = driver.world.wrench
    expect(Math.hypot(fx, fy, fz)).toBeCloseTo(0.099 * 9.81, 2)
  })
})

describe('the judge', () => {
  /** Lays object `i` of an episode down in a bin and lets it rest there for `seconds`. */
  function laid(episode: So101Episode, i: number, bin: 'left' | 'right', seconds = 2): So101Judge {
    const [x, y] = binAt(bin)
    const placed = episode.placed.map((object, k) => {
      const [, , z, qx, qy, qz, qw] = object.pose
      return k === i ? { ...object, pose: [x, y, z + 0.005, qx, qy, qz, qw] as const } : object
    })
    driver.world.reset({ placed })
    const judge = new So101Judge({ ...episode, placed }, driver.world, 0)
    for (let ms = 0; ms < 1000 * seconds && !judge.verdict.done; ms++) {
      driver.world.step()
      judge.step(driver.world, ms * 1e6)
    }
    return judge
  }
  const twoObjects = (): So101Episode =>
    episodeWith(({ placed, bin, first }) => placed.length === 2 && bin === 'left' && placed[0]?.object.name === first)

  test('gives the win for the named object at rest in the named bin, and not before it has rested half a second', () => {
    expect(laid(twoObjects(), 0, 'left').verdict).toMatchObject({ done: true, success: true })
    expect(laid(twoObjects(), 0, 'left', 0.3).verdict.done).toBe(false)
  })

  test('does not give it for another object, and says so when the named one is in the wrong bin', () => {
    expect(laid(twoObjects(), 1, 'left').verdict.done).toBe(false)
    expect(laid(twoObjects(), 0, 'right').verdict).toMatchObject({ success: false, reason: 'wrong_bin' })
  })

  test('takes either bin when none was named', () => {
    const episode = { ...twoObjects(), bin: undefined }
    expect(laid(episode, 0, 'right').verdict.success).toBe(true)
    expect(laid(episode, 0, 'left').verdict.success).toBe(true)
  })

  test('fails an arm that moves on after a stop, and passes one that stands', () => {
    const episode = episodeWith(({ correction }) => correction?.text === 'stop')
    expect(driver.run(episode).verdict).toMatchObject({ done: true, success: true })
    driver.world.reset(episode)
    const judge = new So101Judge(episode, driver.world, 0)
    judge.said('stop', 0)
    for (let ms = 0; !judge.verdict.done; ms++) {
      driver.world.servos[0]!.drive(0.001 * ms, 1)
      driver.world.step()
      judge.step(driver.world, ms * 1e6)
    }
    expect(judge.verdict).toMatchObject({ success: false, reason: 'moved_after_stop' })
  })

  test('ends an episode in which nothing happens after its time', () => {
    const episode = { ...twoObjects(), timeout: 1e9 }
    driver.world.reset(episode)
    const judge = new So101Judge(episode, driver.world, 0)
    for (let ms = 0; !judge.verdict.done; ms++) {
      driver.world.step()
      judge.step(driver.world, ms * 1e6)
    }
    expect(judge.verdict).toMatchObject({ success: false, reason: 'not_grasped' })
    expect(truthOf(episode, driver.world, judge).target).toBe(episode.first)
  })
})

describe('the scripted expert', () => {
  test('wins 5 of 6 episodes at least, seen and unseen', () => {
    for (const models of [seen, unseen]) {
      let wins = 0
      for (let index = 0; index < 6; index++) if (driver.run(drawEpisode(models, 21, index)).verdict.success) wins++
      expect(wins).toBeGreaterThanOrEqual(5)
    }
  }, 120_000)

  test('wins by chunks too: half a second of set-points, 30 times a second', () => {
    let wins = 0
    for (let index = 0; index < 3; index++)
      if (driver.run(drawEpisode(seen, 22, index), undefined, { chunks: true }).verdict.success) wins++
    expect(wins).toBe(3)
  }, 120_000)

  test('never leads a joint beyond its range, and stands still without a target', () => {
    const episode = episodeWith(({ correction }) => correction === undefined)
    driver.world.reset(episode)
    const judge = new So101Judge(episode, driver.world, 0)
    const rates = driver.expert.rates({ ...truthOf(episode, driver.world, judge), target: undefined })
    expect([...rates]).toEqual([0, 0, 0, 0, 0, 0])
    driver.run(episode, () => {
      driver.world.servos.slice(0, 5).forEach(({ angle }, i) => {
        expect(angle).toBeGreaterThan(driver.arm.low[i]! - 0.03)
        expect(angle).toBeLessThan(driver.arm.high[i]! + 0.03)
      })
    })
  })
})
