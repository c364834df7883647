#pragma once

#include <set>
#include <string>
#include <vector>

#include <ignition/transport/Node.hh>

#include "time.hpp"
#include "world.hpp"

namespace world_server {

/// The contact sensors on the models' links: each step, what touches the named collisions and with what force, as the simulator tells it from
/// Harmonic on. Nothing is published while nothing touches.
class ContactSensors
{
  public:
    ContactSensors(World &world, ignition::transport::Node &node);

    void update(World &world, SimTime now);

  private:
    struct Sensor
    {
      /// "model::link::collision".
      std::set<std::string> collisions;
      ignition::transport::Node::Publisher publisher;
    };

    std::vector<Sensor> sensors_;
};

}
