#include <benchmark/benchmark.h>

#include "bench/parts.h"
#include "infomtl/core/config.h"
#include "infomtl/weighting/gradient_weighting.h"
#include "support/linear_task_gradients.h"
#include "weighting/weighting_tasks.h"

namespace infomtl::bench {
namespace {

/// Gradients at hand: reading them costs nothing, so that a weighting's own work remains.
class GivenProblem final : public testing::LinearTaskGradients {
 public:
  GivenProblem(std::int64_t tasks, std::int64_t parameters, std::size_t task_count)
      : LinearTaskGradients(torch::rand({tasks}) + 0.5, torch::randn({tasks, parameters}), task_count),
        gramian_(LinearTaskGradients::gram()) {
    std::vector<torch::Tensor> values, gradients;
    for (std::int64_t t = 0; t < tasks; ++t) {
      values.push_back(torch::randn({32, 384}));
      gradients.push_back(torch::randn({32, 384}));
    }
    set_representations(std::move(values), std::move(gradients));
  }
  torch::Tensor gram() override { return gramian_; }
  /// The problem itself stands for other rows of its tasks.
  TaskGradients& independent(std::size_t /*index*/) override { return *this; }

 private:
  torch::Tensor gramian_;
};

Json config_of(const RegistryEntry& entry, bool joint) {
  Json config = {{"name", entry.name}};
  for (const FieldInfo& option : entry.options) {
    if (option.type == "weighting") config[option.name] = joint ? "geometric" : "scale_invariant";
  }
  return config;
}

void weigh(benchmark::State& state, const RegistryEntry& entry, bool joint) {
  torch::manual_seed(5);
  const auto task_count = static_cast<std::size_t>(state.range(0));
  GivenProblem problem(joint ? state.range(0) : 1, state.range(1), task_count);
  const auto weighting = testing::begun(
      build_weighting(Config::from_json({{"weighting", config_of(entry, joint)}}, "config").value("weighting"),
                      testing::weighting_tasks(task_count, joint)),
      task_count);
  std::int64_t step = 0;
  for (auto _ : state) {
    problem.set_step(step++);
    weighting->backward(problem);
    weighting->after_update(problem);
  }
}

}  // namespace

void register_weighting_parts() {
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    const bool joint = weighting_registry().traits(entry.name).defined_in(Regime::joint);
    auto* part = benchmark::RegisterBenchmark(("weighting/" + entry.name).c_str(),
                                              [entry, joint](benchmark::State& state) { weigh(state, entry, joint); });
    part->ArgNames({"T", "P"})->ArgsProduct({{6, 12}, {1 << 16, 1 << 20}})->UseRealTime();
  }
}

}  // namespace infomtl::bench
