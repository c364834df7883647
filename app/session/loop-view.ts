import type { EpisodeResult } from './episodes.js'
import type { CellLoop } from './cell-loop.js'
import { motionStatus, type MotionStatus } from './motion-status.js'

/** The state of a running loop, as a terminal shows it. */
export interface LoopView {
  readonly title: string
  readonly rgbHz: number
  readonly wrenchHz: number
  readonly chunkHz: number
  readonly latencyMs: number
  /** Tared |force| at the wrist, N, and its two limits. */
  readonly force: number
  readonly contact: number
  readonly overForce: number
  readonly contactState: string
  /** Number of action chunks so far, and the gate of the newest. An empty gate: the policy has none. */
  readonly chunks: number
  readonly gate: Float32Array
  /** The gripper's widest opening. */
  readonly widestMm: number
  /** The gripper's opening; undefined: it has not answered yet. */
  readonly widthMm: number | undefined
  readonly gripper: string
  readonly motion: MotionStatus
  /** The tool's set-point, m and rad; undefined for a robot without an arm. */
  readonly tool: { readonly x: number; readonly y: number; readonly z: number; readonly yaw: number } | undefined
  readonly said: string
  readonly results: readonly boolean[]
  readonly typing: string
}

/** `typing`: the line that is being typed. */
export function viewOf(loop: CellLoop, results: readonly EpisodeResult[], typing: string): LoopView {
  const { meters, control } = loop
  const latest = loop.latencies.at(-1) ?? 0
  return {
    title: `prehend  ${loop.policyName}`,
    rgbHz: meters.rgb.recent,
    wrenchHz: meters.wrench.recent,
    chunkHz: meters.chunk.recent,
    latencyMs: latest / 1e6,
    force: control.guard.force,
    contact: control.limits.contact,
    overForce: control.limits.overForce,
    contactState: control.guard.state,
    chunks: meters.chunk.count,
    gate: control.gate,
    widestMm: control.limits.width[1] * 1000,
    widthMm: control.status && control.status.width * 1000,
    gripper: control.status?.object ?? '',
    motion: motionStatus(control),
    tool: control.hasArm ? control.target : undefined,
    said: loop.lastSaid,
    results: results.map(r => r.success),
    typing,
  }
}
