// The Python's layout, lint and types (pyproject.toml), by the tools of .venv. `npm test` makes that environment.
// Without it this program does nothing, and says so.
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
