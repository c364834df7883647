/** What `import 'prehend'` gives: the aligner, robot files, policies and the execution of action chunks. */
export { Aligner, type AlignerOptions } from './fusion/aligner.js'
export {
  DROP_REASONS,
  occurred,
  type Counters,
  type Dropped,
  type DropReason,
  type StreamCounters,
} from './fusion/counters.js'
export { ClockModel } from './fusion/clock-model.js'
export { blendDepth, EDGE_MM, EDGE_SHARE, toMillimetres } from './fusion/depth.js'
export { FusionError, type FusionErrorCode } from './fusion/errors.js'
export { interpolatePose, lerp } from './fusion/interpolation.js'
export { kindOf } from './fusion/stream-types/stream-types.js'
export type { Kind } from './fusion/stream-types/stream-type.js'
export * from './fusion/observation.js'
export { ObservationDigest, observationLine, pixelSums, type ObservationLine } from './fusion/observation-line.js'
export type { Frame } from './fusion/camera-frame.js'
export { frameFault, picture, type Picture } from './fusion/picture.js'
export { Pyramid } from './fusion/pyramid.js'
export { ChunkExecutor, EXECUTION_MODES, type Executable, type SetPoint } from './control/chunk/chunk-executor.js'
export { parseContract, type Contract } from './policy/contract/contract.js'
export { Features } from './policy/features/features.js'
export { OnnxPolicy } from './policy/runtime/onnx-policy.js'
export { CHANNELS, type ActionChunk, type Policy } from './policy/policy.js'
export { PolicyError } from './policy/policy-error.js'
export { describeDifference } from './robots/canonical.js'
export { recognise } from './robots/recognise.js'
export { RobotError } from './robots/robot-error.js'
export { parseRobot } from './robots/robot-file.js'
export { actuatorNamed } from './robots/actuators/actuator-named.js'
export type { Actions } from './robots/actuators/arm-and-gripper.js'
export type { Actuator, Align, FixedFrame, Limits, Robot, Stream } from './robots/robot.js'
export { Epoch, MILLISECOND, SECOND, type Time } from './fusion/stamp.js'
export { MissingPackageError, type PeerName } from './peers/peers.js'
export { FusionNode, type FusionOptions } from './nodes/fusion-node.js'
export { VectorRing } from './fusion/vector-ring.js'
export { VoiceQueue } from './fusion/voice-queue.js'
export { SlidingWindow, STATISTICS } from './fusion/window-statistics.js'
