/**
 * Opens the backend `ros2` by its name. It publishes to itself until it has received a message, and prints the topics
 * that it sees. Its arguments are those of a node.
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
