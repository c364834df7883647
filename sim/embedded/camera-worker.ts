import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { drawLook, PLAIN_LOOK, type CameraLook } from '../camera/look.js'
import { cameraNoise } from '../camera/noise.js'
import { Renderer } from '../camera/renderer.js'
import { compile, loadMujoco } from './mujoco.js'
import type { MjData, MjModel } from './mujoco.js'
import { Random } from './random.js'
import type { CameraInit, FromCamera, ToCamera } from './protocol.js'

const { options, width, height, physics } = workerData as CameraInit
const main = parentPort
if (main === null) throw new Error('camera-worker runs as a worker thread only')
const post = (message: FromCamera, transfer: ArrayBuffer[] = []): void => main.postMessage(message, transfer)

/** Pictures of a rehearsal: as many as V8 needs to compile what draws them. */
const REHEARSED = 8

interface Scene {
  readonly model: MjModel
  readonly data: MjData
  readonly renderer: Renderer
}

try {
  const mj = await loadMujoco()
  let scene: Scene | undefined
  let look = PLAIN_LOOK
  let noise = new Random(options.seed, 'camera')
  const enter = (xml: string): Scene => {
    scene?.data.delete()
    scene?.model.delete()
    const { model, data } = compile(mj, xml)
    return (scene = { model, data, renderer: new Renderer(mj, model, { camera: 'color', width, height }) })
  }
  const expose = (
    { model, data, renderer }: Scene,
    qpos: Float64Array,
    seed: number,
    as: CameraLook,
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
    if (message.type === 'rehearse') {
      const rehearsed = enter(message.xml)
      for (let i = 0; i < REHEARSED; i++) expose(rehearsed, message.qpos, i, drawLook(options.seed, i))
      post({ type: 'ready' })
    } else if (message.type === 'scene') {
      enter(message.xml)
      look = drawLook(options.seed, message.index)
      noise = new Random(options.seed, `camera, episode ${message.index}`)
    } else if (scene !== undefined) {
      const began = performance.now()
      const { rgb, depth } = expose(scene, message.qpos, noise.uint32(), look)
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
    // A camera that falls behind in real time leaves exposures out instead of falling further behind.
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
  // In real time it is ready once it has rehearsed.
  if (options.mode === 'lockstep') post({ type: 'ready' })
} catch (error) {
  const { code = 'CAMERA_FAILED', message } = error as { code?: string; message: string }
  post({ type: 'failed', code, message })
}
