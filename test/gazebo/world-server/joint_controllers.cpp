#include "joint_controllers.hpp"

#include <chrono>
#include <functional>
#include <stdexcept>

#include "systems.hpp"

namespace world_server {

JointControllers::JointControllers(World &world, ignition::transport::Node &node)
{
  for (const auto &model : world.models()) {
    for (const auto &plugin : pluginsOf(model->description.Element(), "JointPositionController")) {
      const auto number = [&](const char *key, double otherwise) { return plugin->Get<double>(key, otherwise).first; };
      auto controller = std::make_unique<Controller>();
      controller->model = model->name;
      controller->jointName = plugin->Get<std::string>("joint_name");
      controller->start = controller->goal = number("initial_position", 0);
      controller->pid.Init(number("p_gain", 1), number("i_gain", 0.1), number("d_gain", 0.01), number("i_max", 1), number("i_min", -1),
        number("cmd_max", 1000), number("cmd_min", -1000), number("cmd_offset", 0));
      const auto index = std::to_string(plugin->Get<int>("joint_index", 0).first);
      const auto otherwise = "/model/" + model->name + "/joint/" + controller->jointName + "/" + index + "/cmd_pos";
      const auto topic = plugin->Get<std::string>("topic", otherwise).first;
      auto *heard = controller.get();
      std::function<void(const ignition::msgs::Double &)> hear = [heard](const ignition::msgs::Double &message) {
        const std::lock_guard<std::mutex> lock(heard->mutex);
        heard->goal = message.data();
      };
      if (!node.Subscribe(topic, hear))
        throw std::runtime_error("no valid topic for joint " + controller->jointName + ": " + topic);
      controllers_.push_back(std::move(controller));
    }
  }
  reset(world);
}

void JointControllers::reset(World &world)
{
  for (auto &controller : controllers_) {
    auto *model = world.model(controller->model);
    controller->joint = model ? model->joint(controller->jointName) : nullptr;
    if (!controller->joint || !controller->joint->moves)
      throw std::runtime_error("model " + controller->model + " has no moving joint " + controller->jointName);
    controller->pid.Reset();
    const std::lock_guard<std::mutex> lock(controller->mutex);
    controller->goal = controller->start;
  }
}

void JointControllers::update(double seconds)
{
  for (auto &controller : controllers_) {
    double goal;
    {
      const std::lock_guard<std::mutex> lock(controller->mutex);
      goal = controller->goal;
    }
    auto &joint = *controller->joint;
    joint.force = controller->pid.Update(joint.position - goal, std::chrono::duration<double>(seconds));
  }
}

}
