// Priors between tasks, aligned inputs, dummy gradient norms and feedback in training runs of the embedded corpus, under
// weightings of losses and of gradients, in each regime, with one micro-batch per step and with two: they learn, and a continued
// run is the same run bit for bit.

#include <ostream>

#include "train/whole_run.h"

namespace infomtl {
namespace {

struct SystemCorner {
  std::string system, weighting, regime;
  std::int64_t accumulate = 1;
  friend std::ostream& operator<<(std::ostream& out, const SystemCorner& corner) {
    return out << corner.system << ", " << corner.weighting << ", " << corner.regime << ", " << corner.accumulate
               << " micro-batches";
  }
};

bool compares_gradients(const std::string& weighting) { return weighting == "pcgrad" || weighting == "upgrad"; }

testing::Method method_of(const SystemCorner& corner) {
  testing::Method method{.weighting = corner.weighting};
  if (corner.system == "vmtl" || corner.system == "vmtl_ac") {
    const bool amortized = corner.system == "vmtl_ac";
    // Classifiers made of the class means of an encoder that starts at random: not in joint steps of one micro-batch, and
    // slowly where gradients are compared.
    method.learns = !(amortized && corner.regime == "joint" && corner.accumulate == 1);
    if (amortized && compares_gradients(corner.weighting) && method.learns) method.epochs = 30;
    method.architecture = {{"name", "variational"}, {"width", 12}, {"dropout", 0.05}, {"amortized", amortized}};
    method.head = {{"name", "bayesian"}, {"weights", amortized ? "generated" : "own"}};
    method.losses = {{{"name", "expected_supervised"}, {"samples", 3}},
                     {{"name", "representation_prior"}, {"weight", 1e-5}, {"bank", 64}},
                     {{"name", "weight_prior"}, {"weight", 1e-5}}};
  } else if (corner.system == "alignment") {
    method.architecture = {{"name", "alignment"}, {"learning_rate", 0.005}};
    // What compares gradients of shared parameters needs some that train.
    if (!compares_gradients(corner.weighting)) {
      method.phases = {{.share = 0.75, .freeze = {"architecture"}}, {.share = 0.25, .freeze = {"encoder"}}};
    }
  } else if (corner.system == "dgr") {
    method.penalties = {{{"name", "dgr"}, {"weight", 0.05}}};
  } else {
    method.head = {{"name", "feedback"}, {"rounds", 2}};
    method.losses = {"supervised", {{"name", "feedback_convergence"}, {"weight", 0.1}}};
  }
  return method;
}

std::vector<SystemCorner> system_corners() {
  std::vector<SystemCorner> all;
  for (const char* const system : {"vmtl", "vmtl_ac", "alignment", "dgr", "feedback"}) {
    for (const char* const weighting : {"equal", "uncertainty", "pcgrad", "upgrad"}) {
      for (const char* const regime : {"alternating", "joint"}) {
        if (compares_gradients(weighting) && std::string(regime) == "alternating") continue;
        for (const std::int64_t accumulate : {1, 2}) all.push_back({system, weighting, regime, accumulate});
      }
    }
  }
  return all;
}

class SystemInARun : public ::testing::TestWithParam<SystemCorner> {};
INSTANTIATE_TEST_SUITE_P(Corners, SystemInARun, ::testing::ValuesIn(system_corners()), [](const auto& each) {
  return each.param.system + "_" + each.param.weighting + "_" + each.param.regime + "_" +
         std::to_string(each.param.accumulate);
});

TEST_P(SystemInARun, LearnsAndContinuesBitForBit) {
  const std::vector<std::string> tasks = {"topic", "polarity", "emotion"};
  const double above = testing::learns_and_continues(method_of(GetParam()), GetParam().regime, GetParam().accumulate,
                                                     tasks, testing::data_of(tasks));
  RecordProperty("above_chance", std::to_string(above));
}

}  // namespace
}  // namespace infomtl
