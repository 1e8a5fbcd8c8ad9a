#pragma once
// Dense net: the small multi-layer perceptrons that heads, critics and priors are made of. Whoever trains one owns its
// tensors; here is how they are drawn and what they do.
//
//   std::vector<DenseLayer> layers = {draw_dense_layer(384, 64, seed, "hidden."), draw_dense_layer(64, 3, seed, "output.")};
//   Tensor logits = dense_net(layers, x, {.activation = Activation::gelu});
//
// By plain tensor operations, so differentiable twice.

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/activation.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl::ops {

struct DenseLayer {
  torch::Tensor weight;  ///< [out, in]
  torch::Tensor bias;    ///< [out]
};

/// Weight and bias uniform in +-1/sqrt(inputs), as torch.nn.Linear draws them: functions of the seed and of the names
/// <name>weight and <name>bias. Float32 on the CPU, without requires_grad.
INFOMTL_API DenseLayer draw_dense_layer(std::int64_t inputs, std::int64_t outputs, std::uint64_t seed,
                                        const std::string& name);

struct DenseNetOptions {
  Activation activation = Activation::relu;  ///< between the layers
  double dropout = 0;                        ///< rate, before each layer
  TensorRandom* random = nullptr;            ///< of the dropout; null: none
};

/// x [B, in] through all layers, [B, out]; arithmetic in x's type.
INFOMTL_API torch::Tensor dense_net(const std::vector<DenseLayer>& layers, torch::Tensor x,
                                    const DenseNetOptions& options = {});

}  // namespace infomtl::ops
