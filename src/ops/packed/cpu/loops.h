// The loops themselves; included by one file for each instruction set, which says INFOMTL_VECTOR_BYTES and INFOMTL_ROWS
// (rows of the register block). Everything in these headers is local to that file: nothing compiled for a newer
// instruction set may be merged with code that runs everywhere, so no standard templates are used.
#pragma once

#include "ops/packed/cpu/attention_loops.h"
#include "ops/packed/cpu/gram_loops.h"
#include "ops/packed/cpu/row_loops.h"

namespace infomtl::ops::kernels {
namespace {

template <class T>
constexpr Loops<T> kLoops = {
    residual_norm<T>, residual_norm_gradient<T>, attention<T>, attention_gradient<T>, dropout<T>, gelu<T>, gram<T>};

}  // namespace
}  // namespace infomtl::ops::kernels
