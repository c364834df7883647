import { afterAll, describe, expect, test } from 'vitest'
import { policyInfo } from '../../app/policies/describe-policy.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import type { EncodedFeatures } from '../../policy/policy.js'
import { cell, contractJson, fullValues, observation, onnxBytes, Scratch, tinyModel } from './onnx-models.js'
import { rowByHand, writeTwoGraphs, type TwoGraphsOptions } from './two-graphs.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())

const files = writeTwoGraphs(scratch, cell)
const load = (options: TwoGraphsOptions, name: string): Promise<OnnxPolicy> => {
  const { head, encoder } = writeTwoGraphs(scratch, cell, name, options)
  return OnnxPolicy.load(head, cell, { encoder })
}

/** A tick of the head at `ms` with this force along z. */
const fastAt = (ms: number, fz: number) => ({
  ...observation(
    {
      wrench: { kind: 'window', mean: Float64Array.of(0, 0, fz, 0, 0, 0), count: 9, pyramid: new Float64Array(144) },
      tool: fullValues()['tool'],
    },
    ms * 1e6,
  ),
  index: ms,
})

describe('two graphs', () => {
  test('the features of the encoder feed the head, as computed by hand', async () => {
    const policy = await OnnxPolicy.load(files.head, cell, { encoder: files.encoder })
    const { head } = policy
    expect(head?.ticks).toEqual({ period: 10e6, streams: ['wrench', 'tool'] })
    expect(head?.maxAge).toBe(200e6)
    const seen = observation(fullValues(), 5e6)
    const features = await head!.encoder.encode(seen)
    const picture = fullValues()['rgb'] as { data: Uint8Array }
    const mean = picture.data.reduce((sum, each) => sum + each / 255, 0) / picture.data.length
    const latent = features.values.get('latent') as Float32Array
    expect(latent[0]).toBeCloseTo(mean, 6)
    expect(latent[1]).toBeCloseTo(0.1 + 0.2 + 0.3 + 0.6 + 0.8, 6)
    const chunks = [
      await policy.infer(fastAt(10, 1), features),
      await policy.infer(fastAt(20, 2), Promise.resolve(features)),
    ]
    await policy.observe(fastAt(30, 4))
    chunks.push(await policy.infer(fastAt(40, 8), features))
    const forces = [
      [1, 1],
      [2, 1],
      [8, 2],
    ]
    chunks.forEach(({ data, stamp, featureStamp, origin }, i) => {
      rowByHand([...latent], forces[i]).forEach((want, k) => expect(data[k]).toBeCloseTo(want, 9))
      expect([stamp, featureStamp]).toEqual([[10e6, 20e6, 40e6][i], 5e6])
      expect([...origin]).toEqual([0.1, 0.2, 0.3, 0, 0, 0.6, 0.8])
    })
    await policy.close()
    expect(policy.ended).toMatchObject({ code: 'POLICY_CLOSED' })
    await expect(head!.encoder.encode(seen)).rejects.toMatchObject({ code: 'POLICY_CLOSED' })
  })

  test('answers are in the order of the calls, also where features are waited for', async () => {
    const policy = await OnnxPolicy.load(files.head, cell, { encoder: files.encoder })
    const features = await policy.head!.encoder.encode(observation(fullValues(), 5e6))
    let give: (features: EncodedFeatures) => void = () => undefined
    const slow = new Promise<EncodedFeatures>(resolve => {
      give = resolve
    })
    const lost = Promise.reject<EncodedFeatures>(new Error('no features'))
    const [first, second, third] = [
      policy.infer(fastAt(10, 1), slow),
      policy.infer(fastAt(20, 2), lost),
      policy.infer(fastAt(30, 4), features),
    ]
    void second.catch(() => undefined)
    give(features)
    expect((await first).data[2]).toBeCloseTo(1e-4, 9)
    await expect(second).rejects.toThrow('no features')
    // The tick that got no answer is in the history: the oldest of three is the first.
    expect((await third).data[3]).toBeCloseTo(1e-4, 9)
    await expect(policy.infer(fastAt(40, 8))).rejects.toMatchObject({
      code: 'POLICY_INPUT',
      message: 'input latent: there is no feature latent for it',
    })
    await policy.close()
  })

  test('say what they are', async () => {
    const [head, encoder] = [await policyInfo(files.head), await policyInfo(files.encoder)]
    expect(head.lines).toContain('head        a tick every 10 ms; features of its encoder up to 200 ms old')
    expect(head.object).toMatchObject({ tick: { period: 0.01 }, encoder: { max_age: 0.2 } })
    expect(encoder.lines).toContain('encoder     gives latent to a head')
    expect(encoder.object).toMatchObject({ features: { latent: { shape: [1, 2] } } })
    expect((head.object as { encoder: { sha256: string } }).encoder.sha256).toBe(
      (encoder.object as { sha256: string }).sha256,
    )
  })
})

describe('what does not fit is refused in one line', () => {
  const refused = (policy: Promise<OnnxPolicy>, code: string, message: string): Promise<void> =>
    expect(policy).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string, exit: 2 })

  test('a head without its encoder', () =>
    refused(
      OnnxPolicy.load(files.head, cell),
      'POLICY_ENCODER',
      `${files.head}: is a head, which takes latent of an encoder (sha256 `,
    ))

  test('an encoder in the place of the policy', () =>
    refused(
      OnnxPolicy.load(files.encoder, cell),
      'POLICY_ENCODER',
      `${files.encoder}: is an encoder, which gives features and no action chunk: name it with --encoder`,
    ))

  test('a policy in the place of the encoder', () =>
    refused(
      OnnxPolicy.load(files.head, cell, { encoder: files.head }),
      'POLICY_ENCODER',
      `${files.head}: is no encoder: its contract has an action chunk and no features`,
    ))

  test('an encoder for a policy of one graph', () => {
    const one = scratch.file('one.onnx', onnxBytes(tinyModel(contractJson())))
    return refused(
      OnnxPolicy.load(one, cell, { encoder: files.encoder }),
      'POLICY_ENCODER',
      `${one}: takes no features, so it has no encoder: leave --encoder ${files.encoder} away`,
    )
  })

  test('an encoder of another sha256, other shapes and a missing feature, all at once', () =>
    refused(
      load(
        {
          head: json => {
            json.encoder = { sha256: 'a'.repeat(64) }
            json.inputs['latent'] = { as: 'feature', output: 'latent', dtype: 'float32', shape: [1, 3] }
            json.inputs['more'] = { as: 'feature', output: 'words', dtype: 'float32', shape: [1, 3] }
          },
        },
        'other-',
      ),
      'POLICY_ENCODER',
      'input latent: the head takes float32 [1, 3], and latent is float32 [1, 2]; input more: it gives no words ' +
        '(it has latent); its sha256 is ',
    ))

  test('an encoder for another robot file', () =>
    refused(
      load(
        {
          encoder: json => {
            json.robot.sha256 = 'b'.repeat(64)
          },
        },
        'robot-',
      ),
      'POLICY_ROBOT',
      'does not fit robot file cell',
    ))

  test.each<[string, TwoGraphsOptions, string]>([
    [
      'a head without a tick',
      { head: json => void delete json.tick },
      'tick: is missing: input latent is a feature, so this is a head; say its period in s: { period: 0.01 }',
    ],
    [
      'a head that does not say of which encoder',
      { head: json => void delete json.encoder },
      'encoder: is missing: input latent is a feature; say of which encoder',
    ],
    [
      'a tick of a graph without features',
      { head: json => void delete json.inputs['latent'] },
      'tick: is for a head, and no input is a feature of an encoder',
    ],
    [
      'a tick too fast',
      {
        head: json => {
          json.tick = { period: 1e-5 }
        },
      },
      'tick.period: must be at least 0.001, got 0.00001',
    ],
    [
      'pictures for a head',
      {
        head: json => {
          json.inputs['eye'] = { as: 'image', dtype: 'float32', shape: [1, 3, 6, 8], from: ['rgb'] }
        },
      },
      'inputs.eye: a head takes no pictures, and this is image: give it to the encoder',
    ],
    [
      'features for an encoder',
      {
        encoder: json => {
          json.inputs['latent'] = { as: 'feature', output: 'latent', dtype: 'float32', shape: [1, 2] }
        },
      },
      'inputs.latent: an encoder takes no features of another one',
    ],
    [
      'an encoder without features',
      {
        encoder: json => {
          json.features = {}
        },
      },
      'features: expected at least one feature',
    ],
    [
      'two features that are one tensor',
      {
        encoder: json => {
          json.features['again'] = { dtype: 'float32', shape: [1, 2], tensor: 'latent' }
        },
      },
      "features.again.tensor: 'latent' is latent already",
    ],
  ])('%s', (name, options, message) => refused(load(options, `${name} `), 'POLICY_CONTRACT', message))

  test('a mask of pictures in a head', () =>
    refused(
      load(
        {
          head: json => {
            json.inputs['mask'] = { as: 'mask', dtype: 'float32', shape: [1, 1], from: ['depth'] }
          },
        },
        'mask-',
      ),
      'POLICY_ROBOT',
      'the head observes stream depth, which is pictures: leave it to the encoder',
    ))

  test('a feature that the graph of the encoder does not give', () =>
    refused(
      load(
        {
          encoder: json => {
            json.features['extra'] = { dtype: 'float32', shape: [1, 2] }
          },
        },
        'extra-',
      ),
      'POLICY_GRAPH',
      'output extra: in the contract, not in the graph (it has latent)',
    ))
})
