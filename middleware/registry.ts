import type { Bus } from './bus.js'
import { BusError } from './bus-error.js'
import { BagBus } from './bag/bag-bus.js'
import { LocalBus } from './local/local-bus.js'
import { SystemClock } from './local/system-clock.js'
import { Ros2Bus } from './ros2/ros2-bus.js'

export interface BackendOptions {
  /** A subscriber threw. */
  readonly onError?: (error: unknown) => void
  /** Path of a recording, for the backend `bag`. */
  readonly bag?: string
  /** For the backend `ros2`: what a node is given on its command line, from `--ros-args` on. */
  readonly rosArguments?: readonly string[]
}

/** One line a backend. */
const BACKENDS: Readonly<Record<string, (options: BackendOptions) => Promise<Bus>>> = {
  local: async options => new LocalBus(new SystemClock(), options),
  ros2: ({ onError, rosArguments = [] }) =>
    Ros2Bus.open('prehend', ['prehend', ...rosArguments], onError && { onError }),
  gazebo: async ({ onError }) => (await import('./gazebo/gazebo-bus.js')).GazeboBus.open(onError && { onError }),
  bag: options => BagBus.open(required(options.bag, 'bag: expected the path of a recording'), options),
}

export function backendNames(): string[] {
  return Object.keys(BACKENDS)
}

/** Opens a bus by the name of its backend. Throws BusError BACKEND for a name that is none. */
export async function openBus(name: string, options: BackendOptions = {}): Promise<Bus> {
  if (!Object.hasOwn(BACKENDS, name))
    throw new BusError('BACKEND', `backend ${name}: expected one of ${backendNames().join(', ')}`)
  return BACKENDS[name]!(options)
}

function required(value: string | undefined, message: string): string {
  if (value === undefined) throw new BusError('BACKEND', message)
  return value
}
