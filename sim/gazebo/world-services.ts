import type { GzNode } from '../../middleware/gazebo/gz-node.js'
import { BOOLEAN, ENTITY, ENTITY_FACTORY, MODEL_ENTITY, WORLD_CONTROL } from '../../middleware/gazebo/gz-messages.js'
import { SimError } from '../sim-error.js'
import { SERVICES } from './names.js'

/** ms to wait for an answer of the simulator. */
export const PATIENCE = 10_000

/** The services of Gazebo's world. All methods reject with GzError when no answer comes. */
export class WorldServices {
  readonly #node: GzNode

  constructor(node: GzNode) {
    this.#node = node
  }

  /** Pauses, steps or resets the world. Rejects with SimError GAZEBO_FAILED when the simulator refuses. */
  async control(message: Parameters<typeof WORLD_CONTROL.encode>[0]): Promise<void> {
    const { data } = await this.#node.request(SERVICES.control, WORLD_CONTROL, message, BOOLEAN, { timeout: PATIENCE })
    if (!data)
      throw new SimError('GAZEBO_FAILED', `${SERVICES.control}: the simulator refused ${JSON.stringify(message)}`)
  }

  /** Creates the model `name` from an SDF text. Rejects with SimError GAZEBO_FAILED when the simulator refuses. */
  async create(sdf: string, name: string): Promise<void> {
    const { data } = await this.#node.request(SERVICES.create, ENTITY_FACTORY, { sdf, name }, BOOLEAN, {
      timeout: PATIENCE,
    })
    if (!data) throw new SimError('GAZEBO_FAILED', `${SERVICES.create}: the simulator refused ${name}`)
  }

  /**
   * Removes a model. When the simulator refuses, a reset has already removed it. If it were still there, the next model
   * of its name would be refused.
   */
  async remove(name: string): Promise<void> {
    await this.#node.request(SERVICES.remove, ENTITY, { name, type: MODEL_ENTITY }, BOOLEAN, { timeout: PATIENCE })
  }
}
