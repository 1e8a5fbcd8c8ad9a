// Variational multi-task learning over whole runs: a continued run is the same run bit for bit, its state with it; passes of
// a step repeat themselves; a step that is left out leaves no trace.

#include <cmath>
#include <limits>

#include "infomtl/core/files.h"
#include "infomtl/step/step_gradients.h"
#include "infomtl/train/trainer.h"
#include "infomtl/weighting/equal.h"
#include "step/small_run.h"
#include "support/one_thread.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

namespace vmtl {

SmallRun small_run(bool amortized) {
  const Json losses = {
      {{"name", "expected_supervised"}, {"samples", 3}},
      {{"name", "representation_prior"}, {"weight", 1e-3}, {"bank", 20}, {"temperature_steps", 5}},
      {{"name", "weight_prior"}, {"weight", {{"schedule", "staircase"}, {"to", 1e-3}, {"steps", 8}, {"every", 2}}}}};
  return SmallRun(0.1, {{"name", "bayesian"}, {"weights", amortized ? "generated" : "own"}}, losses,
                  {{"name", "variational"}, {"width", 8}, {"amortized", amortized}});
}

struct Training {
  SmallRun run;
  std::unique_ptr<Trainer> trainer;
  std::vector<std::string> records;

  Training(bool amortized, const std::string& regime, std::int64_t accumulate, const std::string& non_finite = "error")
      : run(small_run(amortized)) {
    TrainerSettings settings;
    settings.seed = 3;
    settings.epochs = 2;
    settings.batching.batch_size = 12;
    settings.batching.regime = regime_named(regime);
    settings.batching.accumulate = accumulate;
    settings.learning_rate = 0.01;
    settings.schedule = schedules::constant();
    settings.report_every = 2;
    settings.non_finite = non_finite;
    trainer = std::make_unique<Trainer>(settings, run.model, run.objective, equal_weighting(), run.data);
    trainer->on_report([this](const StepReport& report) { records.push_back(report.to_json(false).dump()); });
  }
  void steps(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(trainer->step());
  }
};

}  // namespace vmtl

TEST(VariationalRuns, AContinuedRunIsTheSameRunBitForBit) {
  for (const bool amortized : {false, true}) {
    for (const auto& [regime, accumulate] : {std::pair("alternating", 1), std::pair("joint", 2)}) {
      SCOPED_TRACE(std::string(regime) + (amortized ? ", amortized" : ""));
      vmtl::Training straight(amortized, regime, accumulate);
      const Tensor start = straight.trainer->parameters().values().clone();
      straight.steps(8);
      const testing::TemporaryFolder folder;
      {
        vmtl::Training first(amortized, regime, accumulate);
        first.steps(3);
        first.trainer->save(folder.path() / "last", testing::corpus().folder.path() / "encoder");
      }
      vmtl::Training second(amortized, regime, accumulate);
      second.trainer->load(folder.path() / "last");
      second.steps(5);
      const Tensor values = straight.trainer->parameters().values();
      EXPECT_TRUE(values.isfinite().all().item<bool>());
      EXPECT_TRUE(at::equal(values, second.trainer->parameters().values()));
      ASSERT_EQ(straight.records.size(), 4U);
      EXPECT_EQ(straight.records.back(), second.records.back());
      straight.trainer->save(folder.path() / "a");
      second.trainer->save(folder.path() / "b");
      for (const char* file : {"heads.safetensors", "state.safetensors"}) {
        EXPECT_EQ(read_file(folder.path() / "a" / file), read_file(folder.path() / "b" / file)) << file;
      }
      if (std::string(regime) != "joint") continue;
      for (const FlatSlot& slot : straight.trainer->parameters().slots()) {
        if (slot.name.starts_with("encoder.")) continue;
        EXPECT_FALSE(at::equal(start.slice(0, slot.begin, slot.end), values.slice(0, slot.begin, slot.end)))
            << slot.name;
      }
      const auto learned = straight.run.objective->task_weights();
      ASSERT_EQ(learned.size(), 2U);
      for (const auto& [term, weights] : learned) {
        EXPECT_TRUE(weights.isfinite().all().item<bool>());
        EXPECT_EQ(weights.diagonal().abs().sum().item<double>(), 0);
      }
    }
  }
}

TEST(VariationalRuns, LossesAskedForFirstAreThoseOfTheGraph) {
  for (const bool amortized : {false, true}) {
    const SmallRun run = vmtl::small_run(amortized);
    FlatParameters flat = run.flat();
    StepContext context;
    context.parameters = &flat;
    for (const std::int64_t step : {5, 6}) {  // the second one with filled banks and counted classes
      context.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = step};
      StepGradients problem(context, run.batches("joint", 6, 2));  // micro-batches are run twice
      const Tensor losses = problem.losses().clone();
      problem.apply_weights(torch::ones({6}), {});
      EXPECT_TRUE(at::equal(problem.reevaluate_losses(), losses)) << "noise and state must repeat themselves";
    }
  }
}

TEST(VariationalRuns, AStepThatIsLeftOutLeavesNoTrace) {
  vmtl::Training training(true, "joint", 1, "skip");
  training.steps(2);
  const auto state = [&] {
    std::vector<Tensor> all;
    for (const auto& buffers : {training.run.model->buffers(), training.run.objective->buffers()}) {
      for (const Tensor& buffer : buffers) all.push_back(buffer.clone());
    }
    return all;
  };
  const std::vector<Tensor> before = state();
  Tensor broken = training.run.model->named_parameters()["architecture.code.bias_mean"];
  const Tensor kept = broken.detach().clone();
  {
    const torch::NoGradGuard no_grad;
    broken.fill_(std::numeric_limits<float>::infinity());
  }
  training.steps(1);
  {
    const torch::NoGradGuard no_grad;
    broken.copy_(kept);
  }
  std::size_t differ = 0;
  const std::vector<Tensor> after = state();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) differ += at::equal(after[i], before[i]) ? 0 : 1;
  EXPECT_EQ(differ, 0U);
}

}  // namespace
}  // namespace infomtl
