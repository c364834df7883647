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
  /** Another joint leads it: it has no command of its own. */
  readonly follows: boolean
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
