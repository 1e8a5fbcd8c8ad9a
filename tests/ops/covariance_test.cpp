#include "infomtl/ops/covariance.h"

#include "infomtl/core/errors.h"
#include "support/compare.h"
#include "support/normal.h"

namespace infomtl::ops {
namespace {

using testing::close;
using torch::Tensor;

Tensor uneven_rows(std::int64_t rows, std::int64_t width, std::uint64_t seed) {
  // Columns of different lengths, so that eigenvalues lie apart.
  return testing::normal({rows, width}, seed).to(torch::kFloat64) * torch::arange(1, width + 1, torch::kFloat64);
}
double likeness(const Tensor& x1, const Tensor& x2, const CovarianceOptions& options = {}) {
  return covariance_similarity(x1, x2, options).item<double>();
}

TEST(CovarianceSimilarity, OfDisjointColumnsIsZero) {  // PT-3.3
  Tensor left = uneven_rows(20, 6, 1), right = uneven_rows(30, 6, 2);
  left.narrow(1, 3, 3).zero_();
  right.narrow(1, 0, 3).zero_();
  EXPECT_NEAR(likeness(left, right), 0, 1e-12);
}

TEST(CovarianceSimilarity, WithItselfIsARatioOfNorms) {  // PT-3.3
  const Tensor x = uneven_rows(40, 5, 1);
  const Tensor lambda = at::linalg_eigvalsh(x.t().mm(x)).flip(0);
  EXPECT_TRUE(close(likeness(x, x, {.kept = 1}), (lambda.norm() / lambda.sum()).item<double>(), 1e-12));
  // Eigenvalues 81, 16, 2, 1: 97 % are in the first two, 99 % in three.
  const Tensor known = torch::tensor({9.0, 4.0, std::sqrt(2.0), 1.0}, torch::kFloat64).diag();
  const double two = std::hypot(81, 16) / 97, three = std::sqrt(81.0 * 81 + 16 * 16 + 4) / 99;
  EXPECT_TRUE(close(likeness(known, known, {.kept = 0.96}), two, 1e-12));
  EXPECT_TRUE(close(likeness(known, known, {.kept = 0.985}), three, 1e-12));
  EXPECT_TRUE(close(likeness(torch::eye(4), torch::eye(4)), 0.5, 1e-12)) << "1 / sqrt(r)";
  const Tensor one = uneven_rows(1, 5, 3);
  EXPECT_TRUE(close(likeness(one, -3 * one), 1, 1e-12)) << "rank one";
}

TEST(CovarianceSimilarity, KnowsNoOrderOfRowsNoScaleAndNoCommonRotation) {
  const Tensor x = uneven_rows(40, 5, 1), y = uneven_rows(25, 5, 2);
  const double found = likeness(x, y);
  EXPECT_GT(found, 0.1);
  EXPECT_LT(found, 1);
  EXPECT_TRUE(close(likeness(y, x), found, 1e-12));
  EXPECT_TRUE(close(likeness(x.flip(0), y), found, 1e-12));
  EXPECT_TRUE(close(likeness(1e-6 * x, 1e6 * y), found, 1e-12));
  const Tensor rotation = std::get<0>(at::linalg_qr(uneven_rows(5, 5, 3)));
  EXPECT_TRUE(close(likeness(x.mm(rotation), y.mm(rotation)), found, 1e-10));
  EXPECT_FALSE(close(likeness(x.mm(rotation), y), found, 1e-3));
  EXPECT_TRUE(close(likeness(x.to(torch::kFloat32), y), found, 1e-6));
}

TEST(CovarianceSimilarity, CentredLooksAtVariationAlone) {
  const Tensor x = uneven_rows(40, 5, 1), y = uneven_rows(25, 5, 2), far = torch::full({5}, 50.0, torch::kFloat64);
  EXPECT_GT(likeness(x + far, y + far), 0.9) << "a common mean is a common direction";
  const Tensor cx = x - x.mean(0), cy = y - y.mean(0);
  EXPECT_TRUE(close(likeness(x + far, y - far, {.centred = true}), likeness(cx, cy), 1e-9));
}

TEST(CovarianceSimilarity, OfSumsIsThatOfTheRows) {
  const Tensor x = uneven_rows(40, 5, 1), y = uneven_rows(25, 5, 2);
  CovarianceSums one(5), other(5);
  for (const auto& [begin, count] : {std::pair{0, 7}, {7, 0}, {7, 33}}) one.add(x.narrow(0, begin, count));
  other.add(y);
  EXPECT_EQ(one.rows(), 40);
  EXPECT_TRUE(close(one.gram(), x.t().mm(x), 0, 1e-13));
  for (const bool centred : {false, true}) {
    const CovarianceOptions options{.kept = 0.95, .centred = centred};
    EXPECT_TRUE(close(covariance_similarity(one, other, options), covariance_similarity(x, y, options), 1e-12));
  }
  const Tensor all = covariance_similarities({x.t().mm(x), y.t().mm(y), x.t().mm(x)});
  ASSERT_EQ(all.sizes(), (std::vector<std::int64_t>{3, 3}));
  EXPECT_TRUE(close(all[0][1], covariance_similarity(x, y), 1e-12));
  EXPECT_TRUE(close(all[2][0], covariance_similarity(x, x), 1e-12));
  EXPECT_TRUE(at::equal(all, all.t()));
  CovarianceSums copy = one;
  copy.add(y);
  EXPECT_TRUE(close(one.gram(), x.t().mm(x), 0, 1e-13)) << "a copy has sums of its own";
}

TEST(CovarianceSimilarity, NothingIsLikeNothingAndWrongInputsAreRefused) {
  const Tensor x = uneven_rows(4, 3, 1);
  EXPECT_EQ(likeness(torch::zeros({4, 3}), x), 0);
  EXPECT_EQ(likeness(torch::zeros({0, 3}), x), 0);
  EXPECT_EQ(likeness(torch::ones({4, 3}), x, {.centred = true}), 0);
  EXPECT_THROW(likeness(x, uneven_rows(4, 2, 1)), ShapeError);
  EXPECT_THROW(likeness(x[0], x), ShapeError);
  EXPECT_THROW(CovarianceSums(2).add(x), ShapeError);
  EXPECT_THROW(likeness(x * NAN, x), NonFiniteError);
  for (const double kept : {0.0, -1.0, 1.5, double{NAN}}) EXPECT_THROW(likeness(x, x, {.kept = kept}), ConfigError);
}

}  // namespace
}  // namespace infomtl::ops
