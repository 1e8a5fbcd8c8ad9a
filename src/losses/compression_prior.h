#pragma once
// Compression prior: what a stochastic head's posterior is compressed to, with what it learns per task. Its mathematics
// is in ops/information/gaussian.h.

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/data/task.h"
#include "infomtl/ops/information/gaussian.h"

namespace infomtl {

/// What a head predicts for B items of a task.
struct Posterior {
  torch::Tensor mean, log_variance, sample;  ///< [B, K]
  torch::Tensor classes;                     ///< [B] int64, undefined where a label is not a single class
  std::size_t task = 0;
  ops::KlReduction reduction = ops::KlReduction::spc;
};

class CompressionPrior : public torch::nn::Module {
 public:
  /// @return mean() is the reduced divergence, in nats; count: B
  virtual ops::LossValue divergence(const Posterior& posterior) const = 0;
  /// Whether it needs a class for every item.
  virtual bool reads_classes() const { return false; }
  /// Fewer items cannot be compressed.
  virtual std::int64_t least_items() const { return 1; }
};

struct PriorContext {
  std::vector<Task> tasks;
  std::int64_t components = 0;  ///< mixture
  std::uint64_t seed = 0;
};

/// "standard", "learned", "mixture", "class_conditional", "l1out", "club", "club_sample".
const std::vector<std::string>& prior_names();
/// @throws ConfigError for any other name
std::shared_ptr<CompressionPrior> make_prior(const std::string& name, const PriorContext& shape);

}  // namespace infomtl
