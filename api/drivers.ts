/**
 * `import 'prehend/drivers'`: grippers, arms of servos, and the wires that they are on. A driver of your own is one
 * `driver(...)` declaration, added with `DRIVERS.set(name, declaration)` before robot files are read; a servo of your
 * own is a `ServoModel`, added with `SERVO_MODELS.set`. Serial ports need the package serialport when one is opened. The
 * types need @types/node, since `SerialPort` is an EventEmitter of Node.
 *
 * @module
 */
export { monotonicNs, type ByteStream, type ByteStreamEvents } from '../drivers/byte-stream.js'
export { DriverError } from '../drivers/driver-error.js'
export {
  driver,
  type Driver,
  type DriverOption,
  type DriverOptions,
  type OptionValues,
  type Patience,
  type PortSetting,
  type Transport,
} from '../drivers/driver-declaration.js'
export type { Gripper, GripperStatus, WireStats } from '../drivers/gripper.js'
export { createGripper, DRIVERS, type GripperSetting } from '../drivers/gripper-drivers.js'
export { SerialPort, serialTransport, type SerialPortOptions } from '../drivers/serial-port.js'
export { ServoBus, type ServoBusEvents, type ServoBusOptions } from '../drivers/servo/servo-bus.js'
export { jointOfCalibration, type LeRobotCalibration } from '../drivers/servo/servo-calibration.js'
export type { ServoJoint } from '../drivers/servo/servo-joint.js'
export type { ServoModel, ServoRegisters } from '../drivers/servo/servo-model.js'
export { SERVO_MODELS } from '../drivers/servo/servo-models.js'
export type { ServoData, ServoProtocol, ServoRequest, ServoStatus } from '../drivers/servo/servo-protocol.js'
export type { PacketFraming } from '../drivers/servo/packet-assembler.js'
export type { ServoRegister } from '../drivers/servo/servo-register.js'
export type { ServoState } from '../drivers/servo/servo-state.js'
export type { ServoErrorCounts } from '../drivers/servo/servo-wire.js'
