import type { Command } from 'commander'
import type { Contract } from '../../fusion/policy/contract.js'
import { checkAgainstGraph, shapeText, type OnnxModel } from '../../fusion/policy/onnx-metadata.js'
import { contractIn, readModel } from '../../fusion/policy/onnx-policy.js'
import { PolicyError } from '../../fusion/policy/policy-error.js'
import { Output } from '../output.js'

interface InfoFlags {
  json?: boolean
}

export function register(program: Command): void {
  const policy = program.command('policy').description('what an ONNX policy says of itself')
  policy
    .command('info')
    .description('name, inputs, outputs, robot, vocabulary, size and training of a policy')
    .argument('<file>', 'an ONNX model with a contract')
    .option('--json', 'the result as one JSON object')
    .action((file: string, flags: InfoFlags) => info(file, flags))
}

async function info(file: string, flags: InfoFlags): Promise<void> {
  const model = await readModel(file)
  const contract = contractIn(model, file)
  const differences = checkAgainstGraph(contract, model)
  if (differences.length > 0) {
    throw new PolicyError('POLICY_GRAPH', `${file}: its contract and its graph differ: ${differences.join('; ')}`, { differences })
  }
  const { name, version, robot, inputs, outputs, vocabulary, normalisation, training } = contract
  const opset = Object.fromEntries([...model.opsets].map(([domain, number]) => [domain === '' ? 'ai.onnx' : domain, number]))
  new Output(flags).result({
    file, name, contract: version, robot: { name: robot.name, sha256: robot.sha256 }, inputs, outputs, vocabulary: vocabulary.length,
    parameters: model.parameters, bytes: model.bytes, opset, irVersion: model.irVersion, producer: model.producer,
    normalisation: normalisation ?? null, training: training ?? null,
  }, text(contract, model))
}

function text(contract: Contract, model: OnnxModel): string {
  const { action_chunk: chunk } = contract.outputs
  const opsets = [...model.opsets].map(([domain, number]) => (domain === '' ? `${number}` : `${domain} ${number}`)).join(', ')
  const tensors = [
    ...Object.entries(contract.inputs).map(([name, input]) => ['in', name, input.dtype, shapeText(input.shape), `${input.as} of ${input.from.join(', ')}`]),
    ...Object.entries(contract.outputs).filter(([, output]) => output !== undefined).map(([name, output]) =>
      ['out', name, output.dtype, shapeText(output.shape), output === chunk ? chunk.channels.map(c => `${c.name} (${c.unit})`).join(', ') : '']),
  ]
  return [
    `${contract.name}, policy contract version ${contract.version}`,
    `robot       ${contract.robot.name} (sha256 ${contract.robot.sha256.slice(0, 12)})`,
    `size        ${model.parameters.toLocaleString('en')} parameters, ${model.bytes.toLocaleString('en')} bytes, opset ${opsets}`,
    `chunk       ${chunk.shape[1]} rows at ${chunk.rate} Hz in the ${chunk.frame} frame`,
    `vocabulary  ${contract.vocabulary.length} words`,
    ...columns(tensors),
    ...Object.entries(contract.training ?? {}).map(([key, value], i) =>
      `${i === 0 ? 'training' : ''}`.padEnd(12) + `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`),
  ].join('\n')
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  return rows.map(row => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd())
}
