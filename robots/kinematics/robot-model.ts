/** A joint of a robot's model. Lower and upper end in rad or m; undefined where it has none. */
export interface ModelJoint {
  readonly name: string
  /** `other`: it has not exactly one degree of freedom. */
  readonly motion: 'turns' | 'slides' | 'other'
  readonly range: readonly [lower: number, upper: number] | undefined
  /** rad/s or m/s, as far as the file says. */
  readonly velocity: number | undefined
  /** N·m or N, as far as the file says. */
  readonly effort: number | undefined
  /** What leads it: then it has no command of its own. Undefined: nothing does. */
  readonly follows: Following | undefined
}

/**
 * How a joint follows another one: it is at `at` + the sum of `coefficients[k]` (q - `from`)^k, where q is the position of
 * the leader, in rad or m. URDF calls it a mimic joint, MJCF an equality of two joints.
 */
export interface Following {
  /** Undefined: it stays where it is, at q = `from`. */
  readonly leader: string | undefined
  readonly coefficients: readonly number[]
  readonly at: number
  readonly from: number
}

/** The links of a robot's model and the joints between them, without geometry. */
export interface RobotModel {
  readonly format: 'URDF' | 'MJCF'
  /** For each link (or body): the link on which it hangs, and the joints between the two. */
  readonly links: ReadonlyMap<string, { readonly parent: string | undefined; readonly joints: readonly string[] }>
  readonly joints: ReadonlyMap<string, ModelJoint>
}

/** A model that cannot be read. The message is one line. */
export class ModelError extends Error {
  readonly code = 'MODEL_INVALID'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ModelError'
  }
}

/** The joints from `base` to `tip`, in order. Undefined where `tip` does not hang on `base`. */
export function jointsBetween({ links }: RobotModel, base: string, tip: string): readonly string[] | undefined {
  const between: string[] = []
  const seen = new Set<string>()
  for (let at: string | undefined = tip; at !== undefined && !seen.has(at); ) {
    if (at === base) return between
    seen.add(at)
    const link = links.get(at)
    between.unshift(...(link?.joints ?? []))
    at = link?.parent
  }
  return undefined
}
