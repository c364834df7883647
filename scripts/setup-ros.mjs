// `npm run setup:ros`: sets up below .ros/ what the nodes, the launch files and --source ros2 need. After it, type `.
// .ros/setup.sh` once in each terminal.
import { installSystemPackages, setUpRos } from './ros.mjs'
import { compile, installPackages } from './setup.mjs'
import { main, say } from './steps.mjs'

await main(async () => {
  const packages = installPackages()
  const ros = installSystemPackages().then(() => setUpRos(packages))
  await Promise.all([ros, packages.then(compile)])
  say('ROS 2 is set up: type `. .ros/setup.sh` in each terminal that uses it')
})
