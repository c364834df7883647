#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ignition/math/Pose3.hh>
#include <ignition/math/Vector3.hh>
#include <sdf/Model.hh>
#include <sdf/World.hh>

#include "solid.hpp"

namespace world_server {

struct Link
{
  std::uint64_t id;
  std::string name;
  /// In the world, as of the last step.
  ignition::math::Pose3d pose;
  std::vector<Solid> solids;
};

/// m, rad, N, N·m; as of the last step.
struct Joint
{
  std::uint64_t id;
  std::string name;
  /// Whether it has a degree of freedom.
  bool moves;
  double position, velocity;
  /// What the controllers want in the next step.
  double force;
  /// What acted in the last step.
  double applied;
  /// What the parent does to the child, in the joint's frame and about its origin.
  ignition::math::Vector3d transmittedForce, transmittedTorque;
  const sdf::Joint *description;
};

struct Model
{
  std::uint64_t id;
  std::string name;
  sdf::Model description;
  std::vector<Link> links;
  std::vector<Joint> joints;

  Joint *joint(const std::string &name);
  Link *link(const std::string &name);
};

/// A point where two collisions, each named "model::link::collision", touch; world frame.
struct Touch
{
  std::string first, second;
  ignition::math::Vector3d point;
  /// Direction of the force on the first, and that force (N).
  ignition::math::Vector3d normal, force;
  double depth;
};

/// Models in the physics engine. Addresses of models and what is in them hold until the model is removed.
class World
{
  public:
    /// All of the models of a world file. Throws std::runtime_error where it cannot be built.
    explicit World(const sdf::World &description);
    ~World();

    const std::vector<std::unique_ptr<Model>> &models() const { return models_; }
    Model *model(const std::string &name);

    /// One step; then all that links and joints say is new. Joint forces last one step.
    void step(double seconds);

    /// Of the last step.
    std::vector<Touch> touches() const;

    /// False where the name is taken or the engine refuses the model. Where `pose` is given it stands for the description's own.
    bool create(const sdf::Model &description, const std::string &name, const ignition::math::Pose3d *pose);
    /// False where there is none of that name or it has moving joints.
    bool remove(const std::string &name);
    /// Moves a free model and brings it to rest; false where there is none of that name or it is fixed.
    bool setPose(const std::string &name, const ignition::math::Pose3d &pose);

  private:
    struct Engine;
    struct Parts;

    /// A model of the file, or one that was made: takes over what the engine calls it.
    void add(const sdf::Model &description, Parts &&parts);
    void read();

    std::unique_ptr<Engine> engine_;
    std::uint64_t lastId_ = 1;
    std::vector<std::unique_ptr<Model>> models_;
};

}
