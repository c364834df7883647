/**
 * A model, or a use of one, that cannot be accepted. The message is one line.
 *
 * Codes: POLICY_UNREADABLE (no such file), POLICY_NOT_ONNX, POLICY_NO_CONTRACT (it has no `prehend.contract`),
 * POLICY_CONTRACT (the contract itself is wrong), POLICY_CHECKPOINT, POLICY_BUNDLE (a checkpoint or a bundle that is not read), POLICY_MAP (map, model and robot file do not fit together),
 * POLICY_GRAPH (contract and graph differ), POLICY_ENCODER (head and encoder do not fit together, or one of them is missing), POLICY_PARITY (the model does not give a reference's outputs), POLICY_ROBOT (contract and robot file differ), POLICY_INPUT (the contract
 * has no room for an observation), POLICY_RUNTIME (the model does not load or run), POLICY_CLOSED, POLICY_EXECUTION
 * (unknown mode). `exit` is 1 for POLICY_CLOSED and 2, bad input, for the others.
 */
export class PolicyError extends Error {
  readonly code: string
  readonly exit: 1 | 2
  /** All differences, one line each. Empty for the other codes. */
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
