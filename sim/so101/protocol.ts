import type { MessagePort } from 'node:worker_threads'
import { SampleRing } from '../embedded/sample-ring.js'
import { SharedState } from '../embedded/shared-state.js'
import type { CellOptions } from '../simulated-cell.js'
import type { So101Episode } from './episode.js'
import { CAMERAS } from './so101-simulation.js'
import type { CameraName } from './so101-simulation.js'
import { STATE } from './state.js'

/** Shared memory of the cell's threads. */
export interface SharedBuffers {
  readonly wrench: SharedArrayBuffer
  /** The shutters of each camera; in lockstep only. */
  readonly triggers: Readonly<Record<CameraName, SharedArrayBuffer>>
  /** STATE, written by the physics. */
  readonly state: SharedArrayBuffer
  /** A flag: 1 while the main thread already knows that there are samples. */
  readonly wake: SharedArrayBuffer
}

export interface Shared {
  readonly wrench: SampleRing
  readonly triggers: Readonly<Record<CameraName, SampleRing>>
  readonly state: SharedState
  readonly wake: Int32Array
}

/** Makes one value for each camera. */
export const forCameras = <T>(make: (camera: CameraName) => T): Record<CameraName, T> =>
  Object.fromEntries(CAMERAS.map(camera => [camera, make(camera)])) as Record<CameraName, T>

/** Rings and states on shared memory: new memory, or that of another thread. */
export const share = (from?: SharedBuffers): Shared => ({
  wrench: new SampleRing(6, 8192, from?.wrench),
  triggers: forCameras(camera => new SampleRing(1, 512, from?.triggers[camera])),
  state: new SharedState(STATE.size, from?.state),
  wake: new Int32Array(from?.wake ?? new SharedArrayBuffer(4)),
})

export const buffersOf = ({ wrench, triggers, state, wake }: Shared): SharedBuffers => ({
  wrench: wrench.buffer,
  triggers: forCameras(camera => triggers[camera].buffer),
  state: state.buffer,
  wake: wake.buffer as SharedArrayBuffer,
})

/** Data for the start of the physics. */
export interface PhysicsInit {
  readonly options: CellOptions
  readonly started: bigint
  readonly shared: SharedBuffers
  /** Ports to the cameras' threads. Undefined: no cameras. */
  readonly cameras: Readonly<Record<CameraName, MessagePort>> | undefined
}

/** Requests to the physics. */
export type ToPhysics =
  | { readonly type: 'reset'; readonly index: number; readonly say: string | undefined; readonly awaitCommand: boolean }
  /** Real time only: who listens to the answer to `reset` knows of the episode. */
  | { readonly type: 'begun' }
  | { readonly type: 'advance'; readonly until: number }
  | { readonly type: 'skip'; readonly until: number }
  | { readonly type: 'said'; readonly text: string }
  | { readonly type: 'close' }

/** Answers of the physics. `samples` says that there are samples in the rings. */
export type FromPhysics =
  | { readonly type: 'ready'; readonly port: string }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'reset'; readonly episode: So101Episode }
  | { readonly type: 'advanced' }
  | { readonly type: 'samples' }
  | { readonly type: 'closed' }
