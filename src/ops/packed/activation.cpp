#include "infomtl/ops/packed/activation.h"

#include <ATen/ATen.h>

#include <array>

#include "infomtl/core/errors.h"
#include "ops/packed/autograd_support.h"
#include "ops/packed/kernel_types.h"
#include "ops/packed/products.h"

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

// gradient undefined: x Phi(x); else gradient times its derivative. `out` may be x.
at::Tensor run_gelu(const at::Tensor& x, const at::Tensor& gradient, at::Tensor out) {
  with_loop_type(x.scalar_type(), [&]<class T>() {
    kernels::loops<T>().gelu({.count = x.numel(),
                              .x = read_data<T>(x),
                              .gradient = gradient.defined() ? read_data<T>(gradient) : nullptr,
                              .out = write_data<T>(out)});
  });
  return out;
}

struct Gelu final : torch::autograd::Function<Gelu> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_in, const Segments& segments) {
    const at::Tensor x = x_in.contiguous();
    ctx->save_for_backward({x});
    ctx->saved_data["segments"] = hold(segments);
    return run_gelu(x, {}, empty_rows_like(x));
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("gelu");
    const at::Tensor x = ctx->get_saved_variables()[0];
    const auto segments = held<Segments>(ctx->saved_data["segments"]);
    return {run_gelu(x, gradients[0].contiguous(), gradient_place(x, segments)), {}};
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

torch::Tensor activate_packed(const torch::Tensor& x, Activation activation,
                              const std::shared_ptr<GradientSegments>& segments) {
  return activation == Activation::gelu && has_loops(x) ? Gelu::apply(x, segments) : activate(x, activation);
}

}  // namespace infomtl::ops
