#include <benchmark/benchmark.h>

#include "bench/parts.h"
#include "infomtl/core/config.h"
#include "infomtl/optim/optimizer.h"

namespace infomtl::bench {
namespace {

FlatParameters parameters_of(std::int64_t count) {
  FlatParameters parameters({{"weight", torch::randn({count / 1024, 1024}).requires_grad_(true)}});
  parameters.gradients().normal_();
  return parameters;
}

void update(benchmark::State& state, const std::string& name) {
  FlatParameters parameters = parameters_of(state.range(0));
  const auto optimizer = optimizer_registry().build(Config::from_json(name, "optimizer"), parameters);
  for (auto _ : state) optimizer->step(1e-5);
}

void clip(benchmark::State& state) {
  FlatParameters parameters = parameters_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(parameters.clip_gradients(1e9).model);
}

void zero(benchmark::State& state) {
  FlatParameters parameters = parameters_of(state.range(0));
  for (auto _ : state) parameters.zero_gradients();
}

}  // namespace

void register_optimizer_parts() {
  const auto add = [](const std::string& name, auto run) {
    benchmark::RegisterBenchmark(("optimizer/" + name).c_str(), run)
        ->ArgName("P")
        ->Arg(1 << 20)
        ->Arg(1 << 24)
        ->UseRealTime();
  };
  for (const std::string& name : optimizer_registry().names()) {
    add(name, [name](benchmark::State& state) { update(state, name); });
  }
  add("clip", clip);
  add("zero", zero);
}

}  // namespace infomtl::bench
