import { describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { checkAgainstRobot } from '../../policy/contract/contract-robot.js'
import { parseContract } from '../../policy/contract/contract.js'
import { parseRobot } from '../../robots/robot-file.js'
import { cell, contractJson, contractOfJson, robotText, type ContractJson } from './onnx-models.js'

describe('a contract', () => {
  it('of the shipped policy is valid and fits the cell', () => {
    const template = JSON.parse(readFileSync(new URL('../../policy/contract.json', import.meta.url), 'utf8')) as object
    const vocabulary: unknown = JSON.parse(
      readFileSync(new URL('../../policy/vocabulary.json', import.meta.url), 'utf8'),
    )
    const { name, sha256, canonical } = cell
    const contract = parseContract(
      { name: 'grasp', robot: { name, sha256, canonical }, vocabulary, ...template },
      'policy/contract.json',
    )
    expect(checkAgainstRobot(contract, cell)).toEqual([])
  })

  it.each<[string, (json: ContractJson) => void, string]>([
    [
      'another version',
      json => {
        json.version = 3
      },
      'version: version 3 is not one that this program reads (1, 2)',
    ],
    [
      'a wrong shape',
      json => {
        json.inputs['rgbd'].shape = [1, 3, 6, 8]
      },
      'inputs.rgbd: rgbd has the shape [1, 4, H, W], not [1, 3, 6, 8]',
    ],
    [
      'too few streams',
      json => {
        json.inputs['rgbd'].from = ['rgb']
      },
      'inputs.rgbd: rgbd is made from 2 streams, not 1',
    ],
    [
      'a mask of another length',
      json => {
        json.inputs['modality_mask'].shape = [1, 3]
      },
      'inputs.modality_mask: mask has one value a stream; the shape says 3, from names 4',
    ],
    [
      'tokens that do not divide',
      json => {
        json.inputs['voice_tokens'].shape = [1, 30]
      },
      'inputs.voice_tokens: tokens: 30 is not a multiple of per_event 8',
    ],
    [
      'a hash that is none',
      json => {
        json.robot.sha256 = 'xyz'
      },
      'robot.sha256: expected 64 hex digits',
    ],
    [
      'words without padding',
      json => {
        json.vocabulary = ['pick']
      },
      'vocabulary: a policy with tokens needs distinct words, the first two "<pad>" and "<unk>"',
    ],
    [
      'channels in another unit',
      json => {
        ;(json.outputs['action_chunk'] as never as { channels: { unit: string }[] }).channels[3].unit = 'deg'
      },
      'dyaw (rad)',
    ],
    [
      'a key of no meaning',
      json => {
        Object.assign(json, { vocabularry: [] })
      },
      'vocabularry',
    ],
  ])('with %s is refused with one line that names it', (_what, change, message) => {
    const json = structuredClone(contractJson())
    change(json)
    expect(() => parseContract(json, 'm.onnx')).toThrow(
      expect.objectContaining({
        code: 'POLICY_CONTRACT',
        exit: 2,
        message: expect.stringMatching(/^m\.onnx: not a policy contract: [^\n]*$/) as string,
      }) as Error,
    )
    expect(() => parseContract(json, 'm.onnx')).toThrow(message)
  })

  it('lists everything that is wrong at once', () => {
    const json = contractJson()
    json.inputs['rgbd'].shape = [1]
    json.inputs['voice_age'].dtype = 'float64'
    json.outputs['latent'].shape = [0]
    try {
      parseContract(json, 'm.onnx')
      expect.unreachable()
    } catch (error) {
      expect((error as { differences: string[] }).differences.map(line => line.split(':')[0])).toEqual([
        'inputs.rgbd',
        'inputs.voice_age.dtype',
        'outputs.latent.shape.0',
      ])
    }
  })
})

describe('a contract against a robot file', () => {
  const robotWith = (change: (text: string) => string) => parseRobot(change(robotText), 'changed.yaml')

  it('lists every stream that is missing and every kind that cannot be made', () => {
    const json = contractJson()
    json.inputs['rgbd'].from = ['depth', 'rgb']
    json.inputs['force_pyramid'].from = ['voice']
    json.inputs['voice_tokens'].from = ['speech']
    json.inputs['proprioception'].from = ['tool', 'wrench']
    json.inputs['modality_mask'].from = ['rgb', 'depth', 'thermal', 'voice']
    expect(checkAgainstRobot(contractOfJson(json), cell)).toEqual([
      'input rgbd: rgbd needs an rgb image, and stream depth is sensor_msgs/msg/Image (depth, interpolate)',
      'input rgbd: rgbd needs a depth image, and stream rgb is sensor_msgs/msg/Image (rgb, nearest)',
      'input force_pyramid: pyramid needs a stream aligned by window, and stream voice is ' +
        'prehend_interfaces/msg/VoiceEvent (voice, events)',
      'input voice_tokens: the robot file has no stream speech (it has rgb, depth, wrench, voice, gripper, tool)',
      'input proprioception: vector needs a pose or joint values, and stream wrench is ' +
        'geometry_msgs/msg/WrenchStamped (force, window)',
      'input modality_mask: the robot file has no stream thermal (it has rgb, depth, wrench, voice, gripper, tool)',
    ])
  })

  it('accepts a compressed image as an image of its modality', () => {
    const compressed = robotWith(text => text.replaceAll('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'))
    const differences = checkAgainstRobot(contractOfJson(contractJson()), compressed)
    expect(differences.filter(line => line.startsWith('input'))).toEqual([])
    expect(differences.map(line => line.split(':')[0])).toEqual(['made under another translation'])
  })

  it('lists sizes that differ', () => {
    const json = contractJson()
    json.inputs['force_pyramid'].shape = [1, 6, 20]
    json.inputs['voice_tokens'].shape = [1, 40]
    json.inputs['voice_age'].shape = [1, 5]
    json.inputs['proprioception'].shape = [1, 7]
    expect(checkAgainstRobot(contractOfJson(json), cell)).toEqual([
      'input force_pyramid: the contract has 5 windows, the robot file 6',
      'input voice_tokens: the contract wants 5 events, the robot file keeps 4',
      'input voice_age: the contract wants 5 events, the robot file keeps 4',
      "input proprioception: the contract has 7 values, the robot file's streams 8",
    ])
  })

  it('names the keys in which the translations differ', () => {
    const other = robotWith(text =>
      text
        .replace('align: interpolate, max_gap: 100 ms', 'align: interpolate, max_gap: 80 ms')
        .replace('align: nearest', 'align: { asof: 50 ms }'),
    )
    const [difference, ...more] = checkAgainstRobot(contractOfJson(contractJson()), other)
    expect(more).toEqual([])
    expect(difference).toMatch(/^made under another translation: /)
    expect(difference).toContain('streams.depth.max_gap: 0.1 in the model, 0.08 in robot file cell')
    expect(difference).toContain('streams.rgb.align.asof: absent in the model, 0.05 in robot file cell')
  })

  it('gives the hashes where the model lacks the text', () => {
    const json = contractJson()
    json.robot = { name: 'old', sha256: 'ab'.repeat(32), canonical: '' }
    expect(checkAgainstRobot(contractOfJson(json), cell)).toEqual([
      expect.stringContaining('does not carry the text') as string,
    ])
  })

  it('does not depend on ports, limits and the name of the robot', () => {
    const other = robotWith(text =>
      text
        .replace('robot: cell', 'robot: twin')
        .replace('slave: 9', 'slave: 3')
        .replace('contact: 3 N', 'contact: 5 N'),
    )
    expect(checkAgainstRobot(contractOfJson(contractJson()), other)).toEqual([])
  })
})
