#include "infomtl/data/samplers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "infomtl/core/config.h"
#include "infomtl/core/random.h"

namespace infomtl {
namespace {

std::int64_t steps_of(const SamplerContext& input) {
  return std::accumulate(input.batches.begin(), input.batches.end(), std::int64_t{0});
}

RandomStream stream_of(const SamplerContext& input) {
  return RandomStream(derive_seed(input.run_seed, "sampler", static_cast<std::uint64_t>(input.epoch)));
}

/// Every step draws its task: P(t) proportional to rows_t ^ exponent.
std::vector<std::int32_t> draw(const SamplerContext& input, double exponent) {
  std::vector<double> cumulative;
  double total = 0.0;
  const auto most = static_cast<double>(*std::max_element(input.rows.begin(), input.rows.end()));
  for (const std::int64_t rows : input.rows) {
    total += rows == 0 ? 0.0 : std::pow(static_cast<double>(rows) / most, exponent);
    cumulative.push_back(total);
  }
  RandomStream random = stream_of(input);
  std::vector<std::int32_t> tasks(static_cast<std::size_t>(steps_of(input)));
  for (std::int32_t& task : tasks) {
    const auto found = std::upper_bound(cumulative.begin(), cumulative.end(), random.uniform() * total);
    task = static_cast<std::int32_t>(std::min(found - cumulative.begin(), std::ssize(cumulative) - 1));
  }
  return tasks;
}

class Proportional final : public Sampler {
 public:
  using Settings = NoSettings;
  explicit Proportional(Settings) {}
  bool by_size() const override { return true; }
  std::vector<std::int32_t> epoch(const SamplerContext& input) const override {
    std::vector<std::int32_t> list;
    for (std::size_t t = 0; t < input.batches.size(); ++t) {
      list.insert(list.end(), static_cast<std::size_t>(input.batches[t]), static_cast<std::int32_t>(t));
    }
    std::vector<std::int32_t> tasks;
    for (const std::size_t i : stream_of(input).permutation(list.size())) tasks.push_back(list[i]);
    return tasks;
  }
};

class RoundRobin final : public Sampler {
 public:
  using Settings = NoSettings;
  explicit RoundRobin(Settings) {}
  bool by_size() const override { return true; }
  std::vector<std::int32_t> epoch(const SamplerContext& input) const override {
    std::vector<std::int64_t> left = input.batches;
    std::vector<std::int32_t> tasks;
    for (std::int64_t steps = steps_of(input); steps > 0;) {
      for (std::size_t t = 0; t < left.size(); ++t) {
        if (left[t] == 0) continue;
        --left[t];
        --steps;
        tasks.push_back(static_cast<std::int32_t>(t));
      }
    }
    return tasks;
  }
};

class Uniform final : public Sampler {
 public:
  using Settings = NoSettings;
  explicit Uniform(Settings) {}
  std::vector<std::int32_t> epoch(const SamplerContext& input) const override { return draw(input, 0.0); }
};

class Temperature final : public Sampler {
 public:
  using Settings = samplers::TemperatureSettings;
  explicit Temperature(Settings settings) : settings_(settings) {}
  bool by_size() const override { return settings_.temperature == 1.0; }
  std::vector<std::int32_t> epoch(const SamplerContext& input) const override {
    return draw(input, 1.0 / settings_.temperature);
  }

 private:
  Settings settings_;
};

class Annealed final : public Sampler {
 public:
  using Settings = samplers::AnnealedSettings;
  explicit Annealed(Settings settings) : settings_(settings) {}
  bool by_size() const override { return settings_.decay == 0.0; }
  std::vector<std::int32_t> epoch(const SamplerContext& input) const override {
    const auto last = static_cast<double>(std::max<std::int64_t>(input.epochs - 1, 1));
    return draw(input, 1.0 - settings_.decay * std::min(1.0, static_cast<double>(input.epoch) / last));
  }

 private:
  Settings settings_;
};

void register_builtin_samplers(Registry<Sampler>& registry) {
  registry.add<Proportional>("proportional", "each task once for each of its batches, in random order",
                             "Liu et al., ACL 2019 (MT-DNN)");
  registry.add<RoundRobin>("round_robin", "the tasks in turn, until the batches of each are used up");
  registry.add<Uniform>("uniform", "each step draws a task, all alike");
  registry.add<Temperature>("temperature", "each step draws a task by a power of its size",
                            "Arivazhagan et al., arXiv:1907.05019");
  registry.add<Annealed>("annealed", "from proportional towards uniform as epochs go by",
                         "Stickland and Murray, ICML 2019");
}

/// A sampler from settings filled by hand, checked as a config's are.
template <class Class>
std::shared_ptr<const Sampler> checked(const char* name, typename Class::Settings settings) {
  check_fields(settings, std::string("sampler \"") + name + "\"");
  return std::make_shared<Class>(settings);
}

}  // namespace

namespace samplers {

void TemperatureSettings::fields(FieldVisitor& f) {
  f.field("temperature", temperature, "P(task) ~ rows^(1/temperature); 1 is proportional, larger is flatter",
          at_least(1.0));
}
void AnnealedSettings::fields(FieldVisitor& f) {
  f.field("decay", decay, "P(task) ~ rows^a, a = 1 - decay * epoch / (epochs - 1), epochs counted from 0",
          between(0.0, 1.0));
}

std::shared_ptr<const Sampler> proportional() { return checked<Proportional>("proportional", {}); }
std::shared_ptr<const Sampler> round_robin() { return checked<RoundRobin>("round_robin", {}); }
std::shared_ptr<const Sampler> uniform() { return checked<Uniform>("uniform", {}); }
std::shared_ptr<const Sampler> temperature(TemperatureSettings settings) {
  return checked<Temperature>("temperature", settings);
}
std::shared_ptr<const Sampler> annealed(AnnealedSettings settings) { return checked<Annealed>("annealed", settings); }

}  // namespace samplers

Registry<Sampler>& sampler_registry() {
  static Registry<Sampler> registry = [] {
    Registry<Sampler> built("sampler");
    register_builtin_samplers(built);
    return built;
  }();
  return registry;
}

}  // namespace infomtl
