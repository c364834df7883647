import type { Episode } from '../embedded/episode.js'
import { cellXml, GRIPPER, HOME } from '../embedded/mjcf.js'
import { compile } from '../embedded/mujoco.js'
import type { MainModule, MjData, MjModel } from '../embedded/mujoco.js'
import type { Shape } from '../objects/object.js'
import type { Pose, Vector } from './rigid-pose.js'

/** A primitive in the frame of its body. `size`: half-extents, as in MJCF. */
export interface CellSolid {
  readonly name: string
  readonly shape: Shape
  readonly size: Vector
  readonly pose: Pose
  readonly rgb: Vector
  /** Sliding friction. */
  readonly friction: number
}

/** The joint between a body and its parent. `home`: its position with the arm at home and open fingers (m, rad). */
export interface CellJoint {
  readonly name: string
  readonly type: 'prismatic' | 'revolute'
  readonly axis: Vector
  readonly damping: number
  /** Inertia of the drive at the joint (kg, kg·m²). */
  readonly armature: number
  readonly home: number
}

/** A rigid body with its world pose at home. `inertia`: about `centre` (diagonal, kg·m²). */
export interface CellBody {
  readonly name: string
  readonly parent: string
  readonly pose: Pose
  readonly mass: number
  readonly centre: Pose
  readonly inertia: Vector
  readonly joint: CellJoint | undefined
  readonly solids: readonly CellSolid[]
}

/** The wrist camera in the frame of its body, as in MuJoCo: it looks along -z, y is up. `fovy`: rad. */
export interface CellCamera {
  readonly body: string
  readonly pose: Pose
  readonly fovy: number
}

/**
 * The embedded cell with the objects of an episode, as MuJoCo compiled it. Gazebo's world is made from it.
 */
export interface CellModel {
  /** The geoms without a body: the table. */
  readonly fixed: readonly CellSolid[]
  /** Parents before their children. */
  readonly arm: readonly CellBody[]
  /** In the order of the episode. */
  readonly objects: readonly CellBody[]
  readonly camera: CellCamera
}

/** Compiles the cell of an episode and reads the model. */
export function readCell(mj: MainModule, episode: Episode): CellModel {
  const { model, data } = compile(mj, cellXml(episode.placed))
  try {
    const qpos = data.qpos as Float64Array
    HOME.forEach((value, axis) => (qpos[axis] = value))
    qpos[4] = qpos[5] = GRIPPER.maxWidth / 2
    mj.mj_kinematics(model, data)
    return new Reader(mj, model, data).read()
  } finally {
    data.delete()
    model.delete()
  }
}

/** Reads a compiled model from MuJoCo's arrays. */
class Reader {
  readonly #mj: MainModule
  readonly #model: MjModel
  readonly #data: MjData

  constructor(mj: MainModule, model: MjModel, data: MjData) {
    this.#mj = mj
    this.#model = model
    this.#data = data
  }

  read(): CellModel {
    const model = this.#model
    const bodies = Array.from({ length: model.nbody }, (_, id) => this.#body(id))
    const isFree = (id: number): boolean => this.#jointType(id) === this.#mj.mjtJoint.mjJNT_FREE.value
    const [world] = bodies
    const fovy = (at(model.cam_fovy, 0) * Math.PI) / 180
    return {
      fixed: world?.solids ?? [],
      arm: bodies.filter((_, id) => id > 0 && !isFree(id)),
      objects: bodies.filter((_, id) => id > 0 && isFree(id)),
      camera: {
        body: bodies[at(model.cam_bodyid, 0)]?.name ?? '',
        pose: { position: vector(model.cam_pos, 0), rotation: quaternion(model.cam_quat, 0) },
        fovy,
      },
    }
  }

  #body(id: number): CellBody {
    const model = this.#model
    return {
      name: this.#name('mjOBJ_BODY', id),
      parent: this.#name('mjOBJ_BODY', at(model.body_parentid, id)),
      pose: { position: vector(this.#data.xpos, id), rotation: quaternion(this.#data.xquat, id) },
      mass: at(model.body_mass, id),
      centre: { position: vector(model.body_ipos, id), rotation: quaternion(model.body_iquat, id) },
      inertia: vector(model.body_inertia, id),
      joint: this.#joint(id),
      solids: Array.from({ length: at(model.body_geomnum, id) }, (_, i) => this.#solid(at(model.body_geomadr, id) + i)),
    }
  }

  #jointType(body: number): number {
    const { body_jntnum: count, body_jntadr: first, jnt_type: type } = this.#model
    return at(count, body) === 0 ? -1 : at(type, at(first, body))
  }

  #joint(body: number): CellJoint | undefined {
    const { mjJNT_SLIDE, mjJNT_HINGE } = this.#mj.mjtJoint
    const model = this.#model
    const type = this.#jointType(body)
    if (type !== mjJNT_SLIDE.value && type !== mjJNT_HINGE.value) return undefined
    const id = at(model.body_jntadr, body)
    const dof = at(model.jnt_dofadr, id)
    return {
      name: this.#jointName(body, id),
      type: type === mjJNT_SLIDE.value ? 'prismatic' : 'revolute',
      axis: vector(model.jnt_axis, id),
      damping: at(model.dof_damping, dof),
      armature: at(model.dof_armature, dof),
      home: at(this.#data.qpos, at(model.jnt_qposadr, id)),
    }
  }

  /**
   * In SDF the links and joints of a model must have different names. A joint with the name of its body gets a suffix.
   */
  #jointName(body: number, id: number): string {
    const name = this.#name('mjOBJ_JOINT', id)
    return name === this.#name('mjOBJ_BODY', body) ? `${name}_joint` : name
  }

  #solid(id: number): CellSolid {
    const model = this.#model
    return {
      name: this.#name('mjOBJ_GEOM', id),
      shape: this.#shape(at(model.geom_type, id)),
      size: vector(model.geom_size, id),
      pose: { position: vector(model.geom_pos, id), rotation: quaternion(model.geom_quat, id) },
      rgb: [0, 1, 2].map(c => Math.round(1e4 * at(model.geom_rgba, 4 * id + c)) / 1e4) as unknown as Vector,
      friction: at(model.geom_friction, 3 * id),
    }
  }

  #shape(type: number): Shape {
    const { mjGEOM_BOX, mjGEOM_CYLINDER, mjGEOM_SPHERE, mjGEOM_CAPSULE, mjGEOM_ELLIPSOID } = this.#mj.mjtGeom
    switch (type) {
      case mjGEOM_BOX.value:
        return 'box'
      case mjGEOM_CYLINDER.value:
        return 'cylinder'
      case mjGEOM_SPHERE.value:
        return 'sphere'
      case mjGEOM_CAPSULE.value:
        return 'capsule'
      case mjGEOM_ELLIPSOID.value:
        return 'ellipsoid'
      default:
        throw new Error(`cell: a geom of type ${type} has no counterpart in SDF`)
    }
  }

  #name(kind: 'mjOBJ_BODY' | 'mjOBJ_JOINT' | 'mjOBJ_GEOM', id: number): string {
    return this.#mj.mj_id2name(this.#model, this.#mj.mjtObj[kind].value, id) ?? ''
  }
}

const at = (array: ArrayLike<number>, i: number): number => array[i] ?? 0
const vector = (array: ArrayLike<number>, row: number): Vector => [
  at(array, 3 * row),
  at(array, 3 * row + 1),
  at(array, 3 * row + 2),
]
/** A quaternion in MuJoCo's order: w, x, y, z. */
const quaternion = (array: ArrayLike<number>, row: number): Pose['rotation'] => [
  at(array, 4 * row),
  at(array, 4 * row + 1),
  at(array, 4 * row + 2),
  at(array, 4 * row + 3),
]
