// Whole steps on another device against the CPU's: the same rows, dropped units and drawn noise, so losses and parameters
// differ by rounding only; the same run twice, and one that was continued, have the same bits; a checkpoint moves to the CPU.
// On the CPU itself the first of these says that two runs are the same bit for bit.

#include "support/devices.h"

#include <limits>
#include <string>
#include <vector>

#include "train/every_method.h"

namespace infomtl::testing {
namespace {

constexpr std::int64_t kSteps = 20;

struct Family {
  const char* name;
  const char* regime;
  Method method;
};

// One of each way to a step's gradient: a sum of losses, terms between views and over distributions, gradients per task
// that are changed one by one, a problem solved over their products.
/// @param descent  plain, for comparisons with another device; else Adamax, which has moments to keep
std::vector<Family> families(bool descent) {
  const Json information = {"supervised", {{"name", "simax"}, {"weight", 0.1}}, {{"name", "timin"}, {"weight", 0.01}}};
  std::vector<Family> all = {
      {"equal", "alternating", {}},
      {"infomtl", "alternating", {.head = {{"name", "gaussian"}, {"dropout", 0.1}}, .losses = information}},
      {"pcgrad", "joint", {.weighting = "pcgrad"}},
      {"upgrad", "joint", {.weighting = "upgrad"}}};
  for (Family& family : all) family.method.descent = descent;
  return all;
}

class RunsOnDevice : public OnDevice {
 protected:
  TrainedBy run(const Family& family, torch::Device device, Precision precision = Precision::float32) const {
    return {family.method, family.regime, 1, data_of({"topic", "polarity", "emotion"}), device, precision};
  }
};
INFOMTL_ON_EVERY_DEVICE(RunsOnDevice);

// The largest |a - b| / max(|b|, 1) over the losses of a report's record.
double loss_difference(const std::string& a, const std::string& b) {
  const Json left = Json::parse(a), right = Json::parse(b);
  double worst = left.size() == right.size() ? 0.0 : INFINITY;
  for (const auto& [key, value] : right.items()) {
    if (!key.starts_with("loss/") || !value.is_number()) continue;
    const double expected = value.get<double>();
    const double difference = std::abs(left.value(key, std::numeric_limits<double>::quiet_NaN()) - expected) /
                              std::max(std::abs(expected), 1.0);
    worst = difference <= worst ? worst : difference;  // a NaN stays
  }
  return worst;
}

TEST_P(RunsOnDevice, TwentyStepsAreTheCpusButForRounding) {
  for (const Family& family : families(true)) {
    SCOPED_TRACE(family.name);
    TrainedBy here = run(family, device()), cpu = run(family, torch::kCPU);
    here.go_on(kSteps);
    cpu.go_on(kSteps);
    EXPECT_LE(relative_difference(values_of(here), values_of(cpu)), device().is_cpu() ? 0.0 : 1e-4);
    ASSERT_EQ(here.records.size(), cpu.records.size());
    for (std::size_t r = 0; r < cpu.records.size(); ++r) {
      EXPECT_LE(loss_difference(here.records[r], cpu.records[r]), device().is_cpu() ? 0.0 : 1e-4) << "report " << r;
    }
  }
}

TEST_P(RunsOnDevice, EveryMethodsStepsAreTheCpusButForRounding) {
  for (const NamedMethod& method : every_method()) {
    SCOPED_TRACE(method.name);
    expect_the_cpus_steps(method, device(), 3);
  }
}

TEST_P(RunsOnDevice, BfloatStepsAreNearTheCpus) {
  for (const Family& family : families(true)) {
    SCOPED_TRACE(family.name);
    TrainedBy here = run(family, device(), Precision::bfloat16), cpu = run(family, torch::kCPU);
    here.go_on(1);
    cpu.go_on(1);
    EXPECT_LE(relative_difference(values_of(here), values_of(cpu)), 1e-2);
  }
}

TEST_P(RunsOnDevice, TheSameRunHasTheSameBitsAndContinuesWithThem) {
  const TemporaryFolder folder;
  for (const Family& family : families(false)) {
    SCOPED_TRACE(family.name);
    TrainedBy first = run(family, device()), second = run(family, device()), continued = run(family, device());
    first.go_on(kSteps / 2);
    first.trainer->save(folder.path() / family.name);
    first.go_on(kSteps);
    second.go_on(kSteps);
    continued.trainer->load(folder.path() / family.name);
    continued.go_on(kSteps);
    EXPECT_TRUE(at::equal(values_of(first), values_of(second)));
    EXPECT_TRUE(at::equal(values_of(first), values_of(continued)));
  }
}

TEST_P(RunsOnDevice, ACheckpointMovesToTheCpuAndBack) {
  const TemporaryFolder folder;
  for (const Family& family : families(true)) {
    SCOPED_TRACE(family.name);
    TrainedBy here = run(family, device()), cpu = run(family, torch::kCPU), back = run(family, device());
    here.go_on(kSteps / 2);
    here.trainer->save(folder.path() / family.name / "half");
    here.go_on(kSteps);
    cpu.trainer->load(folder.path() / family.name / "half");
    EXPECT_EQ(cpu.trainer->steps_done(), kSteps / 2);
    cpu.go_on(kSteps);
    EXPECT_LE(relative_difference(values_of(here), values_of(cpu)), device().is_cpu() ? 0.0 : 1e-4);
    cpu.trainer->save(folder.path() / family.name / "whole");
    back.trainer->load(folder.path() / family.name / "whole");
    EXPECT_TRUE(at::equal(values_of(back), values_of(cpu)));
  }
}

}  // namespace
}  // namespace infomtl::testing
