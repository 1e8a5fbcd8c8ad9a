#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "model/architectures/builtin.h"

namespace infomtl::architectures {

void DselectKSettings::fields(FieldVisitor& f) {
  f.field("experts", experts, "networks that all tasks share", count_from(2));
  f.field("selectors", selectors, "k, the largest number of experts that a task ends with", count_from(1));
  f.field("gamma", gamma, "width of the smooth step", above(0));
  f.choice("gate", gate, {"input", "static"}, "selectors that look at the row, or one choice per task for all rows");
  expert.fields(f);
}

/// DSelect-k: gates that come to rest on at most k experts. Each of a task's k selectors spells the number of an expert
/// in n = ceil(log2 E) relaxed bits S(z), S the smooth step of width gamma; its weight on expert e is the product over
/// bits of S or 1 - S, and the selectors are mixed by a softmax. The loss "gate_entropy" drives selectors to decide.
///
/// S(t) = -2/gamma^3 t^3 + 3/(2 gamma) t + 1/2 within gamma/2 of zero, 0 below and 1 above.
class DselectK final : public Architecture {
 public:
  using Settings = DselectKSettings;
  DselectK(const Settings& settings, const ArchitectureContext& shape) : settings_(settings) {
    if (settings.selectors > settings.experts) {
      throw ConfigError("architecture \"dselect_k\": " + std::to_string(settings.selectors) + " selectors for " +
                        std::to_string(settings.experts) + " experts");
    }
    while ((std::int64_t{1} << bits_) < settings.experts) ++bits_;
    const DenseNet::Shape net = expert_shape(settings.expert, shape.width);
    width_ = net.outputs;
    experts_ = add_nets(*this, "experts", static_cast<std::size_t>(settings.experts), net, shape.seed);
    const auto group = register_module("gates", std::make_shared<torch::nn::Module>("gates"));
    for (std::size_t t = 0; t < shape.tasks.size(); ++t) {
      const auto gate = group->register_module(std::to_string(t), std::make_shared<torch::nn::Module>("gate"));
      const auto draw = [&](const std::string& name, at::IntArrayRef size, double bound) {
        ops::TensorRandom random(derive_seed(shape.seed, "gates." + name, t));
        return gate->register_parameter(name, at::empty(size).uniform_(-bound, bound, random.generator()));
      };
      const auto map = [&](const std::string& name, std::int64_t outputs, double bound) {
        Map made;
        if (settings.gate == "input") made.weight = draw(name + "_weight", {outputs, shape.width}, bound);
        made.bias = draw(name + "_bias", {outputs}, bound);
        return made;
      };
      gates_.push_back({.code = map("code", settings.selectors * bits_, settings.gamma / 100),
                        .mixture = map("mixture", settings.selectors, 0.05)});
    }
  }

  TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom* noise) override {
    std::vector<Tensor> outputs;
    append_outputs(outputs, experts_, rows.pooled, noise);
    const Selection selection = select(gates_.at(task), rows.pooled);
    TaskRepresentation result;
    result.value = mix(selection.weights, outputs);
    result.gate_entropy = selection.entropy;
    return result;
  }
  std::int64_t width() const override { return width_; }
  bool sparse_gates() const override { return true; }
  std::vector<Tensor> shared_parameters() override {
    std::vector<Tensor> shared;
    append_parameters(shared, experts_);
    return shared;
  }
  /// Cosines of the tasks' weights on experts; gates that look at the row have no one answer.
  Tensor task_similarity() const override {
    if (settings_.gate != "static") return {};
    const torch::NoGradGuard no_grad;
    std::vector<Tensor> weights;
    for (const Gate& gate : gates_) {
      weights.push_back(select(gate, at::zeros({1, 1}, gate.mixture.bias.options())).weights[0]);
    }
    const Tensor rows = at::stack(weights).to(torch::kCPU, torch::kFloat64);
    const Tensor unit = rows / at::linalg_vector_norm(rows, 2, at::IntArrayRef{1}, true).clamp_min(1e-12);
    return unit.matmul(unit.t());
  }

 private:
  struct Map {
    Tensor weight, bias;  ///< weight undefined: the same logits for every row
    Tensor logits(const Tensor& x) const {
      return weight.defined() ? at::linear(x, weight, bias) : bias.unsqueeze(0).expand({x.size(0), bias.size(0)});
    }
  };
  struct Gate {
    Map code, mixture;
  };
  struct Selection {
    Tensor weights;  ///< [B, E]
    Tensor entropy;  ///< [B]
  };

  Selection select(const Gate& gate, const Tensor& x) const {
    const std::int64_t rows = x.size(0), experts = settings_.experts;
    const double gamma = settings_.gamma;
    const Tensor t = at::clamp(gate.code.logits(x).view({rows, settings_.selectors, bits_}), -gamma / 2, gamma / 2);
    const Tensor steps = t * (1.5 / gamma - 2.0 / (gamma * gamma * gamma) * t.square()) + 0.5;
    Tensor selectors = at::ones({rows, settings_.selectors, 1}, t.options().requires_grad(false));
    for (std::int64_t bit = 0; bit < bits_; ++bit) {
      const Tensor one = steps.narrow(2, bit, 1);
      selectors = at::cat({selectors * (1 - one), selectors * one}, 2);
    }
    selectors = selectors.narrow(2, 0, experts);  // numbers that no expert has get nothing
    const Tensor mixture = at::softmax(gate.mixture.logits(x), 1);
    constexpr double kSmall = 1e-6;  // where a bit is decided, log would be infinite
    Tensor entropy = -(selectors * at::log(selectors + kSmall)).sum({1, 2});
    if (experts != std::int64_t{1} << bits_) entropy = entropy + (1 / (selectors.sum(2) + kSmall)).sum(1);
    return {at::bmm(mixture.unsqueeze(1), selectors).squeeze(1), entropy};
  }

  Settings settings_;
  std::int64_t bits_ = 0, width_ = 0;
  Nets experts_;
  std::vector<Gate> gates_;
};

ArchitectureFactory dselect_k(DselectKSettings settings) { return made_by<DselectK>("dselect_k", std::move(settings)); }

void register_dselect_k(ArchitectureRegistry& registry) {
  registry.add<DselectK>("dselect_k", "mixture of experts whose gates come to rest on k of them",
                         "Hazimeh et al., NeurIPS 2021",
                         {{"similarity", "\"static gates\""}, {"sparse_gates", "true"}});
}

}  // namespace infomtl::architectures
