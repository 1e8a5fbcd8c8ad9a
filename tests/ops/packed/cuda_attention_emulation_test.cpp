// The bodies of the attention kernels, run on the CPU, against float64 and against the CPU's loops.

#include <gtest/gtest.h>

#include "ops/packed/cpu/kernels.h"
#include "ops/packed/cuda/attention_backward.h"
#include "ops/packed/cuda/attention_forward.h"
#include "ops/packed/cuda_emulation.h"

namespace infomtl::ops::cuda {
namespace {

using kernels::BFloat16;
using testing::difference;
using testing::doubles;
using testing::rounding;
using testing::same_bits;

struct AttentionCase {
  std::int64_t heads, head_width;
  std::vector<std::int32_t> lengths;
  bool first_token = false, bias = false;
  double rate = 0.0;
};

std::vector<AttentionCase> attention_cases() {
  const std::vector<AttentionCase> shapes = {{.heads = 3, .head_width = 32, .lengths = {1, 2, 31, 32, 33, 0, 5}},
                                             {.heads = 2, .head_width = 64, .lengths = {127, 128, 129}},
                                             {.heads = 1, .head_width = 24, .lengths = {512}},
                                             {.heads = 2, .head_width = 33, .lengths = {70, 0}},
                                             {.heads = 1, .head_width = 1, .lengths = {1}},
                                             {.heads = 1, .head_width = 8, .lengths = {0}}};
  std::vector<AttentionCase> all;
  for (const bool first_token : {false, true}) {
    for (const bool bias : {false, true}) {
      for (AttentionCase shape : shapes) {
        shape.first_token = first_token;
        shape.bias = bias;
        shape.rate = bias == first_token ? 0.3 : 0.0;
        all.push_back(shape);
      }
    }
  }
  return all;
}

std::string text_of(const AttentionCase& c) {
  std::string text = std::to_string(c.heads) + " heads of " + std::to_string(c.head_width) + ", lengths";
  for (const auto length : c.lengths) text += " " + std::to_string(length);
  return text + (c.first_token ? ", first token" : "") + (c.bias ? ", bias" : "") + (c.rate > 0 ? ", dropout" : "");
}

// Inputs and results of one case in memory, as tensors would hold them.
template <class T>
struct AttentionMemory {
  std::vector<std::int32_t> offsets{0};
  std::int64_t tokens = 0, sequences = 0, width = 0, queries = 0, stride = 0;
  std::vector<T> query, kv, gradient, out, query_gradient, kv_gradient;
  std::vector<float> bias, bias_gradient, statistics, query_sums;
  Attention<T> forward;
  AttentionGradient<T> backward;

  explicit AttentionMemory(const AttentionCase& c) {
    for (const auto length : c.lengths) offsets.push_back(offsets.back() + length);
    tokens = offsets.back();
    sequences = std::ssize(c.lengths);
    width = c.heads * c.head_width;
    queries = c.first_token ? sequences : tokens;
    stride = (c.first_token ? 2 : 3) * width;
    if (c.first_token) query = testing::normal_numbers<T>(sequences * width, 1);
    kv = testing::normal_numbers<T>(tokens * stride, 2);
    gradient = testing::normal_numbers<T>(queries * width, 3);
    if (c.bias) bias = testing::normal_numbers<float>(c.heads * 2 * tokens, 4);
    // The last of a sequence's columns is no distance; what lies there must not matter.
    for (std::int64_t h = 0; c.bias && h < c.heads; ++h) {
      for (std::size_t s = 1; s < offsets.size(); ++s) {
        if (offsets[s] > offsets[s - 1]) bias[static_cast<std::size_t>(h * 2 * tokens + 2 * offsets[s] - 1)] = NAN;
      }
    }
    out.resize(gradient.size());
    query_gradient.resize(query.size());
    kv_gradient.resize(kv.size());
    bias_gradient.assign(bias.size(), NAN);
    statistics.assign(static_cast<std::size_t>(3 * c.heads * queries), NAN);
    query_sums.assign(static_cast<std::size_t>(queries * width), NAN);
    const T* const keys = kv.data() + (c.first_token ? 0 : width);
    forward = {.sequences = sequences,
               .heads = c.heads,
               .head_width = c.head_width,
               .key_offsets = offsets.data(),
               .first_token = c.first_token,
               .query = c.first_token ? query.data() : kv.data(),
               .query_stride = c.first_token ? width : stride,
               .key = keys,
               .value = keys + width,
               .key_stride = stride,
               .dropout = {.seed = 77,
                           .threshold = static_cast<std::uint32_t>(c.rate * 4294967296.0),
                           .scale = 1 / (1 - c.rate)},
               .bias = c.bias ? bias.data() : nullptr,
               .bias_stride = c.bias ? 2 * tokens : 0,
               .out = out.data()};
    point_to(c, query_gradient, kv_gradient);
  }
  AttentionMemory(const AttentionMemory&) = delete;
  AttentionMemory& operator=(const AttentionMemory&) = delete;

  void point_to(const AttentionCase& c, std::vector<T>& of_query, std::vector<T>& of_kv) {
    T* const keys = of_kv.data() + (c.first_token ? 0 : width);
    backward = {.forward = forward,
                .gradient = gradient.data(),
                .query_gradient = c.first_token ? of_query.data() : of_kv.data(),
                .query_gradient_stride = forward.query_stride,
                .key_gradient = keys,
                .value_gradient = keys + width,
                .key_gradient_stride = stride,
                .bias_gradient = c.bias ? bias_gradient.data() : nullptr};
  }

  template <int kWidth>
  void run_width(bool backwards) {
    const std::int64_t tiles = (*std::max_element(offsets.begin(), offsets.end()) + kTile) / kTile;
    testing::for_each_block<kAttentionThreads>(sequences, forward.heads, tiles, backwards, [&](const auto& block) {
      attention_body<T, kWidth>(block, forward, *testing::poisoned<AttentionShared<kWidth>>());
    });
    const AttentionScratch scratch{.statistics = statistics.data(), .query_sums = query_sums.data()};
    testing::for_each_block<kAttentionThreads>(sequences, forward.heads, 1, backwards, [&](const auto& block) {
      using Block = std::decay_t<decltype(block)>;
      const auto shared = testing::poisoned<AttentionGradientShared<kWidth>>();
      AttentionBackward<T, kWidth, Block>{block, backward, scratch, *shared}.run();
    });
  }
  void run(bool backwards = false) {
    if (forward.head_width <= 32) {
      run_width<32>(backwards);
    } else {
      run_width<64>(backwards);
    }
  }
};

// The definition in float64, one query at a time.
struct AttentionReference {
  std::vector<double> out, query_gradient, kv_gradient, bias_gradient;
};
template <class T>
AttentionReference attention_reference(const AttentionMemory<T>& m) {
  const Attention<T>& a = m.forward;
  const std::int64_t width = a.head_width;
  const double scale = 1 / std::sqrt(static_cast<double>(width));
  const std::vector<double> own_query = doubles(m.query), kv = doubles(m.kv), gradient = doubles(m.gradient);
  AttentionReference r{std::vector<double>(gradient.size()), std::vector<double>(own_query.size()),
                       std::vector<double>(kv.size()), std::vector<double>(m.bias.size())};
  const std::vector<double>& query = a.first_token ? own_query : kv;
  std::vector<double>& query_gradient = a.first_token ? r.query_gradient : r.kv_gradient;
  for (std::int64_t s = 0; s < m.sequences; ++s) {
    const std::int64_t first = m.offsets[static_cast<std::size_t>(s)];
    const std::int64_t length = m.offsets[static_cast<std::size_t>(s) + 1] - first;
    for (std::int64_t h = 0; length > 0 && h < a.heads; ++h) {
      for (std::int64_t i = 0; i < (a.first_token ? 1 : length); ++i) {
        const std::int64_t row = (a.first_token ? s : first) + i;
        const auto at = [](std::int64_t index) { return static_cast<std::size_t>(index); };
        const auto q = [&](std::int64_t d) { return at(row * a.query_stride + h * width + d); };
        const auto o = [&](std::int64_t d) { return at(row * m.width + h * width + d); };
        const std::int64_t key_column = (a.first_token ? 0 : m.width) + h * width;
        const auto k = [&](std::int64_t j, std::int64_t d) { return at((first + j) * m.stride + key_column + d); };
        const auto v = [&](std::int64_t j, std::int64_t d) { return k(j, d) + at(m.width); };
        const auto b = [&](std::int64_t j) { return at(h * a.bias_stride + 2 * first + j - i + length - 1); };
        std::vector<double> p(at(length)), factor(at(length)), slope(at(length));
        double greatest = -INFINITY, total = 0, along = 0;
        for (std::int64_t j = 0; j < length; ++j) {
          for (std::int64_t d = 0; d < width; ++d) p[at(j)] += query[q(d)] * kv[k(j, d)] * scale;
          if (a.bias != nullptr) p[at(j)] += m.bias[b(j)];
          greatest = std::max(greatest, p[at(j)]);
          factor[at(j)] = kernels::dropout_factor(kernels::row_key(a.dropout, (first + i) * a.heads + h),
                                                  static_cast<std::uint32_t>(j), a.dropout.threshold, a.dropout.scale);
          for (std::int64_t d = 0; d < width; ++d) slope[at(j)] += gradient[o(d)] * kv[v(j, d)] * factor[at(j)];
        }
        for (double& score : p) total += score = std::exp(score - greatest);
        for (std::int64_t j = 0; j < length; ++j) along += (p[at(j)] /= total) * slope[at(j)];
        for (std::int64_t j = 0; j < length; ++j) {
          const double to_score = p[at(j)] * (slope[at(j)] - along), dropped = p[at(j)] * factor[at(j)];
          if (a.bias != nullptr) r.bias_gradient[b(j)] += to_score;
          for (std::int64_t d = 0; d < width; ++d) {
            r.out[o(d)] += dropped * kv[v(j, d)];
            r.kv_gradient[v(j, d)] += dropped * gradient[o(d)];
            r.kv_gradient[k(j, d)] += to_score * scale * query[q(d)];
            query_gradient[q(d)] += to_score * scale * kv[k(j, d)];
          }
        }
      }
    }
  }
  return r;
}

template <class T>
class CudaAttentionBody : public ::testing::Test {};
using StorageTypes = ::testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(CudaAttentionBody, StorageTypes);

TYPED_TEST(CudaAttentionBody, EqualsTheDefinitionInFloat64) {
  for (const AttentionCase& c : attention_cases()) {
    AttentionMemory<TypeParam> m(c);
    m.run();
    const AttentionReference expected = attention_reference(m);
    EXPECT_LE(difference(m.out, expected.out), rounding<TypeParam>()) << text_of(c);
    EXPECT_LE(difference(m.query_gradient, expected.query_gradient), rounding<TypeParam>()) << text_of(c);
    EXPECT_LE(difference(m.kv_gradient, expected.kv_gradient), rounding<TypeParam>()) << text_of(c);
    EXPECT_LE(difference(m.bias_gradient, expected.bias_gradient), 1e-5) << text_of(c);
  }
}

TYPED_TEST(CudaAttentionBody, EqualsTheLoopsOfTheCpu) {
  for (const AttentionCase& c : attention_cases()) {
    AttentionMemory<TypeParam> m(c), cpu(c);
    m.run();
    kernels::loops<TypeParam>().attention(cpu.forward);
    kernels::loops<TypeParam>().attention_gradient(cpu.backward);
    EXPECT_LE(difference(m.out, cpu.out), rounding<TypeParam>()) << text_of(c);
    EXPECT_LE(difference(m.query_gradient, cpu.query_gradient), rounding<TypeParam>()) << text_of(c);
    EXPECT_LE(difference(m.kv_gradient, cpu.kv_gradient), rounding<TypeParam>()) << text_of(c);
    EXPECT_LE(difference(m.bias_gradient, cpu.bias_gradient), 1e-5) << text_of(c);
  }
}

TYPED_TEST(CudaAttentionBody, DoesNotDependOnTheOrderOfThreads) {
  for (const AttentionCase& c : attention_cases()) {
    AttentionMemory<TypeParam> m(c), other(c);
    m.run();
    other.run(/*backwards=*/true);
    EXPECT_TRUE(same_bits(m.out, other.out)) << text_of(c);
    EXPECT_TRUE(same_bits(m.query_gradient, other.query_gradient)) << text_of(c);
    EXPECT_TRUE(same_bits(m.kv_gradient, other.kv_gradient)) << text_of(c);
    EXPECT_TRUE(same_bits(m.bias_gradient, other.bias_gradient)) << text_of(c);
  }
}

TYPED_TEST(CudaAttentionBody, MayWriteGradientsOverItsInputs) {
  for (const AttentionCase& c : attention_cases()) {
    AttentionMemory<TypeParam> m(c), over(c);
    m.run();
    over.point_to(c, over.query, over.kv);
    over.run();
    EXPECT_TRUE(same_bits(m.query_gradient, over.query)) << text_of(c);
    EXPECT_TRUE(same_bits(m.kv_gradient, over.kv)) << text_of(c);
  }
}

}  // namespace
}  // namespace infomtl::ops::cuda
