#include "world.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <stdexcept>

#include <ignition/math/eigen3/Conversions.hh>
#include <sdf/Box.hh>
#include <sdf/Capsule.hh>
#include <sdf/Cylinder.hh>
#include <sdf/Ellipsoid.hh>
#include <sdf/Geometry.hh>
#include <sdf/Joint.hh>
#include <sdf/Link.hh>
#include <sdf/Material.hh>
#include <sdf/Physics.hh>
#include <sdf/Sphere.hh>

#include "physics.hpp"

namespace world_server {

namespace math = ignition::math;

namespace {

template <typename Item>
Item *named(std::vector<Item> &items, const std::string &name)
{
  const auto found = std::find_if(items.begin(), items.end(), [&](const Item &item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

/// Where a model is put that leaves the world, m.
const Eigen::Vector3d kAway(1000, 0, 0);

math::Pose3d resolved(const sdf::SemanticPose &semantic)
{
  math::Pose3d pose;
  semantic.Resolve(pose);
  return pose;
}

}

std::optional<Solid> solidOf(const sdf::Visual &visual)
{
  const auto &geometry = *visual.Geom();
  Solid solid{};
  if (const auto *box = geometry.BoxShape()) {
    solid.shape = Solid::Shape::box;
    solid.size = box->Size() / 2;
    solid.radius = solid.size.Length();
  } else if (const auto *cylinder = geometry.CylinderShape()) {
    solid.shape = Solid::Shape::cylinder;
    solid.size = {cylinder->Radius(), cylinder->Radius(), cylinder->Length() / 2};
    solid.radius = std::hypot(solid.size.X(), solid.size.Z());
  } else if (const auto *sphere = geometry.SphereShape()) {
    solid.shape = Solid::Shape::sphere;
    solid.size = {sphere->Radius(), sphere->Radius(), sphere->Radius()};
    solid.radius = sphere->Radius();
  } else if (const auto *capsule = geometry.CapsuleShape()) {
    solid.shape = Solid::Shape::capsule;
    solid.size = {capsule->Radius(), capsule->Radius(), capsule->Length() / 2};
    solid.radius = capsule->Radius() + capsule->Length() / 2;
  } else if (const auto *ellipsoid = geometry.EllipsoidShape()) {
    solid.shape = Solid::Shape::ellipsoid;
    solid.size = ellipsoid->Radii();
    solid.radius = solid.size.Max();
  } else {
    return std::nullopt;
  }
  solid.pose = resolved(visual.SemanticPose());
  auto colour = visual.Material() ? visual.Material()->Diffuse() : math::Color(0.7f, 0.7f, 0.7f);
  for (unsigned c = 0; c < 3; ++c)
    solid.diffuse[c] = std::pow(colour[c], 2.2f);
  solid.specular = visual.Material() ? visual.Material()->Specular()[0] : 0;
  return solid;
}

Joint *Model::joint(const std::string &wanted) { return named(joints, wanted); }
Link *Model::link(const std::string &wanted) { return named(links, wanted); }

/// What the engine calls the links and joints of a model, in the model's order.
struct World::Parts
{
  ModelPtr model;
  std::vector<LinkPtr> links;
  std::vector<JointPtr> joints;
};

struct World::Engine
{
  EnginePtr engine;
  WorldPtr world;
  std::map<const Model *, Parts> parts;
  /// Removed, and taken out of the engine after the next step: its memory of contacts (DART 6.12 with ODE) does not survive what is taken from a
  /// touch.
  std::vector<ModelPtr> leaving;
};

World::World(const sdf::World &description) : engine_(std::make_unique<Engine>())
{
  engine_->engine = newEngine();
  engine_->world = engine_->engine->ConstructWorld(description);
  if (!engine_->world)
    throw std::runtime_error("dartsim cannot build the world " + description.Name());
  if (const auto *profile = description.PhysicsDefault()) {
    const auto element = profile->Element();
    if (element && element->HasElement("dart") && element->GetElement("dart")->HasElement("collision_detector"))
      engine_->world->SetCollisionDetector(element->GetElement("dart")->Get<std::string>("collision_detector"));
  }
  for (std::uint64_t i = 0; i < description.ModelCount(); ++i)
    add(*description.ModelByIndex(i), {engine_->world->GetModel(description.ModelByIndex(i)->Name()), {}, {}});
  read();
}

World::~World() = default;

Model *World::model(const std::string &name)
{
  const auto found = std::find_if(models_.begin(), models_.end(), [&](const auto &model) { return model->name == name; });
  return found == models_.end() ? nullptr : found->get();
}

void World::add(const sdf::Model &description, Parts &&parts)
{
  auto model = std::make_unique<Model>();
  model->id = ++lastId_;
  model->name = description.Name();
  model->description = description;
  for (std::uint64_t i = 0; i < model->description.LinkCount(); ++i) {
    const auto *link = model->description.LinkByIndex(i);
    parts.links.push_back(parts.model->GetLink(link->Name()));
    Link item{++lastId_, link->Name(), {}, {}};
    for (std::uint64_t k = 0; k < link->VisualCount(); ++k) {
      if (auto solid = solidOf(*link->VisualByIndex(k)))
        item.solids.push_back(*solid);
    }
    model->links.push_back(std::move(item));
  }
  for (std::uint64_t i = 0; i < model->description.JointCount(); ++i) {
    const auto *joint = model->description.JointByIndex(i);
    const auto found = parts.model->GetJoint(joint->Name());
    if (!found)
      throw std::runtime_error("dartsim has no joint " + joint->Name());
    parts.joints.push_back(found);
    model->joints.push_back({++lastId_, joint->Name(), found->GetDegreesOfFreedom() == 1, 0, 0, 0, 0, {}, {}, joint});
  }
  engine_->parts.emplace(model.get(), std::move(parts));
  models_.push_back(std::move(model));
}

void World::step(double seconds)
{
  for (auto &model : models_) {
    auto &parts = engine_->parts.at(model.get());
    for (std::size_t i = 0; i < model->joints.size(); ++i) {
      auto &joint = model->joints[i];
      if (!joint.moves)
        continue;
      parts.joints[i]->SetForce(0, joint.force);
      joint.force = 0;
    }
  }
  physics::ForwardStep::Input input;
  physics::ForwardStep::State state;
  physics::ForwardStep::Output output;
  input.Get<std::chrono::steady_clock::duration>() = std::chrono::nanoseconds(std::llround(seconds * 1e9));
  engine_->world->Step(output, state, input);
  for (auto &model : engine_->leaving)
    model->Remove();
  engine_->leaving.clear();
  read();
}

void World::read()
{
  for (auto &model : models_) {
    const auto &parts = engine_->parts.at(model.get());
    for (std::size_t i = 0; i < model->links.size(); ++i)
      model->links[i].pose = math::eigen3::convert(parts.links[i]->FrameDataRelativeToWorld().pose);
    for (std::size_t i = 0; i < model->joints.size(); ++i) {
      auto &joint = model->joints[i];
      if (joint.moves) {
        joint.position = parts.joints[i]->GetPosition(0);
        joint.velocity = parts.joints[i]->GetVelocity(0);
        joint.applied = parts.joints[i]->GetForce(0);
      }
      const auto wrench = parts.joints[i]->GetTransmittedWrench();
      joint.transmittedForce = math::eigen3::convert(Eigen::Vector3d(wrench.force));
      joint.transmittedTorque = math::eigen3::convert(Eigen::Vector3d(wrench.torque));
    }
  }
}

std::vector<Touch> World::touches() const
{
  const auto nameOf = [](const auto &shape) {
    const auto link = shape->GetLink();
    return link->GetModel()->GetName() + "::" + link->GetName() + "::" + shape->GetName();
  };
  std::vector<Touch> found;
  for (const auto &contact : engine_->world->GetContactsFromLastStep()) {
    const auto &point = contact.Get<PhysicsWorld::ContactPoint>();
    const auto *extra = contact.Query<PhysicsWorld::ExtraContactData>();
    found.push_back({nameOf(point.collision1), nameOf(point.collision2), math::eigen3::convert(point.point), math::eigen3::convert(extra->normal),
      math::eigen3::convert(extra->force), extra->depth});
  }
  return found;
}

bool World::create(const sdf::Model &description, const std::string &name, const math::Pose3d *pose)
{
  if (model(name))
    return false;
  sdf::Model renamed = description;
  renamed.SetName(name);
  if (pose)
    renamed.SetRawPose(*pose);
  const ModelPtr built = engine_->world->ConstructModel(renamed);
  if (!built)
    return false;
  add(renamed, {built, {}, {}});
  read();
  return true;
}

bool World::remove(const std::string &name)
{
  const auto found = std::find_if(models_.begin(), models_.end(), [&](const auto &model) { return model->name == name; });
  if (found == models_.end())
    return false;
  // Controllers and sensors hold on to the joints of a mechanism.
  const auto &joints = (*found)->joints;
  if (std::any_of(joints.begin(), joints.end(), [](const Joint &joint) { return joint.moves; }))
    return false;
  const auto part = engine_->parts.find(found->get());
  if (const auto group = part->second.model->FindFreeGroup()) {
    Eigen::Isometry3d away = Eigen::Isometry3d::Identity();
    away.translation() = kAway * (1.0 + engine_->leaving.size());
    group->SetWorldPose(away);
  }
  engine_->leaving.push_back(part->second.model);
  engine_->parts.erase(part);
  models_.erase(found);
  return true;
}

bool World::setPose(const std::string &name, const math::Pose3d &pose)
{
  auto *moved = model(name);
  if (!moved || moved->description.Static() || moved->links.empty())
    return false;
  const auto group = engine_->parts.at(moved).model->FindFreeGroup();
  if (!group)
    return false;
  // The root link may lie away from the model's origin.
  const auto &link = *moved->description.LinkByIndex(0);
  group->SetWorldPose(math::eigen3::convert(pose * resolved(link.SemanticPose())));
  group->SetWorldLinearVelocity(Eigen::Vector3d::Zero());
  group->SetWorldAngularVelocity(Eigen::Vector3d::Zero());
  read();
  return true;
}

}
