// Finds a Python on this machine, and makes the environment of the tests.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root, run, say, upToDate } from './steps.mjs'

const NAMES = [
  'python3',
  '/usr/bin/python3',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
  'python',
]

/** The first Python >= 3.10 on the path that can make a virtual environment; undefined: there is none. */
export function python() {
  return NAMES.find(name => succeeds(name, 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'))
}

/** The first Python that can import `module`. */
export function pythonWith(module, env = {}) {
  return NAMES.find(name => succeeds(name, `import ${module}`, env))
}

/**
 * The first Python for which extensions can be compiled and programs linked: `{ name, version, library }`, where
 * `library` is the path of the shared libpython. If there is none: `{ lacks }`, the reason for the first Python.
 */
export function pythonToBuildWith() {
  let lacks
  for (const name of NAMES) {
    if (!succeeds(name, 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info < (3, 15))')) continue
    const code = `import json, os, sys, sysconfig as s
library = os.path.join(s.get_config_var("LIBDIR") or "", s.get_config_var("INSTSONAME") or "")
print(json.dumps({"version": sys.version, "executable": os.path.realpath(sys.executable), "library": library if ".so" in library and os.path.exists(library) else None,
  "headers": os.path.exists(os.path.join(s.get_paths()["include"], "Python.h"))}))`
    const { version, executable, library, headers } = JSON.parse(
      spawnSync(name, ['-c', code], { encoding: 'utf8' }).stdout,
    )
    if (library && headers) return { name, version, executable, library }
    lacks ??=
      `${name} comes without ${headers ? 'its shared library' : 'its headers'} (Debian and Ubuntu: the ` +
      'package python3-dev)'
  }
  return { lacks: lacks ?? 'no Python 3.10 to 3.14 with venv was found' }
}

/**
 * The arguments with which a Python installs a list of packages. Modules are compiled at their first import, because
 * compiling all of them takes longer than installing them.
 */
export const pipInstall = (requirements, ...flags) => [
  '-m',
  'pip',
  'install',
  ...flags,
  '--no-compile',
  '--disable-pip-version-check',
  '-r',
  requirements,
]

/**
 * Makes .venv/ with the independent implementations that the tests compare with. Resolves with undefined, or with the
 * reason why it cannot be made on this machine.
 */
export async function makeTestEnvironment() {
  const environment = upToDate('.venv/.prehend-requirements', ['test/requirements.txt'])
  if (environment.current) return undefined
  const name = python()
  if (!name) return 'no Python >= 3.10 with venv was found'
  say('test set-up: a Python environment with the independent implementations (about a minute) ...')
  await run(name, ['-m', 'venv', '.venv'])
  await run(join(root, '.venv/bin/python'), pipInstall('test/requirements.txt', '--quiet'))
  environment.mark()
  return undefined
}

function succeeds(name, code, env = {}) {
  return spawnSync(name, ['-c', code], { stdio: 'ignore', env: { ...process.env, ...env } }).status === 0
}
