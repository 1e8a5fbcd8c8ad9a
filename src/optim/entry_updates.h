#pragma once
// A table of updates from one function: what applies an element to every entry of a range on some device.
//
//   struct OnCpu {
//     template <class Element, class... States>
//     static void apply(const Element& element, const Tensor& gradient, const Tensor& value, const States&... states);
//   };
//   constinit const UpdateTable kCpuUpdates = EntryUpdates<OnCpu>::table();

#include "optim/updates.h"

namespace infomtl {

template <class Device>
struct EntryUpdates {
  static void adamax(const AdamaxUpdate& u) { Device::apply(element_of(u), u.gradient, u.value, u.moment, u.norm); }
  static void adamw(const AdamWUpdate& u) { Device::apply(element_of(u), u.gradient, u.value, u.first, u.second); }
  static void sgd(const SgdUpdate& u) {
    if (u.velocity.defined()) {
      Device::apply(momentum_element_of(u), u.gradient, u.value, u.velocity);
    } else {
      Device::apply(element_of(u), u.gradient, u.value);
    }
  }
  static constexpr UpdateTable table() { return {.adamax = &adamax, .adamw = &adamw, .sgd = &sgd}; }
};

}  // namespace infomtl
