import { beforeAll, describe, expect, test } from 'vitest'
import { compile, loadMujoco } from '../../../sim/embedded/mujoco.js'
import type { MainModule } from '../../../sim/embedded/mujoco.js'
import { SERVO } from '../../../sim/so101/arm.js'
import { ARM_DEFAULTS } from '../../../sim/so101/arm-xml.js'
import { ServoDrive } from '../../../sim/so101/servo-drive.js'

let mj: MainModule
beforeAll(async () => {
  mj = await loadMujoco()
})

interface Bench {
  readonly drive: ServoDrive
  /** Angle of the motor, before the gear's play, rad. */
  motor(): number
  /** N·m from outside on the output shaft. */
  push: number
  run(seconds: number): void
  close(): void
}

/** One servo on a bench, whose horn carries `mass` (kg) at `lever` (m) from a horizontal axis. 0 rad: straight down. */
function bench({ mass = 0.01, lever = 0.02 }: { mass?: number; lever?: number } = {}): Bench {
  const { model, data } = compile(
    mj,
    `<mujoco><compiler angle="radian" autolimits="true"/><option timestep="0.001" integrator="implicitfast"/>
    <default>${ARM_DEFAULTS}</default>
    <worldbody><body><joint name="motor" class="servo" axis="0 1 0"/><joint name="play" class="play" axis="0 1 0"/>
      <geom type="sphere" size="0.01" mass="${mass}" pos="0 0 ${-lever}"/></body></worldbody>
    <actuator><motor joint="motor"/></actuator></mujoco>`,
  )
  const drive = new ServoDrive()
  const [qpos, qvel, ctrl, applied] = [data.qpos, data.qvel, data.ctrl, data.qfrc_applied] as Float64Array[]
  const self: Bench = {
    drive,
    push: 0,
    motor: () => qpos![0]!,
    run(seconds) {
      for (let i = 0; i < Math.round(seconds * 1000); i++) {
        ctrl![0] = drive.torque()
        // A torque on the link acts on both joints of its axis.
        applied![0] = applied![1] = self.push
        mj.mj_step(model, data)
        drive.angle = qpos![0]! + qpos![1]!
        drive.rate = qvel![0]! + qvel![1]!
      }
    },
    close() {
      data.delete()
      model.delete()
    },
  }
  return self
}

const DEGREE = Math.PI / 180

describe('a servo of the arm', () => {
  test('turns without a load as fast as real ones were measured: 45 or 46 turns a minute', () => {
    const servo = bench({ mass: 0.001, lever: 0 })
    servo.drive.drive(1000, 1)
    servo.run(1)
    const turnsAMinute = (servo.drive.rate * 60) / (2 * Math.PI)
    expect(turnsAMinute).toBeGreaterThan(43)
    expect(turnsAMinute).toBeLessThan(47)
    servo.close()
  })

  test('gives way under 1.5 kg at 10 cm and 45° as real ones were measured: 20 to 30 counts', () => {
    const servo = bench({ mass: 1.5, lever: 0.1 })
    const goal = 45 * DEGREE
    servo.drive.drive(goal, 1)
    servo.run(3)
    const counts = ((goal - servo.drive.angle) * SERVO.stepsPerTurn) / (2 * Math.PI)
    expect(counts).toBeGreaterThan(20)
    expect(counts).toBeLessThan(30)
    servo.close()
  })

  test('holds 30 kg·cm and no more', () => {
    const servo = bench({ mass: 0.001, lever: 0 })
    servo.drive.drive(0, 1)
    servo.push = 0.97 * SERVO.stallTorque
    servo.run(2)
    expect(Math.abs(servo.drive.rate)).toBeLessThan(0.01)
    servo.push = 1.05 * SERVO.stallTorque
    servo.run(2)
    expect(servo.drive.rate).toBeGreaterThan(0.05)
    expect(Math.abs(servo.drive.load())).toBe(1)
    servo.close()
  })

  test('has the free play of the gears between motor and shaft: pushed to and fro, the shaft moves alone', () => {
    const servo = bench({ mass: 0.05, lever: 0.02 })
    servo.drive.release()
    const ends = [0.03, -0.03].map(push => {
      servo.push = push
      servo.run(1)
      return { shaft: servo.drive.angle, motor: servo.motor() }
    })
    const shaft = ends[0]!.shaft - ends[1]!.shaft
    // The push is below the dry friction of the motor, which stays where it is.
    expect(Math.abs(ends[0]!.motor - ends[1]!.motor)).toBeLessThan(0.1 * DEGREE)
    expect(shaft / DEGREE).toBeGreaterThan(0.8)
    expect(shaft / DEGREE).toBeLessThan(1)
    servo.close()
  })

  test('keeps to the limit of its torque, and has none when released', () => {
    const servo = bench()
    servo.drive.drive(1, 0.3)
    servo.drive.torque()
    expect(servo.drive.load()).toBe(0.3)
    servo.drive.release()
    expect(servo.drive.torque()).toBe(0)
    servo.close()
  })
})
