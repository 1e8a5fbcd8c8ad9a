#include "infomtl/ops/aggregation/label_directions.h"

#include "infomtl/core/errors.h"
#include "support/compare.h"
#include "support/normal.h"

namespace infomtl::ops {
namespace {

using testing::close;
using torch::Tensor;

Tensor along_axis(std::int64_t axis, double length, std::int64_t width = 4) {
  return torch::zeros({width, 1}, torch::kFloat64).index_fill_(0, torch::tensor({axis}), length);
}

TEST(LabelDirections, OfFullRankAreTheLengths) {  // PT-3.4
  std::vector<Tensor> columns, lengths;
  for (const std::uint64_t seed : {1, 2, 3}) {
    columns.push_back(testing::normal({6, 1}, seed).to(torch::kFloat64));
    lengths.push_back(columns.back().norm());
  }
  EXPECT_TRUE(close(shared_direction_norms(columns, 3), at::stack(lengths), 1e-12));
  // Less rank is less length; a rotation of the inputs, or the order of tasks, changes nothing.
  const Tensor two = shared_direction_norms(columns, 2), one = shared_direction_norms(columns, 1);
  EXPECT_TRUE((one <= two + 1e-12).all().item<bool>() && (two <= at::stack(lengths) + 1e-12).all().item<bool>());
  EXPECT_LT(one.sum().item<double>(), two.sum().item<double>());
  const Tensor rotation = std::get<0>(at::linalg_qr(testing::normal({6, 6}, 4).to(torch::kFloat64)));
  std::vector<Tensor> turned;
  for (const Tensor& column : columns) turned.push_back(rotation.mm(column));
  EXPECT_TRUE(close(shared_direction_norms(turned, 2), two, 1e-12));
  EXPECT_TRUE(close(shared_direction_norms({columns[2], columns[0], columns[1]}, 2), two.roll(1), 1e-12));
}

TEST(LabelDirections, DuplicatesAreEqualAndWhatIsApartIsZero) {  // PT-3.4
  const std::vector<Tensor> columns = {along_axis(0, 3), along_axis(0, 3), along_axis(2, 2)};
  EXPECT_TRUE(close(shared_direction_norms(columns, 1), torch::tensor({3.0, 3.0, 0.0}, torch::kFloat64), 1e-12));
  EXPECT_TRUE(close(shared_direction_norms(columns, 2), torch::tensor({3.0, 3.0, 2.0}, torch::kFloat64), 1e-12));
}

TEST(LabelDirections, SeveralColumnsAreAMeanOfSquares) {
  const Tensor classes = at::cat({along_axis(0, 3), along_axis(1, 1)}, 1);
  const Tensor found = shared_direction_norms({classes, along_axis(0, 2)}, 2);
  EXPECT_TRUE(close(found, torch::tensor({std::sqrt(10.0 / 2), 2.0}, torch::kFloat64), 1e-12));
}

TEST(LabelDirections, RefusesWhatHasNoSuchDirections) {
  const Tensor column = along_axis(0, 1);
  EXPECT_THROW(shared_direction_norms({}, 1), ShapeError);
  EXPECT_THROW(shared_direction_norms({column, along_axis(0, 1, 5)}, 1), ShapeError);
  EXPECT_THROW(shared_direction_norms({column, column}, 3), ShapeError);
  EXPECT_THROW(shared_direction_norms({column, column}, 0), ShapeError);
  EXPECT_THROW(shared_direction_norms({column * NAN}, 1), NonFiniteError);
}

}  // namespace
}  // namespace infomtl::ops
