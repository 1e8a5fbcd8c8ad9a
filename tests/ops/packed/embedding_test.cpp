#include "infomtl/ops/packed/embedding.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"
#include "ops/packed/owner_cases.h"
#include "support/devices.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;

class EmbeddingSum : public infomtl::testing::OnDevice {
 protected:
  at::Tensor words() const { return on_device(at::tensor({3, 0, 3, 5, 1, 3, 0, 0, 5}, at::kLong)); }
  at::Tensor types() const { return on_device(at::tensor({0, 0, 1, 1, 0, 0, 0, 1, 0}, at::kLong)); }
};
INFOMTL_ON_EVERY_DEVICE(EmbeddingSum);

TEST_P(EmbeddingSum, AddsTheRowsOfItsTables) {
  const auto first = randn({7, 4}), second = randn({2, 4});
  EXPECT_TRUE(close(embedding_sum({first, second}, {words(), types()}),
                    first.index_select(0, words()) + second.index_select(0, types()), 0.0));
}

TEST_P(EmbeddingSum, GradientsMatchCentralDifferences) {
  const auto function = [this](const std::vector<at::Tensor>& in) {
    return embedding_sum({in[0], in[1]}, {words(), types()}).pow(3).sum();
  };
  EXPECT_TRUE(gradients_match(function, {randn({7, 4}), randn({2, 4})}));
}

TEST_P(EmbeddingSum, OwnersGetTheGradientOfEachTask) {
  infomtl::testing::expect_owners_get_separate_backwards(
      {randn({7, 4}), randn({2, 4})},
      [this](const std::vector<at::Tensor>& p, const auto& owners) {
        return embedding_sum({p[0], p[1]}, {words(), types()}, owners).pow(2).sum(1);
      },
      /*kept=*/2);
}

/// Holds only some rows of one table.
class SomeRows final : public GradientSink {
 public:
  SomeRows(at::Tensor table, at::Tensor held) : table_(std::move(table)), held_(std::move(held)) {
    matrix = at::zeros({3, held_.numel() * table_.size(1)}, table_.options().requires_grad(false));
  }
  at::Tensor open(const at::Tensor& parameter) override { return parameter.is_same(table_) ? matrix : at::Tensor(); }
  at::Tensor rows_of(const at::Tensor& parameter) const override {
    return parameter.is_same(table_) ? held_ : at::Tensor();
  }
  void close(const at::Tensor&, const at::Tensor&) override {}
  at::Tensor matrix;

 private:
  at::Tensor table_, held_;
};

TEST_P(EmbeddingSum, ASinkMayHoldOnlyTheRowsThatAreLookedUp) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    const at::Tensor table = randn({7, 4}, type).requires_grad_(true), other = randn({2, 4}, type);
    const at::Tensor scale = randn({9, 4}, type);
    const std::vector<RowRange> ranges{{0, 4}, {4, 4}, {4, 9}};
    const auto pass = [&](const at::Tensor& held) {
      const auto sink = std::make_shared<SomeRows>(table, held);
      (embedding_sum({table, other}, {words(), types()}, RowOwners(ranges, sink)) * scale).sum().backward();
      return sink->matrix.view({3, -1, 4});
    };
    const at::Tensor every = pass(on_device(at::arange(7))), held = on_device(at::tensor({0, 1, 3, 5, 6}, at::kLong));
    EXPECT_TRUE(close(every[2][0], scale[6] + scale[7], 0, 1e-6));
    EXPECT_TRUE(at::equal(pass(held), every.index_select(1, held)));
    EXPECT_FALSE(table.grad().defined());
    if (!device().is_cpu()) continue;  // elsewhere to look at the ids would wait for the device
    EXPECT_THROW(pass(at::tensor({0, 1, 3}, at::kLong)), StateError);
    EXPECT_THROW(pass(at::tensor({0, 1, 3, 6}, at::kLong)), StateError);
  }
}

TEST_P(EmbeddingSum, RefusesShapesThatDoNotFit) {
  EXPECT_THROW(embedding_sum({}, {}), ShapeError);
  EXPECT_THROW(embedding_sum({randn({7, 4}), randn({7, 3})}, {words(), types()}), ShapeError);
  EXPECT_THROW(embedding_sum({randn({7, 4})}, {words(), types()}), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
