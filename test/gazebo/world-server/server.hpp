#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include <ignition/transport/Node.hh>
#include <sdf/Root.hh>
#include <sdf/World.hh>

#include "camera.hpp"
#include "contacts.hpp"
#include "force_torque.hpp"
#include "jobs.hpp"
#include "joint_controllers.hpp"
#include "states.hpp"
#include "time.hpp"
#include "world.hpp"

namespace world_server {

/// A world with the systems that its file asks for, its clock, and its control. All but what transport calls runs on the thread that calls `run`.
class Server
{
  public:
    /// Throws std::runtime_error where the file does not load or asks for what is not here.
    Server(const std::string &file, bool paused);

    /// Steps in real time while it is not paused, until `stop`.
    void run();
    /// From any thread, or a signal's handler's.
    void stop();

    std::string summary() const;

  private:
    void step();
    void reset();
    void publishClock();
    void publishStatistics(bool stepping);
    double wallSeconds() const;

    sdf::Root root_;
    const sdf::World *description_;
    double stepSeconds_;
    double realTimeFactor_;
    Jobs jobs_;
    ignition::transport::Node node_;
    std::unique_ptr<World> world_;
    std::unique_ptr<JointControllers> controllers_;
    std::unique_ptr<ForceTorqueSensors> forceTorque_;
    std::unique_ptr<ContactSensors> contacts_;
    std::unique_ptr<Cameras> cameras_;
    std::unique_ptr<JointStates> jointStates_;
    std::unique_ptr<Poses> poses_;
    ignition::transport::Node::Publisher clock_, rootClock_, statistics_, rootStatistics_;

    std::atomic<bool> stopped_{false};
    bool paused_;
    unsigned seed_ = 0;
    SimTime time_{0};
    std::uint64_t iterations_ = 0;
    std::uint64_t steps_ = 0;
    /// The processor's seconds spent in stepping, without pictures.
    double stepping_ = 0;
    std::chrono::steady_clock::time_point began_, reported_;
    SimTime timeReported_{0};
    double measuredFactor_ = 0;
};

}
