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

Schedule Schedule::exponential(double from, double to, std::int64_t steps) {
  Schedule schedule = linear(from, to, steps);
  schedule.shape_ = Shape::exponential;
  return schedule;
}

Schedule Schedule::staircase(double from, double to, std::int64_t steps, std::int64_t every) {
  Schedule schedule = linear(from, to, steps);
  schedule.every_ = every;
  return schedule;
}

Schedule Schedule::from_config(const Config& value) {
  if (!value.is_object()) return {value.as_number()};
  const std::string shape =
      value.choice("schedule", "linear", {"linear", "cosine", "exponential", "staircase", "constant"});
  const bool ratios = shape == "exponential";
  const double to = value.number("to", ratios ? above(0) : any_number());
  if (shape == "constant") {
    value.reject_unknown();
    return {to};
  }
  const double from = ratios ? value.number("from", above(0)) : value.number("from", 0.0);
  const std::int64_t steps = value.integer("steps", at_least(1));
  const std::int64_t every = shape == "staircase" ? value.integer("every", at_least(1)) : 1;
  value.reject_unknown();
  if (ratios) return exponential(from, to, steps);
  if (shape == "staircase") return staircase(from, to, steps, every);
  return shape == "linear" ? linear(from, to, steps) : cosine(from, to, steps);
}

double Schedule::at(std::int64_t step) const {
  if (shape_ == Shape::constant || step >= steps_) return to_;
  const std::int64_t begun = std::max<std::int64_t>(step, 0) / every_ * every_;
  const double progress = static_cast<double>(begun) / static_cast<double>(steps_);
  if (shape_ == Shape::exponential) return from_ * std::pow(to_ / from_, progress);
  const double share = shape_ == Shape::linear ? progress : 0.5 * (1 - std::cos(std::numbers::pi * progress));
  return from_ + (to_ - from_) * share;
}

}  // namespace infomtl
