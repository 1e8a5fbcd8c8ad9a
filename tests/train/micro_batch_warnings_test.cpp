// What a trainer says of a step that is cut into micro-batches.
#include "infomtl/weighting/weightings.h"
#include "train/trained.h"

namespace infomtl {
namespace {

using testing::small_settings;
using testing::SmallRun;

std::string said_of(const SmallRun& run, std::int64_t accumulate) {
  TrainerSettings settings = small_settings("joint");
  settings.batching.accumulate = accumulate;
  ::testing::internal::CaptureStderr();
  const testing::Trained trained(run, settings, weightings::equal());
  return ::testing::internal::GetCapturedStderr();
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(MicroBatchWarnings, NameWhatComparesRows) {
  const SmallRun one(0.1, "linear", {"supervised", "simax"});
  EXPECT_EQ(said_of(one, 1), "");
  const std::string text = said_of(one, 2);
  EXPECT_TRUE(holds(text, "training.accumulate 2: \"simax\" compares rows, and sees those of one micro-batch")) << text;
  const std::string two = said_of(SmallRun(0.1, "gaussian", {"supervised", "simax", "batch_entropy"}), 2);
  EXPECT_TRUE(holds(two, "\"simax\", \"batch_entropy\" compare rows, and see those")) << two;
  EXPECT_EQ(said_of(SmallRun(0.1), 2), "");
  // The direction of an attack on parameters is that of the rows together, without contrast too.
  const std::string attack = said_of(SmallRun(0.1, "linear", {"supervised", "adversarial_parameters"}), 2);
  EXPECT_TRUE(holds(attack, "\"adversarial_parameters\" compares rows, and sees those")) << attack;
  EXPECT_EQ(said_of(SmallRun(0.1, "linear", {"supervised", "adversarial"}), 2), "");
}

TEST(MicroBatchWarnings, NameTermsAndHeadsThatDrawForAWholeBatch) {
  const std::string gates = said_of(SmallRun(0.1, "feedback"), 2);
  EXPECT_TRUE(holds(gates, "training.accumulate 2: what heads draw for all rows of a batch")) << gates;
  EXPECT_FALSE(holds(gates, "compare")) << gates;
  EXPECT_EQ(said_of(SmallRun(0.1, "feedback"), 1), "");
  const Json losses = {"expected_supervised", "representation_prior", "weight_prior"};
  const std::string priors = said_of(SmallRun(0.1, "bayesian", losses, {{"name", "variational"}, {"width", 8}}), 2);
  EXPECT_TRUE(holds(priors, "what \"representation_prior\", \"weight_prior\" draw for all rows")) << priors;
  for (const char* const name : {"adversarial", "adversarial_parameters"}) {
    const Json some = {"supervised", {{"name", name}, {"rate", 0.5}}};
    const std::string attacks = said_of(SmallRun(0.1, "linear", some), 2);
    EXPECT_TRUE(holds(attacks, "what \"" + std::string(name) + "\" draws for all rows of a batch")) << attacks;
  }
}

TEST(MicroBatchWarnings, NameAnArchitectureThatDrawsForAWholeBatch) {
  const auto of = [](const Json& architecture, std::int64_t accumulate) {
    return said_of(SmallRun(0.1, "linear", {"supervised"}, architecture), accumulate);
  };
  const std::string tree = of("ltb", 2);
  EXPECT_TRUE(holds(tree, "training.accumulate 2: what the architecture draws for all rows of a batch is drawn anew"))
      << tree;
  EXPECT_EQ(of("ltb", 1), "");
  EXPECT_EQ(of("cross_stitch", 2), "");
  const std::string both = said_of(SmallRun(0.1, "feedback", {"supervised"}, "ltb"), 2);
  EXPECT_TRUE(holds(both, "what heads draw and what the architecture draws for all rows")) << both;
}

}  // namespace
}  // namespace infomtl
