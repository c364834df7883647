// A gripper of one's own: one declaration, one line that registers it, and a robot file that names it.
import { parseRobot } from 'prehend'
import { createGripper, driver, DRIVERS, monotonicNs, type Gripper } from 'prehend/drivers'

/** Moves at once. A real one has its wire here, such as `SerialPort`. */
class LabGripper implements Gripper {
  readonly stats = { framesSent: 0, framesReceived: 0, crcErrors: 0, timeouts: 0, reconnects: 0 }
  #width = 0.085

  async connect(): Promise<void> {}

  async move({ width }: { width: number; speed: number; effort: number }) {
    this.#width = width
    return { written: monotonicNs() }
  }

  async stop(): Promise<void> {}

  async status() {
    const state = { activated: true, object: 'none', fault: 0, faultText: '', current: 0 } as const
    return { stamp: monotonicNs(), width: this.#width, requestedWidth: this.#width, ...state }
  }

  async close(): Promise<void> {}
}

const lab = driver({
  name: 'lab-gripper',
  transport: {
    path: 'a host and a port such as 10.0.0.7:4000',
    options: {},
    describe: path => path,
    inspect: path => `${path} is not looked at`,
    remedy: 'write HOST:PORT',
  },
  options: { tool: { kind: 'count', least: 0, most: 7, default: 0, note: 'Tool number. Default 0.' } },
  describe: ({ tool }) => `tool ${tool}`,
  create: ({ path }, { tool = 0 }) => {
    console.log(`tool ${tool} at ${path}`)
    return new LabGripper()
  },
})
DRIVERS.set(lab.name, lab) // before robot files are read

const streams = 'tick: { from: rgb }\nstreams: { rgb: { topic: /rgb, type: sensor_msgs/msg/Image } }'
const limits = 'limits: { width: [0 mm, 85 mm], effort: [20 N, 120 N] }'
const text = (tool: number): string =>
  `robot: mine\n${streams}\n${limits}\nactions: { gripper: { driver: lab-gripper, tool: ${tool}, port: { path: 10.0.0.7:4000 } } }`
const { gripper: setting } = parseRobot(text(3), 'mine.yaml').actions
if (setting?.port.path === undefined) throw new Error('the robot file has no port')
const gripper = createGripper({ ...setting, port: { ...setting.port, path: setting.port.path } })
await gripper.connect()
await gripper.move({ width: 0.02, speed: 0.1, effort: 40 })
console.log(`width ${(await gripper.status()).width} m`)
await gripper.close()
try {
  parseRobot(text(9), 'mine.yaml')
} catch (error) {
  console.log((error as Error).message)
}
