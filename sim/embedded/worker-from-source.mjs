// Starts a worker thread whose entry (its first argument) is TypeScript source; compiled workers are started directly.
import { register } from 'tsx/esm/api'

register()
await import(process.argv[2])
