#pragma once
// Class rows: what a split holds of one class, and what its files have for it.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// One class of a task in one split.
struct INFOMTL_API ClassRows {
  std::string label;
  std::int64_t rows = 0;  ///< words, for tagging
  /// What the label column holds where it was read as this class, and how often, before subsets are drawn.
  std::vector<std::pair<std::string, std::int64_t>> written = {};
  std::vector<std::string> examples = {};  ///< its first three different texts (words, for tagging), shortened
};

}  // namespace infomtl
