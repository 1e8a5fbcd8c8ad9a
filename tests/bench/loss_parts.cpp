#include <benchmark/benchmark.h>

#include "bench/parts.h"
#include "infomtl/core/random.h"
#include "infomtl/step/forward_pass.h"
#include "step/small_run.h"
#include "step/views.h"

namespace infomtl::bench {
namespace {

using testing::SmallRun;

constexpr std::int64_t kRows = 32;
const Json kShape = {{"hidden_size", 384}, {"num_hidden_layers", 1}, {"intermediate_size", 384}};

/// A model that has what the term needs, and the term as its only loss.
SmallRun run_of(const std::string& name) {
  const Needs needs =
      loss_registry()
          .build(Config::from_json(name, "losses"), {.tasks = testing::corpus().dataset.tasks, .width = 8, .seed = 1})
          ->needs();
  const bool random_weights = name == "weight_prior" || name == "expected_supervised";
  const bool several_rounds = name == "feedback_convergence";
  return SmallRun(0.1,
                  needs.gaussian_head ? "gaussian"
                  : random_weights    ? "bayesian"
                  : several_rounds    ? "feedback"
                                      : "linear",
                  Json::array({name}),
                  needs.stochastic_architecture ? "vib"
                  : needs.sparse_gates          ? "dselect_k"
                                                : "shared",
                  kShape);
}

/// The encoder's pass is not timed, but for the passes that a term makes itself (attacks).
void term(benchmark::State& state, const std::string& name) {
  const SmallRun run = run_of(name);
  const std::size_t task = run.task_named("topic");
  const StepBatch joint = run.batches("joint", kRows, 1)[0];
  std::size_t k = 0;
  while (joint.tasks[k].task != task) ++k;
  const StepBatch batch = only_task(joint, k);
  const auto totals = run.objective->counts(run.tasks[task], batch.tasks[0]);
  for (auto _ : state) {
    state.PauseTiming();
    const auto forward = std::make_shared<ForwardPass>(
        ForwardContext{.model = run.model.get(), .objective = run.objective.get(), .seed = 4}, batch);
    TaskStep& step = forward->task(0);
    std::vector<Tensor> views;
    for (int view = 0; view < step.views(); ++view) views.push_back(step.shared(view));
    state.ResumeTiming();
    const Tensor loss = forward->loss(0, totals).value;
    if (loss.requires_grad()) {
      benchmark::DoNotOptimize(torch::autograd::grad({loss}, views, {}, false, false, /*allow_unused=*/true));
    }
  }
}

}  // namespace

void register_loss_parts() {
  for (const std::string& name : loss_registry().names()) {
    benchmark::RegisterBenchmark(("loss/" + name).c_str(), [name](benchmark::State& state) {
      term(state, name);
    })->UseRealTime();
  }
}

}  // namespace infomtl::bench
