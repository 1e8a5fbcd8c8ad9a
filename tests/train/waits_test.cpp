// Training on a device that is not the CPU: the CPU's steps but for rounding, what a step waits for, runs that are continued,
// and numbers that are not finite, which are looked at a step late.

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "support/waiting_device.h"
#include "train/every_method.h"
#include "train/given_term.h"
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
      {"weighting gradnorm, later", {{kCopy, 3}}},
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

std::string test_name(const ::testing::TestParamInfo<testing::NamedMethod>& each) {
  std::string name = each.param.name + "_" + each.param.regime;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}
std::vector<testing::NamedMethod> joint_weightings() {
  std::vector<testing::NamedMethod> found = testing::every_method();
  std::erase_if(found, [](const auto& each) { return !each.name.starts_with("weighting") || each.regime != "joint"; });
  return found;
}

class OnAnotherDevice : public ::testing::TestWithParam<testing::NamedMethod> {};
INSTANTIATE_TEST_SUITE_P(Methods, OnAnotherDevice, ::testing::ValuesIn(testing::every_method()), test_name);
class StateOnAnotherDevice : public ::testing::TestWithParam<testing::NamedMethod> {};
INSTANTIATE_TEST_SUITE_P(Weightings, StateOnAnotherDevice, ::testing::ValuesIn(joint_weightings()), test_name);

TEST_P(OnAnotherDevice, ItsStepsAreTheCpusButForRounding) {
  const WaitingDevice waiting;
  testing::expect_the_cpus_steps(GetParam(), waiting.device(), 3);
}

/// Of steps between two reports, after `first` others (by then every task had one).
void expect_waits(testing::NamedMethod method, std::int64_t steps, std::int64_t first = 6) {
  const WaitingDevice waiting;
  method.method.report_every = 1000;
  testing::TrainedBy run(method.method, method.regime, 1, testing::data_for(method), waiting.device());
  run.go_on(first);
  waiting.taken();
  run.go_on(first + steps);
  Waits expected = waits_of(method.name);
  expected["an event"] = 1;
  for (auto& [what, times] : expected) times *= steps;
  // Where an epoch ends, each task's mean loss is read.
  const std::int64_t epoch = run.trainer->steps_per_epoch(), ends = (first + steps) / epoch - first / epoch;
  if (ends > 0) expected[kNumber] += ends * std::ssize(run.trainer->model().tasks());
  EXPECT_EQ(waiting.taken(), expected) << method;
}

TEST_P(OnAnotherDevice, ItsStepsWaitForTheStepBeforeAndWhatTheHostSolves) { expect_waits(GetParam(), 5); }

// What some weightings know of the epochs before.
TEST(Waits, AfterTheFirstEpochs) {
  for (const Json& weighting :
       {Json{{"name", "dwa"}}, Json{{"name", "gradnorm"}}, Json{{"name", "stch"}, {"warmup_epochs", 0}}}) {
    const std::string name = "weighting " + weighting.at("name").get<std::string>();
    expect_waits({name + (name.ends_with("gradnorm") ? ", later" : ""), "joint", {.weighting = weighting}}, 5, 26);
  }
}

TEST_P(StateOnAnotherDevice, ContinuesBitForBitPastAnEpochsEnd) {
  const WaitingDevice waiting;
  const testing::TemporaryFolder folder;
  const auto run = [&] {
    return testing::TrainedBy(GetParam().method, "joint", 2, testing::data_for(GetParam()), waiting.device());
  };
  testing::TrainedBy straight = run(), continued = run();
  const std::int64_t epoch = straight.trainer->steps_per_epoch();
  straight.go_on(epoch - 1);
  straight.trainer->save(folder.path() / "last");
  straight.go_on(epoch + 2);
  continued.trainer->load(folder.path() / "last");
  continued.go_on(epoch + 2);
  EXPECT_TRUE(at::equal(testing::values_of(straight), testing::values_of(continued)));
}

TEST(Waits, TwentyStepsOfInfoMtlAndEqualWeightingWaitForTheStepBeforeAlone) {
  const Json infomtl = {"supervised", {{"name", "simax"}, {"weight", 0.1}}, {{"name", "timin"}, {"weight", 0.1}}};
  for (const char* const regime : {"alternating", "joint"}) {
    expect_waits({"EW", regime, {}}, 20);
    expect_waits({"InfoMTL", regime, {.head = "gaussian", .losses = infomtl}}, 20);
  }
}

std::unique_ptr<Trainer> trainer_of(const std::string& weighting, SmallRun& run, const torch::Device& device,
                                    const std::string& non_finite = "error") {
  run.model->to(device);
  run.objective->to(device);
  TrainerSettings settings = small_settings("joint");
  settings.report_every = 1000;
  settings.non_finite = non_finite;
  return std::make_unique<Trainer>(settings, run.model, run.objective,
                                   WeightingFactory([&weighting, device](const WeightingContext& tasks) {
                                     auto made = build_weighting(Config::from_json(weighting, "weighting"), tasks);
                                     made->to(device);
                                     return made;
                                   }),
                                   run.data);
}

enum class Then { step, save, evaluate, fit };

/// What is said of the second step, after `spoil`, by what comes next.
std::string message_after(const std::function<void(SmallRun&)>& spoil, const std::string& weighting,
                          Then next = Then::step) {
  const WaitingDevice waiting;
  const testing::TemporaryFolder folder;
  SmallRun run(0.0);
  const auto trainer = trainer_of(weighting, run, waiting.device());
  trainer->step();
  {
    const torch::NoGradGuard no_grad;
    spoil(run);
  }
  const auto finite = [&] { return at::isfinite(trainer->parameters().values()).sum().item<std::int64_t>(); };
  const std::int64_t before = finite();
  const auto go_on = [&] {
    if (next == Then::step) trainer->step();
    if (next == Then::save) trainer->save(folder.path() / "saved", testing::corpus().folder.path() / "encoder");
    if (next == Then::evaluate) trainer->evaluate(Split::validation);
    if (next == Then::fit) trainer->fit();
  };
  try {
    trainer->step();
    go_on();
  } catch (const NonFiniteError& error) {
    EXPECT_EQ(finite(), before) << "no parameter has taken a bad number";
    if (weighting != "mgda") {  // which sees it on the host, before anything counts
      EXPECT_THROW(trainer->save(folder.path() / "saved"), NonFiniteError) << "what is told once is not forgotten";
      EXPECT_FALSE(std::filesystem::exists(folder.path() / "saved"));
    }
    return error.what();
  }
  return "";
}

/// A term of finite values whose gradient in its task's head and below is NaN.
void add_bad_gradient(SmallRun& run) {
  run.objective->add(1.0, std::make_shared<testing::GivenTerm>([](TaskStep& step) {
                       const Tensor& output = step.prediction().output;
                       return (output * 0).sum().abs().sqrt() * output.sum();
                     }),
                     "bad", {run.tasks[2].name});
}

TEST(Waits, ABadGradientIsToldByWhateverComesNext) {
  const SmallRun names(0.0);
  for (const Then next : {Then::step, Then::save, Then::evaluate, Then::fit}) {
    for (const std::string weighting : {"equal", "trimmed_mean", "graddrop"}) {
      const std::string said = message_after(add_bad_gradient, weighting, next);
      const std::string words = "step 2, task \"" + names.tasks[2].name + "\": the gradient of parameter \"";
      EXPECT_NE(said.find(words), std::string::npos) << weighting << ": \"" << said << "\" lacks " << words;
      EXPECT_EQ(message_after([](SmallRun&) {}, weighting, next), "");
    }
  }
}

TEST(Waits, BadStepsThatMayBeLeftOutAreLookedAtAtOnce) {
  const WaitingDevice waiting;
  SmallRun run(0.0);
  const auto trainer = trainer_of("equal", run, waiting.device(), "skip");
  trainer->step();
  add_bad_gradient(run);
  const Tensor before = trainer->parameters().values().clone();
  trainer->step();
  EXPECT_TRUE(at::equal(trainer->parameters().values(), before));
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
