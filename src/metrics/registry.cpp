#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/metrics/metric.h"
#include "metrics/entity_f1.h"
#include "metrics/label_metrics.h"
#include "metrics/value_metrics.h"

namespace infomtl {
namespace {

/// What Hugging Face's `evaluate` and scikit-learn call them.
const NameHints& names_elsewhere() {
  static const NameHints kNames = {{"mcc", "matthews"},
                                   {"matthews_correlation", "matthews"},
                                   {"matthews_corrcoef", "matthews"},
                                   {"acc", "accuracy"},
                                   {"accuracy_score", "accuracy"},
                                   {"exact_match", "accuracy"},
                                   {"subset_accuracy", "accuracy"},
                                   {"f1", "binary_f1"},
                                   {"f1_score", "binary_f1"},
                                   {"f1_binary", "binary_f1"},
                                   {"f1_macro", "macro_f1"},
                                   {"f1_micro", "micro_f1"},
                                   {"balanced_accuracy", "macro_recall"},
                                   {"balanced_accuracy_score", "macro_recall"},
                                   {"uar", "macro_recall"},
                                   {"recall_macro", "macro_recall"},
                                   {"precision_macro", "macro_precision"},
                                   {"pearsonr", "pearson"},
                                   {"pearson_correlation", "pearson"},
                                   {"spearmanr", "spearman"},
                                   {"spearman_correlation", "spearman"},
                                   {"mean_squared_error", "mse"},
                                   {"neg_mean_squared_error", "mse"},
                                   {"mean_absolute_error", "mae"},
                                   {"neg_mean_absolute_error", "mae"},
                                   {"seqeval", "entity_f1"},
                                   {"conll", "entity_f1"},
                                   {"span_f1", "entity_f1"}};
  return kNames;
}

}  // namespace

void register_builtin_metrics(MetricRegistry& registry) {
  registry.add<Accuracy>("accuracy", "share of right rows, of right words when tagging, of exactly right sets");
  registry.add<MacroF1>("macro_f1", "mean F1 over labels");
  registry.add<MicroF1>("micro_f1", "F1 of the counts of all labels together");
  registry.add<BinaryF1>("binary_f1", "F1 of the positive label");
  registry.add<SubsetF1>("subset_f1", "mean F1 over named labels", "stance in TweetEval: against and favor");
  registry.add<MacroRecall>("macro_recall", "mean recall over labels");
  registry.add<MacroPrecision>("macro_precision", "mean precision over labels");
  registry.add<Matthews>("matthews", "Matthews correlation, any number of classes",
                         "Gorodkin, Comput. Biol. Chem. 2004");
  registry.add<Pearson>("pearson", "linear correlation of values");
  registry.add<Spearman>("spearman", "correlation of ranks, ties by average rank");
  registry.add<MeanSquaredError>("mse", "mean squared error; lower is better");
  registry.add<MeanAbsoluteError>("mae", "mean absolute error; lower is better");
  registry.add<EntityF1>("entity_f1", "F1 of whole entities from tags of a scheme (BIO, ...)",
                         "Tjong Kim Sang and De Meulder, CoNLL 2003");
  registry.add_hints(names_elsewhere());
}

MetricRegistry& metric_registry() {
  static MetricRegistry registry = [] {
    MetricRegistry made("metric");
    register_builtin_metrics(made);
    made.set_origin("program");
    return made;
  }();
  return registry;
}

double Metric::score(const Predictions& predictions) const {
  if (!reads(predictions.space.kind)) {
    throw StateError("this metric cannot score tasks of kind " + std::string(name_of(predictions.space.kind)));
  }
  check(predictions);
  return compute(predictions);
}

std::shared_ptr<Metric> build_metric(const Config& config, const MetricContext& space) {
  const std::string name = config.is_object() ? config.text("name") : config.as_text();
  std::shared_ptr<Metric> metric;
  try {
    metric = metric_registry().build(config, space);
  } catch (ConfigError& error) {
    // A metric's own constructor knows labels but not the file; messages of Config begin with their place already.
    if (!std::string_view(error.what()).starts_with(config.where())) error.add_context(config.where() + ": " + name);
    throw;
  }
  if (!metric->reads(space.kind)) {
    config.fail("\"" + name + "\" cannot score a task of kind " + std::string(name_of(space.kind)));
  }
  return metric;
}

std::shared_ptr<Metric> build_metric(std::string_view name, const MetricContext& space) {
  return build_metric(Config::from_json(std::string(name), "metric"), space);
}

}  // namespace infomtl
