// Loops over rows: dropout, residual sum and layer norm, GELU. Included by loops.h.
#pragma once

#include "ops/packed/cpu/lanes.h"

namespace infomtl::ops::kernels {
namespace {

template <class T>
void dropout(const DropoutRows<T>& d) {
#pragma omp parallel
  {
    Scratch<Compute<T>> scratch(3 * d.width + 48);
    Compute<T>* factors = scratch.take(d.width);
    Compute<T>* x_copy = scratch.take(d.width);
    Compute<T>* out_copy = scratch.take(d.width);
#pragma omp for schedule(static)
    for (std::int64_t r = 0; r < d.rows; ++r) {
      Compute<T>* out = writable(d.out + r * d.width, out_copy);
      const Compute<T>* x = readable(d.x + r * d.width, d.width, x_copy);
      dropout_row(d.dropout, r, d.width, factors);
#pragma omp simd
      for (std::int64_t j = 0; j < d.width; ++j) out[j] = x[j] * factors[j];
      finish(out, d.width, d.out + r * d.width);
    }
  }
}

template <class T>
void residual_norm(const ResidualNorm<T>& n) {
  using C = Compute<T>;
  const std::int64_t width = n.width;
#pragma omp parallel
  {
    Scratch<C> scratch(5 * width + 80);
    C* factors = scratch.take(width);
    C* x_copy = scratch.take(width);
    C* residual_copy = scratch.take(width);
    C* sum_copy = scratch.take(width);
    C* out_copy = scratch.take(width);
#pragma omp for schedule(static)
    for (std::int64_t r = 0; r < n.rows; ++r) {
      const C* x = readable(n.x + r * width, width, x_copy);
      const C* s = x;
      if (n.sum != nullptr) {
        T* stored = n.sum + r * width;
        C* sum = writable(stored, sum_copy);
        const C* residual = readable(n.residual + r * width, width, residual_copy);
        if (n.dropout.threshold != 0) {
          dropout_row(n.dropout, r, width, factors);
#pragma omp simd
          for (std::int64_t j = 0; j < width; ++j) sum[j] = residual[j] + x[j] * factors[j];
        } else {
#pragma omp simd
          for (std::int64_t j = 0; j < width; ++j) sum[j] = residual[j] + x[j];
        }
        finish(sum, width, stored);
        s = readable(stored, width, sum_copy);  // as the backward pass will read it
      }
      C total = 0;
#pragma omp simd reduction(+ : total)
      for (std::int64_t j = 0; j < width; ++j) total += s[j];
      const C mean = total / static_cast<C>(width);
      C squares = 0;
#pragma omp simd reduction(+ : squares)
      for (std::int64_t j = 0; j < width; ++j) squares += (s[j] - mean) * (s[j] - mean);
      const C inverse = inverse_deviation(squares, width, n.epsilon);
      n.mean[r] = mean;
      n.inverse_deviation[r] = inverse;
      C* out = writable(n.out + r * width, out_copy);
      const C* weight = n.weight;
      const C* bias = n.bias;
#pragma omp simd
      for (std::int64_t j = 0; j < width; ++j) out[j] = standardised(s[j], mean, inverse) * weight[j] + bias[j];
      finish(out, width, n.out + r * width);
    }
  }
}

template <class T>
void residual_norm_gradient(const ResidualNormGradient<T>& n) {
  using C = Compute<T>;
  const std::int64_t width = n.width;
#pragma omp parallel
  {
    Scratch<C> scratch(7 * width + 112);
    C* weight_part = scratch.take(width);
    C* bias_part = scratch.take(width);
    C* factors = scratch.take(width);
    C* gradient_copy = scratch.take(width);
    C* sum_copy = scratch.take(width);
    C* out_copy = scratch.take(width);
    C* x_gradient_copy = scratch.take(width);
    memset(weight_part, 0, static_cast<std::size_t>(2 * width) * sizeof(C));
#pragma omp for schedule(static) nowait
    for (std::int64_t r = 0; r < n.rows; ++r) {
      const C* gradient = readable(n.gradient + r * width, width, gradient_copy);
      const C* s = readable(n.sum + r * width, width, sum_copy);
      const C* weight = n.weight;
      const C mean = n.mean[r], inverse = n.inverse_deviation[r];
      C total = 0, along = 0;
#pragma omp simd reduction(+ : total, along)
      for (std::int64_t j = 0; j < width; ++j) {
        const C normed = standardised(s[j], mean, inverse);
        const C g = gradient[j] * weight[j];
        total += g;
        along += g * normed;
        weight_part[j] += gradient[j] * normed;
        bias_part[j] += gradient[j];
      }
      total /= static_cast<C>(width);
      along /= static_cast<C>(width);
      C* out = writable(n.sum_gradient + r * width, out_copy);
      if (n.x_gradient != nullptr) {
        C* x_gradient = writable(n.x_gradient + r * width, x_gradient_copy);
        dropout_row(n.dropout, n.first_row + r, width, factors);
#pragma omp simd
        for (std::int64_t j = 0; j < width; ++j) {
          const C normed = standardised(s[j], mean, inverse);
          const C g = norm_gradient(gradient[j] * weight[j], normed, inverse, total, along);
          out[j] = g;
          x_gradient[j] = g * factors[j];
        }
        finish(x_gradient, width, n.x_gradient + r * width);
      } else {
#pragma omp simd
        for (std::int64_t j = 0; j < width; ++j) {
          const C normed = standardised(s[j], mean, inverse);
          out[j] = norm_gradient(gradient[j] * weight[j], normed, inverse, total, along);
        }
      }
      finish(out, width, n.sum_gradient + r * width);
    }
    // Threads add in their order, so that a number of threads gives one result.
#pragma omp for schedule(static) ordered
    for (int t = 0; t < omp_get_num_threads(); ++t) {
#pragma omp ordered
      for (std::int64_t j = 0; j < width; ++j) {
        n.weight_gradient[j] += weight_part[j];
        n.bias_gradient[j] += bias_part[j];
      }
    }
  }
}

template <class T>
void gelu(const Gelu<T>& g) {
  using C = Compute<T>;
  constexpr std::int64_t kChunk = 1024;
#pragma omp parallel
  {
    Scratch<C> scratch(3 * kChunk + 48);
    C* x_copy = scratch.take(kChunk);
    C* gradient_copy = scratch.take(kChunk);
    C* out_copy = scratch.take(kChunk);
#pragma omp for schedule(static)
    for (std::int64_t begin = 0; begin < g.count; begin += kChunk) {
      const std::int64_t count = g.count - begin < kChunk ? g.count - begin : kChunk;
      const C* x = readable(g.x + begin, count, x_copy);
      C* out = writable(g.out + begin, out_copy);
      if (g.gradient == nullptr) {
#pragma omp simd
        for (std::int64_t j = 0; j < count; ++j) out[j] = gelu_value(x[j]);
      } else {
        const C* gradient = readable(g.gradient + begin, count, gradient_copy);
#pragma omp simd
        for (std::int64_t j = 0; j < count; ++j) out[j] = gradient[j] * gelu_slope(x[j]);
      }
      finish(out, count, g.out + begin);
    }
  }
}

}  // namespace
}  // namespace infomtl::ops::kernels
