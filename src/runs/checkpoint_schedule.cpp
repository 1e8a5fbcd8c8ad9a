#include "runs/checkpoint_schedule.h"

#include <algorithm>
#include <cmath>

namespace infomtl {

CheckpointSettings CheckpointSettings::read(const Config& training) {
  CheckpointSettings settings;
  settings.keep = training.integer("keep", 0, between(0, 1e6));
  if (!training.has("checkpoint_every")) return settings;
  const Config every = training.value("checkpoint_every");
  if (!every.is_object()) {
    settings.steps = training.integer("checkpoint_every", 0, between(1, 1e9));
    return settings;
  }
  settings.steps = every.integer("steps", 0, between(1, 1e9));
  settings.minutes = every.number("minutes", 0, above(0));
  settings.epochs = every.number("epochs", 0, above(0));
  every.reject_unknown();
  if (int(settings.steps > 0) + int(settings.minutes > 0) + int(settings.epochs > 0) != 1) {
    training.fail("checkpoint_every", "needs a number of steps, or one of \"steps\", \"minutes\" and \"epochs\"");
  }
  return settings;
}

CheckpointSchedule::CheckpointSchedule(const CheckpointSettings& settings, std::int64_t steps_per_epoch)
    : every_(settings.steps), minutes_(settings.minutes) {
  if (settings.epochs > 0) {
    every_ = std::max<std::int64_t>(1, std::llround(settings.epochs * static_cast<double>(steps_per_epoch)));
  }
}

bool CheckpointSchedule::due(std::int64_t steps_done) {
  if (every_ > 0) return steps_done % every_ == 0;
  if (minutes_ == 0) return false;
  const auto now = std::chrono::steady_clock::now();
  if (std::chrono::duration<double>(now - saved_).count() < minutes_ * 60) return false;
  saved_ = now;
  return true;
}

}  // namespace infomtl
