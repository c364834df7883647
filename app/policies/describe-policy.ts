import type { Channel } from '../../policy/action/action-kind.js'
import { kindOf } from '../../policy/action/action-kinds.js'
import type { Contract } from '../../policy/contract/contract.js'
import { givenBy, isEncoder, type GraphContract } from '../../policy/contract/encoder-contract.js'
import { isHead } from '../../policy/contract/head-spec.js'
import { checkAgainstGraph, shapeText } from '../../policy/contract/contract-graph.js'
import { rowsOf, type ChunkSpec } from '../../policy/contract/output-spec.js'
import type { GroupSpec } from '../../policy/contract/group-spec.js'
import type { InputSpec } from '../../policy/contract/input-spec.js'
import type { OnnxModel } from '../../policy/contract/onnx-metadata.js'
import { externalFiles, modelSha256, type ExternalFile } from '../../policy/contract/external-data.js'
import { PolicyError } from '../../policy/policy-error.js'
import { graphContractIn, readModel } from '../../policy/runtime/read-model.js'
import type { Report } from '../output/output.js'
import { table } from '../output/text-table.js'

/**
 * What the ONNX model `file` says of itself. Throws PolicyError where it has no contract, or one that differs from its
 * graph.
 */
export async function policyInfo(file: string): Promise<Report> {
  const model = await readModel(file)
  const contract = graphContractIn(model, file)
  const differences = checkAgainstGraph(contract, model)
  if (differences.length > 0) {
    throw new PolicyError('POLICY_GRAPH', `${file}: its contract and its graph differ: ${differences.join('; ')}`, {
      differences,
    })
  }
  const weights = await externalFiles(model, file)
  const { name, version, robot, inputs, vocabulary, normalisation, training } = contract
  const opset = Object.fromEntries(
    [...model.opsets].map(([domain, number]) => [domain === '' ? 'ai.onnx' : domain, number]),
  )
  return {
    object: {
      file,
      name,
      contract: version,
      robot: { name: robot.name, sha256: robot.sha256 },
      inputs,
      ...(isEncoder(contract) ? { features: contract.features } : { outputs: contract.outputs }),
      ...(!isEncoder(contract) && isHead(contract) && { tick: contract.tick, encoder: contract.encoder }),
      ...(isEncoder(contract) && { sha256: await modelSha256(file) }),
      vocabulary: vocabulary.length,
      parameters: model.parameters,
      precision: model.precision,
      bytes: model.bytes,
      ...(weights.length > 0 && { externalData: weights.map(({ location, bytes }) => ({ location, bytes })) }),
      opset,
      irVersion: model.irVersion,
      producer: model.producer,
      normalisation: normalisation ?? null,
      training: training ?? null,
    },
    lines: describePolicy(contract, model, weights),
  }
}

/** A model's contract and size in plain words, for people. `weights`: the files beside it. */
export function describePolicy(
  contract: GraphContract,
  model: OnnxModel,
  weights: readonly ExternalFile[] = [],
): string[] {
  const chunk = isEncoder(contract) ? undefined : contract.outputs.action_chunk
  const opsets = [...model.opsets]
    .map(([domain, number]) => (domain === '' ? `${number}` : `${domain} ${number}`))
    .join(', ')
  const tensors = [
    ...Object.entries(contract.inputs).map(([name, input]) => [
      'in',
      name,
      input.dtype,
      shapeText(input.shape),
      sourceText(input),
    ]),
    ...Object.entries(givenBy(contract)).map(([name, output]) => [
      'out',
      name,
      output.dtype,
      shapeText(output.shape),
      chunk && output === chunk ? columnsText(chunk) : '',
    ]),
  ]
  return [
    `${contract.name}, policy contract version ${contract.version}`,
    `robot       ${contract.robot.name} (sha256 ${contract.robot.sha256.slice(0, 12)})`,
    `size        ${model.parameters.toLocaleString('en')} parameters (${model.precision}), ` +
      `${model.bytes.toLocaleString('en')} bytes, opset ${opsets}`,
    ...weights.map(({ location, bytes }) => `weights     ${location}, ${bytes.toLocaleString('en')} bytes`),
    ...(isEncoder(contract)
      ? [`encoder     gives ${Object.keys(contract.features).join(', ')} to a head`]
      : chunkLines(contract.outputs.action_chunk)),
    ...(!isEncoder(contract) && isHead(contract) ? headLines(contract) : []),
    `vocabulary  ${contract.vocabulary.length} words`,
    ...table(tensors, ''),
    ...Object.entries(contract.training ?? {}).map(
      ([key, value], i) =>
        `${i === 0 ? 'training' : ''}`.padEnd(12) +
        `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
  ]
}

function chunkLines(chunk: ChunkSpec): string[] {
  const frame = 'frame' in chunk ? ` in the ${chunk.frame} frame` : ''
  const rows = `chunk       ${rowsOf(chunk)} rows at ${chunk.rate} Hz${frame}`
  return [rows, ...('groups' in chunk ? groupLines(chunk.groups) : [])]
}

function headLines({ tick, encoder }: Pick<Contract, 'tick' | 'encoder'>): string[] {
  return [
    `head        a tick every ${(tick?.period ?? NaN) * 1000} ms; features of its encoder up to ` +
      `${(encoder?.max_age ?? NaN) * 1000} ms old`,
    `encoder     sha256 ${encoder?.sha256.slice(0, 12) ?? ''}`,
  ]
}

/** What an input is made from. */
function sourceText(input: InputSpec): string {
  if (input.as === 'state') return `state, the ${input.output} of the run before`
  if (input.as === 'feature') return `feature ${input.output} of the encoder`
  const { history } = input
  const former =
    history === undefined
      ? ''
      : history.ticks === undefined
        ? `, ${history.samples} values at ${history.rate} Hz`
        : `, the last ${history.ticks} ticks`
  return `${input.as}${input.from.length === 0 ? '' : ` of ${input.from.join(', ')}`}${former}`
}

/** A line for each group: the actuator, and what the policy commands of it. */
function groupLines(groups: readonly GroupSpec[]): string[] {
  return groups.map(group => {
    const { absolute } = group
    const besides = absolute === undefined ? '' : `; ${absolute.join(', ')} absolute`
    return `commands    ${group.name}: ${kindOf(group).describe(group)}${besides}`
  })
}

function columnsText(chunk: ChunkSpec): string {
  const listed = (columns: readonly Channel[]): string =>
    columns.map(({ name, unit }) => (unit === '' ? name : `${name} (${unit})`)).join(', ')
  if ('channels' in chunk) return listed(chunk.channels)
  const groups = chunk.groups.map(group => ({ name: group.name, text: listed(kindOf(group).columns(group)) }))
  // Two arms may have joints of the same names.
  return groups.map(({ name, text }) => (groups.length > 1 ? `${name}: ${text}` : text)).join('; ')
}
