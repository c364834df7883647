// Runs the TypeScript module that `workerData` names: Node 20 does not run `--import` in workers, so the loader is
// registered here.
import { workerData } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
await import(workerData)
