import { parseDocument } from 'yaml'
import { z } from 'zod'
import { issueText, shortList, validate } from '../../robots/validation.js'
import { readSafetensors } from '../lerobot/safetensors.js'
import { PolicyError } from '../policy-error.js'

const tensor = z.looseObject({ name: z.string(), kind: z.string().nullish(), element_names: z.unknown().optional() })
const schema = z.looseObject({
  models: z.record(
    z.string(),
    z.looseObject({
      inputs: z.array(tensor),
      outputs: z.array(tensor),
      parameters: z.looseObject({
        model_path: z.string(),
        sha256sum: z.string(),
        backend: z.string(),
      }),
    }),
  ),
  pipeline: z.looseObject({
    configs: z.looseObject({ frequency: z.number().positive().optional() }).optional(),
    feedback_flow: z.record(z.string(), z.array(z.string())).default({}),
    initial_values: z.string().optional(),
  }),
})

/** A tensor of a bundle. `names`: those of its values, undefined where the bundle does not name them. */
export interface BundleTensor {
  readonly name: string
  readonly kind: string | undefined
  readonly names: readonly string[] | undefined
}

/** What a LEAPP bundle says of its model. */
export interface Bundle {
  readonly name: string
  /** The file of the model, in the bundle's folder. */
  readonly file: string
  readonly sha256: string
  /** Runs a second. */
  readonly rate: number | undefined
  readonly inputs: readonly BundleTensor[]
  readonly outputs: readonly BundleTensor[]
  /** The output that is fed back, by the name of its input. */
  readonly states: ReadonlyMap<string, string>
  /** The safetensors file, in the bundle's folder, with the values with which states begin. Undefined: they are zeros. */
  readonly initialFile: string | undefined
}

/** The values with which a state begins, by the name of its input. */
export type InitialValues = ReadonlyMap<string, readonly number[]>

/**
 * Reads the YAML of a LEAPP bundle (PyPI leapp 0.7.2, config version 1.3). Throws PolicyError `POLICY_BUNDLE`: one line
 * with all that is not read: several models, other backends than ONNX.
 */
export function readBundle(text: string, where: string): Bundle {
  const refused = (faults: readonly string[]): PolicyError =>
    new PolicyError('POLICY_BUNDLE', `${where}: not a LEAPP bundle that is read: ${faults.join('; ')}`, {
      differences: faults,
    })
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' })
  if (document.errors[0]) throw refused([`not YAML: ${document.errors[0].message.split('\n')[0]}`])
  const { data, issues } = validate(schema, document.toJS({ maxAliasCount: 100 }))
  if (issues) throw refused(issues.map(issueText))
  const { models, pipeline } = data
  const names = Object.keys(models)
  const [name, model] = Object.entries(models)[0] ?? []
  if (name === undefined || model === undefined) throw refused(['it has no model'])
  const faults: string[] = []
  const { model_path: file, sha256sum: sha256, backend } = model.parameters
  if (names.length > 1)
    faults.push(
      `it has ${names.length} models (${shortList(names)}), and a policy is one graph: export them as one node`,
    )
  if (backend !== 'onnx') faults.push(`its model is for the backend ${backend}: export it with export_with="onnx"`)
  if (!/^[\w.-]+$/.test(file)) faults.push(`its model_path '${file}' is no name of a file in its folder`)
  const { initial_values: initialFile } = pipeline
  if (initialFile !== undefined && !/^[\w.-]+$/.test(initialFile))
    faults.push(`its initial_values '${initialFile}' is no name of a file in its folder`)
  if (faults.length > 0) throw refused(faults)
  return {
    name,
    file,
    sha256,
    rate: pipeline.configs?.frequency,
    inputs: model.inputs.map(described),
    outputs: model.outputs.map(described),
    initialFile,
    states: new Map(
      Object.entries(pipeline.feedback_flow).flatMap(([output, inputs]) =>
        inputs.map(input => [own(input), own(output)] as const),
      ),
    ),
  }
}

/** `input` of `node/input`. */
const own = (path: string): string => path.slice(path.indexOf('/') + 1)

/** Reads the values with which the states of a bundle begin. Throws PolicyError `POLICY_CHECKPOINT`. */
export function readInitialValues(bytes: Uint8Array, where: string): InitialValues {
  return new Map([...readSafetensors(bytes, where)].map(([name, { data }]) => [own(name), [...data]]))
}

const nameList = z.array(z.string())

/** The names of the last dimension: one list, or a list in a list. */
function described({ name, kind, element_names: given }: z.output<typeof tensor>): BundleTensor {
  const { data } = nameList.safeParse(
    Array.isArray(given) && given.length === 1 && Array.isArray(given[0]) ? given[0] : given,
  )
  return { name, kind: kind ?? undefined, names: data }
}
