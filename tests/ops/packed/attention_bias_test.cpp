// Relative position bias of attention: gradients, tasks, uses of one table, threads.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "infomtl/core/errors.h"
#include "infomtl/ops/packed/attention.h"
#include "ops/packed/owner_cases.h"
#include "support/devices.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;

class AttentionBiases : public infomtl::testing::OnDevice {
 protected:
  const at::Tensor offsets_ = at::tensor({0, 3, 4, 9}, at::kInt);
  /// Distances -4 .. 4, four buckets.
  const at::Tensor buckets_ = at::tensor({3, 3, 1, 1, 0, 2, 2, 3, 3}, at::kLong);
};

INFOMTL_ON_EVERY_DEVICE(AttentionBiases);

TEST_P(AttentionBiases, AreAddedToTheScaledScores) {
  // One head of width 4; queries of zeros leave the bias alone.
  const at::Tensor qkv = randn({9, 12}, at::kDouble), table = randn({4, 1}, at::kDouble);
  qkv.slice(1, 0, 4).zero_();
  const at::Tensor out = packed_attention(qkv, offsets_, 1, 0.0, nullptr, {}, Derivatives::once, {table, buckets_});
  for (std::int64_t i = 4; i < 9; ++i) {
    const at::Tensor scores = table.view(-1).index_select(0, on_device(buckets_.slice(0, 4 - (i - 4), 9 - (i - 4))));
    EXPECT_TRUE(close(out[i], at::softmax(scores, 0).matmul(qkv.slice(0, 4, 9).slice(1, 8)), 1e-14)) << "query " << i;
  }
  EXPECT_TRUE(close(out[3], qkv[3].slice(0, 8), 1e-14)) << "a sequence of one token";
}

TEST_P(AttentionBiases, GradientsMatchCentralDifferencesWithDropout) {
  for (const double rate : {0.0, 0.3}) {
    const auto all = [&](const std::vector<at::Tensor>& in) {
      TensorRandom random(8);
      return packed_attention(in[0], offsets_, 2, rate, &random, {}, Derivatives::once, {in[1], buckets_}).pow(3).sum();
    };
    EXPECT_TRUE(gradients_match(all, {randn({9, 18}), randn({4, 2})}));
    const auto first = [&](const std::vector<at::Tensor>& in) {
      TensorRandom random(8);
      return first_token_attention(in[0], in[1], offsets_, 2, rate, &random, {}, Derivatives::once, {in[2], buckets_})
          .pow(3)
          .sum();
    };
    EXPECT_TRUE(gradients_match(first, {randn({3, 6}), randn({9, 12}), randn({4, 2})}));
  }
}

TEST_P(AttentionBiases, FirstTokensEqualTheFirstRowsOfTheWhole) {
  const at::Tensor qkv = randn({9, 18}), table = randn({4, 2});
  const at::Tensor first = on_device(offsets_.slice(0, 0, -1).to(at::kLong));
  TensorRandom random(4), same(4);
  EXPECT_TRUE(close(
      first_token_attention(qkv.slice(1, 0, 6).index_select(0, first), qkv.slice(1, 6), offsets_, 2, 0.25, &random, {},
                            Derivatives::once, {table, buckets_}),
      packed_attention(qkv, offsets_, 2, 0.25, &same, {}, Derivatives::once, {table, buckets_}).index_select(0, first),
      1e-6));
}

TEST_P(AttentionBiases, OwnersGetTheTablesGradientOfEachTask) {
  // Tasks own rows 0..4, none, and 4..9: whole sequences.
  const at::Tensor qkv = randn({9, 18}, at::kDouble);
  infomtl::testing::expect_owners_get_separate_backwards(
      {randn({4, 2})},
      [&](const std::vector<at::Tensor>& p, const auto& owners) {
        TensorRandom random(5);
        return packed_attention(qkv, offsets_, 2, 0.3, &random, owners, Derivatives::once, {p[0], buckets_})
            .pow(2)
            .sum(1);
      },
      /*kept=*/1);
}

TEST_P(AttentionBiases, OwnersGetTheTablesGradientOfFirstTokens) {
  const at::Tensor query = randn({3, 6}, at::kDouble), kv = randn({9, 12}, at::kDouble);
  const at::Tensor table = randn({4, 2}, at::kDouble).requires_grad_(true);
  const auto values = [&](const RowOwners& owners) {
    TensorRandom random(5);
    return first_token_attention(query, kv, offsets_, 2, 0.3, &random, owners, Derivatives::once, {table, buckets_})
        .pow(2)
        .sum(1);
  };
  const auto sink = std::make_shared<infomtl::testing::MatrixSink>(2, std::vector<at::Tensor>{table});
  values(RowOwners({{0, 4}, {4, 9}}, sink)).sum().backward();
  EXPECT_FALSE(table.grad().defined());
  const std::vector<RowRange> sequences{{0, 2}, {2, 3}};
  for (std::size_t t = 0; t < 2; ++t) {
    const at::Tensor own = values({}).slice(0, sequences[t].begin, sequences[t].end).sum();
    EXPECT_TRUE(
        close(sink->matrix[static_cast<std::int64_t>(t)], torch::autograd::grad({own}, {table})[0].reshape(-1), 1e-13))
        << "task " << t;
  }
}

TEST_P(AttentionBiases, OfOneTableAddUpOverItsUses) {
  const at::Tensor qkv = randn({9, 18}, at::kDouble);
  const at::Tensor table = randn({4, 2}, at::kDouble).requires_grad_(true);
  const auto twice = [&](const RowOwners& owners, Derivatives derivatives) {
    const AttentionBias bias{table, buckets_};
    const at::Tensor once = packed_attention(qkv, offsets_, 2, 0.0, nullptr, owners, derivatives, bias);
    return packed_attention(at::cat({once, once, once}, 1), offsets_, 2, 0.0, nullptr, owners, derivatives, bias)
        .pow(2)
        .sum(1);
  };
  const auto sink = std::make_shared<infomtl::testing::MatrixSink>(2, std::vector<at::Tensor>{table});
  twice(RowOwners({{0, 4}, {4, 9}}, sink), Derivatives::once).sum().backward();
  const std::vector<RowRange> tokens{{0, 4}, {4, 9}};
  at::Tensor sum = at::zeros({8}, sink->matrix.options());
  for (std::size_t t = 0; t < 2; ++t) {
    const at::Tensor own = twice({}, Derivatives::twice).slice(0, tokens[t].begin, tokens[t].end).sum();
    const at::Tensor expected = torch::autograd::grad({own}, {table})[0].reshape(-1);
    EXPECT_TRUE(close(sink->matrix[static_cast<std::int64_t>(t)], expected, 1e-13)) << "task " << t;
    sum += expected;
  }
  const at::Tensor ordinary = torch::autograd::grad({twice({}, Derivatives::once).sum()}, {table})[0];
  EXPECT_TRUE(close(ordinary.reshape(-1), sum, 1e-13));
}

TEST(AttentionBiasesOnTheCpu, GradientsDoNotDependOnTheNumberOfThreads) {
  const at::Tensor offsets = at::tensor({0, 70, 71, 90, 200, 201, 230}, at::kInt);
  const at::Tensor buckets = at::randint(6, {2 * 130 - 1}, at::kLong);
  const int threads = at::get_num_threads();
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const at::Tensor qkv = at::randn({230, 3 * 4 * 8}).to(type), table = at::randn({6, 4});
    const auto gradients = [&](int count) {
      at::set_num_threads(count);
      std::vector<at::Tensor> leaves{qkv.clone().requires_grad_(true), table.clone().requires_grad_(true)};
      TensorRandom random(5);
      const at::Tensor out =
          packed_attention(leaves[0], offsets, 4, 0.1, &random, {}, Derivatives::once, {leaves[1], buckets});
      return torch::autograd::grad({out.to(at::kFloat).pow(2).sum()}, leaves);
    };
    const auto alone = gradients(1), together = gradients(threads > 1 ? threads : 3);
    at::set_num_threads(threads);
    for (std::size_t i = 0; i < alone.size(); ++i) EXPECT_TRUE(at::equal(alone[i], together[i])) << type << " " << i;
  }
}

TEST_P(AttentionBiases, AnUntrainedTableGetsNoGradient) {
  const at::Tensor qkv = randn({9, 18}).requires_grad_(true), table = randn({4, 2});
  const at::Tensor plain = randn({4, 2}).requires_grad_(true);
  packed_attention(qkv, offsets_, 2, 0.0, nullptr, {}, Derivatives::once, {table, buckets_}).sum().backward();
  EXPECT_TRUE(qkv.grad().defined());
  EXPECT_FALSE(table.grad().defined());
  const at::Tensor frozen = qkv.detach();
  packed_attention(frozen, offsets_, 2, 0.0, nullptr, {}, Derivatives::once, {plain, buckets_}).pow(2).sum().backward();
  EXPECT_GT(plain.grad().abs().sum().item<double>(), 0.0);
}

TEST_P(AttentionBiases, RefuseWhatDoesNotFit) {
  const at::Tensor qkv = randn({9, 18}), table = randn({4, 2});
  const auto attend = [&](const at::Tensor& given, const at::Tensor& buckets) {
    return packed_attention(qkv, offsets_, 2, 0.0, nullptr, {}, Derivatives::once, {given, buckets});
  };
  EXPECT_NO_THROW(attend(table, buckets_));
  EXPECT_THROW(attend(randn({4, 3}), buckets_), ShapeError) << "heads";
  EXPECT_THROW(attend(table.to(at::kDouble), buckets_), ShapeError) << "type";
  EXPECT_THROW(attend(table, {}), ShapeError);
  EXPECT_THROW(attend(table, buckets_.to(at::kInt)), ShapeError);
  EXPECT_THROW(attend(table, buckets_.slice(0, 1)), ShapeError) << "an even number of distances";
  EXPECT_THROW(attend(table, buckets_.slice(0, 1, 8)), ShapeError) << "the longest sequence has 5 tokens";
  EXPECT_THROW(attend(table, buckets_ + 1), ShapeError) << "a bucket outside the table";
}

}  // namespace
}  // namespace infomtl::ops
