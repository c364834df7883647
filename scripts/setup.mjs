// Makes a fresh clone ready to run: packages and the compiled command. Nothing is done twice.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fail, newestSource, root, run, say, upToDate } from './steps.mjs'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node ${process.versions.node} is too old: prehend needs 20.19 or newer`)
}

const packages = upToDate('node_modules/.prehend-packages', ['package-lock.json', 'package.json'])
if (!packages.current) {
  say('setup 1/2: installing the npm packages (about half a minute) ...')
  // No package on this way needs its install script: the binaries come inside the packages.
  run('npm', ['ci', '--ignore-scripts', '--no-progress', '--loglevel=error'], {
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
  })
  packages.mark()
}

const ROOMS = [
  'drivers',
  'middleware',
  'robots',
  'fusion',
  'policy',
  'control',
  'nodes',
  'sim',
  'app',
  'ros2',
  'cli',
  'bench',
]
const built = join(root, 'dist', '.tsbuildinfo')
if (
  !existsSync(join(root, 'dist/cli/main.js')) ||
  !existsSync(built) ||
  statSync(built).mtimeMs < newestSource(ROOMS)
) {
  say('setup 2/2: compiling TypeScript (some seconds) ...')
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'])
}
