#include "losses/given_gradient.h"

#include <torch/autograd.h>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

using torch::Tensor;

class GivenGradient : public torch::autograd::Function<GivenGradient> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, at::TensorList /*tensors*/, const Tensor& value,
                        const std::vector<Tensor>& gradients) {
    context->save_for_backward(gradients);
    return value.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outer) {
    if (at::GradMode::is_enabled()) {
      throw StateError(
          "a given gradient is a number, not a function: a gradient of it (create_graph) was asked for; "
          "leave out the loss adversarial_parameters where second derivatives are needed");
    }
    torch::autograd::variable_list result = context->get_saved_variables();
    for (Tensor& gradient : result) {
      if (gradient.defined()) gradient = gradient * outer[0];
    }
    result.resize(result.size() + 2);  // value and gradients are not variables
    return result;
  }
};

}  // namespace

Tensor with_given_gradient(const Tensor& value, const std::vector<Tensor>& tensors,
                           const std::vector<Tensor>& gradients) {
  return GivenGradient::apply(at::TensorList(tensors), value.detach(), gradients);
}

}  // namespace infomtl
