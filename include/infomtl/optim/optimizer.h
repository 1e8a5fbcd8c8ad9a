#pragma once
// Optimizer: an update rule over the flat parameters. Adamax (the paper's), AdamW, SGD; state is named and saved.
//
//   FlatParameters flat(...);
//   std::shared_ptr<Optimizer> rule = adamax({.learning_rate = 5e-5}).make(flat);        // optim/adamax.h
//   auto schedule = schedules::linear({.warmup_ratio = 0.1});                            // optim/schedule.h
//   rule->step(rule->learning_rate() * schedule->factor(step, total));
//
// A rule of one's own is a class with Settings (learning_rate among them), a constructor Class(Settings,
// FlatParameters&), state() and update();
// optimizer_registry().add<Class>(name, summary, source) gives it a name for configs.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"
#include "infomtl/optim/flat_parameters.h"

namespace infomtl {

/// Entries begin .. end of the flat buffers, and what one step does with all of them.
struct UpdateRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  double learning_rate = 0;  ///< of this step, the parameters' rate factor applied
  double weight_decay = 0;   ///< 0 for what does not decay
  std::int64_t step = 1;     ///< t of the equations: updates that these entries have had, this one included
};

/// What every rule is told.
struct OptimizerSettings {
  double learning_rate = 5e-5;  ///< peak
  double weight_decay = 0;
  bool decay_all = false;  ///< whether biases, norms and other vectors decay too
};

class INFOMTL_API Optimizer {
 public:
  /// @param parameters  kept by reference
  Optimizer(FlatParameters& parameters, const OptimizerSettings& settings)
      : parameters_(parameters), settings_(settings), updates_(parameters.slots().size(), 0) {}
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// One update in place, with this learning rate times each parameter's factor, of the parameters that train; those
  /// that rest and their state stay as they are. A parameter that trains moves at every step, also when its gradient is
  /// zero because its task was not drawn: its moments fade, as in PyTorch when gradients are zeroed and not dropped.
  void step(double learning_rate);
  /// The peak learning rate of its settings.
  double learning_rate() const { return settings_.learning_rate; }
  /// Named state tensors [P_all] (moments), in place: saving reads them, loading copies into them.
  virtual std::vector<std::pair<std::string, Tensor>> state() = 0;

  /// Calls of step() so far.
  std::int64_t steps() const { return steps_; }
  /// Updates that single parameters have had, by name, where they are fewer than steps(): those that rested for a time.
  /// A parameter's t in the equations counts its own updates only, so bias correction starts when it starts to train.
  std::map<std::string, std::int64_t> fewer_updates() const;
  /// Continues after so many. @throws StateError for a name that is no parameter's; nothing has changed then
  void set_steps(std::int64_t steps, const std::map<std::string, std::int64_t>& fewer_updates = {});
  const FlatParameters& parameters() const { return parameters_; }

 protected:
  /// Updates one range. Ranges of a step do not overlap and follow the order of the buffer.
  virtual void update(const UpdateRange& range) = 0;

 private:
  FlatParameters& parameters_;
  OptimizerSettings settings_;
  std::int64_t steps_ = 0;
  std::vector<std::int64_t> updates_;  // per slot
};

/// An optimiser that was chosen and whose settings were checked; made once the parameters are there.
struct OptimizerFactory {
  std::string name;
  double learning_rate = 0;  ///< peak, as the settings say
  std::function<std::shared_ptr<Optimizer>(FlatParameters&)> make;

  /// Of a class derived from Optimizer with a constructor Class(Settings, FlatParameters&), Settings with learning_rate.
  template <class Class>
  static OptimizerFactory of(std::string name, typename Class::Settings settings) {
    return {std::move(name), settings.learning_rate,
            [settings = std::move(settings)](FlatParameters& parameters) -> std::shared_ptr<Optimizer> {
              return std::make_shared<Class>(settings, parameters);
            }};
  }
};

/// Optimisers by name. A config becomes a factory, so that mistakes are found before there is a model.
class INFOMTL_API OptimizerRegistry : public Registry<OptimizerFactory> {
 public:
  OptimizerRegistry() : Registry("optimizer", "adamax") {}

  /// Registers a class as OptimizerFactory::of() needs it, with a nested `Settings`.
  template <class Class>
  void add(const std::string& name, std::string summary, std::string source = "") {
    Registry::add({.name = name,
                   .summary = std::move(summary),
                   .source = std::move(source),
                   .options = describe_fields<typename Class::Settings>()},
                  [name](const Config& config) {
                    return std::make_shared<OptimizerFactory>(
                        OptimizerFactory::of<Class>(name, read_settings<typename Class::Settings>(config)));
                  });
  }

  using Registry::build;
  /// Both steps at once. @throws as Registry::build()
  std::shared_ptr<Optimizer> build(const Config& config, FlatParameters& parameters) const {
    return build(config)->make(parameters);
  }
};

INFOMTL_API OptimizerRegistry& optimizer_registry();
INFOMTL_API void register_builtin_optimizers(OptimizerRegistry& registry);

}  // namespace infomtl
