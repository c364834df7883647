import { MessageChannel } from 'node:worker_threads'
import type { Worker } from 'node:worker_threads'
import { requirePeers } from '../../peers/peers.js'
import { CELL_PACKAGES } from '../cell-packages.js'
import { cameraSize } from '../embedded/cell-threads.js'
import { PhysicsHere } from '../embedded/physics-here.js'
import type { CameraInit, FromCamera } from '../embedded/protocol.js'
import { CAMERA_WORKER, firstMessage, spawnWorker } from '../embedded/worker-thread.js'
import { loadFamily } from '../objects/object-file.js'
import { SimError } from '../sim-error.js'
import type { CellOptions } from '../simulated-cell.js'
import { buffersOf, forCameras, share } from './protocol.js'
import type { FromPhysics, PhysicsInit, Shared, ToPhysics } from './protocol.js'
import { OBJECTS, startPhysics } from './so101-physics.js'
import { CAMERAS } from './so101-simulation.js'
import type { CameraName } from './so101-simulation.js'

/** The running threads of a cell, and the memory that they share. */
export interface So101Threads {
  /** The monotonic clock at stamp 0, as in `process.hrtime.bigint`. */
  readonly started: bigint
  readonly shared: Shared
  /** A worker thread; in lockstep the calling thread. */
  readonly physics: Worker | PhysicsHere<ToPhysics, FromPhysics>
  /** One thread for each camera. Undefined: the cell has no cameras. */
  readonly cameras: Readonly<Record<CameraName, Worker>> | undefined
  readonly size: { readonly width: number; readonly height: number }
  /** Path of the arm's serial port. */
  readonly port: string
}

/**
 * Starts the physics and the cameras, and waits until all are ready. Rejects with SimError OBJECTS_INVALID,
 * OBJECTS_MISSING, OBJECTS_FEW, CAMERA_INVALID or CELL_FAILED, or with MissingPackageError.
 */
export async function startThreads(options: CellOptions): Promise<So101Threads> {
  const size = cameraSize(options)
  requirePeers('the SO-101 cell', ...CELL_PACKAGES.sim)
  const models = loadFamily(OBJECTS, options.objects)
  if (models.length < (options.count ?? 1))
    throw new SimError(
      'OBJECTS_FEW',
      `${options.objects}: has ${models.length} objects, ${options.count ?? 1} are to lie on the table`,
    )
  const started = options.started ?? process.hrtime.bigint()
  const shared = share()
  const channels = forCameras(() => new MessageChannel())
  const { mode, seed } = options
  const cameras =
    size === false
      ? undefined
      : forCameras(name => {
          const { width, height } = size
          const { port2: physics } = channels[name]
          const camera = { name, noise: `so101 ${name}` }
          const init: CameraInit = { options: { mode, seed }, camera, width, height, physics }
          return spawnWorker(CAMERA_WORKER, init, [physics])
        })
  const init: PhysicsInit = {
    options,
    started,
    shared: buffersOf(shared),
    cameras: cameras && forCameras(name => channels[name].port1),
  }
  const physics =
    mode === 'lockstep'
      ? new PhysicsHere<ToPhysics, FromPhysics>(post => startPhysics(init, post), { type: 'close' })
      : spawnWorker(
          new URL('./so101-physics-worker', import.meta.url),
          init,
          cameras === undefined ? [] : CAMERAS.map(name => channels[name].port1),
        )
  const workers = Object.values(cameras ?? {})
  try {
    const [ready] = await Promise.all([
      firstMessage<FromPhysics>(physics),
      ...workers.map(worker => firstMessage<FromCamera>(worker)),
    ])
    if (ready.type !== 'ready') throw new SimError('CELL_FAILED', `the physics began with "${ready.type}"`)
    return { started, shared, physics, cameras, size: size || { width: 0, height: 0 }, port: ready.port }
  } catch (error) {
    await Promise.all([physics, ...workers].map(thread => thread.terminate()))
    throw error
  }
}
