#include <csignal>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

#include "server.hpp"

int main(int argc, char **argv)
{
  std::string file;
  bool running = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "-r")
      running = true;
    else if (file.empty() && argument[0] != '-')
      file = argument;
    else
      file = "-";
  }
  if (file.empty() || file[0] == '-') {
    std::cerr << "usage: world-server WORLD.sdf [-r]\n  -r  run at once; otherwise the world waits for its service control\n";
    return 2;
  }
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  try {
    world_server::Server server(file, !running);
    std::thread([&server, ending] {
      int signal;
      sigwait(&ending, &signal);
      server.stop();
    }).detach();
    std::cout << "ready" << std::endl;
    server.run();
    std::cerr << server.summary() << std::endl;
  } catch (const std::runtime_error &error) {
    std::cerr << "world-server: " << error.what() << std::endl;
    return 1;
  }
  return 0;
}
