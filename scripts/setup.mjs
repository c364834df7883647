// Makes a fresh clone ready to run: installs the packages and compiles the command, unless they are up to date.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hideDeclarations } from './declarations.mjs'
import { fail, main, newestSource, root, run, say, upToDate } from './steps.mjs'

export async function installPackages() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: prehend needs 20.19 or newer`)
  }
  const packages = upToDate('node_modules/.prehend-packages', ['package-lock.json'])
  if (packages.current) return
  say('setup 1/2: installing the npm packages (about half a minute) ...')
  // No install script is needed here, because the packages contain their binaries.
  await run('npm', ['ci', '--ignore-scripts', '--no-progress', '--loglevel=error'], {
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
  })
  packages.mark()
}

/** The sources, as tsconfig.build.json lists them. */
const { include: sources } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'))

/** Compiles the command. Needs the packages. */
export async function compile() {
  const built = join(root, 'dist', '.tsbuildinfo')
  const isCurrent =
    existsSync(join(root, 'dist/cli/main.js')) && existsSync(built) && statSync(built).mtimeMs >= newestSource(sources)
  if (isCurrent) return
  say('setup 2/2: compiling TypeScript (some seconds) ...')
  // The types are checked by `npm run typecheck` and `npm test`.
  const args = ['-p', 'tsconfig.build.json', '--noCheck']
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...args])
  hideDeclarations()
}

export async function setUp() {
  await installPackages()
  await compile()
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(setUp)
