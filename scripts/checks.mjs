// `npm run lint`: every script of package.json whose name begins with `lint:`, side by side. What one says comes in one
// piece.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ended, fail, main, root, say } from './steps.mjs'

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The names of the scripts that lint. */
export const LINT = Object.keys(scripts).filter(name => name.startsWith('lint:'))

/** Runs scripts of package.json to their end. Fails with the names of those that failed. */
export async function check(names) {
  const failed = []
  const run = async name => {
    const { status, output } = await ended('npm', ['run', '--silent', name], {
      env: { ...process.env, npm_config_update_notifier: 'false' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (status !== 0) failed.push(name)
    if (output.trim() !== '') say(output.trimEnd())
  }
  await Promise.all(names.map(run))
  if (failed.length > 0) fail(`${failed.join(', ')}: see above`)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(() => check(LINT))
