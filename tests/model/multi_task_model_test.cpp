#include "infomtl/model/multi_task_model.h"

#include <ATen/ATen.h>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "model/encoder_cases.h"
#include "support/compare.h"
#include "support/normal.h"

namespace infomtl {
namespace {

std::vector<Task> two_tasks() {
  std::vector<Task> tasks(2);
  tasks[0].name = "hate";
  tasks[0].labels = {"no", "yes"};
  tasks[1].name = "words";
  tasks[1].labels = {"O", "B", "I"};
  tasks[1].kind = TaskKind::tagging;
  return tasks;
}
std::shared_ptr<Architecture> shared_architecture(std::int64_t width) {
  return architecture_registry().build(
      Config::from_json("shared"),
      ArchitectureContext{.width = width, .layers = 3, .tasks = std::vector<Task>(2), .seed = 1});
}
std::vector<std::shared_ptr<Head>> heads_of(const std::vector<Task>& tasks, std::int64_t width) {
  std::vector<std::shared_ptr<Head>> heads;
  for (const Task& task : tasks) {
    heads.push_back(head_registry().build(Config::from_json("linear"), HeadContext{width, &task, 1}));
  }
  return heads;
}

TEST(MultiTaskModel, NamesEveryParameterOnceSharedOnesFirst) {
  const testing::EncoderCase given("bert");
  const auto tasks = two_tasks();
  const MultiTaskModel model(given.encoder, shared_architecture(24), heads_of(tasks, 24), tasks, Pooling::first);
  const auto shared = model.shared_parameters(), own = model.task_parameters();
  EXPECT_EQ(shared.size(), given.encoder->parameters().size());
  EXPECT_EQ(shared.size() + own.size(), model.parameters().size());
  const auto all = model.named_parameters();
  for (const auto& list : {shared, own}) {
    for (const NamedParameter& named : list) {
      ASSERT_TRUE(all.contains(named.name)) << named.name;
      EXPECT_TRUE(all[named.name].is_same(named.parameter)) << named.name;
    }
  }
  EXPECT_EQ(shared.front().name, "encoder.embeddings.word_embeddings.weight");
  EXPECT_EQ(own.front().name, "heads.hate.net.output.weight");
  EXPECT_FALSE(model.needs_token_states(0));
  EXPECT_TRUE(model.needs_token_states(1));
}

TEST(MultiTaskModel, PutsQueriesKeysAndValuesSideBySide) {
  const testing::EncoderCase given("distilbert");
  const auto tasks = two_tasks();
  const MultiTaskModel model(given.encoder, shared_architecture(24), heads_of(tasks, 24), tasks, Pooling::first);
  const auto shared = model.shared_parameters();
  const auto place = [&](const std::string& name) {
    for (std::size_t i = 0; i < shared.size(); ++i) {
      if (shared[i].name == "encoder.transformer.layer.1.attention." + name) return static_cast<std::ptrdiff_t>(i);
    }
    return std::ptrdiff_t{-100};
  };
  for (const std::string kind : {"weight", "bias"}) {
    EXPECT_EQ(place("k_lin." + kind), place("q_lin." + kind) + 1);
    EXPECT_EQ(place("v_lin." + kind), place("q_lin." + kind) + 2);
  }
}

TEST(MultiTaskModel, RefusesPartsThatDoNotFit) {
  const testing::EncoderCase given("bert");
  auto tasks = two_tasks();
  const auto heads = heads_of(tasks, 24);
  EXPECT_THROW(MultiTaskModel(given.encoder, shared_architecture(24), {heads[0]}, tasks, Pooling::first), StateError);
  tasks[1].name = "hate";
  EXPECT_THROW(MultiTaskModel(given.encoder, shared_architecture(24), heads, tasks, Pooling::first), StateError);
  tasks[1].name = "a.b";
  EXPECT_THROW(MultiTaskModel(given.encoder, shared_architecture(24), heads, tasks, Pooling::first), StateError);
}

TEST(SharedArchitecture, HandsTheSharedRowsOn) {
  const auto architecture = shared_architecture(24);
  EXPECT_EQ(architecture->width(), 24);
  EXPECT_FALSE(architecture->stochastic());
  const Tensor rows = testing::normal({3, 24});
  EXPECT_TRUE(architecture->forward(1, {.pooled = rows, .layers = {}}, nullptr).value.is_same(rows));
  EXPECT_TRUE(architecture->parameters().empty());
}

}  // namespace
}  // namespace infomtl
