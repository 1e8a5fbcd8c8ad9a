// Steps that have rows of some of the tasks only, as joint steps over texts with missing labels do.

#include <cmath>
#include <map>
#include <set>

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

/// What a state [5] becomes for absent tasks: of a point on a simplex that had left all present ones they make room.
Tensor made_room(const std::string& name, const Tensor& before, const TaskSet& present) {
  if (before.dim() != 1 || !std::set<std::string>{"lambda", "simplex", "weights"}.contains(name)) return before;
  double mass = 0;
  for (const std::size_t t : present) mass += before[static_cast<std::int64_t>(t)].item<double>();
  return mass > 1e-12 ? before : before * (1.0 - static_cast<double>(present.size()) / static_cast<double>(kFive));
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
          Tensor old_row = made_room(name, before.at(name), tasks)[t], row = now[t];
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

Tensor doubles(const std::vector<double>& values) { return torch::tensor(values, torch::kFloat64); }

/// A step of some of three tasks: losses [k] and gradients [k, P].
LinearTaskGradients step_of_three(const TaskSet& tasks, const std::vector<double>& losses,
                                  const std::vector<Tensor>& gradients) {
  LinearTaskGradients step(doubles(losses), torch::stack(gradients), 3);
  step.set_tasks(tasks);
  return step;
}

std::shared_ptr<GradientWeighting> of_three(const Json& config) {
  return build_weighting(Config::from_json(config, "test"), weighting_tasks(3));
}

TEST(SomeTasks, FairGradKeepsEachTasksOwnWeightWhereTasksCannotAgree) {
  const auto weighting = of_three({{"name", "fairgrad"}});
  LinearTaskGradients all =
      step_of_three({0, 1, 2}, {1, 1, 1}, {doubles({1, 0, 0}), doubles({0, 2, 0}), doubles({0, 0, 4})});
  weighting->backward(all);
  const Tensor right = doubles({1, 0, 0});
  for (const TaskSet& tasks : {TaskSet{0, 1}, TaskSet{1, 2}}) {
    LinearTaskGradients opposite = step_of_three(tasks, {1, 1}, {right, -right});
    weighting->backward(opposite);
    EXPECT_TRUE(close(opposite.weights, all.weights.narrow(0, static_cast<std::int64_t>(tasks[0]), 2), 0));
  }
  EXPECT_TRUE(close(states_of(*weighting).at("weights"), all.weights, 0));
}

TEST(SomeTasks, APointThatHadLeftThemKeepsItsSumWhenTheyComeBack) {
  const auto weighting = of_three({{"name", "modo"}, {"gamma", 10.0}});
  const auto step = [&](const TaskSet& tasks, const std::vector<double>& losses, const std::vector<Tensor>& gradients) {
    LinearTaskGradients own = step_of_three(tasks, losses, gradients), beside = step_of_three(tasks, losses, gradients);
    own.add_independent(beside);
    own.add_independent(beside);
    weighting->backward(own);
    return states_of(*weighting).at("lambda");
  };
  const Tensor none = doubles({0}), one = doubles({1});
  ASSERT_TRUE(close(step({0, 1, 2}, {1, 1, 1}, {none, none, one}), doubles({0.5, 0.5, 0}), 1e-12));
  EXPECT_TRUE(close(step({2}, {1}, {one}), doubles({1, 1, 1}) / 3.0, 1e-12)) << "the others make room";
  EXPECT_TRUE(close(step({2}, {1}, {one}), doubles({1, 1, 1}) / 3.0, 1e-12)) << "and do so once";
}

TEST(Smoothed, AveragesTheWeightsOfHeadsOnTheirOwn) {
  const Json nash = {{"name", "nash_mtl"}, {"max_norm", 0.5}};
  const auto plain = of_three(nash), smoothed = of_three({{"name", "smoothed"}, {"memory", 0.75}, {"inner", nash}});
  const Tensor a = doubles({3, 0}), b = doubles({1, 2}), c = doubles({0, 4});
  const std::vector<std::pair<TaskSet, std::vector<Tensor>>> steps = {
      {{0, 1, 2}, {a, b, c}}, {{0, 1}, {b, c}}, {{0, 1, 2}, {c, a, b}}};
  Tensor weights, heads;
  for (const auto& [tasks, gradients] : steps) {
    const std::vector<double> losses(tasks.size(), 1.0);
    LinearTaskGradients found = step_of_three(tasks, losses, gradients),
                        given = step_of_three(tasks, losses, gradients);
    plain->backward(found);
    smoothed->backward(given);
    const auto k = static_cast<std::int64_t>(tasks.size());  // the step's tasks are the first k
    if (!weights.defined()) weights = found.weights.clone(), heads = found.head_weights.clone();
    weights.narrow(0, 0, k).mul_(0.75).add_(found.weights, 0.25);
    heads.narrow(0, 0, k).mul_(0.75).add_(found.head_weights, 0.25);
    EXPECT_TRUE(close(given.weights, weights.narrow(0, 0, k), 1e-12));
    EXPECT_TRUE(close(given.head_weights, heads.narrow(0, 0, k), 1e-12));
    EXPECT_FALSE(at::allclose(weights, heads));
  }
}

TEST(SomeTasks, AdamsFirstStepOfATaskIsAFirstStepWheneverItComes) {
  const auto weighting = of_three({{"name", "famo"}});
  const auto step = [&](const TaskSet& tasks, const std::vector<double>& before, const std::vector<double>& after) {
    LinearTaskGradients own =
        step_of_three(tasks, before, std::vector<Tensor>(tasks.size(), torch::ones({2}, torch::kFloat64)));
    own.set_losses_after(doubles(after));
    weighting->backward(own);
    weighting->after_update(own);
  };
  for (int i = 0; i < 50; ++i) step({0, 1}, {1, 1}, {0.9, 0.8});
  step({0, 1, 2}, {1, 1, 1}, {0.9, 0.8, 0.3});
  EXPECT_NEAR(std::abs(states_of(*weighting).at("logits")[2].item<double>()), 0.025, 1e-6);
}

TEST(SomeTasks, ExcessMtlDividesByTheWarmUpStepsThatATaskWasIn) {
  const auto weighting = of_three({{"name", "excess_mtl"}, {"warmup_steps", 2}, {"step_size", 1.0}});
  const Tensor one = doubles({1});
  LinearTaskGradients first = step_of_three({0, 1, 2}, {1, 1, 1}, {one, one, one}),
                      second = step_of_three({0}, {1}, {one}),
                      third = step_of_three({0, 1, 2}, {1, 1, 1}, {one, one, one});
  for (LinearTaskGradients* step : {&first, &second, &third}) weighting->backward(*step);
  // Squares sum to 3, 2 and 2; their excesses were 1 and 1/sqrt(2) in two steps, 1 in the only one.
  const double whole = (1.0 / std::sqrt(3.0)) / (0.5 + 0.5 / std::sqrt(2.0)), once = 1.0 / std::sqrt(2.0);
  EXPECT_TRUE(close(third.weights, 3.0 * torch::softmax(doubles({whole, once, once}), 0), 1e-6));
}

TEST(SomeTasks, DbMtlTakesTheFirstGradientOfATaskThatComesLater) {
  const auto weighting = of_three({{"name", "db_mtl"}});
  LinearTaskGradients first = step_of_three({0}, {2}, {doubles({1, 3})}),
                      second = step_of_three({0, 1}, {2, 4}, {doubles({5, 7}), doubles({8, 2})}),
                      third = step_of_three({0, 1}, {2, 4}, {doubles({1, 1}), doubles({4, 4})});
  for (LinearTaskGradients* step : {&first, &second}) weighting->backward(*step);
  const Tensor average = doubles({0.9 * 0.5 + 0.1 * 2.5, 0.9 * 1.5 + 0.1 * 3.5});
  EXPECT_TRUE(close(states_of(*weighting).at("average")[0], average, 1e-6));
  EXPECT_TRUE(close(states_of(*weighting).at("average")[1], doubles({2, 0.5}), 1e-6));
  weighting->backward(third);
  EXPECT_TRUE(close(states_of(*weighting).at("average")[0], 0.9 * average + 0.1 * 0.5, 1e-6));
  EXPECT_TRUE(close(states_of(*weighting).at("average")[1], doubles({1.9, 0.55}), 1e-6));
  EXPECT_TRUE(states_of(*weighting).at("average")[2].isnan().all().item<bool>());
}

/// Puts another tensor into a state, or none, as an older checkpoint may hold it.
class OlderState final : public StateVisitor {
 public:
  OlderState(std::string name, Tensor value) : name_(std::move(name)), value_(std::move(value)) {}
  void tensor(const std::string& name, Tensor& value) override {
    if (name == name_) value = value_;
  }
  void counter(const std::string& /*name*/, std::int64_t& /*value*/) override {}

 private:
  std::string name_;
  Tensor value_;
};

TEST(SomeTasks, FairGradForgetsWeightsThatAnOlderStateHasForSomeTasks) {
  const auto weighting = of_three({{"name", "fairgrad"}});
  OlderState older("weights", doubles({2, 3}));
  weighting->visit_state(older);
  const Tensor right = doubles({1, 0, 0});
  LinearTaskGradients opposite = step_of_three({1, 2}, {1, 1}, {right, -right});
  weighting->backward(opposite);
  EXPECT_TRUE(close(opposite.weights, doubles({1, 1}), 0));
}

TEST(SomeTasks, AStateWithOneCountForAllTasksGoesOnAsBefore) {
  const TaskSet everyone = {0, 1, 2, 3, 4};
  for (const auto& [name, counts] : std::map<std::string, std::string>{{"famo", "task_steps"},
                                                                       {"auto_lambda", "task_steps"},
                                                                       {"moml", "task_steps"},
                                                                       {"forum", "task_steps"},
                                                                       {"excess_mtl", "warmups"}}) {
    SCOPED_TRACE(name);
    const auto whole = built(name, kFive), old = built(name, kFive);
    for (std::int64_t number = 0; number < 5; ++number) {
      for (const auto& weighting : {whole, old}) {
        StepOfSome step(everyone, everyone, kFive, number);
        weighting->backward(step.own);
        weighting->after_update(step.own);
      }
      ASSERT_TRUE(states_of(*whole).contains(counts));
      for (const auto& [piece, value] : states_of(*whole))
        EXPECT_TRUE(at::equal(states_of(*old).at(piece), value)) << piece;
      OlderState older(counts, Tensor());
      old->visit_state(older);
    }
  }
}

}  // namespace
}  // namespace infomtl::testing
