#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <ignition/math/PID.hh>
#include <ignition/msgs/double.pb.h>
#include <ignition/transport/Node.hh>

#include "world.hpp"

namespace world_server {

/// What the simulator's JointPositionController does: a PID on the joint's position, whose goal comes from a topic.
class JointControllers
{
  public:
    /// The controllers that the models ask for. Throws std::runtime_error where one names no joint of its model.
    JointControllers(World &world, ignition::transport::Node &node);

    /// Sets the force of each controlled joint for the next step.
    void update(double seconds);

    /// Takes over another world with the same models; goals are as at the start.
    void reset(World &world);

  private:
    struct Controller
    {
      std::string model, jointName;
      Joint *joint = nullptr;
      ignition::math::PID pid;
      double start = 0;
      std::mutex mutex;
      double goal = 0;
    };

    std::vector<std::unique_ptr<Controller>> controllers_;
};

}
