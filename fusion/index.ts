/**
 * The fusion heart: stamps, buffers, interpolation, windows, the aligner, robot files and policies. No sockets, no
 * timers, no ROS types.
 */
export { Aligner, type AlignerOptions } from './aligner.js'
export {
  DROP_REASONS,
  occurred,
  type Counters,
  type Dropped,
  type DropReason,
  type StreamCounters,
} from './counters.js'
export { ClockModel } from './clock-model.js'
export { blendDepth, EDGE_MM, EDGE_SHARE, toMillimetres } from './depth.js'
export { FusionError, type FusionErrorCode } from './errors.js'
export { interpolatePose, lerp } from './interpolate.js'
export { kindOf, type Kind } from './lane.js'
export * from './observation.js'
export { ObservationDigest, observationLine, pixelSums, type ObservationLine } from './observation-line.js'
export type { Frame } from './frame.js'
export { frameFault, picture, type Picture } from './picture.js'
export { Pyramid } from './pyramid.js'
export { ChunkExecutor, EXECUTION_MODES, type Executable, type SetPoint } from './policy/chunk-executor.js'
export { parseContract, type Contract } from './policy/contract.js'
export { Features } from './policy/features.js'
export { OnnxPolicy } from './policy/onnx-policy.js'
export { CHANNELS, type ActionChunk, type Policy } from './policy/policy.js'
export { PolicyError } from './policy/policy-error.js'
export { describeDifference } from './robot/canonical.js'
export { recognise } from './robot/recognise.js'
export { RobotError } from './robot/robot-error.js'
export { parseRobot } from './robot/robot-file.js'
export type { Actions, Align, FixedFrame, Limits, Robot, Stream } from './robot/robot.js'
export { Epoch, MILLISECOND, SECOND, type Time } from './stamp.js'
export { VectorRing } from './vector-ring.js'
export { VoiceQueue } from './voice-queue.js'
export { SlidingWindow, STATISTICS } from './window.js'
