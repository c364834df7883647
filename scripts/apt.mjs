import { spawnSync } from 'node:child_process'
import { ended, say } from './steps.mjs'

let updated

/**
 * Has apt bring packages, where this process may. Where that does not work, nothing is said: whoever needs them names
 * what is missing.
 */
export async function aptInstall(what, packages) {
  if (packages.length === 0 || process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return
  say(`${what}: ${packages.join(', ')} (about a minute) ...`)
  const apt = (...args) =>
    ended('apt-get', args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  updated ??= apt('update', '-qq')
  if ((await updated).status !== 0) return
  await apt('install', '-y', '-qq', '--no-install-recommends', ...packages)
}
