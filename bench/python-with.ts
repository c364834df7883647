import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * The first Python that can import `module`: that of the tests in a checkout, else the machine's. Undefined where none
 * can.
 */
export function pythonWith(root: string, module: string): string | undefined {
  return [join(root, '.venv/bin/python'), 'python3', 'python'].find(
    name => spawnSync(name, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0,
  )
}
