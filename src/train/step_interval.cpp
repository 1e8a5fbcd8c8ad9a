#include "infomtl/train/step_interval.h"

#include <cmath>
#include <string>

#include "infomtl/core/config.h"

namespace infomtl {

bool StepInterval::due(std::int64_t steps_done, std::int64_t steps_per_epoch) const {
  if (steps > 0) return steps_done % steps == 0;
  if (epochs <= 0) return false;
  const double length = epochs * static_cast<double>(steps_per_epoch);
  const auto intervals = [&](std::int64_t step) {  // that are over; 0.1 * 10 steps is one step, whatever it rounds to
    return std::floor(static_cast<double>(step) / length + 1e-9);
  };
  const std::int64_t of_epoch = steps_done % steps_per_epoch;
  return of_epoch == 0 || intervals(of_epoch) > intervals(of_epoch - 1);
}

StepInterval StepInterval::read(const Config& config, std::string_view key) {
  StepInterval interval;
  if (!config.has(key)) return interval;
  const Config every = config.value(key);
  if (!every.is_object()) {
    interval.steps = config.integer(key, 0, between(1, 1e9));
    return interval;
  }
  interval.steps = every.integer("steps", 0, between(1, 1e9));
  interval.epochs = every.number("epochs", 0, above_to(0, 1));
  every.reject_unknown();
  if ((interval.steps > 0) == (interval.epochs > 0)) {
    config.fail(key, "needs a number of steps, or one of \"steps\" and \"epochs\"");
  }
  return interval;
}

}  // namespace infomtl
