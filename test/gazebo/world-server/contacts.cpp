#include "contacts.hpp"

#include <map>
#include <utility>

#include <ignition/msgs/contacts.pb.h>
#include <ignition/msgs/Utility.hh>
#include <sdf/Link.hh>
#include <sdf/Sensor.hh>

namespace world_server {

namespace msgs = ignition::msgs;

ContactSensors::ContactSensors(World &world, ignition::transport::Node &node)
{
  for (const auto &model : world.models()) {
    for (const auto &link : model->links) {
      const auto *description = model->description.LinkByName(link.name);
      for (std::uint64_t i = 0; i < description->SensorCount(); ++i) {
        const auto *sensor = description->SensorByIndex(i);
        if (sensor->Type() != sdf::SensorType::CONTACT)
          continue;
        const auto element = sensor->Element()->GetElement("contact");
        Sensor made;
        for (auto name = element->GetElement("collision"); name; name = name->GetNextElement("collision"))
          made.collisions.insert(model->name + "::" + link.name + "::" + name->Get<std::string>());
        made.publisher = node.Advertise<msgs::Contacts>(element->Get<std::string>("topic"));
        sensors_.push_back(std::move(made));
      }
    }
  }
}

void ContactSensors::update(World &world, SimTime now)
{
  bool heard = false;
  for (const auto &sensor : sensors_)
    heard = heard || sensor.publisher.HasConnections();
  if (!heard)
    return;
  const auto touches = world.touches();
  for (auto &sensor : sensors_) {
    msgs::Contacts message;
    std::map<std::pair<std::string, std::string>, msgs::Contact *> pairs;
    for (const auto &touch : touches) {
      for (const bool swapped : {false, true}) {
        const auto &own = swapped ? touch.second : touch.first;
        const auto &other = swapped ? touch.first : touch.second;
        if (!sensor.collisions.count(own))
          continue;
        auto *&pair = pairs[{own, other}];
        if (!pair) {
          pair = message.add_contact();
          setHeader(*pair->mutable_header(), now);
          pair->mutable_collision1()->set_name(own);
          pair->mutable_collision2()->set_name(other);
        }
        const double sign = swapped ? -1 : 1;
        msgs::Set(pair->add_position(), touch.point);
        msgs::Set(pair->add_normal(), sign * touch.normal);
        pair->add_depth(touch.depth);
        auto *wrench = pair->add_wrench();
        msgs::Set(wrench->mutable_body_1_wrench()->mutable_force(), sign * touch.force);
        msgs::Set(wrench->mutable_body_2_wrench()->mutable_force(), -sign * touch.force);
      }
    }
    if (message.contact_size() == 0)
      continue;
    setHeader(*message.mutable_header(), now);
    sensor.publisher.Publish(message);
  }
}

}
