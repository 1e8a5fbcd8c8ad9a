#include "infomtl/losses/task_information_minimization.h"

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "losses/compression_prior.h"
#include "losses/counted_items.h"

namespace infomtl {

void TaskInformationMinimization::Settings::fields(FieldVisitor& f) {
  f.choice("reduction", reduction, {"spc", "mean", "sum"}, "how the KL is reduced over coordinates and rows");
  f.choice(
      "prior", prior, prior_names(),
      "what the posterior is compressed to: standard N(0, I) (VIB), learned Gaussian, mixture of learned Gaussians "
      "(after VampPrior, Tomczak & Welling 2018), class_conditional (CEB, Fischer 2020); or, without a prior, an upper "
      "bound on what the sample says of the input: l1out (Poole et al. 2019), club, club_sample (Cheng et al. 2020)");
  f.field("components", components, "mixture: Gaussians per task", count_from(1));
  f.field("learning_rate", learning_rate, "peak rate of a prior that learns; 0: the optimiser's", at_least(0));
  f.only_where(prior == "mixture", {"components"}, "\"prior\" is \"mixture\"");
  f.only_where(prior == "learned" || prior == "mixture" || prior == "class_conditional", {"learning_rate"},
               "\"prior\" is \"learned\", \"mixture\" or \"class_conditional\"");
}

TaskInformationMinimization::TaskInformationMinimization(Settings settings, const TermContext& context)
    : settings_(std::move(settings)) {
  prior_ = register_module("prior", make_prior(settings_.prior, {.tasks = context.tasks,
                                                                 .components = settings_.components,
                                                                 .seed = derive_seed(context.seed, "prior")}));
}

bool TaskInformationMinimization::applies_to(const Task& task) const {
  return !prior_->reads_classes() || is_classes(task.kind);
}

bool TaskInformationMinimization::compares_rows() const {
  return settings_.reduction == "spc" || prior_->least_items() > 1;
}

std::int64_t TaskInformationMinimization::count(const TaskBatch& rows) const {
  const std::int64_t items = prior_->reads_classes() ? known_label_count(rows) : rows.label_count();
  return items < prior_->least_items() ? 0 : items;
}

LossValue TaskInformationMinimization::compute(TaskStep& step) {
  const Prediction& prediction = step.prediction();
  if (!prediction.mean.defined()) throw StateError("timin: the task's head is not gaussian");
  if (count(step.batch()) == 0) return no_items(prediction.mean);
  Posterior posterior{.mean = prediction.mean,
                      .log_variance = prediction.log_variance,
                      .sample = prediction.output,
                      .classes = is_classes(step.task().kind) ? step.labels() : Tensor(),
                      .task = step.task_index(),
                      .reduction = ops::kl_reduction(settings_.reduction)};
  if (prior_->reads_classes() && count(step.batch()) < step.batch().label_count()) {
    const Tensor known = known_places(step.batch(), prediction.mean.device());
    for (Tensor* part : {&posterior.mean, &posterior.log_variance, &posterior.sample, &posterior.classes}) {
      *part = part->index_select(0, known);
    }
  }
  return prior_->divergence(posterior);
}

}  // namespace infomtl
