// Operations on every device, value and gradients in float32, against the CPU's in float64 on the same inputs. What has
// kernels of its own has tests on devices of its own, too (packed/, information/gaussian_draw_test.cpp).
#include "support/devices.h"

#include <ATen/ATen.h>
#include <torch/autograd.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "infomtl/ops/aggregation/gram.h"
#include "infomtl/ops/aggregation/robust.h"
#include "infomtl/ops/covariance.h"
#include "infomtl/ops/dense_net.h"
#include "infomtl/ops/feedback.h"
#include "infomtl/ops/gradient_norm.h"
#include "infomtl/ops/information/bounds.h"
#include "infomtl/ops/information/classification.h"
#include "infomtl/ops/information/contrastive.h"
#include "infomtl/ops/information/critics.h"
#include "infomtl/ops/information/gaussian.h"
#include "infomtl/ops/information/perturbation.h"
#include "infomtl/ops/information/variational.h"
#include "infomtl/ops/straight_through.h"
#include "infomtl/ops/text_convolution.h"
#include "ops/information/info_nce.h"
#include "support/compare.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using torch::Tensor;
using Tensors = std::vector<Tensor>;

struct Operation {
  std::string name;
  std::vector<std::vector<std::int64_t>> shapes;  ///< of the inputs, standard normal
  std::function<Tensor(const Tensors&)> apply;    ///< a result of any shape
  bool differentiable = true;
};
std::ostream& operator<<(std::ostream& to, const Operation& operation) { return to << operation.name; }

/// Integers below `classes` on the device of `like`.
Tensor labels(const Tensor& like, std::int64_t classes) {
  return at::arange(like.size(0), at::TensorOptions(torch::kInt64).device(like.device())).remainder(classes);
}
/// 0 or 1 in the shape of `like`.
Tensor targets(const Tensor& like) {
  return at::arange(like.numel(), like.options().requires_grad(false))
      .remainder(3)
      .eq(0)
      .to(like.dtype())
      .view_as(like);
}
Tensor offsets_of(const Tensor& like, const std::vector<std::int64_t>& ends) {
  return at::tensor(ends, at::TensorOptions(torch::kInt64)).to(like.device());
}
GaussianMoments moments(const Tensor& mean, const Tensor& scale) { return {mean, softplus_variance(scale)}; }

std::vector<Operation> classification_and_contrast() {
  return {
      {"cross_entropy", {{9, 4}}, [](const Tensors& x) { return cross_entropy(x[0], labels(x[0], 4), 0.1).sum; }},
      {"binary_cross_entropy",
       {{9, 4}},
       [](const Tensors& x) { return ops::binary_cross_entropy(x[0], targets(x[0])).sum; }},
      {"squared_error", {{9, 1}}, [](const Tensors& x) { return squared_error(x[0], targets(x[0].flatten())).sum; }},
      {"focal", {{9, 4}}, [](const Tensors& x) { return focal(x[0], labels(x[0], 4)).sum; }},
      {"focal_binary", {{9, 4}}, [](const Tensors& x) { return focal_binary(x[0], targets(x[0])).sum; }},
      {"batch_entropy", {{9, 4}}, [](const Tensors& x) { return batch_entropy(x[0]).sum; }},
      {"symmetric_kl", {{9, 4}, {9, 4}}, [](const Tensors& x) { return symmetric_kl(x[0], x[1]).sum; }},
      {"unit_rows", {{9, 4}}, [](const Tensors& x) { return unit_rows(x[0]); }},
      {"info_nce", {{9, 5}, {12, 5}}, [](const Tensors& x) { return info_nce(x[0], x[1], {.temperature = 0.3}).sum; }},
      {"info_nce of many rows",
       {{513, 16}, {513, 16}},  // tiled on a GPU
       [](const Tensors& x) {
         return linear_info_nce(x[0], x[1],
                                {.positive = labels(x[0], 513),
                                 .identity = true,
                                 .ignored = {},
                                 .options = {.temperature = 0.3, .symmetric = true}}) /
                513;
       }},
      {"info_nce_from_scores", {{7, 7}}, [](const Tensors& x) { return info_nce_from_scores(x[0], true).sum; }},
      {"two_view_information",
       {{60, 3}, {60, 3}},
       [](const Tensors& x) { return two_view_information(x[0], x[0] + x[1]); },
       false},
      {"supervised_contrastive",
       {{9, 5}},
       [](const Tensors& x) { return supervised_contrastive(x[0], labels(x[0], 3)).sum; }},
      {"uniformity", {{9, 5}}, [](const Tensors& x) { return uniformity(x[0]); }},
      {"alignment", {{9, 5}, {9, 5}}, [](const Tensors& x) { return alignment(x[0], x[1]); }},
  };
}

std::vector<Operation> bounds_and_critics() {
  return {
      {"infonce", {{7, 7}}, [](const Tensors& x) { return infonce(x[0]); }},
      {"dv", {{7, 7}}, [](const Tensors& x) { return dv(x[0]); }},
      {"mine", {{7, 7}}, [](const Tensors& x) { return mine(x[0]).value; }},
      {"nwj", {{7, 7}}, [](const Tensors& x) { return nwj(x[0]); }},
      {"tuba", {{7, 7}, {7}}, [](const Tensors& x) { return tuba(x[0], x[1]); }},
      {"jsd", {{7, 7}}, [](const Tensors& x) { return jsd(x[0]); }},
      {"jsd_information", {{7, 7}}, [](const Tensors& x) { return jsd_information(x[0]); }},
      {"smile", {{7, 7}}, [](const Tensors& x) { return smile(x[0], 5); }},
      {"smile_objective", {{7, 7}}, [](const Tensors& x) { return smile_objective(x[0], 5); }},
      {"flo", {{7, 7}, {7}}, [](const Tensors& x) { return flo(x[0], x[1]); }},
      {"club", {{7, 7}}, [](const Tensors& x) { return club(x[0]); }},
      {"club_sample", {{7}, {7}}, [](const Tensors& x) { return club_sample(x[0], x[1]); }},
      {"club_learning_loss",
       {{7, 3}, {7, 3}, {7, 3}},
       [](const Tensors& x) { return club_learning_loss(x[0], x[1], x[2]); }},
      {"l1out", {{7, 7}}, [](const Tensors& x) { return l1out(x[0]); }},
      {"var_ub", {{7, 3}}, [](const Tensors& x) { return var_ub(x[0]); }},
      {"separable_scores", {{7, 3}, {6, 3}}, [](const Tensors& x) { return separable_scores(x[0], x[1]); }},
      {"bilinear_scores", {{7, 3}, {3, 4}, {6, 4}}, [](const Tensors& x) { return bilinear_scores(x[0], x[1], x[2]); }},
      {"cosine_scores", {{7, 3}, {6, 3}}, [](const Tensors& x) { return cosine_scores(x[0], x[1], 0.5); }},
      {"concat_scores",
       {{7, 3}, {6, 4}, {5, 7}, {5}, {1, 5}, {1}},
       [](const Tensors& x) {
         return concat_scores(x[0], x[1], {{x[2], x[3]}, {x[4], x[5]}}, 4);
       }},
  };
}

std::vector<Operation> gaussians() {
  return {
      {"gaussian_sample", {{7, 3}, {7, 3}, {7, 3}}, [](const Tensors& x) { return gaussian_sample(x[0], x[1], x[2]); }},
      {"kl_standard", {{7, 3}, {7, 3}}, [](const Tensors& x) { return kl_standard(x[0], x[1]); }},
      {"kl_diagonal", {{7, 3}, {7, 3}, {3}, {3}}, [](const Tensors& x) { return kl_diagonal(x[0], x[1], x[2], x[3]); }},
      {"kl_class_conditional",
       {{7, 3}, {7, 3}, {4, 3}, {4, 3}},
       [](const Tensors& x) { return kl_class_conditional(x[0], x[1], x[2], x[3], labels(x[0], 4)); }},
      {"reduce_coordinates",
       {{7, 3}},
       [](const Tensors& x) { return reduce_coordinates(x[0], KlReduction::spc, labels(x[0], 4)).mean(); }},
      {"gaussian_log_density",
       {{7, 3}, {7, 3}, {7, 3}},
       [](const Tensors& x) { return gaussian_log_density(x[0], x[1], x[2]); }},
      {"conditional_scores",
       {{7, 3}, {7, 3}, {6, 3}},
       [](const Tensors& x) { return conditional_scores(x[0], x[1], x[2]); }},
      {"mixture_log_density",
       {{7, 3}, {4, 3}, {4, 3}, {4}},
       [](const Tensors& x) { return mixture_log_density(x[0], x[1], x[2], x[3]); }},
      {"kl_mixture_sample",
       {{7, 3}, {7, 3}, {7, 3}, {4, 3}, {4, 3}, {4}},
       [](const Tensors& x) { return kl_mixture_sample(x[0], x[1], x[2], x[3], x[4], x[5]); }},
      {"l1out_compression",
       {{7, 3}, {7, 3}, {7, 3}},
       [](const Tensors& x) { return l1out_compression(x[0], x[1], x[2]).sum; }},
      {"conditional_information",
       {{7, 3}, {7, 3}, {7, 3}},
       [](const Tensors& x) { return conditional_information(x[0], x[1], x[2]).lower; },
       false},
      {"bayesian_linear",
       {{7, 3}, {4, 3}, {4, 3}, {4}, {4}},
       [](const Tensors& x) {
         const GaussianMoments y = bayesian_linear(x[0], moments(x[1], x[2]), moments(x[3], x[4]));
         return at::cat({y.mean, log_of_variance(y.variance)});
       }},
      {"gumbel_softmax",
       {{7, 3}, {7, 3}},
       [](const Tensors& x) { return gumbel_softmax(x[0], gumbel_noise(at::sigmoid(x[1])), 0.7); }},
      {"combine_gaussians",
       {{5}, {5, 7, 3}, {5, 7, 3}},
       [](const Tensors& x) { return combine_gaussians(at::softmax(x[0], 0), moments(x[1], x[2])).variance; }},
      {"kl_rows",
       {{7, 3}, {7, 3}, {3}, {3}},
       [](const Tensors& x) { return kl_rows(moments(x[0], x[1]), moments(x[2], x[3])); }},
  };
}

std::vector<Operation> networks_and_gradients() {
  return {
      {"dense_net",
       {{7, 3}, {5, 3}, {5}, {2, 5}, {2}},
       [](const Tensors& x) {
         return dense_net({{x[1], x[2]}, {x[3], x[4]}}, x[0]);
       }},
      {"max_over_windows",
       {{9, 3}, {2, 3, 4}, {4}},
       [](const Tensors& x) {
         return max_over_windows(x[0], offsets_of(x[0], {0, 4, 9}), x[1], x[2]);
       }},
      {"probabilities", {{7, 3}}, [](const Tensors& x) { return probabilities(x[0], TaskKind::classification); }},
      {"mean_over_words",
       {{9, 3}},
       [](const Tensors& x) {
         return mean_over_words(x[0], offsets_of(x[0], {0, 4, 4, 9}));
       }},
      {"repeat_over_words",
       {{3, 2}},
       [](const Tensors& x) {
         return repeat_over_words(x[0], offsets_of(x[0], {0, 4, 4, 9}), 9);
       }},
      {"straight_through_softmax", {{7, 3}}, [](const Tensors& x) { return straight_through_softmax(x[0], 0.5); }},
      {"squared_gradient_norm",
       {{7, 3}, {4, 3}},
       [](const Tensors& x) {
         return squared_gradient_norm(cross_entropy(at::linear(x[0], x[1]), labels(x[0], 4)).sum, {x[1]});
       }},
      {"fgm_perturbation",
       {{9, 3}},
       [](const Tensors& x) {
         return fgm_perturbation(x[0], offsets_of(x[0], {0, 4, 9}), 0.5);
       },
       false},
      {"pgd_step",
       {{9, 3}, {9, 3}},
       [](const Tensors& x) {
         return pgd_step(x[0], x[1], offsets_of(x[0], {0, 4, 9}), 0.5, 0.8);
       },
       false},
      {"gram", {{4, 900}}, [](const Tensors& x) { return gram(x[0]); }, false},
      {"cross_gram", {{4, 900}, {4, 900}}, [](const Tensors& x) { return cross_gram(x[0], x[1]); }, false},
      {"combine",
       {{4, 900}},
       [](const Tensors& x) { return combine(x[0], at::full({4}, 0.25, torch::kFloat64)); },
       false},
      {"trimmed_mean", {{5, 90}}, [](const Tensors& x) { return trimmed_mean(x[0], 1); }, false},
      {"covariance_similarity",
       {{20, 4}, {30, 4}},
       [](const Tensors& x) { return covariance_similarity(x[0], x[1]); },
       false},
  };
}

class Operations : public infomtl::testing::OnDevice {};
INFOMTL_ON_EVERY_DEVICE(Operations);

/// The result, and the gradients in the inputs of its entries' sum with fixed weights.
Tensors outcome(const Operation& operation, const Tensors& inputs, torch::ScalarType type, torch::Device device) {
  Tensors given;
  for (const Tensor& input : inputs) given.push_back(input.to(device, type).requires_grad_(operation.differentiable));
  const Tensor result = operation.apply(given);
  if (!operation.differentiable) return {result};
  const Tensor weights = at::cos(at::arange(result.numel(), result.options().requires_grad(false))).view_as(result);
  Tensors found = torch::autograd::grad({(result * weights).sum()}, given, {}, false, false, /*allow_unused=*/true);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i].defined()) found[i] = at::zeros_like(given[i]);
  }
  found.push_back(result);
  return found;
}

TEST_P(Operations, GiveWhatTheCpuGivesInFloat64) {
  for (const auto& group :
       {classification_and_contrast(), bounds_and_critics(), gaussians(), networks_and_gradients()}) {
    for (const Operation& operation : group) {
      Tensors inputs;
      for (const auto& shape : operation.shapes) inputs.push_back(at::randn(shape));
      SCOPED_TRACE(operation.name);
      const Tensors found = outcome(operation, inputs, torch::kFloat32, device());
      const Tensors expected = outcome(operation, inputs, torch::kFloat64, torch::kCPU);
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_TRUE(close(found[i], expected[i], 1e-5, 1e-5)) << operation << ", result " << i;
      }
    }
  }
}

}  // namespace
}  // namespace infomtl::ops
