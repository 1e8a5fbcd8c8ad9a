#pragma once
// The seeds that a user lists.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"

namespace infomtl {

/// @throws UserError naming a seed that is there twice
inline void refuse_repeated_seeds(const std::vector<std::uint64_t>& seeds) {
  std::set<std::uint64_t> seen;
  for (const std::uint64_t seed : seeds) {
    if (!seen.insert(seed).second) throw UserError("seed " + std::to_string(seed) + " is given twice; give each once");
  }
}

}  // namespace infomtl
