#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>

#include <ignition/msgs/header.pb.h>
#include <ignition/msgs/time.pb.h>

namespace world_server {

/// Simulated time since the world's beginning.
using SimTime = std::chrono::nanoseconds;

/// Seconds of a processor that this thread has had: what a step takes, whatever else the machine does.
inline double processorSeconds()
{
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

inline void setTime(ignition::msgs::Time &out, std::chrono::nanoseconds time)
{
  out.set_sec(time.count() / 1'000'000'000);
  out.set_nsec(static_cast<std::int32_t>(time.count() % 1'000'000'000));
}

/// Stamp and, where given, the entry `frame_id`, as the simulator's sensors write it.
inline void setHeader(ignition::msgs::Header &header, SimTime time, const std::string &frame = {})
{
  setTime(*header.mutable_stamp(), time);
  if (frame.empty())
    return;
  auto &entry = *header.add_data();
  entry.set_key("frame_id");
  entry.add_value(frame);
}

/// The beats of a sensor: due at the first step at or after each multiple of its period. A rate of 0 is every step.
class Beat
{
  public:
    explicit Beat(double hertz) : period_(hertz > 0 ? static_cast<std::int64_t>(1e9 / hertz) : 0) {}

    bool due(SimTime now)
    {
      if (now < next_)
        return false;
      if (period_.count() > 0) {
        while (next_ <= now)
          next_ += period_;
      }
      return true;
    }

    void reset() { next_ = SimTime(0); }

  private:
    SimTime period_;
    SimTime next_{0};
};

}
