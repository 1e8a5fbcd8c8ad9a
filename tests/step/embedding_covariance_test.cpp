// Covariances of word embeddings before and after a task's own map of them.
#include "infomtl/step/embedding_covariance.h"

#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

/// Hard sharing behind a square map of each task's word embeddings.
class Mapping final : public Architecture {
 public:
  explicit Mapping(const ArchitectureContext& context) : width_(context.width) {
    for (std::size_t t = 0; t < context.tasks.size(); ++t) {
      maps.push_back(ops::TensorRandom(t).normal({width_, width_}));
    }
  }
  TaskRepresentation forward(std::size_t /*task*/, const SharedRows& rows, ops::TensorRandom* /*noise*/) override {
    TaskRepresentation found;
    found.value = rows.pooled;
    return found;
  }
  std::int64_t width() const override { return width_; }
  bool changes_embeddings() const override { return true; }
  Tensor embedding_offset(std::size_t task, const Tensor& words) override {
    return task == 0 ? Tensor() : words.mm(maps.at(task)) - words;
  }
  std::vector<Tensor> maps;

 private:
  std::int64_t width_;
};

TEST(EmbeddingCovariance, IsThatOfEveryTokenBeforeAndAfterTheMap) {
  const SmallRun run;
  const Split split = Split::validation;
  EXPECT_TRUE(embedding_covariances(*run.model, *run.data, split).empty());
  std::shared_ptr<Mapping> mapping;
  const ArchitectureFactory make = [&](const ArchitectureContext& context) {
    return mapping = std::make_shared<Mapping>(context);
  };
  const MultiTaskModel model(run.encoder, linear_heads(run.tasks), make);
  const auto found = embedding_covariances(model, *run.data, split, 7);
  ASSERT_EQ(found.size(), run.tasks.size());
  const torch::NoGradGuard no_grad;
  const Tensor table = run.encoder->word_table().to(torch::kFloat64);
  for (std::size_t t = 0; t < run.tasks.size(); ++t) {
    std::vector<std::int64_t> ids;
    for (const std::int32_t text : run.data->dataset().split(split).tasks[t].sequences) {
      const auto sequence = run.data->tokens(split).sequence(static_cast<std::size_t>(text));
      ids.insert(ids.end(), sequence.ids.begin(), sequence.ids.end());
    }
    const Tensor words = table.index_select(0, torch::tensor(ids, torch::kInt64));
    EXPECT_EQ(found[t].before.rows(), words.size(0));
    EXPECT_TRUE(close(found[t].before.gram(), words.t().mm(words), 0, 1e-6)) << t;
    const Tensor mapped = t == 0 ? words : words.mm(mapping->maps[t].to(torch::kFloat64));
    EXPECT_TRUE(close(found[t].after.gram(), mapped.t().mm(mapped), 0, 1e-5)) << t;
  }
}

}  // namespace
}  // namespace infomtl
