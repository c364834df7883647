/**
 * `import 'prehend/policy'`: what a policy is, the contract of an ONNX model, its features and its runtime. A policy of
 * your own implements `Policy` and needs no further package; `OnnxPolicy` needs onnxruntime-node and protobufjs.
 *
 * @module
 */
export { parseContract, type Contract } from '../policy/contract/contract.js'
export { Features } from '../policy/features/features.js'
export { PolicyError } from '../policy/policy-error.js'
export { CHANNELS, type ActionChunk, type Policy } from '../policy/policy.js'
export { OnnxPolicy, type OnnxPolicyOptions } from '../policy/runtime/onnx-policy.js'
export { contractOf } from '../policy/runtime/read-model.js'
