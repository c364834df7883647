import { configDefaults, defineConfig } from 'vitest/config'

/**
 * Nodes in processes of their own that keep real time: beside other tests a machine of two cores starves them, so these
 * run one file at a time.
 */
const ROS = 'test/ros2/**/*.test.ts'
/**
 * A cluster of its own, and a simulator beside the loop, take both cores for themselves: they run when the tests that
 * keep time are over, one after the other.
 */
const CLUSTER = 'test/e2e/ray.test.ts'
const SIMULATOR = [
  'test/gazebo/closed-loop.test.ts',
  'test/gazebo/full-rate.test.ts',
  'test/gazebo/world-server.test.ts',
]

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ROS, CLUSTER, ...SIMULATOR],
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'ros', include: [ROS], maxWorkers: 1, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'cluster', include: [CLUSTER], maxWorkers: 1, sequence: { groupOrder: 2 } } },
      { extends: true, test: { name: 'simulator', include: SIMULATOR, maxWorkers: 1, sequence: { groupOrder: 3 } } },
    ],
  },
})
