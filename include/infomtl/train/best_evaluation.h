#pragma once
// Best evaluation: what a selection has found so far.

#include <cstdint>
#include <limits>

namespace infomtl {

/// The best evaluation, after an epoch or within one (TrainerSettings::evaluate_every).
struct BestEvaluation {
  static constexpr double kNone = -std::numeric_limits<double>::infinity();
  double score = kNone;     ///< larger is better
  std::int64_t epoch = -1;  ///< that it ended or fell in, from 0; -1: none yet
  std::int64_t step = -1;   ///< optimiser steps done by then
};

}  // namespace infomtl
