#include "ops/packed/products.h"

#include <ATen/ATen.h>

#include "support/compare.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;

// Around the sizes that products are rounded to.
constexpr std::int64_t kRows[] = {1, 31, 32, 33, 63, 511, 512, 513, 545, 640, 700, 1025};

// [rows, width] of which the storage goes on behind the last row, with NaN.
at::Tensor with_nan_behind(std::int64_t rows, std::int64_t width, at::ScalarType type) {
  at::Tensor storage = at::full({rows + 200, width}, NAN, type);
  return storage.narrow(0, 0, rows).copy_(at::randn({rows, width}));
}

double rounding(at::ScalarType type) { return type == at::kBFloat16 ? 1.0 / 128 : 1e-5; }

TEST(Products, OfRowsNeverShowWhatLiesBehindTheLast) {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t rows : kRows) {
      const at::Tensor a = with_nan_behind(rows, 48, type), b = at::randn({20, 48}).to(type),
                       bias = at::randn({20}).to(type);
      const at::Tensor expected = a.to(at::kDouble).mm(b.to(at::kDouble).t());
      EXPECT_TRUE(close(product_of_rows(a, b), expected, 0, rounding(type))) << rows << " rows of " << type;
      EXPECT_TRUE(close(product_of_rows(a, b, bias), expected + bias.to(at::kDouble), 0, rounding(type))) << rows;
    }
  }
}

TEST(Products, OverRowsSumTheirOwnOnlyAndLeaveTheRestAsItWas) {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t rows : kRows) {
      const at::Tensor storage = at::randn({rows + 200, 48}).to(type), before = storage.clone();
      const at::Tensor a = storage.narrow(0, 0, rows), b = with_nan_behind(rows, 20, type);
      const at::Tensor expected = a.to(at::kDouble).t().mm(b.to(at::kDouble)), sum = at::randn({48, 20});
      EXPECT_TRUE(close(product_over_rows(a, b), expected, 0, rounding(type))) << rows << " rows of " << type;
      const at::Tensor expected_sum = sum.to(at::kDouble) + expected;
      add_product_over_rows(sum, a, b);
      EXPECT_TRUE(close(sum, expected_sum, 0, rounding(type))) << rows << " rows of " << type;
      EXPECT_TRUE(storage.equal(before));
    }
  }
}

}  // namespace
}  // namespace infomtl::ops
