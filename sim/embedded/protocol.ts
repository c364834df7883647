import type { MessagePort } from 'node:worker_threads'
import type { CellOptions } from '../simulated-cell.js'
import type { Episode } from './episode.js'
import type { RehearsedScene } from './rehearsal.js'
import { SampleRing } from './sample-ring.js'
import { SharedState } from './shared-state.js'
import { STATE } from './truth.js'

/** Shared memory between the cell's threads. */
export interface SharedBuffers {
  readonly wrench: SharedArrayBuffer
  readonly pose: SharedArrayBuffer
  readonly width: SharedArrayBuffer
  readonly trigger: SharedArrayBuffer
  /** The tool's set-point: x, y, z, qx, qy, qz, qw. Written by the main thread. */
  readonly target: SharedArrayBuffer
  /** STATE, written by the physics. */
  readonly state: SharedArrayBuffer
  /** One flag: 1 while the main thread knows that samples wait. */
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

export interface PhysicsInit {
  readonly options: CellOptions
  readonly started: bigint
  readonly shared: SharedBuffers
  /** To the camera's thread. */
  readonly camera: MessagePort | undefined
}

export type ToPhysics =
  | { readonly type: 'reset'; readonly index: number; readonly say: string | undefined; readonly awaitCommand: boolean }
  | { readonly type: 'advance'; readonly until: number }
  | { readonly type: 'skip'; readonly until: number }
  | { readonly type: 'said'; readonly text: string }
  | { readonly type: 'close' }

export type FromPhysics =
  | { readonly type: 'ready'; readonly port: string }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'reset'; readonly episode: Episode; readonly time: number }
  | { readonly type: 'advanced' }
  | { readonly type: 'samples' }
  | { readonly type: 'closed' }

export interface CameraInit {
  readonly options: CellOptions
  readonly width: number
  readonly height: number
  readonly physics: MessagePort
}

/** From the physics to the camera: a scene to rehearse, in real time the first of all; a new scene, or the shutter. */
export type ToCamera =
  | ({ readonly type: 'rehearse' } & RehearsedScene)
  | { readonly type: 'scene'; readonly xml: string; readonly index: number }
  | { readonly type: 'trigger'; readonly stamp: number; readonly receive: number; readonly qpos: Float64Array }

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
