#pragma once

#include <memory>

#include <ignition/physics/ForwardStep.hh>
#include <ignition/physics/FrameSemantics.hh>
#include <ignition/physics/FreeGroup.hh>
#include <ignition/physics/GetContacts.hh>
#include <ignition/physics/GetEntities.hh>
#include <ignition/physics/Joint.hh>
#include <ignition/physics/RemoveEntities.hh>
#include <ignition/physics/Shape.hh>
#include <ignition/physics/World.hh>
#include <ignition/physics/sdf/ConstructModel.hh>
#include <ignition/physics/sdf/ConstructWorld.hh>

namespace world_server {

namespace physics = ignition::physics;

/// What of the physics engine is used.
struct Features : physics::FeatureList<
  physics::ForwardStep, physics::GetEntities, physics::GetBasicJointState, physics::SetBasicJointState, physics::GetBasicJointProperties,
  physics::LinkFrameSemantics, physics::FindFreeGroupFeature, physics::SetFreeGroupWorldPose, physics::SetFreeGroupWorldVelocity,
  physics::GetContactsFromLastStepFeature, physics::GetJointTransmittedWrench, physics::RemoveModelFromWorld, physics::CollisionDetector,
  physics::sdf::ConstructSdfWorld, physics::sdf::ConstructSdfModel> {};

using EnginePtr = physics::Engine3dPtr<Features>;
using WorldPtr = physics::World3dPtr<Features>;
using ModelPtr = physics::Model3dPtr<Features>;
using LinkPtr = physics::Link3dPtr<Features>;
using JointPtr = physics::Joint3dPtr<Features>;
using PhysicsWorld = physics::World3d<Features>;

/// A dartsim engine of its own, which shares nothing with others. Throws std::runtime_error where the plugin is missing or lacks a feature.
EnginePtr newEngine();

}
