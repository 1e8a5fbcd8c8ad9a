#pragma once
// Sampler: which task each step of an epoch trains, in the alternating regime. A pure function of its arguments.
//
//   auto sampler = samplers::temperature({.temperature = 2});   // or sampler_registry().build(config)
//   std::vector<std::int32_t> tasks = sampler->epoch({.rows = {9000, 300}, .batches = {282, 10}, .run_seed = 0});

#include <cstdint>
#include <memory>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"

namespace infomtl {

/// What a sampler may look at. T tasks.
struct SamplerContext {
  std::vector<std::int64_t> rows = {};     ///< [T] training examples of each task
  std::vector<std::int64_t> batches = {};  ///< [T] batches of one pass over each task
  std::uint64_t run_seed = 0;
  std::int64_t epoch = 0;   ///< from 0
  std::int64_t epochs = 1;  ///< planned epochs of the run
};

class INFOMTL_API Sampler {
 public:
  virtual ~Sampler() = default;
  /// The tasks of the epoch's steps, sum(batches) of them. Proportional and round_robin give each task exactly as often
  /// as it has batches, so that an epoch holds every example exactly once. The others draw; the examples of a task then
  /// come in passes over it that run on across epochs: none is repeated before all of its task were seen.
  virtual std::vector<std::int32_t> epoch(const SamplerContext& input) const = 0;
  /// Whether tasks come up in proportion to their rows over an epoch.
  virtual bool by_size() const { return false; }
};

/// proportional, round_robin, uniform, temperature, annealed.
INFOMTL_API Registry<Sampler>& sampler_registry();

}  // namespace infomtl
