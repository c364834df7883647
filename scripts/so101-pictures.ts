/**
 * Draws docs/pictures/so101*.png from the SO-101 cell's own MJCF: an overview, and what its two cameras see before the
 * grasp, at it, and over the bin, while the scripted expert carries out an episode. `npx tsx scripts/so101-pictures.ts
 * [folder]`
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ArmKinematics } from '../sim/arm/arm-kinematics.js'
import { cameraNoise, NO_NOISE } from '../sim/camera/noise.js'
import { Renderer } from '../sim/camera/renderer.js'
import { drawLighting, PLAIN_LIGHTING } from '../sim/camera/scene-lighting.js'
import { compile, loadMujoco } from '../sim/embedded/mujoco.js'
import { loadFamily } from '../sim/objects/object-file.js'
import { ARM_JOINTS, JOINTS } from '../sim/so101/arm.js'
import { kinematicsXml } from '../sim/so101/cell-xml.js'
import { drawEpisode } from '../sim/so101/episode.js'
import { So101Expert } from '../sim/so101/expert.js'
import { So101Judge } from '../sim/so101/judge.js'
import { SetPoints } from '../sim/so101/set-points.js'
import { So101World } from '../sim/so101/so101-world.js'
import { truthOf } from '../sim/so101/truth.js'
import { savePicture } from './save-picture.js'

const folder = process.argv[2] ?? 'docs/pictures'
mkdirSync(folder, { recursive: true })
const mj = await loadMujoco()

const episode = drawEpisode(loadFamily('small', 'seen'), 5, 2, { say: 'put the red cube in the left bin', count: 4 })
const world = new So101World(mj)
const arm = new ArmKinematics(mj, { xml: kinematicsXml(), joints: JOINTS.slice(0, ARM_JOINTS), site: 'tcp' })
const expert = new So101Expert(arm)
world.reset(episode)
const judge = new So101Judge(episode, world, 0)
const setPoints = new SetPoints()
setPoints.reset(world.servos.map(({ angle }) => angle))

/** Joint positions of the moments to draw: shortly before the grasp, lifted, over the bin. */
const moments: Float64Array[] = []
const target = episode.placed.findIndex(({ object }) => object.name === episode.first)
let heldSince = NaN
for (let ms = 0; !judge.verdict.done; ms++) {
  if (ms % 10 === 0) {
    const truth = truthOf(episode, world, judge)
    setPoints.advance(expert.rates(truth), truth.joints, 0.01)
    world.servos.forEach((servo, i) => servo.drive(setPoints.values[i]!, i === 5 ? 0.5 : 1))
    const object = truth.objects[target]
    arm.set(truth.joints)
    if (moments.length === 0 && arm.position[2]! < 0.05) moments.push(world.qpos.slice())
    if (object?.gripped && Number.isNaN(heldSince)) heldSince = ms
    if (moments.length === 1 && ms > heldSince + 60) moments.push(world.qpos.slice())
    if (moments.length === 2 && object !== undefined && Math.abs(object.pose[1]!) > 0.15)
      moments.push(world.qpos.slice())
  }
  world.step()
  judge.step(world, (ms + 1) * 1e6)
}
console.log(`${episode.command}: ${judge.verdict.success ? 'done' : String(judge.verdict.reason)}`)

/** Draws one camera's view of a moment. */
function draw(
  xml: string,
  qpos: Float64Array,
  options: { camera: string; width: number; height: number },
  look: { noise: typeof NO_NOISE; lighting: typeof PLAIN_LIGHTING },
): Uint8Array {
  const { model, data } = compile(mj, xml)
  ;(data.qpos as Float64Array).set(qpos)
  mj.mj_forward(model, data)
  const pixels = options.width * options.height
  const out = { rgb: new Uint8Array(3 * pixels), depth: new Uint16Array(pixels) }
  new Renderer(mj, model, options).render(data, out, look.noise, look.lighting)
  data.delete()
  model.delete()
  return out.rgb
}

/** The mean of each 2 x 2 pixels. */
function halved(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array((3 * width * height) / 4)
  for (let v = 0, to = 0; v < height; v += 2)
    for (let u = 0; u < width; u += 2)
      for (let c = 0; c < 3; c++, to++) {
        const at = 3 * (v * width + u) + c
        out[to] = (rgb[at]! + rgb[at + 3]! + rgb[at + 3 * width]! + rgb[at + 3 * width + 3]!) >> 2
      }
  return out
}

/** Pictures of equal size in rows, with white gaps. */
async function grid(
  rows: readonly (readonly Uint8Array[])[],
  width: number,
  height: number,
  gap: number,
): Promise<void> {
  const [across, down] = [rows[0]!.length * (width + gap) - gap, rows.length * (height + gap) - gap]
  const data = new Uint8Array(3 * across * down).fill(255)
  rows.forEach((row, r) =>
    row.forEach((picture, c) => {
      for (let v = 0; v < height; v++)
        data.set(
          picture.subarray(3 * v * width, 3 * (v + 1) * width),
          3 * ((r * (height + gap) + v) * across + c * (width + gap)),
        )
    }),
  )
  await savePicture(join(folder, 'so101-cameras.png'), across, down, data)
}

const overview = world.xml.replace(
  '<light name="lamp"',
  '<geom type="box" size="4 4 0.01" pos="0 0 -0.4" rgba="0.74 0.76 0.78 1" contype="0" conaffinity="0"/>' +
    '<camera name="overview" pos="0.62 -0.5 0.44" xyaxes="0.73 0.683 0 -0.36 0.385 0.85" fovy="39"/>' +
    '<light name="lamp"',
)
const [width, height] = [1440, 960]
const lighting = {
  ...PLAIN_LIGHTING,
  light: [0.5, -0.6, 0.95] as const,
  intensity: 1.3,
  ambient: 0.5,
  lampRadius: 0.07,
  lampSamples: 16,
  background: [0.62, 0.66, 0.71] as const,
}
const picture = draw(overview, moments[1]!, { camera: 'overview', width, height }, { noise: NO_NOISE, lighting })
await savePicture(join(folder, 'so101.png'), width / 2, height / 2, halved(picture, width, height))

const look = drawLighting(2, 0)
await grid(
  ['overhead', 'wrist'].map(camera =>
    moments.map((qpos, i) =>
      draw(world.xml, qpos, { camera, width: 200, height: 150 }, { noise: cameraNoise(i + 1), lighting: look }),
    ),
  ),
  200,
  150,
  6,
)
world.close()
arm.close()
