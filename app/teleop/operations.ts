/** What a person can do beside moving the robot, by the word that is typed, and by the key in a terminal. */
export const OPERATIONS = {
  take: { key: 't', means: 'takes the arm, or with the key gives it back to the policy' },
  give: { key: undefined, means: 'gives the arm back to the policy' },
  begin: { key: 'b', means: 'begins an episode' },
  won: { key: 'w', means: 'ends it: it was won' },
  lost: { key: 'l', means: 'ends it: it was lost' },
  end: { key: 'e', means: 'ends it without a verdict; it counts as lost' },
  stop: { key: 'space', means: 'stops the motion' },
  resume: { key: 'r', means: 'ends a stop' },
  quit: { key: 'q', means: 'ends the command, as Ctrl-C does' },
} as const satisfies Record<string, { readonly key: string | undefined; readonly means: string }>
export type Operation = keyof typeof OPERATIONS

export const isOperation = (word: string): word is Operation => Object.hasOwn(OPERATIONS, word)

/** The operation of a key. */
export function operationOf(key: string): Operation | undefined {
  return Object.keys(OPERATIONS)
    .filter(isOperation)
    .find(word => OPERATIONS[word].key === key)
}
