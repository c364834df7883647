import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const interpreter = join(root, '.venv/bin/python')

/** Runs a script of this folder in the repository's Python environment and returns what it printed. */
export function python(script: string, ...args: string[]): string {
  if (!existsSync(interpreter))
    throw new Error(
      '.venv/bin/python is missing: make it with `npm test`, or python3 -m venv .venv and test/requirements.txt',
    )
  return execFileSync(interpreter, [join(root, 'test/middleware', script), ...args], {
    encoding: 'utf8',
    maxBuffer: 256 << 20,
  })
}

export interface Folder {
  readonly path: string
  remove(): void
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'prehend-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
