// What holds of every registered weighting, read from the registry, so that a new one is covered by being listed: it
// ends each step once with finite gradients in every regime it names, goes on from its saved state bit for bit, refuses
// the regimes it does not name and every bad option, and tells where it is from.

#include <cmath>
#include <map>
#include <set>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "support/compare.h"
#include "support/linear_task_gradients.h"
#include "weighting/weighting_tasks.h"

namespace infomtl::testing {
namespace {

using torch::Tensor;

constexpr std::size_t kTasks = 4;  // as many as every method's defaults need
constexpr std::int64_t kParameters = 6;

/// A config that names a weighting; options that hold another weighting get one.
Json config_of(const RegistryEntry& entry) {
  Json config = {{"name", entry.name}};
  for (const FieldInfo& option : entry.options) {
    if (option.type == "weighting") config[option.name] = "geometric";
  }
  return config;
}

/// The same where tasks take turns, which the geometric mean does not allow.
Json config_of(const RegistryEntry& entry, bool joint) {
  Json config = config_of(entry);
  for (auto& [key, value] : config.items()) {
    if (value == "geometric" && !joint && key != "name") value = "scale_invariant";
  }
  return config;
}

std::shared_ptr<GradientWeighting> build(const Json& config, bool joint) {
  return begun(build_weighting(Config::from_json({{"weighting", config}}, "run.json").value("weighting"),
                               weighting_tasks(kTasks, joint)),
               kTasks);
}

bool defined_in(const RegistryEntry& entry, const std::string& regime) {
  return weighting_registry().traits(entry.name).defined_in(regime_named(regime));
}

/// Every (name, regime) that is defined, with its config.
struct Listed {
  std::string name;
  Json config;
  bool joint;
};
std::vector<Listed> everything() {
  std::vector<Listed> all;
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    for (const bool joint : {true, false}) {
      if (defined_in(entry, joint ? "joint" : "alternating")) {
        all.push_back({entry.name + (joint ? " joint" : " alternating"), config_of(entry, joint), joint});
      }
    }
  }
  return all;
}

Tensor uniform(RandomStream& stream, std::vector<std::int64_t> shape, double low, double high) {
  Tensor values = torch::empty(shape, torch::kFloat64);
  double* entry = values.data_ptr<double>();
  for (std::int64_t i = 0; i < values.numel(); ++i) entry[i] = low + (high - low) * stream.uniform();
  return values.to(torch::kFloat32);
}

/// Step `number` of a run: losses and gradients from a seed; in the middle of the run two tasks are exactly opposed, so
/// that methods which then keep what they had are asked for it.
struct Step {
  Step(std::int64_t number, bool joint) : Step(number, joint, RandomStream(derive_seed(7, "step", index(number)))) {}
  Step(std::int64_t number, bool joint, RandomStream stream)
      : problem(losses(stream, joint), rows(stream, number, joint), kTasks, 3),
        second(losses(stream, joint), rows(stream, 0, joint), kTasks, 3),
        third(losses(stream, joint), rows(stream, 0, joint), kTasks, 3) {
    problem.set_step(number, number / 3);
    problem.set_losses_after(losses(stream, joint));
    std::vector<Tensor> values, slopes;
    for (std::size_t t = 0; t < problem.size(); ++t) {
      values.push_back(uniform(stream, {2, 3}, -1, 1));
      slopes.push_back(uniform(stream, {2, 3}, -1, 1));
    }
    problem.set_representations(values, slopes);
    for (LinearTaskGradients* each : {&problem, &second, &third}) {
      if (!joint) each->set_tasks({index(number) % kTasks});
    }
    problem.add_independent(second);
    problem.add_independent(third);
  }
  static std::uint64_t index(std::int64_t number) { return static_cast<std::uint64_t>(number); }
  static std::int64_t count(bool joint) { return joint ? static_cast<std::int64_t>(kTasks) : 1; }
  static Tensor losses(RandomStream& stream, bool joint) { return uniform(stream, {count(joint)}, 0.1, 2.0); }
  static Tensor rows(RandomStream& stream, std::int64_t number, bool joint) {
    Tensor g = uniform(stream, {count(joint), kParameters}, -1, 1);
    if (joint && number % 7 == 6) g[1] = -g[0];
    return g;
  }

  LinearTaskGradients problem, second, third;
};

/// Runs steps [first, last) as a trainer would; what each asked for, one after the other.
std::vector<Tensor> run(GradientWeighting& weighting, bool joint, std::int64_t first, std::int64_t last) {
  std::vector<Tensor> asked;
  for (std::int64_t number = first; number < last; ++number) {
    Step step(number, joint);
    weighting.zero_grad();
    weighting.backward(step.problem);
    EXPECT_EQ(step.problem.applied, 1) << "step " << number;
    const bool representation = !step.problem.applied_representation_gradients.empty();
    asked.push_back(representation ? at::stack(step.problem.applied_representation_gradients).reshape({-1})
                                   : step.problem.direction);
    if (step.problem.head_weights.defined()) asked.push_back(step.problem.head_weights);
    {
      const torch::NoGradGuard no_grad;
      for (Tensor& parameter : weighting.parameters()) {
        if (!parameter.grad().defined()) continue;
        EXPECT_TRUE(torch::isfinite(parameter.grad()).all().item<bool>());
        parameter -= 0.1F * parameter.grad();
      }
    }
    weighting.after_update(step.problem);
    if (number % 3 == 2) {
      std::vector<double> means;
      for (std::size_t t = 0; t < kTasks; ++t)
        means.push_back(1.0 / static_cast<double>(1 + t) + 0.1 * static_cast<double>(number));
      weighting.end_epoch(number / 3, means);
    }
  }
  return asked;
}

/// A weighting's state, copied as a checkpoint copies it.
class State final : public StateVisitor {
 public:
  static State of(GradientWeighting& weighting) {
    State state;
    weighting.visit_state(state);
    for (const auto& parameter : weighting.named_parameters()) {
      state.keep("parameter." + parameter.key(), parameter.value());
    }
    return state;
  }
  void write_to(GradientWeighting& weighting) {
    writing_ = true;
    weighting.visit_state(*this);
    const torch::NoGradGuard no_grad;
    for (auto& parameter : weighting.named_parameters())
      parameter.value().copy_(tensors_.at("parameter." + parameter.key()));
  }
  void tensor(const std::string& name, Tensor& value) override {
    if (writing_) {
      value = tensors_.contains(name) ? tensors_.at(name).clone() : Tensor();
    } else {
      EXPECT_TRUE(names_.insert(name).second) << "two pieces of state are named " << name;
      if (value.defined()) keep(name, value);
    }
  }
  void counter(const std::string& name, std::int64_t& value) override {
    if (writing_) {
      value = counters_.at(name);
    } else {
      EXPECT_TRUE(names_.insert(name).second) << "two pieces of state are named " << name;
      counters_[name] = value;
    }
  }
  bool empty() const { return tensors_.empty() && counters_.empty(); }
  bool operator==(const State& other) const {
    if (counters_ != other.counters_ || tensors_.size() != other.tensors_.size()) return false;
    for (const auto& [name, tensor] : tensors_) {
      if (!other.tensors_.contains(name) || !same_bits(tensor, other.tensors_.at(name))) return false;
    }
    return true;
  }
  static bool same_bits(const Tensor& a, const Tensor& b) {
    return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() &&
           std::memcmp(a.contiguous().const_data_ptr(), b.contiguous().const_data_ptr(), a.nbytes()) == 0;
  }

 private:
  void keep(const std::string& name, const Tensor& value) { tensors_[name] = value.detach().clone(); }
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::int64_t> counters_;
  std::set<std::string> names_;
  bool writing_ = false;
};

bool same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!State::same_bits(a[i].contiguous(), b[i].contiguous())) return false;
  }
  return true;
}

TEST(WeightingCatalogue, HoldsEveryMethodOfTheField) {
  const std::vector<std::string> names = weighting_registry().names();
  const std::set<std::string> listed(names.begin(), names.end());
  for (const char* name : {"equal",         "task_size",  "scale_invariant", "uncertainty",
                           "geometric",     "dwa",        "imtl_l",          "rlw",
                           "stch",          "famo",       "smoothed",        "gradnorm",
                           "mgda",          "pcgrad",     "gradvac",         "graddrop",
                           "imtl",          "cagrad",     "nash_mtl",        "moco",
                           "aligned_mtl",   "upgrad",     "dualproj",        "fairgrad",
                           "db_mtl",        "excess_mtl", "sdmgrad",         "modo",
                           "conflict_free", "krum",       "trimmed_mean",    "auto_lambda",
                           "moml",          "forum",      "svd_reweighting", "constant"}) {
    EXPECT_TRUE(listed.contains(name)) << name;
  }
}

TEST(WeightingCatalogue, TellsSourceRegimesAndWhatIsReadOfTheGradients) {
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    SCOPED_TRACE(entry.name);
    EXPECT_FALSE(entry.summary.empty());
    EXPECT_FALSE(entry.source.empty());
    EXPECT_TRUE(defined_in(entry, "joint"));
    ASSERT_GE(entry.traits.size(), 2U);
    EXPECT_EQ(entry.traits[0].name, "regimes");
    const bool several = entry.name == "svd_reweighting";  // weighs tasks against each other
    EXPECT_EQ(entry.traits[0].value, !defined_in(entry, "alternating") ? R"(["joint"])"
                                     : several                         ? R"(["alternating","joint"])"
                                                                       : R"(["alternating","joint","single"])");
    EXPECT_EQ(entry.traits[1].name, "gradients");
    for (const FieldInfo& option : entry.options) {
      EXPECT_FALSE(option.meaning.empty()) << option.name;
      EXPECT_NO_THROW(Json::parse(option.default_value)) << option.name;
    }
  }
}

TEST(WeightingCatalogue, EveryStepEndsOnceWithFiniteGradients) {
  for (const auto& [name, config, joint] : everything()) {
    SCOPED_TRACE(name);
    const auto weighting = build(config, joint);
    for (const Tensor& asked : run(*weighting, joint, 0, 24)) {
      EXPECT_TRUE(torch::isfinite(asked).all().item<bool>()) << asked;
    }
  }
}

TEST(WeightingCatalogue, EveryOneOfItsChoicesWorks) {
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    for (const FieldInfo& option : entry.options) {
      if (!option.type.starts_with("one of ") && option.type != "boolean") continue;
      std::vector<Json> values;
      std::string words = option.type == "boolean" ? "" : option.type.substr(7) + ", ";
      for (std::size_t end; (end = words.find(", ")) != std::string::npos; words.erase(0, end + 2)) {
        values.emplace_back(words.substr(0, end));
      }
      if (option.type == "boolean") values = {true, false};
      EXPECT_GE(values.size(), 2U);
      for (const Json& value : values) {
        SCOPED_TRACE(entry.name + "." + option.name + " = " + value.dump());
        Json config = config_of(entry);
        config[option.name] = value;
        const auto weighting = build(config, true);
        for (const Tensor& asked : run(*weighting, true, 0, 9)) {
          EXPECT_TRUE(torch::isfinite(asked).all().item<bool>());
        }
      }
    }
  }
}

TEST(WeightingCatalogue, AContinuedRunIsTheSameRunBitForBit) {
  std::set<std::string> with_memory;
  for (auto [name, config, joint] : everything()) {
    SCOPED_TRACE(name);
    // Before, in and after the epoch that some methods begin with, and where the next step keeps what it had.
    for (const std::int64_t cut : {2, 6, 13, 17}) {
      const auto straight = build(config, joint);
      run(*straight, joint, 0, cut);
      State saved = State::of(*straight);
      const std::vector<Tensor> expected = run(*straight, joint, cut, cut + 8);

      const auto continued = build(config, joint);
      saved.write_to(*continued);
      EXPECT_TRUE(same(run(*continued, joint, cut, cut + 8), expected)) << "continued at step " << cut;
      EXPECT_TRUE(State::of(*continued) == State::of(*straight)) << "continued at step " << cut;

      const auto fresh = build(config, joint);
      if (!same(run(*fresh, joint, cut, cut + 8), expected)) {
        with_memory.insert(config["name"]);
        EXPECT_FALSE(saved.empty());
      }
    }
  }
  // The test can tell: what these did before decides what they do next.
  for (const char* name :
       {"uncertainty", "dwa", "imtl_l", "stch", "famo", "smoothed", "gradnorm", "gradvac", "imtl", "nash_mtl",
        "fairgrad", "moco", "db_mtl", "excess_mtl", "sdmgrad", "modo", "auto_lambda", "moml", "forum"}) {
    EXPECT_TRUE(with_memory.contains(name)) << name;
  }
  for (const char* name : {"equal", "geometric", "rlw", "pcgrad", "mgda", "upgrad", "krum"}) {
    EXPECT_FALSE(with_memory.contains(name)) << name;
  }
}

TEST(WeightingCatalogue, ARegimeWhereItIsNotDefinedIsRefusedInWords) {
  int refused = 0;
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    SCOPED_TRACE(entry.name);
    if (defined_in(entry, "alternating")) {
      EXPECT_NO_THROW(build(config_of(entry, false), false));
      continue;
    }
    ++refused;
    try {
      build(config_of(entry), false);
      ADD_FAILURE() << "no error";
    } catch (const ConfigError& error) {
      const std::string text = error.what();
      EXPECT_TRUE(text.starts_with("run.json#/weighting")) << text;
      EXPECT_NE(text.find("\"" + entry.name + "\""), std::string::npos) << text;
      EXPECT_NE(text.find("\"regime\": \"joint\""), std::string::npos) << text;
    }
  }
  EXPECT_GE(refused, 20);
}

/// Whether a bound like ">= 0 and < 1" holds of a value.
bool allows(const std::string& bounds, double value) {
  std::string rest = bounds.empty() ? "" : bounds + " and ";
  for (std::size_t end; (end = rest.find(" and ")) != std::string::npos; rest.erase(0, end + 5)) {
    const std::string one = rest.substr(0, end);
    const std::size_t space = one.find(' ');
    const std::string relation = one.substr(0, space);
    const double limit = std::stod(one.substr(space + 1));
    const bool holds = relation == ">"    ? value > limit
                       : relation == ">=" ? value >= limit
                       : relation == "<"  ? value < limit
                                          : value <= limit;
    if (!holds) return false;
  }
  return true;
}

void expect_refused(const RegistryEntry& entry, const std::string& option, const Json& value) {
  Json config = config_of(entry);
  config[option] = value;
  try {
    build(config, true);
    ADD_FAILURE() << entry.name << "." << option << " = " << value << ": no error";
  } catch (const ConfigError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("run.json#/weighting/" + option)) << error.what();
    EXPECT_EQ(error.exit_status(), 2);
  }
}

TEST(WeightingCatalogue, BadOptionsAreRefusedWithTheirPath) {
  int ranges = 0, choices = 0;
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    for (const FieldInfo& option : entry.options) {
      SCOPED_TRACE(entry.name + "." + option.name);
      if (option.type == "weighting") {
        expect_refused(entry, option.name, 3);
        expect_refused(entry, option.name, "pcgrat");
        continue;
      }
      if (option.type.starts_with("array or object of numbers")) {
        expect_refused(entry, option.name, Json::array({1, -1}));
        expect_refused(entry, option.name, "text");
        continue;
      }
      expect_refused(entry, option.name, Json::array({1}));
      if (option.type.starts_with("one of ")) {
        ++choices;
        expect_refused(entry, option.name, "neither");
        continue;
      }
      expect_refused(entry, option.name, "text");
      if (option.type == "boolean") continue;
      EXPECT_TRUE(allows(option.allowed, Json::parse(option.default_value))) << "the default is out of range";
      if (option.type == "integer") expect_refused(entry, option.name, 0.5);
      for (const double value : {-1e9, -1.0, 0.0, 1.0, 2.0, 1e9}) {
        if (allows(option.allowed, value)) continue;
        ++ranges;
        expect_refused(entry, option.name,
                       option.type == "integer" ? Json(static_cast<std::int64_t>(value)) : Json(value));
      }
    }
    Json unknown = config_of(entry);
    unknown["no_such_option"] = 1;
    EXPECT_THROW(build(unknown, true), ConfigError) << entry.name;
  }
  EXPECT_GE(ranges, 80);
  EXPECT_GE(choices, 20);
}

}  // namespace
}  // namespace infomtl::testing
