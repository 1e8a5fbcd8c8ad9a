// Extreme inputs: numbers whose exponentials, squares and quotients leave the range of floats, rows of zeros, rows that are
// equal. Values and gradients stay finite where the mathematics does; elsewhere the input is refused (NonFiniteError) or the
// value is infinite, never NaN out of numbers.

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/loss_weights.h"
#include "infomtl/ops/information/bounds.h"
#include "infomtl/ops/information/classification.h"
#include "infomtl/ops/information/contrastive.h"
#include "infomtl/ops/information/gaussian.h"
#include "infomtl/ops/information/perturbation.h"
#include "infomtl/ops/information/variational.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

struct Input {
  std::string name;
  Tensor value;
};
struct Operation {
  std::string name;
  std::function<Tensor(const Tensor&)> apply;
};

Tensor signs(std::int64_t rows, std::int64_t columns) {
  const Tensor index = at::arange(rows * columns, torch::kFloat).view({rows, columns});
  return 1 - 2 * (index * 7 % 3 == 0).to(torch::kFloat);
}

/// Matrices of float32 entries up to 1e15: their squares are floats, their exponentials are not.
std::vector<Input> extreme_matrices(std::int64_t rows, std::int64_t columns) {
  const Tensor s = signs(rows, columns);
  Tensor one = at::zeros({rows, columns});
  one[0][1] = 1e15;
  Tensor zero_row = s * 1e3;
  zero_row[1] = 0;
  return {{"zeros", at::zeros({rows, columns})},
          {"ones", at::ones({rows, columns})},
          {"1e-38", s * 1e-38},
          {"90", s * 90},
          {"1e4", s * 1e4},
          {"1e15", s * 1e15},
          {"one of 1e15", one},
          {"a row of zeros", zero_row}};
}

/// Value and gradient of the sum of what an operation gives are finite.
void expect_finite(const Operation& operation, const Input& input) {
  const Tensor x = input.value.clone().requires_grad_(true);
  const Tensor value = operation.apply(x);
  EXPECT_TRUE(at::isfinite(value).all().item<bool>()) << operation.name << " of " << input.name << ": " << value;
  if (!value.requires_grad()) return;
  const auto gradient = torch::autograd::grad({value.sum()}, {x}, {}, false, false, /*allow_unused=*/true);
  if (!gradient[0].defined()) return;
  EXPECT_TRUE(at::isfinite(gradient[0]).all().item<bool>())
      << operation.name << " of " << input.name << ": the gradient is " << gradient[0];
}

Tensor five_labels() { return at::tensor({0, 2, 1, 0, 2}, torch::kInt64); }
Tensor five_targets() { return at::tensor({1.0F, 0.0F, 1.0F}).repeat({5, 1}); }

TEST(ExtremeInputs, OfLossesStayFinite) {
  const std::vector<Operation> operations = {
      {"cross_entropy", [](const Tensor& x) { return cross_entropy(x, five_labels()).sum; }},
      {"cross_entropy, smoothed", [](const Tensor& x) { return cross_entropy(x, five_labels(), 0.1).sum; }},
      {"binary_cross_entropy", [](const Tensor& x) { return ops::binary_cross_entropy(x, five_targets()).sum; }},
      {"squared_error", [](const Tensor& x) { return squared_error(x.narrow(1, 0, 1), at::zeros({5})).sum; }},
      {"focal 0", [](const Tensor& x) { return focal(x, five_labels(), 0.0).sum; }},
      {"focal 0.5", [](const Tensor& x) { return focal(x, five_labels(), 0.5).sum; }},
      {"focal 2", [](const Tensor& x) { return focal(x, five_labels(), 2.0).sum; }},
      {"focal_binary 0.5", [](const Tensor& x) { return focal_binary(x, five_targets(), 0.5).sum; }},
      {"focal_binary 2", [](const Tensor& x) { return focal_binary(x, five_targets(), 2.0, 0.25).sum; }},
      {"batch_entropy", [](const Tensor& x) { return batch_entropy(x).sum; }},
      {"symmetric_kl", [](const Tensor& x) { return symmetric_kl(x, -x).sum; }},
      {"symmetric_kl of equals", [](const Tensor& x) { return symmetric_kl(x, x.detach()).sum; }}};
  for (const Operation& operation : operations) {
    for (const Input& input : extreme_matrices(5, 3)) expect_finite(operation, input);
  }
}

TEST(ExtremeInputs, OfContrastsStayFinite) {
  const std::vector<Operation> operations = {
      {"unit_rows", [](const Tensor& x) { return unit_rows(x); }},
      {"info_nce", [](const Tensor& x) { return info_nce(x, x.flip(0).detach()).sum; }},
      {"info_nce, cold", [](const Tensor& x) { return info_nce(x, x.detach(), {.temperature = 0.01}).sum; }},
      {"info_nce_from_scores", [](const Tensor& x) { return info_nce_from_scores(x.mm(x.t()) * 1e-15).sum; }},
      {"supervised_contrastive", [](const Tensor& x) { return supervised_contrastive(x, five_labels()).sum; }},
      {"uniformity", [](const Tensor& x) { return uniformity(x); }},
      {"alignment", [](const Tensor& x) { return alignment(x, x.flip(0).detach()); }},
      {"alignment of equals, alpha 1", [](const Tensor& x) { return alignment(x, x.detach(), 1.0); }}};
  for (const Operation& operation : operations) {
    for (const Input& input : extreme_matrices(5, 3)) expect_finite(operation, input);
  }
}

TEST(ExtremeInputs, OfBoundsInTheLogarithmStayFinite) {
  const std::vector<Operation> operations = {
      {"infonce", [](const Tensor& x) { return infonce(x); }},
      {"dv", [](const Tensor& x) { return dv(x); }},
      {"jsd", [](const Tensor& x) { return jsd(x); }},
      {"smile", [](const Tensor& x) { return smile(x, 10.0); }},
      {"smile_objective", [](const Tensor& x) { return smile_objective(x, 10.0); }},
      {"flo_best_u", [](const Tensor& x) { return flo_best_u(x); }},
      {"club", [](const Tensor& x) { return club(x); }},
      {"l1out", [](const Tensor& x) { return l1out(x); }}};
  for (const Operation& operation : operations) {
    for (const Input& input : extreme_matrices(4, 4)) expect_finite(operation, input);
  }
}

TEST(ExtremeInputs, OfBoundsWithExponentialsAreInfiniteAndNoOtherNumber) {
  const std::vector<Operation> operations = {{"nwj", [](const Tensor& x) { return nwj(x); }},
                                             {"tuba", [](const Tensor& x) { return tuba(x, at::zeros({4})); }},
                                             {"jsd_information", [](const Tensor& x) { return jsd_information(x); }},
                                             {"flo", [](const Tensor& x) { return flo(x, at::zeros({4})); }}};
  for (const Operation& operation : operations) {
    for (const Input& input : extreme_matrices(4, 4)) {
      const Tensor value = operation.apply(input.value);
      EXPECT_FALSE(value.isnan().item<bool>()) << operation.name << " of " << input.name;
    }
  }
}

TEST(ExtremeInputs, OfGaussiansStayFinite) {
  for (const double s : {-10.0, 0.0, 10.0}) {
    const Tensor log_variance = at::full({5, 3}, s);
    const std::vector<Operation> operations = {
        {"gaussian_sample",
         [&](const Tensor& x) {
           return gaussian_sample(x, log_variance, at::ones({5, 3}));
         }},
        {"kl_standard", [&](const Tensor& x) { return kl_standard(x, log_variance); }},
        {"kl_diagonal", [&](const Tensor& x) { return kl_diagonal(x, log_variance, -x.detach(), -log_variance); }},
        {"gaussian_log_density", [&](const Tensor& x) { return gaussian_log_density(-x.detach(), x, log_variance); }},
        {"conditional_scores", [&](const Tensor& x) { return conditional_scores(x, log_variance, -x.detach()); }},
        {"mixture_log_density", [&](const Tensor& x) { return mixture_log_density(-x.detach(), x, log_variance); }},
        {"moment_match", [&](const Tensor& x) { return moment_match(x, log_variance).log_variance; }},
        {"l1out_compression", [&](const Tensor& x) { return l1out_compression(x.detach(), x, log_variance).sum; }},
        {"reduce_coordinates", [&](const Tensor& x) {
           return reduce_coordinates(kl_standard(x, log_variance), KlReduction::spc, five_labels()).sum;
         }}};
    for (const Operation& operation : operations) {
      for (const Input& input : extreme_matrices(5, 3)) expect_finite(operation, input);
    }
  }
  const Operation limited{"a limited log-variance",
                          [](const Tensor& x) { return kl_standard(at::zeros_like(x), clamp_log_variance(x)); }};
  for (const Input& input : extreme_matrices(5, 3)) expect_finite(limited, input);
}

TEST(ExtremeInputs, OfVariationalPartsStayFinite) {
  const std::vector<Operation> operations = {
      {"softplus_variance", [](const Tensor& x) { return softplus_variance(x); }},
      {"log_of_variance", [](const Tensor& x) { return log_of_variance(x.square()); }},
      {"gumbel_softmax",
       [](const Tensor& x) {
         return gumbel_softmax(x, at::zeros({5, 3}), 1e-3);
       }},
      {"kl_rows", [](const Tensor& x) {
         return kl_rows({x, at::zeros({5, 3})}, {at::zeros({3}), at::ones({3})});
       }}};
  for (const Operation& operation : operations) {
    for (const Input& input : extreme_matrices(5, 3)) expect_finite(operation, input);
  }
  expect_finite({"gumbel_noise", [](const Tensor& x) { return gumbel_noise(x).detach(); }},
                {"0 and nearly 1", at::tensor({0.0F, 1.0F - 6e-8F, 0.5F})});
}

TEST(ExtremeInputs, OfPerturbationsKeepTheirLength) {
  for (const Input& input : extreme_matrices(5, 3)) {
    const Tensor step = fgm_perturbation(input.value, 0.5);
    const double length = step.norm().item<double>();
    const bool nothing = input.value.abs().max().item<float>() == 0;
    EXPECT_NEAR(length, nothing ? 0.0 : 0.5, 1e-5) << input.name;
    const Tensor next = pgd_step(step, input.value, 0.3, 0.5);
    EXPECT_LE(next.norm().item<double>(), 0.5 + 1e-5) << input.name;
    EXPECT_TRUE(at::isfinite(next).all().item<bool>()) << input.name;
  }
  // A gradient without a direction moves nothing.
  EXPECT_EQ(fgm_perturbation(at::full({2, 2}, NAN), 0.5).abs().max().item<float>(), 0.0F);
}

TEST(ExtremeInputs, OfLossWeightsGiveWeightsOrAreRefused) {
  const auto row = [](std::vector<double> values) { return torch::tensor(values, torch::kFloat64); };
  const std::vector<Input> losses = {{"far apart", row({1e-30, 1.0, 1e30})}, {"a zero", row({0.0, 1.0, 2.0})},
                                     {"zeros", row({0.0, 0.0, 0.0})},        {"huge", row({1e300, 1e300, 1e300})},
                                     {"tiny", row({1e-300, 1e-300, 1.0})},   {"negative", row({-1.0, 1.0, 2.0})},
                                     {"NaN", row({NAN, 1.0, 2.0})},          {"infinite", row({INFINITY, 1.0, 2.0})}};
  const Tensor ones = row({1, 1, 1}), zeros = row({0, 0, 0});
  const std::vector<Operation> operations = {
      {"scale_invariant", [](const Tensor& x) { return scale_invariant(x).weights; }},
      {"uncertainty", [&](const Tensor& x) { return uncertainty(x, zeros).weights; }},
      {"imtl_l", [&](const Tensor& x) { return imtl_l(x, zeros).weights; }},
      {"geometric", [](const Tensor& x) { return geometric(x).weights; }},
      {"dwa", [&](const Tensor& x) { return dwa(3, x, ones); }},
      {"dwa, older", [&](const Tensor& x) { return dwa(3, ones, x); }},
      {"stch", [&](const Tensor& x) { return stch(x, ones).weights; }},
      {"smooth_tchebycheff", [](const Tensor& x) { return smooth_tchebycheff(x, 1.0).weights; }},
      {"famo", [&](const Tensor& x) { return famo(x, zeros).weights; }}};
  for (const Operation& operation : operations) {
    for (const Input& input : losses) {
      try {
        const Tensor weights = operation.apply(input.value);
        EXPECT_FALSE(weights.isnan().any().item<bool>()) << operation.name << " of " << input.name << ": " << weights;
        const bool given = input.name != "NaN" && input.name != "infinite";
        EXPECT_TRUE(given) << operation.name << " took " << input.name;
      } catch (const NonFiniteError& error) {
        EXPECT_NE(std::string(error.what()).find(": "), std::string::npos) << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace infomtl::ops
