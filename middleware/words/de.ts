import type { Words } from './words.js'

export const de: Words = {
  stop: ['stop', 'stopp', 'stoppen', 'halt', 'anhalten', 'halte an', 'halt an', 'haltet an', 'aufhoren', 'aufhoeren', 'hor auf', 'hoer auf', 'stehenbleiben', 'stehen bleiben', 'bleib stehen', 'abbrechen', 'abbruch', 'notaus', 'not aus', 'nothalt'],
  negation: ['nicht', 'nie', 'niemals'],
  resume: ['weiter', 'weitermachen', 'mach weiter', 'fortfahren', 'fortsetzen'],
  ordinary: ['abhalten', 'anhaltend', 'enthalten', 'halb', 'hals', 'halte', 'halten', 'hallt', 'hart', 'stoppel', 'stopf', 'stups', 'stoß', 'stob', 'tot', 'topp', 'topf', 'aufhore', 'gehalt', 'alt', 'kalt', 'halle', 'hast', 'hat', 'hut', 'huld'],
}
