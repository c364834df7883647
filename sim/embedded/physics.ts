import { openPseudoTerminal } from '../firmware/pseudo-terminal.js'
import { RobotiqFirmware } from '../firmware/robotiq-firmware.js'
import { loadObjects } from '../objects/object-file.js'
import { loadMujoco } from './mujoco.js'
import { share } from './protocol.js'
import type { FromPhysics, PhysicsInit, ToCamera, ToPhysics } from './protocol.js'
import { rehearse } from './rehearsal.js'
import { Simulation, STEP } from './simulation.js'
import { STATE } from './truth.js'

/** ns behind the wall clock beyond which the lost time is skipped instead of made up. */
const GIVE_UP = 100e6
/** Steps made up at once before the serial line is looked after again. */
const MOST_STEPS = 10

/**
 * Physics, sensors, firmware and judge: gives what hears the requests, after `post` has said `ready`. In lockstep an
 * answer is posted before the request's call returns (only `closed` takes its time); in real time the physics, and the
 * camera, rehearse first, and then keep pace with the wall clock.
 */
export async function startPhysics(
  { options, started, shared: buffers, camera }: PhysicsInit,
  post: (message: FromPhysics) => void,
): Promise<(message: ToPhysics) => void> {
  const shared = share(buffers)
  const width = new Float64Array(1)
  const setup = { mj: await loadMujoco(), options, models: loadObjects(options.objects) }
  if (options.mode === 'realtime') camera?.postMessage({ type: 'rehearse', ...rehearse(setup) } satisfies ToCamera)
  const simulation = new Simulation({
    ...setup,
    sink: {
      wrench: (stamp, receive, value) => shared.wrench.push(stamp, receive, value),
      toolPose: (stamp, receive, value) => shared.pose.push(stamp, receive, value),
      gripperWidth: (stamp, receive, value) => {
        width[0] = value
        shared.width.push(stamp, receive, width)
      },
      trigger: (stamp, receive, qpos) => {
        if (options.mode === 'lockstep') shared.trigger.push(stamp, receive, width)
        camera?.postMessage({ type: 'trigger', stamp, receive, qpos: qpos.slice() } satisfies ToCamera)
      },
    },
  })
  const terminal = openPseudoTerminal()
  const firmware = new RobotiqFirmware({ plant: simulation.world.fingers, initial: 'activated' })
  terminal.onBytes(bytes => firmware.receive(bytes, reply => terminal.write(reply)))

  const state = new Float64Array(STATE.size)
  const target = new Float64Array(7)
  let targets = shared.target.version
  let spent = 0
  const step = (): void => {
    if (shared.target.version !== targets) {
      targets = shared.target.version
      shared.target.read(target)
      simulation.target(target)
    }
    simulation.step()
    firmware.step(simulation.time)
  }
  const publish = (): void => {
    simulation.writeState(state)
    state[STATE.stats + 2] = spent > 0 ? simulation.time / spent : 0
    shared.state.write(state)
  }

  let closed = false
  const hear = (message: ToPhysics): void => {
    switch (message.type) {
      case 'reset': {
        const episode = simulation.reset(message.index, message)
        targets = shared.target.version
        camera?.postMessage({ type: 'scene', xml: simulation.world.xml, index: message.index } satisfies ToCamera)
        if (message.say !== undefined && !message.awaitCommand) simulation.said(message.say)
        if (options.mode === 'realtime') simulation.skip(elapsed(started) - simulation.time - STEP)
        firmware.restart(simulation.time)
        publish()
        post({ type: 'reset', episode, time: simulation.time })
        return
      }
      case 'advance': {
        const began = process.hrtime.bigint()
        while (simulation.time + STEP <= message.until) step()
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
        closed = true
        simulation.world.close()
        camera?.close()
        void terminal.close().then(() => post({ type: 'closed' }))
    }
  }
  publish()
  post({ type: 'ready', port: terminal.path })
  if (options.mode === 'lockstep') return hear

  const pause = new Int32Array(new SharedArrayBuffer(4))
  simulation.skip(elapsed(started))
  const tick = (): void => {
    if (closed) return
    // The state at t stands for [t, t + 1 ms): it is computed once that millisecond is over, so no stamp lies in the
    // future.
    let late = elapsed(started) - simulation.time - 2 * STEP
    if (late > GIVE_UP) {
      state[STATE.stats + 1]! += late
      simulation.skip(late)
      late = 0
    }
    if (late >= STEP) state[STATE.stats]! += Math.floor(late / STEP)
    if (late >= 0) {
      const began = process.hrtime.bigint()
      for (let n = 0; n < MOST_STEPS && simulation.time + 2 * STEP <= elapsed(started); n++) step()
      spent += elapsed(began)
      publish()
      if (Atomics.exchange(shared.wake, 0, 1) === 0) post({ type: 'samples' })
    } else {
      Atomics.wait(pause, 0, 0, Math.min(-late / 1e6, 0.5))
    }
    setImmediate(tick)
  }
  tick()
  return hear
}

/** ns since `since`. */
function elapsed(since: bigint): number {
  return Number(process.hrtime.bigint() - since)
}
