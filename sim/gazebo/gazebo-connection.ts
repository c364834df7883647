import { GzNode } from '../../middleware/gazebo/gz-node.js'
import { openPseudoTerminal } from '../firmware/pseudo-terminal.js'
import type { PseudoTerminal } from '../firmware/pseudo-terminal.js'
import { SimError } from '../sim-error.js'
import type { CellOptions } from '../simulated-cell.js'
import { GazeboWorld } from './gazebo-world.js'

/** A cell's connection to the simulator, and the gripper's serial port. */
export interface GazeboConnection {
  readonly node: GzNode
  readonly terminal: PseudoTerminal
  readonly world: GazeboWorld
}

/**
 * Connects to the simulator. `onError` gets the errors of subscriptions. Rejects with SimError GAZEBO_FAILED, or
 * INTERRUPTED when `signal` was aborted; with GzError, which has the reason, when no simulator answers.
 */
export async function connectToGazebo(
  { mode }: Pick<CellOptions, 'mode'>,
  onError: (error: unknown) => void,
  signal?: AbortSignal,
): Promise<GazeboConnection> {
  // Warnings about other processes on this machine come here too. A failed step ends the run, and its message quotes
  // the last warning.
  let warning = ''
  const node = await GzNode.open({
    onWarning: (topic, text) => {
      warning = `${topic}: ${text}`
    },
    onError,
  })
  let terminal: PseudoTerminal | undefined
  // Closing the node ends everything that is waited for.
  const interrupt = (): void => void node.close()
  signal?.addEventListener('abort', interrupt)
  try {
    signal?.throwIfAborted()
    terminal = openPseudoTerminal()
    const world = await GazeboWorld.open(node, () => warning)
    if (mode === 'realtime') await world.join()
    return { node, terminal, world }
  } catch (error) {
    await Promise.allSettled([terminal?.close(), node.close()])
    throw signal?.aborted ? new SimError('INTERRUPTED', 'interrupted while Gazebo was waited for') : error
  } finally {
    signal?.removeEventListener('abort', interrupt)
  }
}
