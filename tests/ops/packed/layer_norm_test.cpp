#include "infomtl/ops/packed/layer_norm.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"
#include "infomtl/ops/packed/dropout.h"
#include "ops/packed/owner_cases.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;

TEST(LayerNorm, EqualsTheReferenceAtOddWidths) {
  for (const std::int64_t width : {1, 3, 16, 17, 384, 1000}) {
    const auto x = at::randn({7, width}) * 3 + 100, weight = at::randn({width}), bias = at::randn({width});
    const auto expected =
        at::layer_norm(x.to(at::kDouble), {width}, weight.to(at::kDouble), bias.to(at::kDouble), 1e-5);
    EXPECT_TRUE(close(layer_norm(x, weight, bias, 1e-5), expected, 2e-4)) << width;
    const auto doubled = layer_norm(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble), 1e-5);
    EXPECT_TRUE(close(doubled, expected, 1e-11)) << width;
  }
}

TEST(LayerNorm, GradientsMatchCentralDifferences) {
  const auto function = [](const std::vector<at::Tensor>& in) {
    return layer_norm(in[0], in[1], in[2], 1e-5).pow(3).sum();
  };
  EXPECT_TRUE(gradients_match(function, {at::randn({4, 6}), at::randn({6}), at::randn({6})}, 1e-5));
}

TEST(ResidualLayerNorm, GradientsMatchCentralDifferencesWithDropout) {
  const auto function = [](const std::vector<at::Tensor>& in) {
    TensorRandom random(5);
    return residual_layer_norm(in[0], in[1], 0.4, &random, in[2], in[3], 1e-5).pow(3).sum();
  };
  EXPECT_TRUE(gradients_match(function, {at::randn({4, 6}), at::randn({4, 6}), at::randn({6}), at::randn({6})}, 1e-5));
}

TEST(ResidualLayerNorm, DropsTheNewPartOnly) {
  const auto x = at::randn({3, 40}), residual = at::randn({3, 40}), weight = at::randn({40}), bias = at::randn({40});
  TensorRandom random(5), same(5);
  const auto out = residual_layer_norm(x, residual, 0.3, &random, weight, bias, 1e-5);
  const auto expected = layer_norm(residual + x * dropout_mask(x, 0.3, same), weight, bias, 1e-5);
  EXPECT_TRUE(close(out, expected, 1e-6));
  EXPECT_TRUE(close(residual_layer_norm(x, residual, 0.3, nullptr, weight, bias, 1e-5),
                    layer_norm(residual + x, weight, bias, 1e-5), 1e-6));
}

TEST(ResidualLayerNorm, OwnersGetTheGradientOfEachTask) {
  infomtl::testing::expect_owners_get_separate_backwards(
      {at::randn({6}), at::randn({6})}, [](const std::vector<at::Tensor>& p, const auto& owners) {
        at::manual_seed(3);
        const auto x = at::randn({9, 6}, at::kDouble), residual = at::randn({9, 6}, at::kDouble);
        TensorRandom random(5);
        return residual_layer_norm(x, residual, 0.4, &random, p[0], p[1], 1e-5, owners).pow(2).sum(1);
      });
}

TEST(LayerNorm, PassesNotANumberOn) {
  auto x = at::randn({2, 20});
  x[1][7] = NAN;
  const auto out = layer_norm(x, at::ones({20}), at::zeros({20}), 1e-5);
  EXPECT_TRUE(out[0].isfinite().all().item<bool>());
  EXPECT_TRUE(out[1].isnan().all().item<bool>());
}

TEST(LayerNorm, RefusesShapesThatDoNotFit) {
  EXPECT_THROW(layer_norm(at::randn({2, 4}), at::ones({5}), at::zeros({5}), 1e-5), ShapeError);
  EXPECT_THROW(
      residual_layer_norm(at::randn({2, 4}), at::randn({3, 4}), 0.1, nullptr, at::ones({4}), at::zeros({4}), 1e-5),
      ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
