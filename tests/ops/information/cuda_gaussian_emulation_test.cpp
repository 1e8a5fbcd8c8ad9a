// A draw from a Gaussian and its KL, with the bodies of the CUDA kernels run on the CPU, against float64.
#include <torch/autograd.h>

#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "ops/information/cuda/gaussian_bodies.h"
#include "ops/information/fused_draw.h"
#include "ops/information/stored_types.h"
#include "support/block_emulation.h"
#include "support/compare.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::kRounding;
using infomtl::testing::kStored;
using kernels::BFloat16;
using torch::Tensor;

template <class T, bool backwards>
void emulated_draw(const kernels::DrawRows<T>& d) {
  testing::for_each_block<cuda::kDrawThreads>(infomtl::cuda::blocks_for(d.rows, cuda::kDrawRows), 1, 1, backwards,
                                              [&](const auto& block) { cuda::draw_body(block, d); });
}
template <class T, bool backwards>
void emulated_gradient(const kernels::DrawRowsGradient<T>& g) {
  testing::for_each_block<cuda::kDrawThreads>(infomtl::cuda::blocks_for(g.of.rows, cuda::kDrawRows), 1, 1, backwards,
                                              [&](const auto& block) { cuda::draw_gradient_body(block, g); });
}
template <class T, bool backwards>
constexpr DrawKernels<T> kEmulated = {.draw = emulated_draw<T, backwards>, .gradient = emulated_gradient<T, backwards>};

template <class T, bool backwards = false>
GaussianDraw emulated(const DrawInput& in) {
  return fused_draw(in, kEmulated<T, backwards>);
}

/// Sample and divergence, and the gradients in all inputs that there are of a sum of both with fixed weights.
template <class Form>
std::vector<Tensor> outcome(Form form, const DrawInput& given, torch::ScalarType type, bool once_more = false) {
  DrawInput in = given;
  std::vector<Tensor> inputs;
  for (Tensor* each : {&in.mean, &in.log_variance, &in.prior_mean, &in.prior_log_variance}) {
    if (!each->defined()) continue;
    const bool wide = type == torch::kFloat64;
    *each = each->detach().to(wide ? type : each->scalar_type()).clone().requires_grad_(true);
    inputs.push_back(*each);
  }
  const GaussianDraw draw = form(in);
  const auto weights = [](const Tensor& like) {
    return at::cos(at::arange(like.numel(), like.options())).view_as(like);
  };
  const Tensor total = (draw.sample.square() * weights(draw.sample.detach())).sum() +
                       (draw.divergence * weights(draw.divergence.detach())).sum();
  std::vector<Tensor> found = torch::autograd::grad({total}, inputs, {}, once_more, once_more);
  if (once_more) {
    Tensor squares = found[0].square().sum();
    for (std::size_t i = 1; i < found.size(); ++i) squares = squares + found[i].square().sum();
    found = torch::autograd::grad({squares}, inputs);
  }
  found.push_back(draw.sample.detach());
  found.push_back(draw.divergence.detach());
  return found;
}

struct Shape {
  std::int64_t rows, width;
};
template <class T>
std::vector<DrawInput> inputs_of(const Shape& s) {
  const Tensor mean = torch::randn({s.rows, s.width}).to(kStored<T>),
               v = torch::randn({s.rows, s.width}).to(kStored<T>);
  const Tensor one = torch::randn({s.width}), each = 0.5 * torch::randn({s.rows, s.width});
  return {{mean, v, {}, {}, {.seed = 3}},
          {mean, v, one, -one, {.seed = 3}},
          {mean, v, each, each, {.seed = 4}},
          {mean, v, one, each, {.seed = 5}}};
}
std::string text_of(const Shape& s) { return std::to_string(s.rows) + " x " + std::to_string(s.width); }

template <class T>
class CudaGaussianBody : public ::testing::Test {};
using StorageTypes = ::testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(CudaGaussianBody, StorageTypes);

TYPED_TEST(CudaGaussianBody, EqualsThePlainFormInFloat64) {
  using T = TypeParam;
  for (const Shape& s : {Shape{1, 1}, Shape{2, 31}, Shape{31, 33}, Shape{32, 3}, Shape{33, 64}, Shape{127, 7},
                         Shape{129, 5}, Shape{512, 20}, Shape{3, 384}}) {
    for (const DrawInput& in : inputs_of<T>(s)) {
      const std::vector<Tensor> found = outcome(emulated<T>, in, kStored<T>);
      const std::vector<Tensor> expected = outcome(plain_draw, in, torch::kFloat64);
      const std::vector<Tensor> other = outcome(emulated<T, true>, in, kStored<T>);
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        const double rounding = i < 2 ? kRounding<T> : 1e-5;  // all but the gradients of mean and variance are float32
        EXPECT_TRUE(close(found[i], expected[i], rounding, rounding)) << text_of(s) << ", result " << i;
        EXPECT_TRUE(torch::equal(found[i], other[i])) << text_of(s) << ": the order of threads";
      }
    }
  }
}

TYPED_TEST(CudaGaussianBody, SecondDerivativesAreThoseOfThePlainForm) {
  using T = TypeParam;
  for (const DrawInput& in : inputs_of<T>({5, 4})) {
    const std::vector<Tensor> found = outcome(emulated<T>, in, kStored<T>, true);
    const std::vector<Tensor> expected = outcome(plain_draw, in, torch::kFloat64, true);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(close(found[i], expected[i], 4 * kRounding<T>, 4 * kRounding<T>)) << "result " << i;
    }
  }
}

TYPED_TEST(CudaGaussianBody, APartOfTheResultsHasTheGradientsOfThatPart) {
  using T = TypeParam;
  const DrawInput in = inputs_of<T>({6, 5})[0];
  const Tensor mean = in.mean.clone().requires_grad_(true);
  const DrawInput one{mean, in.log_variance, {}, {}, in.noise};  // only the mean learns
  const auto gradient = [&](const Tensor& part) { return torch::autograd::grad({part.sum()}, {mean}, {}, true)[0]; };
  const GaussianDraw draw = emulated<T>(one);
  EXPECT_TRUE(torch::equal(gradient(draw.sample), torch::ones_like(mean)));
  EXPECT_TRUE(torch::equal(gradient(draw.divergence), mean.detach()));
  EXPECT_FALSE(emulated<T>(in).sample.requires_grad());
}

TYPED_TEST(CudaGaussianBody, NothingIsLostNearThePriorNorDoesTheNarrowestOverflow) {
  using T = TypeParam;
  const Tensor zero = torch::zeros({2, 3}).to(kStored<T>);
  const Tensor near = at::full({2, 3}, 0x1p-10).to(kStored<T>);
  const auto divergence = [](const Tensor& m, const Tensor& v) { return emulated<T>({m, v, {}, {}, {}}).divergence; };
  EXPECT_TRUE(torch::equal(divergence(zero, zero), torch::zeros({2})));
  EXPECT_TRUE(close(divergence(zero, near), at::full({2}, 3 * 0.25 * 0x1p-20), 0, 1e-3));  // s^2 / 4 each
  const GaussianDraw narrow = emulated<T>({zero, at::full_like(zero, -200.0), {}, {}, {}});
  EXPECT_TRUE((narrow.sample.abs() < 1e-37).all().template item<bool>());
  EXPECT_TRUE(close(narrow.divergence, at::full({2}, 3 * 99.5), 0, 1e-5));
}

TEST(GaussianElements, NoiseIsThatOfItsHashesInFloat64) {
  for (const std::uint64_t seed : {0ULL, 1ULL, 0x123456789abcdefULL}) {
    for (std::int64_t row = 0; row < 50; ++row) {
      const kernels::RowKey key = kernels::noise_key(seed, row);
      for (std::int64_t column = 0; column < 50; ++column) {
        const auto place = static_cast<std::uint32_t>(2 * column);
        const double uniform = (kernels::pattern_hash(key, place) + 0.5) / 4294967296.0;
        const double angle = 2 * std::acos(-1.0) * (kernels::pattern_hash(key, place + 1) / 4294967296.0);
        EXPECT_NEAR(kernels::normal_noise(key, column), std::sqrt(-2 * std::log(uniform)) * std::cos(angle), 1e-3);
      }
    }
  }
}

}  // namespace
}  // namespace infomtl::ops
