// Evaluations within epochs: when they fall due, that they change nothing, what they choose, and that a run goes on from
// between them.

#include <atomic>
#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/optim/sgd.h"
#include "support/temporary_folder.h"
#include "train/trained.h"

namespace infomtl {
namespace {

using testing::small_settings;
using testing::Trained;

std::vector<std::int64_t> due_steps(const StepInterval& every, std::int64_t steps_per_epoch, std::int64_t until) {
  std::vector<std::int64_t> found;
  for (std::int64_t step = 1; step <= until; ++step) {
    if (every.due(step, steps_per_epoch)) found.push_back(step);
  }
  return found;
}

StepInterval read_interval(const Json& every) {
  return StepInterval::read(Config::from_json({{"evaluate_every", every}}, "c.json"), "evaluate_every");
}

TEST(StepInterval, CountsStepsOfTheRunAndSharesOfEachEpoch) {
  using Steps = std::vector<std::int64_t>;
  EXPECT_EQ(due_steps({.steps = 4}, 10, 13), (Steps{4, 8, 12}));
  EXPECT_EQ(due_steps({.epochs = 0.25}, 10, 20), (Steps{3, 5, 8, 10, 13, 15, 18, 20}));
  EXPECT_EQ(due_steps({.epochs = 0.1}, 10, 10), (Steps{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})) << "0.1 is no binary number";
  EXPECT_EQ(due_steps({.epochs = 0.01}, 3, 3), (Steps{1, 2, 3})) << "never more than once per step";
  EXPECT_EQ(due_steps({.epochs = 1}, 4, 9), (Steps{4, 8}));
  EXPECT_EQ(due_steps({}, 4, 9), Steps{});
}

TEST(StepInterval, IsReadFromANumberOrAnObject) {
  EXPECT_EQ(read_interval(500).steps, 500);
  EXPECT_EQ(read_interval({{"steps", 7}}).steps, 7);
  EXPECT_EQ(read_interval({{"epochs", 0.5}}).epochs, 0.5);
  for (const Json& wrong : {Json(0), Json("often"), Json({{"epochs", 2}}), Json({{"steps", 2}, {"epochs", 0.5}}),
                            Json::object(), Json({{"minutes", 3}})}) {
    EXPECT_THROW(read_interval(wrong), ConfigError) << wrong.dump();
  }
}

TEST(EvaluationWithinEpochs, FallsDueAndLeavesTrainingAsItIs) {
  TrainerSettings settings = small_settings("joint");
  Trained plain(settings);
  EXPECT_TRUE(plain.trainer->fit());
  settings.evaluate_every = {.steps = 3};
  Trained often(settings);
  std::vector<std::int64_t> steps;
  often.trainer->on_evaluation([&](const Evaluation& scores, bool) {
    EXPECT_EQ(scores.scores.size(), often.run.tasks.size());
    steps.push_back(often.trainer->steps_done());
  });
  EXPECT_TRUE(often.trainer->fit());
  ASSERT_GE(often.trainer->steps_per_epoch(), 4);
  std::vector<std::int64_t> expected;
  for (std::int64_t step = 3; step < often.trainer->total_steps(); step += 3) {
    if (step % often.trainer->steps_per_epoch() != 0) expected.push_back(step);  // that of the epoch is scored once
  }
  EXPECT_EQ(steps, expected);
  EXPECT_TRUE(at::equal(often.trainer->parameters().values(), plain.trainer->parameters().values()));
}

TEST(EvaluationWithinEpochs, CountsForPatience) {
  TrainerSettings settings = small_settings("joint");
  settings.selection.patience = 2;
  settings.evaluate_every = {.steps = 1};
  settings.learning_rate = 1e-12;  // nothing improves after the first evaluation
  settings.optimizer = sgd();
  Trained trained(settings, "equal", "shared", /*dropout=*/0.0);
  ASSERT_GE(trained.trainer->steps_per_epoch(), 4);
  EXPECT_TRUE(trained.trainer->fit());
  EXPECT_EQ(trained.trainer->best_step(), 1);
  EXPECT_EQ(trained.trainer->best_epoch(), 0);
  EXPECT_EQ(trained.trainer->steps_done(), 3) << "stopped within the epoch";
  EXPECT_FALSE(trained.trainer->step());
}

/// What an evaluation was worth, when, to which tasks.
struct Seen {
  std::int64_t step = 0;
  std::vector<double> scores;
  bool operator==(const Seen&) const = default;
};

void watch(Trainer& trainer, std::vector<Seen>& seen) {
  trainer.on_evaluation([&](const Evaluation& scores, bool) { seen.push_back({trainer.steps_done(), scores.scores}); });
  trainer.on_epoch([&](std::int64_t, const Evaluation& scores, bool) {
    seen.push_back({trainer.steps_done(), scores.scores});
  });
}

TEST(EvaluationWithinEpochs, FindsEachTasksOwnBest) {
  TrainerSettings settings = small_settings("joint");
  settings.selection.per_task = true;
  settings.evaluate_every = {.steps = 2};
  Trained trained(settings);
  std::vector<Seen> seen;
  watch(*trained.trainer, seen);
  EXPECT_TRUE(trained.trainer->fit());
  ASSERT_EQ(trained.trainer->task_bests().size(), trained.run.tasks.size());
  for (std::size_t t = 0; t < trained.run.tasks.size(); ++t) {
    const BestEvaluation& best = trained.trainer->task_bests()[t];
    double highest = BestEvaluation::kNone;
    std::int64_t first = -1;
    for (const Seen& one : seen) {
      if (std::isnan(one.scores[t]) || one.scores[t] <= highest) continue;
      highest = one.scores[t];
      first = one.step;
    }
    EXPECT_EQ(best.score, highest) << trained.run.tasks[t].name;
    EXPECT_EQ(best.step, first) << trained.run.tasks[t].name;
  }
  settings.selection.monitor = "last";
  EXPECT_THROW(Trained{settings}, ConfigError) << "nothing is scored";
}

TEST(EvaluationWithinEpochs, AreTheSameInARunThatGoesOnBetweenThem) {
  const testing::TemporaryFolder folder;
  TrainerSettings settings = small_settings("joint");
  settings.selection.per_task = true;
  settings.evaluate_every = {.epochs = 0.3};
  Trained whole(settings);
  std::vector<Seen> expected, seen;
  watch(*whole.trainer, expected);
  EXPECT_TRUE(whole.trainer->fit());

  Trained first(settings), second(settings);
  std::atomic<bool> stop = false;
  watch(*first.trainer, seen);
  first.trainer->on_evaluation([&](const Evaluation&, bool) { stop = true; });
  EXPECT_FALSE(first.trainer->fit(&stop));
  ASSERT_EQ(seen.size(), 1U) << "stopped behind the first";
  first.trainer->save(folder.path() / "last");
  second.trainer->load(folder.path() / "last");
  EXPECT_EQ(second.trainer->best_step(), first.trainer->best_step());
  watch(*second.trainer, seen);
  EXPECT_TRUE(second.trainer->fit());
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(second.trainer->best_step(), whole.trainer->best_step());
  for (std::size_t t = 0; t < whole.trainer->task_bests().size(); ++t) {
    EXPECT_EQ(second.trainer->task_bests()[t].step, whole.trainer->task_bests()[t].step);
  }
  EXPECT_TRUE(at::equal(second.trainer->parameters().values(), whole.trainer->parameters().values()));
}

}  // namespace
}  // namespace infomtl
