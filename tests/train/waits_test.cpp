// What a training step waits for on a device, counted over 20 steps between two reports.

#include <algorithm>
#include <functional>
#include <ostream>

#include "infomtl/core/errors.h"
#include "support/waiting_device.h"
#include "train/every_method.h"
#include "train/trained.h"

namespace infomtl {
namespace {

using testing::small_settings;
using testing::SmallRun;
using testing::WaitingDevice;

constexpr int kSteps = 20;

using Waits = std::map<std::string, std::int64_t>;

/// Of every step: one number before the parameters move, which tells whether its losses and gradients are finite.
constexpr const char* kNumber = "a number read";
constexpr const char* kCopy = "a copy to the host";

/// Copies to the host in each step of a weighting, of what it solves there: [T] losses, [T, T] products.
const std::map<std::string, std::int64_t> kCopies = {{"equal", 0},  {"uncertainty", 0}, {"scale_invariant", 1},
                                                     {"pcgrad", 1}, {"upgrad", 1},      {"mgda", 1}};

/// A method, and what each of its steps waits for.
struct Method {
  std::string name, regime;
  Waits waits;
  Json weighting = "equal", losses = {"supervised"};
  std::string head = "linear";
  friend std::ostream& operator<<(std::ostream& out, const Method& method) {
    return out << method.name << ", " << method.regime;
  }
};

std::vector<Method> methods() {
  const Json infomtl = {"supervised", {{"name", "simax"}, {"weight", 0.1}}, {{"name", "timin"}, {"weight", 0.1}}};
  std::vector<Method> all;
  for (const std::string regime : {"alternating", "joint"}) {
    all.push_back(
        {.name = "infomtl", .regime = regime, .waits = {{kNumber, 1}}, .losses = infomtl, .head = "gaussian"});
  }
  for (const auto& [name, copies] : kCopies) {
    for (const Regime regime : weighting_registry().traits(name).regimes) {
      Method method{.name = name, .regime = std::string(name_of(regime)), .waits = {{kNumber, 1}}, .weighting = name};
      if (copies > 0) method.waits[kCopy] = copies;
      all.push_back(method);
    }
  }
  return all;
}

std::unique_ptr<Trainer> trainer_of(const Method& method, SmallRun& run, const torch::Device& device) {
  run.model->to(device);
  run.objective->to(device);
  TrainerSettings settings = small_settings(method.regime);
  settings.report_every = 1000;
  settings.epochs = 100;
  return std::make_unique<Trainer>(
      settings, run.model, run.objective, WeightingFactory([&method, device](const WeightingContext& tasks) {
        auto made = build_weighting(Config::from_json(method.weighting, "weighting"), tasks);
        made->to(device);
        return made;
      }),
      run.data);
}

class WaitsOf : public ::testing::TestWithParam<Method> {};
INSTANTIATE_TEST_SUITE_P(Methods, WaitsOf, ::testing::ValuesIn(methods()),
                         [](const auto& each) { return each.param.name + "_" + each.param.regime; });

TEST_P(WaitsOf, ItsStepsAreKnown) {
  const WaitingDevice waiting;
  SmallRun run(0.1, GetParam().head, GetParam().losses);
  const auto trainer = trainer_of(GetParam(), run, waiting.device());
  ASSERT_TRUE(trainer->step());
  waiting.taken();
  for (int i = 0; i < kSteps; ++i) ASSERT_TRUE(trainer->step());
  Waits expected = GetParam().waits;
  for (auto& [what, times] : expected) times *= kSteps;
  EXPECT_EQ(waiting.taken(), expected);
}

TEST(WaitingDevice, CountsWhatIsWaitedFor) {
  const WaitingDevice waiting;
  waiting.taken();
  const Tensor host = torch::tensor({1.0F, 2.0F}), x = host.to(waiting.device());
  EXPECT_EQ(waiting.taken(), Waits({{"a blocking copy", 1}}));
  const Tensor y = (x * 2 + host.to(waiting.device(), /*non_blocking=*/true)).sum();
  EXPECT_EQ(waiting.taken(), Waits());
  EXPECT_EQ(y.item<float>(), 9);
  EXPECT_EQ(waiting.taken(), Waits({{"a number read", 1}}));
  EXPECT_TRUE(at::equal(x.to(torch::kCPU), host));
  EXPECT_EQ(waiting.taken(), Waits({{"a copy to the host", 1}}));
  EXPECT_EQ(x.nonzero().size(0), 2);
  EXPECT_TRUE(at::equal(x, x));
  EXPECT_EQ(waiting.taken(), Waits({{"aten::nonzero", 1}, {"aten::equal", 1}}));
}

class OnAnotherDevice : public ::testing::TestWithParam<testing::NamedMethod> {};
INSTANTIATE_TEST_SUITE_P(Methods, OnAnotherDevice, ::testing::ValuesIn(testing::every_method()), [](const auto& each) {
  std::string name = each.param.name + "_" + each.param.regime;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

TEST_P(OnAnotherDevice, ItsStepsAreTheCpusButForRounding) {
  const WaitingDevice waiting;
  testing::expect_the_cpus_steps(GetParam(), waiting.device(), 3);
}

/// What the second step says, after `spoil`.
std::string message_after(const std::function<void(SmallRun&)>& spoil, const std::string& weighting) {
  const WaitingDevice waiting;
  SmallRun run(0.0);
  const Method method{.name = "", .regime = "joint", .waits = {}, .weighting = weighting};
  const auto trainer = trainer_of(method, run, waiting.device());
  trainer->step();
  {
    const torch::NoGradGuard no_grad;
    spoil(run);
  }
  const Tensor before = trainer->parameters().values().clone();
  try {
    trainer->step();
  } catch (const NonFiniteError& error) {
    EXPECT_TRUE(at::allclose(trainer->parameters().values(), before, 0, 0, /*equal_nan=*/true)) << "nothing has moved";
    return error.what();
  }
  return "";
}

TEST(Waits, ABadNumberIsLocatedWithinItsStepThoughLossesAreLookedAtTogether) {
  for (const std::string weighting : {"equal", "mgda"}) {
    const std::string weight = "encoder.encoder.layer.0.attention.self.query.weight";
    const std::string said =
        message_after([&](SmallRun& run) { run.model->named_parameters()[weight].view(-1)[0] = NAN; }, weighting);
    for (const std::string& words :
         std::vector<std::string>{"step 2, task \"", "loss \"supervised\": nan", "parameter \"" + weight + "\""}) {
      EXPECT_NE(said.find(words), std::string::npos) << weighting << ": \"" << said << "\" lacks " << words;
    }
    EXPECT_EQ(message_after([](SmallRun&) {}, weighting), "");
  }
}

}  // namespace
}  // namespace infomtl
