import { many, one, Schema, type MessageOf } from './proto.js'

/**
 * The messages of gz-msgs that are used here, by field number. The numbers are the same in ignition.msgs 8 (Fortress)
 * and in gz.msgs 9 to 12; a test compares them with the installed .proto files. On the wire a type is called
 * `ignition.msgs.NAME` or `gz.msgs.NAME`: see dialect.ts.
 */
export const TIME = new Schema('Time', { sec: one(1, 'int64'), nsec: one(2, 'int32') })
export const HEADER_ENTRY = new Schema('Header.Map', { key: one(1, 'string'), value: many(2, 'string') })
export const HEADER = new Schema('Header', { stamp: one(1, TIME), data: many(2, HEADER_ENTRY) })

export const EMPTY = new Schema('Empty', { unused: one(1, 'bool') })
export const BOOLEAN = new Schema('Boolean', { header: one(1, HEADER), data: one(2, 'bool') })
export const DOUBLE = new Schema('Double', { header: one(1, HEADER), data: one(2, 'double') })
export const STRING = new Schema('StringMsg', { header: one(1, HEADER), data: one(2, 'string') })

/** m, N or N·m; the message that it is part of decides. */
export const VECTOR = new Schema('Vector3d', { x: one(2, 'double'), y: one(3, 'double'), z: one(4, 'double') })
export const QUATERNION = new Schema('Quaternion', {
  x: one(2, 'double'),
  y: one(3, 'double'),
  z: one(4, 'double'),
  w: one(5, 'double'),
})
export const POSE = new Schema('Pose', {
  header: one(1, HEADER),
  name: one(2, 'string'),
  id: one(3, 'uint32'),
  position: one(4, VECTOR),
  orientation: one(5, QUATERNION),
})
export const POSES = new Schema('Pose_V', { header: one(1, HEADER), pose: many(2, POSE) })

/** N and N·m. Wrenches at 1 kHz are read by wrench-reader.ts. */
export const WRENCH = new Schema('Wrench', { header: one(1, HEADER), force: one(2, VECTOR), torque: one(3, VECTOR) })
/** Angular velocity in rad/s, linear acceleration in m/s². Fortress has no covariances; newer ones are left out. */
export const IMU = new Schema('IMU', {
  header: one(1, HEADER),
  entityName: one(2, 'string'),
  orientation: one(3, QUATERNION),
  angularVelocity: one(4, VECTOR),
  linearAcceleration: one(5, VECTOR),
})

export const JOINT_WRENCH = new Schema('JointWrench', {
  header: one(1, HEADER),
  body1Name: one(2, 'string'),
  body1Id: one(3, 'uint32'),
  body2Name: one(4, 'string'),
  body2Id: one(5, 'uint32'),
  body1Wrench: one(6, WRENCH),
  body2Wrench: one(7, WRENCH),
})

/** `data` is a view of the message's own bytes. */
export const IMAGE = new Schema('Image', {
  header: one(1, HEADER),
  width: one(2, 'uint32'),
  height: one(3, 'uint32'),
  step: one(4, 'uint32'),
  data: one(5, 'bytes'),
  pixelFormatType: one(6, 'enum'),
})
/** Values of `IMAGE.pixelFormatType` (PixelFormatType) that cameras send. */
export const PIXELS = {
  L_INT8: 1,
  L_INT16: 2,
  RGB_INT8: 3,
  RGBA_INT8: 4,
  BGRA_INT8: 5,
  RGB_INT16: 6,
  BGR_INT8: 8,
  R_FLOAT16: 11,
  R_FLOAT32: 13,
} as const

export const CAMERA_INFO = new Schema('CameraInfo', {
  header: one(1, HEADER),
  width: one(2, 'uint32'),
  height: one(3, 'uint32'),
  distortion: one(4, new Schema('CameraInfo.Distortion', { model: one(1, 'enum'), k: many(2, 'double') })),
  /** The 3x3 intrinsic matrix, row-major. */
  intrinsics: one(5, new Schema('CameraInfo.Intrinsics', { k: many(1, 'double') })),
})

/** Simulated time, real time and system time. */
export const CLOCK = new Schema('Clock', {
  header: one(1, HEADER),
  system: one(2, TIME),
  real: one(3, TIME),
  sim: one(4, TIME),
})

const AXIS = new Schema('Axis', { position: one(10, 'double'), velocity: one(11, 'double'), force: one(12, 'double') })
const JOINT = new Schema('Joint', { name: one(2, 'string'), axis1: one(10, AXIS) })
/** The state of a model as the joint state publisher sends it: rad or m, rad/s or m/s, N·m or N. */
export const MODEL = new Schema('Model', {
  header: one(1, HEADER),
  name: one(2, 'string'),
  id: one(3, 'uint32'),
  pose: one(5, POSE),
  joint: many(6, JOINT),
})

const WORLD_RESET = new Schema('WorldReset', {
  all: one(2, 'bool'),
  timeOnly: one(3, 'bool'),
  modelOnly: one(4, 'bool'),
})
export const WORLD_CONTROL = new Schema('WorldControl', {
  header: one(1, HEADER),
  pause: one(2, 'bool'),
  step: one(3, 'bool'),
  multiStep: one(4, 'uint32'),
  reset: one(5, WORLD_RESET),
  seed: one(6, 'uint32'),
  runToSimTime: one(7, TIME),
})
export const WORLD_STATISTICS = new Schema('WorldStatistics', {
  header: one(1, HEADER),
  simTime: one(2, TIME),
  realTime: one(4, TIME),
  paused: one(5, 'bool'),
  iterations: one(6, 'uint64'),
  realTimeFactor: one(9, 'double'),
  stepSize: one(10, TIME),
})

export const ENTITY = new Schema('Entity', { id: one(2, 'uint64'), name: one(3, 'string'), type: one(4, 'enum') })
/** Value of `ENTITY.type`. */
export const MODEL_ENTITY = 2
/** A request to create the entity of an SDF text. `name` replaces the name in the text. */
export const ENTITY_FACTORY = new Schema('EntityFactory', {
  header: one(1, HEADER),
  sdf: one(2, 'string'),
  name: one(8, 'string'),
})

const CONTACT = new Schema('Contact', {
  collision1: one(2, ENTITY),
  collision2: one(3, ENTITY),
  position: many(4, VECTOR),
  normal: many(5, VECTOR),
  depth: many(6, 'double'),
  wrench: many(7, JOINT_WRENCH),
})
export const CONTACTS = new Schema('Contacts', { header: one(1, HEADER), contact: many(2, CONTACT) })

export type Time = MessageOf<typeof TIME>
export type Header = MessageOf<typeof HEADER>

/** `frame_id` of a header, as the simulator's sensors write it; '' when it has none. */
export function frameOf(header: Header | undefined): string {
  return header?.data.find(({ key }) => key === 'frame_id')?.value[0] ?? ''
}

/** The stamp of a header in ns; -1 when it has none. */
export function stampOf(header: Header | undefined): number {
  return header?.stamp === undefined ? -1 : header.stamp.sec * 1e9 + header.stamp.nsec
}
