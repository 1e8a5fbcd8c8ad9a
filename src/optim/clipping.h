#pragma once
// Norm and clipping of a gradient that lies in pieces of one buffer.

#include <ATen/core/Tensor.h>

#include <vector>

namespace infomtl {

/// Scales all entries by clip_factor() of their common norm (norm_elements.h), unless the limit is 0. Elsewhere than on the
/// CPU the host looks at the norm later: there, entries whose norm is not finite become 0, so that no parameter takes one.
/// @param pieces  flat, of one type on one device; at least one
/// @return the norm before, sqrt(sum g^2) accumulated in float64: a scalar float64 on the device
at::Tensor clip(const std::vector<at::Tensor>& pieces, double max_norm);

/// The same for float32 on a GPU by the kernels of cuda/, where they are built. Nothing waits for the device, and there is
/// one order of the sums.
at::Tensor clip_on_cuda(const std::vector<at::Tensor>& pieces, double max_norm);

}  // namespace infomtl
