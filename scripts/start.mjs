// `npm start`: sets up, then runs five episodes of the embedded cell in real time. Further arguments go to `prehend
// run`.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setUp } from './setup.mjs'
import { main, root, say } from './steps.mjs'

await main(setUp)
const given = process.argv.slice(2)
const args = ['run', ...(given.includes('--episodes') ? [] : ['--episodes', '5']), ...given]
say(`prehend ${args.join(' ')}`)
const child = spawn(process.execPath, [join(root, 'bin/prehend'), ...args], { stdio: 'inherit' })
// The terminal sends Ctrl-C to the whole process group. The child then ends by itself, and this process waits for it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
