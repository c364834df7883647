import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { SimError } from '../sim-error.js'
import { Grain } from './grain.js'
import { intrinsics } from './intrinsics.js'
import type { Intrinsics } from './intrinsics.js'
import { PLAIN_LIGHTING } from './scene-lighting.js'
import type { SceneLighting } from './scene-lighting.js'
import { SensorNoise } from './noise.js'
import type { CameraNoise } from './noise.js'
import { hitsOf, RayCaster } from './ray-caster.js'
import type { Hits } from './ray-caster.js'

export interface RendererOptions {
  /** Name of an MJCF camera. */
  readonly camera: string
  readonly width: number
  readonly height: number
  /** Full vertical angle of view in degrees. Default: that of the MJCF camera. */
  readonly fovyDeg?: number
  /** Name of the geom with the wood grain. Default: `table`. */
  readonly grained?: string
}

/** A picture. `rgb`: 3 bytes a pixel. `depth`: mm along the optical axis, 0 is invalid. Row-major from the top left. */
export interface RgbdBuffers {
  readonly rgb: Uint8Array
  readonly depth: Uint16Array
}

/** m by which a surface may lie behind the lamp's first hit and still be lit. */
const SHADOW_BIAS = 0.003
const LEVELS = 4095

/**
 * An RGB-D camera by ray casting. One lamp gives Lambert light and a small highlight, and ambient light comes from
 * above. Shadows are cast for every fourth pixel and interpolated within a geom. The sensor's noise is added at the
 * end.
 *
 * `data` must hold the kinematics and the cameras' poses: mj_kinematics, mj_comPos and mj_camlight, or mj_forward, or
 * mj_step.
 *
 * A wrist camera that sees both the table and the grasp, in the gripper's frame (z points out of it, TCP at z = 0.16
 * m): `<camera name="color" pos="-0.085 0 0.035" xyaxes="0 1 0 0.9563 0 -0.2924" fovy="70"/>`. It is 85 mm behind and
 * 125 mm above the TCP, looks along z tilted by 17° towards it, with the image's right along the tool's y and the
 * image's top along its x. With the TCP 0.28 m above the table's centre it sees whole objects at x ±0.16, y ±0.13 m. At
 * the grasp it sees the fingertips and what is between them.
 */
export class Renderer {
  readonly intrinsics: Intrinsics
  readonly #caster: RayCaster
  readonly #camera: number
  readonly #grained: number
  readonly #albedo: Float32Array
  readonly #grain = new Grain()
  readonly #noise = new SensorNoise()
  readonly #response = responseCurve()
  /**
   * Directions of the rays in MuJoCo's camera frame (it looks along -z, y up) and in the world, and 1 / the length of a
   * ray that goes 1 m along the axis.
   */
  readonly #local: Float64Array
  readonly #rays: Float64Array
  readonly #cosine: Float64Array
  readonly #z: Float32Array
  readonly #seen: Hits
  readonly #normal = new Float64Array(3)
  readonly #origin = [0, 0, 0]
  readonly #lamp = [0, 0, 0]
  readonly #shadowWidth: number
  readonly #shadowRays: Float64Array
  readonly #shadowReach: Float64Array
  readonly #shadowSeen: Hits
  readonly #lit: Float32Array

  /**
   * Throws SimError CAMERA_MISSING when the model has no camera of that name, and CAMERA_SHAPE when it shows something
   * else than primitives.
   */
  constructor(mj: MainModule, model: MjModel, { camera, width, height, fovyDeg, grained = 'table' }: RendererOptions) {
    this.#camera = mj.mj_name2id(model, mj.mjtObj.mjOBJ_CAMERA.value, camera)
    if (this.#camera < 0)
      throw new SimError(
        'CAMERA_MISSING',
        `camera "${camera}": the MJCF model has none of that name; name one of its <camera> elements`,
      )
    this.#caster = new RayCaster(mj, model)
    this.#grained = mj.mj_name2id(model, mj.mjtObj.mjOBJ_GEOM.value, grained)
    this.intrinsics = intrinsics(fovyDeg ?? (model.cam_fovy as Float64Array)[this.#camera]!, width, height)
    this.#albedo = albedoOf(model)
    const count = width * height
    this.#local = new Float64Array(3 * count)
    this.#rays = new Float64Array(3 * count)
    this.#cosine = new Float64Array(count)
    this.#z = new Float32Array(count)
    const { f, cx, cy } = this.intrinsics
    for (let v = 0, at = 0; v < height; v++) {
      for (let u = 0; u < width; u++, at++) {
        const x = (u - cx) / f,
          y = (cy - v) / f,
          cosine = 1 / Math.sqrt(x * x + y * y + 1)
        this.#cosine[at] = cosine
        this.#local[3 * at] = x * cosine
        this.#local[3 * at + 1] = y * cosine
        this.#local[3 * at + 2] = -cosine
      }
    }
    this.#shadowWidth = (width + 1) >> 1
    const shadows = this.#shadowWidth * ((height + 1) >> 1)
    this.#shadowRays = new Float64Array(3 * shadows)
    this.#shadowReach = new Float64Array(shadows)
    this.#lit = new Float32Array(shadows)
    this.#seen = hitsOf(count)
    this.#shadowSeen = hitsOf(shadows)
  }

  /** Renders the camera's view of `data` into `out` (width * height pixels). */
  render(data: MjData, out: RgbdBuffers, noise: CameraNoise, lighting: SceneLighting = PLAIN_LIGHTING): void {
    this.#aim(data)
    this.#caster.pose(data)
    this.#caster.cast(this.#origin, this.#rays, this.#seen)
    this.#lit.fill(0)
    for (let sample = 0; sample < lighting.lampSamples; sample++) this.#castShadows(lighting, sample)
    this.#shade(out.rgb, lighting)
    const { width, height } = this.intrinsics
    this.#noise.apply(this.#z, width, height, out.depth, out.rgb, noise)
  }

  #aim(data: MjData): void {
    const at = (data.cam_xpos as Float64Array).subarray(3 * this.#camera, 3 * this.#camera + 3)
    for (let i = 0; i < 3; i++) this.#origin[i] = at[i]!
    const [a = NaN, b = NaN, c = NaN, d = NaN, e = NaN, f = NaN, g = NaN, h = NaN, k = NaN] = (
      data.cam_xmat as Float64Array
    ).subarray(9 * this.#camera, 9 * this.#camera + 9)
    const local = this.#local,
      rays = this.#rays
    for (let i = 0; i < local.length; i += 3) {
      const x = local[i]!,
        y = local[i + 1]!,
        z = local[i + 2]!
      rays[i] = a * x + b * y + c * z
      rays[i + 1] = d * x + e * y + f * z
      rays[i + 2] = g * x + h * y + k * z
    }
  }

  /** Adds the light of one point of the lamp to `lit`: 0..1 for every second pixel of every second row. */
  #castShadows({ light, lampRadius, lampSamples }: SceneLighting, sample: number): void {
    const { width, height } = this.intrinsics
    const [ox = NaN, oy = NaN, oz = NaN] = this.#origin
    const rays = this.#rays,
      shadowRays = this.#shadowRays,
      reach = this.#shadowReach,
      lit = this.#lit
    const distances = this.#seen.distances,
      first = this.#shadowSeen.distances
    // Vogel's spiral spreads the points evenly over the lamp's disc.
    const radius = lampRadius * Math.sqrt((sample + 0.5) / lampSamples),
      angle = 2.399963 * sample
    const lx = (this.#lamp[0] = light[0] + radius * Math.cos(angle))
    const ly = (this.#lamp[1] = light[1] + radius * Math.sin(angle))
    const lz = (this.#lamp[2] = light[2])
    for (let v = 0, s = 0; v < height; v += 2) {
      for (let u = 0; u < width; u += 2, s++) {
        const at = v * width + u
        const far = distances[at]! < Infinity ? distances[at]! : 0
        const x = ox + far * rays[3 * at]! - lx,
          y = oy + far * rays[3 * at + 1]! - ly,
          z = oz + far * rays[3 * at + 2]! - lz
        const length = Math.sqrt(x * x + y * y + z * z)
        reach[s] = length
        shadowRays[3 * s] = x / length
        shadowRays[3 * s + 1] = y / length
        shadowRays[3 * s + 2] = z / length
      }
    }
    this.#caster.cast(this.#lamp, shadowRays, this.#shadowSeen)
    for (let s = 0; s < lit.length; s++) if (first[s]! > reach[s]! - SHADOW_BIAS) lit[s]! += 1 / lampSamples
  }

  #shade(rgb: Uint8Array, lighting: SceneLighting): void {
    const { width, height } = this.intrinsics
    const [ox = NaN, oy = NaN, oz = NaN] = this.#origin
    const [lx, ly, lz] = lighting.light
    const { exposure, ambient, intensity, grain } = lighting
    const [shiftX, shiftY] = lighting.grainShift
    const rays = this.#rays,
      cosine = this.#cosine,
      zs = this.#z,
      albedo = this.#albedo,
      response = this.#response
    const { geoms, distances } = this.#seen
    const caster = this.#caster,
      normal = this.#normal
    const [backR = 0, backG = 0, backB = 0] = lighting.background.map(value => value * 255)
    for (let v = 0, at = 0; v < height; v++) {
      for (let u = 0; u < width; u++, at++) {
        const distance = distances[at]!,
          geom = geoms[at]!,
          o = 3 * at
        if (geom < 0) {
          zs[at] = Infinity
          rgb[o] = backR
          rgb[o + 1] = backG
          rgb[o + 2] = backB
          continue
        }
        zs[at] = distance * cosine[at]!
        const rx = rays[o]!,
          ry = rays[o + 1]!,
          rz = rays[o + 2]!
        const px = ox + distance * rx,
          py = oy + distance * ry,
          pz = oz + distance * rz
        caster.normal(geom, px, py, pz, normal)
        let nx = normal[0]!,
          ny = normal[1]!,
          nz = normal[2]!
        if (nx * rx + ny * ry + nz * rz > 0) {
          nx = -nx
          ny = -ny
          nz = -nz
        }
        let tx = lx - px,
          ty = ly - py,
          tz = lz - pz
        const square = tx * tx + ty * ty + tz * tz,
          inverse = 1 / Math.sqrt(square)
        tx *= inverse
        ty *= inverse
        tz *= inverse
        const facing = nx * tx + ny * ty + nz * tz
        let light = ambient * (0.7 + 0.3 * nz),
          shine = 0
        if (facing > 0) {
          const lamp = (this.#litAt(u, v, geom) * intensity) / square
          light += lamp * facing
          if (geom !== this.#grained) {
            const hx = tx - rx,
              hy = ty - ry,
              hz = tz - rz
            let gloss = Math.max(0, (nx * hx + ny * hy + nz * hz) / Math.sqrt(hx * hx + hy * hy + hz * hz))
            gloss *= gloss
            gloss *= gloss
            gloss *= gloss
            gloss *= gloss
            gloss *= gloss
            shine = 0.1 * lamp * gloss
          }
        }
        if (geom === this.#grained && grain > 0) light *= 1 + grain * (this.#grain.at(px + shiftX, py + shiftY) - 1)
        light *= exposure * LEVELS
        shine *= exposure * LEVELS
        for (let c = 0; c < 3; c++) {
          const level = albedo[3 * geom + c]! * light + shine
          rgb[o + c] = response[level > LEVELS ? LEVELS : level | 0]!
        }
      }
    }
  }

  /** The part of the lamp that a pixel sees: the mean of the neighbouring shadow samples on the same geom. */
  #litAt(u: number, v: number, geom: number): number {
    const { width, height } = this.intrinsics
    const lit = this.#lit,
      geoms = this.#seen.geoms
    const u0 = u & ~1,
      v0 = v & ~1
    const u1 = u0 + 2 < width && u !== u0 ? u0 + 2 : u0,
      v1 = v0 + 2 < height && v !== v0 ? v0 + 2 : v0
    let sum = 0,
      weight = 0
    for (let y = v0; y <= v1; y += 2) {
      for (let x = u0; x <= u1; x += 2) {
        const w = geoms[y * width + x] === geom ? 1 : 1e-3
        sum += w * lit[(y >> 1) * this.#shadowWidth + (x >> 1)]!
        weight += w
      }
    }
    return sum / weight
  }
}

/** Linear rgb of each geom, from its material if it has one, otherwise from its own rgba. */
function albedoOf(model: MjModel): Float32Array {
  const rgba = model.geom_rgba as Float32Array,
    material = model.geom_matid as Int32Array,
    materials = model.mat_rgba as Float32Array
  return Float32Array.from({ length: 3 * material.length }, (_, i) => {
    const geom = Math.floor(i / 3),
      c = i % 3
    return (material[geom]! >= 0 ? materials[4 * material[geom]! + c]! : rgba[4 * geom + c]!) ** 2.2
  })
}

/** Table from linear light (0..LEVELS) to 8 bits. */
const responseCurve = (): Uint8Array =>
  Uint8Array.from({ length: LEVELS + 1 }, (_, i) => Math.round(255 * (i / LEVELS) ** (1 / 2.2)))
