#pragma once

#include <string>
#include <vector>

#include <ignition/transport/Node.hh>

#include "time.hpp"
#include "world.hpp"

namespace world_server {

/// Joint states of the models that ask for them, each step.
class JointStates
{
  public:
    JointStates(const std::string &worldName, World &world, ignition::transport::Node &node);

    void update(World &world, SimTime now);

  private:
    struct Publisher
    {
      std::string model;
      ignition::transport::Node::Publisher publisher;
    };

    std::vector<Publisher> publishers_;
};

/// Poses of models (in the world) and links (in their models), 60 times a second of simulated time.
class Poses
{
  public:
    Poses(const std::string &worldName, ignition::transport::Node &node);

    void update(World &world, SimTime now);
    void reset() { beat_.reset(); }

  private:
    Beat beat_{60};
    ignition::transport::Node::Publisher all_, moving_;
};

}
