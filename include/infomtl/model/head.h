#pragma once
// Head: one task's way from its representation to its prediction.
//
// Letters: B rows, D width of the task's representation, C outputs of the task.

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>

#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"
#include "infomtl/data/task.h"
#include "infomtl/ops/tensor.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl {

struct Prediction {
  Tensor output;        ///< [B, C] logits or values that the task loss reads; a sample in training for stochastic heads
  Tensor mean;          ///< [B, C] stochastic heads only, else undefined
  Tensor log_variance;  ///< [B, C] stochastic heads only, else undefined
};

/// Random numbers of a head in training; null pointers mean evaluation (no dropout, mean instead of a sample).
struct HeadRandom {
  ops::TensorRandom* dropout = nullptr;
  ops::TensorRandom* noise = nullptr;
};

class INFOMTL_API Head : public torch::nn::Module {
 public:
  /// @param representation [B, D]: a row per sequence, or a row per word for tagging
  virtual Prediction forward(const Tensor& representation, const HeadRandom& random) = 0;
  /// Whether predictions carry mean and log-variance.
  virtual bool gaussian() const { return false; }
};

/// Width D of the representation and the task; factories draw initial weights from the seed.
struct HeadContext {
  std::int64_t width = 0;
  const Task* task = nullptr;
  std::uint64_t seed = 0;
};

using HeadRegistry = Registry<Head, const HeadContext&>;
INFOMTL_API HeadRegistry& head_registry();
INFOMTL_API void register_builtin_heads(HeadRegistry& registry);

}  // namespace infomtl
