#include "infomtl/ops/clustering.h"

#include <gtest/gtest.h>

#include "infomtl/core/errors.h"
#include "support/normal.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

TEST(KMeans, FindsGroupsThatLieApart) {
  const Tensor truth = torch::arange(60, torch::kInt64).remainder(3);
  const Tensor centres = torch::tensor({{0.0, 0.0}, {10.0, 0.0}, {0.0, 10.0}});
  const Tensor rows = centres.index_select(0, truth) + 0.5 * testing::normal({60, 2});
  const Tensor found = k_means(rows, 3);
  // The same partition: rows agree on being together, whatever the groups are called.
  EXPECT_TRUE(torch::equal(found.unsqueeze(0) == found.unsqueeze(1), truth.unsqueeze(0) == truth.unsqueeze(1)));
  EXPECT_TRUE(torch::equal(found, k_means(rows, 3)));
}

TEST(KMeans, OneGroupPerRowAndOneForAll) {
  const Tensor rows = testing::normal({4, 3});
  EXPECT_EQ(std::get<0>(at::_unique(k_means(rows, 4))).size(0), 4);
  EXPECT_TRUE(torch::equal(k_means(rows, 1), torch::zeros({4}, torch::kInt64)));
  EXPECT_EQ(k_means(torch::ones({5, 2}), 2).size(0), 5) << "rows that are all alike";
}

TEST(KMeans, RefusesWhatHasNoGroups) {
  EXPECT_THROW(k_means(torch::ones({2, 2}), 3), ShapeError);
  EXPECT_THROW(k_means(torch::ones({4}), 2), ShapeError);
  EXPECT_THROW(k_means(torch::full({4, 2}, NAN), 2), NonFiniteError);
}

}  // namespace
}  // namespace infomtl::ops
