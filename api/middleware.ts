/**
 * `import 'prehend/middleware'`: the `Bus` contract and its backends, messages, clocks, managed nodes, recordings. A
 * backend of your own is one `BACKENDS.set(name, open)`. MCAP recordings need no further package; `.db3`, compressed
 * pictures, ROS 2 and Gazebo name theirs when they are used.
 *
 * @module
 */
export { BagBus } from '../middleware/bag/bag-bus.js'
export { BagError } from '../middleware/bag/bag-error.js'
export { openBag, type Bag, type BagMessage, type BagTopic, type ForeignTopic } from '../middleware/bag/bag.js'
export { BagWriter, type BagWriterOptions } from '../middleware/bag/bag-writer.js'
export { BusError } from '../middleware/bus-error.js'
export type { Bus, Clock, Disposable, Listener, Publisher, TopicInfo } from '../middleware/bus.js'
export { decodeImage } from '../middleware/image/decode.js'
export { LifecycleNode, type LifecycleState, type Transition } from '../middleware/lifecycle.js'
export { LocalBus, type LocalBusOptions } from '../middleware/local/local-bus.js'
export { SteppedClock } from '../middleware/local/stepped-clock.js'
export { SystemClock } from '../middleware/local/system-clock.js'
export type * from '../middleware/messages.js'
export { BACKENDS, openBus, type Backend, type BackendOptions } from '../middleware/registry.js'
export { MissingPackageError, type PeerName } from '../peers/peers.js'
