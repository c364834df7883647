import { constants, existsSync } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import type { Command } from 'commander'
import { DriverError } from '../../drivers/driver-error.js'
import type { Transport } from '../../drivers/driver.js'
import { driverOf } from '../../robots/gripper.js'
import { contractOf } from '../../policy/runtime/onnx-policy.js'
import { loadSharp } from '../../middleware/image/picture-file.js'
import { rosProblem } from '../../middleware/ros2/rclnodejs.js'
import { openPseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'
import { loadMujoco } from '../../sim/embedded/mujoco.js'
import { shippedModel } from '../../app/policies/models.js'
import { messageOf, Output } from '../../app/output/output.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { fastDdsProfile, PROFILE_VARIABLES } from '../../app/session/fast-dds-profile.js'

/** `state`: ok, missing (something optional is not there), wrong (something that is needed does not work). */
interface Finding {
  readonly name: string
  readonly state: 'ok' | 'missing' | 'wrong'
  readonly found: string
  /** How to mend it; empty when there is nothing to mend. */
  readonly mend: string
}

export function register(program: Command): void {
  program
    .command('doctor')
    .description('what this machine has, what is wrong, and how to mend it')
    .option('--robot <file>', "also looks at the gripper's port that this robot file (or a shipped one, by name) names")
    .option('--port <path>', "also looks at this gripper's port")
    .option('--json', 'the result as one JSON object')
    .action(async (flags: { robot?: string; port?: string; json?: boolean }) => {
      const output = new Output(flags)
      const findings: Finding[] = []
      const gripper = flags.robot === undefined ? undefined : readRobot(flags.robot).actions.gripper
      const port = flags.port ?? gripper?.port.path
      const { transport } = driverOf(gripper?.driver)
      const checks = port === undefined ? CHECKS : { ...CHECKS, 'gripper port': () => gripperPort(transport, port) }
      for (const [name, check] of Object.entries(checks)) {
        try {
          findings.push(...(await check()).map(finding => ({ name, ...finding })))
        } catch (error) {
          findings.push({
            name,
            state: 'wrong',
            found: messageOf(error),
            mend: 'npm run setup',
          })
        }
      }
      const wrong = findings.filter(f => f.state === 'wrong').length
      output.result({ findings, wrong }, text(findings))
      if (wrong > 0) process.exitCode = 1
    })
}

type Found = Omit<Finding, 'name'>
const ok = (found: string): Found[] => [{ state: 'ok', found, mend: '' }]
const missing = (found: string, mend: string): Found[] => [{ state: 'missing', found, mend }]

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
        'source /opt/ros/DISTRO/setup.bash, or `npm run setup:ros` and `. .ros/setup.sh`; not needed for ' +
          'the embedded cell, replay and eval',
      )
    }
    const problem = rosProblem()
    const found = `ROS 2 ${distro} at ${prefix.split(':')[0]}`
    return problem === undefined
      ? ok(`${found}, rclnodejs loads`)
      : missing(`${found}, but ${problem}`, 'npm run setup:ros')
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

async function serialPorts(): Promise<Found[]> {
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
      const name = `${port.path}${port.manufacturer === undefined ? '' : ` (${port.manufacturer})`}`
      try {
        await access(port.path, constants.R_OK | constants.W_OK)
        return { state: 'ok' as const, found: `${name}: may be opened${await latencyTimer(port.path)}`, mend: '' }
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

/** Looks and opens nothing: opening alone changes a terminal's settings. */
function gripperPort(transport: Transport, path: string): Found[] {
  try {
    return ok(transport.look(path))
  } catch (error) {
    if (!(error instanceof DriverError)) throw error
    return [{ state: 'wrong', found: error.message, mend: transport.remedy }]
  }
}

/** FTDI adapters hold bytes back for 16 ms unless told otherwise. */
async function latencyTimer(path: string): Promise<string> {
  try {
    const timer = await readFile(`/sys/bus/usb-serial/devices/${path.replace('/dev/', '')}/latency_timer`, 'utf8')
    return `, latency timer ${timer.trim()} ms`
  } catch {
    return ''
  }
}

function text(findings: readonly Finding[]): string[] {
  const marks = { ok: 'ok     ', missing: 'missing', wrong: 'WRONG  ' }
  return findings.flatMap(f => [
    `${marks[f.state]}  ${f.name}: ${f.found}`,
    ...(f.mend === '' ? [] : [`             -> ${f.mend}`]),
  ])
}
