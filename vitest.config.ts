import { configDefaults, defineConfig } from 'vitest/config'

/** One episode in lockstep, by the real command. */
const EPISODE = 'test/e2e/run-lockstep.test.ts'

/** Tests that start programs or compute for seconds. */
const PROGRAMS = [
  'test/e2e/**/*.test.ts',
  'test/app/{printable,shipped-policy}.test.ts',
  'test/cli/commands.test.ts',
  'test/gazebo/programs.test.ts',
  'test/middleware/bag-fuzz.test.ts',
  'test/policy/{clean,wrap}.test.ts',
  'test/sim/simulation.test.ts',
]

/**
 * Tests of what keeps real time: the cell, a gripper on its wire, a signal in mid-motion. Beside other tests a machine
 * of two cores starves them, so these run one file at a time.
 */
const REALTIME = [
  'test/drivers/late-answers.test.ts',
  'test/e2e/{interrupt,output-fails}.test.ts',
  'test/faults/**/*.test.ts',
  'test/policy/hang.test.ts',
]

/** The same with ROS nodes in processes of their own. */
const ROS = 'test/ros2/**/*.test.ts'

/** A simulator beside the loop takes both cores. */
const ALONE = ['test/gazebo/{closed-loop,world-server}.test.ts']

/** Tests that take long. `npm run test:long` runs them, and with CI=true `npm test` does too. */
const LONG = 'test/**/*.long.test.ts'

interface Group {
  readonly include: readonly string[]
  readonly not?: readonly string[]
  readonly workers?: number
}

/** They run one after the other, in this order. */
const GROUPS: Readonly<Record<string, Group>> = {
  unit: { include: ['test/**/*.test.ts'], not: [...PROGRAMS, ...REALTIME, ROS, ...ALONE] },
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
    projects: Object.entries(GROUPS).map(([name, { include, not = [], workers = 2 }], groupOrder) => ({
      extends: true,
      test: {
        name,
        include: [...include],
        exclude: [...configDefaults.exclude, ...not, ...(name === 'long' ? [] : [LONG])],
        maxWorkers: workers,
        sequence: { groupOrder },
      },
    })),
  },
})
