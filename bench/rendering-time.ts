import { cameraNoise } from '../sim/camera/noise.js'
import { PLAIN_LIGHTING } from '../sim/camera/scene-lighting.js'
import { Renderer } from '../sim/camera/renderer.js'
import { drawEpisode } from '../sim/embedded/episode.js'
import { cellXml, GRIPPER, HOME } from '../sim/embedded/mjcf.js'
import { compile, loadMujoco } from '../sim/embedded/mujoco.js'
import { loadObjects } from '../sim/objects/object-file.js'

export interface CameraBenchmark {
  readonly width: number
  readonly height: number
  readonly objects: number
  /** Time of a frame with kinematics, rays, shadows, light and noise, ms. */
  readonly p50: number
  readonly p99: number
}

/** Renders the wrist camera of a full table (five objects), the tool moving from home down to the table. */
export async function benchCamera({ width = 128, height = 128, frames = 200 } = {}): Promise<CameraBenchmark> {
  const mj = await loadMujoco()
  const models = loadObjects('seen')
  let index = 0
  while (drawEpisode(models, 1, index).placed.length < 5) index++
  const { placed } = drawEpisode(models, 1, index)
  const { model, data } = compile(mj, cellXml(placed))
  mj.mj_forward(model, data)
  const renderer = new Renderer(mj, model, { camera: 'color', width, height })
  const out = { rgb: new Uint8Array(3 * width * height), depth: new Uint16Array(width * height) }
  const noise = cameraNoise(1)
  const times = new Float64Array(frames)
  for (let i = -20; i < frames; i++) {
    const qpos = data.qpos as Float64Array
    qpos[2] = HOME[2] - ((HOME[2] - 0.03) * Math.max(i, 0)) / frames
    qpos[4] = qpos[5] = GRIPPER.maxWidth / 2
    noise.seed = i
    const begin = performance.now()
    mj.mj_kinematics(model, data)
    mj.mj_comPos(model, data)
    mj.mj_camlight(model, data)
    renderer.render(data, out, noise, PLAIN_LIGHTING)
    if (i >= 0) times[i] = performance.now() - begin
  }
  data.delete()
  model.delete()
  times.sort()
  return { width, height, objects: placed.length, p50: times[frames >> 1]!, p99: times[Math.floor(frames * 0.99)]! }
}
