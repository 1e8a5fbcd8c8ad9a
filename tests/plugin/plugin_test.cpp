#include "infomtl/plugin/plugin.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "infomtl/core/errors.h"
#include "infomtl/train/trainer.h"
#include "infomtl/weighting/equal.h"
#include "infomtl/weighting/gradient_weighting.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

void expect_refused(const std::filesystem::path& file, const std::string& reason) {
  try {
    load_plugin(file);
    FAIL() << file << " was loaded";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
    EXPECT_EQ(error.exit_status(), 2);
  }
}

TEST(Plugin, AddsItsNamesWithTheFileAsOrigin) {
  load_plugin(INFOMTL_PLUGIN_good);
  ASSERT_TRUE(loss_registry().contains("nothing"));
  ASSERT_TRUE(weighting_registry().contains("half"));
  for (const RegistryEntry& entry : loss_registry().entries()) {
    EXPECT_EQ(entry.origin, entry.name == "nothing" ? INFOMTL_PLUGIN_good : "infomtl") << entry.name;
  }
  EXPECT_NO_THROW(load_plugin(INFOMTL_PLUGIN_good)) << "a second time";
}

TEST(Plugin, OptimizersAndSchedulesTrainThroughTheLibrary) {
  load_plugin(INFOMTL_PLUGIN_optimizer);
  load_plugin(INFOMTL_PLUGIN_schedule);
  const Json config = {
      {"optimizer",
       {{"name", "lion"}, {"learning_rate", 0.25}, {"groups", {{{"match", "heads"}, {"rate_factor", 0.5}}}}}},
      {"schedule", {{"name", "inverse_square_root"}, {"scale", 1}}},
      {"training", {{"regime", "joint"}, {"batch_size", 8}, {"clip_norm", 0}, {"selection", {{"monitor", "last"}}}}}};
  const testing::SmallRun run(0.0);
  Trainer trainer(TrainerSettings::from_config(Config::from_json(config)), run.model, run.objective, equal_weighting(),
                  run.data);
  double rate = 0;
  trainer.on_report([&](const StepReport& report) { rate = report.learning_rate; });
  // The first step of Lion moves everything by its rate, or not at all where the gradient is zero.
  const Tensor before = trainer.parameters().values().clone();
  ASSERT_TRUE(trainer.step());
  std::int64_t moved = 0;
  for (const FlatSlot& slot : trainer.parameters().slots()) {
    const Tensor by = (slot.parameter.detach().flatten() - before.slice(0, slot.begin, slot.end)).abs();
    const double step = slot.part == ParameterPart::task ? 0.125 : 0.25;
    EXPECT_TRUE(((by - step).abs() < 1e-6).logical_or(by == 0).all().item<bool>()) << slot.name;
    moved += by.count_nonzero().item<std::int64_t>();
  }
  EXPECT_GT(moved, trainer.parameters().size() / 2);
  while (trainer.steps_done() < 10) ASSERT_TRUE(trainer.step());
  EXPECT_DOUBLE_EQ(rate, 0.25 * std::sqrt(1.0 / 10.0));

  const auto build = [](const Json& optimizer) {
    return TrainerSettings::from_config(Config::from_json({{"optimizer", optimizer}}, "c.json"));
  };
  EXPECT_THROW(build({{"name", "lion"}, {"beta3", 0.5}}), ConfigError);
  EXPECT_THROW(build({{"name", "lion"}, {"beta1", 1.5}}), ConfigError);
}

/// Trains a few steps with PCGrad. @return the last report
StepReport trained(const testing::SmallRun& run, Tensor& moved) {
  TrainerSettings settings;
  settings.batching.regime = Regime::joint;
  settings.batching.batch_size = 8;
  settings.max_steps = 4;
  settings.learning_rate = 0.01;
  settings.schedule = schedules::constant();
  settings.report_every = 1;
  settings.selection.monitor = "last";
  WeightingContext tasks;
  for (const Task& task : run.tasks) tasks.names.push_back(task.name);
  Trainer trainer(settings, run.model, run.objective, build_weighting(Config::from_json("pcgrad", "weighting"), tasks),
                  run.data);
  StepReport last;
  trainer.on_report([&](const StepReport& report) { last = report; });
  const Tensor start = trainer.parameters().values().clone();
  EXPECT_TRUE(trainer.fit());
  moved = trainer.parameters().values() - start;
  return last;
}

TEST(Plugin, APenaltyTrainsThroughTheLibrary) {
  load_plugin(INFOMTL_PLUGIN_penalty);
  Tensor plain, moved;
  const testing::SmallRun without(0.1), with(0.1);
  const Config penalty = Config::from_json({{"name", "length"}, {"wanted", 4}}, "penalty");
  with.objective->add_penalty(1.0, penalty_registry().build(penalty, {.tasks = with.tasks}), "length");
  trained(without, plain);
  const StepReport last = trained(with, moved);
  EXPECT_FALSE(at::allclose(moved, plain));
  for (const Task& task : with.tasks) EXPECT_GT(last.losses.at(task.name).at("length").raw, 0.0) << task.name;
  EXPECT_TRUE(last.diagnostics.contains("weighting/conflicts"));
}

TEST(Plugin, AHeadReadsAnotherHeadAndBothTrain) {
  load_plugin(INFOMTL_PLUGIN_reading_head);
  const testing::SmallRun run(0.1, {{"name", "reading"}, {"task", "topic"}});
  Tensor moved;
  const StepReport last = trained(run, moved);
  EXPECT_EQ(last.losses.size(), run.tasks.size());
  EXPECT_TRUE(moved.isfinite().all().item<bool>());
  const FlatParameters flat = run.flat();
  for (const FlatSlot& slot : flat.slots()) {
    if (!slot.name.starts_with("heads.")) continue;
    EXPECT_GT(moved.slice(0, slot.begin, slot.end).abs().max().item<float>(), 0.0F) << slot.name;
  }
}

TEST(Plugin, OneThatThrowsLeavesNothingBehind) {
  expect_refused(INFOMTL_PLUGIN_throwing, "the licence server is on fire");
  EXPECT_FALSE(loss_registry().contains("half_added"));
  expect_refused(INFOMTL_PLUGIN_throwing, "the licence server is on fire");  // and again, not "registered twice"
}

TEST(Plugin, OthersAreRefusedBeforeTheirCodeRuns) {
  expect_refused(INFOMTL_PLUGIN_wrong_abi, "built for \"infomtl 0\"");
  expect_refused(INFOMTL_PLUGIN_wrong_torch, "built with LibTorch 1.13.0");
  expect_refused(INFOMTL_PLUGIN_no_entry, "INFOMTL_PLUGIN");
  expect_refused("/no/such/file.so", "no such plugin");
  const std::filesystem::path text = std::filesystem::temp_directory_path() / "infomtl_text.so";
  std::ofstream(text) << "not a shared object";
  expect_refused(text, "not a plugin that can be loaded");
  for (const std::uintmax_t rest : {2, 20}) {  // one that was cut off, after a half or near its end
    const std::filesystem::path cut = text.parent_path() / "cut.so";
    std::filesystem::copy_file(INFOMTL_PLUGIN_good, cut, std::filesystem::copy_options::overwrite_existing);
    const std::uintmax_t size = std::filesystem::file_size(cut);
    std::filesystem::resize_file(cut, size - size / rest);
    expect_refused(cut, "damaged");
    std::filesystem::resize_file(cut, size);  // as a file system may leave it: zeros
    expect_refused(cut, "damaged");
    std::filesystem::remove(cut);
  }
  std::filesystem::remove(text);
}

}  // namespace
}  // namespace infomtl
