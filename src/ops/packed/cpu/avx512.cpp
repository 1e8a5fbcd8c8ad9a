#include "ops/packed/cpu/openmp.h"

#define INFOMTL_VECTOR_BYTES 64
#define INFOMTL_ROWS 8
#include "ops/packed/cpu/loops.h"

namespace infomtl::ops::kernels {
extern const Loops<float> k_float_avx512;
extern const Loops<double> k_double_avx512;
extern const Loops<BFloat16> k_bfloat16_avx512;
const Loops<float> k_float_avx512 = kLoops<float>;
const Loops<double> k_double_avx512 = kLoops<double>;
const Loops<BFloat16> k_bfloat16_avx512 = kLoops<BFloat16>;
}  // namespace infomtl::ops::kernels
