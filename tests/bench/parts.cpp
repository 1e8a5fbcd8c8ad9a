#include "bench/parts.h"

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <torch/version.h>

#include <string>

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("LibTorch", TORCH_VERSION);
  benchmark::AddCustomContext("threads", std::to_string(at::get_num_threads()));  // OMP_NUM_THREADS sets them
  infomtl::bench::register_encoder_parts();
  infomtl::bench::register_loss_parts();
  infomtl::bench::register_weighting_parts();
  infomtl::bench::register_optimizer_parts();
  infomtl::bench::register_tokenizer_parts();
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}
