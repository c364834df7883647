import type { Command } from 'commander'
import { checkMachine, type MachineFinding } from '../../app/inspection/machine-check.js'
import { Output } from '../../app/output/output.js'

export function register(program: Command): void {
  program
    .command('doctor')
    .description('what this machine has, what is wrong, and how to mend it')
    .option('--robot <file>', "also looks at the gripper's port that this robot file (or a shipped one, by name) names")
    .option('--port <path>', "also looks at this gripper's port")
    .option('--json', 'the result as one JSON object')
    .action(async (flags: { robot?: string; port?: string; json?: boolean }) => {
      const findings = await checkMachine(flags)
      const wrong = findings.filter(({ state }) => state === 'wrong').length
      new Output(flags).result({ findings, wrong }, text(findings))
      if (wrong > 0) process.exitCode = 1
    })
}

function text(findings: readonly MachineFinding[]): string[] {
  const marks = { ok: 'ok     ', missing: 'missing', wrong: 'WRONG  ' }
  return findings.flatMap(f => [
    `${marks[f.state]}  ${f.name}: ${f.found}`,
    ...(f.mend === '' ? [] : [`             -> ${f.mend}`]),
  ])
}
