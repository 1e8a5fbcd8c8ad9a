#pragma once
// Critic: the function f(x, y) whose scores on all pairs of two batches feed a bound on mutual information; here with
// the parameters it learns. The arithmetic is ops/information/critics.h.

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/ops/information/contrastive.h"

namespace infomtl {

class Critic : public torch::nn::Module {
 public:
  /// F_ij = f(x_i, y_j) / temperature, [B, M] for x [B, H] and y [M, H].
  virtual torch::Tensor scores(const torch::Tensor& x, const torch::Tensor& y, double temperature) const = 0;
  /// InfoNCE of those scores, as ops::info_nce.
  virtual ops::LossValue info_nce(const torch::Tensor& x, const torch::Tensor& y, double temperature, bool symmetric,
                                  const torch::Tensor& positive, const ops::IgnoredPairs& ignored) const {
    return ops::info_nce_from_scores(scores(x, y, temperature), symmetric, positive, ignored);
  }
};

struct CriticContext {
  std::int64_t inputs = 0;  ///< H, of x and of y
  std::int64_t width = 0;   ///< of hidden layers and embeddings
  std::uint64_t seed = 0;
};

/// "cosine" (nothing learned), "separable", "bilinear", "concat".
const std::vector<std::string>& critic_names();
/// @throws ConfigError for any other name
std::shared_ptr<Critic> make_critic(const std::string& name, const CriticContext& shape);

}  // namespace infomtl
