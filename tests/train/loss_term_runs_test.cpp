// Loss terms over whole runs: those that learn or remember go on from a checkpoint bit for bit, and one that only watches
// changes nothing.

#include <cmath>
#include <map>

#include "infomtl/core/files.h"
#include "infomtl/train/trainer.h"
#include "infomtl/weighting/equal.h"
#include "step/small_run.h"
#include "support/one_thread.h"

namespace infomtl {
namespace {

using testing::SmallRun;

TrainerSettings settings_of(const std::string& regime, std::int64_t accumulate) {
  TrainerSettings settings;
  settings.seed = 3;
  settings.epochs = 2;
  settings.batching.batch_size = 12;
  settings.learning_rate = 0.01;
  settings.batching.regime = regime_named(regime);
  settings.batching.accumulate = accumulate;
  settings.schedule = schedules::constant();
  settings.report_every = 2;
  return settings;
}

struct Trained {
  SmallRun run;
  Trainer trainer;
  std::vector<std::string> records;
  Trained(const Json& losses, const TrainerSettings& settings)
      : run(0.2, "gaussian", losses), trainer(settings, run.model, run.objective, equal_weighting(), run.data) {
    trainer.on_report([this](const StepReport& r) { records.push_back(r.to_json(false).dump()); });
  }
  void steps(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(trainer.step());
  }
};

const std::vector<Json> kTerms = {
    {{"name", "simax"}, {"bound", "mine"}, {"critic", "concat"}, {"critic_width", 8}},
    {{"name", "simax"}, {"bound", "tuba"}, {"critic", "separable"}, {"critic_width", 8}},
    {{"name", "simax"}, {"bound", "flo"}, {"critic", "bilinear"}, {"critic_width", 8}},
    {{"name", "timin"}, {"prior", "mixture"}},
    {{"name", "timin"}, {"prior", "learned"}},
    {{"name", "timin"}, {"prior", "class_conditional"}},
    {{"name", "timin"}, {"prior", "l1out"}},
    {{"name", "information"}},
    {{"name", "adversarial"}, {"rate", 0.5}, {"steps", 2}},
    {{"name", "adversarial_parameters"}, {"rate", 0.5}, {"contrast", 0.1}},
    {{"name", "supervised_contrastive"}, {"views", 2}},
    "batch_entropy",
    "r_drop",
    "focal",
};

TEST(LossTerms, AContinuedRunIsTheSameRunBitForBit) {
  for (const Json& term : kTerms) {
    // Joint with two micro-batches: passes are made for their losses first and once more for gradients.
    const TrainerSettings settings = settings_of("joint", 2);
    const Json losses = {"supervised", term};
    Trained straight(losses, settings);
    const auto own = straight.run.objective->parameters();
    std::vector<Tensor> start;
    for (const Tensor& parameter : own) start.push_back(parameter.detach().clone());
    straight.steps(4);
    for (std::size_t i = 0; i < own.size(); ++i) {
      EXPECT_FALSE(at::equal(own[i], start[i])) << term.dump() << ": a parameter that does not train";
    }

    const testing::TemporaryFolder folder;
    Trained first(losses, settings);
    first.steps(1);  // in the middle of a report's window
    first.trainer.save(folder.path() / "last", testing::corpus().folder.path() / "encoder");
    Trained second(losses, settings);
    second.trainer.load(folder.path() / "last");
    second.steps(3);
    EXPECT_TRUE(at::equal(straight.trainer.parameters().values(), second.trainer.parameters().values())) << term.dump();
    EXPECT_EQ(straight.records, second.records) << term.dump();
    straight.trainer.save(folder.path() / "a");
    second.trainer.save(folder.path() / "b");
    EXPECT_EQ(read_file(folder.path() / "a" / "state.safetensors"),
              read_file(folder.path() / "b" / "state.safetensors"))
        << term.dump();
  }
}

TEST(LossTerms, InformationChangesNothingButTheLog) {
  for (const char* regime : {"alternating", "joint"}) {
    const Json timin = {{"name", "timin"}, {"weight", 0.1}};
    Trained plain({"supervised", timin}, settings_of(regime, 1));
    Trained watched({"supervised", "information", timin}, settings_of(regime, 1));
    std::map<std::string, double> shown;
    watched.trainer.on_report([&](const StepReport& report) { shown = report.diagnostics; });
    plain.steps(4);
    watched.steps(4);
    EXPECT_TRUE(at::equal(plain.trainer.parameters().values(), watched.trainer.parameters().values()));
    ASSERT_FALSE(shown.empty());
    if (std::string(regime) == "joint") {
      EXPECT_EQ(shown.size(), 2 * watched.run.tasks.size());
    }
    for (const auto& [name, value] : shown) {
      EXPECT_TRUE(name.starts_with("information/")) << name;
      EXPECT_TRUE(std::isfinite(value)) << name;
      if (name.ends_with("/lower")) {
        EXPECT_LE(value, shown.at(name.substr(0, name.size() - 5) + "upper") + 0.5) << name;
      }
    }
  }
}

}  // namespace
}  // namespace infomtl
