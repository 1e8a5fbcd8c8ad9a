#include "infomtl/ops/information/gaussian_draw.h"

#include <ATen/ATen.h>
#include <torch/autograd.h>

#include <utility>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/gaussian.h"
#include "support/compare.h"
#include "support/devices.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using torch::Tensor;

class GaussianDraws : public infomtl::testing::OnDevice {};
INFOMTL_ON_EVERY_DEVICE(GaussianDraws);

TEST(GaussianDraw, EveryDrawTakesANumberOfItsOwn) {
  TensorRandom one(3), same(3);
  const NoisePattern first = draw_noise(one);
  EXPECT_EQ(first.seed, draw_noise(same).seed);
  EXPECT_NE(first.seed, draw_noise(one).seed);
}

TEST_P(GaussianDraws, EqualThoseOfTheCpuInFloat64WithTheirGradients) {
  const NoisePattern noise{.seed = 5};
  const auto outcome = [&](const std::vector<Tensor>& given, torch::ScalarType type, torch::Device where) {
    std::vector<Tensor> in;
    for (const Tensor& each : given) in.push_back(each.to(where, type).requires_grad_(true));
    const GaussianDraw draw =
        in.size() == 2 ? draw_gaussian(in[0], in[1], noise) : draw_gaussian(in[0], in[1], noise, in[2], in[3]);
    std::vector<Tensor> found =
        torch::autograd::grad({draw.sample.square().sum() + (draw.divergence * draw.divergence).sum()}, in);
    found.insert(found.end(), {draw.sample, draw.divergence});
    return found;
  };
  for (const auto& [type, rounding] : {std::pair(torch::kFloat32, 1e-5), std::pair(torch::kBFloat16, 1e-2)}) {
    const auto drawn = [type = type](at::IntArrayRef shape) { return (0.5 * torch::randn(shape)).to(type); };
    for (const auto& [rows, width] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {33, 3}, {128, 20}, {5, 384}}) {
      for (const std::vector<Tensor>& in :
           {std::vector<Tensor>{drawn({rows, width}), drawn({rows, width})},
            {drawn({rows, width}), drawn({rows, width}), drawn({width}), drawn({width})},
            {drawn({rows, width}), drawn({rows, width}), drawn({rows, width}), drawn({rows, width})}}) {
        const std::vector<Tensor> found = outcome(in, type, device());
        const std::vector<Tensor> expected = outcome(in, torch::kFloat64, torch::kCPU);
        for (std::size_t i = 0; i < found.size(); ++i) {
          EXPECT_TRUE(close(found[i], expected[i], rounding, rounding)) << rows << " x " << width << ", result " << i;
        }
      }
    }
  }
}

TEST(GaussianDraw, OnTheCpuIsWhatItsPartsAreToTheBit) {
  const NoisePattern noise{.seed = 5};
  for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kBFloat16}) {
    const Tensor mean = torch::randn({6, 5}).to(type), s = torch::randn({6, 5}).to(type);
    const Tensor numbers = normal_noise(noise, 6, 5);
    const GaussianDraw draw = draw_gaussian(mean, s, noise);
    EXPECT_TRUE(torch::equal(draw.sample, gaussian_sample(mean, s, numbers)));
    EXPECT_TRUE(torch::equal(draw.divergence, kl_standard(mean, s).sum(1)));
    for (const Tensor& prior : {torch::randn({5}), torch::randn({6, 5})}) {
      const GaussianDraw to_prior = draw_gaussian(mean, s, noise, prior, -prior);
      EXPECT_TRUE(torch::equal(to_prior.sample, draw.sample));
      EXPECT_TRUE(torch::equal(to_prior.divergence, kl_diagonal(mean, s, prior, -prior).sum(1)));
    }
  }
}

TEST(GaussianDraw, BadShapesAreNamed) {
  const Tensor a = torch::zeros({2, 3});
  EXPECT_THROW(draw_gaussian(a, torch::zeros({3, 2}), {}), ShapeError);
  EXPECT_THROW(draw_gaussian(torch::zeros({3}), torch::zeros({3}), {}), ShapeError);
  EXPECT_THROW(draw_gaussian(a, a, {}, torch::zeros({2}), torch::zeros({2})), ShapeError);
  EXPECT_THROW(draw_gaussian(a, a, {}, torch::zeros({3})), ShapeError);
  EXPECT_THROW(draw_gaussian(a, a, {}, {}, torch::zeros({3})), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
