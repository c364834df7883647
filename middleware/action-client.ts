/** A goal that a server has accepted. */
export interface ActionGoal {
  /** Resolves when it has ended, in whatever way. */
  readonly ended: Promise<unknown>
  /** Asks the server to end it. Resolves once that has answered. */
  cancel(): Promise<unknown>
}

/** A client of a ROS action. */
export interface ActionClient {
  /** Whether a server is there. */
  readonly ready: boolean
  /**
   * Sends a goal, with the ROS names of its fields. Resolves with undefined where the server rejects it. Rejects with
   * BusError ACTION where it does not answer within a second.
   */
  send(goal: object): Promise<ActionGoal | undefined>
  dispose(): void
}
