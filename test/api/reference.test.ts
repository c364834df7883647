import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../e2e/prehend.js'

test('every export has a doc comment, and the reference pages can be made', () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typedoc/bin/typedoc'), '--emit', 'none'],
    { cwd: root, encoding: 'utf8' },
  )
  expect(stdout + stderr).not.toMatch(/warning|error/i)
  expect(status).toBe(0)
})
