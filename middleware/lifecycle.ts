import { BusError } from './bus-error.js'

/** The primary states of a managed node (REP-2002). */
export type LifecycleState = 'unconfigured' | 'inactive' | 'active' | 'finalized'
/** What a managed node can be asked for. */
export type Transition = 'configure' | 'activate' | 'deactivate' | 'cleanup' | 'shutdown'

/** The states from which a transition is allowed, and the state that it ends in (REP-2002, design.ros2.org). */
const TRANSITIONS: Record<Transition, { readonly from: readonly LifecycleState[]; readonly to: LifecycleState }> = {
  configure: { from: ['unconfigured'], to: 'inactive' },
  activate: { from: ['inactive'], to: 'active' },
  deactivate: { from: ['active'], to: 'inactive' },
  cleanup: { from: ['inactive'], to: 'unconfigured' },
  shutdown: { from: ['unconfigured', 'inactive', 'active'], to: 'finalized' },
}

/**
 * A managed node. When a hook fails, the error is passed on and the node ends up unconfigured, as in ROS 2 after
 * successful error processing; onDeactivate and onCleanup are called first, so that nothing stays open. A shutdown
 * calls the ones of these two that its state needs, then onShutdown. So both hooks may find only a part of what they
 * release. Transitions of one node never overlap: a second one throws BusError LIFECYCLE.
 */
export abstract class LifecycleNode {
  readonly name: string
  /** Called after every transition, also after a failed one. */
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

  /** Cleans up after a failure. Errors of the two hooks are ignored, because the first error is the one to report. */
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
