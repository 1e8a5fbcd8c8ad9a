#include "infomtl/optim/flat_parameters.h"

#include <cmath>
#include <limits>

#include "infomtl/core/errors.h"
#include "support/compare.h"
#include "support/fixture.h"

namespace infomtl {
namespace {

struct Model {
  Tensor weight = torch::arange(6, torch::kFloat32).view({2, 3}).requires_grad_(true);
  Tensor bias = torch::full({3}, 10.0F).requires_grad_(true);
  Tensor head = torch::full({3, 1}, 0.5F).requires_grad_(true);
  Tensor scale = torch::full({2, 2}, -0.5F).requires_grad_(true);

  FlatParameters flat() const {
    return FlatParameters(
        {{"encoder.weight", weight, ParameterPart::encoder}, {"encoder.bias", bias, ParameterPart::encoder}},
        {{"heads.a.weight", head, ParameterPart::task}, {"weighting.scale", scale, ParameterPart::weighting}});
  }
};

TEST(FlatParameters, ModelAndBufferAreTheSameMemory) {
  const Model model;
  FlatParameters flat = model.flat();
  EXPECT_EQ(flat.size(), 16);
  EXPECT_EQ(flat.shared_size(), 9);
  EXPECT_TRUE(model.weight.requires_grad());
  EXPECT_TRUE(testing::close(model.weight, torch::arange(6, torch::kFloat32).view({2, 3}), 0));

  const Tensor x = torch::ones({1, 2});
  at::mm(at::mm(x, model.weight) + model.bias, model.head).sum().backward();
  EXPECT_TRUE(testing::close(flat.gradients().slice(0, 0, 6), torch::full({6}, 0.5F), 0));
  EXPECT_TRUE(testing::close(flat.gradients().slice(0, 6, 9), torch::full({3}, 0.5F), 0));
  // A second backward adds, into the same memory.
  at::mm(at::mm(x, model.weight) + model.bias, model.head).sum().backward();
  EXPECT_TRUE(testing::close(flat.gradients().slice(0, 0, 9), torch::full({9}, 1.0F), 0));
  EXPECT_EQ(model.weight.grad().data_ptr(), flat.gradients().data_ptr());

  const torch::NoGradGuard no_grad;
  flat.values().fill_(7.0);
  EXPECT_EQ(model.bias[2].item<float>(), 7.0F);
  flat.zero_gradients();
  EXPECT_EQ(model.head.grad().abs().sum().item<float>(), 0.0F);
}

TEST(FlatParameters, BiasesNormsAndWeightingsDoNotDecay) {
  const Model model;
  const FlatParameters flat = model.flat();
  ASSERT_EQ(flat.slots().size(), 4U);
  EXPECT_TRUE(flat.slots()[0].decays);
  EXPECT_FALSE(flat.slots()[1].decays);
  EXPECT_TRUE(flat.slots()[2].decays);
  EXPECT_FALSE(flat.slots()[3].decays);
}

TEST(FlatParameters, ClipsAsTorchDoes) {
  const Json golden = testing::read_fixture("train/optimizers.json");
  const Tensor weight = testing::float64_tensor(golden["gradients"][3]["weight"]).to(torch::kFloat32);
  const Tensor bias = testing::float64_tensor(golden["gradients"][3]["bias"]).to(torch::kFloat32);
  for (const Json& item : golden["clipping"]) {
    Tensor p = torch::zeros({3, 4}).requires_grad_(true), q = torch::zeros({4}).requires_grad_(true);
    FlatParameters flat({{"p", p}}, {{"q", q, ParameterPart::task}});
    const auto scale = item["scale"].get<double>();
    p.mutable_grad().copy_(weight.view({3, 4}) * scale);
    q.mutable_grad().copy_(bias * scale);
    const Tensor norm = flat.clip_gradients(item["max_norm"].get<double>()).model;
    const Tensor expected = testing::float64_tensor(item["clipped"]);
    EXPECT_TRUE(testing::close(norm.item<double>() / item["norm"].get<double>(), 1.0, 1e-6));
    EXPECT_TRUE(testing::close(flat.gradients(), expected, 0, 1e-6));
  }
}

TEST(FlatParameters, NormOfALongBufferKeepsItsDigits) {
  // Summed naively in float32 this loses more than a thousandth.
  Tensor p = torch::zeros({1 << 23}).requires_grad_(true);
  FlatParameters flat({{"p", p}});
  flat.gradients();
  p.mutable_grad().fill_(0.1F);
  const double expected = static_cast<double>(0.1F) * std::sqrt(static_cast<double>(1 << 23));
  EXPECT_TRUE(testing::close(flat.clip_gradients(0).model.item<double>() / expected, 1.0, 1e-6));
  EXPECT_EQ(p.grad()[5].item<float>(), 0.1F);
}

TEST(FlatParameters, NamesTheFirstParameterWithANonFiniteGradient) {
  const Model model;
  FlatParameters flat = model.flat();
  EXPECT_EQ(flat.first_non_finite_gradient(), "");
  model.head.mutable_grad()[1][0] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(flat.first_non_finite_gradient(), "heads.a.weight");
  model.bias.mutable_grad()[0] = std::nanf("");
  EXPECT_EQ(flat.first_non_finite_gradient(), "encoder.bias");
}

TEST(FlatParameters, WhatRestsIsLeftAlone) {
  const Model model;
  FlatParameters flat = model.flat();
  flat.gradients().fill_(2.0);
  const GradientNorms whole = flat.clip_gradients(0);
  EXPECT_TRUE(testing::close(whole.model.item<double>(), std::sqrt(12 * 4.0), 1e-12));
  EXPECT_TRUE(testing::close(whole.weighting.item<double>(), std::sqrt(4 * 4.0), 1e-12)) << "a norm of its own";
  EXPECT_EQ(whole.terms.item<double>(), 0.0);
  flat.set_training({false, true, true, false});
  ASSERT_EQ(flat.training_ranges().size(), 1U);
  EXPECT_EQ(flat.training_ranges()[0].begin, 6);
  EXPECT_EQ(flat.training_ranges()[0].end, 12);
  EXPECT_EQ(flat.gradients().abs().sum().item<float>(), 0.0F);
  EXPECT_EQ(flat.shared_size(), 9);

  const Tensor out = at::mm(at::mm(torch::ones({1, 2}), model.weight) + model.bias, model.head).sum();
  EXPECT_FALSE(model.weight.requires_grad());
  out.backward();
  EXPECT_EQ(model.weight.grad().abs().sum().item<float>(), 0.0F);
  EXPECT_EQ(model.bias.grad()[0].item<float>(), 0.5F);

  // A weighting may write where nothing trains; that counts for nothing and is not scaled.
  flat.gradients().fill_(2.0);
  EXPECT_TRUE(testing::close(flat.clip_gradients(1.0).model.item<double>(), std::sqrt(24.0), 1e-12));
  EXPECT_EQ(model.weight.grad()[0][0].item<float>(), 2.0F);
  EXPECT_LT(model.bias.grad()[0].item<float>(), 1.0F);
  model.weight.mutable_grad().fill_(std::nanf(""));
  EXPECT_EQ(flat.first_non_finite_gradient(), "");
  flat.zero_gradients();
  EXPECT_EQ(model.head.grad().abs().sum().item<float>(), 0.0F);

  flat.set_training({true, true, true, true});
  EXPECT_EQ(flat.gradients().abs().sum().item<float>(), 0.0F);
  EXPECT_TRUE(model.weight.requires_grad());
  EXPECT_THROW(flat.set_training({true}), StateError);
}

TEST(FlatParameters, WhatRequiresNoGradientStaysOutside) {
  const Model model;
  model.bias.set_requires_grad(false);
  const void* const place = model.bias.data_ptr();
  const FlatParameters flat = model.flat();
  EXPECT_EQ(flat.size(), 13);
  EXPECT_EQ(flat.shared_size(), 6);
  EXPECT_EQ(flat.find(model.bias), nullptr);
  EXPECT_EQ(model.bias.data_ptr(), place);
  EXPECT_FALSE(model.bias.grad().defined());
}

TEST(FlatParameters, RefusesWhatItCannotLayOut) {
  const Model model;
  EXPECT_THROW(FlatParameters({{"a", model.weight}, {"a", model.bias}}), StateError);
  EXPECT_THROW(FlatParameters({{"a", model.weight}}, {{"b", model.weight, ParameterPart::task}}), StateError);
  EXPECT_THROW(FlatParameters({{"a", model.weight}, {"b", torch::zeros({2}, torch::kFloat64).requires_grad_(true)}}),
               StateError);
  EXPECT_THROW(FlatParameters({{"a", model.weight}}, {{"b", model.bias, ParameterPart::shared}}), StateError);
  EXPECT_THROW(FlatParameters({{"a", model.weight, ParameterPart::task}}), StateError);
  EXPECT_THROW(FlatParameters({{"a", model.weight * 2}}), StateError);
  EXPECT_EQ(FlatParameters({}).size(), 0);
}

}  // namespace
}  // namespace infomtl
