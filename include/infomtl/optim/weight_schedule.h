#pragma once
// Schedule: a number as a function of the optimiser step. In a config either a number, or
// {"schedule": "linear", "from": 0, "to": 0.01, "steps": 1000}; constant at "to" afterwards. Shapes: linear, cosine,
// exponential (equal ratios; both ends above 0) and staircase, which is linear in stairs of "every" steps.

#include <cstdint>
#include <string>

#include "infomtl/core/export.h"

namespace infomtl {

class Config;

class INFOMTL_API Schedule {
 public:
  Schedule(double constant) : to_(constant) {}  // NOLINT(google-explicit-constructor): a number is a schedule
  static Schedule linear(double from, double to, std::int64_t steps);
  static Schedule cosine(double from, double to, std::int64_t steps);
  /// from (to/from)^(step/steps): from, to > 0.
  static Schedule exponential(double from, double to, std::int64_t steps);
  /// linear() at the last multiple of `every`.
  static Schedule staircase(double from, double to, std::int64_t steps, std::int64_t every);
  /// @throws ConfigError
  static Schedule from_config(const Config& value);

  double at(std::int64_t step) const;

 private:
  enum class Shape { constant, linear, cosine, exponential };
  Shape shape_ = Shape::constant;
  double from_ = 0;
  double to_ = 0;
  std::int64_t steps_ = 0;
  std::int64_t every_ = 1;
};

}  // namespace infomtl
