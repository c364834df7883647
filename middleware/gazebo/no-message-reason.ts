import { closest } from 'fastest-levenshtein'
import { shortName } from './dialect.js'
import type { Discovery } from './discovery.js'
import type { Announcement } from './discovery-packet.js'
import type { GzSettings } from './settings.js'
import { split } from './gz-topic-name.js'

/** A topic or a service that is waited for; `typesOf` gives the types of an announcement. */
export interface Sought {
  readonly name: string
  readonly types: string
  readonly typesOf: (announcement: Announcement) => string
}

const ALIKE = 'set GZ_PARTITION or IGN_PARTITION alike on both sides'

/** Why nothing comes from a topic or a service, in one line without its name: what is there instead, what to do. */
export function whyNoMessage(
  settings: GzSettings,
  discovery: Discovery,
  { name: topic, types, typesOf }: Sought,
): string {
  const { counts } = discovery
  const found = discovery.found().flatMap(announcement => {
    const name = split(announcement.topic)
    return name ? [{ ...name, announcement }] : []
  })
  const same = found.filter(name => name.topic === topic)
  const here = found.filter(({ partition }) => partition === settings.partition.replace(/^\//, ''))
  const announced = same.filter(name => here.includes(name))
  const [first] = announced
  const fitting = announced.find(({ announcement }) => typesOf(announcement) === types)
  if (fitting) return `announced by ${fitting.announcement.address}, but nothing came from there`
  if (first) return `announced by ${first.announcement.address} as ${typesOf(first.announcement)}, not ${types}`
  const notHere = `not in ${settings.partition || '(empty)'} (${settings.sources.partition}): ${ALIKE}`
  if (same.length > 0) {
    return `announced in the partition ${same[0]!.partition || '(empty)'}, ${notHere}`
  }
  if (here.length > 0) {
    const names = [...new Set(here.map(name => name.topic))]
    return (
      `not announced; of ${names.length} name${names.length > 1 ? 's' : ''} in this partition the ` +
      `nearest is ${closest(topic, names)}`
    )
  }
  if (found.length > 0) {
    const partitions = [...new Set(found.map(({ partition }) => partition || '(empty)'))].sort()
    return `what is there is in the partition ${partitions.join(', ')}, ${notHere}`
  }
  if (discovery.processes > 0)
    return `not announced: processes that are there: ${discovery.processes}; they announce nothing`
  const where = `${settings.sources.ports}, on ${settings.interfaces.join(', ')} (${settings.sources.address})`
  if (counts.otherVersion > 0) return `only processes of another version of discovery were heard on ${where}`
  if (counts.elsewhere > 0) {
    return (
      `only other machines were heard on ${where}: set GZ_IP and IGN_IP to this machine's address in ` +
      'their network to speak with them'
    )
  }
  return (
    `no Gazebo process was heard on ${where}: start it, or set GZ_IP or IGN_IP, GZ_DISCOVERY_MSG_PORT ` +
    'and …SRV_PORT as it has them'
  )
}

/** The type of a topic without its dialect: `Wrench`. */
export function topicType({ msgPub }: Announcement): string {
  return shortName(msgPub?.msgType ?? '')
}

/** The types of a service without their dialect: `WorldControl → Boolean`. */
export function serviceTypes({ srvPub }: Announcement): string {
  return `${shortName(srvPub?.requestType ?? '')} → ${shortName(srvPub?.responseType ?? '')}`
}
