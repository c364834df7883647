import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { hitsOf, RayCaster } from '../../sim/camera/ray-caster.js'
import { compile, loadMujoco } from '../../sim/embedded/mujoco.js'
import type { MainModule } from '../../sim/embedded/mujoco.js'
import { Random } from '../../sim/embedded/random.js'

const SIDE = 24

let mj: MainModule
beforeAll(async () => {
  mj = await loadMujoco()
})

/** One of each primitive, turned and placed at random about the origin, above a plane. */
function scene(random: Random): string {
  const size = (): string => random.uniform(0.02, 0.08).toFixed(4)
  const geoms = ['sphere', 'capsule', 'ellipsoid', 'cylinder', 'box', 'box'].map(type => {
    const pos = [0, 0, 0].map(() => random.uniform(-0.2, 0.2)).join(' ')
    const quat = [0, 0, 0, 0].map(() => random.normal()).join(' ')
    return `<geom type="${type}" size="${size()} ${size()} ${size()}" pos="${pos}" quat="${quat}"/>`
  })
  return (
    '<mujoco><worldbody><geom type="plane" size="0.6 0.4 0.1" pos="0 0 -0.3"/><geom size="0.3" ' +
    `rgba="1 1 1 0"/>${geoms.join('')}</worldbody></mujoco>`
  )
}

/** A picture's rays from a point outside towards the origin. */
function view(random: Random): { origin: number[]; rays: Float64Array } {
  const [azimuth, height] = [random.uniform(-Math.PI, Math.PI), random.uniform(0, 0.4)]
  const origin = [0.5 * Math.cos(azimuth), 0.5 * Math.sin(azimuth), height]
  const rays = new Float64Array(3 * SIDE * SIDE)
  for (let at = 0; at < SIDE * SIDE; at++) {
    const u = 0.6 * ((at % SIDE) / SIDE - 0.5),
      v = 0.6 * (Math.floor(at / SIDE) / SIDE - 0.5)
    const ray = [-Math.cos(azimuth) - u * Math.sin(azimuth), -Math.sin(azimuth) + u * Math.cos(azimuth), v - 2 * height]
    rays.set(
      ray.map(value => value / Math.hypot(...ray)),
      3 * at,
    )
  }
  return { origin, rays }
}

describe('a cast ray', () => {
  it('meets the geom that mj_ray meets, as far away, at the same normal, whatever its run leaves out', () => {
    const id = new mj.IntBuffer(1),
      normal = new mj.DoubleBuffer(3)
    fc.assert(
      fc.property(fc.nat(), seed => {
        const random = new Random(seed, 'rays')
        const { model, data } = compile(mj, scene(random))
        mj.mj_forward(model, data)
        const { origin, rays } = view(random)
        const caster = new RayCaster(mj, model)
        const hits = hitsOf(SIDE * SIDE)
        caster.pose(data)
        caster.cast(origin, rays, hits)
        const found = new Float64Array(3)
        for (let at = 0; at < SIDE * SIDE; at++) {
          const ray = rays.subarray(3 * at, 3 * at + 3)
          const distance = mj.mj_ray(model, data, origin, [...ray], null as unknown as number[], true, -1, id, normal)
          expect(hits.geoms[at]).toBe((id.GetView() as Int32Array)[0])
          if (distance < 0) {
            expect(hits.distances[at]).toBe(Infinity)
            continue
          }
          expect(hits.distances[at]).toBeCloseTo(distance, 10)
          const [x, y, z] = origin.map((value, i) => value + distance * ray[i])
          caster.normal(hits.geoms[at], x, y, z, found)
          ;(normal.GetView() as Float64Array).forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6))
        }
        data.delete()
        model.delete()
      }),
      { numRuns: 30 },
    )
    id.delete()
    normal.delete()
  })

  it('along the axis of a round solid, where its side has no equation, ends at the flat or round end', () => {
    const { model, data } = compile(
      mj,
      `<mujoco><worldbody>
      <geom type="cylinder" size="0.05 0.1"/><geom type="capsule" size="0.05 0.1" pos="1 0 0"/></worldbody></mujoco>`,
    )
    mj.mj_forward(model, data)
    const caster = new RayCaster(mj, model)
    caster.pose(data)
    const hits = hitsOf(1)
    for (const [x, expected] of [
      [0, 0.9],
      [0.049, 0.9],
      [0.051, Infinity],
      [1, 0.85],
    ]) {
      caster.cast([x, 0, 1], Float64Array.of(0, 0, -1), hits)
      expect(hits.distances[0]).toBeCloseTo(expected, 10)
    }
  })
})

it('a visible geom that is no primitive is refused, naming its type', () => {
  const { model } = compile(
    mj,
    `<mujoco><asset><mesh name="m" vertex="0 0 0 1 0 0 0 1 0 0 0 1"/></asset>
    <worldbody><geom type="mesh" mesh="m"/></worldbody></mujoco>`,
  )
  expect(() => new RayCaster(mj, model)).toThrow(/geom 0: .*type 7/)
})
