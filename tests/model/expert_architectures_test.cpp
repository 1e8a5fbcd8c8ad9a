// mmoe, cgc, ple, dselect_k and mtan: known answers.

#include <cmath>

#include "infomtl/core/errors.h"
#include "model/architecture_cases.h"
#include "support/compare.h"

namespace infomtl {
namespace {

using testing::build_architecture;
using testing::close;
using testing::gate_of;
using testing::kTasks;
using testing::make_constant;
using testing::net_of;
using testing::random_rows;
using testing::weighted;

TEST(Mmoe, OneExpertIsThatExpert) {  // PT-8.12
  const auto mmoe = build_architecture({{"name", "mmoe"}, {"experts", 1}});
  const SharedRows rows = random_rows(5);
  for (std::size_t t = 0; t < kTasks; ++t) {
    EXPECT_TRUE(close(mmoe->forward(t, rows, nullptr).value, net_of(*mmoe, "experts.0", rows.pooled), 1e-6));
  }
}

TEST(Mmoe, MixesItsExpertsByTheTasksGate) {
  const auto mmoe = build_architecture({{"name", "mmoe"}, {"experts", 3}, {"width", 4}});
  const SharedRows rows = random_rows(5);
  std::vector<Tensor> outputs;
  for (const std::string e : {"0", "1", "2"}) outputs.push_back(net_of(*mmoe, "experts." + e, rows.pooled));
  for (std::size_t t = 0; t < kTasks; ++t) {
    const Tensor gate = gate_of(*mmoe, "gates." + std::to_string(t), rows.pooled);
    EXPECT_TRUE(close(mmoe->forward(t, rows, nullptr).value, weighted(gate, outputs), 1e-6));
  }
}

TEST(Experts, GatesSumToOne) {  // PT-8.14: experts that are the constant 1 give 1
  for (const Json& config :
       {Json{{"name", "mmoe"}}, Json{{"name", "cgc"}}, Json{{"name", "ple"}}, Json{{"name", "dselect_k"}}}) {
    const auto architecture = build_architecture(config);
    for (const std::string& name : architecture->named_parameters().keys()) {
      if (name.find("experts") == std::string::npos) continue;
      if (name.ends_with("output.weight")) testing::fill(*architecture, name, 0.0);
      if (name.ends_with("output.bias")) testing::fill(*architecture, name, 1.0);
    }
    for (std::size_t t = 0; t < kTasks; ++t) {
      const Tensor value = architecture->forward(t, random_rows(6), nullptr).value;
      EXPECT_TRUE(close(value, at::ones_like(value), 1e-6)) << config;
    }
  }
}

TEST(Mmoe, LikeGatesMakeLikeTasks) {
  const auto mmoe = build_architecture({{"name", "mmoe"}});
  const auto parameters = mmoe->named_parameters();
  for (const std::string part : {"output.weight", "output.bias"}) {
    const Tensor first = parameters["gates.0." + part].detach().clone();
    const Tensor centred = first - first.mean(0, true);
    // Softmax does not see a shift of all logits, so neither does the similarity.
    testing::set(*mmoe, "gates.1." + part, 2 * centred + 0.7);
    testing::set(*mmoe, "gates.2." + part, -centred);
  }
  EXPECT_TRUE(
      close(mmoe->task_similarity(), torch::tensor({{1.0, 1.0, -1.0}, {1.0, 1.0, -1.0}, {-1.0, -1.0, 1.0}}), 1e-6));
}

Tensor cgc_by_hand(const Architecture& module, const std::string& level, std::size_t task, const Tensor& own_input,
                   const Tensor& shared_input) {
  const std::string t = std::to_string(task);
  return weighted(gate_of(module, level + "gates." + t, own_input),
                  {net_of(module, level + "shared_experts.0", shared_input),
                   net_of(module, level + "shared_experts.1", shared_input),
                   net_of(module, level + "task_experts." + t + ".0", own_input)});
}

TEST(Cgc, MixesSharedExpertsAndItsOwn) {
  const auto cgc = build_architecture({{"name", "cgc"}, {"width", 4}});
  const SharedRows rows = random_rows(5);
  for (std::size_t t = 0; t < kTasks; ++t) {
    EXPECT_TRUE(
        close(cgc->forward(t, rows, nullptr).value, cgc_by_hand(*cgc, "level.", t, rows.pooled, rows.pooled), 1e-6));
  }
}

TEST(Cgc, OwnExpertsResembleNothingOfAnotherTask) {
  const auto cgc = build_architecture({{"name", "cgc"}});
  for (const std::string t : {"0", "1", "2"}) {
    testing::fill(*cgc, "level.gates." + t + ".output.weight", 0.0);
    testing::set(*cgc, "level.gates." + t + ".output.bias",
                 t == "0" ? torch::tensor({0.0, 0.0, 9.0}) : torch::tensor({9.0, 0.0, 0.0}));
  }
  // Centred: (-3, -3, 6) for task 0, (6, -3, -3) for the others, of which the last coordinate is not shared.
  EXPECT_TRUE(close(
      cgc->task_similarity(),
      torch::tensor({{1.0, -9 / 54.0, -9 / 54.0}, {-9 / 54.0, 1.0, 45 / 54.0}, {-9 / 54.0, 45 / 54.0, 1.0}}), 1e-6));
}

TEST(Ple, OneLevelIsCgc) {
  const auto ple = build_architecture({{"name", "ple"}, {"levels", 1}, {"width", 4}});
  const auto cgc = build_architecture({{"name", "cgc"}, {"width", 4}}, kTasks, 2);
  const SharedRows rows = random_rows(5);
  for (const auto& entry : cgc->named_parameters()) {
    testing::set(*cgc, entry.key(), ple->named_parameters()["levels.0." + entry.key().substr(6)]);
  }
  EXPECT_EQ(ple->parameters().size(), cgc->parameters().size());
  for (std::size_t t = 0; t < kTasks; ++t) {
    EXPECT_TRUE(at::equal(ple->forward(t, rows, nullptr).value, cgc->forward(t, rows, nullptr).value));
  }
}

TEST(Ple, LevelsFeedTheStreamsOfTheNext) {
  const SharedRows rows = random_rows(5);
  const Tensor& x = rows.pooled;
  for (const std::int64_t levels : {2, 3}) {
    const auto ple = build_architecture({{"name", "ple"}, {"levels", levels}});
    std::vector<Tensor> streams(kTasks, x);
    Tensor shared = x;
    for (std::int64_t l = 0; l < levels; ++l) {
      const std::string level = "levels." + std::to_string(l) + ".";
      std::vector<Tensor> next,
          all = {net_of(*ple, level + "shared_experts.0", shared), net_of(*ple, level + "shared_experts.1", shared)};
      for (std::size_t t = 0; t < kTasks; ++t) {
        next.push_back(cgc_by_hand(*ple, level, t, streams[t], shared));
        all.push_back(net_of(*ple, level + "task_experts." + std::to_string(t) + ".0", streams[t]));
      }
      if (l + 1 < levels) shared = weighted(gate_of(*ple, level + "shared_gate.0", shared), all);
      streams = next;
    }
    for (std::size_t t = 0; t < kTasks; ++t) {
      EXPECT_TRUE(close(ple->forward(t, rows, nullptr).value, streams[t], 1e-6)) << levels << " levels, task " << t;
    }
  }
}

TEST(Ple, WithoutASharedStreamIsCgcUponCgc) {
  const auto ple = build_architecture({{"name", "ple"}, {"levels", 3}, {"shared_stream", false}});
  const SharedRows rows = random_rows(5);
  for (std::size_t t = 0; t < kTasks; ++t) {
    Tensor x = rows.pooled;
    for (const std::string level : {"levels.0.", "levels.1.", "levels.2."}) x = cgc_by_hand(*ple, level, t, x, x);
    EXPECT_TRUE(close(ple->forward(t, rows, nullptr).value, x, 1e-6));
  }
}

/// dselect_k with one task, static gates and expert e the constant e.
std::shared_ptr<Architecture> counting_experts(std::int64_t experts, std::int64_t selectors, double gamma = 1.0) {
  const auto built = build_architecture(
      {{"name", "dselect_k"}, {"experts", experts}, {"selectors", selectors}, {"gamma", gamma}, {"gate", "static"}}, 1);
  for (std::int64_t e = 0; e < experts; ++e) {
    make_constant(*built, "experts." + std::to_string(e), static_cast<double>(e));
  }
  return built;
}
double value_of(Architecture& architecture) {
  return architecture.forward(0, random_rows(2), nullptr).value[1][0].item<double>();
}

TEST(DselectK, StepsAreSmooth) {  // PT-8.15: with two experts, 0 and 1, the value is S(z)
  for (const double gamma : {1.0, 0.25}) {
    const auto gate = counting_experts(2, 1, gamma);
    for (const auto& [at, expected] :
         {std::pair{-2.0, 0.0}, std::pair{-0.5, 0.0}, std::pair{-0.25, 0.15625}, std::pair{0.0, 0.5},
          std::pair{0.25, 0.84375}, std::pair{0.5, 1.0}, std::pair{2.0, 1.0}}) {
      testing::fill(*gate, "gates.0.code_bias", at * gamma);
      EXPECT_TRUE(close(value_of(*gate), expected, 1e-6)) << at;
      const Tensor code = gate->named_parameters()["gates.0.code_bias"];
      const Tensor value = gate->forward(0, random_rows(1), nullptr).value[0][0];
      const double slope = torch::autograd::grad({value}, {code})[0].item<double>();
      EXPECT_TRUE(close(slope, std::abs(at) < 0.5 ? (1.5 - 6 * at * at) / gamma : 0.0, 1e-5)) << at;
    }
  }
}

TEST(DselectK, SelectorsSpellTheNumberOfAnExpert) {
  for (const std::int64_t experts : {2, 3, 4, 5, 8}) {
    const auto gate = counting_experts(experts, 1);
    const std::int64_t bits = gate->named_parameters()["gates.0.code_bias"].numel();
    for (std::int64_t number = 0; number < (std::int64_t{1} << bits); ++number) {
      Tensor code = at::empty({bits});
      for (std::int64_t bit = 0; bit < bits; ++bit) code[bit] = (number >> bit) % 2 == 1 ? 1.0 : -1.0;
      testing::set(*gate, "gates.0.code_bias", code);
      // A number without an expert gives nothing.
      EXPECT_TRUE(close(value_of(*gate), number < experts ? static_cast<double>(number) : 0.0, 1e-5));
    }
  }
}

TEST(DselectK, SelectorsAreMixedBySoftmax) {
  const auto gate = counting_experts(4, 2);
  testing::set(*gate, "gates.0.code_bias", torch::tensor({1.0, -1.0, 1.0, 1.0}));  // experts 1 and 3
  testing::set(*gate, "gates.0.mixture_bias", torch::tensor({std::log(3.0), 0.0}));
  EXPECT_TRUE(close(value_of(*gate), 0.75 * 1 + 0.25 * 3, 1e-5));
}

TEST(DselectK, SelectorsSumToOneForPowersOfTwo) {  // PT-8.16
  const auto gate = build_architecture({{"name", "dselect_k"}, {"experts", 8}, {"selectors", 3}});
  for (int e = 0; e < 8; ++e) make_constant(*gate, "experts." + std::to_string(e), 1.0);
  testing::set(*gate, "gates.1.code_weight", 0.2 * random_rows(9, 4).pooled);
  const Tensor value = gate->forward(1, random_rows(20), nullptr).value;
  EXPECT_TRUE(close(value, at::ones_like(value), 1e-6));
}

TEST(DselectK, EntropyFallsWhenSelectorsDecide) {
  const auto entropy = [](Architecture& gate) {
    return gate.forward(0, random_rows(2), nullptr).gate_entropy[1].item<double>();
  };
  const auto four = counting_experts(4, 2);
  testing::fill(*four, "gates.0.code_bias", 0.0);
  EXPECT_TRUE(close(entropy(*four), 2 * std::log(4.0), 1e-4));
  testing::fill(*four, "gates.0.code_bias", 1.0);
  EXPECT_TRUE(close(entropy(*four), 0.0, 1e-4));
  const auto three = counting_experts(3, 1);
  testing::fill(*three, "gates.0.code_bias", 0.0);
  EXPECT_TRUE(close(entropy(*three), 0.75 * std::log(4.0) + 1 / 0.75, 1e-4));
  testing::fill(*three, "gates.0.code_bias", -1.0);
  EXPECT_TRUE(close(entropy(*three), 1.0, 1e-4));
}

TEST(DselectK, StaticGatesTellWhichTasksShareExperts) {
  const auto gate = build_architecture({{"name", "dselect_k"}, {"selectors", 1}, {"gate", "static"}});
  testing::set(*gate, "gates.0.code_bias", torch::tensor({1.0, -1.0}));
  testing::set(*gate, "gates.1.code_bias", torch::tensor({1.0, -1.0}));
  testing::set(*gate, "gates.2.code_bias", torch::tensor({1.0, 0.0}));  // half expert 1, half expert 3
  const double half = std::sqrt(0.5);
  EXPECT_TRUE(
      close(gate->task_similarity(), torch::tensor({{1.0, 1.0, half}, {1.0, 1.0, half}, {half, half, 1.0}}), 1e-6));
  EXPECT_FALSE(build_architecture("dselect_k")->task_similarity().defined());
}

TEST(Mtan, MasksTheStateOfEveryLayer) {
  const auto mtan = build_architecture({{"name", "mtan"}, {"activation", "gelu"}});
  EXPECT_TRUE(mtan->needs_layers());
  const SharedRows rows = random_rows(5);
  for (std::size_t t = 0; t < kTasks; ++t) {
    const std::string masks = "masks." + std::to_string(t) + ".";
    const Tensor first = rows.layers.select(1, 1), second = rows.layers.select(1, 2);
    const Tensor last = at::sigmoid(net_of(*mtan, masks + "1", second)) * second;
    EXPECT_TRUE(close(mtan->forward(t, rows, nullptr).value,
                      at::sigmoid(net_of(*mtan, masks + "0", first)) * first + last, 1e-6));
    EXPECT_TRUE(close(mtan->forward(t, {.pooled = rows.pooled, .layers = {}}, nullptr).value, last, 1e-6))
        << "words have their last layer only";
  }
  EXPECT_THROW(mtan->forward(0, {.pooled = rows.pooled, .layers = rows.layers.narrow(1, 0, 2)}, nullptr), ShapeError);
}

}  // namespace
}  // namespace infomtl
