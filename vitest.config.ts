import { configDefaults, defineConfig } from 'vitest/config'

/** A cluster of its own takes both cores for itself: it runs when the tests that keep time are over. */
const CLUSTER = 'test/e2e/ray.test.ts'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'tests', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, CLUSTER], sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'cluster', include: [CLUSTER], sequence: { groupOrder: 1 } } },
    ],
  },
})
