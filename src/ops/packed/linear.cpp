#include "infomtl/ops/packed/linear.h"

#include <ATen/ATen.h>
#include <ATen/cpu/Utils.h>

#include "ops/packed/autograd_support.h"
#include "ops/packed/products.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Parts that follow one another in memory, seen as one [sum of rows, ...] tensor; undefined when they do not.
at::Tensor joined_view(const std::vector<at::Tensor>& parts) {
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

// The sink's rows of several parameters as one [T, sum of numel], where they are columns of one matrix side by side.
at::Tensor joined_rows(const std::vector<at::Tensor>& rows) {
  if (rows.size() == 1) return rows[0];
  std::int64_t columns = 0;
  const auto* next = static_cast<const char*>(rows[0].const_data_ptr());
  for (const at::Tensor& part : rows) {
    if (part.const_data_ptr() != next || part.stride(0) != rows[0].stride(0) ||
        part.storage().data() != rows[0].storage().data()) {
      return {};
    }
    next += part.size(1) * part.element_size();
    columns += part.size(1);
  }
  return rows[0].as_strided({rows[0].size(0), columns}, rows[0].strides(), rows[0].storage_offset());
}

// dY^T X, in the type of the weight.
at::Tensor weight_gradient(const at::Tensor& gradient, const at::Tensor& x, at::ScalarType type) {
  return product_over_rows(gradient, x).to(type);
}

void add_weight_rows(const at::Tensor& rows, const std::vector<GradientSegments::Range>& ranges, const at::Tensor& x,
                     const at::Tensor& gradient) {
  for (std::size_t t = 0; t < ranges.size(); ++t) {
    const std::int64_t count = ranges[t].end - ranges[t].begin;
    if (count == 0) continue;
    rows[static_cast<std::int64_t>(t)]
        .view({gradient.size(1), x.size(1)})
        .add_(product_over_rows(gradient.narrow(0, ranges[t].begin, count), x.narrow(0, ranges[t].begin, count)));
  }
}
void add_bias_rows(const at::Tensor& rows, const std::vector<GradientSegments::Range>& ranges,
                   const at::Tensor& gradient) {
  for (std::size_t t = 0; t < ranges.size(); ++t) {
    const std::int64_t count = ranges[t].end - ranges[t].begin;
    if (count == 0) continue;
    rows[static_cast<std::int64_t>(t)].add_(
        at::sum(gradient.narrow(0, ranges[t].begin, count), 0, false, rows.scalar_type()));
  }
}

// Gradients of one kind of parameter (weights or biases) of all parts: into the sink where it takes them, else as
// tensors in `ordinary`.
template <class AddRows, class Whole>
void give_gradients(const Segments& segments, const std::vector<at::Tensor>& parameters, const at::Tensor& gradient,
                    const std::vector<bool>& needed, AddRows add_rows, Whole whole, std::vector<at::Tensor>& ordinary) {
  const std::size_t count = parameters.size();
  std::vector<at::Tensor> rows(count);
  std::size_t taken = 0;
  for (std::size_t p = 0; p < count; ++p) {
    if (segments == nullptr || !needed[p] || !parameters[p].defined()) continue;
    rows[p] = segments->sink().open(parameters[p]);
    taken += rows[p].defined() ? 1 : 0;
  }
  if (taken == count) {
    const at::Tensor all = joined_rows(rows);
    if (all.defined()) {
      add_rows(all, gradient);
      for (std::size_t p = 0; p < count; ++p) segments->sink().close(parameters[p], rows[p]);
      return;
    }
  }
  if (taken == 0) {
    bool any = false;
    for (std::size_t p = 0; p < count; ++p) any = any || (needed[p] && parameters[p].defined());
    if (!any) return;
    const at::Tensor all = whole(gradient);
    std::int64_t begin = 0;
    for (std::size_t p = 0; p < count; ++p) {
      const std::int64_t size = parameters[p].size(0);
      if (needed[p]) ordinary[p] = count == 1 ? all : all.narrow(0, begin, size);
      begin += size;
    }
    return;
  }
  std::int64_t begin = 0;
  for (std::size_t p = 0; p < count; ++p) {
    const std::int64_t size = parameters[p].size(0);
    const at::Tensor own = gradient.narrow(1, begin, size);
    begin += size;
    if (rows[p].defined()) {
      add_rows(rows[p], own);
      segments->sink().close(parameters[p], rows[p]);
    } else if (needed[p]) {
      ordinary[p] = whole(own);
    }
  }
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
                            const Segments& segments) {
    const std::vector<at::Tensor> weights(parameters.begin(), parameters.begin() + parts);
    const std::vector<at::Tensor> biases(parameters.begin() + parts, parameters.end());
    const at::Tensor weight = joined(weights).to(x.scalar_type());
    if (x.scalar_type() != weights[0].scalar_type()) ctx->saved_data["rounded_weight"] = weight;
    variable_list saved{x};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["parts"] = parts;
    ctx->saved_data["segments"] = hold(segments);
    return product_of_rows(x, weight, biases.empty() ? at::Tensor() : joined(biases).to(x.scalar_type()));
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("linear");
    const variable_list saved = ctx->get_saved_variables();
    const auto parts = static_cast<std::size_t>(ctx->saved_data["parts"].toInt());
    const auto segments = held<Segments>(ctx->saved_data["segments"]);
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
    std::vector<bool> needed(saved.size());
    for (std::size_t i = 1; i < saved.size(); ++i) needed[i] = ctx->needs_input_grad(i);

    std::vector<at::Tensor> ordinary(parts);
    give_gradients(
        segments, weights, gradient, {needed.begin() + 1, needed.begin() + 1 + static_cast<std::ptrdiff_t>(parts)},
        [&](const at::Tensor& rows, const at::Tensor& own) {
          add_weight_rows(rows, segments->ranges_of(x.size(0), rows), x, own);
        },
        [&](const at::Tensor& own) { return weight_gradient(own, x, weights[0].scalar_type()); }, ordinary);
    if (segments != nullptr && segments->sink().keeps()) {
      segments->sink().keep(
          weights, [segments, x = x.detach(), gradient](const at::Tensor& of_tasks, const auto& places) {
            add_parts(weight_gradient(segments->weighted(gradient, of_tasks), x, of_tasks.scalar_type()), places);
          });
    }
    std::copy(ordinary.begin(), ordinary.end(), result.begin() + 1);
    if (!biases.empty()) {
      ordinary.assign(parts, {});
      give_gradients(
          segments, biases, gradient, {needed.begin() + 1 + static_cast<std::ptrdiff_t>(parts), needed.end()},
          [&](const at::Tensor& rows, const at::Tensor& own) {
            add_bias_rows(rows, segments->ranges_of(x.size(0), rows), own);
          },
          [&](const at::Tensor& own) { return at::sum(own, 0, false, biases[0].scalar_type()); }, ordinary);
      std::copy(ordinary.begin(), ordinary.end(), result.begin() + 1 + static_cast<std::ptrdiff_t>(parts));
    }
    return result;
  }
};

}  // namespace

torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                     const std::shared_ptr<GradientSegments>& segments) {
  std::vector<at::Tensor> biases;
  if (bias.defined()) biases.push_back(bias);
  return stacked_linear(x, {weight}, biases, segments);
}

torch::Tensor stacked_linear(const torch::Tensor& x, const std::vector<torch::Tensor>& weights,
                             const std::vector<torch::Tensor>& biases,
                             const std::shared_ptr<GradientSegments>& segments) {
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
  parameters.insert(parameters.end(), biases.begin(), biases.end());
  return Linear::apply(x, at::TensorList(parameters), static_cast<std::int64_t>(weights.size()), segments);
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
