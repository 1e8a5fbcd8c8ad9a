#include "infomtl/ops/packed/linear.h"

#include <ATen/ATen.h>
#include <ATen/cpu/Utils.h>

#include <algorithm>

#include "ops/packed/accumulate_per_task.h"
#include "ops/packed/autograd_support.h"
#include "ops/packed/plain.h"
#include "ops/packed/products.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Parts that follow one another in memory, seen as one [sum of rows, ...] tensor; undefined when they do not.
at::Tensor joined_view(const std::vector<at::Tensor>& parts) {
  for (const at::Tensor& part : parts) {
    if (!part.defined()) return {};
  }
  if (parts.size() == 1) return parts[0];
  std::int64_t rows = 0;
  const at::Tensor& first = parts[0];
  const auto* next = static_cast<const char*>(first.const_data_ptr());
  for (const at::Tensor& part : parts) {
    if (!part.is_contiguous() || part.const_data_ptr() != next || part.storage().data() != first.storage().data()) {
      return {};
    }
    next += part.nbytes();
    rows += part.size(0);
  }
  std::vector<std::int64_t> sizes = first.sizes().vec();
  sizes[0] = rows;
  return first.detach().as_strided(sizes, first.strides(), first.storage_offset());
}
at::Tensor joined(const std::vector<at::Tensor>& parts) {
  at::Tensor view = joined_view(parts);
  return view.defined() ? view : at::cat(parts);
}

// Gradients of one kind of parameter (weights or biases) of all parts: into the sink where it takes them, else as
// tensors in `ordinary`.
//
// of_rows(rows of x, rows of the gradient): what these rows give to parts side by side; `x` may be undefined.
// add_rows(place, rows of x, rows of the gradient) adds the same to a place.
template <class OfRows, class AddRows>
void give_gradients(const RowOwners& owners, const std::vector<at::Tensor>& parameters, const at::Tensor& x,
                    const at::Tensor& gradient, const std::vector<bool>& needed, OfRows of_rows, AddRows add_rows,
                    GradientSink::WeightedSum sum, at::Tensor* ordinary) {
  const std::size_t count = parameters.size();
  const auto for_each_part = [&](auto run) {
    std::int64_t begin = 0;
    for (std::size_t p = 0; p < count; ++p) {
      run(p, begin, parameters[p].size(0));
      begin += parameters[p].size(0);
    }
  };
  const std::vector<bool> taken = accumulate_per_task(
      owners, parameters, needed,
      [&](const TaskPlaces& task) {
        const auto of_task = [&](const at::Tensor& all) {
          return all.defined() ? all.narrow(0, task.rows.begin, task.rows.end - task.rows.begin) : all;
        };
        const at::Tensor own_x = of_task(x), own = of_task(gradient), all = joined_view(task.places);
        if (all.defined()) {
          std::vector<std::int64_t> sizes = parameters[0].sizes().vec();
          sizes[0] = gradient.size(1);
          add_rows(all.view(sizes), own_x, own);
          return;
        }
        for_each_part([&](std::size_t p, std::int64_t begin, std::int64_t size) {
          if (task.places[p].defined()) {
            add_rows(task.places[p].view(parameters[p].sizes()), own_x, own.narrow(1, begin, size));
          }
        });
      },
      std::move(sum));
  const bool none_taken = std::none_of(taken.begin(), taken.end(), [](bool took) { return took; });
  if (none_taken && std::none_of(needed.begin(), needed.end(), [](bool need) { return need; })) return;
  const at::ScalarType type = parameters[0].scalar_type();
  const at::Tensor all = none_taken ? of_rows(x, gradient).to(type) : at::Tensor();
  for_each_part([&](std::size_t p, std::int64_t begin, std::int64_t size) {
    if (!needed[p] || taken[p]) return;
    if (none_taken) {
      ordinary[p] = count == 1 ? all : all.narrow(0, begin, size);
    } else {
      ordinary[p] = of_rows(x, gradient.narrow(1, begin, size)).to(type);
    }
  });
}

// Adds consecutive rows of `whole` to the places that are defined.
void add_parts(const at::Tensor& whole, const std::vector<at::Tensor>& places) {
  std::int64_t begin = 0;
  for (const at::Tensor& place : places) {
    place.add_(whole.narrow(0, begin, place.size(0)));
    begin += place.size(0);
  }
}

struct Linear final : torch::autograd::Function<Linear> {
  // parameters: all weights, then all biases (or none).
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, at::TensorList parameters, std::int64_t parts,
                            const RowOwners& owners) {
    const std::vector<at::Tensor> weights(parameters.begin(), parameters.begin() + parts);
    const std::vector<at::Tensor> biases(parameters.begin() + parts, parameters.end());
    const at::Tensor weight = joined(weights).to(x.scalar_type());
    if (x.scalar_type() != weights[0].scalar_type()) ctx->saved_data["rounded_weight"] = weight;
    variable_list saved{x};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["parts"] = parts;
    ctx->saved_data["owners"] = hold(owners);
    return product_of_rows(x, weight, biases.empty() ? at::Tensor() : joined(biases).to(x.scalar_type()));
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("linear");
    const variable_list saved = ctx->get_saved_variables();
    const auto parts = static_cast<std::size_t>(ctx->saved_data["parts"].toInt());
    const auto owners = held<RowOwners>(ctx->saved_data["owners"]);
    const at::Tensor& x = saved[0];
    const auto first_bias = saved.begin() + 1 + static_cast<std::ptrdiff_t>(parts);
    const std::vector<at::Tensor> weights(saved.begin() + 1, first_bias);
    const std::vector<at::Tensor> biases(first_bias, saved.end());
    const at::Tensor gradient = gradients[0].contiguous();

    variable_list result(saved.size() + 2);
    if (ctx->needs_input_grad(0)) {
      const auto rounded = ctx->saved_data.find("rounded_weight");
      const at::Tensor weight = rounded == ctx->saved_data.end() ? joined(weights) : rounded->second.toTensor();
      result[0] = product_of_rows(gradient, weight.t());
    }
    const auto needed = [&](std::size_t first) {
      std::vector<bool> all(parts);
      for (std::size_t p = 0; p < parts; ++p) all[p] = ctx->needs_input_grad(first + p);
      return all;
    };
    give_gradients(
        owners, weights, x, gradient, needed(1),
        [](const at::Tensor& rows, const at::Tensor& own) { return product_over_rows(own, rows); },
        [](const at::Tensor& place, const at::Tensor& rows, const at::Tensor& own) {
          add_product_over_rows(place, own, rows);
        },
        [owners, x = x.detach(), gradient](const at::Tensor& of_tasks, const auto& places) {
          add_parts(product_over_rows(owners.weighted(gradient, of_tasks), x).to(of_tasks.scalar_type()), places);
        },
        &result[1]);
    if (!biases.empty()) {
      const auto sum = [&](const at::Tensor&, const at::Tensor& own) {
        return at::sum(own, 0, false, biases[0].scalar_type());
      };
      give_gradients(
          owners, biases, {}, gradient, needed(1 + parts), sum,
          [&](const at::Tensor& place, const at::Tensor& rows, const at::Tensor& own) { place.add_(sum(rows, own)); },
          {}, &result[1 + parts]);
    }
    return result;
  }
};

}  // namespace

torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                     const RowOwners& owners, Derivatives derivatives) {
  std::vector<at::Tensor> biases;
  if (bias.defined()) biases.push_back(bias);
  return stacked_linear(x, {weight}, biases, owners, derivatives);
}

torch::Tensor stacked_linear(const torch::Tensor& x, const std::vector<torch::Tensor>& weights,
                             const std::vector<torch::Tensor>& biases, const RowOwners& owners,
                             Derivatives derivatives) {
  check_shape(!weights.empty() && (biases.empty() || biases.size() == weights.size()), "linear",
              std::to_string(weights.size()) + " weights, " + std::to_string(biases.size()) + " biases");
  std::vector<at::Tensor> parameters = weights;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const bool fits = x.dim() == 2 && weights[i].dim() == 2 && x.size(1) == weights[i].size(1) &&
                      (biases.empty() || (biases[i].dim() == 1 && biases[i].size(0) == weights[i].size(0)));
    check_shape(fits, "linear",
                "input " + shape_text(x) + ", weight " + shape_text(weights[i]) +
                    (biases.empty() ? "" : ", bias " + shape_text(biases[i])));
  }
  check_owners(owners, x.size(0), "linear");
  if (derivatives == Derivatives::twice) return plain::linear(x, weights, biases);
  parameters.insert(parameters.end(), biases.begin(), biases.end());
  return Linear::apply(x, at::TensorList(parameters), static_cast<std::int64_t>(weights.size()), owners);
}

bool has_bfloat16_products() {
  const auto found = at::cpu::get_cpu_capabilities();
  const auto has = [&](const char* name) {
    const auto entry = found.find(name);
    return entry != found.end() && entry->second.isBool() && entry->second.toBool();
  };
  return has("avx512_bf16") || has("amx_bf16");
}

}  // namespace infomtl::ops
