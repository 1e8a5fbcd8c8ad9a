// SVD reweighting: weights by hand, what it refuses, and that a continued run needs no features.
#include <map>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/weighting/equal.h"
#include "infomtl/weighting/weightings.h"
#include "support/compare.h"
#include "support/linear_task_gradients.h"
#include "support/message_of.h"
#include "weighting/weighting_tasks.h"

namespace infomtl::testing {
namespace {

using torch::Tensor;

/// Four texts of orthogonal features 1, 2, 3 and 4 long.
Tensor four_texts() { return torch::tensor({1.0F, 2.0F, 3.0F, 4.0F}).diag(); }
TaskInputs two_classes(const std::vector<std::int64_t>& labels) {
  return {TaskKind::classification, 2, four_texts(), torch::tensor(labels, torch::kInt64)};
}

std::shared_ptr<GradientWeighting> svd(std::int64_t rank, std::size_t tasks, bool joint = true) {
  return weightings::svd_reweighting({.rank = rank})(weighting_tasks(tasks, joint));
}

/// The weights that a joint step gets.
Tensor svd_weights_of(GradientWeighting& weighting, std::int64_t tasks) {
  LinearTaskGradients problem(torch::ones({tasks}), torch::ones({tasks, 2}));
  weighting.backward(problem);
  EXPECT_EQ(problem.jacobian_calls + problem.gramian_calls, 0);
  return problem.weights;
}

TEST(SvdReweighting, WeighsByStandardisedLabelsOfEveryKindOfRow) {
  // y = (-1, -1, 1, 1) and minus that: theta is (-1, -2, 3, 4) and minus that.
  const auto same = svd(1, 3);
  same->begin({two_classes({0, 0, 1, 1}), two_classes({1, 1, 0, 0}), two_classes({0, 0, 1, 1})});
  EXPECT_TRUE(close(svd_weights_of(*same, 3), torch::ones({3}), 1e-6));

  // A column that is 1 for one text of four: deviation root(3)/4, so root(3) there and -1/root(3) elsewhere; for two of four: +-1.
  TaskInputs classes{TaskKind::classification, 3, four_texts(), torch::tensor({0, 0, 1, 2}, torch::kInt64)};
  TaskInputs sets{TaskKind::multi_label, 2, four_texts(),
                  torch::tensor({{1.0F, 0.0F}, {1.0F, 0.0F}, {0.0F, 0.0F}, {0.0F, 1.0F}})};
  TaskInputs values{TaskKind::regression, 1, four_texts(), torch::tensor({7.0F, 3.0F, 5.0F, 5.0F})};
  const auto kinds = svd(4, 3);
  kinds->begin({classes, sets, values});
  const double halves = 1 + 4 + 9 + 16, third = (1 + 4 + 16) / 3.0 + 9 * 3, fourth = (1 + 4 + 9) / 3.0 + 16 * 3;
  const double value = 2 * (1 + 4);  // +-root(2), and twice that for the second text
  const Tensor alpha = torch::tensor(
      {std::sqrt((halves + third + fourth) / 3), std::sqrt((halves + fourth) / 2), std::sqrt(value)}, torch::kFloat64);
  EXPECT_TRUE(close(svd_weights_of(*kinds, 3), 3 * alpha / alpha.sum(), 1e-6));
}

TEST(SvdReweighting, AColumnWithoutVariationAddsNothing) {
  // The third class is never there, but sqrt(C) counts it.
  const Tensor labels = torch::tensor({0, 0, 1, 1}, torch::kInt64);
  const auto weighting = svd(2, 2);
  weighting->begin({{TaskKind::classification, 3, four_texts(), labels}, two_classes({0, 0, 1, 1})});
  const Tensor alpha = torch::tensor({std::sqrt(2.0 / 3), 1.0}, torch::kFloat64);
  EXPECT_TRUE(close(svd_weights_of(*weighting, 2), 2 * alpha / alpha.sum(), 1e-6));
}

TEST(SvdReweighting, RareAndFrequentLabelsCountAlike) {
  // Before they are centred, labels of one class say what all texts have in common; that is no task's own direction.
  const Tensor features = at::cat({torch::full({4, 1}, 10.0F), torch::eye(4)}, 1);
  const auto task = [&](std::vector<std::int64_t> labels) {
    return TaskInputs{TaskKind::classification, 2, features, torch::tensor(labels, torch::kInt64)};
  };
  const auto weighting = svd(2, 2);
  weighting->begin({task({0, 1, 1, 1}), task({0, 0, 1, 1})});
  EXPECT_TRUE(close(svd_weights_of(*weighting, 2), torch::ones({2}), 1e-6));
}

TEST(SvdReweighting, ATaskApartFromTheCommonDirectionGetsNothing) {  // PT-3.4
  const Tensor features = torch::eye(4);
  const auto task = [&](std::vector<float> values) {
    return TaskInputs{TaskKind::regression, 1, features, torch::tensor(values)};
  };
  const auto weighting = svd(1, 3);
  weighting->begin({task({1, 1, -1, -1}), task({1, 1, -1, -1}), task({1, -1, 1, -1})});
  EXPECT_TRUE(close(svd_weights_of(*weighting, 3), torch::tensor({1.5F, 1.5F, 0.0F}), 1e-6));
  const auto told = weighting->diagnostics();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[1].first, "weight/t1");
  EXPECT_TRUE(close(told[1].second, 1.5, 1e-9));
}

TEST(SvdReweighting, TellsTheWeightsThatItFound) {
  for (const bool wrapped : {false, true}) {
    const auto weighting =
        wrapped ? weightings::smoothed(weightings::svd_reweighting())(weighting_tasks(4)) : svd(0, 4);
    EXPECT_FALSE(weighting->found_weights().defined());
    ::testing::internal::CaptureStderr();
    weighting->begin(shared_inputs(4));
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("weights of the losses: t0 "), std::string::npos) << said;
    EXPECT_TRUE(close(weighting->found_weights(), svd_weights_of(*weighting, 4), 1e-6));
  }
  EXPECT_FALSE(equal_weighting()->found_weights().defined());
}

TEST(SvdReweighting, TakesTurnsWithTheWeightOfTheStepsTask) {
  const auto weighting = svd(0, 4, false);
  weighting->begin(shared_inputs(4));
  const auto joint = begun(svd(0, 4), 4);
  const Tensor all = svd_weights_of(*joint, 4);
  LinearTaskGradients problem(torch::ones({1}), torch::ones({1, 2}), 4);
  problem.set_tasks({2});
  weighting->backward(problem);
  EXPECT_TRUE(close(problem.weights, all.narrow(0, 2, 1), 0));
  EXPECT_FALSE(close(all, torch::ones({4}), 0.05));
  EXPECT_TRUE(close(all.sum().item<double>(), 4, 1e-9));
}

class Copied final : public StateVisitor {
 public:
  std::map<std::string, Tensor> tensors;
  bool writing = false;
  void tensor(const std::string& name, Tensor& value) override {
    if (writing) {
      value = tensors.at(name);
    } else {
      tensors[name] = value.defined() ? value.clone() : value;
    }
  }
  void counter(const std::string& /*name*/, std::int64_t& /*value*/) override {}
};

TEST(SvdReweighting, GoesOnFromItsStateWithoutFeatures) {
  for (const bool wrapped : {false, true}) {
    const auto build = [&] {
      return wrapped ? weightings::smoothed(weightings::svd_reweighting())(weighting_tasks(4)) : svd(0, 4);
    };
    const auto first = build(), second = build();
    EXPECT_TRUE(first->needs_features());
    first->begin(shared_inputs(4));
    const Tensor before = svd_weights_of(*first, 4);
    Copied state;
    first->visit_state(state);
    state.writing = true;
    second->visit_state(state);
    EXPECT_TRUE(at::equal(svd_weights_of(*second, 4), svd_weights_of(*first, 4)));
    EXPECT_TRUE(close(before, svd_weights_of(*first, 4), 1e-12));
  }
  EXPECT_THROW(svd_weights_of(*svd(0, 4), 4), StateError);
}

TEST(SvdReweighting, RefusesTasksWithoutCommonTextsInWords) {
  const auto refused = [](std::vector<TaskInputs> tasks, std::int64_t rank = 0) {
    const std::string text = message_of<ConfigError>([&] { svd(rank, tasks.size())->begin(tasks); });
    EXPECT_NE(text.find("svd_reweighting"), std::string::npos) << text;
    return text;
  };
  const TaskInputs one = two_classes({0, 1, 0, 1});
  TaskInputs fewer = one, other = one, words = one;
  fewer.features = one.features.narrow(0, 0, 3), fewer.labels = one.labels.narrow(0, 0, 3);
  other.features = one.features + 0.01F;
  TaskInputs constant = two_classes({1, 1, 1, 1});
  words.kind = TaskKind::tagging;
  for (const TaskInputs& task : {fewer, other}) {
    const std::string text = refused({one, one, task});
    EXPECT_NE(text.find("same texts"), std::string::npos) << text;
    EXPECT_NE(text.find("\"t2\""), std::string::npos) << text;
  }
  EXPECT_NE(refused({one, words}).find("words"), std::string::npos);
  EXPECT_NE(refused({one, one}, 3).find("rank 3"), std::string::npos);
  EXPECT_NE(refused({one, constant}).find("task \"t1\" has one label only"), std::string::npos);
  TaskInputs nothing = one;
  nothing.features = torch::zeros({4, 4});
  EXPECT_NE(refused({nothing, nothing}).find("nothing"), std::string::npos);
}

TEST(SvdReweighting, RefusesFromTextsAndLabelsAlone) {
  const auto refused = [](std::vector<TaskInputs> tasks, std::int64_t rank = 0) {
    for (TaskInputs& task : tasks) task.features = Tensor();
    return message_of<ConfigError>([&] { svd(rank, tasks.size())->check(tasks); });
  };
  TaskInputs one = two_classes({0, 1, 0, 1});
  one.texts = torch::tensor({4, 5, 6, 7}, torch::kInt64);
  TaskInputs other = one, words = one, constant = one;
  other.texts = torch::tensor({4, 5, 7, 6}, torch::kInt64);
  words.kind = TaskKind::tagging;
  constant.labels = torch::zeros({4}, torch::kInt64);
  EXPECT_NO_THROW(svd(2, 2)->check({one, one}));
  EXPECT_NE(refused({one, other}).find("\"t1\" has 4, not all of the same text"), std::string::npos);
  EXPECT_NE(refused({one, words}).find("\"t1\" labels words"), std::string::npos);
  EXPECT_NE(refused({constant, one}).find("task \"t0\" has one label only"), std::string::npos);
  EXPECT_NE(refused({one, one}, 99).find("rank 99: there are 2 directions"), std::string::npos);
  TaskInputs classes = one;
  classes.outputs = 4, classes.labels = torch::tensor({0, 1, 2, 3}, torch::kInt64);
  classes.width = 3;  // beside four columns of labels each
  EXPECT_NO_THROW(svd(3, 2)->check({classes, classes}));
  EXPECT_NE(refused({classes, classes}, 4).find("rank 4: there are 3 directions, as many as the encoder is wide"),
            std::string::npos);
  EXPECT_NE(refused({one}).find("\"t0\" is trained alone"), std::string::npos);
  // What wraps it passes the question on.
  const auto wrapped = weightings::smoothed(weightings::svd_reweighting())(weighting_tasks(2));
  EXPECT_THROW(wrapped->check({one, words}), ConfigError);
}

TEST(SvdReweighting, WarnsOfFewerRowsThanFeatures) {
  TaskInputs few = two_classes({0, 1, 0, 1});
  few.features = at::cat({four_texts(), torch::zeros({4, 1})}, 1);
  ::testing::internal::CaptureStderr();
  svd(0, 2)->begin({few, few});
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("4 training rows in 5 features"), std::string::npos) << said;
}

}  // namespace
}  // namespace infomtl::testing
