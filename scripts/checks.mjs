// `npm run lint`: runs all scripts of package.json whose names begin with `lint:`, at the same time. The output of each
// is printed in one piece.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ended, fail, main, root, say } from './steps.mjs'

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The names of the lint scripts. */
export const LINT = Object.keys(scripts).filter(name => name.startsWith('lint:'))

/** Runs scripts of package.json. Fails with the names of those that failed. */
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
