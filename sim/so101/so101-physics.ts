import { loadMujoco } from '../embedded/mujoco.js'
import type { ToCamera } from '../embedded/protocol.js'
import { elapsed, followWallClock } from '../embedded/wall-clock.js'
import { paceLine } from '../firmware/paced-line.js'
import { openPseudoTerminal } from '../firmware/pseudo-terminal.js'
import { loadFamily } from '../objects/object-file.js'
import { share } from './protocol.js'
import type { FromPhysics, PhysicsInit, ToPhysics } from './protocol.js'
import { CAMERAS, So101Simulation, STEP } from './so101-simulation.js'
import { STATE, writeState } from './state.js'

/** The objects' files of this cell: small-seen.yaml and small-unseen.yaml. */
export const OBJECTS = 'small'

/** Number of steps of an episode that nobody senses, so that MuJoCo's code is compiled before it is used. */
const WARM_UP_STEPS = 300
/** ns for which a goal of the episode before may still be on its way over the wire. */
const ON_THE_WAY = 10e6

/**
 * Starts physics, sensors, servos and judge. Returns the handler of requests, after `post` got `ready`. In lockstep the
 * answer to a request is posted before the handler returns (except for `closed`). In real time physics and cameras warm
 * up first, and then follow the wall clock.
 */
export async function startPhysics(
  { options, started, shared: buffers, cameras }: PhysicsInit,
  post: (message: FromPhysics) => void,
): Promise<(message: ToPhysics) => void> {
  const shared = share(buffers)
  const nothing = new Float64Array(1)
  const toCameras = (message: ToCamera): void => {
    if (cameras !== undefined) for (const camera of CAMERAS) cameras[camera].postMessage(message)
  }
  const setup = { mj: await loadMujoco(), options, models: loadFamily(OBJECTS, options.objects) }
  if (options.mode === 'realtime') toCameras({ type: 'warm-up', ...warmUp(setup) })
  const simulation = new So101Simulation({
    ...setup,
    sink: {
      wrench: (stamp, receive, value) => shared.wrench.push(stamp, receive, value),
      trigger: (camera, stamp, receive, qpos) => {
        if (options.mode === 'lockstep') shared.triggers[camera].push(stamp, receive, nothing)
        cameras?.[camera].postMessage({ type: 'trigger', stamp, receive, qpos: qpos.slice() } satisfies ToCamera)
      },
    },
  })
  const terminal = openPseudoTerminal()
  paceLine(terminal, simulation.servos.line)

  const state = new Float64Array(STATE.size)
  let spent = 0
  const publish = (): void => {
    writeState(state, simulation)
    state[STATE.stats + 2] = spent > 0 ? simulation.time / spent : 0
    shared.state.write(state)
  }
  let closed = false
  const handle = (message: ToPhysics): void => {
    switch (message.type) {
      case 'reset': {
        const episode = simulation.reset(message.index, message)
        toCameras({ type: 'scene', xml: simulation.world.xml, index: message.index })
        if (message.say !== undefined && !message.awaitCommand) simulation.said(message.say)
        if (options.mode === 'realtime') {
          simulation.skip(elapsed(started) - simulation.time - STEP)
          simulation.servos.hearsFrom = Infinity
        }
        publish()
        post({ type: 'reset', episode })
        return
      }
      case 'begun':
        simulation.servos.hearsFrom = simulation.time + ON_THE_WAY
        return
      case 'advance': {
        const began = process.hrtime.bigint()
        while (simulation.time + STEP <= message.until) simulation.step()
        spent += elapsed(began)
        publish()
        post({ type: 'advanced' })
        return
      }
      case 'skip':
        simulation.skip(STEP * Math.floor((message.until - simulation.time) / STEP))
        publish()
        post({ type: 'advanced' })
        return
      case 'said':
        simulation.said(message.text)
        return
      case 'close':
        if (closed) return
        closed = true
        simulation.world.close()
        if (cameras !== undefined) for (const camera of CAMERAS) cameras[camera].close()
        void terminal.close().then(() => post({ type: 'closed' }))
    }
  }
  publish()
  post({ type: 'ready', port: terminal.path })
  if (options.mode === 'lockstep') return handle

  simulation.skip(elapsed(started))
  followWallClock(started, {
    closed: () => closed,
    time: () => simulation.time,
    step: () => simulation.step(),
    skip: late => {
      state[STATE.stats + 1]! += late
      simulation.skip(late)
    },
    late: steps => (state[STATE.stats]! += steps),
    stepped: took => {
      spent += took
      publish()
      if (Atomics.exchange(shared.wake, 0, 1) === 0) post({ type: 'samples' })
    },
  })
  return handle
}

/** The scene of an episode that was simulated for a while and forgotten. */
function warmUp(setup: Omit<ConstructorParameters<typeof So101Simulation>[0], 'sink'>): {
  xml: string
  qpos: Float64Array
} {
  const nobody = (): void => undefined
  const simulation = new So101Simulation({ ...setup, sink: { wrench: nobody, trigger: nobody } })
  try {
    simulation.reset(0)
    for (let i = 0; i < WARM_UP_STEPS; i++) simulation.step()
    return { xml: simulation.world.xml, qpos: simulation.world.qpos.slice() }
  } finally {
    simulation.world.close()
  }
}
