// Makes a fresh clone ready to run: packages and the compiled command. Nothing is done twice.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail, main, newestSource, root, run, say, upToDate } from './steps.mjs'

export async function installPackages() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: prehend needs 20.19 or newer`)
  }
  const packages = upToDate('node_modules/.prehend-packages', ['package-lock.json'])
  if (packages.current) return
  say('setup 1/2: installing the npm packages (about half a minute) ...')
  // No package on this way needs its install script: the binaries come inside the packages.
  await run('npm', ['ci', '--ignore-scripts', '--no-progress', '--loglevel=error'], {
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
  })
  packages.mark()
}

/** What is compiled, as the compiler is told. */
const { include: sources } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'))

/** Compiles the command. Needs the packages. */
export async function compile() {
  const built = join(root, 'dist', '.tsbuildinfo')
  const isCurrent =
    existsSync(join(root, 'dist/cli/main.js')) && existsSync(built) && statSync(built).mtimeMs >= newestSource(sources)
  if (isCurrent) return
  say('setup 2/2: compiling TypeScript (some seconds) ...')
  // `npm run typecheck` and `npm test` check the types.
  const args = ['-p', 'tsconfig.build.json', '--noCheck']
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args])
}

export async function setUp() {
  await installPackages()
  await compile()
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(setUp)
