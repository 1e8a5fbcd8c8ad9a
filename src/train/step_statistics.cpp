#include "train/step_statistics.h"

#include <cmath>
#include <limits>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

Tensor float64_scalar(double value) { return torch::tensor(value, torch::kFloat64); }

}  // namespace

void StepStatistics::add_to(Mean& mean, const Tensor& value) {
  const Tensor exact = value.detach().to(torch::kFloat64);
  mean.sum = mean.sum.defined() ? mean.sum.to(exact.device()) + exact : exact.clone();
  ++mean.steps;
}

double StepStatistics::value_of(const Mean& mean) { return mean.sum.item<double>() / static_cast<double>(mean.steps); }

void StepStatistics::add(StepGradients& gradients, const Tensor& norm, const Tensor& clipped) {
  const torch::NoGradGuard no_grad;
  const Tensor losses = gradients.losses();
  for (std::size_t i = 0; i < gradients.tasks_with_rows().size(); ++i) {
    const std::size_t task = gradients.tasks_with_rows()[i];
    for (const TermSum& term : gradients.terms()[i]) {
      TermTotal& total = terms_[{task, term.term}];
      const Tensor weighted = term.sum * term.weight;
      total.sum = total.sum.defined() ? total.sum.to(term.sum.device()) + term.sum : term.sum.clone();
      total.weighted = total.weighted.defined() ? total.weighted.to(term.sum.device()) + weighted : weighted;
      total.count += term.count;
    }
    if (i >= gradients.size()) continue;  // it has no loss in this step
    const auto place = static_cast<std::int64_t>(i);
    add_to(epoch_losses_[task], losses[place]);
    if (gradients.applied_weights().defined()) add_to(weights_[task], gradients.applied_weights()[place]);
  }
  add_to(norm_, norm);
  add_to(clipped_, clipped.mean());
}

void StepStatistics::take(StepReport& report) {
  for (const auto& [key, total] : terms_) {
    if (total.count == 0) continue;
    report.losses[tasks_[key.first]][key.second] = {.raw = total.sum.item<double>() / total.count,
                                                    .weighted = total.weighted.item<double>() / total.count,
                                                    .count = total.count};
  }
  if (norm_.steps > 0) report.gradient_norm = value_of(norm_);
  if (clipped_.steps > 0) report.clipped_share = value_of(clipped_);
  for (std::size_t t = 0; t < tasks_.size(); ++t) {
    if (weights_[t].steps > 0) report.weights[tasks_[t]] = value_of(weights_[t]);
    weights_[t] = {};
  }
  report.skipped_steps = skipped_;
  terms_.clear();
  norm_ = {};
  clipped_ = {};
  skipped_ = 0;
}

std::vector<double> StepStatistics::take_epoch_losses() {
  std::vector<double> means;
  for (Mean& mean : epoch_losses_) {
    means.push_back(mean.steps == 0 ? std::numeric_limits<double>::quiet_NaN() : value_of(mean));
    mean = {};
  }
  return means;
}

Json StepStatistics::save() const {
  Json saved = {{"terms", Json::array()}, {"skipped", skipped_}, {"epoch_losses", Json::array()}};
  for (const auto& [key, total] : terms_) {
    saved["terms"].push_back({{"task", key.first},
                              {"term", key.second},
                              {"sum", total.sum.item<double>()},
                              {"weighted", total.weighted.item<double>()},
                              {"count", total.count}});
  }
  const auto mean_json = [](const Mean& mean) -> Json {
    if (mean.steps == 0) return nullptr;
    return {{"sum", mean.sum.item<double>()}, {"steps", mean.steps}};
  };
  saved["norm"] = mean_json(norm_);
  saved["clipped"] = mean_json(clipped_);
  saved["weights"] = Json::array();
  for (const Mean& mean : weights_) saved["weights"].push_back(mean_json(mean));
  for (const Mean& mean : epoch_losses_) saved["epoch_losses"].push_back(mean_json(mean));
  return saved;
}

void StepStatistics::load(const Json& saved) {
  const auto mean_from = [](const Json& json) {
    Mean mean;
    if (json.is_null()) return mean;
    mean.sum = float64_scalar(json.at("sum").get<double>());
    mean.steps = json.at("steps").get<std::int64_t>();
    return mean;
  };
  StepStatistics read(tasks_);
  try {
    for (const Json& term : saved.at("terms")) {
      TermTotal& total = read.terms_[{term.at("task").get<std::size_t>(), term.at("term").get<std::string>()}];
      total.sum = float64_scalar(term.at("sum").get<double>());
      total.weighted = float64_scalar(term.at("weighted").get<double>());
      total.count = term.at("count").get<double>();
    }
    read.norm_ = mean_from(saved.at("norm"));
    read.clipped_ = mean_from(saved.at("clipped"));
    read.skipped_ = saved.at("skipped").get<std::int64_t>();
    for (std::size_t t = 0; t < tasks_.size(); ++t) {
      read.weights_[t] = mean_from(saved.at("weights").at(t));
      read.epoch_losses_[t] = mean_from(saved.at("epoch_losses").at(t));
    }
  } catch (const Json::exception& error) {
    throw FormatError(std::string("checkpoint: its statistics cannot be read: ") + error.what());
  }
  *this = std::move(read);
}

}  // namespace infomtl
