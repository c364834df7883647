#include "server.hpp"

#include <sstream>
#include <stdexcept>

#include <ignition/msgs/clock.pb.h>
#include <ignition/msgs/world_stats.pb.h>
#include <sdf/Physics.hh>

#include "control.hpp"
#include "systems.hpp"
#include "user_commands.hpp"

namespace world_server {

namespace msgs = ignition::msgs;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kReportEvery{100};
/// Further behind real time than this, the lost time is not made up.
constexpr std::chrono::milliseconds kGiveUp{100};

}

Server::Server(const std::string &file, bool paused) : paused_(paused)
{
  std::string wrong;
  for (const auto &error : root_.Load(file))
    wrong += (wrong.empty() ? "" : "; ") + error.Message();
  if (!wrong.empty())
    throw std::runtime_error(file + ": " + wrong);
  description_ = root_.WorldByIndex(0);
  if (!description_)
    throw std::runtime_error(file + ": holds no world");
  const auto element = description_->Element();
  if (!asksFor(element, "Physics"))
    throw std::runtime_error(file + ": asks for no physics system");
  const auto *profile = description_->PhysicsDefault();
  stepSeconds_ = profile->MaxStepSize();
  realTimeFactor_ = profile->RealTimeFactor();
  const auto name = description_->Name();
  world_ = std::make_unique<World>(*description_);
  controllers_ = std::make_unique<JointControllers>(*world_, node_);
  if (asksFor(element, "ForceTorque"))
    forceTorque_ = std::make_unique<ForceTorqueSensors>(*world_, node_);
  if (asksFor(element, "Contact"))
    contacts_ = std::make_unique<ContactSensors>(*world_, node_);
  if (asksFor(element, "Sensors"))
    cameras_ = std::make_unique<Cameras>(*description_, *world_, node_);
  jointStates_ = std::make_unique<JointStates>(name, *world_, node_);
  if (asksFor(element, "SceneBroadcaster"))
    poses_ = std::make_unique<Poses>(name, node_);
  clock_ = node_.Advertise<msgs::Clock>("/world/" + name + "/clock");
  rootClock_ = node_.Advertise<msgs::Clock>("/clock");
  statistics_ = node_.Advertise<msgs::WorldStatistics>("/world/" + name + "/stats");
  rootStatistics_ = node_.Advertise<msgs::WorldStatistics>("/stats");
  began_ = reported_ = Clock::now();
  if (asksFor(element, "UserCommands"))
    offerUserCommands(name, node_, jobs_, [this]() -> World & { return *world_; });
  Controlled controlled;
  controlled.pause = [this](bool wanted) { paused_ = wanted; };
  controlled.step = [this](unsigned steps) {
    for (unsigned i = 0; i < steps && !stopped_; ++i)
      step();
    publishStatistics(true);
  };
  controlled.reset = [this] { reset(); };
  controlled.resetTime = [this] {
    time_ = timeReported_ = SimTime(0);
    iterations_ = 0;
  };
  controlled.seed = [this](unsigned seed) {
    seed_ = seed;
    if (forceTorque_)
      forceTorque_->reset(*world_, seed_);
  };
  offerControl(name, node_, jobs_, controlled);
}

void Server::reset()
{
  // A new engine: nothing of the run before can reach into the next.
  world_ = std::make_unique<World>(*description_);
  controllers_->reset(*world_);
  if (forceTorque_)
    forceTorque_->reset(*world_, seed_);
  if (cameras_)
    cameras_->reset();
  if (poses_)
    poses_->reset();
  time_ = timeReported_ = SimTime(0);
  iterations_ = 0;
}

void Server::step()
{
  double began = processorSeconds();
  time_ += SimTime(static_cast<std::int64_t>(stepSeconds_ * 1e9 + 0.5));
  ++iterations_;
  // The simulator tells the time of a step before what happens in it.
  publishClock();
  controllers_->update(stepSeconds_);
  world_->step(stepSeconds_);
  if (contacts_)
    contacts_->update(*world_, time_);
  if (forceTorque_)
    forceTorque_->update(time_);
  if (poses_)
    poses_->update(*world_, time_);
  if (cameras_) {
    const double looked = processorSeconds();
    cameras_->update(*world_, time_);
    began += processorSeconds() - looked;
  }
  jointStates_->update(*world_, time_);
  ++steps_;
  stepping_ += processorSeconds() - began;
}

void Server::run()
{
  auto next = Clock::now();
  while (!stopped_) {
    const auto now = Clock::now();
    if (now - reported_ >= kReportEvery)
      publishStatistics(false);
    if (paused_) {
      next = now;
      jobs_.runUntil(now + std::chrono::milliseconds(20));
      continue;
    }
    jobs_.runUntil(realTimeFactor_ > 0 ? std::min(next, reported_ + kReportEvery) : now);
    if (paused_ || stopped_ || Clock::now() < next)
      continue;
    step();
    if (realTimeFactor_ > 0)
      next += std::chrono::nanoseconds(static_cast<std::int64_t>(stepSeconds_ / realTimeFactor_ * 1e9));
    if (Clock::now() - next > kGiveUp)
      next = Clock::now();
  }
}

void Server::stop()
{
  stopped_ = true;
  jobs_.close();
}

double Server::wallSeconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

void Server::publishClock()
{
  msgs::Clock message;
  setTime(*message.mutable_sim(), time_);
  setTime(*message.mutable_real(), std::chrono::nanoseconds(static_cast<std::int64_t>(wallSeconds() * 1e9)));
  setTime(*message.mutable_system(), std::chrono::system_clock::now().time_since_epoch());
  clock_.Publish(message);
  rootClock_.Publish(message);
}

void Server::publishStatistics(bool stepping)
{
  const auto now = Clock::now();
  const double wall = std::chrono::duration<double>(now - reported_).count();
  if (now - reported_ >= kReportEvery) {
    measuredFactor_ = std::chrono::duration<double>(time_ - timeReported_).count() / wall;
    reported_ = now;
    timeReported_ = time_;
  }
  msgs::WorldStatistics message;
  setTime(*message.mutable_sim_time(), time_);
  setTime(*message.mutable_real_time(), std::chrono::nanoseconds(static_cast<std::int64_t>(wallSeconds() * 1e9)));
  message.set_paused(paused_);
  message.set_iterations(iterations_);
  message.set_real_time_factor(measuredFactor_);
  if (stepping)
    message.mutable_header()->add_data()->set_key("step");
  statistics_.Publish(message);
  rootStatistics_.Publish(message);
}

std::string Server::summary() const
{
  std::ostringstream text;
  const double drawing = cameras_ ? cameras_->seconds() : 0;
  const auto pictures = cameras_ ? cameras_->drawn() : 0;
  text << "processor time: " << (steps_ > 0 ? 1e6 * stepping_ / steps_ : 0) << " us a step without pictures (" << steps_ << "), "
       << (pictures > 0 ? 1e3 * drawing / pictures : 0) << " ms a picture (" << pictures << ")";
  return text.str();
}

}
