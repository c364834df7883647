import type { Bus } from './bus.js'
import { BusError } from './bus-error.js'
import { BagBus } from './bag/bag-bus.js'
import { LocalBus } from './local/local-bus.js'
import { SystemClock } from './local/system-clock.js'
import { Ros2Bus } from './ros2/ros2-bus.js'

/** What any backend may be given; each takes what it needs. */
export interface BackendOptions {
  /** A subscriber threw. */
  readonly onError?: (error: unknown) => void
  /** Path of a recording, for the backend `bag`. */
  readonly bag?: string
  /** For the backend `ros2`: what a node is given on its command line, from `--ros-args` on. */
  readonly rosArguments?: readonly string[]
}

/** Opens a bus. Throws or rejects where it cannot; BusError BACKEND for an option that is missing. */
export type Backend = (options: BackendOptions) => Promise<Bus>

/** One line a backend, by the name that `openBus` takes. One from elsewhere is added with `set`. */
export const BACKENDS = new Map<string, Backend>([
  ['local', async options => new LocalBus(new SystemClock(), options)],
  [
    'ros2',
    ({ onError, rosArguments = [] }) => Ros2Bus.open('prehend', ['prehend', ...rosArguments], onError && { onError }),
  ],
  ['gazebo', async ({ onError }) => (await import('./gazebo/gazebo-bus.js')).GazeboBus.open(onError && { onError })],
  ['bag', options => BagBus.open(required(options.bag, 'bag: expected the path of a recording'), options)],
])

/**
 * Opens a bus by the name of its backend: `local`, `ros2`, `gazebo`, `bag`, or one that was added to `BACKENDS`. Throws
 * BusError BACKEND for a name that is none, MissingPackageError, and what the backend throws.
 */
export async function openBus(name: string, options: BackendOptions = {}): Promise<Bus> {
  const open = BACKENDS.get(name)
  if (!open) throw new BusError('BACKEND', `backend ${name}: expected one of ${[...BACKENDS.keys()].join(', ')}`)
  return open(options)
}

function required(value: string | undefined, message: string): string {
  if (value === undefined) throw new BusError('BACKEND', message)
  return value
}
