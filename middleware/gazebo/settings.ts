import { isIPv4 } from 'node:net'
import { hostname, networkInterfaces, userInfo } from 'node:os'
import type { Dialect } from './dialect.js'
import { GzError } from './gz-error.js'
import { isValidPartition } from './gz-topic-name.js'

/** How this process takes part in the transport. `settingsOf` reads it from the environment, as gz-transport does. */
export interface GzSettings {
  /** IPv4 address of the own sockets for other processes. */
  readonly address: string
  /** Addresses of the interfaces on which discovery sends and receives. */
  readonly interfaces: readonly string[]
  /** Only processes of this machine take part, because no variable names an address. */
  readonly hostOnly: boolean
  readonly partition: string
  readonly multicast: string
  readonly topicPort: number
  readonly servicePort: number
  /** IPv4 addresses of peers that multicast does not reach. */
  readonly relays: readonly string[]
  /** With topic statistics every message has a sequence number and a time, and discovery's version is 110, not 10. */
  readonly statistics: boolean
  /** Largest number of messages that wait for a peer. */
  readonly receiveQueue: number
  readonly sendQueue: number
  /** The dialect of the type names that are sent; undefined: that of the first process that announces one. */
  readonly dialect: Dialect | undefined
  /** The dialect as long as no other process has announced a type. */
  readonly guess: Dialect
  /** Where each of these comes from, for messages: `IGN_IP=127.0.0.1`, or `no GZ_IP`. */
  readonly sources: { readonly address: string; readonly partition: string; readonly ports: string }
}

type Environment = Readonly<Record<string, string | undefined>>

const LOOPBACK = '127.0.0.1'

/**
 * Reads the variables GZ_… and IGN_… (IP, PARTITION, DISCOVERY_MULTICAST_IP, DISCOVERY_MSG_PORT, DISCOVERY_SRV_PORT,
 * RELAY, TRANSPORT_TOPIC_STATISTICS, TRANSPORT_RCVHWM, TRANSPORT_SNDHWM). Without an address only this machine takes
 * part, on all its interfaces, so a simulator on this machine is found whatever its own address is. Throws GzError
 * GZ_SETTING with the name of the variable.
 */
export function settingsOf(environment: Environment = process.env, dialect?: Dialect): GzSettings {
  const read = (name: string): Variable => variable(environment, name)
  const ip = read('IP')
  const partition = read('PARTITION')
  const multicast = read('DISCOVERY_MULTICAST_IP')
  const topicPort = port(read('DISCOVERY_MSG_PORT'), 10317)
  const servicePort = port(read('DISCOVERY_SRV_PORT'), 10318)
  if (partition.value !== undefined && !isValidPartition(partition.value)) {
    throw new GzError('GZ_SETTING', `${partition.text}: expected a name without spaces, @, ~, // and :=`)
  }
  const own = ownAddresses()
  const has = (prefix: string): boolean => Object.keys(environment).some(name => name.startsWith(prefix))
  if (ip.value && !own.includes(ip.value)) {
    throw new GzError(
      'GZ_SETTING',
      `${ip.text}: no interface of this machine has this address; it has ${own.join(', ')}`,
    )
  }
  const group = multicast.value || '239.255.0.7'
  if (!isIPv4(group) || !/^2(2[4-9]|3\d)\./.test(group)) {
    throw new GzError(
      'GZ_SETTING',
      `${multicast.text}: expected an IPv4 multicast address, 224.0.0.0 to 239.255.255.255`,
    )
  }
  return {
    address: ip.value || LOOPBACK,
    interfaces: ip.value ? [ip.value] : own,
    hostOnly: !ip.value || ip.value.startsWith('127.'),
    partition: partition.value ?? `${hostname()}:${userInfo().username}`,
    multicast: group,
    topicPort,
    servicePort: servicePort === topicPort ? (topicPort < 65535 ? topicPort + 1 : topicPort - 1) : servicePort,
    relays: relays(read('RELAY')),
    statistics: read('TRANSPORT_TOPIC_STATISTICS').value === '1',
    receiveQueue: count(read('TRANSPORT_RCVHWM'), 1000),
    sendQueue: count(read('TRANSPORT_SNDHWM'), 1000),
    dialect,
    guess: has('IGN_') && !has('GZ_') ? 'ignition' : 'gz',
    sources: {
      address: ip.value ? ip.text : 'no GZ_IP or IGN_IP, so this machine only',
      partition: partition.value === undefined ? 'no GZ_PARTITION or IGN_PARTITION, so host:user' : partition.text,
      ports: `${group}, UDP ports ${topicPort} and ${servicePort}`,
    },
  }
}

/** IPv4 addresses of this machine, loopback first. */
export function ownAddresses(): string[] {
  const interfaces = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  return [...new Set([LOOPBACK, ...interfaces.filter(({ family }) => family === 'IPv4').map(({ address }) => address)])]
}

interface Variable {
  readonly value: string | undefined
  /** `GZ_IP=10.0.0.1`, for messages. */
  readonly text: string
}

/** The variable with either prefix. Two different values are refused: other processes could follow either of them. */
function variable(environment: Environment, name: string): Variable {
  const [gz, ignition] = [environment[`GZ_${name}`], environment[`IGN_${name}`]]
  if (gz !== undefined && ignition !== undefined && gz !== ignition) {
    throw new GzError('GZ_SETTING', `GZ_${name}=${gz} and IGN_${name}=${ignition}: expected one of them, or both alike`)
  }
  const prefix = gz === undefined && ignition !== undefined ? 'IGN' : 'GZ'
  return { value: gz ?? ignition, text: `${prefix}_${name}=${gz ?? ignition ?? ''}` }
}

function port(named: Variable, otherwise: number): number {
  if (!named.value) return otherwise
  const value = Number(named.value)
  if (!Number.isInteger(value) || value < 1 || value > 65535)
    throw new GzError('GZ_SETTING', `${named.text}: expected a UDP port, 1 to 65535`)
  return value
}

function count(named: Variable, otherwise: number): number {
  if (!named.value) return otherwise
  const value = Number(named.value)
  if (!Number.isInteger(value) || value < 0)
    throw new GzError('GZ_SETTING', `${named.text}: expected a number of messages, 0 (no limit) or more`)
  return value
}

function relays(named: Variable): string[] {
  const addresses = (named.value ?? '').split(':').filter(address => address !== '')
  const wrong = addresses.find(address => !isIPv4(address))
  if (wrong !== undefined)
    throw new GzError('GZ_SETTING', `${named.text}: expected IPv4 addresses with colons between them, got ${wrong}`)
  return [...new Set(addresses)]
}
