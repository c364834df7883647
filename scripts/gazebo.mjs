// What the tests against Gazebo's own transport need: its command line programs and its messages, from Debian or Ubuntu.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { say } from './steps.mjs'

const PACKAGES = ['ignition-transport-cli', 'libignition-msgs-dev']

const holds = (folder, pattern) => existsSync(folder) && readdirSync(folder).some(name => pattern.test(name))

/** Why the tests against Gazebo cannot run here; undefined where they can. */
export function gazeboLacks() {
  const there = holds('/usr/libexec/ignition', /^transport\d+$/) && holds('/usr/include/ignition', /^msgs\d+$/)
  return there ? undefined : `ignition-transport and its messages are missing (Debian 12: the packages ${PACKAGES.join(' and ')})`
}

/** Has apt bring them, where this process may and apt knows them. */
export function installGazebo() {
  if (!gazeboLacks() || process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return
  say(`system packages: ${PACKAGES.join(', ')} (about a minute) ...`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update', '-qq'], ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES]]) {
    if (spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0) return
  }
}
