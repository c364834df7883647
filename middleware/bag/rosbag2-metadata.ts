import { stringify } from 'yaml'

/** The QoS profile that rosbag2 writes for a reliable, volatile topic. */
export const OFFERED_QOS = `- history: keep_last
  depth: 10
  reliability: reliable
  durability: volatile
  deadline:
    sec: 9223372036
    nsec: 854775807
  lifespan:
    sec: 9223372036
    nsec: 854775807
  liveliness: automatic
  liveliness_lease_duration:
    sec: 9223372036
    nsec: 854775807
  avoid_ros_namespace_conventions: false
`

/** A recording with one file, for metadata.yaml. */
export interface Recorded {
  readonly file: string
  readonly topics: readonly { readonly name: string; readonly type: string; readonly count: number }[]
  readonly messages: number
  /** Absolute ns. */
  readonly start: bigint
  readonly end: bigint
  readonly custom: Readonly<Record<string, string>>
}

/** The text of metadata.yaml for a bag with one MCAP file: version 9 of rosbag2's format. */
export function metadataYaml({ file, topics, messages, start, end, custom }: Recorded): string {
  const starting_time = { nanoseconds_since_epoch: start }
  const duration = { nanoseconds: end - start }
  return stringify(
    {
      rosbag2_bagfile_information: {
        version: 9,
        storage_identifier: 'mcap',
        duration,
        starting_time,
        message_count: messages,
        topics_with_message_count: topics.map(({ name, type, count }) => ({
          topic_metadata: {
            name,
            type,
            serialization_format: 'cdr',
            offered_qos_profiles: OFFERED_QOS,
            type_description_hash: '',
          },
          message_count: count,
        })),
        compression_format: '',
        compression_mode: '',
        relative_file_paths: [file],
        files: [{ path: file, starting_time, duration, message_count: messages }],
        custom_data: custom,
        ros_distro: 'prehend',
      },
    },
    { aliasDuplicateObjects: false },
  )
}
