// The world server that the tests against Gazebo's libraries need: Debian's packages, where this process may install
// them, and its build in build/world-server.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { aptInstall } from './apt.mjs'
import { root, runLogged, say } from './steps.mjs'

/** Each package, with a file below /usr that it installs. */
const PACKAGES = {
  'ignition-tools': 'bin/ign',
  'libsdformat-dev': 'include/sdformat-12.3/sdf/World.hh',
  'ignition-transport-cli': 'libexec/ignition/transport11/ign-transport-topic',
  'libignition-transport-dev': 'include/ignition/transport11/ignition/transport/Node.hh',
  'libignition-msgs-dev': 'include/ignition/msgs8/ignition/msgs/wrench.pb.h',
  'libignition-physics-dev': 'include/ignition/physics5/ignition/physics/World.hh',
  'libignition-physics5-dartsim-plugin5': `lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/ign-physics-5/engine-plugins/libignition-physics5-dartsim-plugin.so.5`,
  'libignition-plugin-dev': 'include/ignition/plugin1/ignition/plugin/Loader.hh',
}
const missing = () =>
  Object.entries(PACKAGES)
    .filter(([, file]) => !existsSync(join('/usr', file)))
    .map(([name]) => name)

/** Installs what is missing with apt, if this process may. Otherwise `gazeboLacks` names it. */
export const installGazebo = () => aptInstall("Gazebo's libraries", missing())

/** Why the tests against Gazebo's libraries cannot run here; undefined: they can. */
export function gazeboLacks() {
  const packages = missing()
  return packages.length === 0 ? undefined : `${packages.join(', ')} missing (packages of Debian 12)`
}

/** Builds the world server, unless it is up to date. */
export async function buildWorldServer() {
  const log = join(root, 'build/world-server.log')
  if (!existsSync(join(root, 'build/world-server/world-server')))
    say('Gazebo: the world server for the tests (about a minute) ...')
  await runLogged('the world server', 'cmake', ['-S', 'test/gazebo/world-server', '-B', 'build/world-server'], {
    log,
    cwd: root,
  })
  await runLogged('the world server', 'cmake', ['--build', 'build/world-server', '--parallel', '2'], { log, cwd: root })
}
