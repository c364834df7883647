import { FEETECH } from '../drivers/feetech/protocol.js'
import { FeetechServo } from '../sim/firmware/feetech-servo.js'
import { startServoHost } from '../sim/firmware/servo-host.js'
import { ServoRotor } from '../sim/firmware/servo-rotor.js'

/**
 * Six emulated servos on one pseudo-terminal at the speed of a wire of 1 Mbaud, in a process of their own. It prints
 * the path and ends with its standard input.
 */
const rotors = [1, 2, 3, 4, 5, 6].map(() => new ServoRotor())
const servos = rotors.map((plant, index) => new FeetechServo({ id: index + 1, plant, registers: { returnDelay: 0 } }))
const host = startServoHost({ protocol: FEETECH, servos, rotors })
process.stdout.write(`${host.path}\n`)
process.stdin.resume()
process.stdin.on('end', () => void host.close())
