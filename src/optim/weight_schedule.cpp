#include "infomtl/optim/weight_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "infomtl/core/config.h"

namespace infomtl {

Schedule Schedule::linear(double from, double to, std::int64_t steps) {
  Schedule schedule(to);
  schedule.shape_ = Shape::linear;
  schedule.from_ = from;
  schedule.steps_ = steps;
  return schedule;
}

Schedule Schedule::cosine(double from, double to, std::int64_t steps) {
  Schedule schedule = linear(from, to, steps);
  schedule.shape_ = Shape::cosine;
  return schedule;
}

Schedule Schedule::from_config(const Config& value) {
  if (!value.is_object()) return {value.as_number()};
  const std::string shape = value.choice("schedule", "linear", {"linear", "cosine", "constant"});
  const double to = value.number("to");
  if (shape == "constant") {
    value.reject_unknown();
    return {to};
  }
  const double from = value.number("from", 0.0);
  const std::int64_t steps = value.integer("steps", at_least(1));
  value.reject_unknown();
  return shape == "linear" ? linear(from, to, steps) : cosine(from, to, steps);
}

double Schedule::at(std::int64_t step) const {
  if (shape_ == Shape::constant || step >= steps_) return to_;
  const double progress = static_cast<double>(std::max<std::int64_t>(step, 0)) / static_cast<double>(steps_);
  const double share = shape_ == Shape::linear ? progress : 0.5 * (1 - std::cos(std::numbers::pi * progress));
  return from_ + (to_ - from_) * share;
}

}  // namespace infomtl
