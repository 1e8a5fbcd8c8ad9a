#pragma once
// Matrix products of packed matrices, by the fastest routine this machine has.

#include <torch/types.h>

namespace infomtl::ops {

/// a b^T (+ bias): both factors by rows, as a linear layer has them. A transposed view is as good as a matrix.
///
/// float32 on a CPU with AVX-512 that is not Intel's goes to oneDNN, which is twice as fast there as the BLAS that
/// at::mm calls; everything else goes to at::mm (for bfloat16 that is oneDNN as well).
///
/// @param a [M, K]; @param b [N, K]; one type; @param bias [N] or undefined
/// @return [M, N], without graph
at::Tensor product_of_rows(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {});

}  // namespace infomtl::ops
