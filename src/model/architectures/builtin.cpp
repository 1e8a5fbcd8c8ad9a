#include "model/architectures/builtin.h"

#include "infomtl/core/random.h"

namespace infomtl::architectures {
namespace {

std::shared_ptr<torch::nn::Module> add_group(torch::nn::Module& owner, const std::string& name) {
  return owner.register_module(name, std::make_shared<torch::nn::Module>(name));
}

}  // namespace

void ExpertSettings::fields(FieldVisitor& f) {
  f.field("hidden", hidden, "width of an expert's hidden layer; 0: that of its input", width_from(0));
  f.field("width", width, "width of an expert's output, which heads read; 0: that of the encoder", width_from(0));
  f.choice("activation", activation, ops::activation_names(), "activation of the hidden layer");
  f.field("dropout", dropout, "rate of dropping before each linear map of an expert", from_to_below(0.0, 1.0));
}

DenseNet::Shape expert_shape(const ExpertSettings& settings, std::int64_t inputs) {
  return {.inputs = inputs,
          .hidden = settings.hidden > 0 ? settings.hidden : inputs,
          .outputs = settings.width > 0 ? settings.width : inputs,
          .activation = ops::activation_of_name(settings.activation),
          .dropout = settings.dropout};
}

Nets add_nets(torch::nn::Module& owner, const std::string& name, std::size_t count, const DenseNet::Shape& shape,
              std::uint64_t seed) {
  const auto group = add_group(owner, name);
  Nets nets;
  for (std::size_t i = 0; i < count; ++i) {
    nets.push_back(
        group->register_module(std::to_string(i), std::make_shared<DenseNet>(shape, derive_seed(seed, name, i))));
  }
  return nets;
}

Nets add_gates(torch::nn::Module& owner, const std::string& name, std::size_t tasks, std::int64_t inputs,
               std::int64_t experts, std::uint64_t seed) {
  return add_nets(owner, name, tasks, {.inputs = inputs, .hidden = 0, .outputs = experts}, seed);
}

void append_outputs(std::vector<Tensor>& outputs, const Nets& nets, const Tensor& x, ops::TensorRandom* noise) {
  for (const auto& net : nets) outputs.push_back(net->forward(x, noise));
}

void append_parameters(std::vector<Tensor>& parameters, const Nets& nets) {
  for (const auto& net : nets) {
    for (const Tensor& parameter : net->parameters()) parameters.push_back(parameter);
  }
}

Tensor gate_weights(const DenseNet& gate, const Tensor& x) { return at::softmax(gate.forward(x, nullptr), -1); }

Tensor mix(const Tensor& weights, const std::vector<Tensor>& outputs) {
  return at::bmm(weights.unsqueeze(1), at::stack(outputs, 1)).squeeze(1);
}

Tensor gate_similarity(const Nets& gates, std::int64_t shared) {
  const torch::NoGradGuard no_grad;
  std::vector<Tensor> common, norms;
  for (const auto& gate : gates) {
    const auto parameters = gate->named_parameters();
    const Tensor map = at::cat({parameters["output.weight"], parameters["output.bias"].unsqueeze(1)}, 1)
                           .to(torch::kCPU, torch::kFloat64);
    const Tensor centred = map - map.mean(0, /*keepdim=*/true);
    common.push_back(centred.narrow(0, 0, shared).reshape(-1));
    norms.push_back(at::linalg_vector_norm(centred));
  }
  const Tensor rows = at::stack(common), lengths = at::stack(norms).clamp_min(1e-12);
  Tensor similarity = rows.matmul(rows.t()) / (lengths.unsqueeze(1) * lengths.unsqueeze(0));
  similarity.fill_diagonal_(1.0);
  return similarity;
}

void AdapterSettings::fields(FieldVisitor& f) {
  f.field("levels", levels, "adapters of a branch, one after another", count_from(1));
  f.field("hidden", hidden, "width of an adapter's hidden layer", width_from(1));
  f.choice("activation", activation, ops::activation_names(), "activation of the hidden layer");
  f.field("dropout", dropout, "rate of dropping before each linear map of an adapter", from_to_below(0.0, 1.0));
}

Branches::Branches(torch::nn::Module& owner, const AdapterSettings& settings, const ArchitectureContext& shape,
                   const std::string& links) {
  const DenseNet::Shape net{.inputs = shape.width,
                            .hidden = settings.hidden,
                            .outputs = shape.width,
                            .activation = ops::activation_of_name(settings.activation),
                            .dropout = settings.dropout};
  const auto adapters = add_group(owner, "adapters"), between = add_group(owner, links);
  for (std::int64_t level = 0; level < settings.levels; ++level) {
    const std::string name = std::to_string(level);
    adapters_.push_back(add_nets(*adapters, name, shape.tasks.size(), net,
                                 derive_seed(shape.seed, "adapters", static_cast<std::uint64_t>(level))));
    if (level == 0) continue;
    const auto group = add_group(*between, name);
    links_.emplace_back();
    for (std::size_t t = 0; t < shape.tasks.size(); ++t) {
      links_.back().push_back(
          group->register_parameter(std::to_string(t), at::zeros({static_cast<std::int64_t>(shape.tasks.size())})));
    }
  }
}

Tensor Branches::adapt(std::size_t level, std::size_t task, const Tensor& x, ops::TensorRandom* noise) const {
  return x + adapters_[level][task]->forward(x, noise);
}

std::vector<Tensor> Branches::parameters() const {
  std::vector<Tensor> all;
  for (const Nets& level : adapters_) append_parameters(all, level);
  for (const auto& level : links_) all.insert(all.end(), level.begin(), level.end());
  return all;
}

}  // namespace infomtl::architectures
