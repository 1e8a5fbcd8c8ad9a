#pragma once
// Joint accuracy: how often all tasks that label a text are right about it.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace infomtl {

/// Of tasks that label the same texts: the share of texts on which all of them are right, metrics/sentence_accuracy.h.
struct JointAccuracy {
  std::vector<std::size_t> tasks;  ///< two or more, ascending; regressions take no part
  double accuracy = 0;             ///< in [0, 1]
  std::int64_t texts = 0;
};

}  // namespace infomtl
