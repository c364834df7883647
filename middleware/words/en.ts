import type { Words } from './words.js'

export const en: Words = {
  stop: ['stop', 'halt', 'freeze', 'abort', 'estop', 'dont move', 'don t move', 'do not move', 'dont you move', 'do not you move', 'nobody move', 'no one move'],
  negation: ['not', 'never', 'dont', 'don t'],
  resume: ['resume', 'continue', 'go on', 'carry on'],
  ordinary: [
    'about', 'alt', 'abbot', 'atop', 'breeze', 'chop', 'crop', 'drop', 'flop', 'freezer', 'frieze', 'half', 'hall', 'halo', 'haft', 'hal', 'halve', 'hale', 'ham', 'hart', 'haste', 'hat', 'hilt',
    'holt', 'malt', 'prop', 'salt', 'shalt', 'shop', 'shot', 'slop', 'slot', 'snort', 'sop', 'spot', 'step', 'stoop', 'stomp', 'store', 'stow', 'strop', 'swop', 'top', 'walt', 'stopped', 'stopper', 'stopping', 'nonstop',
    'more', 'moved', 'mover', 'love', 'mode', 'mole', 'movie', 'dove', 'cove', 'rove', 'done', 'don', 'dot', 'dent', 'donut', 'font', 'wont',
  ],
}
