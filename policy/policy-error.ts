/**
 * A model, or a use of one, that cannot be honoured. The message is one line.
 *
 * Codes: POLICY_UNREADABLE (no such file), POLICY_NOT_ONNX, POLICY_NO_CONTRACT (no `prehend.contract` in it),
 * POLICY_CONTRACT (the contract itself is wrong), POLICY_MAP (a map, its model and its robot file do not fit),
 * POLICY_GRAPH (contract and graph differ), POLICY_ROBOT (contract and robot file differ), POLICY_INPUT (an observation
 * that the contract has no room for), POLICY_RUNTIME (the model does not load or run), POLICY_CLOSED, POLICY_EXECUTION
 * (unknown mode). `exit` 1: POLICY_CLOSED; the others are bad input, 2.
 */
export class PolicyError extends Error {
  readonly code: string
  readonly exit: 1 | 2
  /** Everything that differs, one line each; empty for the other codes. */
  readonly differences: readonly string[]

  constructor(
    code: string,
    message: string,
    options: ErrorOptions & { readonly differences?: readonly string[] } = {},
  ) {
    super(message, options)
    this.name = 'PolicyError'
    this.code = code
    this.exit = code === 'POLICY_CLOSED' ? 1 : 2
    this.differences = options.differences ?? []
  }
}
