// `npm test`: sets up what the tests need, then type check, lint and all tests. With CI=true nothing may be left out
// that a set-up can bring.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import './setup.mjs'
import { buildWorldServer, gazeboLacks, installGazebo } from './gazebo.mjs'
import { python } from './python.mjs'
import { installSystemPackages, rosLacks } from './ros.mjs'
import { fail, root, run, say, upToDate } from './steps.mjs'

const leftOut = []

installSystemPackages()
installGazebo()
const gazebo = gazeboLacks()
if (gazebo) leftOut.push(`tests against Gazebo's libraries: ${gazebo}`)
else buildWorldServer()
const environment = upToDate('.venv/.prehend-requirements', ['test/requirements.txt'])
if (!environment.current) {
  const name = python()
  if (!name) {
    leftOut.push('tests against Python programs: no Python >= 3.10 with venv was found')
  } else {
    say('test set-up: a Python environment with the independent implementations (about a minute) ...')
    run(name, ['-m', 'venv', '.venv'])
    run(join(root, '.venv/bin/python'), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '-r',
      'test/requirements.txt',
    ])
    environment.mark()
  }
}

const lacks = rosLacks()
if (lacks) leftOut.push(`tests against ROS 2: ${lacks}`)
else if (
  spawnSync(process.execPath, [join(root, 'scripts/setup-ros.mjs')], { cwd: root, stdio: ['ignore', 2, 2] }).status !==
  0
) {
  leftOut.push('tests against ROS 2: its set-up failed, see above')
}

say('type check ...')
run('npm', ['run', '--silent', 'typecheck'])
say('lint ...')
run('npm', ['run', '--silent', 'lint'])

say('tests ...')
mkdirSync(join(root, '.cache'), { recursive: true })
const report = '.cache/tests.json'
const tests = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
)
const counts = existsSync(join(root, report)) ? JSON.parse(readFileSync(join(root, report), 'utf8')) : undefined
for (const line of leftOut) say(`left out: ${line}`)
if (counts) {
  const todo = counts.numTodoTests ?? 0
  const skipped = counts.numPendingTests
  for (const { title } of counts.testResults
    .flatMap(file => file.assertionResults)
    .filter(({ status }) => status === 'todo'))
    say(`left out: ${title}`)
  console.log(
    [
      `${counts.numPassedTests} passed`,
      `${counts.numFailedTests} failed`,
      ...(skipped ? [`${skipped} skipped`] : []),
      ...(todo ? [`${todo} left out`] : []),
    ].join(', '),
  )
  if (process.env.CI === 'true' && skipped > 0)
    fail(`${skipped} tests were skipped: with CI=true nothing may be left out`)
}
if (process.env.CI === 'true' && leftOut.length > 0) fail('with CI=true nothing may be left out')
process.exit(tests.status ?? 1)
