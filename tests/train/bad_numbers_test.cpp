// A NaN or an infinity, wherever it comes from, is located within its step: step, task, term, parameter.

#include <functional>

#include "infomtl/core/errors.h"
#include "infomtl/weighting/equal.h"
#include "train/given_term.h"
#include "train/trained.h"

namespace infomtl {
namespace {

using testing::small_settings;
using testing::SmallRun;

struct BadPlace {
  const char* what;
  std::function<void(SmallRun&)> spoil;  ///< before the second step
  std::vector<std::string> said;
};

void spoil_parameter(SmallRun& run, const std::string& name, float value, bool all = false) {
  const torch::NoGradGuard no_grad;
  Tensor parameter = run.model->named_parameters()[name];
  if (all) {
    parameter.fill_(value);
  } else {
    parameter.view(-1)[0] = value;
  }
}

/// The only parameters of a task's head, "weight" and "bias".
std::string of_head(const SmallRun& run, std::size_t task, const char* ending) {
  for (const auto& parameter : run.model->named_parameters()) {
    const std::string name = parameter.key();
    if (name.starts_with("heads." + run.tasks[task].name + ".") && name.ends_with(ending)) return name;
  }
  throw std::runtime_error("no parameter of that head");
}

/// The message of the step after `spoil`; "" where it goes well.
std::string message_after(const std::function<void(SmallRun&)>& spoil) {
  SmallRun run(0.0);
  Trainer trainer(small_settings("joint"), run.model, run.objective, equal_weighting(), run.data);
  trainer.step();
  spoil(run);
  try {
    trainer.step();
  } catch (const NonFiniteError& error) {
    return error.what();
  }
  return "";
}

TEST(BadNumbers, InParametersAndTermsAreLocatedWithinTheirStep) {
  const SmallRun names(0.0);
  const std::string third = names.tasks[2].name;
  const std::string head_weight = of_head(names, 2, "weight"), head_bias = of_head(names, 1, "bias");
  const auto term = [&](std::function<Tensor(TaskStep&)> sum) {
    return [=](SmallRun& run) { run.objective->add(1.0, std::make_shared<testing::GivenTerm>(sum), "bad", {third}); };
  };
  const auto unweighted = [&](std::function<Tensor(TaskStep&)> sum) {
    return [=](SmallRun& run) {
      run.objective->add_unweighted(1.0, std::make_shared<testing::GivenTerm>(sum), "bad", {third});
    };
  };
  const auto output_sum = [](TaskStep& step) { return step.prediction().output.sum(); };
  std::vector<BadPlace> places;
  for (const auto& [name, all] :
       std::vector<std::pair<std::string, bool>>{{"encoder.embeddings.word_embeddings.weight", true},
                                                 {"encoder.embeddings.LayerNorm.weight", false},
                                                 {"encoder.encoder.layer.0.attention.self.query.weight", false},
                                                 {"encoder.encoder.layer.1.output.dense.bias", false},
                                                 {"encoder.encoder.layer.1.output.LayerNorm.bias", false}}) {
    places.push_back({"a weight of the encoder",
                      [name = name, all = all](SmallRun& run) { spoil_parameter(run, name, NAN, all); },
                      {"step 2", "task \"", "loss \"supervised\": nan", "parameter \"" + name + "\""}});
  }
  places.push_back({"a weight of a head",
                    [&](SmallRun& run) { spoil_parameter(run, head_weight, NAN); },
                    {"step 2", "task \"" + third + "\"", "loss \"supervised\"", "parameter \"" + head_weight + "\""}});
  places.push_back({"a bias of a head",
                    [&](SmallRun& run) { spoil_parameter(run, head_bias, INFINITY); },
                    {"step 2", "task \"" + names.tasks[1].name + "\"", "parameter \"" + head_bias + "\""}});
  places.push_back({"a term that is NaN",
                    term([&](TaskStep& step) { return output_sum(step) * NAN; }),
                    {"step 2", "task \"" + third + "\"", "loss \"bad\": "}});
  places.push_back({"a term that is infinite",
                    term([&](TaskStep& step) { return output_sum(step) * 0 + INFINITY; }),
                    {"step 2", "task \"" + third + "\"", "loss \"bad\": inf"}});
  places.push_back({"a term that no weighting sees",
                    unweighted([&](TaskStep& step) { return output_sum(step) * NAN; }),
                    {"step 2", "task \"" + third + "\"", "\"bad\": "}});
  places.push_back(
      {"a gradient of the encoder",
       term([&](TaskStep& step) { return (step.prediction().output * 0).sum().abs().sqrt() * output_sum(step); }),
       {"step 2", "task \"" + third + "\"", "the gradient of parameter \"encoder."}});
  places.push_back({"a gradient of a head alone",
                    term([&](TaskStep& step) {
                      const Tensor own = step.model().head(step.task_index()).parameters()[0];
                      return output_sum(step) * 0 + (own * 0).sum().sqrt();
                    }),
                    {"step 2", "task \"" + third + "\"", "the gradient of parameter \"heads." + third}});
  for (const BadPlace& place : places) {
    const std::string message = message_after(place.spoil);
    for (const std::string& words : place.said) {
      EXPECT_NE(message.find(words), std::string::npos) << place.what << ": \"" << message << "\" lacks " << words;
    }
  }
  EXPECT_EQ(message_after([](SmallRun&) {}), "") << "nothing is wrong without them";
}

TEST(BadNumbers, InALabelAreTheLossOfItsTask) {
  SmallRun run(0.0);
  Trainer trainer(small_settings("joint"), run.model, run.objective, equal_weighting(), run.data);
  std::vector<StepBatch> batches = run.batches("joint", 12, 1);
  std::string name;
  for (TaskBatch& rows : batches[0].tasks) {
    if (run.tasks[rows.task].kind != TaskKind::regression) continue;
    rows.labels[0] = NAN;
    name = run.tasks[rows.task].name;
  }
  ASSERT_NE(name, "") << "the corpus has a regression";
  try {
    trainer.step(batches[0]);
    FAIL() << "a step of a NaN went well";
  } catch (const NonFiniteError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("step 1, task \"" + name + "\", loss \"supervised\": nan"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace infomtl
