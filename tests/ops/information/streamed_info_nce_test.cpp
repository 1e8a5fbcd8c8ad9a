// The streamed form of InfoNCE against the plain one, which contrastive_test.cpp holds against the definition.
#include <torch/autograd.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/contrastive.h"
#include "ops/information/info_nce.h"
#include "support/gradcheck.h"
#include "support/tensor_memory.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;
using infomtl::testing::TensorMemory;
using torch::Tensor;

using Form = Tensor (*)(const Tensor&, const Tensor&, const Pairing&);

struct Outcome {
  Tensor loss, of_anchors, of_keys;
};

Outcome outcome(Form form, const Tensor& z, const Tensor& keys, const Pairing& pairing) {
  const Tensor a = z.detach().clone().requires_grad_(true), b = keys.detach().clone().requires_grad_(true);
  const Tensor loss = form(a, b, pairing);
  const auto gradients = torch::autograd::grad({3 * loss}, {a, b});
  return {loss.detach(), gradients[0], gradients[1]};
}

::testing::AssertionResult same(const Outcome& found, const Outcome& expected, double relative) {
  for (const auto& [name, a, b] : {std::tuple("loss", found.loss, expected.loss),
                                   std::tuple("gradient in z", found.of_anchors, expected.of_anchors),
                                   std::tuple("gradient in keys", found.of_keys, expected.of_keys)}) {
    if (a.scalar_type() != b.scalar_type()) return ::testing::AssertionFailure() << name << ": other type";
    // A gradient that is 0 is so up to the rounding of terms of size 1.
    if (auto result = close(a, b, relative, relative); !result) return result << " in the " << name;
  }
  return ::testing::AssertionSuccess();
}

Pairing own_keys(std::int64_t anchors, const InfoNceOptions& options, const IgnoredPairs& ignored = {}) {
  return {.positive = at::arange(anchors), .identity = true, .ignored = ignored, .options = options};
}

std::vector<InfoNceOptions> every_option() {
  std::vector<InfoNceOptions> found;
  for (const bool normalise : {true, false}) {
    for (const bool symmetric : {false, true}) {
      for (const double temperature : {0.1, 1.0}) {
        found.push_back({.temperature = temperature, .normalise = normalise, .symmetric = symmetric});
      }
    }
  }
  return found;
}

std::string text_of(const InfoNceOptions& options) {
  return "temperature " + std::to_string(options.temperature) + (options.normalise ? " cosine" : " inner") +
         (options.symmetric ? " symmetric" : "");
}

TEST(StreamedInfoNce, EqualsThePlainFormForEveryNumberOfRowsAndOption) {
  for (const std::int64_t rows :
       std::vector<std::int64_t>{1, 2, kInfoNceBlock - 1, kInfoNceBlock, kInfoNceBlock + 1, 2 * kInfoNceBlock + 77}) {
    const Tensor z = torch::randn({rows, 5}, torch::kFloat64);
    const Tensor keys = z + 0.5 * torch::randn({rows, 5}, torch::kFloat64);
    for (const InfoNceOptions& options : every_option()) {
      const Pairing pairing = own_keys(rows, options);
      EXPECT_TRUE(same(outcome(streamed_info_nce, z, keys, pairing), outcome(plain_info_nce, z, keys, pairing), 1e-12))
          << rows << " rows, " << text_of(options);
    }
  }
}

TEST(StreamedInfoNce, EqualsThePlainFormWithIgnoredPairsExtraKeysAndPositivesAnywhere) {
  const std::int64_t rows = kInfoNceBlock + 33, more = rows + 41;
  const Tensor z = torch::randn({rows, 6}, torch::kFloat64), keys = torch::randn({more, 6}, torch::kFloat64);
  const Tensor mask = torch::rand({rows, more}) < 0.4;
  const IgnoredPairs equal(torch::randint(0, 9, {rows}), torch::randint(0, 9, {more}));
  const Tensor shifted = at::arange(rows) + 17;             // scope "batch": the task's own keys among all
  const Tensor anywhere = torch::randint(0, more, {rows});  // some keys are the positive of several anchors
  for (const InfoNceOptions& options : every_option()) {
    for (const IgnoredPairs& ignored :
         {IgnoredPairs(), IgnoredPairs(mask), equal, IgnoredPairs(torch::ones_like(mask))}) {
      for (const Tensor& positive : {Tensor(), shifted, anywhere}) {
        Pairing pairing = own_keys(rows, options, ignored);
        if (positive.defined()) pairing.positive = positive, pairing.identity = false;
        EXPECT_TRUE(
            same(outcome(streamed_info_nce, z, keys, pairing), outcome(plain_info_nce, z, keys, pairing), 1e-12))
            << text_of(options) << (ignored.mask.defined() ? " mask" : "")
            << (ignored.anchors.defined() ? " equal" : "") << (positive.defined() ? " positives given" : "");
      }
    }
  }
}

TEST(StreamedInfoNce, EqualNumbersIgnoreWhatTheirMaskIgnores) {
  const Tensor z = torch::randn({7, 4}), keys = torch::randn({9, 4});
  const Tensor of_z = torch::tensor({1, 1, 2, 3, 2, 1, 5}), of_keys = torch::tensor({1, 1, 2, 3, 2, 1, 5, 1, 3});
  for (const bool symmetric : {false, true}) {
    const InfoNceOptions options{.temperature = 0.3, .symmetric = symmetric};
    const Tensor mask = of_z.unsqueeze(1) == of_keys.unsqueeze(0);
    const Tensor by_mask = info_nce(z, keys, options, {}, mask).sum;
    EXPECT_TRUE(torch::equal(info_nce(z, keys, options, {}, IgnoredPairs(of_z, of_keys)).sum, by_mask));
    EXPECT_FALSE(torch::equal(info_nce(z, keys, options).sum, by_mask));
    const Tensor scores = z.mm(keys.t());
    EXPECT_TRUE(torch::equal(info_nce_from_scores(scores, symmetric, {}, IgnoredPairs(of_z, of_keys)).sum,
                             info_nce_from_scores(scores, symmetric, {}, mask).sum));
  }
  EXPECT_THROW(info_nce(z, keys, {}, {}, IgnoredPairs(of_z, of_z)), ShapeError);
  EXPECT_THROW(info_nce(z, keys, {}, {}, IgnoredPairs(of_z.to(torch::kInt32), of_keys)), ShapeError);
  EXPECT_THROW(info_nce(z, keys, {}, {}, IgnoredPairs(Tensor(), of_keys)), ShapeError);
}

TEST(StreamedInfoNce, GradientsMatchCentralDifferences) {
  const Tensor positive = torch::tensor({5, 0, 5, 2}), mask = torch::rand({4, 6}) < 0.3;
  for (const bool normalise : {true, false}) {
    for (const bool symmetric : {false, true}) {
      const InfoNceOptions options{.temperature = 0.4, .normalise = normalise, .symmetric = symmetric};
      EXPECT_TRUE(gradients_match([&](const auto& in) { return streamed_info_nce(in[0], in[1], own_keys(4, options)); },
                                  {torch::randn({4, 3}), torch::randn({4, 3})}));
      const Pairing given{.positive = positive, .identity = false, .ignored = mask, .options = options};
      EXPECT_TRUE(gradients_match([&](const auto& in) { return streamed_info_nce(in[0], in[1], given); },
                                  {torch::randn({4, 3}), torch::randn({6, 3})}));
    }
  }
}

TEST(StreamedInfoNce, GradientsMatchCentralDifferencesAlongADirectionThatCrossesBlocks) {
  const std::int64_t rows = kInfoNceBlock + 3;
  const Tensor z = torch::randn({rows, 4}, torch::kFloat64), keys = torch::randn({rows, 4}, torch::kFloat64);
  const Tensor along_z = torch::randn_like(z), along_keys = torch::randn_like(keys);
  const Pairing pairing = own_keys(rows, {.temperature = 0.5, .symmetric = true});
  EXPECT_TRUE(gradients_match(
      [&](const auto& in) { return streamed_info_nce(z + in[0] * along_z, keys + in[1] * along_keys, pairing); },
      {torch::zeros({1}), torch::zeros({1})}, 1e-5));
}

TEST(StreamedInfoNce, SecondDerivativesAreThoseOfThePlainForm) {
  const std::int64_t rows = kInfoNceBlock + 1;
  const Tensor z = torch::randn({rows, 3}, torch::kFloat64), keys = torch::randn({rows, 3}, torch::kFloat64);
  const auto second = [&](Form form) {
    const Tensor a = z.clone().requires_grad_(true), b = keys.clone().requires_grad_(true);
    const Tensor loss = form(a, b, own_keys(rows, {.temperature = 0.7, .symmetric = true}));
    const auto first = torch::autograd::grad({loss}, {a, b}, {}, true, true);
    const auto found = torch::autograd::grad({first[0].square().sum() + first[1].pow(3).sum()}, {a, b});
    return Outcome{loss.detach(), found[0], found[1]};
  };
  EXPECT_TRUE(same(second(streamed_info_nce), second(plain_info_nce), 1e-12));
}

TEST(StreamedInfoNce, OnlyTheGradientsAskedForAreMade) {
  const Tensor z = torch::randn({5, 3}).requires_grad_(true), keys = torch::randn({5, 3}).requires_grad_(true);
  const Pairing pairing = own_keys(5, {.symmetric = true});
  const Outcome both = outcome(streamed_info_nce, z, keys, pairing);
  const Tensor of_z = torch::autograd::grad({3 * streamed_info_nce(z, keys.detach(), pairing)}, {z})[0];
  const Tensor of_keys = torch::autograd::grad({3 * streamed_info_nce(z.detach(), keys, pairing)}, {keys})[0];
  EXPECT_TRUE(torch::equal(of_z, both.of_anchors));
  EXPECT_TRUE(torch::equal(of_keys, both.of_keys));
  EXPECT_FALSE(streamed_info_nce(z.detach(), keys.detach(), pairing).requires_grad());
  const torch::NoGradGuard no_grad;
  EXPECT_FALSE(streamed_info_nce(z, keys, pairing).requires_grad());
}

TEST(StreamedInfoNce, NarrowInputIsComputedInFloat32AsInThePlainForm) {
  const Tensor z = torch::randn({kInfoNceBlock + 9, 8}), keys = z + 0.3 * torch::randn_like(z);
  for (const bool symmetric : {false, true}) {
    const Pairing pairing = own_keys(z.size(0), {.temperature = 0.1, .symmetric = symmetric});
    const Tensor narrow = z.to(torch::kBFloat16), narrow_keys = keys.to(torch::kBFloat16);
    const Outcome found = outcome(streamed_info_nce, narrow, narrow_keys, pairing);
    EXPECT_EQ(found.loss.scalar_type(), torch::kFloat32);
    EXPECT_EQ(found.of_anchors.scalar_type(), torch::kBFloat16);
    EXPECT_TRUE(same(found, outcome(plain_info_nce, narrow, narrow_keys, pairing), 1e-2));
    EXPECT_TRUE(close(found.loss, outcome(plain_info_nce, narrow, narrow_keys, pairing).loss, 0, 1e-6));
    EXPECT_TRUE(same(outcome(streamed_info_nce, z, keys, pairing), outcome(plain_info_nce, z, keys, pairing), 1e-5));
  }
}

TEST(StreamedInfoNce, ANaNAnywhereMakesTheLossNan) {
  const std::int64_t rows = kInfoNceBlock + 2;
  const Tensor all = torch::ones({rows, rows}, torch::kBool);
  for (const bool symmetric : {false, true}) {
    for (const std::int64_t row : {std::int64_t{0}, kInfoNceBlock + 1}) {
      const Tensor z = torch::randn({rows, 4}), keys = torch::randn({rows, 4});
      z[row][1] = NAN;
      for (const IgnoredPairs& ignored : {IgnoredPairs(), IgnoredPairs(all)}) {
        const Pairing pairing = own_keys(rows, {.symmetric = symmetric}, ignored);
        EXPECT_TRUE(streamed_info_nce(z, keys, pairing).isnan().item<bool>());
        EXPECT_TRUE(streamed_info_nce(keys, z, pairing).isnan().item<bool>());
      }
    }
  }
}

TEST(StreamedInfoNce, ZeroHugeAndTinyRowsAreThoseOfThePlainForm) {
  const Tensor z = torch::randn({kInfoNceBlock + 5, 4}), keys = torch::randn({kInfoNceBlock + 5, 4});
  z[1].zero_(), keys[2].zero_(), z[3].mul_(1e37), keys[4].mul_(1e-9);
  for (const bool symmetric : {false, true}) {
    const Pairing pairing = own_keys(z.size(0), {.temperature = 0.1, .symmetric = symmetric});
    const Outcome found = outcome(streamed_info_nce, z, keys, pairing);
    const Outcome expected = outcome(plain_info_nce, z, keys, pairing);
    EXPECT_TRUE(close(found.loss, expected.loss, 0, 1e-5));
    EXPECT_TRUE(close(found.of_anchors, expected.of_anchors, 1e-5, 1e-5));
    EXPECT_TRUE(close(found.of_keys[2], torch::zeros({4}), 0));
    EXPECT_TRUE(close(found.of_anchors[1], torch::zeros({4}), 0));
  }
}

TEST(StreamedInfoNce, TheNumberOfRowsAloneChoosesTheForm) {
  for (const auto& [anchors, rows] :
       {std::pair(kPlainInfoNceRows, kPlainInfoNceRows), std::pair(std::int64_t{3}, kPlainInfoNceRows),
        std::pair(kPlainInfoNceRows + 1, kPlainInfoNceRows + 1), std::pair(std::int64_t{3}, kPlainInfoNceRows + 1)}) {
    const Tensor z = torch::randn({anchors, 2}), keys = torch::randn({rows, 2});
    const Form form = rows > kPlainInfoNceRows ? streamed_info_nce : plain_info_nce;
    const Outcome expected = outcome(form, z, keys, own_keys(anchors, {.temperature = 0.1}));
    const Tensor a = z.requires_grad_(true), b = keys.requires_grad_(true);
    const LossValue loss = info_nce(a, b, {.temperature = 0.1});
    const auto gradients = torch::autograd::grad({3 * loss.sum}, {a, b});
    EXPECT_TRUE(torch::equal(loss.sum, expected.loss)) << rows;
    EXPECT_TRUE(torch::equal(gradients[0], expected.of_anchors)) << rows;
    EXPECT_TRUE(torch::equal(gradients[1], expected.of_keys)) << rows;
  }
  // Few keys for many anchors: only where the positives are given.
  const Tensor z = torch::randn({kPlainInfoNceRows + 1, 2}), keys = torch::randn({2, 2});
  const Tensor positive = torch::randint(0, 2, {z.size(0)});
  EXPECT_TRUE(torch::equal(
      info_nce(z, keys, {}, positive).sum,
      streamed_info_nce(z, keys, {.positive = positive, .identity = false, .ignored = {}, .options = {}})));
}

TEST(StreamedInfoNce, MemoryIsLinearInTheRows) {
  constexpr std::int64_t rows = 8192, width = 64;  // the scores in float32: 268 MB
  const Tensor z = torch::randn({rows, width}).requires_grad_(true);
  const Tensor keys = torch::randn({rows, width}).requires_grad_(true);
  const IgnoredPairs ignored(torch::randint(0, 99, {rows}), torch::randint(0, 99, {rows}));
  TensorMemory memory;
  const LossValue loss = info_nce(z, keys, {.temperature = 0.1, .symmetric = true}, {}, ignored);
  const auto gradients = torch::autograd::grad({loss.sum}, {z, keys});
  EXPECT_TRUE((gradients[0].isfinite() & gradients[1].isfinite()).all().item<bool>());
  EXPECT_GE(memory.largest, kInfoNceBlock * rows * 4) << "the tensors were not seen";
  EXPECT_LT(memory.largest, rows * rows) << "a tensor of all pairs, if only of a byte each";
  EXPECT_LT(memory.most, rows * rows) << "a quarter of the scores in float32";
}

}  // namespace
}  // namespace infomtl::ops
