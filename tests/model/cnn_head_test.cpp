#include <ATen/ATen.h>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/model/head.h"
#include "infomtl/model/heads.h"
#include "infomtl/ops/text_convolution.h"
#include "support/compare.h"
#include "support/message_of.h"
#include "support/normal.h"

namespace infomtl {
namespace {

using testing::close;
using testing::message_of;
using testing::normal;

Task task_of_kind(TaskKind kind) {
  Task task;
  task.name = "t";
  task.kind = kind;
  task.labels = {"a", "b", "c"};
  return task;
}

std::shared_ptr<Head> cnn_of(const Json& options, TaskKind kind = TaskKind::classification) {
  Json config = {{"name", "cnn"}};
  if (!options.is_null()) config.update(options);
  const Task task = task_of_kind(kind);
  return head_registry().build(Config::from_json(config), HeadContext{.width = 6, .task = &task, .seed = 1});
}

HeadInput input_of(const Tensor& states, const std::vector<std::int64_t>& offsets) {
  HeadInput input;
  input.token_states = states;
  input.token_offsets = torch::tensor(offsets, torch::kInt64);
  return input;
}

TEST(CnnHead, IsALinearMapOfTheLargestAnswersOfItsFilters) {
  const auto head = cnn_of({{"widths", {2, 3}}, {"filters", 5}, {"dropout", 0.5}});
  EXPECT_TRUE(head->reads_token_states());
  const Tensor states = normal({9, 6}, 4);
  const HeadInput input = input_of(states, {0, 4, 9});
  auto p = head->named_parameters();
  std::vector<Tensor> answers;
  for (const std::int64_t width : {2, 3}) {
    const std::string name = "width" + std::to_string(width);
    const Tensor weight = p[name + ".weight"].view({5, width, 6}).permute({1, 2, 0});
    answers.push_back(ops::max_over_windows(states, input.token_offsets, weight, p[name + ".bias"]));
  }
  const Tensor expected = at::linear(at::cat(answers, 1), p["net.output.weight"], p["net.output.bias"]);
  EXPECT_TRUE(close(head->forward(input).output, expected, 1e-6));
  EXPECT_EQ(expected.sizes(), (at::IntArrayRef{2, 3}));
  HeadInput training = input;
  ops::TensorRandom dropout(1);
  training.random.dropout = &dropout;
  EXPECT_FALSE(close(head->forward(training).output, expected, 1e-3)) << "drops in training";
}

TEST(CnnHead, HasOneOutputForAValue) {
  EXPECT_EQ(cnn_of({}, TaskKind::regression)->forward(input_of(normal({7, 6}), {0, 7})).output.sizes(),
            (at::IntArrayRef{1, 1}));
}

TEST(CnnHead, SaysWhatItCannotRead) {
  EXPECT_NE(message_of<ConfigError>([] { cnn_of({}, TaskKind::tagging); }).find("labels words"), std::string::npos);
  for (const Json& widths : {Json::array(), Json::array({2.5}), Json::array({3, 3}), Json::array({0})}) {
    EXPECT_NE(message_of<ConfigError>([&] { cnn_of({{"widths", widths}}); }).find("widths"), std::string::npos);
  }
  HeadInput alone;
  alone.representation = normal({2, 6});
  EXPECT_NE(message_of<ConfigError>([&] { cnn_of({})->forward(alone); }).find("token states"), std::string::npos);
  EXPECT_NE(message_of<ConfigError>([&] {
              cnn_of({})->forward(input_of(normal({2, 5}), {0, 2}));
            }).find("width 5"),
            std::string::npos);
}

}  // namespace
}  // namespace infomtl
