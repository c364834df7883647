/**
 * `import 'prehend/testing'`: what tests of your own nodes, drivers and robot files need. No test runner is assumed:
 * functions return what they found.
 *
 * @module
 */
export { linesOf } from '../testing/bag-lines.js'
export { differences, readLines } from '../testing/golden-lines.js'
export { ManualBus } from '../testing/manual-bus.js'
export { startFirmwareHost, type FirmwareHost, type SteppedPlant } from '../sim/firmware/host.js'
export type { FirmwareOptions, RobotiqFirmware } from '../sim/firmware/robotiq-firmware.js'
export type { FingerPlant, FingerTarget } from '../sim/firmware/finger-plant.js'
export { SpringPlant } from '../sim/firmware/spring-plant.js'
export { startEmulatedArm, type EmulatedArm, type EmulatedArmOptions } from '../sim/firmware/emulated-arm.js'
