// `npm run setup:ros`: what the nodes, the launch files and --source ros2 need, below .ros/. Then `. .ros/setup.sh`
// once a terminal.
import './setup.mjs'
import { installSystemPackages, rosLacks, setUpRos } from './ros.mjs'
import { fail, say } from './steps.mjs'

installSystemPackages()
const lacks = rosLacks()
if (lacks) fail(`ROS 2 cannot be set up: ${lacks}`)
setUpRos()
say('ROS 2 is set up: type `. .ros/setup.sh` in each terminal that uses it')
