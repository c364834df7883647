import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * The first Python that can import `module`: the tests' own in a checkout, else the machine's; undefined where none
 * can.
 */
export function pythonWith(root: string, module: string): string | undefined {
  return [join(root, '.venv/bin/python'), 'python3', 'python'].find(
    name => spawnSync(name, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0,
  )
}
