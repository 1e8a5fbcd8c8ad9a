#pragma once
// Label directions: how much of what each task's labels ask of common inputs lies in the directions that all tasks ask for most
// (Wu, Zhang and Re, ICLR 2020, algorithm 2).
//
// Letters: k tasks, B rows of inputs, d their width, C_i columns of task i's labels.

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// alpha_i = ||U_r^T Theta_i||_F / sqrt(C_i), U_r [d, r] the top left singular vectors of all Theta side by side; [k] float64
/// on the CPU, not normalised.
///
/// The paper has one column per task, theta_i = X^T y_i [d]; several (classes) are our reading, comparable across C_i by the
/// root. With r the rank of all columns alpha_i = ||Theta_i||_F / sqrt(C_i).
/// theta_i is as long as y_i: bring each column of labels to mean 0 and deviation 1 first.
/// @param directions  [d, C_i] each: X^T Y_i with the rows X [B, d] uncentred, as in the paper
/// @param rank  r, from 1 to the smaller of d and the sum of C_i
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor shared_direction_norms(const std::vector<torch::Tensor>& directions, std::int64_t rank);

}  // namespace infomtl::ops
