import type { Words } from './words.js'

export const zh: Words = {
  joined: true,
  stop: ['停', '住手', '别动', '別動', '不要动', '不要動', '不许动', '不許動', '站住', '中止', '终止', '終止'],
  negation: ['不要', '别', '別', '不用', '不必', '不许', '不許', '不准', '甭', '勿'],
  resume: ['继续', '繼續', '继续吧', '恢复', '恢復'],
  ordinary: [],
}
