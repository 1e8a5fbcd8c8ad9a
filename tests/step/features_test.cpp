// Collected features against one pass per text.
#include "infomtl/step/features.h"

#include "infomtl/data/packing.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

/// Labels of an example as the dataset has them.
Tensor labels_of(const Task& task, const TaskRows& rows, std::size_t example) {
  if (task.kind == TaskKind::regression) return torch::tensor({rows.values[example]});
  if (task.kind == TaskKind::classification) return torch::tensor({std::int64_t{rows.classes[example]}});
  std::vector<std::int64_t> classes;
  for (std::int64_t i = rows.label_offsets[example]; i < rows.label_offsets[example + 1]; ++i) {
    classes.push_back(rows.classes[static_cast<std::size_t>(i)]);
  }
  if (task.kind == TaskKind::tagging) return torch::tensor(classes, torch::kInt64);
  Tensor bits = torch::zeros({1, static_cast<std::int64_t>(task.labels.size())});
  for (const std::int64_t label : classes) bits[0][label] = 1.0;
  return bits;
}

TEST(Features, AreThoseOfEveryTextAloneInTheOrderOfTheSplit) {
  const SmallRun run(0.3, "linear", {"supervised"}, {{"name", "mmoe"}, {"experts", 2}});
  const Split split = Split::validation;
  const SplitData& texts = run.data->dataset().split(split);
  const Features found = collect_features(*run.model, *run.data, split, {.batch_size = 7, .representations = true});
  ASSERT_EQ(found.tasks.size(), run.tasks.size());
  EXPECT_FALSE(found.pooled.requires_grad());
  EXPECT_EQ(found.pooled.scalar_type(), torch::kFloat32);
  const torch::NoGradGuard no_grad;
  std::int64_t all = 0;
  for (std::size_t t = 0; t < run.tasks.size(); ++t) {
    const TaskRows& rows = texts.tasks[t];
    const TaskFeatures& task = found.tasks[t];
    ASSERT_GT(rows.size(), 3U);
    ASSERT_EQ(task.rows.size(0), static_cast<std::int64_t>(rows.size()));
    std::vector<Tensor> labels;
    for (std::size_t i = 0; i < rows.size(); ++i) labels.push_back(labels_of(run.tasks[t], rows, i));
    EXPECT_TRUE(close(task.labels, at::cat(labels), 0)) << run.tasks[t].name;
    const bool tags = run.tasks[t].kind == TaskKind::tagging;
    EXPECT_EQ(task.word_offsets.defined(), tags);
    all += task.rows.size(0);
    for (const std::size_t example : {std::size_t{0}, rows.size() / 2, rows.size() - 1}) {
      const auto b = static_cast<std::int64_t>(example);
      const auto text = static_cast<std::size_t>(rows.sequences[example]);
      const PackedTokens one = pack({run.data->tokens(split).sequence(text)});
      const EncoderOutput output = run.encoder->forward(one, {.token_states = true});
      EXPECT_TRUE(close(found.pooled[task.rows[b].item<std::int64_t>()], output.pooled[0], 2e-6)) << example;
      if (tags) {
        const std::vector<std::int32_t> first = run.data->tokens(split).sequence(text).word_tokens;
        const auto begin = task.word_offsets[b].item<std::int64_t>();
        ASSERT_EQ(task.word_offsets[b + 1].item<std::int64_t>() - begin, static_cast<std::int64_t>(first.size()));
        const SharedRows word{output.tokens.narrow(0, first[0], 1), {}};
        EXPECT_TRUE(
            close(task.representation[begin], run.model->architecture().forward(t, word, nullptr).value[0], 2e-6));
      } else {
        const SharedRows row{output.pooled, {}};
        EXPECT_TRUE(close(task.representation[b], run.model->architecture().forward(t, row, nullptr).value[0], 2e-6));
      }
    }
  }
  EXPECT_LE(found.pooled.size(0), all);
  const Features again = collect_features(*run.model, *run.data, split);
  EXPECT_TRUE(close(again.pooled, found.pooled, 2e-6)) << "another batch size changes rounding only";
  EXPECT_FALSE(again.tasks[0].representation.defined());
}

}  // namespace
}  // namespace infomtl
