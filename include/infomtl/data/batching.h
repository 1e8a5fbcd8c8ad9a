#pragma once
// Batching: how the examples of the tasks become the batches of steps.
//
//   BatchingSettings settings{.batch_size = 32, .regime = Regime::joint, .accumulate = 2};

#include <cstdint>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/core/regime.h"
#include "infomtl/core/settings.h"

namespace infomtl {

struct INFOMTL_API BatchingSettings {
  std::int64_t batch_size = 32;  ///< examples of a step (joint: see joint_batch_size), >= 1
  Regime regime = Regime::alternating;
  /// Joint: whether batch_size counts the examples of each task ("per_task") or of all tasks together ("total").
  std::string joint_batch_size = "per_task";
  /// Joint: how long an epoch is: until the task with the most batches was seen once ("longest"; smaller tasks come round
  /// several times), or as many rows as all tasks have together ("total_rows"), which is what an alternating epoch takes.
  std::string joint_epoch = "longest";
  std::int64_t accumulate = 1;  ///< micro-batches that a step's batch is cut into; their gradients add up to its own
  /// Batches of like length: so many batches' worth of shuffled examples are sorted by length and cut, and the batches
  /// shuffled; 0: random batches.
  std::int64_t length_window = 0;

  void fields(FieldVisitor& f);
};

}  // namespace infomtl
