#include "ops/packed/cpu/kernels.h"

namespace infomtl::ops::kernels {

extern const Loops<float> k_float_baseline;
extern const Loops<double> k_double_baseline;
extern const Loops<BFloat16> k_bfloat16_baseline;

#if defined(__x86_64__)
extern const Loops<float> k_float_avx2, k_float_avx512;
extern const Loops<double> k_double_avx2, k_double_avx512;
extern const Loops<BFloat16> k_bfloat16_avx2, k_bfloat16_avx512;

namespace {
template <class T>
const Loops<T>& best(const Loops<T>& baseline, const Loops<T>& avx2, const Loops<T>& avx512) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2;
  return baseline;
}
}  // namespace

template <>
const Loops<float>& loops<float>() {
  static const Loops<float>& chosen = best(k_float_baseline, k_float_avx2, k_float_avx512);
  return chosen;
}
template <>
const Loops<double>& loops<double>() {
  static const Loops<double>& chosen = best(k_double_baseline, k_double_avx2, k_double_avx512);
  return chosen;
}
template <>
const Loops<BFloat16>& loops<BFloat16>() {
  static const Loops<BFloat16>& chosen = best(k_bfloat16_baseline, k_bfloat16_avx2, k_bfloat16_avx512);
  return chosen;
}
#else
template <>
const Loops<float>& loops<float>() {
  return k_float_baseline;
}
template <>
const Loops<double>& loops<double>() {
  return k_double_baseline;
}
template <>
const Loops<BFloat16>& loops<BFloat16>() {
  return k_bfloat16_baseline;
}
#endif

}  // namespace infomtl::ops::kernels
