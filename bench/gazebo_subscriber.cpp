// The peer of `prehend bench gazebo`: ign-transport's own subscriber on the streams of gazebo_publisher.cpp. Says "ready" once it hears all three, and at
// the end, as JSON, how many messages of each came, whether each was the next one, and how long they were on their way.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <future>
#include <iostream>
#include <string>
#include <vector>

#include <ignition/msgs/image.pb.h>
#include <ignition/msgs/wrench.pb.h>
#include <ignition/transport/Node.hh>

namespace msgs = ignition::msgs;

namespace {

/// What came of one stream. Transport calls back from one thread.
class Stream
{
  public:
    bool heard = false;

    void take(const msgs::Header &header, std::uint32_t number, std::uint32_t phase)
    {
      const auto now = std::chrono::steady_clock::now().time_since_epoch();
      heard = true;
      if (phase != 1)
        return;
      ordered_ = ordered_ && number == count_;
      ++count_;
      const auto sent = std::chrono::seconds(header.stamp().sec()) + std::chrono::nanoseconds(header.stamp().nsec());
      ways_.push_back(std::chrono::duration<double, std::milli>(now - sent).count());
    }

    void print(const std::string &name)
    {
      std::sort(ways_.begin(), ways_.end());
      const auto rank = [&](double p) { return ways_.empty() ? 0 : ways_[std::size_t(std::ceil(p * ways_.size())) - 1]; };
      std::cout << "\"" << name << "\": {\"count\": " << count_ << ", \"ordered\": " << (ordered_ ? "true" : "false") << ", \"p50\": " << rank(0.5)
                << ", \"p99\": " << rank(0.99) << "}";
    }

  private:
    std::uint32_t count_ = 0;
    bool ordered_ = true;
    std::vector<double> ways_;
};

}

int main()
{
  std::array<Stream, 3> streams;
  auto &[rgb, depth, wrench] = streams;
  bool isReady = false, isOver = false;
  std::promise<void> over;
  const auto ready = [&] {
    if (isReady || !std::all_of(streams.begin(), streams.end(), [](const Stream &stream) { return stream.heard; }))
      return;
    isReady = true;
    std::cout << "ready" << std::endl;
  };
  const auto hearImage = [&](Stream &stream, const msgs::Image &image) {
    std::uint32_t number, phase;
    std::memcpy(&number, image.data().data(), 4);
    std::memcpy(&phase, image.data().data() + 4, 4);
    stream.take(image.header(), number, phase);
    ready();
  };
  std::function<void(const msgs::Image &)> hearColour = [&](const msgs::Image &image) { hearImage(rgb, image); };
  std::function<void(const msgs::Image &)> hearDepth = [&](const msgs::Image &image) { hearImage(depth, image); };
  std::function<void(const msgs::Wrench &)> hearWrench = [&](const msgs::Wrench &message) {
    const auto phase = static_cast<std::uint32_t>(message.torque().x());
    wrench.take(message.header(), static_cast<std::uint32_t>(message.force().x()), phase);
    ready();
    if (phase == 2 && !isOver) {
      isOver = true;
      over.set_value();
    }
  };
  ignition::transport::Node node;
  node.Subscribe("/camera/image", hearColour);
  node.Subscribe("/camera/depth_image", hearDepth);
  node.Subscribe("/wrench", hearWrench);
  over.get_future().wait();
  std::cout << "{";
  rgb.print("rgb");
  std::cout << ", ";
  depth.print("depth");
  std::cout << ", ";
  wrench.print("wrench");
  std::cout << "}" << std::endl;
  std::_Exit(0);
}
