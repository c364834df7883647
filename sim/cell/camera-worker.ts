import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { drawLook, PLAIN_LOOK } from '../camera/look.js'
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

try {
  const mj = await loadMujoco()
  let scene: { model: MjModel; data: MjData; renderer: Renderer } | undefined
  let look = PLAIN_LOOK
  let noise = new Random(options.seed, 'camera')
  const handle = (message: ToCamera): void => {
    if (message.type === 'scene') {
      scene?.data.delete()
      scene?.model.delete()
      const { model, data } = compile(mj, message.xml)
      scene = { model, data, renderer: new Renderer(mj, model, { camera: 'color', width, height }) }
      look = drawLook(options.seed, message.index)
      noise = new Random(options.seed, `camera, episode ${message.index}`)
      return
    }
    if (scene === undefined) return
    const { model, data, renderer } = scene
    const began = performance.now()
    ;(data.qpos as Float64Array).set(message.qpos)
    mj.mj_kinematics(model, data)
    mj.mj_comPos(model, data)
    mj.mj_camlight(model, data)
    const rgb = new Uint8Array(3 * width * height)
    const depth = new Uint16Array(width * height)
    renderer.render(data, { rgb, depth }, cameraNoise(noise.uint32()), look)
    post({ type: 'frame', stamp: message.stamp, receive: message.receive, rgb, depth, renderMs: performance.now() - began }, [rgb.buffer, depth.buffer])
  }
  physics.on('message', (first: ToCamera) => {
    let message = first
    // A camera that falls behind in real time leaves exposures out instead of falling further behind.
    for (let next = receiveMessageOnPort(physics); next !== undefined; next = receiveMessageOnPort(physics)) {
      if (options.mode === 'lockstep' || message.type === 'scene') handle(message)
      message = next.message as ToCamera
    }
    handle(message)
  })
  main.on('message', () => {
    physics.close()
    main.close()
  })
  post({ type: 'ready' })
} catch (error) {
  const { code = 'CAMERA_FAILED', message } = error as { code?: string; message: string }
  post({ type: 'failed', code, message })
}
