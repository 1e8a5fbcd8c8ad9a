#include "infomtl/step/step_gradients.h"

#include <algorithm>

#include "infomtl/core/errors.h"
#include "step/small_run.h"
#include "step/views.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

StepGradients problem_of(const SmallRun& run, FlatParameters& flat, std::vector<StepBatch> micros) {
  StepContext context;
  context.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7};
  context.parameters = &flat;
  return StepGradients(std::move(context), std::move(micros));
}

/// The gradient of one task's loss alone, over all parameters, by one ordinary backward pass.
Tensor gradient_of_task(const SmallRun& run, FlatParameters& flat, const std::vector<StepBatch>& micros,
                        std::size_t index) {
  flat.zero_gradients();
  StepGradients problem = problem_of(run, flat, micros);
  Tensor weights = torch::zeros({static_cast<std::int64_t>(problem.size())});
  weights[static_cast<std::int64_t>(index)] = 1.0;
  problem.apply_weights(weights, {});
  return flat.gradients().clone();
}

const Json kInfoMtl = {"supervised", {{"name", "simax"}, {"weight", 0.1}}, {{"name", "timin"}, {"weight", 0.01}}};

TEST(StepGradients, JacobianRowsAreTheGradientsOfTheTasks) {
  const SmallRun run(0.1, "gaussian", kInfoMtl);
  FlatParameters flat = run.flat();
  for (const std::int64_t accumulate : {1, 2}) {
    const std::vector<StepBatch> micros = run.batches("joint", 6, accumulate);
    ASSERT_EQ(micros.size(), static_cast<std::size_t>(accumulate));
    flat.zero_gradients();
    StepGradients problem = problem_of(run, flat, micros);
    ASSERT_EQ(problem.size(), run.tasks.size());
    const Tensor jacobian = problem.jacobian().clone();
    EXPECT_EQ(jacobian.size(1), flat.shared_size());
    EXPECT_EQ(flat.gradients().abs().sum().item<float>(), 0.0F) << "reading gradients must not write any";
    for (std::size_t t = 0; t < problem.size(); ++t) {
      const Tensor alone = gradient_of_task(run, flat, micros, t).slice(0, 0, flat.shared_size());
      EXPECT_GT(alone.norm().item<float>(), 0.0F);
      EXPECT_TRUE(close(jacobian[static_cast<std::int64_t>(t)], alone, 0, 1e-5)) << run.tasks[t].name;
    }
    const Tensor exact = jacobian.to(torch::kFloat64);
    EXPECT_TRUE(close(problem.gram(), exact.matmul(exact.t()), 0, 1e-9));
  }
}

/// "topic" learns by contrast alone, the other tasks as usual.
SmallRun contrasting_run(const Json& unweighted = nullptr) {
  Json others = Json::array(), losses;
  for (const Task& task : testing::corpus().dataset.tasks) {
    if (task.name != "topic") others.push_back(task.name);
  }
  losses = {{{"name", "supervised"}, {"tasks", others}}, {{"name", "supervised_contrastive"}, {"tasks", {"topic"}}}};
  if (!unweighted.is_null()) losses.push_back(unweighted);
  return SmallRun(0.1, "gaussian", losses);
}

/// The same rows, where topic's labels are all alike or all different.
std::vector<StepBatch> with_topics(std::vector<StepBatch> micros, std::size_t topic, bool alike) {
  for (StepBatch& micro : micros) {
    for (TaskBatch& rows : micro.tasks) {
      if (rows.task == topic) rows.labels = alike ? torch::zeros_like(rows.labels) : torch::arange(rows.labels.size(0));
    }
  }
  return micros;
}

TEST(StepGradients, ATaskOfWhichNoTermCountsAnythingIsAbsent) {
  const SmallRun run = contrasting_run();
  const std::size_t topic = run.task_named("topic");
  FlatParameters flat = run.flat();
  for (const std::int64_t accumulate : {1, 2}) {
    const std::vector<StepBatch> micros = run.batches("joint", 6, accumulate);
    StepGradients whole = problem_of(run, flat, with_topics(micros, topic, true));
    ASSERT_EQ(whole.size(), run.tasks.size());
    std::vector<std::int64_t> others;
    for (std::size_t t = 0; t < run.tasks.size(); ++t) {
      if (t != topic) others.push_back(static_cast<std::int64_t>(t));
    }
    const auto of_others = [&](const Tensor& rows) { return rows.index_select(0, torch::tensor(others)); };

    const std::vector<StepBatch> without = with_topics(micros, topic, false);
    StepGradients problem = problem_of(run, flat, without);
    ASSERT_EQ(problem.size(), run.tasks.size() - 1);
    EXPECT_EQ(std::count(problem.tasks().begin(), problem.tasks().end(), topic), 0);
    EXPECT_EQ(problem.tasks_with_rows().size(), run.tasks.size());
    EXPECT_EQ(problem.tasks_with_rows().back(), topic);
    EXPECT_TRUE(close(problem.losses(), of_others(whole.losses()), 0, 1e-6));
    const Tensor jacobian = problem.jacobian().clone();
    EXPECT_TRUE(close(jacobian, of_others(whole.jacobian()), 0, 1e-5));
    const Tensor exact = jacobian.to(torch::kFloat64);
    EXPECT_TRUE(close(problem.gram(), exact.matmul(exact.t()), 0, 1e-9));

    // A weighted backward pass and the rows agree, and so do the representations.
    const Tensor weights = torch::linspace(0.5, 2, problem.size());
    flat.zero_gradients();
    problem.apply_weights(weights, {});
    const Tensor from_rows = flat.gradients().clone();
    flat.zero_gradients();
    problem_of(run, flat, without).apply_weights(weights, {});
    EXPECT_TRUE(close(flat.gradients(), from_rows, 1e-6, 1e-4));
    StepGradients representations = problem_of(run, flat, without);
    EXPECT_EQ(representations.representation_gradients().size(), problem.size());
    flat.zero_gradients();
    representations.apply_representation_gradients(representations.representation_gradients());
    const Tensor by_representations = flat.gradients().clone();
    flat.zero_gradients();
    problem_of(run, flat, without).apply_weights(torch::ones_like(weights), {});
    EXPECT_TRUE(close(flat.gradients(), by_representations, 1e-6, 1e-4));
  }
}

TEST(StepGradients, WhereNoTaskHasALossPenaltiesAloneTrain) {
  const SmallRun run = contrasting_run(
      {{"name", "timin"}, {"weight", 0.5}, {"reduction", "mean"}, {"weighted", false}, {"tasks", {"topic"}}});
  const std::size_t topic = run.task_named("topic");
  std::vector<StepBatch> micros = run.batches("joint", 6, 1);
  std::erase_if(micros[0].tasks, [&](const TaskBatch& rows) { return rows.task != topic; });
  FlatParameters flat = run.flat();
  flat.zero_gradients();
  StepGradients alike = problem_of(run, flat, with_topics(micros, topic, true));
  alike.apply_weights(torch::zeros({1}), {});
  const Tensor expected = flat.gradients().clone();
  EXPECT_GT(expected.norm().item<double>(), 0);
  EXPECT_THROW(problem_of(run, flat, with_topics(micros, topic, true)).apply_penalties(), StateError);

  flat.zero_gradients();
  StepGradients problem = problem_of(run, flat, with_topics(micros, topic, false));
  EXPECT_EQ(problem.size(), 0U);
  problem.apply_penalties();
  EXPECT_TRUE(problem.applied());
  EXPECT_TRUE(close(flat.gradients(), expected, 0, 1e-6));
  EXPECT_EQ(problem.losses().size(0), 0);
  ASSERT_EQ(problem.terms().size(), 1U);
  EXPECT_EQ(problem.terms()[0].at(0).term, "timin");
  EXPECT_EQ(problem.terms()[0].at(0).count, 6);
}

TEST(StepGradients, WeightsFromTheJacobianEqualOneWeightedBackward) {
  const SmallRun run(0.1, "gaussian", kInfoMtl);
  FlatParameters flat = run.flat();
  const std::vector<StepBatch> micros = run.batches("joint", 5, 1);
  const Tensor weights = torch::tensor({0.5, 2.0, -1.0, 0.25, 1.0, 3.0});
  const Tensor heads = torch::tensor({1.0, 1.0, 0.0, 2.0, 1.0, 1.0});
  for (const Tensor& head_weights : {Tensor(), heads}) {
    flat.zero_gradients();
    problem_of(run, flat, micros).apply_weights(weights, head_weights);
    const Tensor direct = flat.gradients().clone();
    flat.zero_gradients();
    StepGradients problem = problem_of(run, flat, micros);
    problem.jacobian();
    problem.apply_weights(weights, head_weights);
    EXPECT_TRUE(close(flat.gradients(), direct, 0, 1e-5));
    flat.zero_gradients();
    StepGradients by_direction = problem_of(run, flat, micros);
    by_direction.apply_direction(by_direction.jacobian().t().matmul(weights),
                                 head_weights.defined() ? head_weights : weights);
    EXPECT_TRUE(close(flat.gradients(), direct, 0, 1e-5));
  }
}

TEST(StepGradients, HeadsGetTheirOwnGradientTimesTheirWeight) {
  const SmallRun run(0.0);
  FlatParameters flat = run.flat();
  const std::vector<StepBatch> micros = run.batches("joint", 4, 1);
  const Tensor plain = gradient_of_task(run, flat, micros, 2);
  flat.zero_gradients();
  StepGradients problem = problem_of(run, flat, micros);
  problem.apply_direction(torch::zeros({flat.shared_size()}), torch::tensor({1.0, 1.0, 0.5, 1.0, 1.0, 1.0}));
  EXPECT_EQ(flat.gradients().slice(0, 0, flat.shared_size()).abs().sum().item<float>(), 0.0F);
  for (const FlatSlot& slot : flat.slots()) {
    if (!slot.name.starts_with("heads." + run.tasks[2].name + ".")) continue;
    EXPECT_TRUE(
        close(flat.gradients().slice(0, slot.begin, slot.end), 0.5 * plain.slice(0, slot.begin, slot.end), 0, 1e-5));
  }
}

TEST(StepGradients, MicroBatchesEqualOneBigBatch) {
  // Without dropout, and with terms that look at one row at a time.
  const SmallRun run(0.0);
  FlatParameters flat = run.flat();
  for (const char* regime : {"joint", "alternating"}) {
    flat.zero_gradients();
    StepGradients whole = problem_of(run, flat, run.batches(regime, 12, 1));
    const Tensor losses = whole.losses().clone();
    whole.apply_weights(torch::ones({losses.size(0)}), {});
    const Tensor gradient = flat.gradients().clone();
    for (const std::int64_t accumulate : {2, 5}) {
      flat.zero_gradients();
      StepGradients cut = problem_of(run, flat, run.batches(regime, 12, accumulate));
      ASSERT_EQ(cut.micro_batches().size(), static_cast<std::size_t>(accumulate));
      cut.apply_weights(torch::ones({losses.size(0)}), {});
      EXPECT_TRUE(close(cut.losses(), losses, 1e-6, 1e-6)) << regime << accumulate;
      EXPECT_TRUE(close(flat.gradients(), gradient, 0, 2e-6)) << regime << accumulate;
      for (std::size_t i = 0; i < cut.terms().size(); ++i) {
        EXPECT_EQ(cut.terms()[i][0].count, whole.terms()[i][0].count);
      }
    }
  }
}

TEST(StepGradients, LossesAskedForFirstChangeNothing) {
  const SmallRun run(0.2, "gaussian", kInfoMtl);
  FlatParameters flat = run.flat();
  for (const std::int64_t accumulate : {1, 3}) {
    const std::vector<StepBatch> micros = run.batches("joint", 6, accumulate);
    flat.zero_gradients();
    StepGradients late = problem_of(run, flat, micros);
    late.apply_weights(torch::ones({6}), {});
    const Tensor losses = late.losses().clone(), gradient = flat.gradients().clone();
    flat.zero_gradients();
    StepGradients early = problem_of(run, flat, micros);
    EXPECT_TRUE(at::equal(early.losses(), losses));
    early.apply_weights(torch::ones({6}), {});
    EXPECT_TRUE(at::equal(flat.gradients(), gradient)) << "dropout must repeat itself";
    EXPECT_TRUE(at::equal(early.reevaluate_losses(), losses));
  }
}

std::vector<Tensor> remembered_by(const Objective& objective) {
  std::vector<Tensor> values;
  for (const Tensor& buffer : objective.buffers()) values.push_back(buffer.clone());
  return values;
}

TEST(StepGradients, OnlyThePassThatCountsMovesWhatTermsRemember) {
  const SmallRun run(0.2, "gaussian",
                     {"supervised", {{"name", "simax"}, {"bound", "mine"}, {"weight", 0.1}}, "information"});
  FlatParameters flat = run.flat();
  for (const std::int64_t accumulate : {1, 2}) {
    StepContext context;
    context.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = accumulate};
    context.parameters = &flat;
    context.independent = [&](std::size_t) { return run.batches("joint", 5, 1, 3); };
    const std::vector<Tensor> start = remembered_by(*run.objective);
    flat.zero_gradients();
    StepGradients problem(context, run.batches("joint", 5, accumulate));
    problem.losses();
    const std::vector<Tensor> after = remembered_by(*run.objective);
    const Tensor shift = torch::full({flat.shared_size()}, 0.01);
    problem.losses_at(shift);
    problem.jacobian_at(shift);
    problem.independent(0).losses();
    problem.apply_weights(torch::ones({static_cast<std::int64_t>(problem.size())}), {});
    {
      const torch::NoGradGuard no_grad;
      flat.values().mul_(1.05);
    }
    problem.reevaluate_losses();
    const std::vector<Tensor> end = remembered_by(*run.objective);
    ASSERT_GT(after.size(), 3U);
    bool moved = false;
    for (std::size_t i = 0; i < after.size(); ++i) {
      moved = moved || !at::equal(after[i], start[i]);
      EXPECT_TRUE(at::equal(end[i], after[i])) << i << ": " << end[i] << after[i];
    }
    EXPECT_TRUE(moved);
  }
}

TEST(StepGradients, ValuesAtAShiftAreThoseOfShiftedParameters) {
  const SmallRun run(0.2, "gaussian", kInfoMtl);
  FlatParameters flat = run.flat();
  const std::vector<StepBatch> micros = run.batches("joint", 5, 2);
  const Tensor shift = torch::linspace(-0.02, 0.03, flat.shared_size());
  const Tensor before = flat.values().clone();
  StepGradients problem = problem_of(run, flat, micros);
  const Tensor losses = problem.losses_at(shift), jacobian = problem.jacobian_at(shift);
  EXPECT_TRUE(at::equal(flat.values(), before));
  const Tensor here = problem.losses().clone();
  EXPECT_FALSE(at::allclose(losses, here));
  {
    const torch::NoGradGuard no_grad;
    flat.values().slice(0, 0, flat.shared_size()).add_(shift);
  }
  StepGradients moved = problem_of(run, flat, micros);
  EXPECT_TRUE(at::equal(moved.losses(), losses));
  EXPECT_TRUE(close(moved.jacobian(), jacobian, 0, 1e-6));
}

TEST(StepGradients, DropoutDiffersBetweenStepsViewsAndMicroBatches) {
  const SmallRun run(0.3, "gaussian", kInfoMtl);
  const std::vector<StepBatch> micros = run.batches("alternating", 6, 1);
  ForwardContext context{.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7};
  const auto first_view = [&](const ForwardContext& with) {
    const auto forward = std::make_shared<ForwardPass>(with, micros[0]);
    return forward->task(0).shared(0).detach().clone();
  };
  const auto forward = std::make_shared<ForwardPass>(context, micros[0]);
  TaskStep& step = forward->task(0);
  ASSERT_EQ(step.views(), 2) << "the first step should draw a task with a contrast";
  EXPECT_FALSE(at::allclose(step.shared(0), step.shared(1)));
  const Tensor here = first_view(context);
  EXPECT_TRUE(at::equal(here, first_view(context)));
  ForwardContext other = context;
  other.step = 8;
  EXPECT_FALSE(at::allclose(here, first_view(other)));
  other = context;
  other.micro_batch = 1;
  EXPECT_FALSE(at::allclose(here, first_view(other)));
  other = context;
  other.independent = 1;
  EXPECT_FALSE(at::allclose(here, first_view(other)));
  other = context;
  other.training = false;
  const auto evaluated = std::make_shared<ForwardPass>(other, micros[0]);
  EXPECT_TRUE(at::equal(evaluated->task(0).shared(0), evaluated->task(0).shared(1)));
}

TEST(StepGradients, RepresentationGradientsSentBackAreTheOrdinaryGradient) {
  const SmallRun run(0.1, "gaussian", kInfoMtl);
  FlatParameters flat = run.flat();
  for (const std::int64_t accumulate : {1, 2}) {
    const std::vector<StepBatch> micros = run.batches("joint", 6, accumulate);
    flat.zero_gradients();
    problem_of(run, flat, micros).apply_weights(torch::ones({6}), {});
    const Tensor ordinary = flat.gradients().clone();
    flat.zero_gradients();
    StepGradients problem = problem_of(run, flat, micros);
    const std::vector<Tensor> gradients = problem.representation_gradients();
    const std::vector<Tensor> values = problem.representations();
    ASSERT_EQ(gradients.size(), 6U);
    for (std::size_t t = 0; t < 6; ++t) {
      EXPECT_EQ(gradients[t].sizes(), values[t].sizes());
      EXPECT_EQ(gradients[t].size(1), 16);
      EXPECT_GT(gradients[t].abs().sum().item<float>(), 0.0F);
    }
    problem.apply_representation_gradients(gradients);
    EXPECT_TRUE(close(flat.gradients(), ordinary, 0, 1e-5));
  }
}

TEST(StepGradients, ReencodingWithTheSameDropoutRepeatsThePass) {
  const SmallRun run(0.3, "gaussian", kInfoMtl);
  const auto forward = std::make_shared<ForwardPass>(
      ForwardContext{.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7},
      run.batches("joint", 4, 1)[0]);
  TaskStep& step = forward->task(1);
  Reencoding same;
  same.same_dropout = true;
  EXPECT_TRUE(at::equal(step.reencode(same)->prediction().output, step.prediction().output));
  const auto fresh = step.reencode({});
  EXPECT_EQ(fresh->prediction().output.sizes(), step.prediction().output.sizes());
  EXPECT_FALSE(at::allclose(fresh->prediction().output, step.prediction().output));
  EXPECT_FALSE(at::allclose(step.reencode({})->prediction().output, fresh->prediction().output));
}

TEST(ForwardPass, OnlyTaskKeepsItsTextsAndWords) {
  const SmallRun run(0.0);
  const StepBatch batch = run.batches("joint", 5, 1)[0];
  const auto all = std::make_shared<ForwardPass>(
      ForwardContext{.model = run.model.get(), .objective = run.objective.get(), .training = false}, batch);
  for (std::size_t k = 0; k < batch.tasks.size(); ++k) {
    const StepBatch own = only_task(batch, k);
    EXPECT_EQ(own.tokens.sequences(), batch.tasks[k].rows.size(0));
    EXPECT_LT(own.tokens.tokens(), batch.tokens.tokens());
    const auto alone = std::make_shared<ForwardPass>(
        ForwardContext{.model = run.model.get(), .objective = run.objective.get(), .training = false}, own);
    EXPECT_TRUE(close(alone->task(0).prediction().output, all->task(k).prediction().output, 1e-5)) << k;
  }
}

TEST(StepGradients, MisuseIsNamed) {
  const SmallRun run(0.0);
  FlatParameters flat = run.flat();
  StepGradients problem = problem_of(run, flat, run.batches("joint", 3, 1));
  EXPECT_THROW(problem.apply_weights(torch::ones({2}), {}), StateError);
  StepGradients twice = problem_of(run, flat, run.batches("joint", 3, 1));
  twice.apply_weights(torch::ones({6}), {});
  EXPECT_THROW(twice.apply_weights(torch::ones({6}), {}), StateError);
  EXPECT_THROW(twice.independent(0), StateError);
  EXPECT_THROW(problem_of(run, flat, {}), StateError);
  const auto forward = std::make_shared<ForwardPass>(
      ForwardContext{.model = run.model.get(), .objective = run.objective.get()}, run.batches("joint", 3, 1)[0]);
  EXPECT_THROW(forward->task(0).shared(1), StateError);
  EXPECT_THROW(forward->task(0).embedding_leaf(), StateError);
}

}  // namespace
}  // namespace infomtl
