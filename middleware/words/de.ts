import type { Words } from './words.js'

export const de: Words = {
  stop: [
    'stop', 'stopp', 'stoppen', 'halt', 'anhalten', 'anzuhalten', 'aufhoren', 'aufhoeren', 'aufzuhoren', 'aufzuhoeren', 'stehenbleiben', 'stehenzubleiben', 'abbrechen', 'abzubrechen', 'abbruch',
    'notaus', 'not aus', 'nothalt', 'notstop', 'notstopp', 'nicht bewegen', 'nicht mehr bewegen', 'keine bewegung', 'beweg dich nicht', 'bewege dich nicht', 'bewegt euch nicht', 'bewegen sie sich nicht',
  ],
  separable: [
    { forms: ['halt', 'halte', 'haltet', 'halten'], particles: ['an', 'still'] },
    { forms: ['hor', 'hore', 'hort', 'horen', 'hoer', 'hoere', 'hoert', 'hoeren'], particles: ['auf'] },
    { forms: ['bleib', 'bleibe', 'bleibt', 'bleiben'], particles: ['stehen'] },
    { forms: ['brich', 'breche', 'brecht', 'brechen'], particles: ['ab'] },
  ],
  negation: ['nicht', 'nie', 'niemals'],
  resume: ['weiter', 'weitermachen', 'mach weiter', 'fortfahren', 'fortsetzen'],
  ordinary: [
    'abart', 'abbrach', 'abbrecher', 'abbrüche', 'abhalten', 'abzuhalten', 'anbrechen', 'anbruch', 'anhaften', 'anhaltend', 'anhalter', 'aufhore', 'aufholen', 'aufzuholen', 'enthalten',
    'alt', 'falt', 'galt', 'gehalt', 'halb', 'halle', 'hallt', 'halm', 'hals', 'halte', 'halten', 'hart', 'hast', 'hat', 'haut', 'huld', 'hut', 'kalt',
    'steppen', 'stob', 'stopf', 'stopfen', 'stoppel', 'stör', 'stoß', 'stups', 'topf', 'topp', 'tot',
    'dicht', 'gicht', 'licht', 'nacht', 'nichte', 'richt', 'sicht', 'beine', 'deine', 'eine', 'feine', 'kleine', 'leine', 'meine', 'reine', 'seine',
  ],
}
