// The field's methods by name: each is registered with its paper and the defaults of its paper or released code; a
// table of all of them is printed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "infomtl/core/config.h"
#include "infomtl/losses/loss_term.h"
#include "infomtl/losses/penalty.h"
#include "infomtl/model/architecture.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {
namespace {

struct Method {
  const char* name;
  const char* gradients;  ///< what it reads of a step
  std::vector<const char*> regimes;
  Json defaults = Json::object();  ///< those that its paper or released code gives
};

const std::vector<const char*> kAll = {"alternating", "joint", "single"}, kJoint = {"joint"},
                               kSeveral = {"alternating", "joint"};

const std::vector<Method>& weightings() {
  static const std::vector<Method> methods = {
      {"equal", "losses", kAll},
      {"constant", "losses", kAll},
      {"task_size", "losses", kAll},
      {"svd_reweighting", "losses", kSeveral, {{"rank", 0}}},
      {"scale_invariant", "losses", kAll, {{"epsilon", 1e-8}}},
      {"uncertainty", "losses", kAll, {{"initial_log_variance", -0.5}, {"form", "regression"}}},
      {"geometric", "losses", kJoint},
      {"dwa", "losses", kAll, {{"temperature", 2.0}}},
      {"imtl_l", "losses", kAll, {{"initial_log_scale", 0.0}}},
      {"rlw", "losses", kAll, {{"distribution", "normal"}}},
      {"stch", "losses", kJoint, {{"mu", 1.0}, {"warmup_epochs", 4}}},
      {"famo", "losses", kJoint, {{"learning_rate", 0.025}, {"weight_decay", 1e-3}, {"minimum", 0.0}}},
      {"smoothed", "those of the inner weighting", kAll, {{"memory", 0.9}}},
      {"gradnorm", "gram", kJoint, {{"alpha", 1.5}, {"head_gradient", "plain"}}},
      {"mgda", "gram", kJoint, {{"normalizer", "none"}, {"head_gradient", "plain"}}},
      {"pcgrad", "gram", kJoint, {{"head_gradient", "plain"}}},
      {"gradvac", "gram", kJoint, {{"beta", 0.5}, {"head_gradient", "plain"}}},
      {"graddrop", "jacobian", kJoint, {{"leak", 0.0}}},
      {"imtl", "gram", kJoint, {{"scale_losses", true}}},
      {"cagrad", "gram", kJoint, {{"c", 0.5}, {"rescale", 1}, {"head_gradient", "plain"}}},
      {"nash_mtl", "gram", kJoint, {{"max_norm", 1.0}, {"update_every", 1}, {"head_gradient", "weighted"}}},
      {"moco",
       "jacobian",
       kJoint,
       {{"beta", 0.5}, {"beta_decay", 0.5}, {"gamma", 0.1}, {"gamma_decay", 0.5}, {"rho", 0.0}}},
      {"aligned_mtl", "gram", kJoint, {{"scale", "min"}, {"head_gradient", "plain"}}},
      {"upgrad", "gram", kJoint, {{"ridge", 1e-4}, {"head_gradient", "plain"}}},
      {"dualproj", "gram", kJoint, {{"ridge", 1e-4}}},
      {"fairgrad", "gram", kJoint, {{"alpha", 1.0}, {"head_gradient", "weighted"}}},
      {"db_mtl", "jacobian", kJoint, {{"beta", 0.9}, {"decay", 0.0}, {"epsilon", 1e-8}}},
      {"excess_mtl", "jacobian", kJoint, {{"step_size", 1e-2}, {"head_gradient", "weighted"}}},
      {"sdmgrad", "jacobian", kJoint, {{"lambda", 0.3}, {"learning_rate", 5.0}, {"momentum", 0.5}, {"iterations", 20}}},
      {"modo", "jacobian", kJoint, {{"gamma", 1e-3}, {"rho", 0.1}}},
      {"conflict_free", "gram", kJoint},
      {"krum", "gram", kJoint},
      {"trimmed_mean", "jacobian", kJoint},
      {"auto_lambda", "jacobian", kJoint},
      {"moml", "jacobian", kJoint, {{"inner_learning_rate", 0.1}}},
      {"forum", "jacobian", kJoint, {{"phi", 0.1}, {"inner_steps", 5}}},
  };
  return methods;
}

const std::vector<Method>& architectures() {
  static const std::vector<Method> methods = {
      {"shared", "", {}},
      {"vib", "", {}},
      {"additive_noise", "", {}, {{"initial_noise", 0.1}, {"normalize", true}, {"prior", "learned"}}},
      {"mmoe", "", {}, {{"experts", 4}}},
      {"cgc", "", {}},
      {"ple", "", {}, {{"levels", 2}}},
      {"cross_stitch", "", {}, {{"own", 0.9}}},
      {"mtan", "", {}},
      {"dselect_k", "", {}, {{"selectors", 2}, {"gamma", 1.0}}},
      {"ltb", "", {}},
      {"alignment", "", {}, {{"site", "token_embedding"}}},
      {"variational", "", {}, {{"initial_scale", -3.0}, {"amortized", false}}},
  };
  return methods;
}

const std::vector<Method>& losses() {
  static const std::vector<Method> methods = {
      {"supervised", "", {}, {{"label_smoothing", 0.0}}},
      {"simax",
       "",
       {},
       {{"temperature", 1.0}, {"symmetric", false}, {"scope", "task"}, {"bound", "infonce"}, {"critic", "cosine"}}},
      {"timin", "", {}, {{"reduction", "spc"}, {"prior", "standard"}}},
      {"bottleneck", "", {}},
      {"expected_supervised", "", {}, {{"samples", 10}}},
      {"representation_prior", "", {}, {{"prior", "combine"}, {"temperature_from", 1.0}, {"temperature_to", 0.5}}},
      {"weight_prior", "", {}, {{"prior", "combine"}}},
      {"gate_entropy", "", {}},
      {"focal", "", {}, {{"gamma", 2.0}}},
      {"feedback_convergence", "", {}, {{"form", "delta"}}},
      {"batch_entropy", "", {}},
      {"r_drop", "", {}},
      {"supervised_contrastive", "", {}, {{"temperature", 0.1}}},
      {"adversarial", "", {}, {{"steps", 1}}},
      {"adversarial_parameters", "", {}, {{"steps", 1}, {"parameters", {"word_embeddings"}}}},
      {"information", "", {}},
  };
  return methods;
}

std::string defaults_of(const RegistryEntry& entry) {
  std::string text;
  for (const FieldInfo& option : entry.options) text += " " + option.name + "=" + option.default_value;
  return text.empty() ? " none" : text;
}

Json trait_of(const RegistryEntry& entry, const std::string& name) {
  for (const RegistryTrait& trait : entry.traits) {
    if (trait.name == name) return Json::parse(trait.value);
  }
  return Json::array();
}

/// Each method is there with a paper and the defaults it should have.
void expect_registered(const std::vector<Method>& methods, const std::vector<RegistryEntry>& entries) {
  std::map<std::string, const RegistryEntry*> known;
  for (const RegistryEntry& entry : entries) {
    if (entry.origin == "infomtl") known[entry.name] = &entry;
  }
  for (const Method& method : methods) {
    SCOPED_TRACE(method.name);
    ASSERT_TRUE(known.contains(method.name));
    const RegistryEntry& entry = *known.at(method.name);
    EXPECT_FALSE(entry.summary.empty());
    EXPECT_FALSE(entry.source.empty());
    if (!method.regimes.empty()) {
      EXPECT_EQ(trait_of(entry, "gradients"), Json(method.gradients));
      EXPECT_EQ(trait_of(entry, "regimes"), Json(method.regimes));
    }
    for (const auto& [name, value] : method.defaults.items()) {
      const auto option = std::find_if(entry.options.begin(), entry.options.end(),
                                       [&, &wanted = name](const FieldInfo& field) { return field.name == wanted; });
      ASSERT_NE(option, entry.options.end()) << name;
      EXPECT_EQ(Json::parse(option->default_value), value) << name;
    }
    std::printf("%-24s %-55s %-30s %-28s%s\n", entry.name.c_str(), entry.source.c_str(),
                trait_of(entry, "regimes").dump().c_str(), method.gradients, defaults_of(entry).c_str());
  }
}

TEST(Catalogue, HoldsEveryWeighting) { expect_registered(weightings(), weighting_registry().entries()); }
TEST(Catalogue, HoldsEveryArchitecture) { expect_registered(architectures(), architecture_registry().entries()); }
TEST(Catalogue, HoldsEveryPenalty) {
  expect_registered({{"representation_gradient_norm", "", {}},
                     {"dgr", "", {}, {{"dummies", 1}, {"form", "exact"}, {"epsilon", 1e-3}}}},
                    penalty_registry().entries());
}
TEST(Catalogue, HoldsEveryTerm) { expect_registered(losses(), loss_registry().entries()); }

/// The words that an option of a loss may have.
std::set<std::string> choices_of(const std::string& loss, const std::string& option) {
  for (const RegistryEntry& entry : loss_registry().entries()) {
    if (entry.name != loss) continue;
    for (const FieldInfo& field : entry.options) {
      if (field.name != option || !field.type.starts_with("one of ")) continue;
      std::set<std::string> words;
      std::string rest = field.type.substr(7) + ", ";
      for (std::size_t end; (end = rest.find(", ")) != std::string::npos; rest.erase(0, end + 2)) {
        words.insert(rest.substr(0, end));
        EXPECT_NE(field.meaning.find(rest.substr(0, end)), std::string::npos)
            << "\"" << field.meaning << "\" is silent";
      }
      return words;
    }
  }
  return {};
}

TEST(Catalogue, HoldsEveryBoundCriticAndCompressor) {
  using Words = std::set<std::string>;
  EXPECT_EQ(choices_of("simax", "bound"), (Words{"infonce", "dv", "mine", "nwj", "tuba", "jsd", "smile", "flo"}));
  EXPECT_EQ(choices_of("simax", "critic"), (Words{"cosine", "separable", "bilinear", "concat"}));
  // Upper bounds on I(X;Z_t): with "standard" and the reduction "sum" the prior is the bound of VIB.
  EXPECT_EQ(choices_of("timin", "prior"),
            (Words{"standard", "learned", "mixture", "class_conditional", "l1out", "club", "club_sample"}));
}

}  // namespace
}  // namespace infomtl
