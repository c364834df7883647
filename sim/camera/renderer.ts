import type { DoubleBuffer, IntBuffer, MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { SimError } from '../sim-error.js'
import { Grain } from './grain.js'
import { intrinsics } from './intrinsics.js'
import type { Intrinsics } from './intrinsics.js'
import { PLAIN_LOOK } from './look.js'
import type { CameraLook } from './look.js'
import { SensorNoise } from './noise.js'
import type { CameraNoise } from './noise.js'

export interface RendererOptions {
  /** A named MJCF camera. */
  readonly camera: string
  readonly width: number
  readonly height: number
  /** Full vertical angle of view, degrees; default: the MJCF camera's. */
  readonly fovyDeg?: number
  /** Name of the geom that carries the grain; default `table`. */
  readonly grained?: string
}

/** `rgb`: 3 bytes a pixel; `depth`: mm along the optical axis, 0 is invalid. Both row-major from the top left. */
export interface Frame {
  readonly rgb: Uint8Array
  readonly depth: Uint16Array
}

/** m. Rays end here. */
const CUTOFF = 8
/** m. A surface this near to what the lamp sees first is lit. */
const SHADOW_BIAS = 0.003
const LEVELS = 4095

/**
 * An RGB-D camera by ray casting (mj_multiRay): Lambert light and a small highlight from one lamp, ambient light from above, shadows cast
 * for every fourth pixel and spread within the same geom, the sensor's noise on top. A frame allocates nothing but WASM's views.
 *
 * mj_multiRay leaves out parts of a body that has several geoms spread widely around the camera: give each piece of scenery its own body.
 *
 * `data` must hold the kinematics and the cameras' poses (mj_kinematics, mj_comPos and mj_camlight; mj_forward and mj_step do these).
 *
 * A wrist camera that sees both the table and the grasp: in the frame of the gripper (z out of it, TCP at z = 0.16 m) at
 * (-0.085, 0, 0.035), 85 mm behind and 125 mm above the TCP, looking along z tilted 17° towards it, image right along the tool's y, image up
 * along its x: `<camera name="color" pos="-0.085 0 0.035" xyaxes="0 1 0 0.9563 0 -0.2924" fovy="70"/>`. With the TCP 0.28 m above
 * the table's centre it sees objects at x ±0.16, y ±0.13 m whole; at the grasp it sees the fingertips and what is between them.
 */
export class Renderer {
  readonly intrinsics: Intrinsics
  readonly #mj: MainModule
  readonly #model: MjModel
  readonly #camera: number
  readonly #grained: number
  readonly #albedo: Float32Array
  readonly #grain = new Grain()
  readonly #noise = new SensorNoise()
  readonly #response = responseCurve()
  /** Ray directions in MuJoCo's camera frame (looks along -z, y up) and in the world; 1 / length of the ray that goes 1 m along the axis. */
  readonly #local: Float64Array
  readonly #rays: Float64Array
  readonly #cosine: Float64Array
  readonly #z: Float32Array
  readonly #ids: IntBuffer
  readonly #distances: DoubleBuffer
  readonly #normals: DoubleBuffer
  readonly #origin = [0, 0, 0]
  readonly #lamp = [0, 0, 0]
  readonly #shadowWidth: number
  readonly #shadowRays: Float64Array
  readonly #shadowReach: Float64Array
  readonly #lit: Float32Array
  readonly #shadowIds: IntBuffer
  readonly #shadowDistances: DoubleBuffer

  /** Throws SimError CAMERA_MISSING if the model has no camera of that name. */
  constructor(mj: MainModule, model: MjModel, { camera, width, height, fovyDeg, grained = 'table' }: RendererOptions) {
    this.#mj = mj
    this.#model = model
    this.#camera = mj.mj_name2id(model, mj.mjtObj.mjOBJ_CAMERA.value, camera)
    if (this.#camera < 0) throw new SimError('CAMERA_MISSING', `camera "${camera}": the MJCF model has none of that name; name one of its <camera> elements`)
    this.#grained = mj.mj_name2id(model, mj.mjtObj.mjOBJ_GEOM.value, grained)
    this.intrinsics = intrinsics(fovyDeg ?? (model.cam_fovy as Float64Array)[this.#camera], width, height)
    this.#albedo = albedoOf(model)
    const count = width * height
    this.#local = new Float64Array(3 * count)
    this.#rays = new Float64Array(3 * count)
    this.#cosine = new Float64Array(count)
    this.#z = new Float32Array(count)
    const { f, cx, cy } = this.intrinsics
    for (let v = 0, at = 0; v < height; v++) {
      for (let u = 0; u < width; u++, at++) {
        const x = (u - cx) / f, y = (cy - v) / f, cosine = 1 / Math.sqrt(x * x + y * y + 1)
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
    this.#ids = new mj.IntBuffer(count)
    this.#distances = new mj.DoubleBuffer(count)
    this.#normals = new mj.DoubleBuffer(3 * count)
    this.#shadowIds = new mj.IntBuffer(shadows)
    this.#shadowDistances = new mj.DoubleBuffer(shadows)
  }

  /** Fills `out` (width * height pixels) with what the camera sees in `data`. */
  render(data: MjData, out: Frame, noise: CameraNoise, look: CameraLook = PLAIN_LOOK): void {
    const { width, height } = this.intrinsics
    this.#aim(data)
    this.#mj.mj_multiRay(this.#model, data, this.#origin, this.#rays as unknown as number[], null as unknown as number[], true, -1,
      this.#ids, this.#distances, this.#normals, width * height, CUTOFF)
    this.#lit.fill(0)
    for (let sample = 0; sample < look.lampSamples; sample++) this.#castShadows(data, look, sample)
    this.#shade(out.rgb, look)
    this.#noise.apply(this.#z, width, height, out.depth, out.rgb, noise)
  }

  /** Frees MuJoCo's buffers. */
  close(): void {
    for (const buffer of [this.#ids, this.#distances, this.#normals, this.#shadowIds, this.#shadowDistances]) buffer.delete()
  }

  #aim(data: MjData): void {
    const at = (data.cam_xpos as Float64Array).subarray(3 * this.#camera, 3 * this.#camera + 3)
    for (let i = 0; i < 3; i++) this.#origin[i] = at[i]
    const [a, b, c, d, e, f, g, h, k] = (data.cam_xmat as Float64Array).subarray(9 * this.#camera, 9 * this.#camera + 9)
    const local = this.#local, rays = this.#rays
    for (let i = 0; i < local.length; i += 3) {
      const x = local[i], y = local[i + 1], z = local[i + 2]
      rays[i] = a * x + b * y + c * z
      rays[i + 1] = d * x + e * y + f * z
      rays[i + 2] = g * x + h * y + k * z
    }
  }

  /** Adds one point of the lamp to `lit`, 0..1 for every second pixel of every second row. */
  #castShadows(data: MjData, { light, lampRadius, lampSamples }: CameraLook, sample: number): void {
    const { width, height } = this.intrinsics
    const [ox, oy, oz] = this.#origin
    const rays = this.#rays, shadowRays = this.#shadowRays, reach = this.#shadowReach, lit = this.#lit
    const distances = this.#distances.GetView() as Float64Array
    // Vogel's spiral: points spread evenly over the lamp's disc.
    const radius = lampRadius * Math.sqrt((sample + 0.5) / lampSamples), angle = 2.399963 * sample
    const lx = this.#lamp[0] = light[0] + radius * Math.cos(angle)
    const ly = this.#lamp[1] = light[1] + radius * Math.sin(angle)
    const lz = this.#lamp[2] = light[2]
    for (let v = 0, s = 0; v < height; v += 2) {
      for (let u = 0; u < width; u += 2, s++) {
        const at = v * width + u
        const far = Math.max(distances[at], 0)
        const x = ox + far * rays[3 * at] - lx, y = oy + far * rays[3 * at + 1] - ly, z = oz + far * rays[3 * at + 2] - lz
        const length = Math.sqrt(x * x + y * y + z * z)
        reach[s] = length
        shadowRays[3 * s] = x / length
        shadowRays[3 * s + 1] = y / length
        shadowRays[3 * s + 2] = z / length
      }
    }
    this.#mj.mj_multiRay(this.#model, data, this.#lamp, shadowRays as unknown as number[], null as unknown as number[], true, -1,
      this.#shadowIds, this.#shadowDistances, null, reach.length, CUTOFF)
    const first = this.#shadowDistances.GetView() as Float64Array
    for (let s = 0; s < lit.length; s++) if (first[s] < 0 || first[s] > reach[s] - SHADOW_BIAS) lit[s] += 1 / lampSamples
  }

  #shade(rgb: Uint8Array, look: CameraLook): void {
    const { width, height } = this.intrinsics
    const [ox, oy, oz] = this.#origin
    const [lx, ly, lz] = look.light
    const { exposure, ambient, intensity, grain } = look
    const [shiftX, shiftY] = look.grainShift
    const rays = this.#rays, cosine = this.#cosine, zs = this.#z, albedo = this.#albedo, response = this.#response
    const ids = this.#ids.GetView() as Int32Array
    const distances = this.#distances.GetView() as Float64Array
    const normals = this.#normals.GetView() as Float64Array
    const [backR, backG, backB] = look.background.map((value) => value * 255)
    for (let v = 0, at = 0; v < height; v++) {
      for (let u = 0; u < width; u++, at++) {
        const distance = distances[at], geom = ids[at], o = 3 * at
        if (distance < 0 || geom < 0) {
          zs[at] = Infinity
          rgb[o] = backR
          rgb[o + 1] = backG
          rgb[o + 2] = backB
          continue
        }
        zs[at] = distance * cosine[at]
        const rx = rays[o], ry = rays[o + 1], rz = rays[o + 2]
        let nx = normals[o], ny = normals[o + 1], nz = normals[o + 2]
        if (nx * rx + ny * ry + nz * rz > 0) { nx = -nx; ny = -ny; nz = -nz }
        const px = ox + distance * rx, py = oy + distance * ry
        let tx = lx - px, ty = ly - py, tz = lz - (oz + distance * rz)
        const square = tx * tx + ty * ty + tz * tz, inverse = 1 / Math.sqrt(square)
        tx *= inverse; ty *= inverse; tz *= inverse
        const facing = nx * tx + ny * ty + nz * tz
        let light = ambient * (0.7 + 0.3 * nz), shine = 0
        if (facing > 0) {
          const lamp = this.#litAt(ids, u, v, geom) * intensity / square
          light += lamp * facing
          const hx = tx - rx, hy = ty - ry, hz = tz - rz
          let gloss = Math.max(0, (nx * hx + ny * hy + nz * hz) / Math.sqrt(hx * hx + hy * hy + hz * hz))
          gloss *= gloss; gloss *= gloss; gloss *= gloss; gloss *= gloss; gloss *= gloss
          shine = geom === this.#grained ? 0 : 0.1 * lamp * gloss
        }
        if (geom === this.#grained && grain > 0) light *= 1 + grain * (this.#grain.at(px + shiftX, py + shiftY) - 1)
        light *= exposure * LEVELS
        shine *= exposure * LEVELS
        for (let c = 0; c < 3; c++) {
          const level = albedo[3 * geom + c] * light + shine
          rgb[o + c] = response[level > LEVELS ? LEVELS : level | 0]
        }
      }
    }
  }

  /** How much of the lamp the pixel sees: the mean of the neighbouring shadow samples that lie on the same geom. */
  #litAt(ids: Int32Array, u: number, v: number, geom: number): number {
    const { width, height } = this.intrinsics
    const lit = this.#lit
    const u0 = u & ~1, v0 = v & ~1
    const u1 = u0 + 2 < width && u !== u0 ? u0 + 2 : u0, v1 = v0 + 2 < height && v !== v0 ? v0 + 2 : v0
    let sum = 0, weight = 0
    for (let y = v0; y <= v1; y += 2) {
      for (let x = u0; x <= u1; x += 2) {
        const w = ids[y * width + x] === geom ? 1 : 1e-3
        sum += w * lit[(y >> 1) * this.#shadowWidth + (x >> 1)]
        weight += w
      }
    }
    return sum / weight
  }
}

/** Linear rgb of each geom: its own rgba, or its material's where it has one. */
function albedoOf(model: MjModel): Float32Array {
  const rgba = model.geom_rgba as Float32Array, material = model.geom_matid as Int32Array, materials = model.mat_rgba as Float32Array
  return Float32Array.from({ length: 3 * material.length }, (_, i) => {
    const geom = Math.floor(i / 3), c = i % 3
    return (material[geom] >= 0 ? materials[4 * material[geom] + c] : rgba[4 * geom + c]) ** 2.2
  })
}

/** From linear light, 0..LEVELS, to 8 bits. */
const responseCurve = (): Uint8Array => Uint8Array.from({ length: LEVELS + 1 }, (_, i) => Math.round(255 * (i / LEVELS) ** (1 / 2.2)))
