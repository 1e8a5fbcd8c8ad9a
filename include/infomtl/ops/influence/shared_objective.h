#pragma once
// Shared objective: the loss of several tasks over fixed features, with a shared part gamma and a linear head theta_k per
// task, and the derivatives that influence functions read (MTIF; Tu, Liu, Ma and Tang, arXiv 2505.21438):
//
//   L(w) = sum_k sum_i weight_ki l_k(outputs_k(w; x_ki), y_ki) + ridge/2 |w|^2 [+ penalty sum_k |tied part of theta_k - gamma|^2]
//
//   SharedObjective objective({{OutputLoss::cross_entropy, 3, features, labels}, ...}, {.part = SharedPart::adapter});
//   auto [value, gradient] = objective.value_and_gradient(w);
//   Tensor product = objective.curvature_product(w, vectors, Curvature::gauss_newton);
//
// A row's gradient in a linear layer is the outer product of the layer's input and of the gradient in its outputs, so
// products with a matrix of vectors are products of features: no gradient of a row is ever written out. Features are kept in
// the type they come in; all arithmetic is float64, in blocks of rows.
//
// Letters: n rows of a task, d width of the features, r rank of the adapter, C outputs of a task, p parameters of gamma,
// P of all: gamma first, then theta_1 .. theta_T; q vectors, as rows.

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/influence/output_loss.h"

namespace infomtl::ops {

/// One task's rows.
struct LabelledFeatures {
  OutputLoss loss = OutputLoss::cross_entropy;
  std::int64_t outputs = 2;
  torch::Tensor features;      ///< [n, d], any floating type
  torch::Tensor labels;        ///< as output_losses() has them
  torch::Tensor weights = {};  ///< [n] float64; undefined: 1/n each
  std::string name = {};       ///< for messages
};

/// What the tasks share. All outputs also have a bias of the task's own, beside U_k [C, .]:
enum class SharedPart {
  none,     ///< U_k x: nothing, or under soft sharing a common point of the heads
  common,   ///< (G + U_k) [x; 1]: a linear map of the outputs, added to each task's own; tasks of as many outputs
  adapter,  ///< U_k W x: a linear map W [r, d]; under soft sharing U_k W_k x, with W_k drawn to W
};

struct SharedSettings {
  SharedPart part = SharedPart::none;
  std::int64_t rank = 32;  ///< r of an adapter
  bool soft = false;       ///< tasks have the part for themselves, tied to a common point gamma by the penalty
  double penalty = 0.1;    ///< of soft sharing
  double ridge = 1e-3;     ///< on every parameter, biases included
};

enum class Curvature { gauss_newton, hessian };

/// Where parameters lie in w.
struct ParameterPlaces {
  std::int64_t shared = 0;          ///< p; gamma is w[0 .. p)
  std::vector<std::int64_t> begin;  ///< of theta_k
  std::vector<std::int64_t> size;   ///< d_k
  std::int64_t total = 0;           ///< P
};

/// A linear layer on a block of rows. Parameters [out, in] lie at `begin` of w; the gradient of row i is the outer product of
/// (gradient in the outputs) to_outputs and of input_i.
struct LinearLayer {
  std::int64_t begin = 0;
  torch::Tensor input;            ///< [n, in]
  std::int64_t outputs = 0;       ///< out
  torch::Tensor to_outputs = {};  ///< [C, out]; undefined: the identity
};
/// Some rows of one task at w.
struct RowBlock {
  std::vector<LinearLayer> layers;
  torch::Tensor outputs;  ///< [n, C]
  torch::Tensor labels;
  torch::Tensor weights;  ///< [n]
};

struct ValueAndGradient {
  double value = 0;
  torch::Tensor gradient;  ///< [P]
};

class INFOMTL_API SharedObjective {
 public:
  /// @throws ShapeError where widths of features differ, or outputs of tasks that share a head
  SharedObjective(std::vector<LabelledFeatures> tasks, const SharedSettings& settings);

  const std::vector<LabelledFeatures>& tasks() const { return tasks_; }
  const SharedSettings& settings() const { return settings_; }
  const ParameterPlaces& places() const { return places_; }
  /// Whether L is convex: all but adapters are.
  bool convex() const { return settings_.part != SharedPart::adapter; }
  /// A start: an adapter drawn from the seed, uniform in +-1/sqrt(d) (the same for every task under soft sharing), and 0
  /// else; with heads of 0 an adapter would have no gradient, so its heads are drawn too.
  torch::Tensor start(std::uint64_t seed) const;

  ValueAndGradient value_and_gradient(const torch::Tensor& w) const;
  /// [q, P]: the curvature of L, regulariser included, times vectors [q, P].
  torch::Tensor curvature_product(const torch::Tensor& w, const torch::Tensor& vectors, Curvature curvature) const;
  /// The same of one task's rows alone, without the regulariser.
  torch::Tensor task_curvature_product(const torch::Tensor& w, std::size_t task, const torch::Tensor& vectors,
                                       Curvature curvature) const;
  /// The regulariser's share of the product.
  torch::Tensor regulariser_product(const torch::Tensor& vectors) const;
  /// sum_i weight_i l_i of one task and its gradient [P], without the regulariser.
  ValueAndGradient task_loss(const torch::Tensor& w, std::size_t task) const;
  /// [n, q]: the gradient of each row's loss times vectors [q, P].
  torch::Tensor row_products(const torch::Tensor& w, std::size_t task, const torch::Tensor& vectors) const;
  /// Blocks of one task's rows in order. @param per_row  numbers that the visitor holds per row, which bound a block's rows
  void visit(const torch::Tensor& w, std::size_t task, std::int64_t per_row,
             const std::function<void(const RowBlock&)>& visitor) const;

  /// The same objective over other rows of a task.
  SharedObjective with_rows(std::size_t task, const LabelledFeatures& rows) const;
  /// The same objective over some rows of each task, weighed 1/m each. @param rows [m] int64 per task
  SharedObjective subset(const std::vector<torch::Tensor>& rows) const;

 private:
  RowBlock block(const torch::Tensor& w, std::size_t task, std::int64_t first, std::int64_t count) const;
  torch::Tensor head(const torch::Tensor& w, std::size_t task) const;
  torch::Tensor adapter(const torch::Tensor& w, std::size_t task) const;

  std::vector<LabelledFeatures> tasks_;
  SharedSettings settings_;
  ParameterPlaces places_;
  std::int64_t width_ = 0;
};

}  // namespace infomtl::ops
