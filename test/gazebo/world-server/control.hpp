#pragma once

#include <functional>
#include <string>

#include <ignition/transport/Node.hh>

#include "jobs.hpp"

namespace world_server {

/// What can be asked of a running world.
struct Controlled
{
  std::function<void(bool paused)> pause;
  /// Returns once the steps are done and published.
  std::function<void(unsigned steps)> step;
  /// All as the world file says, time 0.
  std::function<void()> reset;
  std::function<void()> resetTime;
  std::function<void(unsigned seed)> seed;
};

/// The service control of the world. Unlike the simulator, which answers before it acts, it answers when what was asked for is done.
void offerControl(const std::string &worldName, ignition::transport::Node &node, Jobs &jobs, Controlled controlled);

}
