#pragma once
// Waiting device: a device of its own in the host's memory, which counts what a program would wait for on a real one.
//
//   const testing::WaitingDevice waiting;
//   model->to(waiting.device());
//   step();
//   waiting.taken();   // {{"a number read", 1}, ...}
//
// It takes LibTorch's place for HPU devices: a test program that links it has one, and no other of that kind. With
// INFOMTL_WAITS_TRACE in the environment each wait prints the functions that led to it (addr2line knows them by number).

#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <string>

namespace infomtl::testing {

/// Every operation runs on the CPU. There is one such device for the whole program; threads share its count.
class WaitingDevice {
 public:
  WaitingDevice();

  torch::Device device() const;
  /// What the host has waited for since the last call, and how often: "a number read", "a copy to the host", "a blocking copy"
  /// from the host, "an event" of its stream, and operations whose result has a shape that depends on values, by their names.
  std::map<std::string, std::int64_t> taken() const;
};

}  // namespace infomtl::testing
