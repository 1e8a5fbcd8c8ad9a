// Steps that have rows of some of the tasks only, as joint steps over texts with missing labels do.

#include <map>

#include "infomtl/core/config.h"
#include "infomtl/weighting/gradient_weighting.h"
#include "support/compare.h"
#include "support/linear_task_gradients.h"
#include "support/normal.h"
#include "weighting/weighting_tasks.h"

namespace infomtl::testing {
namespace {

using torch::Tensor;
using TaskSet = std::vector<std::size_t>;

constexpr std::size_t kFive = 5;

/// A step of these tasks, with batches of others beside it.
struct StepOfSome {
  LinearTaskGradients own, second, third;

  static LinearTaskGradients rows_of(const TaskSet& tasks, std::size_t count, std::uint64_t seed) {
    ops::TensorRandom random(seed);
    const Tensor losses = random.normal({kFive}).abs().to(torch::kFloat64) + 0.2;
    const Tensor jacobian = random.normal({kFive, 7}).to(torch::kFloat64);
    std::vector<std::int64_t> places(tasks.begin(), tasks.end());
    const Tensor index = torch::tensor(places, torch::kInt64);
    LinearTaskGradients step(losses.index_select(0, index), jacobian.index_select(0, index), count, 3);
    step.set_tasks(tasks);
    std::vector<Tensor> values(tasks.size(), torch::ones({2, 7}));
    step.set_representations(values, values);
    return step;
  }
  StepOfSome(const TaskSet& tasks, const TaskSet& beside, std::size_t count, std::int64_t number)
      : own(rows_of(tasks, count, 3 * static_cast<std::uint64_t>(number))),
        second(rows_of(beside, count, 3 * static_cast<std::uint64_t>(number) + 1)),
        third(rows_of(tasks, count, 3 * static_cast<std::uint64_t>(number) + 2)) {
    own.set_step(number);
    own.add_independent(second);
    own.add_independent(third);
    own.set_losses_after(0.9 * own.losses());
  }
};

std::shared_ptr<GradientWeighting> built(const std::string& name, std::size_t tasks) {
  Json config = {{"name", name}};
  if (name == "smoothed") config["inner"] = "geometric";
  if (name == "excess_mtl") config["warmup_steps"] = 2;
  auto weighting = begun(build_weighting(Config::from_json(config, "test"), weighting_tasks(tasks)), tasks);
  weighting->to(torch::kFloat64);
  return weighting;
}

class States final : public StateVisitor {
 public:
  std::map<std::string, Tensor> found;
  void tensor(const std::string& name, Tensor& value) override {
    if (value.defined()) found[name] = value.clone();
  }
  void counter(const std::string& /*name*/, std::int64_t& /*value*/) override {}
};

std::map<std::string, Tensor> states_of(GradientWeighting& weighting) {
  States states;
  weighting.visit_state(states);
  for (const auto& parameter : weighting.named_parameters()) states.found[parameter.key()] = parameter.value().clone();
  return states.found;
}

TEST(SomeTasks, EveryWeightingEndsSuchStepsAndMovesNothingOfAbsentTasks) {
  const std::vector<TaskSet> steps = {{1, 3}, {0, 1, 2, 3, 4}, {0, 2}, {4}, {1, 2, 3}, {0, 1, 2, 3, 4}, {2}};
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    SCOPED_TRACE(entry.name);
    const auto weighting = built(entry.name, kFive);
    std::int64_t number = 0;
    for (const TaskSet& tasks : steps) {
      SCOPED_TRACE(number);
      const auto before = states_of(*weighting);
      StepOfSome step(tasks, {0, 3}, kFive, number);
      weighting->backward(step.own);
      weighting->after_update(step.own);
      ASSERT_EQ(step.own.applied, 1);
      EXPECT_TRUE(at::isfinite(step.own.direction).all().item<bool>());
      EXPECT_EQ(step.own.head_weights.size(0), static_cast<std::int64_t>(tasks.size()));
      for (const auto& [name, now] : states_of(*weighting)) {
        if (!before.contains(name) || now.dim() == 0 || now.size(0) != kFive) continue;
        for (std::int64_t t = 0; t < static_cast<std::int64_t>(kFive); ++t) {
          if (std::find(tasks.begin(), tasks.end(), static_cast<std::size_t>(t)) != tasks.end()) continue;
          Tensor old_row = before.at(name)[t], row = now[t];
          if (entry.name == "gradvac") {  // targets of pairs: those of two absent or one absent task stay
            old_row = old_row.nan_to_num(), row = row.nan_to_num();
          }
          EXPECT_TRUE(at::equal(old_row.nan_to_num(), row.nan_to_num())) << name << ", task " << t;
        }
      }
      // Epochs end with losses of the tasks that were there.
      std::vector<double> means(kFive, std::numeric_limits<double>::quiet_NaN());
      for (std::size_t k = 0; k < tasks.size(); ++k) {
        means[tasks[k]] = step.own.losses()[static_cast<std::int64_t>(k)].item<double>();
      }
      weighting->end_epoch(number, means);
      ++number;
    }
  }
}

// A task that never comes changes nothing for the others.
TEST(SomeTasks, OneThatNeverComesIsAsGoodAsNotThere) {
  for (const char* const name : {"famo", "gradnorm", "moco", "db_mtl", "sdmgrad", "modo", "gradvac", "nash_mtl", "stch",
                                 "auto_lambda", "moml", "forum", "excess_mtl", "smoothed", "uncertainty"}) {
    SCOPED_TRACE(name);
    const auto all = built(name, kFive), fewer = built(name, kFive - 1);
    const TaskSet there = {0, 1, 2, 3};
    for (std::int64_t number = 0; number < 5; ++number) {
      StepOfSome with(there, there, kFive, number), without(there, there, kFive - 1, number);
      for (const auto& [weighting, step] : {std::pair{all, &with}, std::pair{fewer, &without}}) {
        weighting->backward(step->own);
        weighting->after_update(step->own);
      }
      EXPECT_TRUE(close(with.own.direction, without.own.direction, 1e-9, 1e-9)) << number;
      std::vector<double> means = {1.0, 0.5, 2.0, 0.7};
      fewer->end_epoch(number, means);
      means.push_back(std::numeric_limits<double>::quiet_NaN());
      all->end_epoch(number, means);
    }
  }
}

}  // namespace
}  // namespace infomtl::testing
