import { shapeText } from './contract-graph.js'
import type { Contract } from './contract.js'
import type { EncoderContract } from './encoder-contract.js'

/** The encoder of a head: what it gives, and the sha256 of its file. */
export interface HeadEncoder {
  readonly contract: EncoderContract
  readonly sha256: string
}

/** All differences between what a head takes and what an encoder gives, one line each. */
export function encoderDifferences(
  { inputs, encoder }: Contract,
  { contract: { features }, sha256 }: HeadEncoder,
): string[] {
  const differences = Object.entries(inputs).flatMap(([name, input]) => {
    if (input.as !== 'feature') return []
    const feature = features[input.output]
    if (feature === undefined)
      return [`input ${name}: it gives no ${input.output} (it has ${Object.keys(features).join(', ')})`]
    if (feature.dtype === input.dtype && feature.shape.join() === input.shape.join()) return []
    return [
      `input ${name}: the head takes ${input.dtype} ${shapeText(input.shape)}, and ${input.output} is ` +
        `${feature.dtype} ${shapeText(feature.shape)}`,
    ]
  })
  if (encoder !== undefined && encoder.sha256 !== sha256)
    differences.push(`its sha256 is ${sha256.slice(0, 12)}, and the head was made with ${encoder.sha256.slice(0, 12)}`)
  return differences
}
