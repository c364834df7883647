import { constants, existsSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { DriverError } from '../../drivers/driver-error.js'
import { latencyTimer } from '../../drivers/low-latency.js'
import { SYSTEM } from '../../drivers/port-identity.js'
import type { Transport } from '../../drivers/driver-declaration.js'
import { loadSharp } from '../../middleware/image/picture-file.js'
import { rosProblem } from '../../middleware/ros2/rclnodejs.js'
import { isCheckout } from '../../peers/installation.js'
import {
  installCommand,
  isInstalled,
  MissingPackageError,
  PEERS,
  requirePeers,
  type PeerName,
} from '../../peers/peers.js'
import { contractOf } from '../../policy/runtime/read-model.js'
import { driverOf } from '../../robots/actuators/gripper-driver.js'
import { loadMujoco } from '../../sim/embedded/mujoco.js'
import { openPseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'
import { messageOf } from '../../middleware/message-of.js'
import { shippedModel } from '../policies/model-path.js'
import { readRobot } from '../robot/load-robot.js'
import { fastDdsProfile, PROFILE_VARIABLES } from '../session/fast-dds-profile.js'

/**
 * One thing that was checked. `missing`: something optional is not there. `wrong`: something that is needed does not
 * work.
 */
export interface MachineFinding {
  readonly name: string
  readonly state: 'ok' | 'missing' | 'wrong'
  readonly found: string
  /** How to mend it; empty when there is nothing to mend. */
  readonly mend: string
}

/**
 * Checks what this machine has, and what is wrong with it. With a `port`, or a robot file `robot` whose gripper has
 * one, it checks that port too. Throws RobotError where the robot file cannot be read.
 */
export async function checkMachine({
  robot,
  port,
}: {
  readonly robot?: string
  readonly port?: string
}): Promise<MachineFinding[]> {
  const gripper = robot === undefined ? undefined : readRobot(robot).actions.gripper
  const path = port ?? gripper?.port.path
  const { transport } = driverOf(gripper?.driver)
  const checks = path === undefined ? CHECKS : { ...CHECKS, 'gripper port': () => gripperPort(transport, path) }
  const findings: MachineFinding[] = []
  for (const [name, check] of Object.entries(checks)) {
    try {
      findings.push(...(await check()).map(finding => ({ name, ...finding })))
    } catch (error) {
      findings.push({ name, ...failed(error, NEEDS[name] ?? []) })
    }
  }
  return findings
}

type Found = Omit<MachineFinding, 'name'>
const ok = (found: string): Found[] => [{ state: 'ok', found, mend: '' }]
const missing = (found: string, mend: string): Found[] => [{ state: 'missing', found, mend }]

/** A package that is not there is none that has to be: prehend works without, but for what needs it. */
const failed = (error: unknown, needs: readonly PeerName[]): Found =>
  error instanceof MissingPackageError
    ? { state: 'missing', found: error.message.split(': run ')[0] ?? '', mend: installCommand(error.packages) }
    : { state: 'wrong', found: messageOf(error), mend: isCheckout() ? 'npm run setup' : installCommand(needs) }

/** The packages that a check uses. */
const NEEDS: Readonly<Record<string, readonly PeerName[]>> = {
  'serial ports': ['serialport'],
  'pseudo-terminal': ['@lydell/node-pty'],
  mujoco: ['@mujoco/mujoco'],
  'onnx runtime': ['onnxruntime-node'],
  'compressed images': ['sharp'],
  policy: ['onnxruntime-node', 'protobufjs'],
}

const CHECKS: Record<string, () => Found[] | Promise<Found[]>> = {
  node: () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const fits = major > 20 || (major === 20 && minor >= 19)
    return [
      {
        state: fits ? 'ok' : 'wrong',
        found: `Node ${process.versions.node}, ${process.platform} ${process.arch}`,
        mend: fits ? '' : 'install Node 20.19 or newer',
      },
    ]
  },
  machine: () => {
    const cores = cpus().length
    const found = `${cores} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`
    return cores >= 2 ? ok(found) : missing(found, 'real time wants two cores: expect overruns, or use --lockstep')
  },
  packages,
  'serial ports': serialPorts,
  'pseudo-terminal': async () => {
    const terminal = openPseudoTerminal()
    await terminal.close()
    return ok(`${terminal.path} opened and closed`)
  },
  mujoco: async () => {
    return ok(`MuJoCo ${(await loadMujoco()).mj_versionString()}, WebAssembly`)
  },
  'onnx runtime': async () => {
    requirePeers('ONNX policies', 'onnxruntime-node')
    const ort = await import('onnxruntime-node')
    const backends = ort.listSupportedBackends().map(backend => backend.name)
    return ok(`onnxruntime-node ${ort.env.versions.node ?? ''}: ${backends.join(', ')}`)
  },
  'compressed images': async () => {
    const { versions } = await loadSharp()
    return ok(`sharp ${versions.sharp ?? ''}, libvips ${versions.vips}`)
  },
  policy: async () => {
    const path = shippedModel()
    const contract = await contractOf(path)
    return ok(`${contract.name}, made for robot file ${contract.robot.name} (${contract.robot.sha256.slice(0, 12)})`)
  },
  'ros 2': () => {
    const prefix = process.env.AMENT_PREFIX_PATH
    const distro = process.env.ROS_DISTRO
    if (prefix === undefined || distro === undefined) {
      return missing(
        'no ROS 2 is sourced',
        `source /opt/ros/DISTRO/setup.bash${isCheckout() ? ', or `npm run setup:ros` and `. .ros/setup.sh`' : ''}; ` +
          'not needed for the embedded cell, replay and eval',
      )
    }
    const problem = rosProblem()
    const found = `ROS 2 ${distro} at ${prefix.split(':')[0]}`
    return problem === undefined
      ? ok(`${found}, rclnodejs loads`)
      : missing(`${found}, but ${problem}`, isCheckout() ? 'npm run setup:ros' : installCommand(['rclnodejs']))
  },
  'fast dds profile': () => {
    const { RMW_IMPLEMENTATION: rmw = 'rmw_fastrtps_cpp' } = process.env
    if (!rmw.startsWith('rmw_fastrtps')) return ok(`not needed: ${rmw}`)
    const variable = PROFILE_VARIABLES.find(name => process.env[name])
    const profile = variable && process.env[variable]
    const mend = `export ${PROFILE_VARIABLES[0]}=${fastDdsProfile()}`
    if (profile === undefined) {
      return missing(
        `${PROFILE_VARIABLES[0]} is not set: prehend's own processes set it, any other ROS 2 node here ` +
          'loses most images of 640x480 that it sends or asks for as sensor data',
        mend,
      )
    }
    return existsSync(profile)
      ? ok(profile)
      : [
          {
            state: 'wrong',
            found: `${variable} names ${profile}, which is not there: most images of 640x480 are lost`,
            mend,
          },
        ]
  },
}

/** Those that prehend uses and does not bring, and what they are for. */
function packages(): Found[] {
  const names = Object.keys(PEERS) as PeerName[]
  const absent = names.filter(name => !isInstalled(name))
  const present = names.filter(name => !absent.includes(name))
  return [
    ...(present.length > 0 ? ok(`installed: ${present.join(', ')}`) : []),
    ...(absent.length > 0
      ? missing(
          `not installed: ${absent.map(name => `${name} (${PEERS[name]})`).join(', ')}`,
          // That of ROS 2 compiles its addon with ROS sourced; it has a line of its own.
          `${installCommand(absent.filter(name => name !== 'rclnodejs' || absent.length === 1))}, or what you need of it`,
        )
      : []),
  ]
}

async function serialPorts(): Promise<Found[]> {
  requirePeers('serial ports', 'serialport')
  const { SerialPort } = await import('serialport')
  let ports
  try {
    ports = await SerialPort.list()
  } catch (error) {
    return missing(
      `ports cannot be listed: ${messageOf(error)}`,
      'install udev (udevadm), or name the port in the robot file',
    )
  }
  const real = ports.filter(port => port.vendorId !== undefined || /tty(USB|ACM)/.test(port.path))
  if (real.length === 0) return missing('no USB serial port', "plug the gripper's adapter in, or use the embedded cell")
  return Promise.all(
    real.map(async port => {
      const maker = port.manufacturer === undefined ? '' : ` (${port.manufacturer})`
      const name = `${port.path}${maker}${port.serialNumber === undefined ? '' : `, serial number ${port.serialNumber}`}`
      try {
        await access(port.path, constants.R_OK | constants.W_OK)
        // FTDI's adapters hold bytes back for 16 ms unless told otherwise.
        const timer = await latencyTimer(port.path, SYSTEM)
        const latency = timer === undefined ? '' : `, latency timer ${timer} ms`
        return { state: 'ok' as const, found: `${name}: may be opened${latency}`, mend: '' }
      } catch {
        return {
          state: 'wrong' as const,
          found: `${name}: may not be opened`,
          mend: 'sudo usermod -aG dialout $USER, then log in again',
        }
      }
    }),
  )
}

/** Inspects the port without opening it, since opening changes a terminal's settings. */
function gripperPort(transport: Transport, path: string): Found[] {
  try {
    return ok(transport.inspect(path))
  } catch (error) {
    if (!(error instanceof DriverError)) throw error
    return [{ state: 'wrong', found: error.message, mend: transport.remedy }]
  }
}
