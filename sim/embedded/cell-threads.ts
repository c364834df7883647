import { MessageChannel } from 'node:worker_threads'
import type { Worker } from 'node:worker_threads'
import { requirePeers } from '../../peers/peers.js'
import { CELL_PACKAGES } from '../cell-packages.js'
import { loadTable } from '../objects/object-file.js'
import { SimError } from '../sim-error.js'
import type { CellOptions } from '../simulated-cell.js'
import { startPhysics } from './physics.js'
import { PhysicsHere } from './physics-here.js'
import { buffersOf, share } from './protocol.js'
import type { CameraInit, FromCamera, FromPhysics, PhysicsInit, Shared, ToPhysics } from './protocol.js'
import { CAMERA_WORKER, firstMessage, spawnWorker } from './worker-thread.js'

/** The camera of a cell whose options name none. */
export const DEFAULT_CAMERA = { width: 128, height: 128, rate: 30 } as const

/** The camera that a cell's options ask for. Throws SimError CAMERA_INVALID. */
export function cameraSize({
  camera = DEFAULT_CAMERA,
}: Pick<CellOptions, 'camera'>): { readonly width: number; readonly height: number; readonly rate: number } | false {
  if (camera === false || (camera.width >= 128 && camera.height >= 128 && camera.rate > 0 && camera.rate <= 120))
    return camera
  throw new SimError(
    'CAMERA_INVALID',
    `camera: ${camera.width}x${camera.height} at ${camera.rate} Hz: give at least 128x128 and a rate up to 120 Hz`,
  )
}

/** The running threads of a cell, and the memory that they share. */
export interface CellThreads {
  /** The monotonic clock at stamp 0, as in `process.hrtime.bigint`. */
  readonly started: bigint
  readonly shared: Shared
  /** A worker thread; in lockstep the calling thread. */
  readonly physics: Worker | PhysicsHere<ToPhysics, FromPhysics>
  /** Undefined: the cell has no camera. */
  readonly camera: Worker | undefined
  /** Path of the gripper's serial port. */
  readonly port: string
}

/**
 * Starts the physics and the camera of a cell, and waits until both are ready. Rejects with SimError OBJECTS_INVALID,
 * OBJECTS_MISSING, OBJECTS_FEW, CAMERA_INVALID or CELL_FAILED, or with MissingPackageError.
 */
export async function startThreads(options: CellOptions): Promise<CellThreads> {
  const size = cameraSize(options)
  requirePeers('the embedded cell', ...CELL_PACKAGES.sim)
  loadTable(options.objects, options.count)
  const started = options.started ?? process.hrtime.bigint()
  const shared = share()
  const { port1, port2 } = new MessageChannel()
  const camera =
    size === false
      ? undefined
      : spawnWorker(
          CAMERA_WORKER,
          { options, width: size.width, height: size.height, physics: port2 } satisfies CameraInit,
          [port2],
        )
  const init: PhysicsInit = {
    options,
    started,
    shared: buffersOf(shared),
    camera: size === false ? undefined : port1,
  }
  const physics =
    options.mode === 'lockstep'
      ? new PhysicsHere<ToPhysics, FromPhysics>(post => startPhysics(init, post), { type: 'close' })
      : spawnWorker(new URL('./physics-worker', import.meta.url), init, size === false ? [] : [port1])
  try {
    const [ready] = await Promise.all([firstMessage<FromPhysics>(physics), camera && firstMessage<FromCamera>(camera)])
    if (ready.type !== 'ready') throw new SimError('CELL_FAILED', `the physics began with "${ready.type}"`)
    return { started, shared, physics, camera, port: ready.port }
  } catch (error) {
    await Promise.all([physics.terminate(), camera?.terminate()])
    throw error
  }
}
