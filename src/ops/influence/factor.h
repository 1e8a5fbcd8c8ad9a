#pragma once
// Cholesky factors of curvatures: singular ones are told in words.

#include <torch/types.h>

#include <string>

namespace infomtl::ops::influence {

/// The lower factor L of a symmetric matrix [P, P]; the lower half is read.
/// @throws UserError naming `what` where the matrix is not positive definite, to rounding
torch::Tensor cholesky(const torch::Tensor& matrix, const std::string& what);
/// H^-1 v of rows v [q, P], H = L L^T.
torch::Tensor solved(const torch::Tensor& factor, const torch::Tensor& vectors);

}  // namespace infomtl::ops::influence
