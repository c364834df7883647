import { BusError } from './bus-error.js'

export type LifecycleState = 'unconfigured' | 'inactive' | 'active' | 'finalized'
export type Transition = 'configure' | 'activate' | 'deactivate' | 'cleanup' | 'shutdown'

/** From where a transition may be asked for, and where it leads (REP-2002 / design.ros2.org: managed nodes). */
const TRANSITIONS: Record<Transition, { readonly from: readonly LifecycleState[]; readonly to: LifecycleState }> = {
  configure: { from: ['unconfigured'], to: 'inactive' },
  activate: { from: ['inactive'], to: 'active' },
  deactivate: { from: ['active'], to: 'inactive' },
  cleanup: { from: ['inactive'], to: 'unconfigured' },
  shutdown: { from: ['unconfigured', 'inactive', 'active'], to: 'finalized' },
}

/**
 * A managed node. A hook that fails leaves the node as ROS 2's state machine does when error processing succeeds:
 * unconfigured, with
 * onDeactivate and onCleanup called so that nothing is left open; the error is passed on. A shutdown calls those of the
 * two that its state
 * asks for, then onShutdown. Both may thus find only a part of what they release. Transitions of one node never
 * overlap.
 */
export abstract class LifecycleNode {
  readonly name: string
  /** Told of every transition that was made. */
  onTransition: ((transition: Transition, from: LifecycleState, to: LifecycleState) => void) | undefined
  #state: LifecycleState = 'unconfigured'
  #changing = false

  constructor(name: string) {
    this.name = name
  }

  get state(): LifecycleState {
    return this.#state
  }

  configure(): Promise<void> {
    return this.#make('configure', () => this.onConfigure())
  }

  activate(): Promise<void> {
    return this.#make('activate', () => this.onActivate())
  }

  deactivate(): Promise<void> {
    return this.#make('deactivate', () => this.onDeactivate())
  }

  cleanup(): Promise<void> {
    return this.#make('cleanup', () => this.onCleanup())
  }

  shutdown(): Promise<void> {
    return this.#make('shutdown', async () => {
      if (this.#state === 'active') await this.onDeactivate()
      if (this.#state !== 'unconfigured') await this.onCleanup()
      await this.onShutdown()
    })
  }

  protected onConfigure(): void | Promise<void> {
    return undefined
  }

  protected onActivate(): void | Promise<void> {
    return undefined
  }

  protected onDeactivate(): void | Promise<void> {
    return undefined
  }

  protected onCleanup(): void | Promise<void> {
    return undefined
  }

  protected onShutdown(): void | Promise<void> {
    return undefined
  }

  async #make(transition: Transition, hook: () => void | Promise<void>): Promise<void> {
    const { from, to } = TRANSITIONS[transition]
    const state = this.#state
    if (this.#changing || !from.includes(state)) {
      throw new BusError(
        'LIFECYCLE',
        `${this.name}: cannot ${transition} while ` +
          `${this.#changing ? 'another transition is under way' : state}; possible from ${from.join(', ')}`,
      )
    }
    this.#changing = true
    try {
      await hook()
      this.#state = to
    } catch (error) {
      await this.#release()
      this.#state = 'unconfigured'
      throw error
    } finally {
      this.#changing = false
      this.onTransition?.(transition, state, this.#state)
    }
  }

  /** After a failure: both hooks get their turn, and what they say is outweighed by the error that led here. */
  async #release(): Promise<void> {
    for (const hook of [() => this.onDeactivate(), () => this.onCleanup()]) {
      try {
        await hook()
      } catch {
        continue
      }
    }
  }
}
