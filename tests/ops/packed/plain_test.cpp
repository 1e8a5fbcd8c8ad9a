// Every fast operation against the plain path, forward and gradient, with dropout on, for every type and device.

#include "ops/packed/plain.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"
#include "infomtl/ops/packed/attention.h"
#include "infomtl/ops/packed/dropout.h"
#include "infomtl/ops/packed/embedding.h"
#include "infomtl/ops/packed/layer_norm.h"
#include "infomtl/ops/packed/linear.h"
#include "support/compare.h"
#include "support/devices.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;

/// `inputs` are of the type that is tested, `parameters` of the type that it is computed with.
using Operation = std::function<at::Tensor(const std::vector<at::Tensor>& inputs,
                                           const std::vector<at::Tensor>& parameters, Derivatives derivatives)>;

class FastAndPlain : public infomtl::testing::OnDevice {
 protected:
  /// Half has no loops on any device: the fall-back by ATen's operations.
  void expect_same(const Operation& operation, const std::vector<at::Tensor>& inputs,
                   const std::vector<at::Tensor>& parameters, double float_tolerance = 3e-6) const {
    for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf}) {
      const at::ScalarType wide = compute_type(type);
      const double tolerance = type == at::kDouble     ? 1e-12
                               : type == at::kFloat    ? float_tolerance
                               : type == at::kBFloat16 ? 4.0 / 256
                                                       : 4.0 / 2048;
      std::vector<std::vector<at::Tensor>> found;
      at::Tensor direction;
      for (const auto derivatives : {Derivatives::once, Derivatives::twice}) {
        std::vector<at::Tensor> in, own;
        for (const at::Tensor& x : inputs) in.push_back(on_device(x).to(type).clone().requires_grad_(true));
        for (const at::Tensor& p : parameters) own.push_back(on_device(p).to(wide).clone().requires_grad_(true));
        const at::Tensor out = operation(in, own, derivatives);
        if (!direction.defined()) direction = on_device(at::randn(out.sizes())).to(out.scalar_type());
        std::vector<at::Tensor> leaves = in;
        leaves.insert(leaves.end(), own.begin(), own.end());
        found.push_back(torch::autograd::grad({out}, leaves, {direction}));
        found.back().push_back(out);
      }
      for (std::size_t i = 0; i < found[0].size(); ++i) {
        EXPECT_EQ(found[0][i].scalar_type(), found[1][i].scalar_type());
        EXPECT_TRUE(close(found[0][i], found[1][i], tolerance, tolerance))
            << type << (i + 1 == found[0].size() ? ", result" : ", gradient ") << i;
      }
    }
  }
};
INFOMTL_ON_EVERY_DEVICE(FastAndPlain);

TEST_P(FastAndPlain, Linear) {
  expect_same(
      [](const auto& in, const auto& own, Derivatives derivatives) {
        return stacked_linear(in[0], {own[0], own[1]}, {own[2], own[3]}, {}, derivatives);
      },
      {at::randn({37, 24})}, {at::randn({16, 24}) / 5, at::randn({9, 24}) / 5, at::randn({16}), at::randn({9})}, 2e-5);
}

TEST_P(FastAndPlain, LayerNorm) {
  expect_same([](const auto& in, const auto& own,
                 Derivatives derivatives) { return layer_norm(in[0], own[0], own[1], 1e-5, {}, derivatives); },
              {at::randn({37, 24})}, {at::rand({24}) + 0.5, at::randn({24})}, 1e-5);
}

TEST_P(FastAndPlain, ResidualLayerNorm) {
  for (const double rate : {0.0, 0.3}) {
    expect_same(
        [&](const auto& in, const auto& own, Derivatives derivatives) {
          TensorRandom random(5, device());
          return residual_layer_norm(in[0], in[1], rate, &random, own[0], own[1], 1e-5, {}, derivatives);
        },
        {at::randn({37, 24}), at::randn({37, 24})}, {at::rand({24}) + 0.5, at::randn({24})}, 1e-5);
  }
}

TEST_P(FastAndPlain, EmbeddingSum) {
  const at::Tensor words = on_device(at::randint(50, {37}, at::kLong)),
                   types = on_device(at::randint(2, {37}, at::kLong));
  expect_same(
      [&](const auto& in, const auto&, Derivatives derivatives) {
        return embedding_sum(in, {words, types}, {}, derivatives);
      },
      {at::randn({50, 24}), at::randn({2, 24})}, {});
}

TEST_P(FastAndPlain, Activations) {
  for (const auto activation :
       {Activation::gelu, Activation::gelu_tanh, Activation::relu, Activation::silu, Activation::tanh}) {
    expect_same([&](const auto& in, const auto&,
                    Derivatives derivatives) { return activate_packed(in[0], activation, {}, derivatives); },
                {at::randn({37, 24})}, {});
  }
}

TEST_P(FastAndPlain, Dropout) {
  for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf}) {
    for (const std::vector<std::int64_t>& shape : std::vector<std::vector<std::int64_t>>{{300, 70}, {3, 4, 5}, {7}}) {
      const at::Tensor x = on_device(at::randn(shape)).to(type).requires_grad_(true);
      TensorRandom random(5, device()), same(5, device()), of_mask(5, device());
      const at::Tensor fast = dropout(x, 0.3, &random), expected = plain::dropout(x, draw_dropout(0.3, &same));
      EXPECT_TRUE(at::equal(fast, expected)) << type;
      EXPECT_TRUE(
          at::equal(torch::autograd::grad({fast.sum()}, {x})[0], torch::autograd::grad({expected.sum()}, {x})[0]));
      EXPECT_TRUE(close(fast, x * dropout_mask(x, 0.3, of_mask), 0, type == at::kDouble ? 0 : 1e-2));
    }
  }
}

TEST_P(FastAndPlain, AttentionOfAllAndOfFirstTokens) {
  const at::Tensor offsets = at::tensor({0, 1, 32, 32, 48, 113, 120}, at::kInt);
  const std::int64_t heads = 3, head_width = 8, width = heads * head_width;
  for (const double rate : {0.0, 0.3}) {
    for (const bool biased : {false, true}) {
      AttentionBias bias;
      std::vector<at::Tensor> tables;
      if (biased) {
        tables = {at::randn({7, heads})};
        bias.buckets = at::randint(7, {2 * 80 - 1}, at::kLong);
      }
      const auto with_table = [&](const std::vector<at::Tensor>& own) {
        return AttentionBias{biased ? own[0] : at::Tensor(), bias.buckets};
      };
      expect_same(
          [&](const auto& in, const auto& own, Derivatives derivatives) {
            TensorRandom random(5, device());
            return packed_attention(in[0], offsets, heads, rate, &random, {}, derivatives, with_table(own));
          },
          {at::randn({120, 3 * width})}, tables, 1e-5);
      expect_same(
          [&](const auto& in, const auto& own, Derivatives derivatives) {
            TensorRandom random(5, device());
            return first_token_attention(in[0], in[1], offsets, heads, rate, &random, {}, derivatives, with_table(own));
          },
          {at::randn({6, width}), at::randn({120, 2 * width})}, tables, 1e-5);
    }
  }
}

TEST(FastPath, RefusesASecondDerivativeAndNamesTheCure) {
  const at::Tensor x = at::randn({6, 6}).requires_grad_(true), offsets = at::tensor({0, 2, 6}, at::kInt);
  const at::Tensor weight = at::ones({6}), ids = at::tensor({0, 1, 1}, at::kLong);
  const std::vector<std::function<at::Tensor()>> operations{
      [&] {
        return ops::linear(x, at::ones({2, 6}), {});
      },
      [&] { return layer_norm(x, weight, weight, 1e-5); },
      [&] { return embedding_sum({x}, {ids}); },
      [&] { return activate_packed(x, Activation::gelu); },
      [&] { return packed_attention(x, offsets, 2, 0.0, nullptr); },
  };
  for (std::size_t i = 0; i < operations.size(); ++i) {
    try {
      torch::autograd::grad({operations[i]().pow(2).sum()}, {x}, {}, /*retain_graph=*/true, /*create_graph=*/true);
      FAIL() << "operation " << i << " accepted";
    } catch (const StateError& error) {
      EXPECT_NE(std::string(error.what()).find("Derivatives::twice"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace infomtl::ops
