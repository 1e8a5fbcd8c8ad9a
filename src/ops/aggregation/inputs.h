#pragma once
// Checked reading of what the functions of this folder are given, and writing of what they return.

#include <torch/types.h>

#include <cstdint>
#include <string_view>

#include "ops/aggregation/dense.h"

namespace infomtl::ops {

/// Jacobians are worked through in blocks of this many columns, so that temporaries stay small beside [T, P].
constexpr std::int64_t kColumnsABlock = 1 << 20;
/// On the CPU, where several passes go over the same columns: temporaries of a block stay in the caches.
constexpr std::int64_t kColumnsInCache = 1 << 17;

/// [T, T] of finite floats, symmetric by construction: the halves are averaged, negative diagonal entries (rounding)
/// are 0.
dense::Matrix read_gram(const torch::Tensor& gram, std::string_view method);
/// [T, T] of finite floats.
dense::Matrix read_square(const torch::Tensor& matrix, std::string_view method, std::string_view what);
/// [T] of finite floats; `size` 0 takes any T >= 1.
dense::Vector read_vector(const torch::Tensor& vector, std::size_t size, std::string_view method,
                          std::string_view what);
/// [T, P] floating point with T >= 1; finite, where the host can tell without waiting: on the CPU.
void check_jacobian(const torch::Tensor& jacobian, std::string_view method);

/// [T] float64 on the CPU.
torch::Tensor to_tensor(const dense::Vector& vector);

/// softmax(x), shifted by the largest entry.
dense::Vector softmax(const dense::Vector& x);
/// J^T v of softmax at the point whose softmax is `z`: z * (v - z.v).
dense::Vector softmax_pullback(const dense::Vector& z, const dense::Vector& v);
/// max(y - theta, 0) with sum 1.
dense::Vector simplex_projection(const dense::Vector& y);

}  // namespace infomtl::ops
