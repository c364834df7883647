// `npm test`: sets up what the tests need, checks types and lint at the same time, then runs the tests. `npm run
// test:fast` and `npm run test:long` run a part of them (vitest.config.ts). Further arguments go to Vitest. With
// CI=true `npm test` also runs the long tests, and fails where a test is left out that a set-up can make possible.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { check, LINT } from './checks.mjs'
import { compile, installPackages } from './setup.mjs'
import { ended, fail, main, root, say } from './steps.mjs'
import { setUpTests } from './test-setup.mjs'

const inCi = process.env.CI === 'true'
const [part = inCi ? 'all' : 'usual'] = ['fast', 'long'].includes(process.argv[2]) ? process.argv.splice(2, 1) : []
const PROJECTS = { fast: ['pure', 'unit', 'episode'], usual: ['!long'], long: ['long'], all: ['*'] }
/** This lint needs the Python environment. */
const PYTHON = 'lint:python'

/** Runs the tests. Resolves with the exit status and the report of Vitest. */
async function test() {
  say('tests ...')
  mkdirSync(join(root, '.cache'), { recursive: true })
  const path = join(root, '.cache/tests.json')
  rmSync(path, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`]
  const projects = PROJECTS[part].map(name => `--project=${name}`)
  const { status } = await ended(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...projects, ...process.argv.slice(2)],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  return { status, report: existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined }
}

/** Prints what was left out, and how many tests passed. */
function summarise(leftOut, report) {
  for (const line of leftOut) say(`left out: ${line}`)
  if (!report) return
  const results = report.testResults.flatMap(file => file.assertionResults)
  for (const { title } of results.filter(({ status }) => status === 'todo')) say(`left out: ${title}`)
  const { numTodoTests: todo = 0, numPendingTests: skipped } = report
  console.log(
    [
      `${report.numPassedTests} passed`,
      `${report.numFailedTests} failed`,
      ...(skipped ? [`${skipped} skipped`] : []),
      ...(todo ? [`${todo} left out`] : []),
    ].join(', '),
  )
  if (inCi && skipped > 0) fail(`${skipped} tests were skipped: with CI=true nothing may be left out`)
}

await main(async () => {
  const packages = installPackages()
  const checked = packages.then(() => {
    if (part === 'long') return undefined
    say('type check and lint ...')
    return check(['typecheck', ...LINT.filter(name => name !== PYTHON)])
  })
  const set = part === 'fast' ? [] : setUpTests(packages)
  const [leftOut] = await Promise.all([set, packages.then(compile), checked])
  if (part !== 'long') await check([PYTHON])
  const { status, report } = await test()
  if (part === 'usual') leftOut.push('the long tests: `npm run test:long` runs them')
  summarise(leftOut, report)
  if (inCi && leftOut.length > 0) fail('with CI=true nothing may be left out')
  process.exit(typeof status === 'number' ? status : 1)
})
