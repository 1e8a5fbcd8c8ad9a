// What every architecture must hold to.

#include <algorithm>
#include <set>

#include "infomtl/core/errors.h"
#include "infomtl/model/multi_task_model.h"
#include "model/architecture_cases.h"
#include "model/encoder_cases.h"
#include "support/gradcheck.h"

namespace infomtl {
namespace {

using testing::build_architecture;
using testing::close;
using testing::kTasks;
using testing::kWidth;
using testing::name_of;
using testing::random_rows;

class EveryArchitecture : public ::testing::TestWithParam<Json> {
 protected:
  std::shared_ptr<Architecture> build(std::uint64_t seed = 1) const {
    const auto built = build_architecture(GetParam(), kTasks, seed);
    built->begin_step(1000);  // after any warm-up
    return built;
  }
};
INSTANTIATE_TEST_SUITE_P(Configs, EveryArchitecture, ::testing::ValuesIn(testing::architecture_configs()),
                         [](const auto& each) { return name_of(each.param) + std::to_string(each.index); });

/// The task that the parameter belongs to alone, by the names of the door; -1 for none.
int owner_of(const std::string& architecture, const std::string& name) {
  const auto number_after = [&](const std::string& part) {
    const std::size_t at = name.find(part);
    return at == std::string::npos ? -1 : std::stoi(name.substr(at + part.size()));
  };
  if (architecture == "mtan") return number_after("masks.");
  if (architecture == "alignment") return number_after("maps.");
  if (architecture == "additive_noise") {
    return std::max(number_after("noise_log_variance."), number_after("prior_log_variance."));
  }
  return std::max(number_after("gates."), number_after("task_experts."));
}

/// The parameters that count as shared, by name.
bool counts_as_shared(const std::string& architecture, const std::string& name) {
  if (architecture == "vib" || architecture == "variational") return true;
  if (architecture == "cross_stitch" || architecture == "ltb") return true;
  if (architecture == "additive_noise") return name.starts_with("code.");
  if (architecture == "mmoe" || architecture == "dselect_k") return name.starts_with("experts.");
  return name.find("shared_experts.") != std::string::npos;  // cgc, ple; mtan has none
}

TEST_P(EveryArchitecture, GivesEachTaskARepresentationOfItsWidth) {
  const auto architecture = build();
  for (std::size_t t = 0; t < kTasks; ++t) {
    for (const std::int64_t rows : {5, 1, 0}) {
      const TaskRepresentation found = architecture->forward(t, random_rows(rows), nullptr);
      EXPECT_EQ(found.value.sizes(), at::IntArrayRef({rows, architecture->width()}));
      EXPECT_EQ(found.mean.defined(), architecture->stochastic());
      EXPECT_EQ(found.log_variance.defined(), architecture->stochastic());
      EXPECT_EQ(found.gate_entropy.defined(), architecture->sparse_gates());
      if (architecture->stochastic()) {
        EXPECT_EQ(found.mean.sizes(), found.value.sizes());
        EXPECT_EQ(found.log_variance.sizes(), found.value.sizes());
      }
      if (architecture->sparse_gates()) {
        EXPECT_EQ(found.gate_entropy.sizes(), at::IntArrayRef({rows}));
      }
    }
  }
}

TEST_P(EveryArchitecture, EvaluatesWithoutNoiseAndTrainsAsAFunctionOfIt) {
  const auto architecture = build();
  const SharedRows rows = random_rows(5);
  const TaskRepresentation evaluated = architecture->forward(1, rows, nullptr);
  EXPECT_TRUE(at::equal(evaluated.value, architecture->forward(1, rows, nullptr).value));
  if (architecture->stochastic()) {
    EXPECT_TRUE(at::equal(evaluated.value, evaluated.mean));
  }
  ops::TensorRandom one(1), same(1);
  const Tensor trained = architecture->forward(1, rows, &one).value;
  EXPECT_TRUE(at::equal(architecture->forward(1, rows, &same).value, trained));
  EXPECT_EQ(at::equal(trained, evaluated.value), !architecture->stochastic() && name_of(GetParam()) != "ltb");
}

TEST_P(EveryArchitecture, StartsAsAFunctionOfTheSeed) {
  const auto one = build(), same = build(), other = build(2);
  // Maps that begin at the identity are kept as their difference from it.
  const auto is_zero = [](const Tensor& parameter) { return parameter.abs().max().item<float>() == 0; };
  const auto all = one->parameters();
  bool differs = std::all_of(all.begin(), all.end(), is_zero);
  for (const auto& entry : one->named_parameters()) {
    EXPECT_TRUE(at::equal(entry.value(), same->named_parameters()[entry.key()])) << entry.key();
    differs = differs || !at::equal(entry.value(), other->named_parameters()[entry.key()]);
  }
  EXPECT_TRUE(differs);
  // No two matrices start equal.
  const auto parameters = one->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (parameters[i].dim() == 2 && parameters[i].sizes() == parameters[j].sizes() && !is_zero(parameters[i])) {
        EXPECT_FALSE(at::equal(parameters[i], parameters[j]));
      }
    }
  }
}

TEST_P(EveryArchitecture, SaysExactlyWhatIsShared) {
  const auto architecture = build();
  std::set<const at::TensorImpl*> shared;
  for (const Tensor& parameter : architecture->shared_parameters()) {
    EXPECT_TRUE(shared.insert(parameter.unsafeGetTensorImpl()).second) << "listed twice";
  }
  std::size_t expected = 0;
  for (const auto& entry : architecture->named_parameters()) {
    const bool is_shared = counts_as_shared(name_of(GetParam()), entry.key());
    expected += is_shared ? 1 : 0;
    EXPECT_EQ(shared.contains(entry.value().unsafeGetTensorImpl()), is_shared) << entry.key();
  }
  EXPECT_EQ(shared.size(), expected) << "something that is not a parameter is listed";
}

TEST_P(EveryArchitecture, GradientsReachWhatTheyShould) {
  const std::string name = name_of(GetParam());
  const auto architecture = build();
  auto named = architecture->named_parameters();
  std::vector<Tensor> parameters;
  for (const auto& entry : named) parameters.push_back(entry.value());
  if (parameters.empty()) return;
  // In the paper's PLE the experts of all tasks below the last level serve the shared stream.
  const auto serves_all = [&](const std::string& parameter) {
    return name == "ple" && !GetParam().contains("shared_stream") && parameter.starts_with("levels.0.task_experts.");
  };
  std::vector<bool> trained(parameters.size(), false);
  for (std::size_t draw = 0; draw < 30 * kTasks; ++draw) {  // hard choices reach a branch now and then
    const std::size_t t = draw % kTasks;
    ops::TensorRandom noise(draw);
    const Tensor rows = random_rows(7).pooled;  // also as word embeddings, where those are what it changes
    const Tensor value = (architecture->changes_embeddings() ? rows + architecture->embedding_offset(t, rows)
                                                             : architecture->forward(t, random_rows(7), &noise).value)
                             .square()
                             .sum();
    const auto gradients = torch::autograd::grad({value}, parameters, {}, false, false, /*allow_unused=*/true);
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const std::string& parameter = named[p].key();
      const bool reached = gradients[p].defined() && gradients[p].abs().sum().item<float>() > 0;
      trained[p] = trained[p] || reached;
      const int owner = owner_of(name, parameter);
      if (owner >= 0 && owner != static_cast<int>(t) && !serves_all(parameter)) {
        EXPECT_FALSE(gradients[p].defined()) << "task " << t << " trains " << parameter;
      }
    }
  }
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    // A prior is trained by the loss alone, what makes weights of heads by these.
    EXPECT_TRUE(trained[p] || named[p].key().starts_with("prior_log_variance.") ||
                named[p].key().starts_with("generator."))
        << named[p].key();
  }
}

TEST_P(EveryArchitecture, GradientsOfItsInputAreRight) {
  const auto architecture = build();
  architecture->to(torch::kFloat64);
  const auto function = [&](const std::vector<Tensor>& in) {
    ops::TensorRandom noise(1);
    const TaskRepresentation found =
        architecture->forward(1, {.pooled = in[0].select(1, testing::kLayers), .layers = in[0]}, &noise);
    Tensor value = found.value.sin().sum();
    if (found.gate_entropy.defined()) value = value + found.gate_entropy.sum();
    return value;
  };
  EXPECT_TRUE(testing::gradients_match(function, {random_rows(3).layers}, 1e-6));
}

TEST_P(EveryArchitecture, IsTheSameAgainWithTheSameParameters) {
  const auto one = build(), other = build(2);
  const torch::NoGradGuard no_grad;
  ASSERT_EQ(one->named_parameters().keys(), other->named_parameters().keys());
  for (const auto& entry : one->named_parameters()) other->named_parameters()[entry.key()].copy_(entry.value());
  const bool counts = GetParam().is_object() && GetParam().value("amortized", false);
  EXPECT_EQ(one->named_buffers().is_empty(), !counts) << "state that is not a parameter";
  for (std::size_t t = 0; t < kTasks; ++t) {
    EXPECT_TRUE(
        at::equal(one->forward(t, random_rows(5), nullptr).value, other->forward(t, random_rows(5), nullptr).value));
  }
}

TEST_P(EveryArchitecture, TakesASingleTask) {
  const auto architecture = build_architecture(GetParam(), 1);
  ops::TensorRandom noise(1);
  EXPECT_TRUE(architecture->forward(0, random_rows(3), &noise).value.isfinite().all().item<bool>());
  const std::string name = name_of(GetParam());
  if (name == "shared" || name == "vib" || name == "variational") return;  // the same for every task
  if (architecture->changes_embeddings()) {
    EXPECT_THROW(architecture->embedding_offset(1, random_rows(3).pooled), std::out_of_range);
    return;
  }
  EXPECT_THROW(architecture->forward(1, random_rows(3), &noise), std::out_of_range);
}

TEST_P(EveryArchitecture, SimilarityOfTasksIsSymmetric) {
  const Tensor similarity = build()->task_similarity();
  if (!similarity.defined()) return;
  const auto tasks = static_cast<std::int64_t>(kTasks);
  EXPECT_EQ(similarity.sizes(), at::IntArrayRef({tasks, tasks}));
  EXPECT_FALSE(similarity.requires_grad());
  EXPECT_TRUE(close(similarity, similarity.t(), 1e-12));
  for (std::int64_t t = 0; t < tasks; ++t) {
    EXPECT_GE(similarity[t][t].item<double>(), similarity[t].max().item<double>() - 1e-12) << similarity;
  }
}

TEST_P(EveryArchitecture, TrainsThroughTheModel) {
  const testing::EncoderCase given("bert");
  std::vector<Task> tasks(2);
  tasks[0].name = "hate";
  tasks[0].labels = {"no", "yes"};
  tasks[1].name = "words";
  tasks[1].labels = {"O", "B", "I"};
  tasks[1].kind = TaskKind::tagging;
  const auto architecture = architecture_registry().build(
      Config::from_json(GetParam()), ArchitectureContext{.width = given.encoder->width(),
                                                         .layers = given.encoder->layer_count(),
                                                         .tasks = tasks,
                                                         .seed = 1,
                                                         .embedding_width = given.encoder->embedding_width()});
  std::vector<std::shared_ptr<Head>> heads;
  for (const Task& task : tasks) {
    heads.push_back(
        head_registry().build(Config::from_json("linear"), HeadContext{architecture->width(), &task, heads.size()}));
  }
  const MultiTaskModel model(given.encoder, architecture, heads, tasks, Pooling::first);
  std::vector<Tensor> parameters;
  for (const auto& list : {model.shared_parameters(), model.task_parameters()}) {
    for (const NamedParameter& named : list) parameters.push_back(named.parameter);
  }
  ASSERT_EQ(parameters.size(), model.parameters().size());

  const auto loss = [&] {
    const EncoderOutput out =
        given.encoder->forward(given.tokens, {.token_states = true, .layer_states = architecture->needs_layers()});
    const Tensor of_texts =
        heads[0]->forward({architecture->forward(0, {out.pooled, out.layers}, nullptr).value}).output;
    const Tensor of_words = heads[1]->forward({architecture->forward(1, {out.tokens, {}}, nullptr).value}).output;
    const auto cross_entropy = [](const Tensor& logits) {
      return at::cross_entropy_loss(logits, at::arange(logits.size(0)).remainder(logits.size(1)));
    };
    return cross_entropy(of_texts) + cross_entropy(of_words);
  };
  std::vector<double> losses;
  for (int step = 0; step < 3; ++step) {
    const Tensor value = loss();
    losses.push_back(value.item<double>());
    const auto gradients = torch::autograd::grad({value}, parameters, {}, false, false, /*allow_unused=*/true);
    const torch::NoGradGuard no_grad;
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      if (gradients[p].defined()) parameters[p].sub_(gradients[p], 0.02);
    }
  }
  EXPECT_LT(losses[1], losses[0]);
  EXPECT_LT(losses[2], losses[1]);
}

TEST(Architectures, AreAllListedWithTheirPapers) {
  std::set<std::string> tested;
  for (const Json& config : testing::architecture_configs()) tested.insert(name_of(config));
  for (const RegistryEntry& entry : architecture_registry().entries()) {
    EXPECT_TRUE(tested.contains(entry.name) || entry.origin != "infomtl") << entry.name;
    EXPECT_FALSE(entry.summary.empty());
    EXPECT_FALSE(entry.source.empty());
    for (const FieldInfo& option : entry.options) EXPECT_FALSE(option.meaning.empty()) << option.name;
  }
  EXPECT_EQ(tested.size(), 12U);
}

// Names are in checkpoints: they must not change.
TEST(Architectures, ParametersKeepTheirNames) {
  const auto names = [](const Json& config) {
    std::string all;
    for (const auto& entry : build_architecture(config, 2)->named_parameters()) all += entry.key() + " ";
    return all;
  };
  const auto net = [](const std::string& prefix) {
    return prefix + ".hidden.weight " + prefix + ".hidden.bias " + prefix + ".output.weight " + prefix +
           ".output.bias ";
  };
  const auto map = [](const std::string& prefix) { return prefix + ".output.weight " + prefix + ".output.bias "; };
  EXPECT_EQ(names("vib"), map("mean") + map("log_variance"));
  const auto gaussian = [](const std::string& prefix) {
    return prefix + ".weight_mean " + prefix + ".weight_scale " + prefix + ".bias_mean " + prefix + ".bias_scale ";
  };
  EXPECT_EQ(names("variational"), gaussian("code"));
  EXPECT_EQ(names({{"name", "variational"}, {"amortized", true}}),
            map("trunk.first") + map("trunk.second") + map("generator.trunk.first") + map("generator.trunk.second") +
                gaussian("generator.weight") + gaussian("generator.bias") + gaussian("code"));
  EXPECT_EQ(names("additive_noise"), map("code") +
                                         "noise_log_variance.0 noise_log_variance.1 prior_log_variance.0 "
                                         "prior_log_variance.1 ");
  EXPECT_EQ(names({{"name", "mmoe"}, {"experts", 2}}),
            net("experts.0") + net("experts.1") + map("gates.0") + map("gates.1"));
  EXPECT_EQ(names({{"name", "cgc"}, {"shared_experts", 1}}),
            net("level.shared_experts.0") + net("level.task_experts.0.0") + net("level.task_experts.1.0") +
                map("level.gates.0") + map("level.gates.1"));
  std::string ple;
  for (const std::string level : {"levels.0.", "levels.1."}) {
    ple += net(level + "shared_experts.0") + net(level + "task_experts.0.0") + net(level + "task_experts.1.0") +
           map(level + "gates.0") + map(level + "gates.1");
    if (level == "levels.0.") ple += map(level + "shared_gate.0");
  }
  EXPECT_EQ(names({{"name", "ple"}, {"shared_experts", 1}}), ple);
  const std::string adapters = net("adapters.0.0") + net("adapters.0.1") + net("adapters.1.0") + net("adapters.1.1");
  EXPECT_EQ(names("cross_stitch"), adapters + "stitches.1.0 stitches.1.1 ");
  EXPECT_EQ(names("ltb"), adapters + "choices.1.0 choices.1.1 ");
  EXPECT_EQ(names("mtan"), net("masks.0.0") + net("masks.0.1") + net("masks.1.0") + net("masks.1.1"));
  EXPECT_EQ(names({{"name", "dselect_k"}, {"experts", 2}}),
            net("experts.0") + net("experts.1") +
                "gates.0.code_weight gates.0.code_bias gates.0.mixture_weight gates.0.mixture_bias "
                "gates.1.code_weight gates.1.code_bias gates.1.mixture_weight gates.1.mixture_bias ");
}

TEST(Architectures, MistakesNameTheFieldAndTheCure) {
  const std::vector<std::pair<Json, std::string>> mistakes = {
      {{{"name", "mmoe"}, {"expert", 4}}, "did you mean \"experts\"?"},
      {{{"name", "mmoe"}, {"experts", 0}}, "experts"},
      {{{"name", "mmoe"}, {"activation", "gelo"}}, "gelu"},
      {{{"name", "vib"}, {"width", 0}}, "width"},
      {{{"name", "vib"}, {"log_variance_low", 1}, {"log_variance_high", 0}}, "log_variance_low"},
      {{{"name", "additive_noise"}, {"initial_noise", 0}}, "initial_noise"},
      {{{"name", "variational"}, {"dropout", 1}}, "dropout"},
      {{{"name", "additive_noise"}, {"prior", "learnt"}}, "learned"},
      {{{"name", "cgc"}, {"levels", 2}}, "levels"},
      {{{"name", "ple"}, {"task_experts", 0}}, "task_experts"},
      {{{"name", "cross_stitch"}, {"own", 1.5}}, "own"},
      {{{"name", "dselect_k"}, {"selectors", 5}}, "5 selectors for 4 experts"},
      {{{"name", "dselect_k"}, {"gamma", 0}}, "gamma"},
      {{{"name", "ltb"}, {"temperature_from", 0.1}}, "temperature_to"},
      {"crossstitch", "did you mean \"cross_stitch\"?"},
  };
  for (const auto& [config, expected] : mistakes) {
    try {
      build_architecture(config);
      FAIL() << config << ": no error";
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace infomtl
