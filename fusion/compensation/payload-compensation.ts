import type { Compensation } from './compensation.js'
import { matrixOfQuaternion, matrixOfRpy, turn, turnBack } from './rotation-matrix.js'

/**
 * Takes bias and weight out of a wrench, and moves it from the sensor's frame to the tool's. Allocates nothing after
 * construction.
 *
 * With f, t: what the sensor says (N, N·m, sensor frame: the wrench that the surroundings and gravity exert on the
 * tool), R: the rotation of the tool in the frame of the poses, M, p: rotation and origin of the sensor in the tool's
 * frame, g: gravity, m, c: mass and its centre in the sensor's frame, f0, t0: the biases:
 *
 *     w = m Mᵀ Rᵀ g       the weight in the sensor's frame
 *     F = M (f - f0 - w)
 *     T = M (t - t0 - c × w) + p × F
 *
 * With M = 1, p = 0 and no bias it is the definition of the filter GravityCompensation of ros-controls/control_toolbox
 * (control_filters/README.md), whose CoG.pos is c and whose CoG.force is m g.
 */
export class PayloadCompensation {
  readonly #mass: number
  readonly #centre: Float64Array
  readonly #bias: Float64Array
  readonly #mount: Float64Array
  readonly #origin: Float64Array
  readonly #gravity: Float64Array
  readonly #tool = new Float64Array(9)
  readonly #weight = new Float64Array(3)
  readonly #rest = new Float64Array(6)

  constructor({ mass, centre, forceBias, torqueBias, mount, gravity }: Compensation) {
    this.#mass = mass
    this.#centre = Float64Array.from(centre)
    this.#bias = Float64Array.from([...forceBias, ...torqueBias])
    this.#mount = matrixOfRpy(mount.rpy)
    this.#origin = Float64Array.from(mount.xyz)
    this.#gravity = Float64Array.from(gravity)
  }

  /**
   * @param wrench f64[6] of the sensor: fx, fy, fz (N), tx, ty, tz (N·m). @param rotation the tool's quaternion qx, qy,
   * qz, qw lies at rotation[offset]. @param out f64[6], the wrench at the tool's origin, in the tool's frame. May be
   * `wrench`.
   */
  apply(wrench: ArrayLike<number>, rotation: ArrayLike<number>, offset: number, out: Float64Array): void {
    const weight = this.#weight
    const rest = this.#rest
    const c = this.#centre
    turnBack(matrixOfQuaternion(rotation, offset, this.#tool), this.#gravity, 0, weight)
    turnBack(this.#mount, weight, 0, weight)
    for (let i = 0; i < 3; i++) weight[i]! *= this.#mass
    for (let i = 0; i < 6; i++) rest[i] = (wrench[i] as number) - this.#bias[i]!
    for (let i = 0; i < 3; i++) {
      const j = (i + 1) % 3
      const k = (i + 2) % 3
      rest[i]! -= weight[i]!
      rest[3 + i]! -= c[j]! * weight[k]! - c[k]! * weight[j]!
    }
    turn(this.#mount, rest, 0, out, 0)
    turn(this.#mount, rest, 3, out, 3)
    const p = this.#origin
    for (let i = 0; i < 3; i++) {
      const j = (i + 1) % 3
      const k = (i + 2) % 3
      out[3 + i]! += p[j]! * out[k]! - p[k]! * out[j]!
    }
  }
}
