#include "support/waiting_device.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/HPUHooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Backtrace.h>
#include <torch/library.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <mutex>
#include <set>
#include <utility>

namespace at {  // where LibTorch's macro and the name that it looks for must be
namespace {

struct HPUHooks final : HPUHooksInterface {
  explicit HPUHooks(HPUHooksArgs /*none*/) {}
  void init() const override {}
  bool hasHPU() const override { return true; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  bool hasPrimaryContext(c10::DeviceIndex /*device*/) const override { return true; }
  const Generator& getDefaultGenerator(c10::DeviceIndex /*device*/) const override {  // seeded with the others
    static const Generator only = detail::createCPUGenerator();
    return only;
  }
  c10::Allocator* getPinnedMemoryAllocator() const override { return c10::GetAllocator(c10::kCPU); }
};
REGISTER_HPU_HOOKS(HPUHooks);

}  // namespace
}  // namespace at

namespace infomtl::testing {
namespace {

constexpr auto kType = c10::DeviceType::HPU;

struct Count {
  std::mutex mutex;
  std::map<std::string, std::int64_t> waits;
};
Count& count() {
  static Count only;
  return only;
}
thread_local bool inside = false;  // what an operation does to run on the CPU is none of the program's business

void add(const std::string& what) {
  if (inside) return;
  const std::lock_guard lock(count().mutex);
  ++count().waits[what];
  if (std::getenv("INFOMTL_WAITS_TRACE") != nullptr) std::cerr << what << '\n' << c10::get_backtrace(2) << '\n';
}

struct Memory final : c10::Allocator {
  c10::DataPtr allocate(std::size_t bytes) override {
    void* const data = bytes == 0 ? nullptr : std::malloc(bytes);
    return {data, data, &std::free, {kType, 0}};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &std::free; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { std::memcpy(to, from, bytes); }
};
Memory memory;

struct Guard final : c10::impl::NoOpDeviceGuardImpl<kType> {
  c10::Device exchangeDevice(c10::Device) const override { return {kType, 0}; }
  c10::Device getDevice() const override { return {kType, 0}; }
  c10::Stream getStream(c10::Device) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, {kType, 0}); }
  c10::Stream exchangeStream(c10::Stream) const noexcept override {
    return c10::Stream(c10::Stream::DEFAULT, {kType, 0});
  }
  // An event is there as soon as it is recorded.
  void record(void** event, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override { *event = &memory; }
  void destroyEvent(void*, c10::DeviceIndex) const noexcept override {}
  void synchronizeEvent(void*) const override { add("an event"); }
};
C10_REGISTER_GUARD_IMPL(HPU, Guard);

const c10::DispatchKeySet kKeys(c10::DispatchKey::HPU);

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &memory, kKeys, type.value_or(at::kFloat), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> type,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &memory, kKeys, type.value_or(at::kFloat));
}

/// The same elements, seen as a tensor of the CPU.
at::Tensor on_cpu(const at::Tensor& x) {
  if (x.is_cpu()) return x;
  return at::from_blob(x.data_ptr(), x.sizes(), x.strides(), x.options().device(at::kCPU));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  if (to.is_cpu() && !non_blocking) {
    add("a copy to the host");
  } else if (from.is_cpu() && !to.is_cpu() && !non_blocking) {
    add("a blocking copy");
  }
  const c10::impl::ExcludeDispatchKeyGuard plain(c10::autograd_dispatch_keyset);
  on_cpu(to).copy_(on_cpu(from));
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  if (from.sizes() != to.sizes()) to.resize_(from.sizes());
  return copy_from(from, to, false);
}

at::Scalar local_scalar(const at::Tensor& x) {
  add("a number read");
  return on_cpu(x).item();
}

/// Whether the shape or the host's result of an operation depends on values.
bool waits(const c10::OperatorHandle& op, const torch::jit::Stack& stack) {
  static const std::set<std::string> shaped = {"aten::nonzero",           "aten::masked_select",     "aten::_unique",
                                               "aten::_unique2",          "aten::unique_dim",        "aten::bincount",
                                               "aten::repeat_interleave", "aten::unique_consecutive"};
  const bool size_given = op.schema().name() == "aten::repeat_interleave" && !stack.back().isNone();
  if (shaped.contains(op.schema().name()) && !size_given) return true;
  for (const c10::Argument& result : op.schema().returns()) {
    const auto kind = result.type()->kind();
    if (kind == c10::TypeKind::BoolType || kind == c10::TypeKind::IntType || kind == c10::TypeKind::NumberType)
      return true;
  }
  return false;
}

/// As on a GPU: all tensors of an operation are on one device, but for single numbers and for indices.
void require_one_device(const c10::OperatorHandle& op, const torch::jit::Stack& stack) {
  static const std::set<std::string> indexing = {"aten::index", "aten::index_put_", "aten::_index_put_impl_",
                                                 "aten::_unsafe_index"};
  if (indexing.contains(op.schema().name())) return;
  bool host = false, device = false;
  const auto look = [&](const at::Tensor& x) {
    if (!x.defined()) return;
    device = device || !x.is_cpu();
    host = host || (x.is_cpu() && x.dim() > 0);
  };
  const std::size_t arguments = op.schema().arguments().size();
  for (std::size_t i = stack.size() - arguments; i < stack.size(); ++i) {
    if (stack[i].isTensor()) look(stack[i].toTensor());
    if (!stack[i].isTensorList()) continue;
    for (const at::Tensor& each : stack[i].toTensorVector()) look(each);
  }
  TORCH_CHECK(!host || !device, op.schema().name(), ": expected all tensors to be on the same device");
}

void on_the_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  require_one_device(op, *stack);
  if (waits(op, *stack)) add(op.schema().name());
  const bool before = std::exchange(inside, true);
  try {
    at::native::cpu_fallback(op, stack);
  } catch (...) {
    inside = before;
    throw;
  }
  inside = before;
}

const at::Tensor& resize(const at::Tensor& self, at::IntArrayRef size, std::optional<at::MemoryFormat>) {
  auto* const tensor = self.unsafeGetTensorImpl();
  tensor->set_sizes_contiguous(size);
  const std::size_t bytes = static_cast<std::size_t>(self.numel()) * self.element_size();
  if (self.storage().nbytes() < bytes) {
    c10::DataPtr grown = memory.allocate(bytes);
    if (self.storage().nbytes() > 0) std::memcpy(grown.get(), self.storage().data(), self.storage().nbytes());
    self.storage().set_data_ptr_noswap(std::move(grown));
    self.storage().set_nbytes(bytes);
  }
  return self;
}

at::Tensor& set_storage(at::Tensor& self, at::Storage storage, std::int64_t offset, at::IntArrayRef size,
                        at::IntArrayRef stride) {
  return at::native::set_storage_cpu_(self, std::move(storage), offset, size, stride);
}

TORCH_LIBRARY_IMPL(_, HPU, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_the_cpu>()); }

TORCH_LIBRARY_IMPL(aten, HPU, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("as_strided", at::native::as_strided_tensorimpl);
  m.impl("view", at::native::view);
  m.impl("_reshape_alias", at::native::_reshape_alias);
  m.impl("unfold", at::native::unfold);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_from_and_resize);
  m.impl("_local_scalar_dense", local_scalar);
  m.impl("resize_", resize);
  m.impl("set_.source_Storage_storage_offset", set_storage);
}

}  // namespace

WaitingDevice::WaitingDevice() { c10::SetAllocator(kType, &memory); }

torch::Device WaitingDevice::device() const { return {kType, 0}; }

std::map<std::string, std::int64_t> WaitingDevice::taken() const {
  const std::lock_guard lock(count().mutex);
  return std::exchange(count().waits, {});
}

}  // namespace infomtl::testing
