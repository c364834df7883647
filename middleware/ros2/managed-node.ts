import { setTimeout as pause } from 'node:timers/promises'
import type { LifecycleNode, LifecycleState, Transition } from '../lifecycle.js'
import type { RosNode, RosPublisher, RosService } from './rclnodejs.js'

interface RosState {
  id: number
  label: string
}

interface RosTransition {
  transition: RosState
  start_state: RosState
  goal_state: RosState
}

interface ChangeStateRequest {
  transition: { id: number; label: string }
}

/** lifecycle_msgs/msg/State: the primary states, and below the states of a node during a transition. */
const STATES: Readonly<Record<LifecycleState, RosState>> = {
  unconfigured: { id: 1, label: 'unconfigured' },
  inactive: { id: 2, label: 'inactive' },
  active: { id: 3, label: 'active' },
  finalized: { id: 4, label: 'finalized' },
}
const ERROR_PROCESSING: RosState = { id: 15, label: 'errorprocessing' }
const CHANGING: Readonly<Record<Transition, RosState>> = {
  configure: { id: 10, label: 'configuring' },
  cleanup: { id: 11, label: 'cleaningup' },
  shutdown: { id: 12, label: 'shuttingdown' },
  activate: { id: 13, label: 'activating' },
  deactivate: { id: 14, label: 'deactivating' },
}

/** ms between two checks whether somebody subscribes to the transition events. */
const POLL = 20

interface Edge {
  readonly id: number
  /** Id of the event after a success. The id of the event after an error is higher by two. */
  readonly success: number
  readonly transition: Transition
  readonly from: LifecycleState
  readonly to: LifecycleState
}

/**
 * lifecycle_msgs/msg/Transition: the transitions that a request can name. A shutdown has one id for each state that it
 * starts in.
 */
const EDGES: readonly Edge[] = [
  { id: 1, success: 10, transition: 'configure', from: 'unconfigured', to: 'inactive' },
  { id: 2, success: 20, transition: 'cleanup', from: 'inactive', to: 'unconfigured' },
  { id: 3, success: 30, transition: 'activate', from: 'inactive', to: 'active' },
  { id: 4, success: 40, transition: 'deactivate', from: 'active', to: 'inactive' },
  { id: 5, success: 50, transition: 'shutdown', from: 'unconfigured', to: 'finalized' },
  { id: 6, success: 50, transition: 'shutdown', from: 'inactive', to: 'finalized' },
  { id: 7, success: 50, transition: 'shutdown', from: 'active', to: 'finalized' },
]

/** The transition at the end of error processing. */
const RECOVERY: RosTransition = {
  transition: { id: 60, label: 'transition_success' },
  start_state: ERROR_PROCESSING,
  goal_state: STATES.unconfigured,
}

/**
 * Makes a LifecycleNode a managed node of ROS 2 (design.ros2.org, REP-2002) with its five services and
 * `~/transition_event`. A request is answered when its transition is complete, however long a device takes. The
 * lifecycle node of rclnodejs cannot wait for that.
 */
export class ManagedNode {
  readonly #lifecycle: LifecycleNode
  readonly #node: RosNode
  readonly #services: RosService[]
  readonly #events: RosPublisher
  readonly #onError: (error: unknown) => void
  #changing: Transition | undefined
  #isDisposed = false
  #change: Promise<unknown> = Promise.resolve()

  /** `onError` gets the reason of a failed transition; the caller of the service only learns that it failed. */
  constructor(lifecycle: LifecycleNode, node: RosNode, onError: (error: unknown) => void) {
    this.#lifecycle = lifecycle
    this.#node = node
    this.#onError = onError
    this.#events = node.createPublisher('lifecycle_msgs/msg/TransitionEvent', '~/transition_event')
    // A shutdown has three ids for its start but only one for its end.
    const graph = EDGES.flatMap((edge, i) => [
      rosTransition(edge),
      ...(edge.success === EDGES[i - 1]?.success ? [] : outcomes(edge)),
    ]).concat(RECOVERY)
    this.#services = [
      node.createService<ChangeStateRequest, { success: boolean }>(
        'lifecycle_msgs/srv/ChangeState',
        '~/change_state',
        ({ transition }, response) => {
          void this.#begin(transition).then(success => {
            if (!this.#isDisposed) response.send({ success })
          })
        },
      ),
      node.createService<unknown, { current_state: RosState }>(
        'lifecycle_msgs/srv/GetState',
        '~/get_state',
        (_request, response) => response.send({ current_state: this.#state }),
      ),
      node.createService<unknown, { available_states: RosState[] }>(
        'lifecycle_msgs/srv/GetAvailableStates',
        '~/get_available_states',
        (_request, response) =>
          response.send({
            available_states: [
              { id: 0, label: 'unknown' },
              ...Object.values(STATES),
              ...Object.values(CHANGING),
              ERROR_PROCESSING,
            ],
          }),
      ),
      node.createService<unknown, { available_transitions: RosTransition[] }>(
        'lifecycle_msgs/srv/GetAvailableTransitions',
        '~/get_available_transitions',
        (_request, response) => response.send({ available_transitions: this.#available().map(rosTransition) }),
      ),
      node.createService<unknown, { available_transitions: RosTransition[] }>(
        'lifecycle_msgs/srv/GetAvailableTransitions',
        '~/get_transition_graph',
        (_request, response) => response.send({ available_transitions: graph }),
      ),
    ]
  }

  /**
   * Resolves when ~/transition_event has a subscription, which then loses no event. Resolves with false when `signal`
   * is aborted first.
   */
  async observed(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted && this.#events.subscriptionCount === 0)
      await pause(POLL, undefined, { signal }).catch(() => undefined)
    return this.#events.subscriptionCount > 0
  }

  /** Makes a transition from inside this process, with its events. Resolves with false when it failed. */
  make(transition: Transition): Promise<boolean> {
    return this.#begin({ id: 0, label: transition })
  }

  /**
   * Shuts the node down from any state, after a running transition: deactivate, cleanup, shutdown.
   */
  async end(): Promise<void> {
    await this.#change
    if (this.#lifecycle.state === 'active') await this.make('deactivate')
    if (this.#lifecycle.state === 'inactive') await this.make('cleanup')
    if (this.#lifecycle.state !== 'finalized') await this.make('shutdown')
  }

  /** Removes services and events. A running transition then ends without an answer and without events. */
  dispose(): void {
    this.#isDisposed = true
    for (const service of this.#services) this.#node.destroyService(service)
    this.#node.destroyPublisher(this.#events)
  }

  get #state(): RosState {
    return this.#changing === undefined ? STATES[this.#lifecycle.state] : CHANGING[this.#changing]
  }

  #available(): Edge[] {
    return this.#changing === undefined ? EDGES.filter(({ from }) => from === this.#lifecycle.state) : []
  }

  #begin(transition: { id: number; label: string }): Promise<boolean> {
    if (this.#changing !== undefined) return this.#transit(transition)
    const change = this.#transit(transition)
    this.#change = change
    return change
  }

  /** Makes a transition by its label, or by its id when the label is empty. */
  async #transit({ id, label }: { id: number; label: string }): Promise<boolean> {
    const edge = this.#available().find(other => (label === '' ? other.id === Number(id) : other.transition === label))
    if (edge === undefined) {
      this.#onError(
        new Error(
          `${this.#lifecycle.name}: no transition ${label || id} from ${this.#state.label}; possible: ${
            this.#available()
              .map(({ transition }) => transition)
              .join(', ') || 'none'
          }`,
        ),
      )
      return false
    }
    const { transition, from } = edge
    this.#changing = transition
    this.#publish({ id: edge.id, label: transition }, STATES[from], CHANGING[transition])
    let failure: { readonly error: unknown } | undefined
    try {
      await this.#lifecycle[transition]()
    } catch (error) {
      failure = { error }
    }
    this.#changing = undefined
    const now = STATES[this.#lifecycle.state]
    if (failure === undefined) {
      this.#publish({ id: edge.success, label: 'transition_success' }, CHANGING[transition], now)
      return true
    }
    this.#publish({ id: edge.success + 2, label: 'transition_error' }, CHANGING[transition], ERROR_PROCESSING)
    this.#publish(RECOVERY.transition, RECOVERY.start_state, now)
    this.#onError(failure.error)
    return false
  }

  #publish(transition: RosState, start: RosState, goal: RosState): void {
    if (this.#isDisposed) return
    const timestamp = this.#node.getClock().now().nanoseconds
    this.#events.publish({ timestamp, transition, start_state: start, goal_state: goal })
  }
}

/** The two ends of a transition: success, or error processing. */
function outcomes({ success, transition, to }: Edge): RosTransition[] {
  return [
    {
      transition: { id: success, label: 'transition_success' },
      start_state: CHANGING[transition],
      goal_state: STATES[to],
    },
    {
      transition: { id: success + 2, label: 'transition_error' },
      start_state: CHANGING[transition],
      goal_state: ERROR_PROCESSING,
    },
  ]
}

function rosTransition({ id, transition, from, to }: Edge): RosTransition {
  return { transition: { id, label: transition }, start_state: STATES[from], goal_state: STATES[to] }
}
