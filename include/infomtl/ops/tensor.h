#pragma once
// Tensor: LibTorch's, under one name in the whole library.
#include <torch/types.h>

namespace infomtl {
using torch::Tensor;
}  // namespace infomtl
