#pragma once
// The seeds that a user lists.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"

namespace infomtl {

/// @throws UserError naming a seed that is there twice
inline void refuse_repeated_seeds(const std::vector<std::uint64_t>& seeds) {
  std::set<std::uint64_t> seen;
  for (const std::uint64_t seed : seeds) {
    if (!seen.insert(seed).second) throw UserError("seed " + std::to_string(seed) + " is given twice; give each once");
  }
}

/// A config's list of seeds; empty where it has none. @throws ConfigError
inline std::vector<std::uint64_t> read_seeds(const Config& config, std::string_view key) {
  std::vector<std::uint64_t> seeds;
  for (const Config& seed : config.list_or_empty(key)) {
    seeds.push_back(static_cast<std::uint64_t>(seed.as_integer(at_least(0))));
  }
  return seeds;
}

}  // namespace infomtl
