#pragma once
// Information bound: a lower bound (or estimate) of I(X; Y) as something to train by, with what it learns or remembers.
// The mathematics is ops/information/bounds.h.

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/ops/loss_value.h"
#include "losses/critic.h"

namespace infomtl {

/// Two batches of a task in a step: row i of x belongs to row positive_i of y.
struct PairedRows {
  torch::Tensor x;                 ///< [B, H]
  torch::Tensor y;                 ///< [M, H]
  torch::Tensor positive;          ///< [B] int64, undefined: row i to row i
  ops::IgnoredPairs ignored = {};  ///< pairs that are no negatives; bounds that contrast()
  const Critic* critic = nullptr;
  double temperature = 1;  ///< scores are divided by it
  bool symmetric = false;
  std::size_t task = 0;
  std::int64_t step = 0;
  bool records = true;  ///< whether what the bound remembers moves
};

class InformationBound : public torch::nn::Module {
 public:
  /// @return sum: B times minus the bound, in nats (InfoNCE: its loss, log B above that); count: B
  virtual ops::LossValue loss(const PairedRows& rows) = 0;
  /// Fewer rows have no pair to contrast.
  virtual std::int64_t least_rows() const { return 2; }
  /// Whether it knows more rows of y than of x, and both directions.
  virtual bool contrasts() const { return false; }
};

struct BoundShape {
  std::int64_t inputs = 0;  ///< H
  std::int64_t width = 0;   ///< of the hidden layer of what is learned beside the critic
  std::size_t tasks = 0;
  std::uint64_t seed = 0;
  double clip = 0;      ///< smile
  double momentum = 0;  ///< mine
};

/// "infonce", "dv", "mine", "nwj", "tuba", "jsd", "smile", "flo".
const std::vector<std::string>& bound_names();
/// @throws ConfigError for any other name
std::shared_ptr<InformationBound> make_bound(const std::string& name, const BoundShape& shape);

}  // namespace infomtl
