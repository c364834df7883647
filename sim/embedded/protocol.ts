import type { MessagePort } from 'node:worker_threads'
import type { CellOptions } from '../simulated-cell.js'
import type { Episode } from './episode.js'
import type { WarmUpScene } from './warm-up.js'
import { SampleRing } from './sample-ring.js'
import { SharedState } from './shared-state.js'
import { STATE } from './truth.js'

/** Shared memory of the cell's threads. */
export interface SharedBuffers {
  readonly wrench: SharedArrayBuffer
  readonly pose: SharedArrayBuffer
  readonly width: SharedArrayBuffer
  readonly trigger: SharedArrayBuffer
  /** The tool's set-point: x, y, z, qx, qy, qz, qw. Written by the main thread. */
  readonly target: SharedArrayBuffer
  /** STATE, written by the physics. */
  readonly state: SharedArrayBuffer
  /** A flag: 1 while the main thread already knows that there are samples. */
  readonly wake: SharedArrayBuffer
}

export interface Shared {
  readonly wrench: SampleRing
  readonly pose: SampleRing
  readonly width: SampleRing
  readonly trigger: SampleRing
  readonly target: SharedState
  readonly state: SharedState
  readonly wake: Int32Array
}

/** Rings and states on shared memory: new memory, or that of another thread. */
export function share(from?: SharedBuffers): Shared {
  return {
    wrench: new SampleRing(6, 8192, from?.wrench),
    pose: new SampleRing(7, 2048, from?.pose),
    width: new SampleRing(1, 2048, from?.width),
    trigger: new SampleRing(1, 512, from?.trigger),
    target: new SharedState(7, from?.target),
    state: new SharedState(STATE.size, from?.state),
    wake: new Int32Array(from?.wake ?? new SharedArrayBuffer(4)),
  }
}

export const buffersOf = ({ wrench, pose, width, trigger, target, state, wake }: Shared): SharedBuffers => ({
  wrench: wrench.buffer,
  pose: pose.buffer,
  width: width.buffer,
  trigger: trigger.buffer,
  target: target.buffer,
  state: state.buffer,
  wake: wake.buffer as SharedArrayBuffer,
})

/** Data for the start of the physics. */
export interface PhysicsInit {
  readonly options: CellOptions
  readonly started: bigint
  readonly shared: SharedBuffers
  /** Port to the camera's thread. */
  readonly camera: MessagePort | undefined
}

/** Requests to the physics. */
export type ToPhysics =
  | { readonly type: 'reset'; readonly index: number; readonly say: string | undefined; readonly awaitCommand: boolean }
  | { readonly type: 'advance'; readonly until: number }
  | { readonly type: 'skip'; readonly until: number }
  | { readonly type: 'said'; readonly text: string }
  | { readonly type: 'close' }

/** Answers of the physics. `samples` says that there are samples in the rings. */
export type FromPhysics =
  | { readonly type: 'ready'; readonly port: string }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'reset'; readonly episode: Episode; readonly time: number }
  | { readonly type: 'advanced' }
  | { readonly type: 'samples' }
  | { readonly type: 'closed' }

/** Data for the start of a camera's thread. */
export interface CameraInit {
  readonly options: Pick<CellOptions, 'mode' | 'seed'>
  /** Name of the camera in the MJCF, and of its noise. Default: `color`, with the noise of the name `camera`. */
  readonly camera?: { readonly name: string; readonly noise: string }
  readonly width: number
  readonly height: number
  readonly physics: MessagePort
}

/**
 * Messages of the physics to the camera: a scene for the warm-up (first, in real time only), a new scene, the shutter.
 */
export type ToCamera =
  | ({ readonly type: 'warm-up' } & WarmUpScene)
  | { readonly type: 'scene'; readonly xml: string; readonly index: number }
  | { readonly type: 'trigger'; readonly stamp: number; readonly receive: number; readonly qpos: Float64Array }

/** Messages of the camera to the main thread. */
export type FromCamera =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | {
      readonly type: 'frame'
      readonly stamp: number
      readonly receive: number
      readonly rgb: Uint8Array
      readonly depth: Uint16Array
      readonly renderMs: number
    }
