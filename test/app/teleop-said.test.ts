import { expect, test } from 'vitest'
import { teleop } from '../../app/teleop/teleop.js'

test.each([
  ['  ', /^--say: is empty; say a command such as/],
  ['a'.repeat(5000), /^--say: has 5000 characters, and \d+ are heard; say it shorter$/],
])('teleop refuses a command that is blank or too long before it reads a robot file', async (say, line) => {
  const asked = { source: 'sim', seed: 1, robot: '/nowhere.yaml', by: 'keyboard', say }
  await expect(teleop(asked, () => undefined)).rejects.toThrow(line)
})
