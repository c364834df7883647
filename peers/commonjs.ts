import { createRequire } from 'node:module'
import type * as Pty from '@lydell/node-pty'
import type Database from 'libsql'
import type Protobuf from 'protobufjs/minimal.js'

// These are CommonJS, so they can be loaded at their first use without a promise. Whoever uses them first asks
// `requirePeers`.
const require = createRequire(import.meta.url)

export const libsql = (): typeof Database => require('libsql') as typeof Database
export const nodePty = (): typeof Pty => require('@lydell/node-pty') as typeof Pty

let minimal: typeof Protobuf | undefined
/** protobufjs's reader and writer alone. */
export const protobuf = (): typeof Protobuf => (minimal ??= require('protobufjs/minimal.js') as typeof Protobuf)
