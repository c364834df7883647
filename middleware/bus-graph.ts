/** A client of a service. It must have been made a while before it is used: peers find each other meanwhile. */
export interface ServiceClient {
  /** Whether a server is there. */
  readonly ready: boolean
  /** The server's answer. Rejects where none has come within so many ms. */
  call(request: object, within: number): Promise<object>
  /** Ends it, and rejects what has no answer yet. A second call has no effect. */
  dispose(): void
}

/** The other processes of a bus that several processes share. */
export interface BusGraph {
  /** Full names of the nodes that publish on a topic: `/control`. They are shown for a while after they have died. */
  publishersOf(topic: string): readonly string[]
  /** A client of the service with this full name. Throws BusError SERVICE where the type is not installed. */
  service(name: string, type: string): ServiceClient
}
