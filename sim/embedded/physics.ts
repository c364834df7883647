import { openPseudoTerminal } from '../firmware/pseudo-terminal.js'
import { RobotiqFirmware } from '../firmware/robotiq-firmware.js'
import { loadObjects } from '../objects/object-file.js'
import { loadMujoco } from './mujoco.js'
import { share } from './protocol.js'
import type { FromPhysics, PhysicsInit, ToCamera, ToPhysics } from './protocol.js'
import { warmUp } from './warm-up.js'
import { elapsed, followWallClock } from './wall-clock.js'
import { Simulation, STEP } from './simulation.js'
import { STATE } from './truth.js'

/**
 * Starts physics, sensors, firmware and judge. Returns the handler of requests, after `post` got `ready`. In lockstep
 * the answer to a request is posted before the handler returns (except for `closed`). In real time physics and camera
 * warm up first, and then follow the wall clock.
 */
export async function startPhysics(
  { options, started, shared: buffers, camera }: PhysicsInit,
  post: (message: FromPhysics) => void,
): Promise<(message: ToPhysics) => void> {
  const shared = share(buffers)
  const width = new Float64Array(1)
  const setup = { mj: await loadMujoco(), options, models: loadObjects(options.objects) }
  if (options.mode === 'realtime') camera?.postMessage({ type: 'warm-up', ...warmUp(setup) } satisfies ToCamera)
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
  const handle = (message: ToPhysics): void => {
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
  if (options.mode === 'lockstep') return handle

  simulation.skip(elapsed(started))
  followWallClock(started, {
    closed: () => closed,
    time: () => simulation.time,
    step,
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
