import { parentPort } from 'node:worker_threads'
import { startFirmwareHost } from '../../../sim/firmware/host.js'
import { SpringPlant } from '../../../sim/firmware/spring-plant.js'

const host = startFirmwareHost({ plant: new SpringPlant(), initial: 'activated' })
parentPort?.postMessage(host.path)
parentPort?.once('message', () => void host.close().then(() => parentPort?.close()))
