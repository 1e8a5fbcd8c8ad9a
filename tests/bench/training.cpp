// Times training steps of a config, as a process that a driver alternates with others (tests/bench/compare.py).
//
//   bench_training CONFIG FOLDER THREADS [KEY=VALUE...]
//
// Reads a command a line from stdin, answers with a JSON object a line on stdout, ends at the end of its input:
//   steps N   trains N steps      gemm N   N products of two 1024 x 1024 float32 matrices, the yardstick of the machine
// FOLDER is a scratch folder for the run; nothing is saved there.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <malloc.h>
#include <sys/resource.h>
#include <torch/types.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"
#include "infomtl/train/experiment.h"

namespace {

using infomtl::Json;

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

Json train(infomtl::Trainer& trainer, std::int64_t steps) {
  const std::int64_t examples = trainer.examples_seen(), tokens = trainer.tokens_seen();
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < steps; ++i) {
    if (!trainer.step()) throw infomtl::UserError("training ended; the config has too few steps to time");
  }
  return {{"seconds", seconds_since(begin)},
          {"steps", steps},
          {"examples", trainer.examples_seen() - examples},
          {"tokens", trainer.tokens_seen() - tokens},
          {"peak_memory_bytes", peak_memory_bytes()}};
}

Json multiply(std::int64_t products) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor a = torch::rand({1024, 1024}), b = torch::rand({1024, 1024});
  torch::Tensor c = a.mm(b);
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < products; ++i) at::mm_out(c, a, b);
  const double seconds = seconds_since(begin);
  return {{"seconds", seconds}, {"gflops", 2.0 * 1024 * 1024 * 1024 * static_cast<double>(products) / seconds / 1e9}};
}

int run(int argc, char** argv) {
  if (argc < 4) throw infomtl::UserError("bench_training CONFIG FOLDER THREADS [KEY=VALUE...]");
  at::set_num_threads(std::atoi(argv[3]));
  mallopt(M_MMAP_THRESHOLD, 4 << 20);  // as the program does
  auto experiment = infomtl::Experiment::from_config(
      argv[1], {.overrides = std::vector<std::string>(argv + 4, argv + argc), .output = argv[2]});
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string what;
    std::int64_t count = 0;
    if (!(words >> what >> count) || count < 1) throw infomtl::UserError("a command is \"steps N\" or \"gemm N\"");
    if (what != "steps" && what != "gemm") throw infomtl::UserError("no command \"" + what + "\"");
    std::cout << (what == "gemm" ? multiply(count) : train(experiment.trainer(), count)) << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench_training: " << error.what() << "\n";
    return 2;
  }
}
