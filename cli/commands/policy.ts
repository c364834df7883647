import { closeSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { CONTRACT_KEY, type Contract } from '../../policy/contract/contract.js'
import { contractOfMap, parseModelMap } from '../../policy/contract/model-map.js'
import {
  checkAgainstGraph,
  readOnnx,
  shapeText,
  withMetadata,
  type OnnxModel,
} from '../../policy/contract/onnx-metadata.js'
import { contractIn, OnnxPolicy, readModel } from '../../policy/runtime/onnx-policy.js'
import { PolicyError } from '../../policy/policy-error.js'
import { createPart, discardPart, finishPart, partOf } from '../../middleware/output-path.js'
import { LARGEST_TEXT, readTextSync } from '../../middleware/regular-file.js'
import { Ending } from '../../app/output/ending.js'
import { DiskError, isRefusedByDisk } from '../../app/output/line-file.js'
import { namespace, overwrite } from '../options.js'
import { messageOf, Output, UsageError } from '../../app/output/output.js'
import { requireFree } from '../../app/output/outputs.js'
import { readRobot } from '../../app/robot/load-robot.js'

interface InfoFlags {
  json?: boolean
}

interface WrapFlags {
  robot: string
  namespace?: string
  map: string
  out: string
  overwrite?: boolean
  json?: boolean
}

export function register(program: Command): void {
  const policy = program
    .command('policy')
    .description('what an ONNX policy says of itself, and giving one from elsewhere its contract')
  policy
    .command('info')
    .description('name, inputs, outputs, robot, vocabulary, size and training of a policy')
    .argument('<file>', 'an ONNX model with a contract')
    .option('--json', 'the result as one JSON object')
    .action((file: string, flags: InfoFlags) => info(file, flags))
  policy
    .command('wrap')
    .description('writes the contract into a model that comes from elsewhere; all else in it stays as it is')
    .argument('<file>', 'an ONNX model')
    .requiredOption('--map <file>', 'what its inputs and outputs are (YAML): see docs/how-to/bring-your-own-policy.md')
    .requiredOption('--out <file>', 'where the model with its contract is written')
    .option('--robot <file>', 'robot file or the name of a shipped one', 'cell')
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .action((file: string, flags: WrapFlags) => wrap(file, flags))
}

/** The model has its name only once it has run with its contract, on zeros. */
async function wrap(
  file: string,
  { robot: robotFile, namespace, map: mapFile, out, overwrite, json }: WrapFlags,
): Promise<void> {
  requireFree({ files: [out], reads: [file, mapFile] }, { overwrite })
  const robot = readRobot(robotFile, namespace)
  const map = parseModelMap(text(mapFile), mapFile)
  const model = await readModel(file)
  const contract = contractOfMap(map, model, robot, `${file} with ${mapFile} does not fit robot file ${robot.name}`)
  const bytes = withMetadata(await readFile(file), { [CONTRACT_KEY]: JSON.stringify(contract) })
  const temporary = partOf(out)
  let made = false
  try {
    const descriptor = createPart(out, { overwrite })
    made = true
    try {
      writeFileSync(descriptor, bytes)
    } finally {
      closeSync(descriptor)
    }
    const policy = await OnnxPolicy.load(temporary, robot, { signal: new Ending().signal })
    await policy.close()
  } catch (error) {
    if (made) discardPart(out)
    if (isRefusedByDisk(error))
      throw new DiskError(`${out}: cannot be written: ${error.message}; nothing of it was kept`)
    if (error instanceof PolicyError)
      throw new PolicyError(error.code, error.message.replaceAll(temporary, file), {
        cause: error,
        differences: error.differences,
      })
    throw new UsageError(`${out}: cannot be written: ${messageOf(error)}`)
  }
  try {
    finishPart(out, { overwrite })
  } catch (error) {
    // It is whole where it lies.
    throw new DiskError(`${out}: cannot be given its name: ${messageOf(error)}; it is kept in ${temporary}`)
  }
  new Output({ json }).result(
    {
      file: out,
      name: contract.name,
      robot: { name: robot.name, sha256: robot.sha256 },
      inputs: contract.inputs,
      outputs: contract.outputs,
      bytes: bytes.length,
    },
    [out, ...describe(contract, readOnnx(bytes, out))],
  )
}

function text(path: string): string {
  try {
    return readTextSync(path, LARGEST_TEXT)
  } catch (error) {
    throw new UsageError(`${path}: cannot be read: ${messageOf(error)}`)
  }
}

async function info(file: string, flags: InfoFlags): Promise<void> {
  const model = await readModel(file)
  const contract = contractIn(model, file)
  const differences = checkAgainstGraph(contract, model)
  if (differences.length > 0) {
    throw new PolicyError('POLICY_GRAPH', `${file}: its contract and its graph differ: ${differences.join('; ')}`, {
      differences,
    })
  }
  const { name, version, robot, inputs, outputs, vocabulary, normalisation, training } = contract
  const opset = Object.fromEntries(
    [...model.opsets].map(([domain, number]) => [domain === '' ? 'ai.onnx' : domain, number]),
  )
  new Output(flags).result(
    {
      file,
      name,
      contract: version,
      robot: { name: robot.name, sha256: robot.sha256 },
      inputs,
      outputs,
      vocabulary: vocabulary.length,
      parameters: model.parameters,
      precision: model.precision,
      bytes: model.bytes,
      opset,
      irVersion: model.irVersion,
      producer: model.producer,
      normalisation: normalisation ?? null,
      training: training ?? null,
    },
    describe(contract, model),
  )
}

function describe(contract: Contract, model: OnnxModel): string[] {
  const { action_chunk: chunk } = contract.outputs
  const opsets = [...model.opsets]
    .map(([domain, number]) => (domain === '' ? `${number}` : `${domain} ${number}`))
    .join(', ')
  const tensors = [
    ...Object.entries(contract.inputs).map(([name, input]) => [
      'in',
      name,
      input.dtype,
      shapeText(input.shape),
      `${input.as} of ${input.from.join(', ')}`,
    ]),
    ...Object.entries(contract.outputs)
      .filter(([, output]) => output !== undefined)
      .map(([name, output]) => [
        'out',
        name,
        output.dtype,
        shapeText(output.shape),
        output === chunk ? chunk.channels.map(c => `${c.name} (${c.unit})`).join(', ') : '',
      ]),
  ]
  return [
    `${contract.name}, policy contract version ${contract.version}`,
    `robot       ${contract.robot.name} (sha256 ${contract.robot.sha256.slice(0, 12)})`,
    `size        ${model.parameters.toLocaleString('en')} parameters (${model.precision}), ` +
      `${model.bytes.toLocaleString('en')} bytes, opset ${opsets}`,
    `chunk       ${chunk.shape[1]} rows at ${chunk.rate} Hz in the ${chunk.frame} frame`,
    `vocabulary  ${contract.vocabulary.length} words`,
    ...columns(tensors),
    ...Object.entries(contract.training ?? {}).map(
      ([key, value], i) =>
        `${i === 0 ? 'training' : ''}`.padEnd(12) +
        `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
  ]
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}
