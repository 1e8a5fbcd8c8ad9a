// Gradients that the last backward pass over a graph writes over saved values are those of any other pass, to the bit.

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "infomtl/ops/packed/activation.h"
#include "infomtl/ops/packed/attention.h"
#include "infomtl/ops/packed/layer_norm.h"

namespace infomtl::ops {
namespace {

/// Wants no parameter's gradient.
struct LastPass final : GradientSink {
  explicit LastPass(bool last) : last_(last) {}
  at::Tensor open(const at::Tensor&) override { return {}; }
  void close(const at::Tensor&, const at::Tensor&) override {}
  bool may_overwrite_saved() const override { return last_; }

 private:
  bool last_;
};

RowOwners owners_of(bool last, std::int64_t rows) {
  return {std::vector<RowRange>{{0, rows}}, std::make_shared<LastPass>(last)};
}

/// Gradients of `operation`, of every type, with a pass that may write and one that may not.
void expect_same(const std::vector<at::Tensor>& inputs,
                 const std::function<at::Tensor(const std::vector<at::Tensor>&, const RowOwners&)>& operation) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kBFloat16}) {
    std::vector<std::vector<at::Tensor>> gradients;
    for (const bool last : {false, true}) {
      std::vector<at::Tensor> given, own;
      for (const at::Tensor& input : inputs) {
        given.push_back(input.to(type).clone().requires_grad_());
        own.push_back(given.back() * 1);  // a value of the graph: a leaf is someone's
      }
      const at::Tensor before = own[0].detach().clone();
      const at::Tensor out = operation(own, owners_of(last, inputs.back().size(0)));
      const at::Tensor direction = at::linspace(-1, 2, out.numel(), at::kDouble).view(out.sizes()).to(type);
      gradients.push_back(torch::autograd::grad({out}, given, {direction}));
      EXPECT_TRUE(last || at::equal(own[0].detach(), before)) << "only a last pass may write";
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_TRUE(at::equal(gradients[0][i], gradients[1][i])) << type << ", input " << i;
    }
  }
}

const at::Tensor kOffsets = at::tensor({0, 9, 10, 33}, at::kInt);

TEST(LastBackward, Gelu) {
  expect_same({at::randn({33, 40}) * 2},
              [](const auto& in, const auto& owners) { return activate_packed(in[0], Activation::gelu, owners); });
}

TEST(LastBackward, Attention) {
  for (const double rate : {0.0, 0.3}) {
    expect_same({at::randn({33, 3 * 32})}, [&](const auto& in, const auto& owners) {
      TensorRandom random(5);
      return packed_attention(in[0], kOffsets, 2, rate, &random, owners);
    });
  }
}

TEST(LastBackward, AttentionOfTheFirstToken) {
  for (const std::int64_t width : {32, 12}) {
    expect_same({at::randn({3, width}), at::randn({33, 2 * width})}, [&](const auto& in, const auto& owners) {
      TensorRandom random(5);
      return first_token_attention(in[0], in[1], kOffsets, 2, 0.3, &random, owners);
    });
  }
}

TEST(LastBackward, ResidualLayerNorm) {
  const at::Tensor weight = at::rand({40}) + 0.5, bias = at::randn({40});
  for (const double rate : {0.0, 0.3}) {
    expect_same({at::randn({33, 40}), at::randn({33, 40})}, [&](const auto& in, const auto& owners) {
      TensorRandom random(5);
      const auto like = in[0].scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
      return residual_layer_norm(in[0], in[1], rate, &random, weight.to(like), bias.to(like), 1e-12, owners);
    });
  }
}

}  // namespace
}  // namespace infomtl::ops
