#pragma once

#include <functional>
#include <string>

#include <ignition/transport/Node.hh>

#include "jobs.hpp"
#include "world.hpp"

namespace world_server {

/// The services create, remove and set_pose of the world. Each answers when it is done, with whether it worked.
void offerUserCommands(const std::string &worldName, ignition::transport::Node &node, Jobs &jobs, std::function<World &()> world);

}
