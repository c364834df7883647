import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { python, root, startPrehend, temporaryFolder } from '../e2e/prehend.js'
import { cell, fullValues, observation } from './onnx-models.js'

const folder = temporaryFolder()
const [atLoad, atWork] = [join(folder, 'at-load.onnx'), join(folder, 'at-work.onnx')]

beforeAll(() => {
  const script = readFileSync(join(root, 'test/policy/hanging_model.py'), 'utf8')
  const shipped = join(root, 'policy/model/grasp.int8.onnx')
  python(script, shipped, atLoad, '0')
  python(script, shipped, atWork, '1')
})

/** The ids of all processes that run a model of this file. */
function running(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return command.includes('inference-program') && command.includes(folder)
      } catch {
        return false
      }
    })
}

describe('a model that never answers', () => {
  test('is refused when it is loaded, in one line, and its process is ended', async () => {
    await expect(OnnxPolicy.load(atLoad, cell, { patience: 3000 })).rejects.toMatchObject({
      code: 'POLICY_RUNTIME',
      exit: 2,
      message:
        `${atLoad}: the model did not load and run once within 3 s, so it was ended: it hangs, or is too ` +
        'slow for this machine; use another',
    })
    expect(running()).toEqual([])
  })

  test('does not delay the end that a signal asks for', async () => {
    const ending = new AbortController()
    const loading = OnnxPolicy.load(atLoad, cell, { signal: ending.signal })
    setTimeout(() => ending.abort(), 500)
    await expect(loading).rejects.toMatchObject({ code: 'POLICY_CLOSED', exit: 1 })
    expect(running()).toEqual([])
  })

  test('is ended during a run, and every later call reports it', async () => {
    const policy = await OnnxPolicy.load(atWork, cell, { patience: 5000 })
    const asked = [observation(fullValues()), observation(fullValues())].map(seen => policy.infer(seen))
    for (const chunk of asked)
      await expect(chunk).rejects.toMatchObject({
        code: 'POLICY_RUNTIME',
        message: expect.stringMatching(/did not answer within 5 s/) as string,
      })
    await policy.close()
    expect(running()).toEqual([])
  })

  test('is closed within a second or two', async () => {
    const policy = await OnnxPolicy.load(atWork, cell)
    const chunk = policy.infer(observation(fullValues()))
    const refused = expect(chunk).rejects.toMatchObject({ code: 'POLICY_CLOSED' })
    await policy.close()
    await refused
    expect(running()).toEqual([])
  })

  test.each([
    ['lockstep', ['--lockstep']],
    ['real time', []],
  ])('Ctrl-C ends a run with it, with the summary: %s', async (_mode, more) => {
    const run = startPrehend(['run', '--policy', atWork, '--json', ...more])
    await run.said(/starting the cell/)
    while (running().length === 0) await new Promise(resolve => setTimeout(resolve, 50))
    run.child.kill('SIGINT')
    const { status, stdout } = await run.end
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ successes: 0 })
    expect(running()).toEqual([])
  })

  test('does not outlive a command that is killed', async () => {
    const run = startPrehend(['run', '--policy', atLoad])
    while (running().length === 0)
      await Promise.race([
        new Promise(resolve => setTimeout(resolve, 50)),
        run.end.then(({ stderr }) => {
          throw new Error(stderr)
        }),
      ])
    // The model is running: its process has used the processor for a while.
    const [model] = running()
    const ticks = (): number => Number(readFileSync(`/proc/${model}/stat`, 'utf8').split(') ')[1].split(' ')[11])
    while (ticks() < 200) await new Promise(resolve => setTimeout(resolve, 50))
    run.child.kill('SIGKILL')
    await run.end
    for (let i = 0; i < 100 && running().length > 0; i++) await new Promise(resolve => setTimeout(resolve, 50))
    const left = running()
    for (const pid of left) process.kill(Number(pid), 'SIGKILL')
    expect(left).toEqual([])
  })

  test('Ctrl-C during its loading ends policy wrap, and no file is left', async () => {
    const map = join(folder, 'map.yaml')
    writeFileSync(
      map,
      JSON.stringify({
        name: 'wrapped',
        outputs: { action_chunk: { rate: 30 } },
        vocabulary: ['<pad>', '<unk>'],
        inputs: {
          rgbd: { as: 'rgbd', from: ['rgb', 'depth'] },
          force_pyramid: { as: 'pyramid', from: 'wrench' },
          voice_tokens: { as: 'tokens', from: 'voice', per_event: 8 },
          voice_age: { as: 'ages', from: 'voice' },
          proprioception: { as: 'vector', from: ['tool', 'gripper'] },
          modality_mask: { as: 'mask', from: ['rgb', 'depth', 'wrench', 'voice'] },
        },
      }),
    )
    const run = startPrehend(['policy', 'wrap', atLoad, '--map', map, '--out', join(folder, 'out.onnx')])
    while (running().length === 0)
      await Promise.race([
        new Promise(resolve => setTimeout(resolve, 50)),
        run.end.then(({ stderr }) => {
          throw new Error(stderr)
        }),
      ])
    run.child.kill('SIGINT')
    const { status, stderr } = await run.end
    expect([status, stderr]).toEqual([1, `prehend: ${atLoad}: interrupted while the model was being loaded\n`])
    expect(readdirSync(folder).filter(name => name.startsWith('out'))).toEqual([])
  })
})
