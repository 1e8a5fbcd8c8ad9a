// The penalty on given representations: its value, its gradient and its dummies.
#include "infomtl/losses/dummy_gradient_norm.h"

#include "infomtl/losses/supervised.h"
#include "losses/term_cases.h"
#include "support/message_of.h"

namespace infomtl::testing {
namespace {

constexpr std::int64_t kDummyWidth = 6;

/// A model of one task per kind over an encoder that is never run.
std::shared_ptr<MultiTaskModel> model_of_all_kinds(const TermContext& context, bool gaussian = false) {
  const auto encoder = random_encoder({{"model_type", "bert"},
                                       {"vocab_size", 8},
                                       {"hidden_size", kDummyWidth},
                                       {"num_hidden_layers", 1},
                                       {"num_attention_heads", 1},
                                       {"intermediate_size", 8},
                                       {"hidden_act", "gelu"},
                                       {"hidden_dropout_prob", 0.0},
                                       {"attention_probs_dropout_prob", 0.0},
                                       {"max_position_embeddings", 8},
                                       {"type_vocab_size", 2},
                                       {"layer_norm_eps", 1e-12},
                                       {"pad_token_id", 0}},
                                      1);
  return std::make_shared<MultiTaskModel>(
      encoder, gaussian ? gaussian_heads(context.tasks, {.hidden = 5, .activation = "tanh", .dropout = 0.5})
                        : linear_heads(context.tasks, {.hidden = 5, .activation = "tanh", .dropout = 0.5}));
}

const std::vector<TaskKind> kEveryKind = {TaskKind::classification, TaskKind::multi_label, TaskKind::regression,
                                          TaskKind::tagging};

Tensor labels_of(TaskKind kind) {
  if (kind == TaskKind::multi_label)
    return torch::tensor({{1.0, 0.0, 1.0}, {0.0, 0.0, 1.0}, {0.0, 1.0, 0.0}, {1.0, 1.0, 0.0}});
  if (kind == TaskKind::regression) return torch::tensor({0.5, -1.0, 2.0, 0.0});
  return torch::tensor({0, 2, 1, 2});
}

struct DummyCase {
  TermContext context = context_of(kDummyWidth, kEveryKind);
  std::shared_ptr<MultiTaskModel> model;
  explicit DummyCase(bool gaussian = false) : model(model_of_all_kinds(context, gaussian)) {}

  FixedTaskStep step(std::size_t task, const Tensor& rows) const {
    FixedTaskStep made = fixed_step(kEveryKind[task], labels_of(kEveryKind[task]));
    made.task_ = context.tasks[task];
    made.index = task;
    made.model_ = model.get();
    made.shared_views = {rows};
    return made;
  }
  std::shared_ptr<Penalty> penalty(DummyGradientNorm::Settings settings = {}) const {
    return std::make_shared<DummyGradientNorm>(std::move(settings), context);
  }
};

TEST(DummyGradientNorm, IsThatOfTheMeanLossInAHeadOfItsSeed) {
  const DummyCase given;
  const Tensor rows = random_rows(3, 4);
  for (std::size_t t = 0; t < kEveryKind.size(); ++t) {
    FixedTaskStep step = given.step(t, rows);
    double expected = 0;
    for (const std::uint64_t m : {0, 1}) {
      const auto head = given.model->new_head(t, derive_seed(given.context.seed, "dgr/" + step.task_.name, m));
      head->to(torch::kFloat64);
      const Tensor loss = supervised_sum(step.task_, head->forward({.representation = rows}).output, step.labels()) / 4;
      for (const Tensor& gradient : torch::autograd::grad({loss}, head->parameters())) {
        expected += gradient.square().sum().item<double>() / 2;
      }
    }
    const LossValue found = given.penalty({.dummies = 2})->compute(step);
    EXPECT_EQ(found.count.item<double>(), 4);
    EXPECT_TRUE(close(found.sum.item<double>(), 4 * expected, 1e-12 * expected)) << t;
    EXPECT_GT(expected, 1e-6);
  }
}

TEST(DummyGradientNorm, ItsGradientIsThatOfCentralDifferencesForEveryKindOfLabel) {
  for (const bool gaussian : {false, true}) {
    const DummyCase given(gaussian);
    for (std::size_t t = 0; t < kEveryKind.size(); ++t) {
      const auto penalty = given.penalty({.dummies = 2});
      EXPECT_TRUE(gradients_match(
          [&](const std::vector<Tensor>& inputs) {
            const torch::AutoGradMode graph(true);
            FixedTaskStep step = given.step(t, inputs[0]);
            return penalty->compute(step).mean();
          },
          {random_rows(4, 4)}, 1e-7))
          << t << gaussian;
    }
  }
}

TEST(DummyGradientNorm, TheFiniteDifferenceAgreesWithTheExactForm) {  // PT-4.2
  const DummyCase given;
  for (std::size_t t = 0; t < kEveryKind.size(); ++t) {
    const auto value_and_gradient = [&](const DummyGradientNorm::Settings& settings) {
      const Tensor rows = random_rows(4, 4).requires_grad_(true);
      FixedTaskStep step = given.step(t, rows);
      const Tensor value = given.penalty(settings)->compute(step).sum;
      return std::pair(value.detach(), torch::autograd::grad({value}, {rows})[0]);
    };
    const auto exact = value_and_gradient({.dummies = 2});
    const auto difference = value_and_gradient({.dummies = 2, .form = "finite_difference", .epsilon = 1e-4});
    EXPECT_TRUE(close(difference.first, exact.first, 0, 1e-3)) << t;
    EXPECT_LT((difference.second - exact.second).norm().item<double>(), 1e-3 * exact.second.norm().item<double>()) << t;
  }
}

TEST(DummyGradientNorm, DummiesAreAFunctionOfTheSeedAndNeverMove) {  // PT-4.3
  const DummyCase given;
  for (const char* const form : {"exact", "finite_difference"}) {
    const auto penalty = given.penalty({.form = form});
    const auto value = [&](Penalty& of) {
      FixedTaskStep step = given.step(0, random_rows(5, 4));
      return of.compute(step).sum.item<double>();
    };
    const double first = value(*penalty);
    for (std::int64_t at = 0; at < 100; ++at) {
      const Tensor rows = random_rows(at, 4).requires_grad_(true);
      FixedTaskStep step = given.step(0, rows);
      step.step_ = at;
      penalty->compute(step).sum.backward();
      ASSERT_TRUE(rows.grad().defined());
    }
    EXPECT_EQ(value(*penalty), first) << form;
    EXPECT_EQ(value(*given.penalty({.form = form})), first) << form;
    EXPECT_TRUE(penalty->parameters().empty());
    DummyCase other;
    other.context.seed += 1;
    EXPECT_NE(value(*other.penalty({.form = form})), first) << form;
  }
}

TEST(DummyGradientNorm, TellsTheLengthOfRepresentations) {
  const DummyCase given;
  const auto penalty = given.penalty();
  EXPECT_TRUE(penalty->diagnostics().empty());
  const Tensor rows = random_rows(6, 4);
  FixedTaskStep step = given.step(2, rows);
  penalty->compute(step);
  const auto told = penalty->diagnostics();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].first, "task2/representation_norm");
  EXPECT_TRUE(close(told[0].second, rows.norm(2, 1).mean().item<double>(), 1e-12));
  EXPECT_TRUE(penalty->compares_rows());
}

/// A head that can't be called alone.
class AskingHead final : public Head {
 public:
  Prediction forward(const HeadInput& input) override { return input.other("task0"); }
};

TEST(DummyGradientNorm, HeadsThatCannotBeDummiesAreNamedWithTheCure) {
  const DummyCase given;
  const HeadFactory make = [](const HeadContext& /*context*/) { return std::make_shared<AskingHead>(); };
  const TaskHeads asking{given.context.tasks, {make, make, make, make}};
  const std::shared_ptr<Encoder> encoder(given.model, &given.model->encoder());
  const MultiTaskModel model(encoder, asking);
  FixedTaskStep step = given.step(1, random_rows(3, 4));
  step.model_ = &model;
  const std::string asked = message_of<ConfigError>([&] { given.penalty()->compute(step); });
  for (const char* const word : {"dgr", "task1", "\"tasks\""}) EXPECT_NE(asked.find(word), std::string::npos) << asked;

  std::vector<std::shared_ptr<Head>> heads;
  for (std::size_t t = 0; t < kEveryKind.size(); ++t) heads.push_back(std::make_shared<AskingHead>());
  const auto architecture = std::shared_ptr<Architecture>(given.model, &given.model->architecture());
  const MultiTaskModel bare(encoder, architecture, heads, given.context.tasks, Pooling::first);
  EXPECT_NO_THROW(given.penalty()->check(*given.model));
  const std::string refused = message_of<ConfigError>([&] { given.penalty()->check(bare); });
  EXPECT_NE(refused.find("TaskHeads"), std::string::npos) << refused;
  EXPECT_THROW(given.penalty({.form = "plain"}), ConfigError);
  EXPECT_THROW(given.penalty({.dummies = 0}), ConfigError);
}

}  // namespace
}  // namespace infomtl::testing
