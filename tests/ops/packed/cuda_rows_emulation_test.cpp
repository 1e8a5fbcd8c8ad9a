// The bodies of the kernels over rows, run on the CPU, against float64 and against the CPU's loops.

#include <gtest/gtest.h>

#include "ops/packed/cpu/kernels.h"
#include "ops/packed/cuda/row_bodies.h"
#include "ops/packed/cuda_emulation.h"

namespace infomtl::ops::cuda {
namespace {

using kernels::BFloat16;
using testing::difference;
using testing::doubles;
using testing::for_each_block;
using testing::normal_numbers;
using testing::rounding;
using testing::same_bits;

struct Matrix {
  std::int64_t rows, width;
};
// Rows and widths around the sizes of blocks and packs; a matrix without rows is that of a task without any.
const std::vector<Matrix>& matrices() {
  static const std::vector<Matrix> all = {{0, 4},   {1, 1},   {1, 384}, {2, 31},   {3, 32},  {31, 33},
                                          {32, 20}, {33, 64}, {127, 7}, {128, 12}, {129, 5}, {512, 8}};
  return all;
}
std::size_t numel(const Matrix& m) { return static_cast<std::size_t>(m.rows * m.width); }
DropoutPattern pattern_of(double rate) {
  return {.seed = 5, .threshold = static_cast<std::uint32_t>(rate * 4294967296.0), .scale = 1 / (1 - rate)};
}
double factor_of(const DropoutPattern& pattern, std::int64_t row, std::int64_t column) {
  return kernels::dropout_factor(kernels::row_key(pattern, row), static_cast<std::uint32_t>(column), pattern.threshold,
                                 pattern.scale);
}

// run(packs of one), and run(packs of four) where the width allows it: the same numbers, sums in another order.
template <class Run>
void with_each_pack(std::int64_t width, Run run) {
  run(std::integral_constant<int, 1>{});
  if (width % kPack == 0) run(std::integral_constant<int, kPack>{});
}

template <class T>
class CudaRowBody : public ::testing::Test {};
using StorageTypes = ::testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(CudaRowBody, StorageTypes);

TYPED_TEST(CudaRowBody, DropoutHasTheBitsOfTheCpu) {
  using T = TypeParam;
  for (const Matrix& m : matrices()) {
    const std::vector<T> x = normal_numbers<T>(m.rows * m.width, 1);
    std::vector<T> cpu(numel(m));
    DropoutRows<T> d{.rows = m.rows, .width = m.width, .x = x.data(), .dropout = pattern_of(0.3), .out = cpu.data()};
    kernels::loops<T>().dropout(d);
    with_each_pack(m.width, [&](auto n) {
      std::vector<T> out(numel(m));
      d.out = out.data();
      for_each_block<kRowThreads>(infomtl::cuda::blocks_for(m.rows, kRowsPerBlock), 1, 1, false,
                                  [&](const auto& block) { dropout_body<T, n>(block, d); });
      EXPECT_TRUE(same_bits(out, cpu)) << m.rows << " x " << m.width;
    });
  }
}

TYPED_TEST(CudaRowBody, GeluEqualsFloat64ForwardAndBackward) {
  using T = TypeParam;
  for (const Matrix& m : matrices()) {
    std::vector<T> x = normal_numbers<T>(m.rows * m.width, 1);
    for (T& each : x) each = testing::stored(3 * kernels::widened(each), T{});
    const std::vector<T> gradient = normal_numbers<T>(m.rows * m.width, 2);
    for (const bool backward : {false, true}) {
      std::vector<double> expected;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double wide = kernels::widened(x[i]), along = kernels::widened(gradient[i]);
        expected.push_back(backward ? along * kernels::gelu_slope(wide) : kernels::gelu_value(wide));
      }
      with_each_pack(m.rows * m.width, [&](auto n) {
        std::vector<T> out(numel(m));
        const Gelu<T> g{.count = m.rows * m.width,
                        .x = x.data(),
                        .gradient = backward ? gradient.data() : nullptr,
                        .out = out.data()};
        for_each_block<kRowThreads>(infomtl::cuda::blocks_for(g.count, kRowThreads * n), 1, 1, false,
                                    [&](const auto& block) { gelu_body<T, n>(block, g); });
        EXPECT_LE(difference(out, expected), rounding<T>()) << m.rows << " x " << m.width;
      });
    }
  }
}

// What a layer norm of residual + dropout(x) reads and writes.
template <class T>
struct NormMemory {
  Matrix m;
  std::vector<T> x, residual, gradient, sum, out, sum_gradient, x_gradient;
  std::vector<float> weight, bias, mean, inverse, weight_gradient, bias_gradient, parts;
  ResidualNorm<T> forward;
  ResidualNormGradient<T> backward;

  NormMemory(const Matrix& shape, double rate)
      : m(shape),
        x(normal_numbers<T>(m.rows * m.width, 1)),
        residual(normal_numbers<T>(m.rows * m.width, 2)),
        gradient(normal_numbers<T>(m.rows * m.width, 3)),
        sum(x.size()),
        out(x.size()),
        sum_gradient(x.size()),
        x_gradient(x.size()),
        weight(normal_numbers<float>(m.width, 4)),
        bias(normal_numbers<float>(m.width, 5)),
        mean(static_cast<std::size_t>(m.rows)),
        inverse(mean.size()),
        weight_gradient(weight.size(), 1.0F),
        bias_gradient(weight.size(), -1.0F),
        parts(static_cast<std::size_t>(2 * m.width * infomtl::cuda::blocks_for(m.rows, kNormRows)), NAN) {
    forward = {.rows = m.rows,
               .width = m.width,
               .x = x.data(),
               .residual = residual.data(),
               .dropout = pattern_of(rate),
               .weight = weight.data(),
               .bias = bias.data(),
               .epsilon = 1e-5,
               .sum = sum.data(),
               .mean = mean.data(),
               .inverse_deviation = inverse.data(),
               .out = out.data()};
    backward = {.rows = m.rows,
                .width = m.width,
                .gradient = gradient.data(),
                .sum = sum.data(),
                .mean = mean.data(),
                .inverse_deviation = inverse.data(),
                .weight = weight.data(),
                .dropout = pattern_of(rate),
                .first_row = 0,
                .sum_gradient = sum_gradient.data(),
                .x_gradient = rate > 0 ? x_gradient.data() : nullptr,
                .weight_gradient = weight_gradient.data(),
                .bias_gradient = bias_gradient.data()};
  }
  NormMemory(const NormMemory&) = delete;
  NormMemory& operator=(const NormMemory&) = delete;

  template <int n>
  void run(bool backwards) {
    for_each_block<kRowThreads>(infomtl::cuda::blocks_for(m.rows, kRowsPerBlock), 1, 1, backwards,
                                [&](const auto& block) { residual_norm_body<T, n>(block, forward); });
    for_each_block<kRowThreads>(infomtl::cuda::blocks_for(m.rows, kNormRows), 1, 1, backwards, [&](const auto& block) {
      residual_norm_gradient_body<T, n>(block, backward, parts.data());
    });
    for_each_block<kPartsThreads>(infomtl::cuda::blocks_for(2 * m.width, kWarp), 1, 1, backwards,
                                  [&](const auto& block) {
                                    float strands[kPartsThreads];
                                    add_parts_body(block, parts.data(), infomtl::cuda::blocks_for(m.rows, kNormRows),
                                                   m.width, weight_gradient.data(), bias_gradient.data(), strands);
                                  });
  }
};

TYPED_TEST(CudaRowBody, NormEqualsFloat64) {
  using T = TypeParam;
  for (const Matrix& m : matrices()) {
    if (m.width == 1) continue;  // the norm of one column is its bias, and its inverse deviation 1 / sqrt(epsilon)
    for (const double rate : {0.0, 0.3}) {
      with_each_pack(m.width, [&](auto n) {
        NormMemory<T> memory(m, rate);
        memory.template run<n>(false);
        // From the sum as it was stored: its rounding is the storage type's, not the norm's.
        const std::vector<double> s = doubles(memory.sum), gradient = doubles(memory.gradient);
        std::vector<double> sum, out, to_sum, to_x, to_weight(memory.weight.size(), 1.0);
        std::vector<double> to_bias(memory.weight.size(), -1.0);
        for (std::int64_t row = 0; row < m.rows; ++row) {
          const auto at = [&](std::int64_t j) { return static_cast<std::size_t>(row * m.width + j); };
          double mean = 0, variance = 0, total = 0, along = 0;
          for (std::int64_t j = 0; j < m.width; ++j) {
            sum.push_back(kernels::widened(memory.residual[at(j)]) +
                          kernels::widened(memory.x[at(j)]) * factor_of(memory.forward.dropout, row, j));
            mean += s[at(j)] / static_cast<double>(m.width);
          }
          for (std::int64_t j = 0; j < m.width; ++j) {
            variance += (s[at(j)] - mean) * (s[at(j)] - mean) / static_cast<double>(m.width);
          }
          const double inverse = 1 / std::sqrt(variance + 1e-5);
          for (std::int64_t j = 0; j < m.width; ++j) {
            const auto column = static_cast<std::size_t>(j);
            const double normed = (s[at(j)] - mean) * inverse, g = gradient[at(j)] * memory.weight[column];
            out.push_back(normed * memory.weight[column] + memory.bias[column]);
            total += g / static_cast<double>(m.width);
            along += g * normed / static_cast<double>(m.width);
            to_weight[column] += gradient[at(j)] * normed;
            to_bias[column] += gradient[at(j)];
          }
          for (std::int64_t j = 0; j < m.width; ++j) {
            const double g = gradient[at(j)] * memory.weight[static_cast<std::size_t>(j)];
            to_sum.push_back(inverse * (g - total - (s[at(j)] - mean) * inverse * along));
            to_x.push_back(rate > 0 ? to_sum.back() * factor_of(memory.forward.dropout, row, j) : 0.0);
          }
        }
        const std::string text = std::to_string(m.rows) + " x " + std::to_string(m.width);
        EXPECT_LE(difference(memory.sum, sum), rounding<T>()) << text;
        EXPECT_LE(difference(memory.out, out), rounding<T>()) << text;
        EXPECT_LE(difference(memory.sum_gradient, to_sum), rounding<T>()) << text;
        EXPECT_LE(difference(memory.x_gradient, to_x), rounding<T>()) << text;
        EXPECT_LE(difference(memory.weight_gradient, to_weight), 1e-5) << text;
        EXPECT_LE(difference(memory.bias_gradient, to_bias), 1e-5) << text;
      });
    }
  }
}

TYPED_TEST(CudaRowBody, NormEqualsTheLoopsOfTheCpu) {
  using T = TypeParam;
  for (const Matrix& m : matrices()) {
    for (const double rate : {0.0, 0.3}) {
      with_each_pack(m.width, [&](auto n) {
        NormMemory<T> memory(m, rate), cpu(m, rate);
        memory.template run<n>(false);
        kernels::loops<T>().residual_norm(cpu.forward);
        kernels::loops<T>().residual_norm_gradient(cpu.backward);
        const std::string text = std::to_string(m.rows) + " x " + std::to_string(m.width);
        EXPECT_LE(difference(memory.sum, cpu.sum), rounding<T>()) << text;
        EXPECT_LE(difference(memory.out, cpu.out), rounding<T>()) << text;
        EXPECT_LE(difference(memory.mean, cpu.mean), rounding<T>()) << text;
        EXPECT_LE(difference(memory.inverse, cpu.inverse), rounding<T>()) << text;
        EXPECT_LE(difference(memory.sum_gradient, cpu.sum_gradient), rounding<T>()) << text;
        EXPECT_LE(difference(memory.x_gradient, cpu.x_gradient), rounding<T>()) << text;
        EXPECT_LE(difference(memory.weight_gradient, cpu.weight_gradient), rounding<T>()) << text;
        EXPECT_LE(difference(memory.bias_gradient, cpu.bias_gradient), 1e-5) << text;
      });
    }
  }
}

TYPED_TEST(CudaRowBody, NormDoesNotDependOnTheOrderOfThreadsAndMayWriteOverItsSum) {
  using T = TypeParam;
  for (const Matrix& m : matrices()) {
    for (const double rate : {0.0, 0.3}) {
      with_each_pack(m.width, [&](auto n) {
        NormMemory<T> memory(m, rate), over(m, rate);
        memory.template run<n>(false);
        (rate > 0 ? over.backward.x_gradient : over.backward.sum_gradient) = over.sum.data();
        over.template run<n>(true);
        const std::string text = std::to_string(m.rows) + " x " + std::to_string(m.width);
        EXPECT_TRUE(same_bits(memory.out, over.out)) << text;
        EXPECT_TRUE(same_bits(rate > 0 ? memory.x_gradient : memory.sum_gradient, over.sum)) << text;
        EXPECT_TRUE(same_bits(memory.weight_gradient, over.weight_gradient)) << text;
        EXPECT_TRUE(same_bits(memory.bias_gradient, over.bias_gradient)) << text;
      });
    }
  }
}

TYPED_TEST(CudaRowBody, RowsOfTablesAreSummedInTheOrderOfTheTables) {
  using T = TypeParam;
  constexpr std::int64_t kTableRows = 7;
  for (const Matrix& m : matrices()) {
    for (int count = 1; count <= kMostTables; ++count) {
      RandomStream random(4);
      std::vector<std::vector<T>> tables;
      std::vector<std::vector<std::int64_t>> ids(static_cast<std::size_t>(count));
      std::vector<T> out(numel(m));
      EmbeddingRows<T> e{.rows = m.rows, .width = m.width, .tables = count, .table = {}, .ids = {}, .out = out.data()};
      std::vector<float> sums(numel(m), -0.0f);
      for (std::size_t k = 0; k < ids.size(); ++k) {
        tables.push_back(normal_numbers<T>(kTableRows * m.width, k));
        for (std::int64_t n = 0; n < m.rows; ++n) {
          ids[k].push_back(static_cast<std::int64_t>(random.below(kTableRows)));
          for (std::int64_t j = 0; j < m.width; ++j) {
            sums[static_cast<std::size_t>(n * m.width + j)] +=
                kernels::widened(tables[k][static_cast<std::size_t>(ids[k].back() * m.width + j)]);
          }
        }
        e.table[k] = tables[k].data();
        e.ids[k] = ids[k].data();
      }
      std::vector<T> wanted;
      for (const float sum : sums) wanted.push_back(testing::stored(sum, T{}));
      with_each_pack(m.width, [&](auto n) {
        std::fill(out.begin(), out.end(), T{});
        for_each_block<kRowThreads>(infomtl::cuda::blocks_for(m.rows, kRowsPerBlock), 1, 1, false,
                                    [&](const auto& block) { embedding_sum_body<T, n>(block, e); });
        EXPECT_TRUE(same_bits(out, wanted)) << m.rows << " x " << m.width << ", " << count << " tables";
      });
    }
  }
}

TYPED_TEST(CudaRowBody, RowsAreAddedInTheirOrder) {
  using T = TypeParam;
  for (const Matrix& m : matrices()) {
    constexpr std::int64_t kPlaces = 5;
    RandomStream random(3);
    std::vector<std::int64_t> places, order;
    for (std::int64_t n = 0; n < m.rows; ++n) {
      places.push_back(static_cast<std::int64_t>(random.below(kPlaces)));
      order.push_back(n);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return places[static_cast<std::size_t>(a)] < places[static_cast<std::size_t>(b)];
    });
    std::vector<std::int64_t> sorted;
    for (const std::int64_t n : order) sorted.push_back(places[static_cast<std::size_t>(n)]);
    const std::vector<T> rows = normal_numbers<T>(m.rows * m.width, 1);
    std::vector<T> sums = normal_numbers<T>(kPlaces * m.width, 2);
    std::vector<float> expected;
    for (const T& sum : sums) expected.push_back(kernels::widened(sum));
    for (std::int64_t n = 0; n < m.rows; ++n) {
      for (std::int64_t j = 0; j < m.width; ++j) {
        expected[static_cast<std::size_t>(places[static_cast<std::size_t>(n)] * m.width + j)] +=
            kernels::widened(rows[static_cast<std::size_t>(n * m.width + j)]);
      }
    }
    const AddRows<T> add{.rows = m.rows,
                         .width = m.width,
                         .places = sorted.data(),
                         .order = order.data(),
                         .from = rows.data(),
                         .sums = sums.data()};
    for_each_block<kRowThreads>(m.rows, infomtl::cuda::blocks_for(m.width, kRowThreads), 1, false,
                                [&](const auto& block) { add_rows_body<T>(block, add); });
    std::vector<T> wanted;
    for (const float sum : expected) wanted.push_back(testing::stored(sum, T{}));
    EXPECT_TRUE(same_bits(sums, wanted)) << m.rows << " x " << m.width;
  }
}

}  // namespace
}  // namespace infomtl::ops::cuda
