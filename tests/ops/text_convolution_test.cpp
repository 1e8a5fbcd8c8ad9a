#include "infomtl/ops/text_convolution.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"
#include "support/gradcheck.h"
#include "support/normal.h"

namespace infomtl::ops {
namespace {

using testing::close;
using testing::normal;
using torch::Tensor;

Tensor offsets_of(const std::vector<std::int64_t>& begins) { return torch::tensor(begins, torch::kInt64); }

/// The same of one text by LibTorch's own convolution.
Tensor by_convolution(Tensor text, const Tensor& weight, const Tensor& bias) {
  const std::int64_t missing = weight.size(0) - text.size(0);
  if (missing > 0) text = at::cat({text, torch::zeros({missing, text.size(1)}, text.options())});
  const Tensor kernel = weight.permute({2, 1, 0});  // [F, H, w]
  return at::relu(at::conv1d(text.t().unsqueeze(0), kernel, bias)).amax(2).squeeze(0);
}

TEST(TextConvolution, IsTheConvolutionOfEachTextAlone) {
  const Tensor rows = normal({12, 5}, 1).to(torch::kFloat64), bias = normal({4}, 3).to(torch::kFloat64);
  for (const std::int64_t width : {1, 3, 5}) {
    const Tensor weight = normal({width, 5, 4}, 2).to(torch::kFloat64);
    const Tensor found = max_over_windows(rows, offsets_of({0, 7, 9, 12}), weight, bias);
    ASSERT_EQ(found.sizes(), (at::IntArrayRef{3, 4}));
    EXPECT_TRUE(close(found[0], by_convolution(rows.slice(0, 0, 7), weight, bias), 1e-12)) << width;
    EXPECT_TRUE(close(found[1], by_convolution(rows.slice(0, 7, 9), weight, bias), 1e-12)) << width;
    EXPECT_TRUE(close(found[2], by_convolution(rows.slice(0, 9, 12), weight, bias), 1e-12)) << width;
  }
}

TEST(TextConvolution, HasTheGradientsOfCentralDifferences) {
  const Tensor offsets = offsets_of({0, 5, 6, 9});
  EXPECT_TRUE(testing::gradients_match(
      [&](const std::vector<Tensor>& in) { return max_over_windows(in[0], offsets, in[1], in[2]).square().sum(); },
      {normal({9, 3}, 1), normal({2, 3, 4}, 2), normal({4}, 3) + 0.5}, 1e-6));
}

TEST(TextConvolution, AnEmptyTextAnswersNothing) {
  const Tensor found =
      max_over_windows(normal({3, 2}, 1), offsets_of({0, 0, 3}), normal({2, 2, 3}, 2), torch::ones({3}));
  EXPECT_EQ(found[0].abs().sum().item<float>(), 0.0F);
  EXPECT_GT(found[1].sum().item<float>(), 0.0F);
  EXPECT_EQ(max_over_windows(normal({0, 2}), offsets_of({0}), normal({2, 2, 3}), torch::ones({3})).size(0), 0);
}

TEST(TextConvolution, RefusesWhatDoesNotFit) {
  const Tensor rows = normal({4, 2}), weight = normal({2, 2, 3}), bias = torch::ones({3});
  EXPECT_THROW(max_over_windows(rows, offsets_of({0, 5}), weight, bias), ShapeError);
  EXPECT_THROW(max_over_windows(rows, offsets_of({0, 3, 2}), weight, bias), ShapeError);
  EXPECT_THROW(max_over_windows(rows, offsets_of({0, 4}), normal({2, 3, 3}), bias), ShapeError);
  EXPECT_THROW(max_over_windows(rows, offsets_of({0, 4}), weight, torch::ones({2})), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
