#include "infomtl/ops/packed/layer_norm.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"
#include "infomtl/ops/packed/dropout.h"
#include "ops/packed/owner_cases.h"
#include "support/devices.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;

class LayerNorm : public infomtl::testing::OnDevice {};
INFOMTL_ON_EVERY_DEVICE(LayerNorm);
class ResidualLayerNorm : public infomtl::testing::OnDevice {};
INFOMTL_ON_EVERY_DEVICE(ResidualLayerNorm);

TEST_P(LayerNorm, EqualsTheReferenceAtOddWidths) {
  for (const std::int64_t width : {1, 3, 16, 17, 384, 1000}) {
    const auto x = randn({7, width}) * 3 + 100, weight = randn({width}), bias = randn({width});
    const auto expected =
        at::layer_norm(x.to(at::kDouble), {width}, weight.to(at::kDouble), bias.to(at::kDouble), 1e-5);
    EXPECT_TRUE(close(layer_norm(x, weight, bias, 1e-5), expected, 2e-4)) << width;
    const auto doubled = layer_norm(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble), 1e-5);
    EXPECT_TRUE(close(doubled, expected, 1e-11)) << width;
  }
}

TEST_P(LayerNorm, GradientsMatchCentralDifferences) {
  const auto function = [](const std::vector<at::Tensor>& in) {
    return layer_norm(in[0], in[1], in[2], 1e-5).pow(3).sum();
  };
  EXPECT_TRUE(gradients_match(function, {randn({4, 6}), randn({6}), randn({6})}, 1e-5));
}

TEST_P(ResidualLayerNorm, GradientsMatchCentralDifferencesWithDropout) {
  const auto function = [](const std::vector<at::Tensor>& in) {
    TensorRandom random(5);
    return residual_layer_norm(in[0], in[1], 0.4, &random, in[2], in[3], 1e-5).pow(3).sum();
  };
  EXPECT_TRUE(gradients_match(function, {randn({4, 6}), randn({4, 6}), randn({6}), randn({6})}, 1e-5));
}

TEST_P(ResidualLayerNorm, DropsTheNewPartOnly) {
  const auto x = randn({3, 40}), residual = randn({3, 40}), weight = randn({40}), bias = randn({40});
  TensorRandom random(5), same(5);
  const auto out = residual_layer_norm(x, residual, 0.3, &random, weight, bias, 1e-5);
  const auto expected = layer_norm(residual + x * dropout_mask(x, 0.3, same), weight, bias, 1e-5);
  EXPECT_TRUE(close(out, expected, 1e-6));
  EXPECT_TRUE(close(residual_layer_norm(x, residual, 0.3, nullptr, weight, bias, 1e-5),
                    layer_norm(residual + x, weight, bias, 1e-5), 1e-6));
}

TEST_P(ResidualLayerNorm, OwnersGetTheGradientOfEachTask) {
  infomtl::testing::expect_owners_get_separate_backwards(
      {randn({6}), randn({6})}, [this](const std::vector<at::Tensor>& p, const auto& owners) {
        at::manual_seed(3);
        const auto x = randn({9, 6}, at::kDouble), residual = randn({9, 6}, at::kDouble);
        TensorRandom random(5);
        return residual_layer_norm(x, residual, 0.4, &random, p[0], p[1], 1e-5, owners).pow(2).sum(1);
      });
}

TEST_P(LayerNorm, PassesNotANumberOn) {
  auto x = randn({2, 20});
  x[1][7] = NAN;
  const auto out = layer_norm(x, ones({20}), zeros({20}), 1e-5);
  EXPECT_TRUE(out[0].isfinite().all().item<bool>());
  EXPECT_TRUE(out[1].isnan().all().item<bool>());
}

TEST_P(LayerNorm, RefusesShapesThatDoNotFit) {
  EXPECT_THROW(layer_norm(randn({2, 4}), ones({5}), zeros({5}), 1e-5), ShapeError);
  EXPECT_THROW(residual_layer_norm(randn({2, 4}), randn({3, 4}), 0.1, nullptr, ones({4}), zeros({4}), 1e-5),
               ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
