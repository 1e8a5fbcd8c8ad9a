#pragma once
// Matrix products of packed matrices, by the fastest routine this machine has.
//
// A routine of oneDNN is compiled for each shape: milliseconds, and memory that its caches keep. The rows N of a packed
// matrix differ from step to step, so products work on N rounded to a few sizes. Packed matrices therefore lie in
// storage for more rows than they have: empty_rows(), and every result of product_of_rows().

#include <torch/types.h>

namespace infomtl::ops {

/// [rows, width], not filled, with room behind its last row for what a product rounds its rows up to.
at::Tensor empty_rows(std::int64_t rows, std::int64_t width, const at::TensorOptions& options);
/// The same of the shape of x [rows, width]; for other dimensions at::empty_like.
at::Tensor empty_rows_like(const at::Tensor& x);

/// a b^T (+ bias): both factors by rows, as a linear layer has them. A transposed view of b is as good as a matrix.
/// What lies behind the last row of a's storage may be read, and never shows in the result.
///
/// float32 on a CPU with AVX-512 that is not Intel's goes to oneDNN, which is twice as fast there as the BLAS that
/// at::mm calls; everything else goes to at::mm (for bfloat16 that is oneDNN as well).
///
/// @param a [M, K]; @param b [N, K]; one type; @param bias [N] or undefined
/// @return [M, N], without graph
at::Tensor product_of_rows(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {});

/// a^T b, summed over the rows of both: the gradient of a weight.
///
/// @param a [M, O]; @param b [M, I]; one type
/// @return [O, I], without graph
at::Tensor product_over_rows(const at::Tensor& a, const at::Tensor& b);

/// Adds it to `sum` [O, I], of any floating-point type, where it lies.
void add_product_over_rows(const at::Tensor& sum, const at::Tensor& a, const at::Tensor& b);

}  // namespace infomtl::ops
