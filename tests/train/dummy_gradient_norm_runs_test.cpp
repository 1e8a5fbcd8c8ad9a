// Dummy gradient norm over whole runs: a continued one is the same bit for bit, dummies and log included.
#include <cmath>

#include "infomtl/losses/dummy_gradient_norm.h"
#include "infomtl/weighting/weightings.h"
#include "support/temporary_folder.h"
#include "train/trained.h"

namespace infomtl {
namespace {

using testing::small_settings;
using testing::SmallRun;

struct DummyRun {
  SmallRun run{0.2};
  std::unique_ptr<Trainer> trainer;
  std::vector<std::string> records;

  DummyRun(const std::string& form, const std::string& regime) {
    run.model = std::make_shared<MultiTaskModel>(run.encoder, linear_heads(run.tasks, {.dropout = 0.2}),
                                                 architectures::shared(), Pooling::first, 9);
    const TermContext context{
        .tasks = run.tasks, .width = run.encoder->width(), .representation = run.encoder->width(), .seed = 2};
    run.objective->add_penalty(
        0.5, std::make_shared<DummyGradientNorm>(DummyGradientNorm::Settings{.dummies = 2, .form = form}, context),
        "dgr");
    trainer =
        std::make_unique<Trainer>(small_settings(regime), run.model, run.objective, weightings::equal(), run.data);
    trainer->on_report([this](const StepReport& report) { records.push_back(report.to_json(false).dump()); });
  }
  void steps(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(trainer->step());
  }
};

TEST(DummyGradientNormRun, AContinuedRunIsTheSameRunBitForBit) {
  for (const char* const form : {"exact", "finite_difference"}) {
    for (const char* const regime : {"joint", "alternating"}) {
      DummyRun straight(form, regime), first(form, regime), second(form, regime);
      straight.steps(6);
      first.steps(3);
      const testing::TemporaryFolder folder;
      first.trainer->save(folder.path() / "last", testing::corpus().folder.path() / "encoder");
      second.trainer->load(folder.path() / "last");
      second.steps(3);
      EXPECT_TRUE(at::equal(straight.trainer->parameters().values(), second.trainer->parameters().values())) << form;
      ASSERT_EQ(second.records.size(), 3U);
      for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(second.records[i], straight.records.at(3 + i));
      EXPECT_NE(second.records.back().find("representation_norm"), std::string::npos) << second.records.back();
    }
  }
}

}  // namespace
}  // namespace infomtl
