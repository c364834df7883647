/**
 * Draws docs/pictures/*.png from the cell's own MJCF: an overview, and what the wrist camera sees on the way to a
 * grasp. `npx tsx scripts/pictures.ts [folder]`
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { drawLighting, PLAIN_LIGHTING } from '../sim/camera/scene-lighting.js'
import { cameraNoise, NO_NOISE } from '../sim/camera/noise.js'
import { Renderer } from '../sim/camera/renderer.js'
import type { RgbdBuffers } from '../sim/camera/renderer.js'
import { drawEpisode } from '../sim/embedded/episode.js'
import type { PlacedObject } from '../sim/embedded/episode.js'
import { cellXml, GRIPPER, HOME } from '../sim/embedded/mjcf.js'
import { compile, loadMujoco } from '../sim/embedded/mujoco.js'
import { loadObjects } from '../sim/objects/object-file.js'
import { savePicture } from './save-picture.js'

const folder = process.argv[2] ?? 'docs/pictures'
mkdirSync(folder, { recursive: true })
const mj = await loadMujoco()

const frame = (width: number, height: number): RgbdBuffers => ({
  rgb: new Uint8Array(3 * width * height),
  depth: new Uint16Array(width * height),
})

/** Mean over 2 x 2 pixels, in linear light. */
function halved(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array(3 * (width / 2) * (height / 2))
  const linear = Float32Array.from({ length: 256 }, (_, i) => (i / 255) ** 2.2)
  for (let v = 0, to = 0; v < height; v += 2) {
    for (let u = 0; u < width; u += 2) {
      for (let c = 0; c < 3; c++, to++) {
        const at = 3 * (v * width + u) + c
        out[to] = Math.round(
          255 *
            ((linear[rgb[at]!]! +
              linear[rgb[at + 3]!]! +
              linear[rgb[at + 3 * width]!]! +
              linear[rgb[at + 3 * width + 3]!]!) /
              4) **
              (1 / 2.2),
        )
      }
    }
  }
  return out
}

/** The colour of a depth: near is yellow, far is violet, invalid is black. A polynomial fit of viridis. */
function coloured(depth: Uint16Array, low: number, high: number): Uint8Array {
  const stops = [
    [253, 231, 37],
    [94, 201, 98],
    [33, 145, 140],
    [59, 82, 139],
    [68, 1, 84],
  ]
  const out = new Uint8Array(3 * depth.length)
  depth.forEach((mm, i) => {
    if (mm === 0) return
    const t = 4 * Math.min(Math.max((mm - low) / (high - low), 0), 0.9999)
    const from = stops[Math.floor(t)]!,
      to = stops[Math.floor(t) + 1]!
    for (let c = 0; c < 3; c++) out[3 * i + c] = Math.round(from[c]! + (to[c]! - from[c]!) * (t - Math.floor(t)))
  })
  return out
}

/**
 * A grid of square pictures, by rows. Each pixel is `zoom` times as large, with `gap` white pixels between the
 * pictures.
 */
function grid(
  rows: readonly (readonly Uint8Array[])[],
  side: number,
  zoom: number,
  gap: number,
): { width: number; height: number; data: Uint8Array } {
  const tile = side * zoom
  const width = rows[0]!.length * (tile + gap) - gap,
    height = rows.length * (tile + gap) - gap
  const data = new Uint8Array(3 * width * height).fill(255)
  rows.forEach((row, r) =>
    row.forEach((picture, c) => {
      for (let v = 0; v < tile; v++) {
        for (let u = 0; u < tile; u++) {
          const from = 3 * (Math.floor(v / zoom) * side + Math.floor(u / zoom))
          data.set(picture.subarray(from, from + 3), 3 * ((r * (tile + gap) + v) * width + c * (tile + gap) + u))
        }
      }
    }),
  )
  return { width, height, data }
}

/**
 * Beams of the gantry, a floor and the camera of the overview. They are visible but touch nothing. Each has a body of
 * its own, because mj_multiRay leaves out parts of a body that has several geoms spread around the camera.
 */
function staged(xml: string): string {
  const seen = (shape: string, size: string, pos: string, rgba: string): string =>
    `<body><geom type="${shape}" size="${size}" pos="${pos}" rgba="${rgba}" contype="0" ` +
    'conaffinity="0" mass="0"/></body>'
  const beam = (size: string, pos: string): string => seen('box', size, pos, '0.62 0.64 0.67 1')
  const rail = (y: number): string =>
    beam('0.5 0.022 0.022', `0 ${y} 0.66`) + [-0.46, 0.46].map(x => beam('0.022 0.022 0.47', `${x} ${y} 0.17`)).join('')
  return xml
    .replace(
      '<body name="gantry_x"',
      `${seen('box', '6 6 0.01', '0 0 -0.31', '0.74 0.76 0.78 1')}
    ${seen('box', '0.36 0.31 0.13', '0 0 -0.17', '0.38 0.4 0.43 1')}
    ${rail(0.42)}
    <camera name="overview" pos="0.58 -0.78 0.52" xyaxes="0.8025 0.5967 0 -0.2456 0.3303 0.9114" fovy="33"/>
    <body name="gantry_x"`,
    )
    .replace('<body name="gantry_y"', `${beam('0.028 0.52 0.028', '0 0.1 0.72')}<body name="gantry_y"`)
    .replace('<body name="gantry_z"', `${beam('0.045 0.05 0.05', '0 0 0.72')}<body name="gantry_z"`)
    .replace('<body name="flange"', `${beam('0.02 0.02 0.3', `0 0 ${GRIPPER.length + 0.34}`)}<body name="flange"`)
}

interface Scene {
  readonly placed: readonly PlacedObject[]
  /** The TCP (m), the yaw of the tool (rad) and the opening of the gripper (m). */
  readonly tool: readonly number[]
  readonly opening: number
}

/** Calls `draw` with the model and its data in a pose. */
function pose(
  { placed, tool, opening }: Scene,
  draw: (model: ReturnType<typeof compile>['model'], data: ReturnType<typeof compile>['data']) => void,
): void {
  const { model, data } = compile(mj, staged(cellXml(placed)))
  const qpos = data.qpos as Float64Array
  tool.forEach((value, i) => (qpos[i] = value))
  qpos[4] = qpos[5] = opening / 2
  mj.mj_forward(model, data)
  draw(model, data)
  data.delete()
  model.delete()
}

const models = loadObjects('seen')
const busy = [...Array(40).keys()]
  .map(index => drawEpisode(models, 11, index))
  .filter(({ placed }) => placed.length === 5)
const { placed } = busy[3] ?? drawEpisode(models, 11, 0)
const goal = placed[0]!
const [gx, gy] = goal.pose
const yaw = 2 * Math.atan2(goal.pose[5], goal.pose[6])

const width = 1920,
  height = 1280
let overview: Uint8Array = new Uint8Array(0)
pose({ placed, tool: [gx * 0.9, gy * 0.9, 0.14, -yaw], opening: GRIPPER.maxWidth }, (model, data) => {
  const renderer = new Renderer(mj, model, { camera: 'overview', width, height })
  const out = frame(width, height)
  const begin = performance.now()
  renderer.render(data, out, NO_NOISE, {
    ...PLAIN_LIGHTING,
    light: [-0.5, -0.5, 0.95],
    intensity: 1.35,
    ambient: 0.5,
    lampRadius: 0.07,
    lampSamples: 24,
    background: [0.62, 0.66, 0.71],
  })
  console.log(`overview in ${Math.round(performance.now() - begin)} ms`)
  overview = halved(out.rgb, width, height)
})
await savePicture(join(folder, 'cell.png'), width / 2, height / 2, overview)

const side = 128
const rgbRow: Uint8Array[] = [],
  depthRow: Uint8Array[] = []
for (const [i, [share, z, opening]] of (
  [
    [0, HOME[2], GRIPPER.maxWidth],
    [0.7, 0.15, GRIPPER.maxWidth],
    [1, Math.max(goal.pose[2], 0.02), 0.06],
  ] as const
).entries()) {
  pose({ placed, tool: [gx * share, gy * share, z, -yaw * share], opening }, (model, data) => {
    const renderer = new Renderer(mj, model, { camera: 'color', width: side, height: side })
    const out = frame(side, side)
    renderer.render(data, out, cameraNoise(i + 1), drawLighting(1, 0))
    rgbRow.push(out.rgb.slice())
    depthRow.push(coloured(out.depth, 80, 480))
  })
}
const wrist = grid([rgbRow, depthRow], side, 2, 8)
await savePicture(join(folder, 'wrist.png'), wrist.width, wrist.height, wrist.data)
