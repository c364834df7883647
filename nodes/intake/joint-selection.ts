import type { JointState } from '../../middleware/messages.js'

type Arrays = 'position' | 'velocity' | 'effort'

/** Why a JointState gives no values; see DROP_REASONS. */
export type JointFault = 'bad_joints' | 'other_joints'

/** Orders of names that are remembered: a topic's publishers, and those of before their restart. */
const MOST_ORDERS = 16
/** Messages, or ns of stamps, within which the same other joints have to come again to be another publisher's. */
const SOON = 10
const SOON_NS = 1e9
/** Names that a message lists, at most. */
const MOST_LISTED = 24

/** Where the wanted values are in messages that list their joints in this order, or why they are not. */
interface Order {
  readonly names: readonly string[]
  readonly fault: JointFault | undefined
  readonly at: readonly number[]
}

/**
 * What a topic says cannot be told: its messages name different joints, and the robot file does not say which are
 * meant.
 */
export class JointsUnclearError extends Error {
  readonly code = 'JOINTS_UNCLEAR'
  readonly exit = 2
}

/**
 * The values of a stream out of JointStates, always by name: `position.finger_joint`, `effort.j2` … in the order of the
 * robot file or, where that selects nothing, the positions of all joints of the first message, in its order. A message
 * of other joints is somebody else's. Where nothing is selected and the same joints come again within ten messages or a
 * second, two publishers share the topic: whose joints are meant cannot be told, and nothing more is taken.
 */
export class JointSelection {
  /** After `take` returned undefined; one array, refilled. */
  values = new Float64Array(0)
  /** Set once it cannot be told which joints are meant. */
  unclear: JointsUnclearError | undefined
  readonly #where: string
  readonly #select: readonly { readonly array: Arrays; readonly joint: string }[]
  #wanted: readonly { readonly array: Arrays; readonly joint: string }[]
  readonly #orders: Order[] = []
  /** The other joints that came last, sorted, with which stamp and how many messages ago. */
  #others: readonly string[] = []
  #stamp = NaN
  #ago = 0

  /** `where`: the stream, for messages; `select` as the robot file has it. */
  constructor(where: string, select: readonly string[]) {
    this.#where = where
    this.#select = select.map(path => ({
      array: path.slice(0, path.indexOf('.')) as Arrays,
      joint: path.slice(path.indexOf('.') + 1),
    }))
    this.#wanted = this.#select
    this.values = new Float64Array(select.length)
  }

  /** Why the message gives no values; undefined: they are in `values`. */
  take(message: JointState): JointFault | undefined {
    if (this.unclear) return 'other_joints'
    if (this.#select.length === 0 && message.position.length !== message.name.length) return 'bad_joints'
    const { names, fault, at } = this.#orderOf(message.name)
    this.#ago++
    if (fault === 'other_joints') this.#hearOther(names, message.stamp)
    if (fault !== undefined) return fault
    for (let i = 0; i < at.length; i++) {
      const values = message[this.#wanted[i]!.array]
      if (values.length !== names.length) return 'bad_joints'
      this.values[i] = values[at[i]!]!
    }
    return undefined
  }

  #orderOf(names: readonly string[]): Order {
    const known = this.#orders.find(order => isSame(order.names, names))
    if (known) return known
    const order = this.#place(names)
    if (this.#orders.length === MOST_ORDERS) this.#orders.pop()
    this.#orders.push(order)
    return order
  }

  #place(names: readonly string[]): Order {
    const joints = this.#wanted.length > 0 ? this.#wanted.map(({ joint }) => joint) : names
    if (names.length === 0 || joints.some(joint => names.indexOf(joint) !== names.lastIndexOf(joint)))
      return { names, fault: 'bad_joints', at: [] }
    if (this.#wanted.length === 0) {
      this.#wanted = names.map(joint => ({ array: 'position', joint }))
      this.values = new Float64Array(names.length)
    }
    const at = joints.map(joint => names.indexOf(joint))
    const isOther = at.includes(-1) || (this.#select.length === 0 && names.length !== joints.length)
    return { names, fault: isOther ? 'other_joints' : undefined, at }
  }

  #hearOther(names: readonly string[], stamp: number): void {
    if (this.#select.length > 0) return
    const sorted = [...names].sort()
    const isSoon = this.#ago <= SOON || (stamp !== 0 && Math.abs(stamp - this.#stamp) <= SOON_NS)
    const isAgain = isSoon && isSame(sorted, this.#others)
    this.#others = sorted
    this.#stamp = stamp
    this.#ago = 0
    if (!isAgain) return
    const [ours, others] = [this.#wanted.map(({ joint }) => joint), names]
    this.unclear = new JointsUnclearError(
      `${this.#where}: its messages name different joints, ${listed(ours)} and ${listed(others)}: ` +
        'say in the robot file (--robot FILE) which are meant: select: ' +
        `[position.${others.length > ours.length ? others[0] : ours[0]}, …]; for both make two streams`,
    )
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

const listed = (names: readonly string[]): string =>
  `${names.slice(0, MOST_LISTED).join(', ')}${names.length > MOST_LISTED ? `, … (${names.length})` : ''}`
