import { spawnSync } from 'node:child_process'
import { ended, say } from './steps.mjs'

let updated

/**
 * Installs packages with apt, if this process may. A failure is not reported here: the code that needs the packages
 * names what is missing.
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
