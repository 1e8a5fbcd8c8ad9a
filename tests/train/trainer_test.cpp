#include "infomtl/train/trainer.h"

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/optim/sgd.h"
#include "infomtl/weighting/equal.h"
#include "step/small_run.h"
#include "support/one_thread.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

std::shared_ptr<GradientWeighting> weighting_of(const char* name, const SmallRun& run, bool joint) {
  WeightingContext tasks;
  for (const Task& task : run.tasks) {
    tasks.names.push_back(task.name);
    tasks.train_rows.push_back(task.train_rows);
  }
  tasks.regime = joint ? Regime::joint : Regime::alternating;
  return build_weighting(Config::from_json(name, "weighting"), tasks);
}

// The steps here are too small to be worth a second thread, and threads that wait for each other cost minutes where the
// machine is busy.
TrainerSettings settings_of(const std::string& regime) {
  TrainerSettings settings;
  settings.seed = 3;
  settings.epochs = 2;
  settings.batching.batch_size = 12;
  settings.learning_rate = 0.01;
  settings.batching.regime = regime_named(regime);
  settings.schedule = schedules::constant();
  settings.report_every = 2;
  return settings;
}

/// A model, trained for some steps.
struct Trained {
  SmallRun run;
  Trainer trainer;
  Trained(double dropout, TrainerSettings settings, const char* weighting, const Json& head = "linear",
          const Json& losses = {"supervised"})
      : run(dropout, head, losses),
        trainer(settings, run.model, run.objective,
                weighting_of(weighting, run, settings.batching.regime == Regime::joint), run.data) {}
  void steps(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(trainer.step());
  }
  Tensor values() { return trainer.parameters().values(); }
};

TEST(Trainer, RefusesAWeightingThatWasMadeForBatchesOfAnotherRegime) {
  SmallRun run(0.0, "linear", {"supervised"});
  EXPECT_THROW(
      Trainer(settings_of("alternating"), run.model, run.objective, weighting_of("pcgrad", run, true), run.data),
      ConfigError);
}

// A method that reads the gradients themselves tells how they conflict, as one that reads their products does.
TEST(Trainer, ReportsCosinesOfTheGradientsThatAWeightingAskedFor) {
  for (const char* name : {"db_mtl", "pcgrad"}) {
    Trained trained(0.0, settings_of("joint"), name);
    StepReport last;
    trained.trainer.on_report([&](const StepReport& report) { last = report; });
    trained.steps(2);
    ASSERT_TRUE(last.diagnostics.contains("weighting/conflicts")) << name;
    ASSERT_TRUE(last.diagnostics.contains("weighting/cosine/0/1")) << name;
    const double cosine = last.diagnostics.at("weighting/cosine/0/1");
    EXPECT_TRUE(cosine >= -1.0 && cosine <= 1.0) << name << " " << cosine;
  }
  Trained equal(0.0, settings_of("joint"), "equal");
  StepReport last;
  equal.trainer.on_report([&](const StepReport& report) { last = report; });
  equal.steps(2);
  EXPECT_FALSE(last.diagnostics.contains("weighting/conflicts")) << "equal weighting asks for no gradients";
}

const Json kInfoMtl = {"supervised", {{"name", "simax"}, {"weight", 0.1}}, {{"name", "timin"}, {"weight", 0.01}}};

TEST(Trainer, MicroBatchesTrainTheSameModel) {
  for (const auto& [regime, weighting] :
       {std::pair("alternating", "equal"), std::pair("alternating", "uncertainty"), std::pair("joint", "equal"),
        std::pair("joint", "uncertainty"), std::pair("joint", "pcgrad")}) {
    TrainerSettings settings = settings_of(regime);
    // SGD: an adaptive rule divides by gradients of the size of rounding errors.
    settings.optimizer = sgd();
    settings.clip_norm = 0.5;
    Trained whole(0.0, settings, weighting);
    settings.batching.accumulate = 3;
    Trained cut(0.0, settings, weighting);
    const Tensor start = whole.values().clone();
    EXPECT_TRUE(at::equal(start, cut.values()));
    whole.steps(3);
    cut.steps(3);
    EXPECT_GT((whole.values() - start).abs().max().item<float>(), 1e-5F) << regime << weighting;
    EXPECT_TRUE(close(whole.values() - start, cut.values() - start, 1e-7, 1e-4)) << regime << weighting;
  }
}

TEST(Trainer, EvaluationInTheMiddleChangesNothing) {
  Trained plain(0.2, settings_of("alternating"), "equal", "gaussian", kInfoMtl);
  Trained watched(0.2, settings_of("alternating"), "equal", "gaussian", kInfoMtl);
  plain.steps(4);
  watched.steps(2);
  watched.trainer.evaluate(Split::validation);
  watched.steps(1);
  watched.trainer.evaluate(Split::test);
  watched.steps(1);
  EXPECT_TRUE(at::equal(plain.values(), watched.values()));
}

TEST(Trainer, TheSeedDecidesEverything) {
  TrainerSettings settings = settings_of("alternating");
  Trained one(0.2, settings, "equal", "gaussian", kInfoMtl), two(0.2, settings, "equal", "gaussian", kInfoMtl);
  settings.seed = 4;
  Trained other(0.2, settings, "equal", "gaussian", kInfoMtl);
  one.steps(3);
  two.steps(3);
  other.steps(3);
  EXPECT_TRUE(at::equal(one.values(), two.values()));
  EXPECT_FALSE(at::allclose(one.values(), other.values()));
}

TEST(Trainer, AContinuedRunIsTheSameRunBitForBit) {
  for (const auto& [regime, weighting] :
       {std::pair("alternating", "equal"), std::pair("alternating", "dwa"), std::pair("joint", "uncertainty"),
        std::pair("joint", "famo"), std::pair("joint", "moco")}) {
    std::vector<std::string> records, continued_records;
    Trained straight(0.2, settings_of(regime), weighting, "gaussian", kInfoMtl);
    straight.trainer.on_report([&](const StepReport& r) { records.push_back(r.to_json(false).dump()); });
    straight.steps(6);

    const testing::TemporaryFolder folder;
    {
      Trained first(0.2, settings_of(regime), weighting, "gaussian", kInfoMtl);
      first.trainer.on_report([&](const StepReport& r) { continued_records.push_back(r.to_json(false).dump()); });
      first.steps(3);  // in the middle of a report's window
      first.trainer.save(folder.path() / "last", testing::corpus().folder.path() / "encoder");
    }
    Trained second(0.2, settings_of(regime), weighting, "gaussian", kInfoMtl);
    second.trainer.on_report([&](const StepReport& r) { continued_records.push_back(r.to_json(false).dump()); });
    second.trainer.load(folder.path() / "last");
    EXPECT_EQ(second.trainer.steps_done(), 3);
    second.steps(3);
    EXPECT_TRUE(at::equal(straight.values(), second.values())) << regime;
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records, continued_records);
    // The next saved states agree too: moments, counters, sums of the log.
    straight.trainer.save(folder.path() / "a");
    second.trainer.save(folder.path() / "b");
    EXPECT_EQ(read_file(folder.path() / "a" / "state.safetensors"),
              read_file(folder.path() / "b" / "state.safetensors"));
    EXPECT_EQ(read_file(folder.path() / "a" / "model.safetensors"),
              read_file(folder.path() / "b" / "model.safetensors"));
  }
}

TEST(Trainer, ANanInTheLossNamesTaskAndTerm) {
  Trained trained(0.0, settings_of("joint"), "equal");
  const std::string task = trained.run.tasks[1].name;
  {
    const torch::NoGradGuard no_grad;
    trained.run.model->head(1).parameters()[0].fill_(std::nanf(""));
  }
  try {
    trained.trainer.step();
    FAIL() << "no error";
  } catch (const NonFiniteError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("step 1"), std::string::npos) << text;
    EXPECT_NE(text.find("\"" + task + "\""), std::string::npos) << text;
    EXPECT_NE(text.find("\"supervised\""), std::string::npos) << text;
  }
}

/// A finite loss with a gradient that is not: sqrt at 0, for one task.
class Cliff final : public LossTerm {
 public:
  LossValue compute(TaskStep& step) override {
    const Tensor output = step.prediction().output;
    return {(output * 0).sum().abs().sqrt() * output.sum(), torch::tensor(static_cast<float>(output.size(0)))};
  }
};

TEST(Trainer, ANanInAGradientNamesTaskAndParameter) {
  for (const char* policy : {"error", "skip"}) {
    SmallRun run(0.0);
    run.objective->add(1.0, std::make_shared<Cliff>(), "cliff", {run.tasks[2].name});
    TrainerSettings settings = settings_of("joint");
    settings.non_finite = policy;
    Trainer trainer(settings, run.model, run.objective, equal_weighting(), run.data);
    const Tensor before = trainer.parameters().values().clone();
    if (std::string(policy) == "skip") {
      std::int64_t skipped = 0;
      trainer.on_report([&](const StepReport& report) { skipped += report.skipped_steps; });
      EXPECT_TRUE(trainer.step());
      EXPECT_TRUE(trainer.step());
      EXPECT_EQ(skipped, 2);
      EXPECT_TRUE(at::equal(trainer.parameters().values(), before));
      continue;
    }
    try {
      trainer.step();
      FAIL() << "no error";
    } catch (const NonFiniteError& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("\"" + run.tasks[2].name + "\""), std::string::npos) << text;
      EXPECT_NE(text.find("parameter \"encoder."), std::string::npos) << text;
    }
    EXPECT_TRUE(at::equal(trainer.parameters().values(), before)) << "a bad step must not reach the parameters";
  }
}

/// Spoils the third step for one task: its head's gradient is not finite, or its loss where a pass keeps no graph.
class Spoiler final : public LossTerm {
 public:
  explicit Spoiler(bool after_update) : after_update_(after_update) {}
  LossValue compute(TaskStep& step) override {
    const Tensor output = step.prediction().output;
    Tensor sum = output.sum() * 0;
    if (step.step() == 2) {
      const Tensor parameter = step.model().head(step.task_index()).parameters()[0];
      if (!after_update_) sum = sum + (parameter * 0).sum().sqrt();
      if (after_update_ && !at::GradMode::is_enabled()) sum = sum + NAN;
    }
    return {sum, torch::tensor(static_cast<float>(output.size(0)))};
  }

 private:
  bool after_update_;
};

TEST(Trainer, ASkippedStepLeavesEverythingAsItWas) {
  for (const Json& weighting : std::vector<Json>{
           "moco", "famo", "gradvac", "excess_mtl", "uncertainty", {{"name", "smoothed"}, {"inner", "pcgrad"}}}) {
    SmallRun run(0.1, "gaussian", {"supervised", "information", {{"name", "simax"}, {"bound", "mine"}}});
    run.objective->add(1.0, std::make_shared<Spoiler>(false), "spoiler", {run.tasks[2].name});
    WeightingContext tasks;
    for (const Task& task : run.tasks) tasks.names.push_back(task.name);
    TrainerSettings settings = settings_of("joint");
    settings.non_finite = "skip";
    Trainer trainer(settings, run.model, run.objective,
                    build_weighting(Config::from_json(weighting, "weighting"), tasks), run.data);
    testing::TemporaryFolder folder;
    const auto saved = [&](const char* name) {
      trainer.save(folder.path() / name);
      const Json state = read_json(folder.path() / name / "state.json");
      std::string all = state.at("weighting_counters").dump() + state.at("optimizer_steps").dump();
      for (const char* file : {"state.safetensors", "model.safetensors", "heads.safetensors"}) {
        all += read_file(folder.path() / name / file);
      }
      return all;
    };
    EXPECT_TRUE(trainer.step());
    EXPECT_TRUE(trainer.step());
    const std::string before = saved("before");
    EXPECT_TRUE(trainer.step());
    EXPECT_TRUE(saved("skipped") == before) << weighting;
    EXPECT_EQ(trainer.steps_done(), 3);
    EXPECT_TRUE(trainer.step());
    EXPECT_FALSE(saved("next") == before) << weighting;
  }
}

TEST(Trainer, AnErrorAfterTheUpdateIsNoSkippedStep) {
  SmallRun run(0.1);
  run.objective->add(1.0, std::make_shared<Spoiler>(true), "spoiler", {run.tasks[2].name});
  TrainerSettings settings = settings_of("joint");
  settings.non_finite = "skip";
  Trainer trainer(settings, run.model, run.objective, weighting_of("famo", run, true), run.data);
  EXPECT_TRUE(trainer.step());
  EXPECT_TRUE(trainer.step());
  EXPECT_THROW(trainer.step(), NonFiniteError);
}

TEST(Trainer, SelectionKeepsTheBestEpochAndPatienceEndsTraining) {
  TrainerSettings settings = settings_of("joint");
  settings.epochs = 6;
  settings.batching.batch_size = 100;
  settings.selection.patience = 2;
  settings.learning_rate = 1e-12;  // nothing improves after the first epoch
  settings.optimizer = sgd();
  Trained trained(0.0, settings, "equal");
  std::vector<bool> best;
  trained.trainer.on_epoch([&](std::int64_t, const Evaluation& scores, bool is_best) {
    EXPECT_EQ(scores.scores.size(), trained.run.tasks.size());
    best.push_back(is_best);
  });
  EXPECT_TRUE(trained.trainer.fit());
  EXPECT_EQ(best, (std::vector<bool>{true, false, false}));
  EXPECT_EQ(trained.trainer.best_epoch(), 0);
  EXPECT_LT(trained.trainer.steps_done(), trained.trainer.total_steps());
}

TEST(Trainer, StopsWhenAsked) {
  Trained trained(0.0, settings_of("alternating"), "equal");
  std::atomic<bool> stop = false;
  trained.trainer.on_report([&](const StepReport& report) { stop = report.step >= 4; });
  EXPECT_FALSE(trained.trainer.fit(&stop));
  EXPECT_EQ(trained.trainer.steps_done(), 4);
}

TEST(Trainer, FitsItsTrainingRows) {
  TrainerSettings settings = settings_of("alternating");
  settings.epochs = 12;
  settings.batching.batch_size = 16;
  settings.selection.monitor = "loss";
  Trained trained(0.0, settings, "equal");
  const Evaluation before = trained.trainer.evaluate(Split::train);
  EXPECT_TRUE(trained.trainer.fit());
  const Evaluation after = trained.trainer.evaluate(Split::train);
  double gain = 0;
  for (std::size_t t = 0; t < after.losses.size(); ++t) gain += before.losses[t] - after.losses[t];
  EXPECT_GT(gain, 1.0);
  EXPECT_GT(after.average(), before.average() + 0.1);
}

TEST(Trainer, MistakesInSettingsAreConfigErrors) {
  const SmallRun run(0.0);
  const auto build = [&](TrainerSettings settings) {
    Trainer(settings, run.model, run.objective, equal_weighting(), run.data);
  };
  TrainerSettings settings = settings_of("alternating");
  settings.selection.split = "test";
  EXPECT_THROW(build(settings), ConfigError);
  settings = settings_of("alternating");
  settings.selection.monitor = "hat";
  EXPECT_THROW(build(settings), ConfigError);
  const auto read = [](Json json) {
    return TrainerSettings::from_config(Config::from_json(std::move(json), "c.json"));
  };
  EXPECT_THROW(read({{"training", {{"epoch", 3}}}}), ConfigError);
  EXPECT_THROW(read({{"training", {{"selection", {{"patient", 3}}}}}}), ConfigError);
  EXPECT_THROW(read({{"training", {{"selection", {{"split", "test"}}}}}}), ConfigError);
  EXPECT_THROW(read({{"training", {{"sampler", {{"name", "proportional"}, {"x", 1}}}}}}), ConfigError);
  EXPECT_THROW(read({{"optimizer", {{"name", "adamax"}, {"learning_rat", 1e-3}}}}), ConfigError);
  EXPECT_THROW(read({{"schedule", {{"name", "linear"}, {"warmup", 1}}}}), ConfigError);
  EXPECT_THROW(read({{"training", {{"batch_size", 0}}}}), ConfigError);
  EXPECT_EQ(read({{"seed", 5}, {"training", {{"epochs", 7}}}}).epochs, 7);
}

}  // namespace
}  // namespace infomtl
