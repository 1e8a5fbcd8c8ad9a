// The bodies of the optimisers' kernels, run on the CPU, against the CPU's loops, which must have the same bits, and
// against float64; and the tables of the device where there is one.

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/optim/optimizer.h"
#include "optim/clipping.h"
#include "optim/cuda/norm_bodies.h"
#include "optim/cuda/update_bodies.h"
#include "optim/updates.h"
#include "support/block_emulation.h"
#include "support/compare.h"
#include "support/devices.h"
#include "support/fixture.h"

namespace infomtl {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Around the sizes of warps and blocks, and more than two chunks of a norm.
constexpr std::int64_t kLengths[] = {0, 1, 31, 32, 33, 127, 128, 129, 1000, 70000};

bool have_same_bits(const Tensor& a, const Tensor& b) {
  return a.numel() == b.numel() && std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

/// What updates read and write, with entries behind the range that have to stay as they are.
struct Entries {
  std::int64_t count;
  Tensor gradient, value, first, second;

  Entries(std::int64_t n, torch::Dtype type) : count(n) {
    const std::int64_t all = n + 300;
    at::manual_seed(n);
    gradient = at::randn({all}).to(type);
    value = at::randn({all}).to(type);
    first = at::randn({all}).to(type);
    second = at::rand({all}).to(type).add_(0.1);
  }
  Tensor in(const Tensor& x) const { return x.slice(0, 0, count); }

  AdamaxUpdate adamax() const {
    return {.value = in(value),
            .gradient = in(gradient),
            .moment = in(first),
            .norm = in(second),
            .rate = 0.01,
            .decay = 0.1,
            .beta1 = 0.9,
            .beta2 = 0.999,
            .epsilon = 1e-8};
  }
  AdamWUpdate adamw() const {
    return {.value = in(value),
            .gradient = in(gradient),
            .first = in(first),
            .second = in(second),
            .rate = 0.01,
            .root = 0.7,
            .kept = 0.99,
            .beta1 = 0.9,
            .beta2 = 0.999,
            .epsilon = 1e-8};
  }
  SgdUpdate sgd(bool momentum, bool nesterov) const {
    return {.value = in(value),
            .gradient = in(gradient),
            .velocity = momentum ? in(first) : Tensor(),
            .rate = 0.01,
            .decay = 0.1,
            .momentum = momentum ? 0.9 : 0.0,
            .nesterov = nesterov};
  }
};

/// The kernel's body over all blocks.
template <class Element>
void run_body(const Element& element, const Entries& entries, bool backwards) {
  const cuda::EntryUpdate<Element> update = {
      .element = element,
      .count = entries.count,
      .gradient = entries.gradient.const_data_ptr<float>(),
      .value = entries.value.mutable_data_ptr<float>(),
      .states = {Element::kStates > 0 ? entries.first.mutable_data_ptr<float>() : nullptr,
                 Element::kStates > 1 ? entries.second.mutable_data_ptr<float>() : nullptr}};
  testing::for_each_block<cuda::kUpdateThreads>(cuda::blocks_for(entries.count, cuda::kUpdateThreads), 1, 1, backwards,
                                                [&](const auto& block) { cuda::update_body(block, update); });
}

/// @param by_table  applies a table to entries; @param by_body  the body, with threads in an order
template <class ByTable, class ByBody>
void compare_update(const char* rule, ByTable by_table, ByBody by_body) {
  for (const std::int64_t length : kLengths) {
    for (const bool backwards : {false, true}) {
      const std::string text = std::string(rule) + " of " + std::to_string(length) + (backwards ? " backwards" : "");
      Entries body(length, torch::kFloat32), cpu(length, torch::kFloat32), wide(length, torch::kFloat64);
      const Tensor before = body.value.clone();
      by_body(body, backwards);
      by_table(kCpuUpdates, cpu);
      by_table(kTensorUpdates, wide);
      const Tensor Entries::*const written[] = {&Entries::value, &Entries::first, &Entries::second};
      for (const auto each : written) {
        EXPECT_TRUE(have_same_bits(body.*each, cpu.*each)) << text;
        EXPECT_TRUE(testing::close(body.*each, wide.*each, 0, 1e-6)) << text;
      }
      EXPECT_EQ(length > 0, !at::equal(body.value, before)) << text;
    }
  }
}

TEST(CudaUpdateBody, AdamaxHasTheBitsOfTheCpu) {
  compare_update(
      "adamax", [](const UpdateTable& table, const Entries& e) { table.adamax(e.adamax()); },
      [](const Entries& e, bool backwards) { run_body(element_of(e.adamax()), e, backwards); });
}

TEST(CudaUpdateBody, AdamWHasTheBitsOfTheCpu) {
  compare_update(
      "adamw", [](const UpdateTable& table, const Entries& e) { table.adamw(e.adamw()); },
      [](const Entries& e, bool backwards) { run_body(element_of(e.adamw()), e, backwards); });
}

TEST(CudaUpdateBody, SgdHasTheBitsOfTheCpu) {
  compare_update(
      "sgd", [](const UpdateTable& table, const Entries& e) { table.sgd(e.sgd(false, false)); },
      [](const Entries& e, bool backwards) { run_body(element_of(e.sgd(false, false)), e, backwards); });
  for (const bool nesterov : {false, true}) {
    compare_update(
        nesterov ? "nesterov" : "momentum",
        [&](const UpdateTable& table, const Entries& e) { table.sgd(e.sgd(true, nesterov)); },
        [&](const Entries& e, bool backwards) { run_body(momentum_element_of(e.sgd(true, nesterov)), e, backwards); });
  }
}

/// Clipping by the bodies, as clip() does it. @return the norm
double clip_by_bodies(const std::vector<Tensor>& pieces, double max_norm, bool backwards) {
  std::vector<double> sums;
  for (const Tensor& piece : pieces) {
    const std::int64_t chunks = cuda::blocks_for(piece.numel(), kNormChunk);
    std::vector<double> of_piece(static_cast<std::size_t>(chunks), NAN);
    testing::for_each_block<cuda::kNormThreads>(chunks, 1, 1, backwards, [&](const auto& block) {
      const auto shared = testing::poisoned<std::array<cuda::NormSums, 1>>();
      cuda::squares_body(block, piece.const_data_ptr<float>(), piece.numel(), of_piece.data(), shared->front());
    });
    sums.insert(sums.end(), of_piece.begin(), of_piece.end());
  }
  double norm = NAN;
  float factor = NAN;
  testing::for_each_block<cuda::kNormThreads>(1, 1, 1, backwards, [&](const auto& block) {
    const auto shared = testing::poisoned<std::array<cuda::NormSums, 1>>();
    cuda::norm_body(block, sums.data(), static_cast<std::int64_t>(sums.size()), max_norm, &norm, &factor,
                    shared->front());
  });
  for (const Tensor& piece : pieces) {
    testing::for_each_block<cuda::kScaleThreads>(
        cuda::blocks_for(piece.numel(), cuda::kScaleThreads), 1, 1, backwards,
        [&](const auto& block) { cuda::scale_body(block, piece.mutable_data_ptr<float>(), piece.numel(), &factor); });
  }
  return norm;
}

/// Two pieces of a buffer and what lies around them.
struct Pieces {
  Tensor buffer;
  std::vector<Tensor> pieces;

  explicit Pieces(std::int64_t count) {
    at::manual_seed(count);
    buffer = at::randn({count + 40});
    pieces = {buffer.slice(0, 0, count / 3), buffer.slice(0, count / 3 + 20, count + 20)};
  }
};

TEST(CudaNormBody, ClipsAsTheCpuInEitherOrderOfThreads) {
  for (const std::int64_t length : kLengths) {
    for (const double limit : {0.0, 0.5, 1e9}) {
      const std::string text = std::to_string(length) + ", limit " + std::to_string(limit);
      Pieces cpu(length), forwards(length), backwards(length);
      const double expected = clip(cpu.pieces, limit).item<double>();
      const double norm = clip_by_bodies(forwards.pieces, limit, false);
      EXPECT_TRUE(testing::close(norm, expected, 1e-12 * expected)) << text;
      EXPECT_EQ(norm, clip_by_bodies(backwards.pieces, limit, true)) << text;
      EXPECT_TRUE(have_same_bits(forwards.buffer, backwards.buffer)) << text;
      // The factor of a norm that differs in its last bits may be rounded the other way.
      EXPECT_TRUE(testing::close(forwards.buffer, cpu.buffer, 0, 2e-7)) << text;
      EXPECT_EQ(limit > 0 && norm > limit, !have_same_bits(forwards.buffer, Pieces(length).buffer)) << text;
    }
  }
}

// More chunks than a block has threads.
TEST(CudaNormBody, AddsTheSumsOfManyChunks) {
  const Tensor sums = at::rand({1000}, torch::kFloat64);
  for (const bool backwards : {false, true}) {
    double norm = NAN;
    float factor = NAN;
    testing::for_each_block<cuda::kNormThreads>(1, 1, 1, backwards, [&](const auto& block) {
      const auto shared = testing::poisoned<std::array<cuda::NormSums, 1>>();
      cuda::norm_body(block, sums.const_data_ptr<double>(), 1000, 0, &norm, &factor, shared->front());
    });
    EXPECT_EQ(factor, 1.0F) << "no limit";
    EXPECT_TRUE(testing::close(norm, sums.sum().sqrt().item<double>(), 1e-12 * norm));
  }
}

// The norm is what the check for finite gradients reads; until then no parameter may take a number of theirs.
TEST(CudaNormBody, GradientsWhoseNormIsNotFiniteBecomeZero) {
  const auto clipped = [](const Tensor& gradient, double limit) {
    const Tensor body = gradient.clone();
    const double expected = clip({gradient.clone()}, limit).item<double>(), norm = clip_by_bodies({body}, limit, false);
    EXPECT_TRUE(norm == expected || (std::isnan(norm) && std::isnan(expected))) << norm << " and " << expected;
    return std::pair(norm, body);
  };
  for (const double limit : {0.0, 1e-9, 1.0}) {
    const auto [zero, of_zero] = clipped(torch::zeros({5}), limit);
    EXPECT_EQ(zero, 0.0);
    EXPECT_TRUE(at::equal(of_zero, torch::zeros({5})));
    const auto [not_a_number, of_nan] = clipped(torch::tensor({3.0F, NAN, 4.0F}), limit);
    EXPECT_TRUE(std::isnan(not_a_number));
    EXPECT_TRUE(at::equal(of_nan, torch::zeros({3})));
    const auto [infinite, of_infinity] = clipped(torch::tensor({3.0F, kInfinity, 4.0F}), limit);
    EXPECT_EQ(infinite, static_cast<double>(kInfinity));
    EXPECT_TRUE(at::equal(of_infinity, torch::zeros({3})));
  }
  EXPECT_NEAR(clipped(torch::full({4}, 1e30F), 1.0).first, 2e30, 1e24);  // squares beyond float32
  EXPECT_TRUE(std::isnan(clip_factor(NAN, 1.0)));
}

class RulesOnDevice : public testing::OnDevice {};
INFOMTL_ON_EVERY_DEVICE(RulesOnDevice);

/// Values after three clipped steps of a rule, and the norms before clipping.
std::vector<Tensor> trained_on(torch::Device device, const Json& rule) {
  at::manual_seed(7);
  const auto parameter = [&](std::int64_t count) { return at::randn({count, 1}).to(device).requires_grad_(true); };
  Tensor one = parameter(33), two = parameter(70000);
  FlatParameters flat({{"one", one}, {"two", two}});
  const auto optimizer = optimizer_registry().build(Config::from_json(rule), flat);
  std::vector<Tensor> results;
  for (int step = 0; step < 3; ++step) {
    flat.gradients().copy_(at::randn({flat.size()}));
    results.push_back(flat.clip_gradients(1.0).model);
    optimizer->step(0.01);
  }
  results.push_back(flat.values());
  return results;
}

TEST_P(RulesOnDevice, TrainAsOnTheCpu) {
  const std::vector<Json> rules = {{{"name", "adamax"}, {"weight_decay", 0.1}},
                                   {{"name", "adamw"}, {"weight_decay", 0.1}},
                                   {{"name", "sgd"}, {"weight_decay", 0.1}},
                                   {{"name", "sgd"}, {"momentum", 0.9}, {"nesterov", true}}};
  for (const Json& rule : rules) {
    const std::vector<Tensor> cpu = trained_on(torch::kCPU, rule), here = trained_on(device(), rule);
    for (int step = 0; step < 3; ++step) {
      EXPECT_TRUE(testing::close(here[step], cpu[step], 0, 1e-12)) << rule;
    }
    EXPECT_TRUE(testing::close(here[3], cpu[3], 0, 1e-6)) << rule;
    const std::vector<Tensor> again = trained_on(device(), rule);
    EXPECT_TRUE(at::equal(again[3], here[3])) << rule << " repeats bit for bit";
  }
}

}  // namespace
}  // namespace infomtl
