#include "infomtl/train/trainer_settings.h"

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/sampler.h"
#include "train/phase_plan.h"

namespace infomtl {

namespace {

/// Counts that a config may give: products of two of them still fit 64 bits.
constexpr double kMost = 1e9;

std::optional<double> number_if_given(const Config& config, const char* key, Range range) {
  std::optional<double> number;
  if (config.has(key)) config.part([&] { number = config.number(key, range); });
  return number;
}

ParameterGroup read_group(const Config& config) {
  ParameterGroup group;
  group.match = config.text("match");
  group.learning_rate = number_if_given(config, "learning_rate", above(0.0));
  group.rate_factor = number_if_given(config, "rate_factor", at_least(0.0));
  group.weight_decay = number_if_given(config, "weight_decay", at_least(0.0));
  group.trains = config.boolean("trains", group.trains);
  group.where = config.where("match");
  if (group.learning_rate && group.rate_factor) {
    config.fail("rate_factor", "give either learning_rate or rate_factor, not both");
  }
  config.reject_unknown();
  return group;
}

void read_optimizer(const Config& config, TrainerSettings& settings) {
  if (config.is_object()) {
    for (const Config& group : config.list_or_empty("groups")) {
      group.part([&] { settings.groups.push_back(read_group(group)); });
    }
    settings.layer_decay =
        config.number("layer_decay", settings.layer_decay, {.low = 0.0, .high = 1.0, .low_open = true});
  }
  settings.optimizer = *optimizer_registry().build(config);
}

TrainingPhase read_phase(const Config& config) {
  TrainingPhase phase;
  phase.epochs = config.integer("epochs", phase.epochs, between(1, kMost));
  phase.steps = config.integer("steps", phase.steps, between(1, kMost));
  phase.share = config.number("share", phase.share, above_to(0, 1));
  for (const Config& selector : config.list_or_empty("freeze")) phase.freeze.push_back(selector.as_text());
  phase.where = config.where();
  config.reject_unknown();
  return phase;
}

/// Reads training.phases; training.epochs or training.max_steps is theirs together where it was left out.
void read_phases(const Config& training, TrainerSettings& settings) {
  bool whole = true;
  for (const Config& phase : training.list_or_empty("phases")) {
    whole = phase.part([&] { settings.phases.push_back(read_phase(phase)); }) && whole;
  }
  if (!whole) return;  // their lengths say nothing
  const PhaseLength length = length_of(settings.phases);
  if (!training.has("epochs") && length.epochs > 0) settings.epochs = length.epochs;
  if (!training.has("max_steps") && length.steps > 0) settings.max_steps = length.steps;
  check_phase_length(settings.phases, settings.epochs, settings.max_steps);
}

}  // namespace

void TrainerSettings::fields(FieldVisitor& f) {
  f.field("epochs", epochs, "passes over the data", between(1, kMost));
  f.field("max_steps", max_steps, "stop after so many steps; 0: all epochs", between(0, kMost));
  batching.fields(f);
  f.choice("task_gradients", task_gradients, {"auto", "jacobian", "gram"},
           "for methods that compare gradients of tasks: keep them (faster), or only their products (less memory)");
  f.field("evaluation_batch_size", evaluation_batch_size, "texts of a batch in evaluation", between(1, kMost));
  f.choice("clip", clip, {"total", "per_task", "none"},
           "what is clipped: the combined gradient, each task's gradient before it is weighed, or nothing");
  f.field("clip_norm", clip_norm, "largest gradient norm; 0: no clipping", at_least(0.0));
  f.choice("non_finite", non_finite, {"error", "skip"}, "what to do with a step whose loss or gradient is not finite");
  f.field("report_every", report_every, "steps between records of the log", between(1, kMost));
}

TrainerSettings TrainerSettings::from_config(const Config& config) {
  TrainerSettings settings;
  settings.seed = static_cast<std::uint64_t>(config.integer("seed", 0, at_least(0)));

  const Config training = config.object_or_empty("training");
  const Config selection = training.object_or_empty("selection");
  selection.part([&] {
    settings.selection = selection.read<SelectionSettings>();
    if (settings.selection.split == "test") selection.fail("split", kNotTheTestSplit);
  });
  if (training.has("sampler")) {
    training.part([&] { settings.sampler = sampler_registry().build(training.value("sampler")); });
  }
  training.part([&] {
    settings.evaluate_every = StepInterval::read(training, "evaluate_every");
    if (settings.evaluate_every.given() && settings.selection.monitor == "last") {
      training.fail("evaluate_every", "nothing is scored under \"selection\": {\"monitor\": \"last\"}; leave one out");
    }
  });
  for (const char* key : {"checkpoint_every", "keep", "unsupervised_tasks"}) training.has(key);  // read by the run
  training.read_fields(settings);
  training.part([&] { read_phases(training, settings); });
  training.reject_unknown();

  if (config.has("optimizer")) config.part([&] { read_optimizer(config.value("optimizer"), settings); });
  if (config.has("schedule")) {
    config.part([&] { settings.schedule = schedule_registry().build(config.value("schedule")); });
  }
  return settings;
}

}  // namespace infomtl
