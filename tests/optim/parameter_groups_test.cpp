#include "infomtl/optim/parameter_groups.h"

#include <gtest/gtest.h>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

NamedParameters some() {
  NamedParameters parameters;
  const auto add = [&](const char* name, ParameterPart part) {
    parameters.push_back({name, torch::ones({2, 2}).requires_grad_(true), part});
  };
  add("encoder.embeddings.word_embeddings.weight", ParameterPart::encoder);
  add("encoder.encoder.layer.3.output.dense.weight", ParameterPart::encoder);
  add("encoder.encoder.layer.13.output.dense.weight", ParameterPart::encoder);
  add("architecture.experts.0.weight", ParameterPart::shared);
  add("heads.hate.weight", ParameterPart::task);
  add("objective.0.critic.weight", ParameterPart::term);
  return parameters;
}

std::string failure_of(const std::vector<ParameterGroup>& groups) {
  NamedParameters parameters = some();
  try {
    apply_groups(groups, 1e-3, parameters);
  } catch (const ConfigError& error) {
    for (const NamedParameter& named : parameters) EXPECT_TRUE(named.parameter.requires_grad()) << named.name;
    return error.what();
  }
  return "";
}

TEST(ParameterGroups, WordsAndGlobsSelectByName) {
  EXPECT_TRUE(selects("encoder", "encoder.embeddings.word_embeddings.weight"));
  EXPECT_FALSE(selects("encoder", "heads.encoder.weight"));
  EXPECT_TRUE(selects("heads", "heads.hate.weight"));
  EXPECT_TRUE(selects("terms", "objective.0.critic.weight"));
  EXPECT_TRUE(selects("weighting", "weighting.log_variance"));
  EXPECT_TRUE(selects("architecture", "architecture.experts.0.weight"));
  EXPECT_TRUE(selects("encoder.encoder.layer.3.*", "encoder.encoder.layer.3.output.dense.weight"));
  EXPECT_FALSE(selects("encoder.encoder.layer.3.*", "encoder.encoder.layer.13.output.dense.weight"));
  EXPECT_TRUE(selects("encoder.encoder.layer.?.*", "encoder.encoder.layer.3.output.dense.weight"));
  EXPECT_FALSE(selects("encoder.encoder.layer.?.*", "encoder.encoder.layer.13.output.dense.weight"));
}

TEST(ParameterGroups, TheFirstThatMatchesCounts) {
  NamedParameters parameters = some();
  apply_groups({{.match = "encoder.embeddings.*", .trains = false},
                {.match = "encoder.encoder.layer.3.*", .rate_factor = 0.25},
                {.match = "encoder", .learning_rate = 2e-5, .weight_decay = 0.1},
                {.match = "heads", .learning_rate = 1e-3}},
               4e-5, parameters);
  EXPECT_FALSE(parameters[0].parameter.requires_grad());
  EXPECT_EQ(parameters[0].rate_factor, 1.0);
  EXPECT_EQ(parameters[1].rate_factor, 0.25);
  EXPECT_FALSE(parameters[1].weight_decay.has_value());
  EXPECT_EQ(parameters[2].rate_factor, 0.5);
  EXPECT_EQ(parameters[2].weight_decay.value(), 0.1);
  EXPECT_EQ(parameters[3].rate_factor, 1.0);
  EXPECT_EQ(parameters[4].rate_factor, 25.0);
  EXPECT_TRUE(parameters[4].parameter.requires_grad());
}

TEST(ParameterGroups, OneThatMatchesNothingNamesWhatIsNearest) {
  EXPECT_EQ(failure_of({{.match = "encodr", .rate_factor = 2.0, .where = "a.json#/optimizer/groups/0/match"}}),
            "a.json#/optimizer/groups/0/match: \"encodr\" matches no parameter; did you mean \"encoder\"?");
  EXPECT_NE(failure_of({{.match = "encoder.encoder.leyer.3.*", .trains = false}})
                .find("did you mean \"encoder.encoder.layer.3.*\"?"),
            std::string::npos);
  EXPECT_NE(failure_of({{.match = "zzz"}}).find("known: encoder, architecture, heads, terms, or a glob"),
            std::string::npos);
  EXPECT_NE(failure_of({{.match = "weighting"}}).find("matches no parameter"), std::string::npos) << "it has none here";
}

TEST(ParameterGroups, ContradictionsAreErrors) {
  EXPECT_NE(
      failure_of({{.match = "encoder"}, {.match = "encoder.embeddings.*", .trains = false}}).find("put it before"),
      std::string::npos);
  EXPECT_NE(failure_of({{.match = "encoder", .learning_rate = 1.0, .rate_factor = 1.0}}).find("not both"),
            std::string::npos);
}

}  // namespace
}  // namespace infomtl
