#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/sampler.h"
#include "infomtl/train/trainer.h"

namespace infomtl {

namespace {

/// Counts that a config may give: products of two of them still fit 64 bits.
constexpr double kMost = 1e9;

}  // namespace

void TrainerSettings::fields(FieldVisitor& f) {
  f.field("epochs", epochs, "passes over the data", between(1, kMost));
  f.field("max_steps", max_steps, "stop after so many steps; 0: all epochs", between(0, kMost));
  batching.fields(f);
  f.choice("task_gradients", task_gradients, {"auto", "jacobian", "gram"},
           "for methods that compare gradients of tasks: keep them (faster), or only their products (less memory)");
  f.field("evaluation_batch_size", evaluation_batch_size, "texts of a batch in evaluation", between(1, kMost));
  f.field("clip_norm", clip_norm, "largest gradient norm; 0: no clipping", at_least(0.0));
  f.choice("non_finite", non_finite, {"error", "skip"}, "what to do with a step whose loss or gradient is not finite");
  f.field("report_every", report_every, "steps between records of the log", between(1, kMost));
}

TrainerSettings TrainerSettings::from_config(const Config& config) {
  TrainerSettings settings;
  settings.seed = static_cast<std::uint64_t>(config.integer("seed", 0, at_least(0)));

  const Config training = config.object_or_empty("training");
  const Config selection = training.object_or_empty("selection");
  settings.selection = selection.read<SelectionSettings>();
  if (settings.selection.split == "test") {
    selection.fail("split", kNotTheTestSplit);
  }
  if (training.has("sampler")) settings.sampler = sampler_registry().build(training.value("sampler"));
  training.read_fields(settings);
  training.reject_unknown();

  // Built once on nothing: mistakes are found, with their place, before anything is loaded.
  FlatParameters nothing({});
  if (config.has("optimizer")) {
    optimizer_registry().build(config.value("optimizer"), nothing);
    settings.optimizer = config.value("optimizer").json();
  }
  if (config.has("schedule")) {
    schedule_registry().build(config.value("schedule"));
    settings.schedule = config.value("schedule").json();
  }
  return settings;
}

}  // namespace infomtl
