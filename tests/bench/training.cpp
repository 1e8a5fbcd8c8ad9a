// Times training steps of a config, as a process that a driver alternates with others (tests/bench/compare.py).
//
//   bench_training CONFIG FOLDER THREADS [KEY=VALUE...]
//
// Reads a command a line from stdin, answers with a JSON object a line on stdout, ends at the end of its input:
//   about          versions, threads and device
//   steps N        trains N steps; the memory in the answer is in bytes: the host's (process_memory.h), and the most that
//                  tensors took on a GPU
//   gemm TYPE N    N products of two square matrices, float32 or bfloat16, on the config's device: the machine's yardstick
// FOLDER is a scratch folder for the run; nothing is saved there.

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/types.h>
#include <torch/version.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "bench/process_memory.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"
#include "infomtl/runs/experiment.h"

namespace infomtl::bench {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Work on a GPU is only handed out until a value is read.
void wait_for(const torch::Tensor& last) {
  if (last.is_cuda()) last.flatten()[0].item();
}

/// The most bytes that tensors have taken on the device of a tensor, on the CPU 0.
std::int64_t device_peak(const torch::Tensor& tensor) {
  if (tensor.is_cpu()) return 0;
  constexpr auto all = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return at::accelerator::getDeviceStats(tensor.device().index()).allocated_bytes[all].peak;
}

Json train(Trainer& trainer, std::int64_t steps, MemoryWatch& memory) {
  memory.begin_training();
  const torch::Tensor parameters = trainer.parameters().values();
  wait_for(parameters);
  const TrainingCost before = trainer.cost();
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < steps; ++i) {
    if (!trainer.step()) throw UserError("training ended; the config has too few steps to time");
  }
  wait_for(parameters);
  const double seconds = seconds_since(begin);
  return {{"seconds", seconds},
          {"steps", steps},
          {"examples", trainer.cost().examples - before.examples},
          {"tokens", trainer.cost().tokens - before.tokens},
          {"device_peak", device_peak(parameters)},
          {"memory", memory.to_json()}};
}

Json multiply(const std::string& type, std::int64_t products, torch::Device device) {
  if (type != "float32" && type != "bfloat16") throw UserError("gemm multiplies float32 or bfloat16, not " + type);
  const torch::NoGradGuard no_grad;
  const std::int64_t size = device.is_cpu() ? 2048 : 8192;  // a GPU is not busy with less
  const auto options = torch::dtype(type == "float32" ? torch::kFloat32 : torch::kBFloat16).device(device);
  const torch::Tensor a = torch::rand({size, size}, options), b = torch::rand({size, size}, options);
  torch::Tensor c = a.mm(b);
  wait_for(c);
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < products; ++i) at::mm_out(c, a, b);
  wait_for(c);
  const double seconds = seconds_since(begin);
  const auto edge = static_cast<double>(size);
  return {{"seconds", seconds}, {"gflops", 2e-9 * edge * edge * edge * static_cast<double>(products) / seconds}};
}

Json about(torch::Device device) {
  return {{"LibTorch", TORCH_VERSION},
          {"threads", at::get_num_threads()},
          {"cpu_capability", at::get_cpu_capability()},
          {"device", device.str()}};
}

Json answer(const std::string& line, Experiment& experiment, MemoryWatch& memory) {
  std::istringstream words(line);
  std::string what, type;
  std::int64_t count = 0;
  words >> what;
  const torch::Device device = experiment.trainer().parameters().values().device();
  if (what == "about") return about(device);
  if (what == "gemm") words >> type;
  if (what != "steps" && what != "gemm") throw UserError("no command \"" + what + "\"");
  if (!(words >> count) || count < 1) throw UserError("a command is \"about\", \"steps N\" or \"gemm TYPE N\"");
  return what == "gemm" ? multiply(type, count, device) : train(experiment.trainer(), count, memory);
}

int run(int argc, char** argv) {
  if (argc < 4) throw UserError("bench_training CONFIG FOLDER THREADS [KEY=VALUE...]");
  at::set_num_threads(std::atoi(argv[3]));
  MemoryWatch memory;
  auto experiment = Experiment::from_config(
      argv[1], {.overrides = std::vector<std::string>(argv + 4, argv + argc), .output = argv[2]});
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << answer(line, experiment, memory).dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace infomtl::bench

int main(int argc, char** argv) {
  try {
    return infomtl::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench_training: " << error.what() << "\n";
    return 2;
  }
}
