#include "ops/information/tiled_info_nce.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>

#include <tuple>
#include <type_traits>

#include "ops/packed/autograd_support.h"
#include "ops/packed/kernel_types.h"

namespace infomtl::ops {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// Rows as the kernels multiply them, and what products are to be multiplied by.
struct TiledRows {
  Tensor rows;   ///< [n, H]
  Tensor scale;  ///< [n] float32; undefined: 1
};

/// bfloat16 rows stay what they are but for a power of two, which brings them to about length 1: no product overflows.
template <class T>
TiledRows tiled_rows(const Tensor& given, bool normalise) {
  if (!normalise) return {given.contiguous(), {}};
  const ScoredRows scored(given, torch::kFloat32, true);
  if constexpr (std::is_same_v<T, float>) {
    return {scored.rows.contiguous(), {}};
  } else {
    const Tensor mantissa = std::get<0>(at::frexp(scored.scale));
    const Tensor power = (scored.scale / mantissa).masked_fill_(mantissa == 0, 0.0);
    return {(given * power.to(given.scalar_type())).contiguous(), mantissa.squeeze(1).contiguous()};
  }
}

/// The kernels' view of inputs, and the tensors that it points into.
template <class T>
struct Tiles {
  TiledRows z, keys;
  Tensor positive, anchor_numbers, key_numbers;
  kernels::Contrast<T> contrast;

  Tiles(const Tensor& z_given, const Tensor& keys_given, const Pairing& pairing)
      : z(tiled_rows<T>(z_given, pairing.options.normalise)),
        keys(tiled_rows<T>(keys_given, pairing.options.normalise)) {
    if (!pairing.identity) positive = pairing.positive.contiguous();
    if (pairing.ignores()) {
      anchor_numbers = pairing.ignored.anchors.contiguous();
      key_numbers = pairing.ignored.keys.contiguous();
    }
    contrast = {.width = z.rows.size(1),
                .inverse_temperature = static_cast<float>(1.0 / pairing.options.temperature),
                .anchors = side(z, anchor_numbers),
                .keys = side(keys, key_numbers),
                .positive = numbers(positive)};
  }

 private:
  static const std::int64_t* numbers(const Tensor& x) {
    return x.defined() ? x.const_data_ptr<std::int64_t>() : nullptr;
  }
  static kernels::ContrastRows<T> side(const TiledRows& of, const Tensor& its_numbers) {
    return {.count = of.rows.size(0),
            .rows = read_data<T>(of.rows),
            .scale = of.scale.defined() ? of.scale.const_data_ptr<float>() : nullptr,
            .numbers = numbers(its_numbers)};
  }
};

const kernels::LogSum* read_sums(const Tensor& sums) {
  return sums.defined() ? reinterpret_cast<const kernels::LogSum*>(sums.const_data_ptr<float>()) : nullptr;
}
kernels::LogSum* write_sums(const Tensor& sums) {
  return reinterpret_cast<kernels::LogSum*>(sums.mutable_data_ptr<float>());
}

/// sum_i [ (greatest_i - picked_i) + log_total_i ]: what is left of a good row is near 0, where float32 has digits.
Tensor loss_of(const Tensor& sums, const Tensor& picked) {
  return ((sums.select(1, 0) - picked) + sums.select(1, 1)).sum();
}

template <class T>
class TiledInfoNce : public torch::autograd::Function<TiledInfoNce<T>> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& z, const Tensor& keys, const Pairing& pairing,
                        const ContrastKernels<T>* kernels) {
    const c10::OptionalDeviceGuard guard(at::device_of(z));
    const Tiles<T> tiles(z, keys, pairing);
    const auto wide = z.options().dtype(torch::kFloat32).requires_grad(false);
    const Tensor picked = at::empty({z.size(0)}, wide), anchor_sums = at::empty({z.size(0), 2}, wide);
    kernels->sums({.of = tiles.contrast,
                   .of_keys = false,
                   .sums = write_sums(anchor_sums),
                   .picked = picked.mutable_data_ptr<float>()});
    Tensor loss = loss_of(anchor_sums, picked), key_sums;
    if (pairing.options.symmetric) {
      key_sums = at::empty({keys.size(0), 2}, wide);
      kernels->sums({.of = tiles.contrast, .of_keys = true, .sums = write_sums(key_sums), .picked = nullptr});
      const Tensor own =
          pairing.identity ? key_sums.narrow(0, 0, z.size(0)) : key_sums.index_select(0, pairing.positive);
      loss = 0.5 * (loss + loss_of(own, picked));
    }
    keep(context, z, keys, pairing, {anchor_sums, key_sums});
    context->saved_data["kernels"] = hold(kernels);
    return loss;
  }

  static variable_list backward(AutogradContext* context, variable_list outer) {
    const Kept kept(context);
    if (at::GradMode::is_enabled()) return gradients_with_graph(kept, outer[0]);
    const c10::OptionalDeviceGuard guard(at::device_of(kept.z));
    const auto* kernels = held<const ContrastKernels<T>*>(context->saved_data["kernels"]);
    const Tiles<T> tiles(kept.z, kept.keys, kept.pairing);
    const Tensor &anchor_sums = kept.others[0], &key_sums = kept.others[1];
    const Tensor counts = key_sums.defined() ? key_counts(kept) : Tensor();
    const auto gradient_of = [&](const Tensor& given, bool of_keys) {
      const Tensor sums = at::empty(given.sizes(), anchor_sums.options());
      kernels->gradient({.of = tiles.contrast,
                         .of_keys = of_keys,
                         .anchor_sums = read_sums(anchor_sums),
                         .key_sums = read_sums(key_sums),
                         .key_counts = counts.defined() ? counts.const_data_ptr<float>() : nullptr,
                         .gradient = sums.mutable_data_ptr<float>()});
      const InfoNceOptions& options = kept.pairing.options;
      const Tensor in_rows = sums.mul_(outer[0].to(torch::kFloat32) / options.temperature);
      return ScoredRows(given, torch::kFloat32, options.normalise).through_norm(in_rows).to(given.scalar_type());
    };
    variable_list result(kArguments);
    if (context->needs_input_grad(0)) result[0] = gradient_of(kept.z, false);
    if (context->needs_input_grad(1)) result[1] = gradient_of(kept.keys, true);
    return result;
  }

 private:
  /// Whose positive each key is how often: whole numbers, exact in any order of additions.
  static Tensor key_counts(const Kept& kept) {
    Tensor counts = at::zeros({kept.keys.size(0)}, kept.others[0].options());
    if (kept.pairing.identity) {
      counts.narrow(0, 0, kept.z.size(0)).fill_(1);
    } else {
      counts.index_add_(0, kept.pairing.positive, at::ones({kept.z.size(0)}, counts.options()));
    }
    return counts;
  }
};

}  // namespace

template <class T>
Tensor tiled_info_nce(const Tensor& z, const Tensor& keys, const Pairing& pairing, const ContrastKernels<T>& kernels) {
  return TiledInfoNce<T>::apply(z, keys, pairing, &kernels);
}
template Tensor tiled_info_nce(const Tensor&, const Tensor&, const Pairing&, const ContrastKernels<float>&);
template Tensor tiled_info_nce(const Tensor&, const Tensor&, const Pairing&, const ContrastKernels<kernels::BFloat16>&);

}  // namespace infomtl::ops
