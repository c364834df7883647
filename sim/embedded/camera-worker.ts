import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { drawLighting, PLAIN_LIGHTING, type SceneLighting } from '../camera/scene-lighting.js'
import { cameraNoise } from '../camera/noise.js'
import { Renderer } from '../camera/renderer.js'
import { compile, loadMujoco } from './mujoco.js'
import type { MjData, MjModel } from './mujoco.js'
import { Random } from './random.js'
import type { CameraInit, FromCamera, ToCamera } from './protocol.js'

const { options, camera, width, height, physics } = workerData as CameraInit
const { name, noise: label } = camera ?? { name: 'color', noise: 'camera' }
const main = parentPort
if (main === null) throw new Error('camera-worker runs as a worker thread only')
const post = (message: FromCamera, transfer: ArrayBuffer[] = []): void => main.postMessage(message, transfer)

/** Number of pictures in a warm-up, so that V8 has compiled the renderer before the first real picture. */
const WARM_UP_PICTURES = 8

interface Scene {
  readonly model: MjModel
  readonly data: MjData
  readonly renderer: Renderer
}

try {
  const mj = await loadMujoco()
  let scene: Scene | undefined
  let lighting = PLAIN_LIGHTING
  let noise = new Random(options.seed, label)
  const enter = (xml: string): Scene => {
    scene?.data.delete()
    scene?.model.delete()
    const { model, data } = compile(mj, xml)
    return (scene = { model, data, renderer: new Renderer(mj, model, { camera: name, width, height }) })
  }
  const expose = (
    { model, data, renderer }: Scene,
    qpos: Float64Array,
    seed: number,
    as: SceneLighting,
  ): { rgb: Uint8Array<ArrayBuffer>; depth: Uint16Array<ArrayBuffer> } => {
    ;(data.qpos as Float64Array).set(qpos)
    mj.mj_kinematics(model, data)
    mj.mj_comPos(model, data)
    mj.mj_camlight(model, data)
    const rgb = new Uint8Array(3 * width * height)
    const depth = new Uint16Array(width * height)
    renderer.render(data, { rgb, depth }, cameraNoise(seed), as)
    return { rgb, depth }
  }
  const handle = (message: ToCamera): void => {
    if (message.type === 'warm-up') {
      const warmUpScene = enter(message.xml)
      for (let i = 0; i < WARM_UP_PICTURES; i++) expose(warmUpScene, message.qpos, i, drawLighting(options.seed, i))
      post({ type: 'ready' })
    } else if (message.type === 'scene') {
      enter(message.xml)
      lighting = drawLighting(options.seed, message.index)
      noise = new Random(options.seed, `${label}, episode ${message.index}`)
    } else if (scene !== undefined) {
      const began = performance.now()
      const { rgb, depth } = expose(scene, message.qpos, noise.uint32(), lighting)
      post(
        {
          type: 'frame',
          stamp: message.stamp,
          receive: message.receive,
          rgb,
          depth,
          renderMs: performance.now() - began,
        },
        [rgb.buffer, depth.buffer],
      )
    }
  }
  physics.on('message', (first: ToCamera) => {
    let message = first
    // In real time a camera that is late skips exposures, so that it does not fall further behind.
    for (let next = receiveMessageOnPort(physics); next !== undefined; next = receiveMessageOnPort(physics)) {
      if (options.mode === 'lockstep' || message.type !== 'trigger') handle(message)
      message = next.message as ToCamera
    }
    handle(message)
  })
  main.on('message', () => {
    physics.close()
    main.close()
  })
  // In real time the camera is ready after its warm-up.
  if (options.mode === 'lockstep') post({ type: 'ready' })
} catch (error) {
  const { code = 'CAMERA_FAILED', message } = error as { code?: string; message: string }
  post({ type: 'failed', code, message })
}
