import { beforeAll, describe, expect, it } from 'vitest'
import { cameraMatrix, intrinsics } from '../../sim/camera/intrinsics.js'
import { drawLighting, PLAIN_LIGHTING } from '../../sim/camera/scene-lighting.js'
import { cameraNoise, NO_NOISE } from '../../sim/camera/noise.js'
import { Renderer } from '../../sim/camera/renderer.js'
import type { RgbdBuffers } from '../../sim/camera/renderer.js'
import { compile, loadMujoco } from '../../sim/embedded/mujoco.js'
import type { MainModule } from '../../sim/embedded/mujoco.js'

const SIDE = 96
const FOVY = 60
/** Rotation about the view's x axis: the camera looks down, tilted by `tilt` degrees towards +y. */
const camera = (tilt = 0, height = 0.5): string =>
  `<camera name="eye" pos="0 0 ${height}" euler="${tilt} 0 0" fovy="${FOVY}"/>`
const TABLE = '<geom name="table" type="plane" size="2 2 0.1" rgba="0.5 0.5 0.5 1"/>'

let mj: MainModule
beforeAll(async () => {
  mj = await loadMujoco()
})

function shoot(bodies: string, noise = NO_NOISE, look = PLAIN_LIGHTING, width = SIDE, height = SIDE): RgbdBuffers {
  const { model, data } = compile(mj, `<mujoco><worldbody>${bodies}</worldbody></mujoco>`)
  mj.mj_forward(model, data)
  const renderer = new Renderer(mj, model, { camera: 'eye', width, height })
  const frame = { rgb: new Uint8Array(3 * width * height), depth: new Uint16Array(width * height) }
  renderer.render(data, frame, noise, look)
  data.delete()
  model.delete()
  return frame
}

/** Spread of a plane's depth around its true distance, mm. */
function spread(distance: number): number {
  const { depth } = shoot(camera(0, distance) + TABLE, cameraNoise(7))
  return Math.sqrt(depth.reduce((sum, mm) => sum + (mm - 1000 * distance) ** 2, 0) / depth.length)
}

describe('depth', () => {
  it('of a plane square to the axis is the distance along the axis, not along the ray', () => {
    expect(new Set(shoot(camera() + TABLE).depth)).toEqual(new Set([500]))
  })

  it('of a tilted plane follows the pinhole model at every pixel', () => {
    const { f, cy } = intrinsics(FOVY, SIDE, SIDE)
    const { depth } = shoot(camera(15) + TABLE)
    const tilt = (15 * Math.PI) / 180
    for (let v = 0; v < SIDE; v++) {
      const down = Math.cos(tilt) - Math.sin(tilt) * ((cy - v) / f)
      for (const u of [0, 17, SIDE - 1]) expect(Math.abs(depth[v * SIDE + u] - 500 / down)).toBeLessThanOrEqual(0.51)
    }
  })

  it('of a sphere is the near root of the quadratic', () => {
    const { f, cx, cy } = intrinsics(FOVY, SIDE, SIDE)
    const { depth } = shoot(camera() + '<geom type="sphere" size="0.08" pos="0 0 0.2"/>')
    for (let v = 0; v < SIDE; v++) {
      for (let u = 0; u < SIDE; u++) {
        const x = (u - cx) / f,
          y = (v - cy) / f,
          a = x * x + y * y + 1
        const root = 0.3 * 0.3 - a * (0.3 * 0.3 - 0.08 * 0.08)
        const expected = root < 0 ? 0 : (1000 * (0.3 - Math.sqrt(root))) / a
        expect(Math.abs(depth[v * SIDE + u] - expected)).toBeLessThanOrEqual(0.51)
      }
    }
  })

  it('is 0 where nothing is hit, nearer than 60 mm or beyond 3 m', () => {
    expect(new Set(shoot(camera()).depth)).toEqual(new Set([0]))
    expect(new Set(shoot(camera(0, 0.055) + TABLE).depth)).toEqual(new Set([0]))
    expect(new Set(shoot(camera(0, 3.1) + TABLE).depth)).toEqual(new Set([0]))
  })
})

describe('intrinsics', () => {
  it.each([
    [SIDE, SIDE],
    [160, 120],
  ])('project a known point to the pixel where it is seen (%d x %d)', (width, height) => {
    const [x, y, z] = [0.11, -0.07, 0.05]
    const k = cameraMatrix(intrinsics(FOVY, width, height))
    const { rgb, depth } = shoot(
      camera() + TABLE + `<geom type="sphere" size="0.012" pos="${x} ${y} ${z}" rgba="1 0 0 1"/>`,
      NO_NOISE,
      PLAIN_LIGHTING,
      width,
      height,
    )
    // Optical frame: x right = world x, y down = -world y, z forward = -world z.
    const ahead = 0.5 - z
    const u = (k[0] * x) / ahead + k[2],
      v = (k[4] * -y) / ahead + k[5]
    let sumU = 0,
      sumV = 0,
      count = 0
    for (let at = 0; at < width * height; at++) {
      if (rgb[3 * at] < 3 * rgb[3 * at + 1]) continue
      sumU += at % width
      sumV += Math.floor(at / width)
      count++
    }
    expect(count).toBeGreaterThan(8)
    expect(Math.hypot(sumU / count - u, sumV / count - v)).toBeLessThan(0.5)
    expect(depth[Math.round(v) * width + Math.round(u)]).toBeCloseTo(1000 * (ahead - 0.012), -1)
  })
})

describe('light', () => {
  const look = { ...PLAIN_LIGHTING, light: [0, 0, 1] as const, grain: 0 }
  const plate = '<geom type="box" size="0.03 0.03 0.002" pos="0.1 0 0.3"/>'
  // The plate's centre shadows the point where the line from the lamp through it meets the table: 0.1 / 0.7 m from the
  // axis.
  const shadowed = (): number => {
    const { f, cx, cy } = intrinsics(FOVY, SIDE, SIDE)
    return Math.round(cy) * SIDE + Math.round(cx + (f * (0.1 / 0.7)) / 0.5)
  }

  it('is kept off by what stands between lamp and table', () => {
    // From 0.5 m the plate (0.2 m below the camera) is seen at 0.1 / 0.2, outside the shadow's line of sight at 0.143 /
    // 0.5.
    const open = shoot(camera() + TABLE, NO_NOISE, look).rgb[3 * shadowed()]
    const dark = shoot(camera() + TABLE + plate, NO_NOISE, look).rgb[3 * shadowed()]
    expect(dark).toBeLessThan(0.75 * open)
    expect(dark).toBeGreaterThan(20)
  })

  it('from a lamp with an extent leaves half-shadows', () => {
    const soft = shoot(camera() + TABLE + plate, NO_NOISE, { ...look, lampRadius: 0.1, lampSamples: 16 }).rgb
    const hard = shoot(camera() + TABLE + plate, NO_NOISE, look).rgb
    const levels = (rgb: Uint8Array): number => new Set(rgb.subarray(3 * 48 * SIDE, 3 * 49 * SIDE)).size
    expect(levels(soft)).toBeGreaterThan(levels(hard))
  })

  it('falls off with the cosine and the squared distance (Lambert)', () => {
    const { rgb } = shoot(camera() + TABLE, NO_NOISE, { ...look, ambient: 0, intensity: 0.9 })
    const { f, cx, cy } = intrinsics(FOVY, SIDE, SIDE)
    for (const u of [10, 48, 90]) {
      const x = (0.5 * (u - cx)) / f,
        y = (0.5 * (48 - cy)) / f,
        square = x * x + y * y + 1
      const linear = (0.5 ** 2.2 * 0.9) / square ** 1.5
      expect(Math.abs(rgb[3 * (48 * SIDE + u)] - 255 * linear ** (1 / 2.2))).toBeLessThan(2)
    }
  })

  it('and exposure differ from episode to episode, and not for one seed', () => {
    expect(drawLighting(3, 5)).toEqual(drawLighting(3, 5))
    expect(drawLighting(3, 5)).not.toEqual(drawLighting(3, 6))
  })
})

describe('noise', () => {
  it('grows with the square of the distance', () => {
    const near = spread(0.3),
      far = spread(1.5)
    // 0.2 mm + 3.3 mm/m² z², and the rounding to whole millimetres (1/12 mm²).
    expect(near).toBeCloseTo(Math.hypot(0.2 + 3.3 * 0.09, Math.sqrt(1 / 12)), 1)
    expect(far / (0.2 + 3.3 * 2.25)).toBeCloseTo(1, 1)
  })

  it('is the same for one seed and another for another', () => {
    const scene = camera(10) + TABLE
    const first = shoot(scene, cameraNoise(4))
    expect(shoot(scene, cameraNoise(4))).toEqual(first)
    expect(shoot(scene, cameraNoise(5))).not.toEqual(first)
  })

  it('takes depth away at edges, by the given share, and nowhere else', () => {
    const scene = camera() + TABLE + '<geom type="box" size="0.05 0.05 0.05" pos="0 0 0.05"/>'
    const clean = shoot(scene).depth
    const noisy = shoot(scene, cameraNoise(9)).depth
    let edge = 0,
      lost = 0
    for (let v = 0; v < SIDE; v++) {
      for (let u = 0; u < SIDE; u++) {
        const at = v * SIDE + u
        const beside = [
          u > 0 ? at - 1 : at,
          u < SIDE - 1 ? at + 1 : at,
          v > 0 ? at - SIDE : at,
          v < SIDE - 1 ? at + SIDE : at,
        ]
        if (beside.every(other => Math.abs(clean[other] - clean[at]) < 10)) expect(noisy[at]).toBeGreaterThan(0)
        else {
          edge++
          if (noisy[at] === 0) lost++
        }
      }
    }
    expect(edge).toBeGreaterThan(100)
    expect(lost / edge).toBeCloseTo(cameraNoise(9).edgeLoss, 1)
  })
})

it('a camera that the model does not have is refused by name', () => {
  const { model } = compile(mj, `<mujoco><worldbody>${TABLE}</worldbody></mujoco>`)
  expect(() => new Renderer(mj, model, { camera: 'color', width: 8, height: 8 })).toThrow(/camera "color"/)
})
