import { spawnSync } from 'node:child_process'
import { say } from './steps.mjs'

/**
 * Has apt bring packages, where this process may. Where that does not work, nothing is said: whoever needs them names
 * what is missing.
 */
export function aptInstall(what, packages) {
  if (packages.length === 0 || process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return
  say(`${what}: ${packages.join(', ')} (about a minute) ...`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    if (spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) return
  }
}
