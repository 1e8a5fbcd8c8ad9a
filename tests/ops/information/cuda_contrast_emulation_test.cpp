// InfoNCE by tiles, with the bodies of the CUDA kernels run on the CPU, against the plain form in float64.
#include <torch/autograd.h>

#include <cmath>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "ops/information/cuda/contrast_bodies.h"
#include "ops/information/stored_types.h"
#include "ops/information/tiled_info_nce.h"
#include "support/block_emulation.h"
#include "support/compare.h"
#include "support/tensor_memory.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::kRounding;
using infomtl::testing::kStored;
using kernels::BFloat16;
using torch::Tensor;

template <class T, bool backwards>
void emulated_sums(const kernels::ContrastSums<T>& s) {
  const std::int64_t rows = s.of_keys ? s.of.keys.count : s.of.anchors.count;
  const auto shared = testing::poisoned<cuda::ScoresShared<T>>();
  testing::for_each_block<cuda::kProductThreads>(
      infomtl::cuda::blocks_for(rows, cuda::kTileRows), 1, 1, backwards,
      [&](const auto& block) { cuda::contrast_sums_body(block, s, *shared); });
}
template <class T, bool backwards>
void emulated_gradient(const kernels::ContrastGradient<T>& g) {
  const std::int64_t rows = g.of_keys ? g.of.keys.count : g.of.anchors.count;
  const auto shared = testing::poisoned<cuda::ContrastGradientShared<T>>();
  testing::for_each_block<cuda::kProductThreads>(
      infomtl::cuda::blocks_for(rows, cuda::kTileRows), 1, 1, backwards,
      [&](const auto& block) { cuda::contrast_gradient_body(block, g, *shared); });
}
template <class T, bool backwards = false>
constexpr ContrastKernels<T> kEmulated = {.sums = emulated_sums<T, backwards>,
                                          .gradient = emulated_gradient<T, backwards>};

struct Outcome {
  Tensor loss, of_anchors, of_keys;
};
template <class Form>
Outcome outcome(Form form, const Tensor& z, const Tensor& keys, const Pairing& pairing) {
  const Tensor a = z.detach().clone().requires_grad_(true), b = keys.detach().clone().requires_grad_(true);
  const Tensor loss = form(a, b, pairing);
  const auto gradients = torch::autograd::grad({3 * loss}, {a, b});
  return {loss.detach(), gradients[0], gradients[1]};
}
template <class T, bool backwards = false>
Outcome tiled(const Tensor& z, const Tensor& keys, const Pairing& pairing) {
  return outcome([](const Tensor& a, const Tensor& b,
                    const Pairing& p) { return tiled_info_nce<T>(a, b, p, kEmulated<T, backwards>); },
                 z, keys, pairing);
}
/// Of the numbers as they are stored.
Outcome exact(const Tensor& z, const Tensor& keys, const Pairing& pairing) {
  return outcome(plain_info_nce, z.to(torch::kFloat64), keys.to(torch::kFloat64), pairing);
}

template <class T>
::testing::AssertionResult near(const Outcome& found, const Outcome& expected) {
  if (auto result = close(found.loss, expected.loss, 1e-6, 1e-5); !result) return result << " in the loss";
  if (found.of_anchors.scalar_type() != kStored<T>) return ::testing::AssertionFailure() << "another type";
  for (const auto& [name, a, b] : {std::tuple("gradient in z", found.of_anchors, expected.of_anchors),
                                   std::tuple("gradient in keys", found.of_keys, expected.of_keys)}) {
    // A gradient that is 0 is so up to the rounding of terms of size 1.
    if (auto result = close(a, b, kRounding<T>, kRounding<T>); !result) return result << " in the " << name;
  }
  return ::testing::AssertionSuccess();
}
bool same_bits(const Outcome& a, const Outcome& b) {
  return torch::equal(a.loss, b.loss) && torch::equal(a.of_anchors, b.of_anchors) && torch::equal(a.of_keys, b.of_keys);
}

Pairing own_keys(std::int64_t anchors, const InfoNceOptions& options, const IgnoredPairs& ignored = {}) {
  return {.positive = at::arange(anchors), .identity = true, .ignored = ignored, .options = options};
}
IgnoredPairs equal_numbers(std::int64_t anchors, std::int64_t keys, std::int64_t different) {
  return IgnoredPairs(torch::randint(0, different, {anchors}), torch::randint(0, different, {keys}));
}

struct Shape {
  std::int64_t anchors, keys, width;
};
std::string text_of(const Shape& s) {
  return std::to_string(s.anchors) + " anchors, " + std::to_string(s.keys) + " keys of " + std::to_string(s.width);
}

template <class T>
class CudaContrastBody : public ::testing::Test {
 protected:
  static Tensor rows(std::int64_t count, std::int64_t width) { return torch::randn({count, width}).to(kStored<T>); }
  /// Views of the anchors, and further keys.
  static std::pair<Tensor, Tensor> views(const Shape& s) {
    const Tensor keys = rows(s.keys, s.width);
    const Tensor near = keys.narrow(0, 0, s.anchors).to(torch::kFloat32) + 0.5 * torch::randn({s.anchors, s.width});
    return {near.to(kStored<T>), keys};
  }
};
using StorageTypes = ::testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(CudaContrastBody, StorageTypes);

TYPED_TEST(CudaContrastBody, EqualsThePlainFormInFloat64) {
  using T = TypeParam;
  for (const Shape& s : {Shape{1, 1, 3}, Shape{1, 2, 1}, Shape{2, 2, 384}, Shape{31, 31, 31}, Shape{32, 33, 32},
                         Shape{33, 33, 33}, Shape{127, 130, 70}, Shape{129, 129, 65}, Shape{512, 512, 37}}) {
    const auto [z, keys] = this->views(s);
    for (const bool symmetric : {false, true}) {
      const Pairing pairing = own_keys(s.anchors, {.temperature = 0.1, .symmetric = symmetric});
      const Outcome found = tiled<T>(z, keys, pairing);
      EXPECT_TRUE(near<T>(found, exact(z, keys, pairing))) << text_of(s) << (symmetric ? ", symmetric" : "");
      EXPECT_TRUE(same_bits(found, tiled<T, true>(z, keys, pairing))) << text_of(s) << ": the order of threads";
    }
  }
}

TYPED_TEST(CudaContrastBody, EveryOptionEqualsThePlainForm) {
  using T = TypeParam;
  const Shape s{70, 75, 9};
  const auto [z, keys] = this->views(s);
  const Tensor shifted = torch::arange(s.anchors) + 4;             // own keys among all
  const Tensor anywhere = torch::randint(0, s.keys, {s.anchors});  // some keys are the positive of several anchors
  const IgnoredPairs all(torch::zeros({s.anchors}, torch::kInt64), torch::zeros({s.keys}, torch::kInt64));
  for (const bool normalise : {true, false}) {
    for (const bool symmetric : {false, true}) {
      for (const IgnoredPairs& ignored : {IgnoredPairs(), equal_numbers(s.anchors, s.keys, 5), all}) {
        for (const Tensor& positive : {Tensor(), shifted, anywhere}) {
          Pairing pairing =
              own_keys(s.anchors, {.temperature = 0.7, .normalise = normalise, .symmetric = symmetric}, ignored);
          if (positive.defined()) pairing.positive = positive, pairing.identity = false;
          EXPECT_TRUE(near<T>(tiled<T>(z, keys, pairing), exact(z, keys, pairing)))
              << (normalise ? "cosine" : "product") << (symmetric ? ", symmetric" : "")
              << (ignored.anchors.defined() ? ", equal numbers" : "") << (positive.defined() ? ", positives" : "");
        }
      }
    }
  }
}

TYPED_TEST(CudaContrastBody, ALossWithoutNegativesIsExactlyZero) {
  const Tensor z = this->rows(1, 50), keys = this->rows(1, 50);
  for (const bool symmetric : {false, true}) {
    EXPECT_EQ(tiled<TypeParam>(z, keys, own_keys(1, {.temperature = 0.01, .symmetric = symmetric}))
                  .loss.template item<float>(),
              0);
  }
}

TYPED_TEST(CudaContrastBody, ANaNAnywhereMakesTheLossNan) {
  for (const bool symmetric : {false, true}) {
    for (const std::int64_t row : {0, 64, 65}) {  // 65: no anchor's positive, and alone in its tile but for one
      const Tensor z = this->rows(65, 4), keys = this->rows(66, 4);
      const Pairing pairing = own_keys(65, {.symmetric = symmetric});
      keys[row][1] = NAN;
      EXPECT_TRUE(tiled<TypeParam>(z, keys, pairing).loss.isnan().template item<bool>()) << row;
      if (row == 65) continue;
      const Tensor other = this->rows(65, 4);
      other[row][2] = NAN;
      EXPECT_TRUE(tiled<TypeParam>(other, this->rows(66, 4), pairing).loss.isnan().template item<bool>()) << row;
    }
  }
}

TYPED_TEST(CudaContrastBody, ZeroHugeAndTinyRowsAreThoseOfThePlainForm) {
  using T = TypeParam;
  const Tensor z = this->rows(70, 4), keys = this->rows(70, 4);
  z[1].zero_(), keys[2].zero_(), z[3].mul_(1e37), keys[3].mul_(1e37), keys[4].mul_(1e-9);
  for (const bool symmetric : {false, true}) {
    const Pairing pairing = own_keys(70, {.temperature = 0.1, .symmetric = symmetric});
    const Outcome found = tiled<T>(z, keys, pairing), expected = exact(z, keys, pairing);
    EXPECT_TRUE(close(found.loss, expected.loss, 0, 1e-5));
    EXPECT_TRUE(close(found.of_anchors, expected.of_anchors, kRounding<T>, kRounding<T>));
    EXPECT_TRUE(close(found.of_anchors[1], torch::zeros({4}), 0));
    EXPECT_TRUE(close(found.of_keys[2], torch::zeros({4}), 0));
  }
}

TYPED_TEST(CudaContrastBody, SecondDerivativesAreThoseOfThePlainForm) {
  using T = TypeParam;
  const Tensor z = this->rows(67, 3), keys = this->rows(67, 3);
  const Pairing pairing = own_keys(67, {.temperature = 0.7, .symmetric = true});
  const auto second = [&](const auto& form) {
    const Tensor a = z.clone().requires_grad_(true), b = keys.clone().requires_grad_(true);
    const auto first = torch::autograd::grad({form(a, b)}, {a, b}, {}, true, true);
    return torch::autograd::grad({first[0].square().sum() + first[1].square().sum()}, {a, b});
  };
  const auto found =
      second([&](const Tensor& a, const Tensor& b) { return tiled_info_nce<T>(a, b, pairing, kEmulated<T>); });
  const auto expected = second([&](const Tensor& a, const Tensor& b) { return plain_info_nce(a, b, pairing); });
  EXPECT_TRUE(torch::equal(found[0], expected[0]));
  EXPECT_TRUE(torch::equal(found[1], expected[1]));
}

TYPED_TEST(CudaContrastBody, OnlyTheGradientsAskedForAreMade) {
  using T = TypeParam;
  const Tensor z = this->rows(5, 3).requires_grad_(true), keys = this->rows(5, 3).requires_grad_(true);
  const Pairing pairing = own_keys(5, {.symmetric = true});
  const Outcome both = tiled<T>(z, keys, pairing);
  const auto form = [&](const Tensor& a, const Tensor& b) {
    return 3 * tiled_info_nce<T>(a, b, pairing, kEmulated<T>);
  };
  EXPECT_TRUE(torch::equal(torch::autograd::grad({form(z, keys.detach())}, {z})[0], both.of_anchors));
  EXPECT_TRUE(torch::equal(torch::autograd::grad({form(z.detach(), keys)}, {keys})[0], both.of_keys));
  EXPECT_FALSE(form(z.detach(), keys.detach()).requires_grad());
}

TYPED_TEST(CudaContrastBody, MemoryIsLinearInTheRows) {
  using T = TypeParam;
  constexpr std::int64_t rows = 1024, width = 8;
  const Tensor z = this->rows(rows, width), keys = this->rows(rows, width);
  const Pairing pairing = own_keys(rows, {.symmetric = true}, equal_numbers(rows, rows, 99));
  testing::TensorMemory memory;
  tiled<T>(z, keys, pairing);
  EXPECT_GE(memory.largest, rows * width * 4) << "the tensors were not seen";
  EXPECT_LT(memory.largest, rows * rows / 4) << "a tensor of all pairs has at least four times that";
  EXPECT_LT(memory.most, rows * rows);
}

}  // namespace
}  // namespace infomtl::ops
