import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Path of the test environment's Python; throws where the environment is missing. */
export function python(): string {
  const path = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url))
  if (!existsSync(path))
    throw new Error('.venv/bin/python is missing: run "npm test", which makes the Python environment of the tests')
  return path
}
