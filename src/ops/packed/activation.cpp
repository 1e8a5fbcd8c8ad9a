#include "infomtl/ops/packed/activation.h"

#include <ATen/ATen.h>

#include <array>

#include "infomtl/core/errors.h"
#include "ops/packed/autograd_support.h"
#include "ops/packed/choose_backend.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Named {
  const char* name;
  Activation activation;
};
constexpr std::array<Named, 9> kNamed = {{{"gelu", Activation::gelu},
                                          {"gelu_new", Activation::gelu_tanh},
                                          {"gelu_pytorch_tanh", Activation::gelu_tanh},
                                          {"gelu_fast", Activation::gelu_tanh},
                                          {"gelu_python", Activation::gelu},
                                          {"relu", Activation::relu},
                                          {"silu", Activation::silu},
                                          {"swish", Activation::silu},
                                          {"tanh", Activation::tanh}}};

struct Gelu final : torch::autograd::Function<Gelu> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_in, const RowOwners& owners) {
    const at::Tensor x = x_in.contiguous();
    ctx->save_for_backward({x});
    ctx->saved_data["owners"] = hold(owners);
    return backend_of(x).gelu(x);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("gelu");
    const at::Tensor x = ctx->get_saved_variables()[0];
    const at::Tensor place = gradient_place(x, held<RowOwners>(ctx->saved_data["owners"]));
    backend_of(x).gelu_gradient(x, gradients[0].contiguous(), place);
    return {place, {}};
  }
};

}  // namespace

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    all.reserve(kNamed.size());
    for (const Named& named : kNamed) all.emplace_back(named.name);
    return all;
  }();
  return names;
}

Activation activation_of_name(std::string_view name) {
  for (const Named& named : kNamed) {
    if (name == named.name) return named.activation;
  }
  throw UnknownNameError("unknown activation \"" + std::string(name) + "\"" + did_you_mean(name, activation_names()));
}

torch::Tensor activate(const torch::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::gelu:
      return at::gelu(x);
    case Activation::gelu_tanh:
      return at::gelu(x, "tanh");
    case Activation::relu:
      return at::relu(x);
    case Activation::silu:
      return at::silu(x);
    case Activation::tanh:
      return at::tanh(x);
  }
  throw StateError("activation out of range");
}

torch::Tensor activate_packed(const torch::Tensor& x, Activation activation, const RowOwners& owners,
                              Derivatives derivatives) {
  const bool fast = activation == Activation::gelu && derivatives == Derivatives::once;
  return fast ? Gelu::apply(x, owners) : activate(x, activation);
}

}  // namespace infomtl::ops
