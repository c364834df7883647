// The source of `prehend bench gazebo`: 640x480 colour and depth at 30 Hz and a wrench at 1 kHz for some seconds, on ign-transport, as a simulator's
// sensors would publish them. Until a line comes on stdin, messages of phase 0 say where the streams are; then come those of phase 1, and at the end
// wrenches of phase 2 until stdin closes. A stamp is the monotonic clock's time at which a message was handed over.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>

#include <ignition/msgs/image.pb.h>
#include <ignition/msgs/wrench.pb.h>
#include <ignition/transport/Node.hh>

namespace msgs = ignition::msgs;
using Clock = std::chrono::steady_clock;

namespace {

void stamp(msgs::Header &header)
{
  const auto now = Clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
  header.mutable_stamp()->set_sec(seconds.count());
  header.mutable_stamp()->set_nsec(static_cast<std::int32_t>(std::chrono::nanoseconds(now - seconds).count()));
}

msgs::Image picture(unsigned bytes, msgs::PixelFormatType format)
{
  msgs::Image image;
  image.set_width(640);
  image.set_height(480);
  image.set_step(640 * bytes);
  image.set_pixel_format_type(format);
  image.mutable_data()->resize(640 * 480 * bytes);
  return image;
}

/// Number and phase of a message lie in the first bytes of its pixels.
void send(ignition::transport::Node::Publisher &publisher, msgs::Image &image, std::uint32_t number, std::uint32_t phase)
{
  std::memcpy(&(*image.mutable_data())[0], &number, 4);
  std::memcpy(&(*image.mutable_data())[4], &phase, 4);
  stamp(*image.mutable_header());
  publisher.Publish(image);
}

/// Of a wrench in the force along x and the torque about x.
void send(ignition::transport::Node::Publisher &publisher, msgs::Wrench &wrench, std::uint32_t number, std::uint32_t phase)
{
  wrench.mutable_force()->set_x(number);
  wrench.mutable_torque()->set_x(phase);
  stamp(*wrench.mutable_header());
  publisher.Publish(wrench);
}

}

int main(int argc, char **argv)
{
  const unsigned seconds = argc > 1 ? std::atoi(argv[1]) : 60;
  ignition::transport::Node node;
  auto toColour = node.Advertise<msgs::Image>("/camera/image"), toDepth = node.Advertise<msgs::Image>("/camera/depth_image");
  auto toWrench = node.Advertise<msgs::Wrench>("/wrench");
  auto colour = picture(3, msgs::PixelFormatType::RGB_INT8), depth = picture(4, msgs::PixelFormatType::R_FLOAT32);
  msgs::Wrench wrench;
  auto &frame = *wrench.mutable_header()->add_data();
  frame.set_key("frame_id");
  frame.add_value("wrist");
  std::atomic<bool> isToBegin{false}, isToEnd{false};
  std::thread reader([&] {
    for (std::string line; std::getline(std::cin, line);)
      isToBegin = true;
    isToBegin = isToEnd = true;
  });
  while (!isToBegin) {
    send(toColour, colour, 0, 0);
    send(toDepth, depth, 0, 0);
    send(toWrench, wrench, 0, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const auto began = Clock::now();
  std::thread camera([&] {
    for (unsigned n = 0; n < 30 * seconds; ++n) {
      std::this_thread::sleep_until(began + std::chrono::nanoseconds(1'000'000'000LL * n / 30));
      send(toDepth, depth, n, 1);
      send(toColour, colour, n, 1);
    }
  });
  for (unsigned n = 0; n < 1000 * seconds; ++n) {
    std::this_thread::sleep_until(began + std::chrono::milliseconds(n));
    send(toWrench, wrench, n, 1);
  }
  camera.join();
  const double took = std::chrono::duration<double>(Clock::now() - began).count();
  std::cout << "{\"frames\": " << 30 * seconds << ", \"samples\": " << 1000 * seconds << ", \"seconds\": " << took << "}" << std::endl;
  while (!isToEnd) {
    send(toWrench, wrench, 0, 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  reader.join();
}
