// Loss terms in real steps: what they do to a pass, to gradients and to parameters, and what they remember.

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/losses/adversarial.h"
#include "infomtl/losses/information.h"
#include "infomtl/ops/information/contrastive.h"
#include "infomtl/ops/information/perturbation.h"
#include "infomtl/step/step_gradients.h"
#include "step/small_run.h"
#include "support/one_thread.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

const Json kEmbeddings = {{"name", "adversarial"}, {"epsilon", 0.5}};
const Json kParameters = {{"name", "adversarial_parameters"}, {"epsilon", 0.5}};

std::shared_ptr<ForwardPass> forward_of(const SmallRun& run, const StepBatch& batch, std::int64_t step = 7) {
  return std::make_shared<ForwardPass>(
      ForwardContext{.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = step}, batch);
}

Tensor supervised_sum(TaskStep& step) { return Supervised().compute(step).sum; }

// ---- attacks on embeddings

TEST(Adversarial, IsTheLossAlongTheGradientOfEverySequence) {
  const SmallRun run(0.0, "linear", {"supervised", kEmbeddings});
  const auto forward = forward_of(run, run.batches("joint", 4, 1)[0]);
  for (std::size_t k = 0; k < forward->size(); ++k) {
    TaskStep& step = forward->task(k);
    const Tensor offsets = step.token_offsets();
    ASSERT_EQ(offsets.size(0), step.batch().rows.size(0) + 1);
    EXPECT_EQ(offsets[-1].item<std::int64_t>(), step.embedding_leaf().size(0));
    const Tensor clean = supervised_sum(step);
    const Tensor gradient = torch::autograd::grad({clean}, {step.embedding_leaf()}, {}, true)[0];
    const Tensor delta = ops::fgm_perturbation(gradient, offsets, 0.5);
    for (std::int64_t b = 0; b + 1 < offsets.size(0); ++b) {
      const auto own = delta.slice(0, offsets[b].item<std::int64_t>(), offsets[b + 1].item<std::int64_t>());
      EXPECT_TRUE(close(own.norm().item<double>(), 0.5, 1e-5));
    }
    const Tensor expected = supervised_sum(*step.reencode({.embedding_offset = delta}));
    const LossValue value = Adversarial({.epsilon = 0.5}).compute(step);
    EXPECT_TRUE(close(value.sum, expected, 0, 1e-6)) << k;
    EXPECT_GT(value.sum.item<double>(), clean.item<double>()) << k;
    EXPECT_EQ(value.count.item<std::int64_t>(), step.batch().label_count());
    // Two steps of half the length along the path; the ball holds.
    const Tensor once = ops::pgd_step(torch::zeros_like(gradient), gradient, offsets, 0.4, 0.5).requires_grad_(true);
    const Tensor next = torch::autograd::grad({supervised_sum(*step.reencode({.embedding_offset = once}))}, {once})[0];
    const Tensor twice = ops::pgd_step(once.detach(), next, offsets, 0.4, 0.5);
    EXPECT_TRUE(close(Adversarial({.epsilon = 0.5, .steps = 2, .step_size = 0.4}).compute(step).sum,
                      supervised_sum(*step.reencode({.embedding_offset = twice})), 0, 1e-6))
        << k;
  }
}

TEST(Adversarial, ASmallAttackRaisesTheLossByTheGradientsLength) {
  const SmallRun run(0.0, "linear", {"supervised", kEmbeddings});
  const auto forward = forward_of(run, run.batches("alternating", 6, 1)[0]);
  TaskStep& step = forward->task(0);
  const Tensor clean = supervised_sum(step);
  const Tensor gradient = torch::autograd::grad({clean}, {step.embedding_leaf()}, {}, true)[0];
  double length = 0;
  const Tensor offsets = step.token_offsets();
  for (std::int64_t b = 0; b + 1 < offsets.size(0); ++b) {
    length +=
        gradient.slice(0, offsets[b].item<std::int64_t>(), offsets[b + 1].item<std::int64_t>()).norm().item<double>();
  }
  const double epsilon = 1e-3;
  const double rise = (Adversarial({.epsilon = epsilon}).compute(step).sum - clean).item<double>();
  EXPECT_TRUE(close(rise / epsilon, length, 0.02 * length));
}

TEST(Adversarial, ItsPassesDrawTheirOwnDropoutAndRepeat) {
  const SmallRun run(0.3, "gaussian", {"supervised", kEmbeddings, kParameters});
  const StepBatch batch = run.batches("joint", 4, 1)[0];
  Adversarial embeddings({.epsilon = 1e-6});
  AdversarialParameters parameters({.attack = {.epsilon = 1e-6}});
  for (LossTerm* term : {static_cast<LossTerm*>(&embeddings), static_cast<LossTerm*>(&parameters)}) {
    const auto one = forward_of(run, batch), same = forward_of(run, batch), other = forward_of(run, batch, 8);
    const Tensor value = term->compute(one->task(1)).sum;
    EXPECT_FALSE(close(value, supervised_sum(one->task(1)), 1e-5)) << "the attacked pass has masks of its own";
    EXPECT_TRUE(at::equal(value, term->compute(same->task(1)).sum));
    EXPECT_FALSE(at::equal(value, term->compute(other->task(1)).sum));
    // A pass that is made for its loss alone gives the same.
    const torch::NoGradGuard no_grad;
    const auto without = forward_of(run, batch);
    EXPECT_TRUE(at::equal(value, term->compute(without->task(1)).sum));
  }
}

TEST(Adversarial, TheRateIsHowOftenRowsAreAttacked) {
  const SmallRun run(0.0, "linear", {"supervised", kEmbeddings});
  const StepBatch batch = run.batches("alternating", 2, 1)[0];
  Adversarial often({.rate = 0.5}), never({.rate = 0.0});
  int attacked = 0;
  for (int at = 0; at < 60; ++at) {
    const auto forward = forward_of(run, batch, at);
    const LossValue value = often.compute(forward->task(0));
    EXPECT_EQ(value.count.item<double>(), 2);
    attacked += value.sum.item<double>() != 0;
    EXPECT_EQ(never.compute(forward->task(0)).sum.item<double>(), 0);
  }
  EXPECT_GT(attacked, 15);
  EXPECT_LT(attacked, 45);
}

// ---- attacks on parameters

std::vector<Tensor> values_of(const MultiTaskModel& model) {
  std::vector<Tensor> values;
  for (const Tensor& parameter : model.parameters()) values.push_back(parameter.detach().clone());
  return values;
}

bool same_bits(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!at::equal(a[i], b[i])) return false;
  }
  return a.size() == b.size();
}

TEST(AdversarialParameters, IsTheLossWithMovedWeightsAndItsGradientElsewhere) {
  for (const double contrast : {0.0, 0.5}) {
    const Json config = {{"name", "adversarial_parameters"}, {"epsilon", 0.5}, {"contrast", contrast}};
    const SmallRun run(0.0, "linear", {"supervised", config});
    const auto before = values_of(*run.model);
    const StepBatch batch = run.batches("alternating", 5, 1)[0];
    const auto parameters = run.model->named_parameters();
    const auto loss_of = [&] {  // without dropout both views are equal
      const auto pass = forward_of(run, batch);
      const Tensor nce = ops::info_nce(pass->task(0).shared(0), pass->task(0).shared(0), {.temperature = 0.1}).sum;
      return supervised_sum(pass->task(0)) + contrast * nce;
    };
    // By hand: move the table, take all gradients, put it back.
    std::string table;
    for (const auto& parameter : parameters) {
      if (parameter.key().find("word_embeddings") != std::string::npos) table = parameter.key();
    }
    Tensor weight = parameters[table];
    const Tensor gradient = torch::autograd::grad({loss_of()}, {weight})[0], kept = weight.detach().clone();
    {
      const torch::NoGradGuard no_grad;
      weight.copy_(kept + 0.5 * gradient / gradient.norm());
    }
    const Tensor moved = loss_of();
    const auto expected = torch::autograd::grad({moved}, parameters.values(), {}, false, false, true);
    {
      const torch::NoGradGuard no_grad;
      weight.copy_(kept);
    }

    const auto forward = forward_of(run, batch);
    AdversarialParameters term({.attack = {.epsilon = 0.5}, .contrast = contrast});
    const LossValue value = term.compute(forward->task(0));
    EXPECT_TRUE(same_bits(values_of(*run.model), before)) << "parameters must be what they were";
    EXPECT_TRUE(close(value.sum, moved, 0, 1e-6));
    EXPECT_EQ(value.count.item<double>(), 5);
    const Tensor clean = supervised_sum(forward->task(0));
    (clean * 0.5 + value.sum * 2).backward();  // the step's own graph is still good
    const auto own = torch::autograd::grad({supervised_sum(forward_of(run, batch)->task(0))}, parameters.values(), {},
                                           false, false, true);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto& parameter = parameters[i];
      if (!parameter.value().grad().defined()) {
        EXPECT_FALSE(expected[i].defined() && parameter.key() != table) << parameter.key();
        continue;
      }
      Tensor sum = torch::zeros_like(parameter.value());
      if (own[i].defined()) sum = sum + 0.5 * own[i];
      if (parameter.key() != table && expected[i].defined()) sum = sum + 2 * expected[i];
      EXPECT_TRUE(close(parameter.value().grad(), sum, 1e-6, 1e-4)) << parameter.key();
    }
  }
}

TEST(AdversarialParameters, SeveralStepsStayInTheBallAndRaiseTheLoss) {
  const SmallRun run(0.0, "linear", {"supervised", kParameters});
  const auto before = values_of(*run.model);
  const auto forward = forward_of(run, run.batches("alternating", 5, 1)[0]);
  TaskStep& step = forward->task(0);
  const double clean = supervised_sum(step).item<double>();
  double last = clean;
  for (const std::int64_t steps : {2, 4}) {
    AdversarialParameters term({.attack = {.epsilon = 0.2, .steps = steps, .step_size = 0.05},
                                .parameters = {"word_embeddings", "encoder.layer.0."}});
    const double value = term.compute(step).sum.item<double>();
    EXPECT_GT(value, last);
    last = value;
    EXPECT_TRUE(same_bits(values_of(*run.model), before));
  }
}

/// A step whose further passes fail, after it has looked at the parameters.
class FailingStep final : public TaskStep {
 public:
  FailingStep(TaskStep& inner, std::vector<Tensor> values) : inner_(inner), values_(std::move(values)) {}
  bool saw_moved_parameters = false;
  const Task& task() const override { return inner_.task(); }
  std::size_t task_index() const override { return inner_.task_index(); }
  const TaskBatch& batch() const override { return inner_.batch(); }
  bool training() const override { return inner_.training(); }
  int views() const override { return inner_.views(); }
  const Tensor& shared(int view) override { return inner_.shared(view); }
  const TaskRepresentation& representation(int view) override { return inner_.representation(view); }
  const Prediction& prediction(int view) override { return inner_.prediction(view); }
  const Tensor& token_states() override { return inner_.token_states(); }
  const std::vector<TaskStep*>& batch_steps() const override { return inner_.batch_steps(); }
  std::shared_ptr<TaskStep> reencode(const Reencoding& /*options*/) override {
    saw_moved_parameters = !same_bits(values_of(inner_.model()), values_);
    throw NonFiniteError("a pass that fails");
  }
  Tensor embedding_leaf() override { return inner_.embedding_leaf(); }
  Tensor token_offsets() override { return inner_.token_offsets(); }
  const MultiTaskModel& model() const override { return inner_.model(); }
  ops::TensorRandom random(std::string_view purpose) override { return inner_.random(purpose); }
  std::int64_t step() const override { return inner_.step(); }
  bool records() const override { return inner_.records(); }
  TaskStep& on_same_rows(std::size_t task) override { return inner_.on_same_rows(task); }

 private:
  TaskStep& inner_;
  std::vector<Tensor> values_;
};

TEST(AdversarialParameters, AreRestoredWhenSomethingThrows) {
  const SmallRun run(0.2, "linear", {"supervised", kParameters});
  const auto before = values_of(*run.model);
  const auto forward = forward_of(run, run.batches("alternating", 5, 1)[0]);
  FailingStep step(forward->task(0), before);
  EXPECT_THROW(AdversarialParameters().compute(step), NonFiniteError);
  EXPECT_TRUE(step.saw_moved_parameters);
  EXPECT_TRUE(same_bits(values_of(*run.model), before));
  supervised_sum(step).backward();  // and the step's own graph is still good
}

TEST(AdversarialParameters, ANameThatNoParameterHoldsIsAnError) {
  const auto message = [](const Json& term) -> std::string {
    const SmallRun run(0.0, "linear", {"supervised", term});
    try {
      run.objective->check(*run.model);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message(kParameters), "no error");
  Json wrong = kParameters;
  wrong["parameters"] = {"word_embeddings", "layer.7."};
  EXPECT_NE(message(wrong).find("loss \"adversarial_parameters\": no parameter's name holds \"layer.7.\""),
            std::string::npos)
      << message(wrong);
  // Tasks that were named for a term which knows nothing of their labels.
  const std::string regression = message({{"name", "r_drop"}, {"tasks", {"topic", "certainty"}}});
  EXPECT_NE(regression.find("not defined for task \"certainty\""), std::string::npos) << regression;
  EXPECT_EQ(message("r_drop"), "no error");
}

// ---- terms among gradient weightings

TEST(LossTerms, JacobianRowsAreTheGradientsOfTheTasks) {
  for (const Json& term : {kEmbeddings, kParameters}) {
    const SmallRun run(0.1, "gaussian", {"supervised", term});
    FlatParameters flat = run.flat();
    const std::vector<StepBatch> micros = run.batches("joint", 4, 2);
    const auto problem_of = [&] {
      StepContext context;
      context.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7};
      context.parameters = &flat;
      return StepGradients(std::move(context), micros);
    };
    StepGradients problem = problem_of();
    const Tensor losses = problem.losses().clone();  // first without a graph
    const Tensor jacobian = problem.jacobian().clone();
    EXPECT_TRUE(close(problem_of().losses(), losses, 0, 1e-7));
    for (std::size_t t = 0; t < problem.size(); ++t) {
      flat.zero_gradients();
      StepGradients alone = problem_of();
      Tensor weights = torch::zeros({static_cast<std::int64_t>(problem.size())});
      weights[static_cast<std::int64_t>(t)] = 1.0;
      alone.apply_weights(weights, {});
      const Tensor shared = flat.gradients().slice(0, 0, flat.shared_size());
      EXPECT_TRUE(close(jacobian[static_cast<std::int64_t>(t)], shared, 0, 1e-5)) << term.dump() << t;
    }
  }
}

TEST(LossTerms, DropoutMakesTheViewsOfRDropDiffer) {
  for (const double dropout : {0.0, 0.3}) {
    const SmallRun run(dropout, "linear", {"r_drop"});
    const auto forward = forward_of(run, run.batches("joint", 4, 1)[0]);
    for (std::size_t k = 0; k < forward->size(); ++k) {
      TaskStep& step = forward->task(k);
      const auto counts = run.objective->counts(step.task(), step.batch());
      if (counts[0] == 0) continue;
      const double value = forward->loss(k, counts).value.item<double>();
      if (dropout > 0) {
        EXPECT_GT(value, 1e-4) << step.task().name;
      } else {
        EXPECT_TRUE(close(value, 0, 1e-6)) << step.task().name;
      }
    }
  }
}

}  // namespace
}  // namespace infomtl
