import type { Grasp } from '../objects/grasp.js'
import type { Truth, TrueObject } from '../simulated-cell.js'
import { GRIPPER, WORKSPACE } from './mjcf.js'
import { toolYaw, wrap } from './arm-servos.js'

/**
 * The expert's action: tool velocity in the base frame (m/s; yaw about the tool's own z, rad/s), opening (m) and effort
 * (N).
 */
export interface ExpertAction {
  readonly vx: number
  readonly vy: number
  readonly vz: number
  readonly vyaw: number
  readonly width: number
  readonly effort: number
}

const EXPERT = {
  speed: 0.3,
  yawRate: 2,
  /** m above the table at which open fingers pass over every object. */
  transit: 0.135,
  /** m above the grasp at which an object is held in the air. */
  lift: 0.16,
  open: GRIPPER.maxWidth,
  /** m of lift from which an object counts as following the fingers. */
  felt: 0.002,
  /** m of slip from which the grip is tightened, and by how much for each further metre, N/m. */
  slipped: 0.003,
  tighten: 9000,
  /** Speed of the rise until the object follows, m/s. */
  creep: 0.04,
  /** m of slip up to which an object that keeps the fingers apart may still be between the pads. */
  pads: 0.015,
  /** Position error (m) and yaw error (rad) at which the fingers start to close. */
  reach: 0.003,
  turn: (4 * Math.PI) / 180,
  /** m beside the grasp up to which low, open fingers need not rise. */
  beside: 0.015,
} as const

/** Openings in m: above STILL_OPEN the fingers count as open; below HALF_OPEN they open before the tool moves. */
const STILL_OPEN = 0.08
const HALF_OPEN = 0.07
/** The gripper's least force, N. Every grip starts with it. */
const LEAST = 20
/** Factors on the force that ended the slip, for an object that follows: normal, and with care. */
const MARGIN = 1.5
const GENTLE = 1.1

/**
 * The scripted expert: a velocity field over the true state. It has no memory, so it has an answer for every state,
 * also for states that another policy led to. Its steps: move above the object, align, descend in a funnel, close,
 * creep up and tighten with the slip until the object follows, lift. A wrong object is let go. Near the grasp the
 * expert never rises. A policy that learns from it cannot tell one or two millimetres apart, so it would average up and
 * down and hover.
 */
export function expertAction(truth: Truth): ExpertAction {
  const { tool, width } = truth
  const target = truth.objects.find(({ name }) => name === truth.target)
  const held = truth.objects.find(({ squeeze }) => squeeze > 1)
  if (target === undefined) return { vx: 0, vy: 0, vz: 0, vyaw: 0, width, effort: LEAST }
  const goal = goalOf(truth, target)
  const [x = 0, y = 0, z = 0] = tool
  const effort = held === target ? effortFor(target, slipOf(target, goal, z), truth.gentle) : LEAST
  const still = { vx: 0, vy: 0, vz: 0, vyaw: 0, effort }
  if (held !== undefined && held !== target) {
    if (held.lift <= 0.006) return { ...still, width: EXPERT.open }
    return {
      ...still,
      vz: -Math.min(0.15, 4 * held.lift + 0.01),
      width: 0,
      effort: effortFor(held, slipOf(held, goalOf(truth, held), z), true),
    }
  }
  if (held === target) {
    if (target.squeeze < 0.7 * effort && target.lift < 0.01) return { ...still, width: 0 }
    const sure = EXPERT.creep + 10 * Math.max(0, target.lift)
    return { ...still, vz: clamp(5 * (goal.rest + EXPERT.lift - z), Math.min(0.2, sure)), width: 0 }
  }
  const dx = goal.x - x
  const dy = goal.y - y
  const dyaw = goal.turn
  const height = z - goal.z
  const error = Math.hypot(dx, dy)
  const closing = width < STILL_OPEN
  const slack = closing ? 3 : 1
  const near =
    error < slack * EXPERT.reach &&
    Math.abs(dyaw) < slack * EXPERT.turn &&
    Math.abs(height) < (width < goal.width + EXPERT.reach ? EXPERT.pads : slack * EXPERT.reach)
  if (near && width > goal.width - 0.008) return { ...still, width: 0 }

  const off = Math.hypot(error, 0.05 * dyaw)
  const gap = clamp(goal.z + 10 * Math.max(0, off - 0.004), EXPERT.transit) - z
  // Low fingers under the funnel that are only a little off move sideways. Further off they rise first.
  const rise = gap > 0 ? gap * clamp((off - EXPERT.beside) / 0.01, 1, 0) : gap
  const free = clamp(1 - (rise - 0.01) / 0.03, 1, 0)
  const speed = Math.min(EXPERT.speed, 7 * error) * free
  const vx = error > 1e-9 ? (speed * dx) / error : 0
  const vy = error > 1e-9 ? (speed * dy) / error : 0
  const room = Math.sqrt(Math.max(0, EXPERT.speed ** 2 - speed ** 2))
  const sink = Math.min(0.22, 5 * Math.abs(rise))
  // The speed falls with the opening.
  const ready = clamp((width - HALF_OPEN) / (STILL_OPEN - HALF_OPEN), 1, 0)
  return {
    vx: ready * vx,
    vy: ready * vy,
    vz: ready * clamp(Math.sign(rise) * Math.min(sink, Math.max(room, 0.05)), EXPERT.speed),
    vyaw: ready * clamp(7 * dyaw, EXPERT.yawRate),
    width: EXPERT.open,
    effort,
  }
}

/**
 * The expert's set-points for the next `rows / rate` seconds as rows of an action chunk (policy/policy.ts): f32[rows *
 * 6], offsets in the current tool frame. The expert is simulated forward with a kinematic model of the cell: the tool
 * moves as commanded and the fingers move at `fingerSpeed` (m/s). An object between them stops them, and moves along
 * once it follows. Every row has the current effort, because the slip on the way is not known yet.
 */
export function expertChunk(truth: Truth, rows: number, rate: number, fingerSpeed = 0.1): Float32Array {
  const data = new Float32Array(rows * 6)
  const steps = 4
  const dt = 1 / rate / steps
  const yaw0 = toolYaw(truth.tool)
  const [x0 = 0, y0 = 0, z0 = 0] = truth.tool
  const state = { x: x0, y: y0, z: z0, yaw: yaw0, width: truth.width }
  let now = truth
  const { effort } = expertAction(truth)
  for (let row = 0; row < rows; row++) {
    let action = expertAction(now)
    for (let step = 0; step < steps; step++) {
      state.x = clamp(state.x + action.vx * dt, WORKSPACE.x[1])
      state.y = clamp(state.y + action.vy * dt, WORKSPACE.y[1])
      state.z = clamp(state.z + action.vz * dt, WORKSPACE.z[1], 0)
      state.yaw += action.vyaw * dt
      const change = clamp(action.width - state.width, fingerSpeed * dt)
      now = moved(now, state, change, action)
      state.width = now.width
      if (step < steps - 1) action = expertAction(now)
    }
    const [dx, dy] = [state.x - x0, state.y - y0]
    const [cos, sin] = [Math.cos(yaw0), Math.sin(yaw0)]
    data.set([dx * cos - dy * sin, -dx * sin - dy * cos, z0 - state.z, state.yaw - yaw0, action.width, effort], row * 6)
  }
  return data
}

/**
 * The target's grasp in the tool frame, f64[6]: x, y, z (m), yaw still to turn (rad), 1 when there is a target, 1 when
 * it is in the hand. All 0 without a target.
 */
export function goalInTool(truth: Truth): Float64Array {
  const target = truth.objects.find(({ name }) => name === truth.target)
  if (target === undefined) return new Float64Array(6)
  const goal = goalOf(truth, target)
  const [x = 0, y = 0, z = 0] = truth.tool
  const yaw = toolYaw(truth.tool)
  const [dx, dy, cos, sin] = [goal.x - x, goal.y - y, Math.cos(yaw), Math.sin(yaw)]
  return Float64Array.of(
    dx * cos - dy * sin,
    -dx * sin - dy * cos,
    z - goal.z,
    goal.turn,
    1,
    target.squeeze > 1 ? 1 : 0,
  )
}

/**
 * The grip force, N. It grows with each millimetre that the fingers slide along the object (`slip`, m) until the object
 * follows. Then a margin is added. It stays below the force that crushes the object. Slip that has ended is still
 * visible in how low the object hangs in the fingers, so no memory is needed. Weight and friction are not used: a
 * policy that sees and feels the slip can give the same answer.
 */
export function effortFor({ lift, crush }: Pick<TrueObject, 'lift' | 'crush'>, slip: number, gentle: boolean): number {
  const grip = LEAST + EXPERT.tighten * Math.max(0, slip - EXPERT.slipped)
  const margin = lift > EXPERT.felt ? (gentle ? GENTLE : MARGIN) : 1
  return Math.max(LEAST, Math.min(margin * grip, 0.6 * crush, 120))
}

/** m by which fingers at height `z` have slid up along the object. */
const slipOf = ({ lift }: TrueObject, { rest }: Goal, z: number): number => z - rest - lift

export interface Goal {
  readonly x: number
  readonly y: number
  /** TCP height of the grasp, m: at the object's current height, and with the object on the table. */
  readonly z: number
  readonly rest: number
  readonly width: number
  /** Yaw still to turn, rad. */
  readonly turn: number
}

/** The grasp with the least turn and the most room to the neighbours. */
function goalOf({ tool, objects }: Truth, target: TrueObject): Goal {
  const [px = 0, py = 0, pz = 0] = target.pose
  const heading = headingOf(target.pose)
  const yaw = toolYaw(tool)
  let best: Goal | undefined
  let least = Infinity
  for (const grasp of target.grasps) {
    const goal = goalFor(grasp, px, py, heading, yaw, target.lift)
    let cost = 0.01 * Math.abs(goal.turn)
    for (const other of objects)
      if (other !== target) cost += 10 * Math.max(0, 0.012 - fingerRoom(goal, heading + grasp.yaw, other))
    if (cost < least) {
      least = cost
      best = goal
    }
  }
  return best ?? { x: px, y: py, z: Math.max(0.02, pz), rest: 0.02, width: 0.02, turn: 0 }
}

function goalFor(grasp: Grasp, px: number, py: number, heading: number, yaw: number, lift: number): Goal {
  const [cos, sin] = [Math.cos(heading), Math.sin(heading)]
  const half = wrap(2 * (-(grasp.yaw + heading) - yaw)) / 2
  return {
    x: px + grasp.x * cos - grasp.y * sin,
    y: py + grasp.x * sin + grasp.y * cos,
    z: Math.min(grasp.z + Math.max(0, lift), 0.3),
    rest: grasp.z,
    width: grasp.width,
    turn: half,
  }
}

/** m between a neighbour's outline (a circle) and the nearer open finger. */
function fingerRoom(goal: Goal, direction: number, other: TrueObject): number {
  const [ox = 0, oy = 0] = other.pose
  const [cos, sin] = [Math.cos(direction), Math.sin(direction)]
  const along = Math.abs((ox - goal.x) * cos + (oy - goal.y) * sin)
  const across = Math.abs((ox - goal.x) * sin - (oy - goal.y) * cos)
  const half = GRIPPER.maxWidth / 2 + GRIPPER.thickness
  return Math.hypot(Math.max(0, along - GRIPPER.padDepth / 2), Math.max(0, across - half)) - other.radius
}

function headingOf(pose: Float64Array): number {
  const [qx = 0, qy = 0, qz = 0, qw = 0] = pose.subarray(3)
  return Math.atan2(2 * (qx * qy + qw * qz), 1 - 2 * (qy * qy + qz * qz))
}

function moved(
  truth: Truth,
  state: { x: number; y: number; z: number; yaw: number; width: number },
  change: number,
  action: ExpertAction,
): Truth {
  const tool = Float64Array.of(state.x, state.y, state.z, Math.cos(state.yaw / 2), -Math.sin(state.yaw / 2), 0, 0)
  let width = state.width + change
  const target = truth.objects.find(({ name }) => name === truth.target)
  const rise = state.z - (truth.tool[2] ?? 0)
  const objects = truth.objects.map((object): TrueObject => {
    if (object.squeeze > 1) {
      if (change > 0) return { ...object, squeeze: 0 }
      width = state.width
      // The model does not know earlier than the fingers that the object follows.
      if (object.lift <= EXPERT.felt) return { ...object, squeeze: action.effort }
      const pose = Float64Array.from(object.pose)
      pose[2] = (pose[2] ?? 0) + rise
      return { ...object, pose, lift: object.lift + rise, squeeze: action.effort }
    }
    if (object !== target || change >= 0) return object
    const goal = goalOf({ ...truth, tool }, target)
    const between = Math.hypot(goal.x - state.x, goal.y - state.y) < 0.01 && Math.abs(goal.z - state.z) < 0.015
    if (!between || width > goal.width || state.width < goal.width - 0.003) return object
    width = goal.width
    return { ...object, squeeze: action.effort }
  })
  return { ...truth, tool, width, widthRate: 0, objects }
}

const clamp = (value: number, high: number, low = -high): number => Math.min(Math.max(value, low), high)
