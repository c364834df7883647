/**
 * `import 'prehend/control'`: how action chunks are carried out, the limits of the motion, what guards it, and what
 * words mean. All of it is pure: time comes in as a value.
 *
 * @module
 */
export { MotionLimiter } from '../control/arm/motion-limiter.js'
export { ChunkExecutor, EXECUTION_MODES, type Executable, type SetPoint } from '../control/chunk/chunk-executor.js'
export { Watchdog, type Watched } from '../control/guard/watchdog.js'
export { WrenchGuard, type ContactState } from '../control/guard/wrench-guard.js'
export { LANGUAGES, meaningOf, type Meaning } from '../control/speech/stop-word.js'
export { HOLDS, type Hold } from '../control/state/holds.js'
export { TRANSITIONS, type Transition } from '../control/state/transitions.js'
