#include "interrupt.h"

#include <csignal>
#include <string>

#include "infomtl/core/log.h"

namespace infomtl::commands {

namespace {

std::atomic<bool> stop_requested{false};

extern "C" void request_stop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

const std::atomic<bool>* catch_interrupts() {
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
  if (std::signal(SIGHUP, request_stop) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);  // nohup asked for that
  return &stop_requested;
}

int status_after_training(const std::string& cure) {
  if (!stop_requested) return 0;
  log::warning("interrupted; the run is saved, " + cure);
  return 130;
}

}  // namespace infomtl::commands
