// The run's choice of how gradients of tasks are kept.

#include <ATen/Parallel.h>

#include "infomtl/core/errors.h"
#include "infomtl/step/gradient_memory.h"
#include "infomtl/train/trainer.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

TEST(TaskGradientsOfARun, TheChoiceIsCheckedAndChangesOnlyRounding) {
  EXPECT_THROW(TrainerSettings::from_config(Config::from_json({{"training", {{"task_gradients", "none"}}}}, "config")),
               ConfigError);
  EXPECT_TRUE(does_without_jacobian("gram", 1));
  EXPECT_FALSE(does_without_jacobian("jacobian", std::int64_t{1} << 60));
  EXPECT_FALSE(does_without_jacobian("auto", 1 << 20));
  EXPECT_TRUE(does_without_jacobian("auto", std::int64_t{1} << 60));
  std::vector<Tensor> values;
  for (const char* choice : {"jacobian", "gram"}) {
    const SmallRun run(0.1, "linear", {"supervised"});
    TrainerSettings settings;
    settings.batching.regime = Regime::joint;
    settings.batching.batch_size = 6;
    settings.max_steps = 3;
    settings.task_gradients = choice;
    settings.selection.monitor = "last";
    std::vector<std::string> names;
    names.reserve(run.tasks.size());
    for (const Task& task : run.tasks) names.push_back(task.name);
    Trainer trainer(settings, run.model, run.objective,
                    build_weighting(Config::from_json("upgrad", "weighting"), {.names = names, .train_rows = {}}),
                    run.data);
    trainer.fit();
    values.push_back(trainer.parameters().values().clone());
  }
  EXPECT_TRUE(close(values[1], values[0], 0, 1e-4));
}

}  // namespace
}  // namespace infomtl
