/**
 * The backend `ros2` by its name: says something to itself until it has heard it, and prints what topics it sees. Its
 * arguments are a node's.
 */
import { openBus } from '../../middleware/registry.js'

const bus = await openBus('ros2', { rosArguments: process.argv.slice(2) })
const publisher = bus.advertise('said', 'std_msgs/msg/String')
await new Promise<void>(resolve => {
  bus.subscribe('said', 'std_msgs/msg/String', () => resolve())
  bus.clock.every(20_000_000, () => publisher.publish({ data: 'hello' }))
})
process.stdout.write(JSON.stringify(bus.topics().filter(({ topic }) => topic.endsWith('/said'))))
await bus.close()
