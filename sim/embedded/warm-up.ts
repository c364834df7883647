import { Simulation } from './simulation.js'

/** Number of steps of a warm-up, so that V8 has compiled the code of a step. */
const STEPS = 500

/** A scene and its joint positions: all that a renderer needs. */
export interface WarmUpScene {
  readonly xml: string
  readonly qpos: Float64Array
}

/**
 * Warms up: simulates half a second of an episode without sensors, so that MuJoCo and this code are compiled before
 * they are used. Without it the first placing of objects takes 70 ms instead of 10 to 30, in which the sensors send
 * nothing and the gripper does not answer. It changes nothing in the cell.
 */
export function warmUp(setup: Omit<ConstructorParameters<typeof Simulation>[0], 'sink'>): WarmUpScene {
  const nobody = (): void => undefined
  const simulation = new Simulation({
    ...setup,
    sink: { wrench: nobody, toolPose: nobody, gripperWidth: nobody, trigger: nobody },
  })
  try {
    simulation.reset(0)
    for (let i = 0; i < STEPS; i++) simulation.step()
    return { xml: simulation.world.xml, qpos: simulation.world.qpos.slice() }
  } finally {
    simulation.world.close()
  }
}
