import type { JointValues } from '../../fusion/stream-types/stream-type.js'

type Arrays = 'position' | 'velocity' | 'effort'

/** Why a message of joints gives no values. DROP_REASONS says what each means. */
export type JointFault = 'bad_joints' | 'other_joints'

/** Orders of names that are remembered: one for each publisher, also for those before a restart. */
const MOST_ORDERS = 16
/** Messages, or ns of stamps, within which the same other joints must come again to count as a second publisher. */
const SOON = 10
const SOON_NS = 1e9
/** Names that an error lists. */
const MOST_LISTED = 24

/** An order of joint names in messages: where the wanted values are, or why they are not there. */
interface Order {
  readonly names: readonly string[]
  readonly fault: JointFault | undefined
  readonly at: readonly number[]
}

/** The messages of a topic name different joints, and the robot file does not say which are meant. */
export class JointsUnclearError extends Error {
  readonly code = 'JOINTS_UNCLEAR'
  readonly exit = 2
}

/**
 * Reads the values of a stream from messages that name their joints, always by name. Where the robot file selects values
 * (`position.finger_joint`, `effort.j2` …), they are read in its order. Otherwise the values are the positions of all
 * joints of the first message, in its order.
 *
 * A message of other joints comes from another publisher and gives no values. Where nothing is selected and the same
 * other joints come again within ten messages or a second, two publishers share the topic. It is then not clear whose
 * joints are meant, and no message gives values any more.
 */
export class JointSelection {
  /** The values, after `take` returned undefined. The array is refilled. */
  values = new Float64Array(0)
  /** Set once it is not clear which joints are meant. */
  unclear: JointsUnclearError | undefined
  readonly #where: string
  readonly #select: readonly { readonly array: Arrays; readonly joint: string }[]
  #wanted: readonly { readonly array: Arrays; readonly joint: string }[]
  readonly #orders: Order[] = []
  /** The other joints that came last, sorted; their stamp; and how many messages ago they came. */
  #others: readonly string[] = []
  #stamp = NaN
  #ago = 0

  /** `where`: the name of the stream in errors. `select`: as in the robot file. */
  constructor(where: string, select: readonly string[]) {
    this.#where = where
    this.#select = select.map(path => ({
      array: path.slice(0, path.indexOf('.')) as Arrays,
      joint: path.slice(path.indexOf('.') + 1),
    }))
    this.#wanted = this.#select
    this.values = new Float64Array(select.length)
  }

  /** Reads a message. Returns why it gives no values; undefined: they are in `values`. */
  take(message: JointValues): JointFault | undefined {
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
