import { configDefaults, defineConfig } from 'vitest/config'

/** One episode in lockstep, by the real command. */
const EPISODE = 'test/e2e/run-lockstep.test.ts'

/** Tests that start programs or compute for seconds. */
const PROGRAMS = [
  'test/e2e/**/*.test.ts',
  'test/api/**/*.test.ts',
  'test/app/{printable,recording-clocks,shipped-policy}.test.ts',
  'test/app/calibration/*.test.ts',
  'test/cli/commands.test.ts',
  'test/gazebo/{programs,world-sdf}.test.ts',
  'test/middleware/{bag-fuzz,zstd}.test.ts',
  'test/policy/{clean,onnx-metadata,onnx-policy,wrap}.test.ts',
  'test/sim/{cell,episode,simulation}.test.ts',
  'test/sim/so101/cell.test.ts',
]

/**
 * Tests of what keeps real time: the cell, a gripper on its wire, a signal in mid-motion. Beside other tests a machine
 * of two cores starves them, so these run one file at a time.
 */
const REALTIME = [
  'test/app/two-graphs-real-time.test.ts',
  'test/drivers/late-answers.test.ts',
  'test/drivers/servo/{servo-bus,vendor-packets}.test.ts',
  'test/e2e/{interrupt,output-fails,two-graphs}.test.ts',
  'test/faults/**/*.test.ts',
  'test/nodes/two-grippers.test.ts',
  'test/policy/hang.test.ts',
  'test/sim/firmware/{feetech,dynamixel}-servo.test.ts',
  'test/sim/so101/{servos,so101-cell}.test.ts',
  'test/teleop/**/*.test.ts',
]

/** The same with ROS nodes in processes of their own. */
const ROS = 'test/ros2/**/*.test.ts'

/** A simulator beside the loop takes both cores. */
const ALONE = ['test/gazebo/{closed-loop,world-server}.test.ts']

/** Tests that take long. `npm run test:long` runs them, and with CI=true `npm test` does too. */
const LONG = 'test/**/*.long.test.ts'

/**
 * Tests of pure rooms. Many files share a process, so that each module is loaded once. Others have a process each: some
 * change what the rest of it would see, such as its signals (test/app/ending), a module or a registry.
 */
const PURE = ['test/{control,fusion,robots}/**/*.test.ts']

/**
 * Tests that count what a path allocates. Of a path that other tests have run with other values, the engine compiles more
 * general code, which boxes more numbers. So each has a process of its own, as a robot's node has.
 */
const ALLOCATION = ['test/fusion/allocation.test.ts', 'test/control/compensated-wrench.test.ts']

interface Group {
  readonly include: readonly string[]
  readonly not?: readonly string[]
  readonly workers?: number
  readonly isolate?: boolean
}

/** They run one after the other, in this order. */
const GROUPS: Readonly<Record<string, Group>> = {
  pure: { include: PURE, not: ALLOCATION, isolate: false },
  allocation: { include: ALLOCATION },
  unit: { include: ['test/**/*.test.ts'], not: [...PURE, ...PROGRAMS, ...REALTIME, ROS, ...ALONE] },
  episode: { include: [EPISODE] },
  programs: { include: PROGRAMS, not: [EPISODE, ...REALTIME, ...ALONE] },
  realtime: { include: REALTIME, workers: 1 },
  ros: { include: [ROS], workers: 1 },
  alone: { include: ALONE, workers: 1 },
  long: { include: [LONG], workers: 1 },
}

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    projects: Object.entries(GROUPS).map(([name, { include, not = [], workers = 2, isolate = true }], groupOrder) => ({
      extends: true,
      test: {
        name,
        include: [...include],
        exclude: [...configDefaults.exclude, ...not, ...(name === 'long' ? [] : [LONG])],
        isolate,
        maxWorkers: workers,
        sequence: { groupOrder },
      },
    })),
  },
})
