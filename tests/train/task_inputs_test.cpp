// What a trainer shows a weighting before the first step.
#include "infomtl/core/errors.h"
#include "infomtl/step/features.h"
#include "support/temporary_folder.h"
#include "train/trained.h"

namespace infomtl {
namespace {

using testing::close;
using testing::small_settings;
using testing::SmallRun;

/// Equal weights, and what it was shown.
class Shown final : public GradientWeighting {
 public:
  std::vector<TaskInputs> tasks;
  int times = 0;
  bool needs_features() const override { return true; }
  void begin(const std::vector<TaskInputs>& inputs) override { tasks = inputs, ++times; }
  void backward(TaskGradients& gradients) override {
    gradients.apply_weights(torch::ones({static_cast<std::int64_t>(gradients.size())}));
  }
};

TEST(TaskInputs, AreShownOnceBeforeTheFirstStepInTheOrderOfExamples) {
  for (const char* const regime : {"joint", "alternating"}) {
    const SmallRun run(0.3);
    const auto weighting = std::make_shared<Shown>();
    TrainerSettings settings = small_settings(regime);
    settings.evaluation_batch_size = 7;
    Trainer trainer(settings, run.model, run.objective, weighting, run.data);
    EXPECT_EQ(weighting->times, 0);
    const Features expected = collect_features(*run.model, *run.data, Split::train);
    for (int step = 0; step < 3; ++step) ASSERT_TRUE(trainer.step());
    EXPECT_EQ(weighting->times, 1);
    ASSERT_EQ(weighting->tasks.size(), run.tasks.size());
    for (std::size_t t = 0; t < run.tasks.size(); ++t) {
      const TaskInputs& shown = weighting->tasks[t];
      EXPECT_EQ(shown.kind, run.tasks[t].kind);
      EXPECT_EQ(shown.outputs, run.tasks[t].outputs());
      EXPECT_FALSE(shown.features.requires_grad());
      EXPECT_EQ(shown.width, shown.features.size(1));
      EXPECT_TRUE(close(shown.features, expected.pooled.index_select(0, expected.tasks[t].rows), 1e-5)) << t;
      EXPECT_TRUE(at::equal(shown.labels, expected.tasks[t].labels)) << run.tasks[t].name;
    }

    const testing::TemporaryFolder folder;
    trainer.save(folder.path() / "last", testing::corpus().folder.path() / "encoder");
    const SmallRun again(0.3);
    const auto continued = std::make_shared<Shown>();
    Trainer second(settings, again.model, again.objective, continued, again.data);
    second.load(folder.path() / "last");
    ASSERT_TRUE(second.step());
    EXPECT_EQ(continued->times, 0);
  }
}

/// Batches without a split to read again.
class OnlySteps final : public BatchSource {
 public:
  explicit OnlySteps(const SmallRun& run) : run_(run) {}
  const std::vector<Task>& tasks() const override { return run_.tasks; }
  std::int64_t steps_per_epoch() const override { return 4; }
  TrainingStep step(std::int64_t number) override {
    return {.step = number,
            .epoch = 0,
            .step_of_epoch = number,
            .last_of_epoch = number == 3,
            .micro_batches = run_.batches("joint", 6, 1, number)};
  }

 private:
  const SmallRun& run_;
};

TEST(TaskInputs, ASourceThatCannotGiveThemIsNamed) {
  const SmallRun run;
  TrainerSettings settings = small_settings("joint");
  settings.selection.monitor = "last";
  Trainer trainer(settings, run.model, run.objective, std::make_shared<Shown>(), std::make_unique<OnlySteps>(run));
  try {
    trainer.step();
    FAIL() << "no error";
  } catch (const StateError& error) {
    EXPECT_NE(std::string(error.what()).find("evaluation"), std::string::npos) << error.what();
  }
}

TEST(TaskInputs, TextsAndLabelsAreCheckedBeforeAnyStepAndWithoutFeatures) {
  class Checks final : public GradientWeighting {
   public:
    mutable std::vector<TaskInputs> tasks;
    bool needs_features() const override { return true; }
    void check(const std::vector<TaskInputs>& inputs) const override { tasks = inputs; }
    void backward(TaskGradients& /*gradients*/) override {}
  };
  const SmallRun run(0.3);
  const auto weighting = std::make_shared<Checks>();
  TrainerSettings settings = small_settings("joint");
  settings.evaluation_batch_size = 7;
  const Trainer trainer(settings, run.model, run.objective, weighting, run.data);
  const Features expected = collect_features(*run.model, *run.data, Split::train);
  const SplitData& split = run.data->dataset().split(Split::train);
  std::vector<SequenceTokens> tokens;
  for (std::size_t i = 0; i < split.texts.size(); ++i) tokens.push_back(run.data->tokens(Split::train).sequence(i));
  ASSERT_EQ(weighting->tasks.size(), run.tasks.size());
  for (std::size_t t = 0; t < run.tasks.size(); ++t) {
    const TaskInputs& shown = weighting->tasks[t];
    EXPECT_FALSE(shown.features.defined());
    EXPECT_EQ(shown.width, run.model->encoder().width());
    EXPECT_EQ(shown.kind, run.tasks[t].kind);
    ASSERT_EQ(shown.texts.size(0), std::ssize(split.tasks[t].sequences));
    if (shown.kind != TaskKind::tagging) {
      EXPECT_TRUE(at::equal(shown.labels, expected.tasks[t].labels)) << run.tasks[t].name;
    }
    // Equal exactly where the tokens are, in one task or in two.
    for (std::size_t u = 0; u <= t; ++u) {
      const Tensor common = shown.texts.unsqueeze(1).eq(weighting->tasks[u].texts.unsqueeze(0));
      const auto found = common.accessor<bool, 2>();
      std::int64_t wrong = 0;
      for (std::int64_t i = 0; i < common.size(0); ++i) {
        const auto one = static_cast<std::size_t>(split.tasks[t].sequences[static_cast<std::size_t>(i)]);
        for (std::int64_t j = 0; j < common.size(1); ++j) {
          const auto other = static_cast<std::size_t>(split.tasks[u].sequences[static_cast<std::size_t>(j)]);
          const bool same = tokens[one].ids == tokens[other].ids && tokens[one].type_ids == tokens[other].type_ids;
          wrong += found[i][j] == same ? 0 : 1;
        }
      }
      EXPECT_EQ(wrong, 0) << t << " " << u;
    }
  }
}

TEST(TaskInputs, TasksOfTheirOwnTextsAreNoneForSvdReweighting) {
  try {
    const testing::Trained trained(small_settings("joint"), "svd_reweighting");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("same texts"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace infomtl
