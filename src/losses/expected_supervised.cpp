#include "infomtl/losses/expected_supervised.h"

#include <optional>

#include "infomtl/core/errors.h"
#include "infomtl/losses/supervised.h"
#include "infomtl/ops/information/gaussian.h"
#include "losses/counted_items.h"

namespace infomtl {

void ExpectedSupervised::Settings::fields(FieldVisitor& f) {
  f.field("samples", samples, "samples of representation and head per row, in training", between(1, 1000));
  f.field("label_smoothing", label_smoothing,
          "share of a label's mass spread evenly over all classes (classification and tagging)", from_to_below(0, 1));
}

void ExpectedSupervised::check(const MultiTaskModel& model) const {
  for (std::size_t t = 0; t < model.tasks().size(); ++t) {
    if (model.head(t).rounds() > 1) {
      throw ConfigError("its samples pass a head once, and that of task \"" + model.tasks()[t].name +
                        "\" has several rounds; use \"supervised\"");
    }
    if (model.head(t).reads_token_states()) {
      throw ConfigError("its samples are of the representation, and the head of task \"" + model.tasks()[t].name +
                        "\" reads the states of all tokens; set \"head\" to \"linear\" or \"bayesian\", or use " +
                        "\"supervised\"");
    }
    if (model.architecture().stochastic() || model.head(t).gaussian()) continue;
    throw ConfigError(
        "nothing is random in task \"" + model.tasks()[t].name +
        "\"; set \"architecture\": {\"name\": \"variational\"}, \"head\": \"bayesian\", or use \"supervised\"");
  }
}

std::int64_t ExpectedSupervised::count(const TaskBatch& rows) const { return known_label_count(rows); }

LossValue ExpectedSupervised::compute(TaskStep& step) {
  const Tensor& labels = step.labels();
  const double smoothing = settings_.label_smoothing;
  if (!step.training()) {
    const Tensor& output = step.prediction().output;
    if (labels.size(0) == 0) return no_items(output);
    return over_items(supervised_sum(step.task(), output, labels, smoothing), count(step.batch()));
  }
  const TaskRepresentation& code = step.representation();
  if (labels.size(0) == 0) return no_items(code.value);

  const std::int64_t samples = settings_.samples;
  const auto repeated = [samples](const Tensor& rows) {
    std::vector<std::int64_t> times(static_cast<std::size_t>(rows.dim()), 1);
    times.front() = samples;
    return rows.repeat(times);
  };
  Tensor z = repeated(code.value);
  if (code.mean.defined()) {
    const Tensor noise = step.random("samples").normal(z.sizes()).to(z.options());
    z = ops::gaussian_sample(repeated(code.mean), repeated(code.log_variance), noise);
  }
  ops::TensorRandom dropout = step.random("samples/head_dropout"), noise = step.random("samples/head_noise");
  const std::optional<WeightPosterior> weights = step.model().architecture().head_weights(step.task_index());
  const HeadInput input{
      .representation = z, .random = {&dropout, &noise}, .weights = weights.has_value() ? &*weights : nullptr};
  const Tensor output = step.model().head(step.task_index()).forward(input).output;
  const Tensor sum = supervised_sum(step.task(), output, repeated(labels), smoothing);
  return over_items(sum / static_cast<double>(samples), count(step.batch()));
}

}  // namespace infomtl
