// Sets up what the tests need. Independent steps run at the same time, and steps that are up to date are skipped.
import { buildWorldServer, gazeboLacks, installGazebo } from './gazebo.mjs'
import { makeTestEnvironment } from './python.mjs'
import { installSystemPackages, setUpRos } from './ros.mjs'
import { Failure } from './steps.mjs'

/**
 * Sets up everything. `packages` resolves once the npm packages are installed. Resolves with a line for each group of
 * tests that must be left out on this machine.
 */
export async function setUpTests(packages) {
  const system = installSystemPackages()
  const groups = {
    'tests against Python programs': makeTestEnvironment,
    "tests against Gazebo's libraries": worldServer,
    'tests against ROS 2': () => ros2(packages),
  }
  const lines = await Promise.all(
    Object.entries(groups).map(async ([name, setUp]) => {
      await system
      const lacks = await setUp()
      return lacks === undefined ? [] : [`${name}: ${lacks}`]
    }),
  )
  return lines.flat()
}

async function worldServer() {
  await installGazebo()
  const lacks = gazeboLacks()
  if (lacks === undefined) await buildWorldServer()
  return lacks
}

async function ros2(packages) {
  try {
    await setUpRos(packages)
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error.message
    throw error
  }
}
