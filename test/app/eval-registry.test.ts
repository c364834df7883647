import { join } from 'node:path'
import { Command } from 'commander'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  evalOptions,
  handedOn,
  loopOptionsOf,
  readEvalOptions,
  registerEvalOption,
  resultOf,
  rowsOf,
} from '../../app/evaluation/eval-registry.js'
import type { EvalOptions } from '../../app/evaluation/eval-options.js'
import { fanOut } from '../../app/evaluation/fan-out.js'
import type { Provenance } from '../../app/evaluation/provenance.js'
import { register } from '../../cli/commands/eval.js'

const NEVER = new AbortController().signal
const ECHO = join(import.meta.dirname, 'echo-worker.mjs')

/** The options that the command reads from a command line, without running it. */
function parsed(...args: readonly string[]): EvalOptions {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined })
  register(program)
  const [command] = program.commands
  let options: EvalOptions | undefined
  command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .action((flags: object) => {
      options = readEvalOptions(flags)
    })
  program.parse(['eval', ...args], { from: 'user' })
  if (options === undefined) throw new Error('nothing was parsed')
  return options
}

describe('the options of an evaluation', () => {
  test('are data: a worker reads from JSON what the command line said, without the options of the parent', () => {
    const asked = parsed(
      ...['--episodes', '7', '--seed', '3', '--objects', 'unseen', '--count', '2', '--phrases', 'mine.yaml'],
      ...['--policy', 'expert', '--robot', 'two.yaml', '--without', 'rgb,force@2s', '--precision', 'fp32'],
      ...['--jobs', '4', '--first', '9'],
    )
    expect(readEvalOptions(JSON.parse(JSON.stringify(handedOn(asked))))).toEqual({ ...asked, jobs: 1 })
    expect(asked).toMatchObject({ jobs: 4, without: [{ modality: 'rgb' }, { modality: 'force', from: 2e9 }] })
  })

  test('each have a default, or may be left out', () => {
    expect(parsed()).toEqual(readEvalOptions({}))
    expect(readEvalOptions({})).toEqual({
      episodes: 50,
      seed: 1,
      objects: 'seen',
      robot: 'cell',
      source: 'sim',
      without: [],
      jobs: 1,
      first: 0,
      trace: false,
    })
  })

  test.each([
    [{ count: 6 }, /options of an evaluation: count: expected a whole number from 1 to 5/],
    [{ without: [{ modality: 'smell', from: 0 }] }, /options of an evaluation: without: 0: modality: /],
    [{ cuont: 3 }, /options of an evaluation: .*"cuont"/],
  ])('%j from another process is refused, not left out', (data, message) => {
    expect(() => readEvalOptions(data)).toThrow(message)
  })
})

describe('an option from outside', () => {
  let asked: EvalOptions
  beforeAll(() => {
    registerEvalOption<number>('roomTemperature', {
      part: 'scene',
      flag: { argument: '<c>', help: 'how warm it is in the room', read: Number },
      schema: z.number({ error: 'expected a temperature' }).min(-20).max(60),
      default: 21,
      loop: celsius => ({ sensor: { drift: celsius / 1000 } }),
      result: celsius => celsius,
      row: { name: 'room', text: celsius => `${celsius} °C` },
    })
    asked = parsed('--room-temperature', '30', '--jobs', '2', '--episodes', '3')
  })

  test('is in the help, and is read and checked on the command line', () => {
    const program = new Command()
    register(program)
    expect(program.commands[0].helpInformation()).toMatch(
      /--room-temperature <c>\s+how warm it is in the room \(default: 21\)/,
    )
    expect(asked).toHaveProperty('roomTemperature', 30)
    expect(() => parsed('--room-temperature', 'warm')).toThrow(/expected a temperature/)
  })

  test('reaches the workers of --jobs', async () => {
    const progress = { step: () => undefined, note: () => undefined }
    const shares = await fanOut(asked, progress, { whenAsked: () => undefined }, ECHO)
    const given = shares.flatMap(({ traces }) => traces as unknown as Record<string, unknown>[])
    expect(given.map(({ first, episodes, roomTemperature }) => [first, episodes, roomTemperature])).toEqual([
      [0, 2, 30],
      [2, 1, 30],
    ])
    for (const options of given) expect(readEvalOptions(options)).toHaveProperty('roomTemperature', 30)
  })

  test('changes the loop, and is in the result and in the report', () => {
    expect(loopOptionsOf(asked, NEVER).sensor).toEqual({ drift: 0.03 })
    expect(resultOf(asked)).toHaveProperty('roomTemperature', 30)
    const provenance = { precision: 'fp32' } as Provenance
    expect(rowsOf({ options: asked, provenance, episodes: 3, execution: undefined })).toContainEqual(['room', '30 °C'])
  })

  test('cannot have a name that is taken', () => {
    const [name, option] = [...evalOptions()][0]
    expect(() => registerEvalOption(name, option)).toThrow(/episodes: is there already/)
  })
})
