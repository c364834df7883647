// Checks the format, the lint and the types of the Python (pyproject.toml) with the tools of .venv, which `npm test`
// makes. Without .venv it checks nothing, and says so.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { main, root, run, say } from './steps.mjs'

const tool = name => join(root, '.venv/bin', name)

await main(async () => {
  if (!['ruff', 'mypy'].every(name => existsSync(tool(name)))) {
    say('left out: the lint of the Python, as .venv has no ruff and mypy; `npm test` makes it')
  } else {
    await run(tool('ruff'), ['format', '--check', '--quiet', '.'])
    await run(tool('ruff'), ['check', '--quiet', '.'])
    await run(tool('mypy'), ['--no-error-summary'])
  }
})
