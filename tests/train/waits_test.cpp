// What a training step waits for on a device, counted over 20 steps between two reports.

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "infomtl/core/errors.h"
#include "support/waiting_device.h"
#include "train/every_method.h"
#include "train/trained.h"

namespace infomtl {
namespace {

using testing::small_settings;
using testing::SmallRun;
using testing::WaitingDevice;

using Waits = std::map<std::string, std::int64_t>;

constexpr const char* kNumber = "a number read";
constexpr const char* kCopy = "a copy to the host";

/// What each step of a method waits for beside the step before it: a weighting for what it solves on the host.
Waits waits_of(const std::string& method) {
  static const std::map<std::string, Waits> known = {
      {"weighting auto_lambda", {{kCopy, 2}, {kNumber, 1}}},
      {"weighting db_mtl", {{kCopy, 2}}},
      {"weighting famo", {{kCopy, 2}}},
      {"weighting forum", {{kCopy, 2}}},
      {"weighting imtl", {{kCopy, 2}}},
      {"weighting moco", {{kCopy, 3}}},
  };
  static const std::set<std::string> none = {"equal",        "constant", "task_size", "svd_reweighting",
                                             "dwa",          "rlw",      "imtl_l",    "uncertainty",
                                             "trimmed_mean", "graddrop", "gradnorm"};
  const std::string kind = "weighting ";
  if (!method.starts_with(kind) || none.contains(method.substr(kind.size()))) return {};
  const auto found = known.find(method);
  return found == known.end() ? Waits{{kCopy, 1}} : found->second;
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

/// Of steps between two reports.
void expect_waits(testing::NamedMethod method, std::int64_t steps) {
  constexpr std::int64_t kFirst = 6;  // every task had a step
  const WaitingDevice waiting;
  method.method.report_every = 1000;
  testing::TrainedBy run(method.method, method.regime, 1, testing::data_for(method), waiting.device());
  run.go_on(kFirst);
  waiting.taken();
  run.go_on(kFirst + steps);
  Waits expected = waits_of(method.name);
  expected["an event"] = 1;
  for (auto& [what, times] : expected) times *= steps;
  // Where an epoch ends, each task's mean loss is read.
  const std::int64_t epoch = run.trainer->steps_per_epoch(), ends = (kFirst + steps) / epoch - kFirst / epoch;
  if (ends > 0) expected[kNumber] += ends * std::ssize(run.trainer->model().tasks());
  EXPECT_EQ(waiting.taken(), expected) << method;
}

TEST_P(OnAnotherDevice, ItsStepsWaitForTheStepBeforeAndWhatTheHostSolves) { expect_waits(GetParam(), 5); }

TEST(Waits, TwentyStepsOfInfoMtlAndEqualWeightingWaitForTheStepBeforeAlone) {
  const Json infomtl = {"supervised", {{"name", "simax"}, {"weight", 0.1}}, {{"name", "timin"}, {"weight", 0.1}}};
  for (const char* const regime : {"alternating", "joint"}) {
    expect_waits({"EW", regime, {}}, 20);
    expect_waits({"InfoMTL", regime, {.head = "gaussian", .losses = infomtl}}, 20);
  }
}

std::unique_ptr<Trainer> trainer_of(const std::string& weighting, SmallRun& run, const torch::Device& device) {
  run.model->to(device);
  run.objective->to(device);
  TrainerSettings settings = small_settings("joint");
  settings.report_every = 1000;
  return std::make_unique<Trainer>(settings, run.model, run.objective,
                                   WeightingFactory([&weighting, device](const WeightingContext& tasks) {
                                     auto made = build_weighting(Config::from_json(weighting, "weighting"), tasks);
                                     made->to(device);
                                     return made;
                                   }),
                                   run.data);
}

/// What a step says of the second one, after `spoil`.
std::string message_after(const std::function<void(SmallRun&)>& spoil, const std::string& weighting) {
  const WaitingDevice waiting;
  SmallRun run(0.0);
  const auto trainer = trainer_of(weighting, run, waiting.device());
  trainer->step();
  {
    const torch::NoGradGuard no_grad;
    spoil(run);
  }
  const Tensor before = trainer->parameters().values().clone();
  try {
    trainer->step();
    trainer->step();
  } catch (const NonFiniteError& error) {
    const Tensor after = trainer->parameters().values();
    EXPECT_EQ(at::isfinite(after).sum().item<std::int64_t>(), at::isfinite(before).sum().item<std::int64_t>())
        << "no parameter has taken a bad number";
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
