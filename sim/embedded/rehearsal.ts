import { Simulation } from './simulation.js'

/** Steps of a rehearsal: as many as V8 needs to compile what each step runs. */
const STEPS = 500

/** A scene and the joint positions that draw it. */
export interface RehearsedScene {
  readonly xml: string
  readonly qpos: Float64Array
}

/**
 * Runs half a second of an episode that nobody senses, so that MuJoCo and what surrounds it are compiled before anybody
 * waits for them: the first placing takes 70 ms, later ones 10 to 30, and while it lasts the wrist says nothing and the
 * gripper answers nobody. Leaves no trace in the cell.
 */
export function rehearse(setup: Omit<ConstructorParameters<typeof Simulation>[0], 'sink'>): RehearsedScene {
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
