#pragma once
// Randomness as a function, not a state: every draw of a run is a function of (run seed, purpose, step), so a resumed
// run needs counters only.
//
//   RandomStream order(derive_seed(run_seed, "order/hate", epoch));
//   std::vector<std::size_t> rows = order.permutation(9000);

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// hash(run_seed, purpose, step): equal arguments give equal seeds on every machine; any change gives an unrelated one.
INFOMTL_API std::uint64_t derive_seed(std::uint64_t run_seed, std::string_view purpose, std::uint64_t step = 0);

/// A small portable generator (SplitMix64); the same numbers on every platform and standard library.
class INFOMTL_API RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Standard normal (Box-Muller, one value per call).
  double normal();
  /// Uniform in {0, ..., n-1}, without modulo bias; n > 0.
  std::uint64_t below(std::uint64_t n);
  /// A uniformly random order of {0, ..., n-1} (Fisher-Yates).
  std::vector<std::size_t> permutation(std::size_t n);

 private:
  std::uint64_t state_;
};

}  // namespace infomtl
